"""Proves the promises on all reachable states of a world: no reachable step breaks a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from oxidd.bdd import BDDFunction

from demur.docket.lifecycle import ActSpec

from .promises import rules_for
from .walk import Move, Walk


def broken(
    walk: Walk, states: BDDFunction, moves: Any = None, spec: ActSpec | None = None
) -> Iterator[tuple[str, Move, Mapping[str, Any]]]:
    """Every rule that some move breaks from one of these states: its name, the move, and such a state."""
    for move in walk.world.moves if moves is None else moves:
        stand_in = spec if spec is not None and spec.name == move.act else None
        able = states & walk.guard(move, stand_in)
        if not able.satisfiable():
            continue
        for name, keeps in rules_for(walk, move, stand_in):
            used = stand_in or walk.table[move.act]
            bad = walk.remember(
                move, ("rule", name, used.apply, used.voids, used.follows),
                lambda actor, keeps=keeps: walk.space.where(lambda s: not keeps(s, actor)),
            )  # fmt: skip
            found = able & bad
            if found.satisfiable():
                yield name, move, walk.space.example(found)
