"""Any past state and any past decision of a case, made again from what was recorded, and compared.

A state is the fold of the acts recorded; an assessment is its facts under the law of its day. What cannot be made
again as it was is told, with why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demur import law
from demur.facts import demand_from_mapping

from . import lifecycle
from .clocks import clocks
from .lifecycle import Actor, Refusal, State, perform
from .models import Act, Assessment, Case
from .states import parts_from_json, state_from_json

_PARTS = ("grounds", "parties")


class ReplayError(ValueError):
    """What was recorded does not give what stands; the message says where, and ends with a hint."""


def payload_of(act: Act) -> Mapping[str, Any]:
    """The payload of a recorded act as the lifecycle took it."""
    given: dict[str, Any] = dict(act.payload)
    for name in _PARTS:
        if isinstance(given.get(name), list) and all(isinstance(item, dict) for item in given[name]):
            given[name] = parts_from_json(name, given[name])
    if "cells" in given:
        given["cells"] = tuple(tuple(cell) for cell in given["cells"])
    return given


def replay(case: Case, until: int | None = None) -> State:
    """The state after the act with this number (all by default), made again from the acts recorded.

    Raises ReplayError where an act recorded would be refused.
    """
    state = lifecycle.NEW
    for act in case.acts.order_by("seq"):
        if until is not None and act.seq > until:
            break
        forums = frozenset({str(act.payload["forum"])}) if act.payload.get("forum") else frozenset()
        actor = Actor(act.person, frozenset(act.roles), forums, str(act.payload.get("party") or ""))
        step = perform(state, act.name, actor, payload_of(act))
        if isinstance(step, Refusal):
            lacking = ", ".join(step.conditions)
            raise ReplayError(f"act {act.seq} ({act.name}) lacks {lacking}; hint: the records were altered")
        state = step.state
    if until is None and state != state_from_json(case.state):
        raise ReplayError(f"the acts of {case.number} do not give its state; hint: the records were altered")
    return state


@dataclass(frozen=True, slots=True)
class Again:
    """An assessment made again: whether its findings are the same, and the rules where they differ.

    `same_law` is false where the library is not the one that was used: then the difference is one of law.
    """

    same: bool
    same_law: bool
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]
    changed: tuple[str, ...]


def assess_again(kept: Assessment) -> Again:
    """Make a past assessment again from its own facts and day, under the library at hand, and compare."""
    result = law.assess(demand_from_mapping(kept.demand), kept.as_of, clocks=clocks(kept.case.received_at))
    before = {_subject(f): f for f in kept.findings}
    now = {_subject(f): f for f in (finding.as_json() for finding in result.findings)}
    both = before.keys() & now.keys()
    changed = sorted({s[0] for s in both if before[s] != now[s]})
    appeared = sorted({s[0] for s in now.keys() - before.keys()})
    vanished = sorted({s[0] for s in before.keys() - now.keys()})
    same_law = result.library == kept.library
    return Again(not (changed or appeared or vanished), same_law, tuple(appeared), tuple(vanished), tuple(changed))


def _subject(finding: Mapping[str, Any]) -> tuple[str, Any, Any]:
    return finding["rule"], finding["clause"], finding["target"]
