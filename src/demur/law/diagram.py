"""Decision diagrams: a condition as a graph that asks one variable after the other, each at most once on a way.

Variables have a few values each and a fixed order. Equal parts are one node, and a node whose answers all lead to the
same is left out: so a condition depends on exactly the variables that its diagram names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

FALSE, TRUE = 0, 1
"""The two ends of every diagram; the other nodes count from 2."""


class TooLarge(Exception):
    """More nodes than were allowed."""


class Diagrams:
    """Diagrams over the same variables: `sizes` says how many values each has; `most` nodes are made at most."""

    def __init__(self, sizes: Sequence[int], most: int) -> None:
        self.sizes, self.most = sizes, most
        self.nodes: list[tuple[int, tuple[int, ...]]] = [(len(sizes), ())] * 2
        self.ids: dict[tuple[int, tuple[int, ...]], int] = {}
        self.pairs: dict[tuple[bool, int, int], int] = {}

    def node(self, variable: int, ways: tuple[int, ...]) -> int:
        """The diagram that asks a variable and goes on as `ways` says, one for each of its values.

        Raises TooLarge beyond the bound.
        """
        if all(way == ways[0] for way in ways):
            return ways[0]
        key = variable, ways
        found = self.ids.get(key)
        if found is None:
            if len(self.nodes) >= self.most:
                raise TooLarge
            found = self.ids[key] = len(self.nodes)
            self.nodes.append(key)
        return found

    def atom(self, variables: Sequence[int], holds: Callable[[tuple[int, ...]], bool]) -> int:
        """The diagram of a condition on a few variables (in their order), given by whether it holds on their values."""

        def below(chosen: tuple[int, ...]) -> int:
            if len(chosen) == len(variables):
                return TRUE if holds(chosen) else FALSE
            variable = variables[len(chosen)]
            return self.node(variable, tuple(below((*chosen, value)) for value in range(self.sizes[variable])))

        return below(())

    def join(self, parts: Sequence[int], *, conjunction: bool) -> int:
        """All of the diagrams, or any of them."""
        total = TRUE if conjunction else FALSE
        for part in parts:
            total = self._pair(conjunction, total, part)
        return total

    def _pair(self, conjunction: bool, a: int, b: int) -> int:
        idle, final = (TRUE, FALSE) if conjunction else (FALSE, TRUE)
        if final in (a, b):
            return final
        if a == b or b == idle:
            return a
        if a == idle:
            return b
        key = conjunction, min(a, b), max(a, b)
        found = self.pairs.get(key)
        if found is None:
            (first, ways), (second, others) = self.nodes[a], self.nodes[b]
            variable = min(first, second)
            size = range(self.sizes[variable])
            mine = ways if first == variable else tuple(a for _ in size)
            theirs = others if second == variable else tuple(b for _ in size)
            joined = tuple(self._pair(conjunction, x, y) for x, y in zip(mine, theirs, strict=True))
            found = self.pairs[key] = self.node(variable, joined)
        return found

    def variables(self, diagram: int) -> frozenset[int]:
        """The variables that decide a diagram: for each there are values of the rest where it makes the difference."""
        found, todo, seen = set(), [diagram], {FALSE, TRUE}
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                found.add(self.nodes[at][0])
                todo += self.nodes[at][1]
        return frozenset(found)

    def settled(self, diagram: int, asked: Collection[int]) -> float:
        """The part of the answers to the variables `asked`, all alike likely, after which the rest cannot matter."""
        return sum(self._share(self._surely(diagram, end, asked)) for end in (FALSE, TRUE))

    def _surely(self, diagram: int, end: int, asked: Collection[int]) -> int:
        """Where, by the variables `asked` alone, the diagram leads to `end` whatever the others are."""
        memo = {end: TRUE, TRUE - end: FALSE}

        def below(at: int) -> int:
            if at not in memo:
                variable, ways = self.nodes[at]
                led = tuple(below(way) for way in ways)
                memo[at] = self.node(variable, led) if variable in asked else self.join(led, conjunction=True)
            return memo[at]

        return below(diagram)

    def _share(self, diagram: int) -> float:
        memo = {FALSE: 0.0, TRUE: 1.0}

        def below(at: int) -> float:
            if at not in memo:
                ways = self.nodes[at][1]
                memo[at] = sum(map(below, ways)) / len(ways)
            return memo[at]

        return below(diagram)
