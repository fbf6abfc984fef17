"""Turns the rules into one Python module of straight-line code: a function for each level of facts.

A truth value is two bits, "may be" and "is": 0 false, 1 unknown, 3 true. So Kleene's `and` is `&` and his `or`
is `|`; negation stands only on atoms, where the bits are chosen outright. An atom that several rules share is
computed once; the others stand behind the guard of their rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from demur.facts import Vocabulary

from .language import AS_OF, Always, And, Atom, Compare, Is, Known, Node, Not, OneOf, Or, Param, moved

FALSE, UNKNOWN, TRUE = 0, 1, 3
LEVELS = ("demand", "clause", "target", "transfer")


def generate(rules: Sequence[tuple[str, Node, Node]], words: Vocabulary) -> tuple[str, dict[str, Any]]:
    """The module's source and its constants, for rules given as (level, guard, test), numbered in this order.

    Each function takes the facts, the parameters of the day and a list, to which it appends (number, value) of
    every rule that does not fail.
    """
    constants: dict[str, Any] = {}
    parts = [_function(level, rules, words, constants) for level in LEVELS]
    return "\n\n".join(parts) + "\n", constants


def _function(level: str, rules: Sequence[tuple[str, Node, Node]], words: Vocabulary, constants: dict[str, Any]) -> str:
    writer = _Writer(words, constants)
    mine = [(number, guard, test) for number, (at, guard, test) in enumerate(rules) if at == level]
    for _, guard, test in mine:
        writer.count(guard, shared=True)
        writer.count(test)
    body: list[str] = []
    for number, guard, test in mine:
        rest = _rest(guard, test)
        body.append(f"    r = {writer.expression(guard)}")
        if rest is None:
            body.append(f"    if r: out.append(({number}, r))")
        else:
            body.append("    if r:")
            body.append(f"        r &= {writer.expression(rest)}")
            body.append(f"        if r: out.append(({number}, r))")
    head = [f"def {level}(f, p, out):", "    get = f.get"]
    head += [f"    v_{name} = get({name!r})" for name in writer.facts]
    head += [f"    p_{name} = p[{name!r}]" for name in writer.params]
    head += [f"    {name} = {code}" for name, code in writer.shared.items()]
    return "\n".join(head + body)


def _rest(guard: Node, test: Node) -> Node | None:
    """What `test` asks beyond `guard`: its conjuncts that the guard does not already hold."""
    held = set(guard.parts) if isinstance(guard, And) else {guard}
    left = tuple(p for p in (test.parts if isinstance(test, And) else (test,)) if p not in held)
    if not left:
        return None
    return left[0] if len(left) == 1 else And(left)


class _Writer:
    """Writes expressions of one function and remembers what they need above them."""

    def __init__(self, words: Vocabulary, constants: dict[str, Any]) -> None:
        self.words, self.constants = words, constants
        self.uses: Counter[Node] = Counter()
        self.facts: dict[str, None] = {}
        self.params: dict[str, None] = {}
        self.shared: dict[str, str] = {}
        self.names: dict[Node, str] = {}

    def count(self, node: Node, *, shared: bool = False) -> None:
        if isinstance(node, And | Or):
            for part in node.parts:
                self.count(part, shared=shared)
        else:
            self.uses[node] += 2 if shared else 1

    def expression(self, node: Node) -> str:
        if isinstance(node, And):
            return "(" + " & ".join(self.expression(p) for p in node.parts) + ")"
        if isinstance(node, Or):
            return "(" + " | ".join(self.expression(p) for p in node.parts) + ")"
        if self.uses[node] > 1:
            if node not in self.names:
                name = f"a{len(self.names)}"
                self.names[node] = name
                self.shared[name] = self.atom(node)
            return self.names[node]
        return self.atom(node)

    def atom(self, node: Node) -> str:
        yes, no = (FALSE, TRUE) if isinstance(node, Not) else (TRUE, FALSE)
        atom: Node = node.part if isinstance(node, Not) else node
        match atom:
            case Always(value):
                return str(yes if value else no)
            case Known(fact):
                return f"({no} if {self.value(fact)} is None else {yes})"
            case Is(fact):
                v = self.value(fact)
                return f"({UNKNOWN} if {v} is None else {yes} if {v} else {no})"
            case OneOf(fact, values):
                v = self.value(fact)
                if isinstance(values, Param):
                    test = f"{v} in {self.param(values)}"
                elif len(values) == 1:
                    test = f"{v} == {self.constant(values[0])}"
                else:
                    test = f"{v} in {self.constant(frozenset(values))}"
                return f"({UNKNOWN} if {v} is None else {yes} if {test} else {no})"
            case Compare():
                return self.compare(atom, yes, no)
            case _:
                raise TypeError(f"not an atom: {atom!r}")

    def compare(self, atom: Compare, yes: int, no: int) -> str:
        v, op = self.value(atom.fact), "==" if atom.op == "=" else atom.op
        if atom.other:
            w = self.value(atom.other)
            test = f"{v} {op} {w}"
            if atom.months:
                self.constants["moved"] = moved
                test = f"moved({v}) {op} moved({w}, {atom.offset}, {atom.months})"
            elif atom.offset:
                # The difference is compared, so that no sum runs past the last day of the calendar.
                days = atom.fact == AS_OF or self.words[atom.fact].type == "date"
                test = f"{v} - {w} {op} {self.constant(timedelta(atom.offset) if days else atom.offset)}"
            return f"({UNKNOWN} if {v} is None or {w} is None else {yes} if {test} else {no})"
        if isinstance(atom.value, Param):
            p = self.param(atom.value)
            # A parameter without a value on this day decides nothing: the comparison fails.
            return f"({UNKNOWN} if {v} is None else {yes} if {p} is not None and {v} {op} {p} else {no})"
        return f"({UNKNOWN} if {v} is None else {yes} if {v} {op} {self.constant(atom.value)} else {no})"

    def value(self, fact: str) -> str:
        self.facts[fact] = None
        return f"v_{fact}"

    def param(self, param: Param) -> str:
        self.params[param.name] = None
        return f"p_{param.name}"

    def constant(self, value: object) -> str:
        if isinstance(value, str | int):
            return repr(value)
        for name, known in self.constants.items():
            if known == value and type(known) is type(value):
                return name
        name = f"K{len(self.constants)}"
        self.constants[name] = value
        return name


def truth(node: Node, facts: Any, params: Any) -> int:
    """Kleene's value of one tree on facts: the reference that every back end must agree with."""
    match node:
        case And(parts):
            value = TRUE
            for part in parts:
                value &= truth(part, facts, params)
            return value
        case Or(parts):
            value = FALSE
            for part in parts:
                value |= truth(part, facts, params)
            return value
        case Not(part):
            value = truth(part, facts, params)
            return UNKNOWN if value == UNKNOWN else TRUE - value
        case _:
            return atom_truth(node, facts, params)


def atom_truth(atom: Atom, facts: Any, params: Any) -> int:
    """The value of one atom on facts."""
    if isinstance(atom, Always):
        return TRUE if atom.value else FALSE
    found = facts.get(atom.fact)
    if isinstance(atom, Known):
        return FALSE if found is None else TRUE
    if found is None:
        return UNKNOWN
    if isinstance(atom, Is):
        return TRUE if found else FALSE
    if isinstance(atom, OneOf):
        values = params[atom.values.name] if isinstance(atom.values, Param) else atom.values
        return TRUE if found in (values or ()) else FALSE
    bound: Any
    if atom.other:
        bound = facts.get(atom.other)
        if bound is None:
            return UNKNOWN
        if atom.months:
            found, bound = moved(found), moved(bound, atom.offset, atom.months)
        elif atom.offset:
            # As in the generated code: no sum may run past the last day of the calendar.
            found, bound = found - bound, atom.offset if isinstance(bound, int) else timedelta(atom.offset)
    elif isinstance(atom.value, Param):
        bound = params[atom.value.name]
        if bound is None:
            return FALSE
    else:
        bound = atom.value
    orders = {"=": found == bound}
    if atom.op != "=":
        orders = {"<": found < bound, "<=": found <= bound, ">": found > bound, ">=": found >= bound}
    return TRUE if orders[atom.op] else FALSE
