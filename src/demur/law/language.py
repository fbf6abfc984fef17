"""The rule language: a small, typed subset of SQL booleans, lowered to a tree of atoms.

sqlglot parses; `lower` lets through only the nodes of the language and checks every name, value and type
against the vocabulary. What comes out is a tree of `And`, `Or`, `Not` over atoms, each three-valued (Kleene):
an atom on an unknown fact is unknown, except `Known`, which asks just that.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_, inv, or_
from typing import TypeVar, cast

from demur.facts import Level, Vocabulary
from demur.facts.values import suggest

T = TypeVar("T")
Constant = bool | int | str | date
LONGEST = 10_000
"""More characters than this are no expression: whoever needs them names a part of it as a term."""
AS_OF = "as_of"
"""The day assessed: a date that is always known, beside the facts of the vocabulary."""


class LawError(ValueError):
    """A rule file that cannot be accepted: says the file, the rule, the place and the remedy."""

    def __init__(self, message: str, hint: str, *, file: str = "", rule: str = "", place: str = "") -> None:
        self.message, self.hint, self.file, self.rule, self.place = message, hint, file, rule, place
        super().__init__(str(self))

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.file, self.rule, self.place) if part)
        return f"{where}: {self.message}; hint: {self.hint}" if where else f"{self.message}; hint: {self.hint}"

    def at(self, *, file: str = "", rule: str = "", place: str = "") -> LawError:
        """The same error, with what is missing of its place filled in."""
        return LawError(
            self.message,
            self.hint,
            file=self.file or file,
            rule=self.rule or rule,
            place=", ".join(part for part in (place, self.place) if part),
        )


@dataclass(frozen=True, slots=True)
class Always:
    """A constant truth value."""

    value: bool


@dataclass(frozen=True, slots=True)
class Is:
    """The boolean fact itself."""

    fact: str


@dataclass(frozen=True, slots=True)
class Known:
    """Whether the fact is known; never unknown itself."""

    fact: str


@dataclass(frozen=True, slots=True)
class Param:
    """A dated parameter by name: its value is that of the day assessed."""

    name: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """The fact is one of these values."""

    fact: str
    values: tuple[Constant, ...] | Param


@dataclass(frozen=True, slots=True)
class Compare:
    """The fact stands in this order to a value, a parameter, or another fact plus a number of days or units.

    Of dates: plus `offset` days, and from there `months` later, as `moved` counts them.
    """

    fact: str
    op: str
    value: Constant | Param | None = None
    other: str = ""
    offset: int = 0
    months: int = 0


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the parts."""

    parts: tuple[Node, ...]


Atom = Always | Is | Known | OneOf | Compare
Node = Atom | Not | And | Or

MONTHS = {"MONTH": 1, "MONTHS": 1, "YEAR": 12, "YEARS": 12}
MOST_MONTHS = 1200
"""No period of the law is longer, and every back end can hold it."""


def moved(day: date, days: int = 0, months: int = 0) -> tuple[int, int, int]:
    """Year, month and day of `days` after a date and then `months` later: the same day of that month, or its last.

    Not a date, since what is compared may lie past the last day of the calendar.
    """
    if days:
        ordinal = min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal())
        day = date.fromordinal(ordinal)
    if not months:
        return day.year, day.month, day.day
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return year, month + 1, min(day.day, monthrange(year, month + 1)[1])


FLIP = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True, slots=True)
class Names:
    """What an expression may name besides facts: terms (already lowered) and the types of parameters."""

    vocabulary: Vocabulary
    terms: Mapping[str, Node]
    params: Mapping[str, object]


def lower(text: str, names: Names) -> Node:
    """Parse and check one expression. Raises LawError with line and column of the mistake."""
    try:
        return simplify(_parsed(text, names))
    except RecursionError:
        raise LawError("the expression is nested too deeply", "name a part of it as a term", place="column 1") from None


def _parsed(text: str, names: Names) -> Node:
    """One expression, parsed and checked, as it is written."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    if not text.strip():
        raise LawError("the expression is empty", "leave it out, or write true", place="column 1")
    if len(text) > LONGEST:
        raise LawError(f"the expression has more than {LONGEST} characters", "name a part of it as a term")
    try:
        tree = sqlglot.parse_one(text)
    except SqlglotError as error:
        detail = (getattr(error, "errors", None) or [{}])[0]
        column = detail.get("col", len(text)) - max(0, len(str(detail.get("highlight") or "")) - 1)
        raise LawError(
            f"this is not an expression of the language near {str(detail.get('highlight') or text[-12:])!r}",
            "write conditions such as: kind = 'nsl' and not asks_content",
            place=_place(text, max(0, int(column) - 1)),
        ) from None
    return _Lowering(text, names).boolean(tree)


def _place(text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return f"line {line}, column {column}" if "\n" in text.strip() else f"column {column}"


class _Lowering:
    """One walk over a parsed expression; holds the text so that errors can name the column."""

    def __init__(self, text: str, names: Names) -> None:
        self.text, self.names = text, names

    def fail(self, node: object, message: str, hint: str) -> LawError:
        return LawError(message, hint, place=_place(self.text, self.offset(node)))

    def offset(self, node: object) -> int:
        from sqlglot import exp

        if isinstance(node, exp.Expression):
            starts = [part.meta["start"] for part in node.walk() if part._meta and "start" in part._meta]
            if starts:
                return int(min(starts))
            literal = node.find(exp.Literal)
            if literal is not None:
                needle = f"'{literal.this}'" if literal.is_string else str(literal.this)
                found = self.text.find(needle)
                if found >= 0:
                    return found
            for word in ("null", "NULL", "true", "TRUE", "false", "FALSE"):
                if word in self.text:
                    return self.text.index(word)
        return 0

    def boolean(self, node: object) -> Node:
        from sqlglot import exp

        match node:
            case exp.Paren():
                return self.boolean(node.this)
            case exp.And():
                return And((self.boolean(node.left), self.boolean(node.right)))
            case exp.Or():
                return Or((self.boolean(node.left), self.boolean(node.right)))
            case exp.Not():
                return Not(self.boolean(node.this))
            case exp.Boolean():
                return Always(bool(node.this))
            case exp.Column():
                return self.bare_name(node)
            case exp.Is():
                return self.is_test(node)
            case exp.In():
                return self.membership(node)
            case exp.EQ():
                return self.equality(node)
            case exp.NEQ():
                return Not(self.equality(node))
            case exp.LT():
                return self.order(node, "<")
            case exp.LTE():
                return self.order(node, "<=")
            case exp.GT():
                return self.order(node, ">")
            case exp.GTE():
                return self.order(node, ">=")
            case exp.Between():
                low = self.order_of(node, node.this, ">=", node.args["low"])
                high = self.order_of(node, node.this, "<=", node.args["high"])
                return And((low, high))
            case exp.Subquery() | exp.Select() | exp.Exists():
                raise self.fail(node, "a sub-query is not part of the language", "name the facts themselves")
            case exp.Anonymous() | exp.Func():
                raise self.fail(node, "a function is not part of the language", "only param('name') may be called")
            case exp.Literal():
                raise self.fail(node, "a bare value is no condition", "compare a fact with it")
            case exp.Alias():
                raise self.fail(node, f"{node.alias!r} stands behind a condition", "of months, + interval '3 months'")
            case _:
                raise self.fail(
                    node,
                    f"{type(node).__name__.lower()} is not part of the language",
                    "use and, or, not, =, <>, <, <=, >, >=, in (...), is null, parentheses",
                )

    def bare_name(self, node: object) -> Node:
        name = self.name(node)
        if name in self.names.terms:
            return self.names.terms[name]
        self.known(name, node)
        if name == AS_OF or self.names.vocabulary[name].type != "bool":
            kind = "date" if name == AS_OF else self.names.vocabulary[name].type
            raise self.fail(node, f"{name} is {kind}, not a condition", f"compare it, such as: {name} = ...")
        return Is(name)

    def name(self, node: object) -> str:
        from sqlglot import exp

        if not isinstance(node, exp.Column) or node.args.get("table"):
            raise self.fail(node, "a plain fact name is expected here", "write the fact first, then the value")
        return str(node.name)

    def known(self, name: str, node: object) -> None:
        words = self.names.vocabulary
        if name == AS_OF:
            return
        if name not in words:
            raise self.fail(node, f"unknown fact {name!r}", suggest(name, [*words.facts, *self.names.terms]))
        if words[name].type == "text":
            raise self.fail(node, f"{name} is text and never stands in a rule", "use a bool or an enum fact")

    def type_of(self, name: str) -> str:
        return "date" if name == AS_OF else self.names.vocabulary[name].type

    def is_test(self, node: object) -> Node:
        from sqlglot import exp

        assert isinstance(node, exp.Is)
        name, right = self.name(node.this), node.expression
        if isinstance(right, exp.Null):
            self.known(name, node)
            return Not(Known(name))
        if isinstance(right, exp.Boolean):
            self.known(name, node)
            if self.type_of(name) != "bool":
                raise self.fail(node, f"{name} is {self.type_of(name)}, not true or false", f"write {name} = ...")
            return And((Known(name), Is(name) if right.this else Not(Is(name))))
        raise self.fail(node, "is goes with null, true or false", f"write {name} is null")

    def membership(self, node: object) -> Node:
        from sqlglot import exp

        assert isinstance(node, exp.In)
        name = self.name(node.this)
        self.known(name, node)
        if node.args.get("query") is not None:
            raise self.fail(node, "a sub-query is not part of the language", "list the values, or use param('name')")
        field = node.args.get("field")
        if field is not None:
            param = self.param(field)
            if not isinstance(self.names.params[param.name], tuple):
                raise self.fail(field, f"parameter {param.name} is a single value", f"write {name} = param(...)")
            return OneOf(name, param)
        if not node.expressions:
            raise self.fail(node, "the list is empty", "name at least one value")
        return OneOf(name, tuple(self.constant(item, name) for item in node.expressions))

    def equality(self, node: object) -> Node:
        from sqlglot import exp

        assert isinstance(node, exp.EQ | exp.NEQ)
        left, right = node.left, node.right
        if not isinstance(left, exp.Column) and isinstance(right, exp.Column):
            left, right = right, left
        name = self.name(left)
        self.known(name, left)
        if isinstance(right, exp.Column):
            other = self.name(right)
            self.known(other, right)
            self.same_type(node, name, other)
            return Compare(name, "=", other=other)
        if isinstance(right, exp.Anonymous):
            return Compare(name, "=", self.param(right))
        value = self.constant(right, name)
        if isinstance(value, bool):
            return Is(name) if value else Not(Is(name))
        return OneOf(name, (value,))

    def same_type(self, node: object, name: str, other: str) -> None:
        words = self.names.vocabulary
        if self.type_of(name) != self.type_of(other):
            raise self.fail(node, f"{name} and {other} are of different types", "compare facts of one type")
        if self.type_of(name) == "enum" and dict(words[name].values) != dict(words[other].values):
            raise self.fail(node, f"{name} and {other} have different values", "compare facts of one list")

    def order(self, node: object, op: str) -> Node:
        from sqlglot import exp

        assert isinstance(node, exp.Binary)
        left, right = node.left, node.right
        if not isinstance(left, exp.Column) and isinstance(right, exp.Column):
            left, right, op = right, left, FLIP[op]
        return self.order_of(node, left, op, right)

    def order_of(self, node: object, left: object, op: str, right: object) -> Node:
        from sqlglot import exp

        name = self.name(left)
        self.known(name, left)
        kind = self.type_of(name)
        if kind not in ("int", "date"):
            hint = f"write {name} = '...' or {name} in (...)" if kind == "enum" else f"write {name} or not {name}"
            raise self.fail(left, f"{name} is {kind} and has no order", hint)
        if isinstance(right, exp.Anonymous):
            return Compare(name, op, self.param(right))
        if isinstance(right, exp.Column | exp.Add | exp.Sub):
            other, offset, months = self.shifted(right)
            self.same_type(node, name, other)
            return Compare(name, op, other=other, offset=offset, months=months)
        return Compare(name, op, self.constant(right, name))

    def shifted(self, node: object) -> tuple[str, int, int]:
        """The fact that something is added to, and how many days or units, and then months."""
        from sqlglot import exp

        if not isinstance(node, exp.Add | exp.Sub):
            other = self.name(node)
            self.known(other, node)
            return other, 0, 0
        other, days, months = self.shifted(node.left)
        sign = 1 if isinstance(node, exp.Add) else -1
        if months or (days and not isinstance(node.right, exp.Interval)):
            raise self.fail(node, "days are added once, and before months", f"write {other} - 1 + interval '1 month'")
        if isinstance(node.right, exp.Interval):
            return other, days, sign * self.interval(node, node.right, other)
        right = node.right
        number = _whole(right.this) if isinstance(right, exp.Literal) and not right.is_string else None
        if number is None:
            raise self.fail(right, "only a whole number of days may be added to a fact", f"write {other} + 14")
        return other, sign * number, 0

    def interval(self, node: object, interval: object, other: str) -> int:
        from sqlglot import exp

        assert isinstance(interval, exp.Interval)
        if self.type_of(other) != "date":
            raise self.fail(node, f"{other} is {self.type_of(other)}, not a date", f"write {other} + 14")
        number, unit = interval.this, str(interval.args.get("unit") or "").upper()
        amount = _whole(number.this) if isinstance(number, exp.Literal) else None
        months = (amount or 0) * MONTHS.get(unit, 0)
        if not 0 < months <= MOST_MONTHS:
            hint = f"write {other} + interval '3 months' or interval '2 years'; of days, {other} + 14"
            raise self.fail(node, "an interval is a number of months or years", hint)
        return months

    def param(self, node: object) -> Param:
        from sqlglot import exp

        if not isinstance(node, exp.Anonymous) or str(node.this).lower() != "param":
            raise self.fail(node, "a function is not part of the language", "only param('name') may be called")
        arguments = node.expressions
        if len(arguments) != 1 or not isinstance(arguments[0], exp.Literal) or not arguments[0].is_string:
            raise self.fail(node, "param takes one name in quotes", "write param('eea')")
        name = str(arguments[0].this)
        if name not in self.names.params:
            raise self.fail(node, f"unknown parameter {name!r}", suggest(name, self.names.params))
        return Param(name)

    def constant(self, node: object, name: str) -> Constant:
        from sqlglot import exp

        kind = self.type_of(name)
        match node:
            case exp.Null():
                raise self.fail(node, "null is not a value", f"write {name} is null to ask whether it is unknown")
            case exp.Boolean():
                value: Constant = bool(node.this)
            case exp.Literal() if node.is_string:
                value = str(node.this)
            case exp.Literal() | exp.Neg(this=exp.Literal()):
                sign, digits = (1, node.this) if isinstance(node, exp.Literal) else (-1, node.this.this)
                number = _whole(digits)
                if number is None:
                    raise self.fail(node, f"{str(digits)[:20]} is not a whole number", "the language has no floats")
                value = sign * number
            case exp.Cast() if isinstance(node.this, exp.Literal):
                try:
                    value = date.fromisoformat(str(node.this.this))
                    if not is_day(value):
                        raise ValueError
                except ValueError:
                    raise self.fail(node, f"{node.this.this!r} is no date", "write date '2018-03-23'") from None
            case exp.Subquery() | exp.Select():
                raise self.fail(node, "a sub-query is not part of the language", "write the value itself")
            case exp.Func():
                raise self.fail(node, "a function is not part of the language", "only param('name') may be called")
            case _:
                raise self.fail(node, "a value is expected here", f"compare {name} with one value")
        wanted = {"bool": bool, "int": int, "enum": str, "date": date}[kind]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            hints = {
                "bool": "true or false",
                "int": "a whole number",
                "enum": "a value in quotes",
                "date": "date '...'",
            }
            raise self.fail(node, f"{value!r} is not of the type of {name}", f"{name} takes {hints[kind]}")
        if kind == "enum" and value not in self.names.vocabulary[name].values:
            values = self.names.vocabulary[name].values
            raise self.fail(node, f"{value!r} is no value of {name}", suggest(str(value), values))
        return value


def is_day(raw: object) -> bool:
    """Whether this is a day that a rule can name: there are days before it and after it to hold it against."""
    return type(raw) is date and 1000 <= raw.year <= 2999


def _whole(digits: object) -> int | None:
    """A whole number of at most nine digits, so that every back end can hold it."""
    text = str(digits)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def alternatives(text: str, names: Names) -> list[tuple[Node, ...]]:
    """The alternatives that an expression itself names: the parts of each of its `or`s, simplified.

    A term is one part, whatever alternatives lie inside it, and so is `is true` or `is false`. Raises LawError.
    """
    found: list[tuple[Node, ...]] = []
    terms = {id(term) for term in names.terms.values()}

    def whole(node: Node) -> bool:
        return id(node) in terms or (isinstance(node, And) and isinstance(node.parts[0], Known) and len(node.parts) == 2
                                     and facts_of(node) == (node.parts[0].fact,))  # fmt: skip

    def sides(node: Node, positive: bool) -> Iterator[Node]:
        """The parts of a chain of `or`s (of `and`s, where negated)."""
        while isinstance(node, Not) and not whole(node):
            node, positive = node.part, not positive
        if not whole(node) and isinstance(node, Or if positive else And):
            for part in node.parts:
                yield from sides(part, positive)
        else:
            yield simplify(node if positive else Not(node))

    def walk(node: Node, positive: bool, above: bool) -> None:
        if whole(node):
            return
        match node:
            case Not(part):
                walk(part, not positive, above)
            case And(parts) | Or(parts):
                chain = isinstance(node, Or) == positive
                if chain and not above:
                    found.append(tuple(dict.fromkeys(sides(node, positive))))
                for part in parts:
                    walk(part, positive, chain)
            case _:
                pass

    walk(_parsed(text, names), True, False)
    return found


def simplify(node: Node) -> Node:
    """Flatten nested And and Or, take double negation away, and push negation down to the atoms."""
    match node:
        case And(parts):
            return _join(And, tuple(simplify(p) for p in parts))
        case Or(parts):
            return _join(Or, tuple(simplify(p) for p in parts))
        case Not(Not(part)):
            return simplify(part)
        case Not(And(parts)):
            return simplify(Or(tuple(Not(p) for p in parts)))
        case Not(Or(parts)):
            return simplify(And(tuple(Not(p) for p in parts)))
        case Not(Always(value)):
            return Always(not value)
        # A parameter may have no value on a day; then a comparison with it fails, and its negation holds.
        case Not(Compare(fact, op, value, other, offset, months)) if op in OPPOSITE and not isinstance(value, Param):
            return Compare(fact, OPPOSITE[op], value, other, offset, months)
        case _:
            return node


def _join(kind: type[And] | type[Or], parts: tuple[Node, ...]) -> Node:
    flat: list[Node] = []
    for part in parts:
        for item in part.parts if isinstance(part, kind) else (part,):
            if isinstance(item, Always):
                if item.value == (kind is Or):
                    return item
            elif item not in flat:
                flat.append(item)
    if not flat:
        return Always(kind is And)
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def atoms(node: Node) -> Iterator[Atom]:
    """The atoms of a tree, from left to right."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from atoms(part)
        case Not(part):
            yield from atoms(part)
        case _:
            yield node


def fold(node: Node, atom: Callable[[Atom], T]) -> T:
    """The tree in another engine's terms: `&`, `|` and `~` of it over what `atom` makes of each atom."""
    match node:
        case And(parts):
            return reduce(and_, (fold(part, atom) for part in parts))
        case Or(parts):
            return reduce(or_, (fold(part, atom) for part in parts))
        case Not(part):
            return cast(T, inv(fold(part, atom)))  # type: ignore[arg-type]
        case _:
            return atom(node)


def facts_of(node: Node) -> tuple[str, ...]:
    """The facts that a tree reads, without repetition, in order."""
    found: dict[str, None] = {}
    for atom in atoms(node):
        if not isinstance(atom, Always):
            found[atom.fact] = None
            if isinstance(atom, Compare) and atom.other:
                found[atom.other] = None
    return tuple(found)


def params_of(node: Node) -> tuple[str, ...]:
    """The parameters that a tree reads."""
    found: dict[str, None] = {}
    for atom in atoms(node):
        if isinstance(atom, OneOf) and isinstance(atom.values, Param):
            found[atom.values.name] = None
        elif isinstance(atom, Compare) and isinstance(atom.value, Param):
            found[atom.value.name] = None
    return tuple(found)


def level_of(facts: tuple[str, ...], words: Vocabulary) -> Level:
    """The deepest level among the facts: the level at which a rule is assessed.

    Raises LawError where facts of a transfer are mixed with those of a demand.
    """
    levels = {words[name].level for name in facts if name != AS_OF}
    if "transfer" in levels:
        if len(levels) > 1:
            raise LawError("facts of a transfer are mixed with those of a demand", "write two rules")
        return "transfer"
    return "target" if "target" in levels else "clause" if "clause" in levels else "demand"
