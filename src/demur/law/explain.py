"""Why a rule holds or cannot be decided, as lines that a person reads.

A tree is compiled once into small functions, one a node; a leaf keeps the line for each value it has met.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

from demur.facts import Vocabulary, vocabulary

from .codegen import FALSE, TRUE, UNKNOWN, atom_truth
from .findings import Reason
from .language import AS_OF, Always, And, Compare, Is, Known, Node, Not, OneOf, Or, Param

Lines = tuple[Reason, ...]
Explain = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[int, Lines]]
STATE: Mapping[int, Literal["true", "false", "unknown"]] = {FALSE: "false", UNKNOWN: "unknown", TRUE: "true"}
ORDER_WORDS = {
    "int": {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least", "=": "equal to"},
    "date": {"<": "before", "<=": "on or before", ">": "after", ">=": "on or after", "=": "the same as"},
}
OPPOSITE_STATE = {TRUE: FALSE, FALSE: TRUE, UNKNOWN: UNKNOWN}


def explainer(node: Node, depth: int = 0, *, means: Mapping[str, str] | None = None) -> Explain:
    """Compile a tree into a function of (facts, parameters) that gives its value and its lines.

    A true node shows what makes it true; an unknown one what is true so far and what is missing; a false one what
    makes it false. `means` says in words what each parameter is.
    """
    names = means or {}
    match node:
        case And(parts):
            children = [explainer(p, depth, means=names) for p in parts]
            return _join(children, depth, conjunction=True)
        case Or(parts):
            children = [explainer(p, depth + 1, means=names) for p in parts]
            return _join(children, depth, conjunction=False)
        case _:
            return _leaf(node, depth, names)


def _join(children: list[Explain], depth: int, *, conjunction: bool) -> Explain:
    heads = {value: (Reason(STATE[value], "at least one of these:", (), depth),) for value in (TRUE, UNKNOWN, FALSE)}

    def explain(facts: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[int, Lines]:
        results = [child(facts, params) for child in children]
        total = TRUE if conjunction else FALSE
        for value, _ in results:
            total = total & value if conjunction else total | value
        if conjunction:
            # What a false part says is of no use beside a part that is true, and the other way round.
            shown = [lines for value, lines in results if (value == FALSE) == (total == FALSE)]
            # One fact can stand in the guard and in the condition of a rule; it is said once.
            return total, tuple({line.text: line for lines in shown for line in lines}.values())
        shown = [lines for value, lines in results if value == total]
        if len(shown) == 1:
            return total, tuple(Reason(r.state, r.text, r.facts, r.depth - 1) for r in shown[0])
        return total, (*heads[total], *dict.fromkeys(line for lines in shown for line in lines))

    return explain


def _leaf(node: Node, depth: int, means: Mapping[str, str]) -> Explain:
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
        key = (value, facts.get(other) if other else None, params[param] if param else None)
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
    else:
        bound = param if isinstance(atom.value, Param) else _shown(atom.value)
    if state == UNKNOWN or atom.fact == AS_OF:
        return f"{_means(atom.fact, words)} is {order} {bound}"
    return f"{words[atom.fact].sentence(_shown(value))} ({'' if state == TRUE else 'not '}{order} {bound})"


def _means(name: str, words: Vocabulary) -> str:
    if name == AS_OF:
        return "the day assessed"
    return words[name].means


def _shown(value: object) -> str:
    return f"{value.day} {value:%B %Y}" if isinstance(value, date) else str(value)
