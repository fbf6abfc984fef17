"""The sweep: the same rules over millions of rows at once, with Polars, three-valued results kept.

A row is a case laid flat: a column per fact, null where unknown; enums as text or as codes (their place in the
vocabulary, from 0). Polars' booleans follow Kleene as the rules do. What comes out is counted, or only where
a changed rule gives another answer than before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demur.facts import vocabulary

from .language import AS_OF, Always, And, Compare, Is, Known, Node, Not, OneOf, Or, Param
from .library import Library, Rule

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows a rule holds for, and for how many it cannot be decided."""

    rule: str
    holds: int
    unknown: int


def codes(fact: str) -> dict[str, int]:
    """The integer code of each value of an enum fact."""
    return {value: number for number, value in enumerate(vocabulary()[fact].values)}


def encode_lazily(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Enum columns given as text turned into codes; a text that is no value becomes null (unknown)."""
    import polars as pl

    words, schema = vocabulary(), rows.collect_schema()
    text = [n for n, t in schema.items() if n in words and words[n].type == "enum" and t == pl.String]
    return rows.with_columns(
        pl.col(name).replace_strict(codes(name), default=None, return_dtype=pl.UInt16) for name in text
    )


def expression(node: Node, schema: Mapping[str, Any], params: Mapping[str, Any], as_of: date) -> pl.Expr:
    """One tree as a Polars expression over columns of this schema; a fact without a column is unknown everywhere."""
    return _Columns(schema, params, as_of).expression(node)


class _Columns:
    def __init__(self, schema: Mapping[str, Any], params: Mapping[str, Any], as_of: date) -> None:
        self.schema, self.params, self.as_of = schema, params, as_of

    def expression(self, node: Node) -> pl.Expr:
        import polars as pl

        match node:
            case And(parts):
                first, *rest = (self.expression(p) for p in parts)
                for part in rest:
                    first = first & part
                return first
            case Or(parts):
                first, *rest = (self.expression(p) for p in parts)
                for part in rest:
                    first = first | part
                return first
            case Not(part):
                return ~self.expression(part)
            case Always(value):
                return pl.lit(value)
            case Known(fact):
                return pl.col(fact).is_not_null() if fact in self.schema else pl.lit(False)
            case Is(fact):
                return self.column(fact)
            case OneOf(fact, values):
                return self.one_of(fact, values)
            case Compare():
                return self.compare(node)

    def column(self, fact: str) -> pl.Expr:
        import polars as pl

        if fact == AS_OF:
            return pl.lit(self.as_of)
        if fact in self.schema:
            return pl.col(fact)
        kinds: dict[str, Any] = {"bool": pl.Boolean, "int": pl.Int64, "date": pl.Date, "enum": pl.UInt16}
        return pl.lit(None, dtype=kinds[vocabulary()[fact].type])

    def coded(self, fact: str) -> bool:
        import polars as pl

        return vocabulary()[fact].type == "enum" and self.schema.get(fact, pl.UInt16) != pl.String

    def one_of(self, fact: str, values: tuple[Any, ...] | Param) -> pl.Expr:
        import polars as pl

        wanted = sorted((self.params[values.name] or ()) if isinstance(values, Param) else values, key=str)
        column = self.column(fact)
        if fact not in self.schema and fact != AS_OF:
            return pl.lit(None, dtype=pl.Boolean)
        kind = None if fact == AS_OF else self.schema[fact]
        if fact != AS_OF and self.coded(fact):
            table = codes(fact)
            wanted = [table[value] for value in wanted if value in table]
        if not wanted:
            return pl.when(column.is_null()).then(None).otherwise(False)
        if len(wanted) == 1:
            return column == pl.lit(wanted[0], dtype=kind)
        if len(wanted) <= 3:
            first = column == pl.lit(wanted[0], dtype=kind)
            for value in wanted[1:]:
                first = first | (column == pl.lit(value, dtype=kind))
            return first
        return column.is_in(pl.Series(wanted, dtype=kind).implode())

    def compare(self, atom: Compare) -> pl.Expr:
        import polars as pl

        left = self.column(atom.fact)
        days = atom.fact == AS_OF or vocabulary()[atom.fact].type == "date"
        if atom.other:
            right = self.column(atom.other)
            if atom.offset:
                right = right + (pl.duration(days=atom.offset) if days else atom.offset)
        else:
            value = self.params[atom.value.name] if isinstance(atom.value, Param) else atom.value
            if value is None:
                return pl.when(left.is_null()).then(None).otherwise(False)
            if isinstance(value, str) and self.coded(atom.fact):
                value = codes(atom.fact).get(value, -1)
            right = pl.lit(value)
        found = {
            "=": left == right, "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right
        }[atom.op]  # fmt: skip
        return found


def rules_on(law: Library, as_of: date, *, transfers: bool = False) -> list[Rule]:
    """The rules in force on a day, of demands or of transfers."""
    return [r for r in law.rules if r.in_force(as_of) and (r.level == "transfer") == transfers]


def count(rows: pl.LazyFrame, rules: Sequence[Rule], law: Library, as_of: date) -> list[Count]:
    """For each rule, how many rows it holds for and how many are unknown. Streams; needs no room for the rows."""
    import polars as pl

    schema, params = rows.collect_schema(), law.params_on(as_of)
    picked = []
    for number, rule in enumerate(rules):
        test = expression(rule.test, schema, params, as_of)
        picked += [test.sum().cast(pl.Int64).alias(f"t{number}"), test.null_count().cast(pl.Int64).alias(f"u{number}")]
    found = rows.select(picked).collect(engine="streaming").row(0, named=True)
    total: int | None = None
    counts = []
    for number, rule in enumerate(rules):
        holds, unknown = found[f"t{number}"], found[f"u{number}"]
        if not any(f in schema for f in rule.facts):
            # A test on no column at all is one value for every row.
            total = rows.select(pl.len()).collect(engine="streaming").item() if total is None else total
            holds, unknown = holds * total, unknown * total
        counts.append(Count(rule.name, holds or 0, unknown or 0))
    return counts


def evaluate(rows: pl.LazyFrame, rules: Iterable[Rule], law: Library, as_of: date) -> pl.LazyFrame:
    """The rows' `id` and a nullable boolean column for each rule."""
    import polars as pl

    schema, params = rows.collect_schema(), law.params_on(as_of)
    tests = [expression(r.test, schema, params, as_of).alias(r.name) for r in rules]
    identity = [pl.col("id")] if "id" in schema else []
    return rows.select(*identity, *tests)


@dataclass(frozen=True, slots=True)
class Change:
    """A rule that differs between two libraries on a day; a side is None where it does not exist there."""

    rule: str
    old: Rule | None
    new: Rule | None


def changed(old: Library, new: Library, as_of: date) -> list[Change]:
    """The rules whose answers can differ between two libraries on a day: another test, or another parameter in it."""
    from .language import params_of

    before = {r.name: r for r in old.rules if r.in_force(as_of)}
    after = {r.name: r for r in new.rules if r.in_force(as_of)}
    was, now = old.params_on(as_of), new.params_on(as_of)
    found = []
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        same = one is not None and other is not None and one.test == other.test
        if same and one is not None and all(was[p] == now[p] for p in params_of(one.test)):
            continue
        found.append(Change(name, one, other))
    return found


def differences(rows: pl.LazyFrame, changes: Sequence[Change], old: Library, new: Library, as_of: date) -> pl.DataFrame:
    """The rows for which a changed rule answers otherwise than before: id, rule, old, new (null: unknown)."""
    import polars as pl

    schema, was, now = rows.collect_schema(), old.params_on(as_of), new.params_on(as_of)
    if "id" not in schema:
        rows = rows.with_row_index("id")
    parts = []
    for change in changes:
        before = expression(change.old.test, schema, was, as_of) if change.old else pl.lit(False)
        after = expression(change.new.test, schema, now, as_of) if change.new else pl.lit(False)
        parts.append(
            rows.select(pl.col("id"), before.alias("old"), after.alias("new"))
            .filter(pl.col("new").ne_missing(pl.col("old")))
            .select("id", pl.lit(change.rule).alias("rule"), "old", "new")
        )
    if not parts:
        return pl.DataFrame(schema={"id": pl.Int64, "rule": pl.String, "old": pl.Boolean, "new": pl.Boolean})
    return pl.concat(pl.collect_all(parts, engine="streaming"))


def open_rows(path: Path | str) -> pl.LazyFrame:
    """A Parquet file (or a pattern of them) as rows. Raises FileNotFoundError."""
    import polars as pl

    if not any(mark in str(path) for mark in "*?[") and not Path(path).exists():
        raise FileNotFoundError(f"there is no file {path}; hint: check the path")
    return pl.scan_parquet(path)
