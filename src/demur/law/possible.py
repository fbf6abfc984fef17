"""Whether a condition can hold at all, and on which facts: a search over the closed vocabulary.

Each fact starts with the few values that the condition can tell apart, and unknown; every atom on the way narrows
them. What is found is proven by the reference (`truth`); comparisons of one fact with another are tried on a grid of
days around the constants, so that only there something possible may be missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from demur.facts import vocabulary

from .apart import beside, named, turns
from .codegen import TRUE, truth
from .language import AS_OF, Always, And, Compare, Node, Not, Or, atoms, simplify

Domain = frozenset[Any]
MOST_STEPS = 5_000
"""A search beyond this many steps is given up."""


class Undecided(Exception):
    """The condition has too many alternatives to say whether it can hold."""


class Steps:
    """A common bound for several searches: how many steps are left to all of them."""

    def __init__(self, left: int) -> None:
        self.left = left


def witness(
    nodes: Sequence[Node], day: date, params: Mapping[str, Any], steps: Steps | None = None
) -> dict[str, Any] | None:
    """Facts on which all these conditions hold on `day`, unknown ones left out; None where there are none.

    Raises Undecided where the search would take too long, by itself or with the others that share `steps`.
    """
    goal = simplify(And(tuple(nodes)))
    search = _Search(goal, day, params, steps or Steps(MOST_STEPS))
    for found in search.solve([goal], search.domains, ()):
        facts = {name: value for name, value in found.items() if value is not None}
        if truth(goal, {**facts, AS_OF: day}, params) == TRUE:
            return {name: value for name, value in facts.items() if name != AS_OF}
    return None


class _Search:
    """One search: the values each fact can take, narrowed along one choice of alternatives at a time."""

    def __init__(self, goal: Node, day: date, params: Mapping[str, Any], steps: Steps) -> None:
        self.params, self.own, self.common = params, MOST_STEPS, steps
        found = [a for a in atoms(goal) if not isinstance(a, Always)]
        names = dict.fromkeys(name for a in found for name in (a.fact, getattr(a, "other", "")) if name)
        self.domains: dict[str, Domain] = {name: self.values(name, found, day) for name in names}

    def values(self, name: str, found: Sequence[Any], day: date) -> Domain:
        """One value of each kind that the atoms can tell apart, and None for unknown."""
        if name == AS_OF:
            return frozenset((day,))
        fact = vocabulary()[name]
        if fact.type == "bool":
            return frozenset((True, False, None))
        if fact.type == "enum":
            return frozenset((*fact.values, None))
        points = {day if fact.type == "date" else 0} | named(name, found, self.params)
        grid = beside(points)
        for atom in found:
            if isinstance(atom, Compare) and atom.other and name in (atom.fact, atom.other):
                grid |= turns(name, atom, points)
        return frozenset((*grid, None))

    def solve(
        self, goals: Sequence[Node], domains: Mapping[str, Domain], pairs: tuple[Node, ...]
    ) -> Iterator[dict[str, Any]]:
        """Choices of facts under which all goals hold; `pairs` are comparisons of two facts, decided last."""
        self.step()
        if not goals:
            yield from self.settle(domains, pairs)
            return
        goal, *rest = goals
        if isinstance(goal, And):
            yield from self.solve([*goal.parts, *rest], domains, pairs)
        elif isinstance(goal, Or):
            for part in goal.parts:
                yield from self.solve([part, *rest], domains, pairs)
        elif isinstance(atom := goal.part if isinstance(goal, Not) else goal, Compare) and atom.other:
            yield from self.solve(rest, domains, (*pairs, goal))
        elif isinstance(atom, Always):
            if truth(goal, {}, self.params) == TRUE:
                yield from self.solve(rest, domains, pairs)
        else:
            assert not isinstance(atom, And | Or | Not)
            left = frozenset(v for v in domains[atom.fact] if truth(goal, {atom.fact: v}, self.params) == TRUE)
            if left:
                yield from self.solve(rest, {**domains, atom.fact: left}, pairs)

    def step(self) -> None:
        self.own -= 1
        self.common.left -= 1
        if self.own < 0 or self.common.left < 0:
            raise Undecided

    def settle(self, domains: Mapping[str, Domain], pairs: tuple[Node, ...]) -> Iterator[dict[str, Any]]:
        """One value for each fact: unknown where it may be, and for compared facts those that fit together."""
        chosen = {name: _first(values) for name, values in domains.items()}
        for group in _groups(pairs):  # what is compared with nothing of another group is chosen by itself
            names = sorted({n for p in group for n in _compared(p)})
            fits = next(self.fit({}, names, domains, group), None)
            if fits is None:
                return
            chosen |= fits
        yield chosen

    def fit(
        self, chosen: dict[str, Any], names: Sequence[str], domains: Mapping[str, Domain], pairs: Sequence[Node]
    ) -> Iterator[dict[str, Any]]:
        if not names:
            yield chosen
            return
        name, *rest = names
        for value in sorted(domains[name] - {None}):
            self.step()
            now = {**chosen, name: value}
            if all(truth(p, now, self.params) == TRUE for p in pairs if not _compared(p) & {*rest}):
                yield from self.fit(now, rest, domains, pairs)


def _compared(pair: Node) -> set[str]:
    return {name for a in atoms(pair) for name in (a.fact, a.other)}  # type: ignore[union-attr]


def _groups(pairs: Sequence[Node]) -> list[list[Node]]:
    """Comparisons that share a fact, directly or through others, are of one group."""
    groups: list[tuple[set[str], list[Node]]] = []
    for pair in pairs:
        names, group = _compared(pair), [pair]
        for other in [g for g in groups if g[0] & names]:
            groups.remove(other)
            names, group = names | other[0], [*other[1], *group]
        groups.append((names, group))
    return [group for _, group in groups]


def _first(values: Domain) -> Any:
    return None if None in values else min(values, key=lambda v: (str(type(v)), v))
