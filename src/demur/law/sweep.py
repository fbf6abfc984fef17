"""The sweep: the same rules over millions of rows at once, with Polars, three-valued results kept.

A row is a case laid flat: a column per fact, null where unknown; enums as text or as codes (their place in the
vocabulary, from 0). Polars' booleans follow Kleene as the rules do. Where rows have a column `as_of`, each is
judged on its own day, else all on one. What comes out is counted, or only the rows that a change of the law, or of
their own facts, touches: the list from which the office opens its work.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demur.facts import Demand, FactsError, vocabulary
from demur.facts.values import suggest

from .edition import NO_LAW, Edition, changed, facts_read
from .engine import facts_at
from .language import AS_OF, Always, Atom, Compare, Is, Known, Node, OneOf, atoms, fold, moved

if TYPE_CHECKING:
    import polars as pl

VERDICTS = ("fails", "unknown", "holds")
KEY = ("id", "clause", "target")
"""What names a row, as far as its columns are there; the last two are indexes within the case."""
CHANGED_ON = "changed_on"
"""The column (date or time) that says when a row's facts last changed."""
CODES = "demur.codes"
"""Under this key a Parquet file says what the codes of its enums mean, so that a later vocabulary reads them right."""
_PASS = 64  # rules of one reading of the rows: bounds the room that their answers take
_FEW = 8
_BEFORE, _UNKNOWN = " before", " unknown"


# ------------------------------------------------------------------ rows


def codes(fact: str) -> dict[str, int]:
    """The integer code of each value of an enum fact."""
    return {value: number for number, value in enumerate(vocabulary()[fact].values)}


def flat(name: str | int, demand: Demand) -> Iterator[dict[str, Any]]:
    """A demand as rows: its facts for each clause and target, as `assess` reads them, under the case's name."""
    for clause in range(len(demand.clauses)) or (None,):
        targets = len(demand.clauses[clause].targets) if clause is not None else 0
        for target in range(targets) or (None,):
            facts = facts_at(demand, date.min, clause, target)
            del facts[AS_OF]
            yield {"id": name, "clause": clause, "target": target, **facts}


def frame(records: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Facts by name, a mapping a row, as a table: enums coded, a fact that no row states left out."""
    import polars as pl

    data, words = list(records), vocabulary()
    kinds: dict[str, Any] = {"bool": pl.Boolean, "int": pl.Int64, "date": pl.Date, "enum": pl.String, "text": pl.String}
    fixed: dict[str, Any] = {AS_OF: pl.Date, "clause": pl.Int32, "target": pl.Int32}
    names = dict.fromkeys(name for record in data for name in record)
    columns = {}
    for name in names:
        kind = kinds[words[name].type] if name in words else fixed.get(name)
        columns[name] = pl.Series(name, [record.get(name) for record in data], dtype=kind)
    return encode(pl.DataFrame(columns).lazy()).collect()


def encode(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Enum columns given as text turned into codes; a text that is no value becomes null (unknown)."""
    import polars as pl

    texts = texts_of(rows.collect_schema())
    return rows.with_columns(
        pl.col(name).cast(pl.String).cast(pl.Enum(list(codes(name))), strict=False).to_physical() for name in texts
    )


def strays(rows: pl.LazyFrame, facts: Iterable[str]) -> dict[str, int]:
    """How many texts of these facts' columns, not yet encoded, are no value of the vocabulary."""
    import polars as pl

    texts = sorted(set(texts_of(rows.collect_schema())) & set(facts))
    if not texts:
        return {}
    lost = [(~pl.col(n).cast(pl.String).is_in(list(codes(n)))).sum().alias(n) for n in texts]
    found = gathered(rows.select(lost)).row(0, named=True)
    return {name: number for name, number in found.items() if number}


def texts_of(schema: Mapping[str, Any]) -> list[str]:
    """The enum facts whose columns are text."""
    import polars as pl

    words, text = vocabulary(), (pl.String, pl.Categorical, pl.Enum)
    return [n for n, t in schema.items() if n in words and words[n].type == "enum" and isinstance(t, text)]


def write_rows(rows: pl.LazyFrame, path: Path | str) -> None:
    """Encode rows and write them as Parquet, with the meaning of the codes."""
    coded = encode(rows)
    words = vocabulary()
    lists = {n: list(codes(n)) for n in coded.collect_schema() if n in words and words[n].type == "enum"}
    coded.sink_parquet(path, metadata={CODES: json.dumps(lists)})


def open_rows(path: Path | str, *, as_it_lies: bool = False) -> pl.LazyFrame:
    """A Parquet file, a folder or a pattern of them as rows.

    Codes that the file explains are turned into those of today's vocabulary (or, `as_it_lies`, refused where that
    would be needed); without an explanation they are taken as today's. Raises FileNotFoundError, and FactsError where
    the file or a column cannot be understood.
    """
    import polars as pl

    files = _files(path)
    try:
        rows = pl.scan_parquet(files)
        schema = rows.collect_schema()
        said = {pl.read_parquet_metadata(file).get(CODES, "{}") for file in files}
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from None
    if len(said) > 1:
        raise FactsError("these files explain their codes differently; hint: sweep them one by one")
    rows = rows.drop([name for name, kind in schema.items() if kind == pl.Null])
    _check(path, rows.collect_schema())
    moved = _moved_codes(rows.collect_schema(), json.loads(said.pop()))
    if moved and as_it_lies:
        raise FactsError(f"the codes of {next(iter(moved))} are of an older vocabulary; hint: write the rows anew")
    return rows.with_columns(
        pl.col(name).replace_strict(table, default=None, return_dtype=pl.UInt16) for name, table in moved.items()
    )


def _files(path: Path | str) -> list[Path]:
    place = Path(path)
    if any(mark in str(path) for mark in "*?["):
        found = sorted(place.parent.glob(place.name))
    else:
        found = [place] if place.is_file() else sorted(place.glob("*.parquet"))
    if not found:
        raise FileNotFoundError(f"there is no file {path}; hint: check the path")
    return found


def _check(path: Path | str, schema: Mapping[str, Any]) -> None:
    import polars as pl

    words = vocabulary()
    fits: dict[str, tuple[str, Any]] = {
        "bool": ("true or false", lambda t: t == pl.Boolean),
        "int": ("a whole number", lambda t: t.is_integer()),
        "date": ("a date without a time", lambda t: t == pl.Date),
        "enum": ("text, or a code", lambda t: t.is_integer() or isinstance(t, pl.String | pl.Categorical | pl.Enum)),
        "text": ("text", lambda _: True),
    }
    facts = [name for name in schema if name in words]
    if not facts:
        near = suggest(next(iter(schema), ""), words.facts)
        raise FactsError(f"no column of {path} is a fact; hint: name columns as the vocabulary does: {near}")
    for name in (*facts, *({AS_OF} & set(schema))):
        wanted, fit = fits["date" if name == AS_OF else words[name].type]
        if not fit(schema[name]):
            raise FactsError(f"column {name} is {str(schema[name]).lower()}; hint: it takes {wanted}")


def _moved_codes(schema: Mapping[str, Any], said: Mapping[str, list[str]]) -> dict[str, dict[int, int | None]]:
    """Of facts whose codes a file explains otherwise than today's: its codes and today's, None for a value gone."""
    words, moved = vocabulary(), {}
    for name, values in said.items():
        if name in words and name in schema and schema[name].is_integer() and values != list(codes(name)):
            now = codes(name)
            moved[name] = {old: now.get(value) for old, value in enumerate(values)}
    return moved


# ------------------------------------------------------------------ trees over columns


def expression(node: Node, schema: Mapping[str, Any], as_of: date) -> pl.Expr:
    """One tree as a Polars expression over encoded columns; a fact without a column is unknown everywhere.

    `as_of` is the day of every row, or, where there is a column `as_of`, of those that have none.
    """
    return _Columns(schema, as_of).tree(node)


class _Columns:
    """The columns of rows, and trees over them.

    Of an edition given as `law`, what several of its trees share becomes a column of its own, which `prepared` adds to
    the rows, step by step: Polars finds by itself only some of what is asked twice, and searches long.
    """

    def __init__(self, schema: Mapping[str, Any], as_of: date, suffix: str = "", law: Edition | None = None) -> None:
        self.schema, self.as_of, self.suffix = schema, as_of, suffix
        self.made: dict[Atom, pl.Expr] = {}
        self.steps: dict[int, dict[str, pl.Expr]] | None = None if law is None else {}
        self.uses = Counter(atom for node in (law or {}).values() for atom in set(atoms(node)))

    def prepared(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The rows with the columns that the trees made so far share."""
        for _, columns in sorted((self.steps or {}).items()):
            rows = rows.with_columns(column.alias(name) for name, column in columns.items())
        return rows

    def keep(self, step: int, name: str, column: pl.Expr) -> pl.Expr:
        """A column of its own under a name that no fact has, made after those of lower steps."""
        import polars as pl

        if self.steps is None:
            return column
        self.steps.setdefault(step, {})[f" {name}"] = column
        return pl.col(f" {name}")

    def tree(self, node: Node) -> pl.Expr:
        return fold(node, self.atom)

    def atom(self, atom: Atom) -> pl.Expr:
        if atom not in self.made:
            column = self.expression(atom)
            if self.uses[atom] > 1 and not isinstance(atom, Always | Is):
                column = self.keep(_ATOMS, f"atom {len(self.made)}", column)
            self.made[atom] = column
        return self.made[atom]

    def expression(self, atom: Atom) -> pl.Expr:
        import polars as pl

        unknown = pl.lit(None, dtype=pl.Boolean)
        match atom:
            case Always(value):
                return pl.lit(value)
            case Known(fact):
                return self.column(fact).is_not_null() if self.has(fact) else pl.lit(False)
            case Is(fact):
                return self.column(fact) if self.has(fact) else unknown
            case OneOf(fact, values):
                assert isinstance(values, tuple)
                return self.one_of(fact, values) if self.has(fact) else unknown
            case Compare(fact, _, _, other):
                return self.compare(atom) if self.has(fact) and (not other or self.has(other)) else unknown

    def has(self, fact: str) -> bool:
        return fact == AS_OF or fact in self.schema

    def column(self, fact: str) -> pl.Expr:
        import polars as pl

        if fact != AS_OF:
            return pl.col(fact + self.suffix)
        day = pl.lit(self.as_of)
        return pl.col(fact + self.suffix).fill_null(day) if fact in self.schema else day

    def one_of(self, fact: str, values: Sequence[Any]) -> pl.Expr:
        import polars as pl

        column = self.column(fact)
        if fact != AS_OF and vocabulary()[fact].type == "enum":
            table = codes(fact)
            values = [table[value] for value in values if value in table]
        # Constants of the column's own type, or it would be cast anew for each; what it cannot hold it never is.
        held = pl.Series(list(values)).cast(self.schema.get(fact, pl.Date), strict=False).drop_nulls()
        if held.is_empty():
            return pl.when(column.is_not_null()).then(False)
        if len(held) == 1:
            return column == pl.lit(held[0], dtype=held.dtype)
        return column.is_in(held.implode())

    def compare(self, atom: Compare) -> pl.Expr:
        import polars as pl

        left = self.column(atom.fact)
        if atom.other:
            right = self.column(atom.other)
            if atom.months:
                return self.months(atom)
            if atom.offset and (atom.fact == AS_OF or vocabulary()[atom.fact].type == "date"):
                # A date is a number of days: added to as such, it takes a tenth of the time that a duration takes.
                left, right = left.to_physical(), right.to_physical() + _int(atom.offset)
            elif atom.offset:
                right = right + atom.offset
        else:
            right = pl.lit(atom.value)
        orders = {
            "=": left == right, "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right
        }  # fmt: skip
        return orders[atom.op]

    def months(self, atom: Compare) -> pl.Expr:
        """How a day stands to another plus months, as `language.moved` has it.

        A day is after it if its month is later, or the same and its number in the month higher: that is so too where
        the month has no such number. Polars' own sum of dates and months takes many times as long.
        """
        if atom.fact == AS_OF and AS_OF not in self.schema:
            return self.months_to(atom)
        bound = self.place(atom.other, atom.offset) + _int(32 * atom.months)
        if atom.op in (">", "<="):
            after = self.place(atom.fact) > bound
            return after if atom.op == ">" else ~after
        until = self.place(atom.fact, 1) <= bound
        if atom.op == "=":
            return ~(until | (self.place(atom.fact) > bound))
        return until if atom.op == "<" else ~until

    def months_to(self, atom: Compare) -> pl.Expr:
        """How the one day of all rows stands to a date plus months: so does the date to a day found beforehand."""

        def later(ordinal: int) -> tuple[int, int, int]:
            return moved(date.fromordinal(ordinal), atom.offset, atom.months)

        days, day = range(1, date.max.toordinal() + 1), moved(self.as_of)
        other, since_1970 = self.column(atom.other).to_physical(), days[0] - date(1970, 1, 1).toordinal()
        before = other < _int(bisect_left(days, day, key=later) + since_1970)
        until = other < _int(bisect_right(days, day, key=later) + since_1970)
        orders = {">": before, "<=": ~before, ">=": until, "<": ~until, "=": until & ~before}
        return orders[atom.op]

    def place(self, fact: str, offset: int = 0) -> pl.Expr:
        """The month of a day (some days after a date), counted on from the year 0, times 32, plus its number in it.

        A year is counted from March, so that the day that some lack is its last, and a century from a year 400, 800...
        """
        name = f"{fact}{self.suffix} {offset}"
        since = self.keep(0, f"{name} since", self.column(fact).to_physical() + _int(719468 + offset))
        century = self.keep(1, f"{name} century", (since * _int(4) + _int(3)) // _int(146097))
        rest = self.keep(2, f"{name} of century", since - century * _int(146097) // _int(4))
        year = self.keep(3, f"{name} year", (rest * _int(4) + _int(3)) // _int(1461))
        day = self.keep(4, f"{name} of year", rest - year * _int(1461) // _int(4))
        month = self.keep(5, f"{name} month", (day * _int(5) + _int(2)) // _int(153))
        number = day - (month * _int(153) + _int(2)) // _int(5)
        return self.keep(6, name, ((century * _int(100) + year) * _int(12) + month) * _int(32) + number)


_ATOMS = 7
"""The step in which shared atoms are made, after all that is counted of days."""


def _int(value: int) -> pl.Expr:
    import polars as pl

    return pl.lit(value, dtype=pl.Int32)


# ------------------------------------------------------------------ answers


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows a rule holds for, and for how many it cannot be decided."""

    rule: str
    holds: int
    unknown: int


def gathered(answers: pl.LazyFrame) -> pl.DataFrame:
    """The answers, streamed. Raises FactsError where the rows cannot be read."""
    import polars as pl

    try:
        return answers.collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        raise _unreadable("the rows", error) from None


def _unreadable(what: object, error: Exception) -> FactsError:
    said = (str(error).splitlines() or [type(error).__name__])[0].lower()
    return FactsError(f"{what} cannot be read: {said}; hint: give whole parquet files, all with the same columns")


def count(rows: pl.LazyFrame, law: Edition, as_of: date) -> list[Count]:
    """For each rule, how many rows it holds for and how many are unknown. Streams; needs no room for the rows."""
    import polars as pl

    columns = _Columns(rows.collect_schema(), as_of, law=law)
    answers = [columns.tree(node).alias(rule) for rule, node in law.items()]
    # Columns first, then both figures of each: asked for at once, every test would be computed for each of the two.
    cells = columns.prepared(rows).with_columns(answers).select(
        figure.cast(pl.Int64) for rule in law
        for figure in (pl.col(rule).sum(), pl.col(rule).null_count().name.suffix(_UNKNOWN))
    )  # fmt: skip
    found = gathered(cells).row(0, named=True)
    return [Count(rule, found[rule] or 0, found[rule + _UNKNOWN]) for rule in law]


def evaluate(rows: pl.LazyFrame, law: Edition, as_of: date) -> pl.LazyFrame:
    """The rows' names and a nullable boolean column for each rule."""
    import polars as pl

    columns = _Columns(rows.collect_schema(), as_of, law=law)
    tests = [columns.tree(node).alias(rule) for rule, node in law.items()]
    return columns.prepared(rows).select(*(pl.col(name) for name in KEY if name in columns.schema), *tests)


def touched(
    rows: pl.LazyFrame, before: Edition, after: Edition, as_of: date, earlier: pl.LazyFrame | None = None
) -> pl.LazyFrame:
    """The rows that a rule answers otherwise than before: their names, `rule`, `before` and `after` (verdicts).

    Before is the older law on the same rows, or on those of `earlier`, matched by name; it is null for a row that was
    not there, which is listed where a rule holds or is unknown. Only rules that can differ are tried. A rule that is
    not law fails. Raises FactsError where rows cannot be matched.
    """
    import polars as pl

    schema = rows.collect_schema()
    named = [name for name in KEY if name in schema]
    old = _Columns(schema, as_of)
    rules = changed(before, after)
    if earlier is not None:
        rules = sorted(before.keys() | after.keys())
        rows, old = _paired(rows, earlier, named, facts_read(before) | facts_read(after), as_of)
        if before == after:
            rows = rows.filter(pl.any_horizontal(_moved(schema, old)))
    elif not named:
        named, rows = ["id"], rows.with_row_index("id")
    new = _Columns(schema, as_of)
    there = None if earlier is None else pl.col(_BEFORE)
    parts = []
    for start in range(0, len(rules), _PASS):
        some = rules[start : start + _PASS]
        pairs = [(old.tree(before.get(rule, NO_LAW)), new.tree(after.get(rule, NO_LAW))) for rule in some]
        # Of few rules the rows are chosen first: the names of the others need not even be read.
        first = len(some) <= _FEW and earlier is None
        chosen = rows.filter(pl.any_horizontal(now.ne_missing(was) for was, now in pairs)) if first else rows
        cells = (_otherwise(was, now, there).alias(rule) for (was, now), rule in zip(pairs, some, strict=True))
        parts.append(
            chosen.select(*named, *cells)
            .filter(pl.any_horizontal(pl.col(some).is_not_null()))
            .unpivot(on=some, index=named, variable_name="rule", value_name="both")
            .filter(pl.col("both").is_not_null())
        )
    if not parts:
        parts = [rows.select(*named, rule=pl.lit(""), both=pl.lit(0, dtype=pl.UInt8)).filter(pl.lit(False))]
    both, verdict = pl.col("both"), pl.Enum(VERDICTS)
    was = pl.when(both < _ABSENT).then(both // 3).cat.to(verdict)
    return pl.concat(parts).select(*named, "rule", before=was, after=(both % 3).cat.to(verdict))


_ABSENT = 9


def _otherwise(was: pl.Expr, now: pl.Expr, there: pl.Expr | None) -> pl.Expr:
    """Two answers in one byte where they differ, else null: three times the place of the first in `VERDICTS`, or
    `_ABSENT` where the row was not `there`, plus the place of the second."""
    import polars as pl

    def place(answer: pl.Expr) -> pl.Expr:
        return (answer.cast(pl.UInt8) * pl.lit(2, dtype=pl.UInt8)).fill_null(pl.lit(1, dtype=pl.UInt8))

    first = place(was) * pl.lit(3, dtype=pl.UInt8)
    if there is not None:
        first = pl.when(there).then(first).otherwise(pl.lit(_ABSENT, dtype=pl.UInt8))
        was = pl.when(there).then(was).otherwise(False)
    return pl.when(now.ne_missing(was)).then(first + place(now))


def _paired(
    rows: pl.LazyFrame, earlier: pl.LazyFrame, named: list[str], facts: set[str], as_of: date
) -> tuple[pl.LazyFrame, _Columns]:
    """The rows beside what they were, under names of their own, and the column that says whether they were at all."""
    import polars as pl

    schema, was = rows.collect_schema(), earlier.collect_schema()
    if "id" not in named or any(name not in was for name in named):
        raise FactsError("rows cannot be matched with the earlier ones; hint: both need the same id columns")
    number, names = gathered(earlier.select(pl.len(), names=pl.struct(named).n_unique())).row(0)
    if names < number:
        raise FactsError(
            f"{number - names} of the earlier rows share their {' and '.join(named)}; hint: name each once"
        )
    kept = [name for name in was if name in facts]
    older = earlier.select(*named, *(pl.col(n).alias(n + _BEFORE) for n in kept), pl.lit(True).alias(_BEFORE))
    mine = rows.select(*named, *(name for name in schema if name in facts))
    paired = mine.join(older, on=named, how="left", nulls_equal=True).with_columns(pl.col(_BEFORE).fill_null(False))
    return paired, _Columns({name: was[name] for name in kept}, as_of, _BEFORE)


def _moved(schema: Mapping[str, Any], old: _Columns) -> Iterator[pl.Expr]:
    import polars as pl

    yield ~pl.col(_BEFORE)
    for name in old.schema.keys() | schema.keys():
        if name in vocabulary() or name == AS_OF:
            now = pl.col(name) if name in schema else pl.lit(None)
            was = pl.col(name + _BEFORE) if name in old.schema else pl.lit(None)
            yield now.ne_missing(was)


def since(rows: pl.LazyFrame, day: date) -> pl.LazyFrame:
    """The rows whose facts changed on a day or later, or nobody knows when. Raises FactsError without that column."""
    import polars as pl

    schema = rows.collect_schema()
    if CHANGED_ON not in schema:
        raise FactsError(f"the rows do not say when they changed; hint: add a column {CHANGED_ON}")
    kind, when = schema[CHANGED_ON], pl.col(CHANGED_ON)
    if isinstance(kind, pl.Datetime):
        when = when.dt.date()
    elif kind != pl.Date:
        raise FactsError(f"column {CHANGED_ON} is {str(kind).lower()}; hint: it takes a date or a time")
    return rows.filter((when >= day) | when.is_null())


@dataclass(frozen=True, slots=True)
class Touch:
    """How many rows a rule answers otherwise than before, and how many of them it answers so now."""

    rule: str
    rows: int
    holds: int
    unknown: int
    fails: int


def tally(found: pl.DataFrame) -> tuple[int, list[Touch]]:
    """How many rows a list of the touched names, and what each rule says of them now."""
    import polars as pl

    each = found.group_by("rule").agg(
        pl.len().alias("rows"), *((pl.col("after") == verdict).sum().alias(verdict) for verdict in VERDICTS)
    )
    names = found.select(name for name in KEY if name in found.columns)
    return names.n_unique(), [Touch(**line) for line in each.sort("rule").iter_rows(named=True)]


def write(answers: pl.LazyFrame, path: Path | str, *, beside: Path | str) -> None:
    """Write answers as Parquet for their owner alone, whole or not at all.

    Raises FactsError where that would overwrite the rows `beside`.
    """
    import polars as pl

    target = Path(path)
    if target.exists() and any(target.samefile(file) for file in _files(beside)):
        raise FactsError(f"{path} holds the rows themselves; hint: name another file for the answers")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}; hint: make it first")
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        part.touch(0o600)
        answers.sink_parquet(part)
        part.replace(target)
    except pl.exceptions.PolarsError as error:
        raise _unreadable("the rows", error) from None
    finally:
        part.unlink(missing_ok=True)
