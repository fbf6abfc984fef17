"""Why a rule holds or cannot be decided, as lines that a person reads.

A tree is compiled once into small functions, one a node. A leaf keeps the line for each value it has met, and the
whole keeps its lines for the latest sets of values: most demands lack the same facts as those before them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal, NamedTuple

from demur.facts import Vocabulary, vocabulary

from .codegen import FALSE, TRUE, UNKNOWN, atom_truth
from .findings import Reason
from .language import AS_OF, Always, And, Compare, Is, Known, Node, Not, OneOf, Or, Param, facts_of, params_of

Lines = tuple[Reason, ...]
Explain = Callable[[Mapping[str, Any], Mapping[str, Any]], "Explained"]
_Part = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[int, Lines]]
STATE: Mapping[int, Literal["true", "false", "unknown"]] = {FALSE: "false", UNKNOWN: "unknown", TRUE: "true"}
ORDER_WORDS = {
    "int": {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least", "=": "equal to"},
    "date": {"<": "before", "<=": "on or before", ">": "after", ">=": "on or after", "=": "the same as"},
}
OPPOSITE_STATE = {TRUE: FALSE, FALSE: TRUE, UNKNOWN: UNKNOWN}
KEPT = 256
"""For how many sets of values a tree keeps its lines, so that it takes bounded room."""


class Explained(NamedTuple):
    """The value of a tree, the lines that say why, and the facts that are missing to decide it."""

    value: int
    lines: Lines
    missing: tuple[str, ...]


def explainer(node: Node, *, means: Mapping[str, str] | None = None) -> Explain:
    """Compile a tree into a function of (facts, parameters) that explains it on them.

    A true node shows what makes it true; an unknown one what is true so far and what is missing; a false one what
    makes it false. `means` says in words what each parameter is.
    """
    tree, reads, figures = _compiled(node, 0, means or {}), facts_of(node), params_of(node)
    memo: dict[tuple[Any, ...], Explained] = {}

    def explain(facts: Mapping[str, Any], params: Mapping[str, Any]) -> Explained:
        key = (*map(facts.get, reads), *[params[name] for name in figures])
        found = memo.get(key)
        if found is None:
            if len(memo) >= KEPT:
                memo.clear()
            value, lines = tree(facts, params)
            found = memo[key] = Explained(value, lines, _missing(lines, facts) if value == UNKNOWN else ())
        return found

    return explain


def _missing(lines: Lines, facts: Mapping[str, Any]) -> tuple[str, ...]:
    unknown = (name for line in lines if line.state == "unknown" for name in line.facts)
    return tuple(dict.fromkeys(name for name in unknown if facts.get(name) is None))


def _compiled(node: Node, depth: int, means: Mapping[str, str]) -> _Part:
    match node:
        case And(parts):
            return _all([_compiled(p, depth, means) for p in parts])
        case Or(parts):
            return _any([_compiled(p, depth + 1, means) for p in parts], depth)
        case _:
            return _leaf(node, depth, means)


def _all(children: list[_Part]) -> _Part:
    def explain(facts: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[int, Lines]:
        results = [child(facts, params) for child in children]
        total = TRUE
        for value, _ in results:
            total &= value
        # One fact can stand in the guard and in the condition of a rule; it is said once.
        shown: dict[str, Reason] = {}
        for value, lines in results:
            # What a false part says is of no use beside a part that is true, and the other way round.
            if (value == FALSE) == (total == FALSE):
                for line in lines:
                    shown[line.text] = line
        return total, tuple(shown.values())

    return explain


def _any(children: list[_Part], depth: int) -> _Part:
    heads = {value: (Reason(STATE[value], "at least one of these:", (), depth),) for value in (TRUE, UNKNOWN, FALSE)}

    def explain(facts: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[int, Lines]:
        results = [child(facts, params) for child in children]
        total = FALSE
        for value, _ in results:
            total |= value
        shown = [lines for value, lines in results if value == total]
        if len(shown) == 1:
            return total, tuple([Reason(r.state, r.text, r.facts, r.depth - 1) for r in shown[0]])
        return total, (*heads[total], *dict.fromkeys([line for lines in shown for line in lines]))

    return explain


def _leaf(node: Node, depth: int, means: Mapping[str, str]) -> _Part:
    negated = isinstance(node, Not)
    atom: Any = node.part if isinstance(node, Not) else node
    if isinstance(atom, Always):
        fixed = TRUE if atom.value != negated else FALSE
        return lambda facts, params: (fixed, ())
    words = vocabulary()
    fact: str = atom.fact
    other: str = getattr(atom, "other", "")
    param = next((x.name for x in (getattr(atom, "values", None), getattr(atom, "value", None))
                  if isinstance(x, Param)), "")  # fmt: skip
    about = tuple(name for name in (fact, other) if name and name != AS_OF)
    memo: dict[Any, tuple[int, Lines]] = {}

    def explain(facts: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[int, Lines]:
        value = facts.get(fact)
        key = (value, facts.get(other), params[param] if param else None) if other or param else value
        found = memo.get(key)
        if found is None:
            state = atom_truth(atom, facts, params)
            if negated:
                state = OPPOSITE_STATE[state]
            text = _text(atom, negated, state, value, words, means.get(param, param))
            found = state, (Reason(STATE[state], text, about, depth),)
            if len(memo) < 4096:
                memo[key] = found
        return found

    return explain


def _text(atom: Any, negated: bool, state: int, value: object, words: Vocabulary, param: str) -> str:
    name: str = atom.fact
    if isinstance(atom, Known):
        known = "known" if (state == TRUE) != negated else "not known"
        means = words[name].means
        return f"it is {known} {means}" if means.startswith("whether ") else f"{means} is {known}"
    if isinstance(atom, Is):
        says = words[name].denies if negated else words[name].says
        if state == FALSE:
            return words[name].says if negated else words[name].denies
        return says
    if isinstance(atom, OneOf):
        if state != UNKNOWN:
            return words[name].sentence(_shown(value))
        if isinstance(atom.values, Param):
            options = f"one of: {param}"
        else:
            options = " or ".join(words[name].values.get(str(v), _shown(v)) for v in atom.values)
        if negated:
            return f"{_means(name, words)} is other than {options}"
        return words[name].says.replace("{}", options)
    return _order_text(atom, state, value, words, param)


def _order_text(atom: Compare, state: int, value: object, words: Vocabulary, param: str) -> str:
    kind = "date" if atom.fact == AS_OF else words[atom.fact].type
    order = ORDER_WORDS.get(kind, {}).get(atom.op, "the same as")
    if atom.other:
        bound = _means(atom.other, words)
        if atom.offset:
            unit = " days" if kind == "date" else ""
            bound += f" {'plus' if atom.offset > 0 else 'less'} {abs(atom.offset)}{unit}"
        if atom.months:
            bound += f" {'plus' if atom.months > 0 else 'less'} {period(atom.months)}"
    else:
        bound = param if isinstance(atom.value, Param) else _shown(atom.value)
    if state == UNKNOWN or atom.fact == AS_OF:
        return f"{_means(atom.fact, words)} is {order} {bound}"
    return f"{words[atom.fact].sentence(_shown(value))} ({'' if state == TRUE else 'not '}{order} {bound})"


def period(months: int) -> str:
    """A number of months in words, in years where it is whole ones."""
    number, unit = (abs(months) // 12, "year") if months % 12 == 0 else (abs(months), "month")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _means(name: str, words: Vocabulary) -> str:
    if name == AS_OF:
        return "the day assessed"
    return words[name].means


def _shown(value: object) -> str:
    return f"{value.day} {value:%B %Y}" if isinstance(value, date) else str(value)
