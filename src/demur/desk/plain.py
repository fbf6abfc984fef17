"""An expression of the rule language, as lines that a lawyer reads aloud."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from demur.facts import vocabulary
from demur.law.explain import period
from demur.law.language import AS_OF, Always, And, Compare, Is, Known, Node, Not, OneOf, Or, Param

from . import words

ORDER = {
    "int": {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least", "=": "equal to"},
    "date": {"<": "before", "<=": "on or before", ">": "after", ">=": "on or after", "=": "the same as"},
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its words, how deep it stands, and whether it joins the lines below it."""

    text: str
    depth: int
    join: bool = False


def in_words(node: Node, depth: int = 0) -> list[Line]:
    """The lines of a condition; parts that must all be true stand side by side, alternatives under a heading."""
    match node:
        case And(parts):
            return [line for part in parts for line in in_words(part, depth)]
        case Or(parts):
            lines = [Line(words.say("rules.any-of"), depth, join=True)]
            for part in parts:
                if isinstance(part, And):
                    lines.append(Line(words.say("rules.all-of"), depth + 1, join=True))
                    lines += in_words(part, depth + 2)
                else:
                    lines += in_words(part, depth + 1)
            return lines
        case Not(And() as inner):
            return [Line(words.say("rules.none-of"), depth, join=True), *in_words(inner, depth + 1)]
        case Always(True):
            return []
        case _:
            return [Line(_atom(node), depth)]


def shown(value: object) -> str:
    """A constant as people write it."""
    return f"{value.day} {value:%B %Y}" if isinstance(value, date) else str(value)


def _means(name: str) -> str:
    return "the day assessed" if name == AS_OF else vocabulary()[name].means.removeprefix("whether ")


def _atom(node: Node) -> str:
    known = vocabulary()
    negated = isinstance(node, Not)
    atom = node.part if isinstance(node, Not) else node
    match atom:
        case Is(fact):
            return known[fact].denies if negated else known[fact].says
        case Known(fact):
            return f"{_means(fact)} is {'not known' if negated else 'known'}"
        case OneOf(fact, values):
            if isinstance(values, Param):
                options = f"on the dated list “{values.name}”"
            else:
                options = " or ".join(known[fact].values.get(str(v), shown(v)) for v in values)
            if negated or isinstance(values, Param):
                return f"{_means(fact)} is {'not ' if negated else ''}{options}"
            return known[fact].says.replace("{}", options)
        case Compare(fact, op, value, other, offset, months):
            kind = "date" if fact == AS_OF else known[fact].type
            bound = _means(other) if other else f"“{value.name}”" if isinstance(value, Param) else shown(value)
            if offset:
                bound += f" {'plus' if offset > 0 else 'less'} {abs(offset)}{' days' if kind == 'date' else ''}"
            if months:
                bound += f" {'plus' if months > 0 else 'less'} {period(months)}"
            order = ORDER.get(kind, {}).get(op, "the same as")
            return f"{_means(fact)} is {'not ' if negated else ''}{order} {bound}"
        case Always(value):
            return "always" if value != negated else "never"
        case _:
            return "not so: " + "; ".join(line.text for line in in_words(atom))
