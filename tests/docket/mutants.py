"""The table of acts with one guard taken out, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from demur.docket.lifecycle import ACTS, ROLES, ActSpec

from .prove import broken
from .walk import OutOfBounds, Walk


def mutants(table: Mapping[str, ActSpec] = ACTS) -> Iterator[tuple[str, ActSpec]]:
    """Each act with one condition dropped, with everybody let in, and with the papers it voids left standing."""
    for name, spec in table.items():
        for index, condition in enumerate(spec.guard):
            yield f"{name}: {condition.name}", replace(spec, guard=spec.guard[:index] + spec.guard[index + 1 :])
        yield f"{name}: role", replace(spec, who=frozenset(ROLES))
        if spec.voids:
            yield f"{name}: voids", replace(spec, voids=())


def caught(walk: Walk, mutant: ActSpec) -> str:
    """The rule that the walk finds broken with this mutant in place of its act; "" where it finds none."""
    mine = [move for move in walk.world.moves if move.act == mutant.name]
    try:
        for rule, move, _ in broken(walk, walk.reached, mine, mutant):
            return f"{rule}, by {move}"
        further = walk.close(walk.reached, mutant)
        for rule, move, _ in broken(walk, further & ~walk.reached, None, mutant):
            return f"later: {rule}, by {move}"
    except (KeyError, TypeError, OutOfBounds) as error:
        return f"the walk itself falls over: {error!r}"
    return ""
