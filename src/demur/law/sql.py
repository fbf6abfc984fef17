"""The rules printed as SQL through Ibis, for whoever outgrows one machine: Spark, ClickHouse, DuckDB.

The queries give cell by cell what the sweep gives. Null is unknown; SQL's own and, or, not are Kleene's. What each
engine does with null in a list or with an empty list differs, so neither is ever printed. Nothing runs here: no
engine and no driver is needed to print. Needs the package `ibis-framework` (the extra `sql`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from demur.facts import FactsError, vocabulary

from .edition import NO_LAW, Edition, changed, facts_read, only
from .language import AS_OF, Always, Atom, Compare, Is, Known, Node, OneOf, fold
from .sweep import KEY, VERDICTS, codes, texts_of

if TYPE_CHECKING:
    import polars as pl

DIALECTS = {"clickhouse": "ClickHouseCompiler", "duckdb": "DuckDBCompiler", "spark": "PySparkCompiler"}
"""The engines printed for, with Ibis' name of the compiler of each."""


def cells(law: Edition, schema: pl.Schema, as_of: date, dialect: str, table: str = "rows") -> str:
    """The query for the rows' names and a nullable boolean column for each rule, as `sweep.evaluate` gives them.

    `schema` is that of the rows as they lie in the engine's table: enums as text or as codes. A whole library makes a
    long query: ClickHouse wants larger bounds on it than its own (max_query_size, max_ast_elements). Raises
    LookupError for an unknown dialect and FactsError where the package is missing.
    """
    columns = _Columns(schema, facts_read(law), as_of, table)
    tests = {rule: columns.tree(node) for rule, node in law.items()}
    return _printed(columns.table.select(*columns.named, **tests), dialect)


def touched(before: Edition, after: Edition, schema: pl.Schema, as_of: date, dialect: str, table: str = "rows") -> str:
    """The query for the rows that a changed rule answers otherwise: names, rule, before and after.

    As `sweep.touched` gives them; rows need names of their own. Raises as `cells`, and FactsError without a change.
    """
    import ibis

    rules = changed(before, after)
    columns = _Columns(schema, facts_read(only(before, rules)) | facts_read(only(after, rules)), as_of, table)
    if not columns.named:
        raise FactsError("the rows have no names; hint: give them a column id")
    parts = []
    for rule in rules:
        # Verdicts are compared, never truth values: they are not null, so a plain <> will do on every engine.
        was, now = (_verdict(columns.tree(law.get(rule, NO_LAW))) for law in (before, after))
        chosen = columns.table.filter(was != now)
        parts.append(chosen.select(*columns.named, rule=ibis.literal(rule), before=was, after=now))
    if not parts:
        raise FactsError("no rule answers otherwise; hint: there is nothing to ask the rows")
    return _printed(ibis.union(*parts), dialect)


def _verdict(answer: Any) -> Any:
    import ibis

    fails, unknown, holds = VERDICTS
    return ibis.cases((answer.isnull(), unknown), (answer, holds), else_=fails)


def _printed(query: Any, dialect: str) -> str:
    from ibis.backends.sql import compilers
    from sqlglot import exp

    if dialect not in DIALECTS:
        raise LookupError(f"there is no dialect {dialect}; hint: one of {', '.join(DIALECTS)}")
    compiler = getattr(compilers, DIALECTS[dialect])()

    def far(node: exp.Expression) -> exp.Expression:
        # ClickHouse's plain dates begin in 1970.
        if isinstance(node, exp.Anonymous) and node.this == "toDate":
            node.set("this", "toDate32")
        return node

    tree = compiler.to_sqlglot(query)
    return str((tree.transform(far) if dialect == "clickhouse" else tree).sql(dialect=compiler.dialect, pretty=True))


class _Columns:
    """The columns of one table that these facts need, and trees over them in Ibis' terms."""

    def __init__(self, schema: Mapping[str, pl.DataType], facts: set[str], as_of: date, table: str) -> None:
        try:
            import ibis
        except ImportError:
            raise FactsError("printing SQL needs a package; hint: pip install 'demur[sql]'") from None

        wanted = {n: t for n, t in schema.items() if n in facts or n in (*KEY, AS_OF)}
        self.schema, self.as_of = wanted, as_of
        self.table: Any = ibis.table({n: _type(t) for n, t in wanted.items()}, name=table)
        # A text that is no value is unknown, as in a sweep: settled once, below all rules.
        texts = {n: self.table[n] for n in texts_of(wanted)}
        known = {n: ibis.ifelse(t.isin(list(codes(n))), t, ibis.null("string")) for n, t in texts.items()}
        self.table = self.table.mutate(**known)
        self.named = [self.table[name] for name in KEY if name in wanted]
        self.unknown: Any = ibis.null("boolean")

    def tree(self, node: Node) -> Any:
        return fold(node, self.atom)

    def atom(self, atom: Atom) -> Any:
        import ibis

        match atom:
            case Always(value):
                return ibis.literal(value)
            case Known(fact):
                return self.column(fact).notnull() if self.has(fact) else ibis.literal(False)
            case Is(fact):
                return self.column(fact) if self.has(fact) else self.unknown
            case OneOf(fact, values):
                assert isinstance(values, tuple)
                return self.one_of(fact, values) if self.has(fact) else self.unknown
            case Compare(fact, _, _, other):
                there = self.has(fact) and (not other or self.has(other))
                return self.compare(atom) if there else self.unknown

    def has(self, fact: str) -> bool:
        return fact == AS_OF or fact in self.schema

    def column(self, fact: str) -> Any:
        import ibis

        if fact != AS_OF:
            return self.table[fact]
        return self.table[AS_OF].coalesce(self.as_of) if AS_OF in self.schema else ibis.literal(self.as_of)

    def one_of(self, fact: str, values: Sequence[Any]) -> Any:
        import ibis

        column = self.column(fact)
        if fact != AS_OF and vocabulary()[fact].type == "enum" and self.schema[fact].is_integer():
            table = codes(fact)
            values = [table[value] for value in values if value in table]
        if not values:
            return ibis.ifelse(column.isnull(), self.unknown, False)
        return column.isin(values) if len(values) > 3 else reduce(or_, (column == value for value in values))

    def compare(self, atom: Compare) -> Any:
        import ibis

        left, right = self.column(atom.fact), atom.value
        if atom.other:
            right = self.column(atom.other)
            if atom.offset:
                days = atom.fact == AS_OF or vocabulary()[atom.fact].type == "date"
                right = right + (ibis.interval(days=atom.offset) if days else atom.offset)
            if atom.months:
                right = right + ibis.interval(months=atom.months)
        match atom.op:
            case "=":
                return left == right
            case "<":
                return left < right
            case "<=":
                return left <= right
            case ">":
                return left > right
            case _:
                return left >= right


def _type(kind: pl.DataType) -> str:
    import polars as pl

    if isinstance(kind, pl.String | pl.Categorical | pl.Enum):
        return "string"
    return str(kind).lower()  # boolean, date, int32, uint8: Polars and Ibis name these alike
