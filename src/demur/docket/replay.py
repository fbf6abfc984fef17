"""Any past state and any past decision of a case, made again from what was recorded, and compared.

A state is the fold of the acts recorded; a decision is its facts under the law of its day (`edition`). Each act is
held against its entry in the ledger, so that what was altered afterwards, in facts, law or acts, is told, with why.
Whether the entries are those that were published, `demur ledger verify` says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from demur import law, ledger
from demur.facts import FactsError, demand_from_mapping
from demur.ledger.entry import recomputes

from . import entries, lifecycle, silence
from .brings import gags_judged, ground_of
from .clocks import clocks
from .edition import edition
from .lifecycle import Actor, Refusal, State, perform
from .models import Act, Assessment, Case
from .states import part_to_json, parts_from_json, state_from_json, state_to_json

_PARTS = ("bars", "grounds", "parties")


class ReplayError(ValueError):
    """What was recorded does not give what stands; the message says where, and ends with a hint."""


# ------------------------------------------------------------------------------------------- acts and states


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

    Raises ReplayError where an act recorded is not the one in its entry, would be refused, or gives another state.
    """
    state = lifecycle.NEW
    for act in case.acts.select_related("entry").order_by("seq"):
        if until is not None and act.seq > until:
            break
        forums = frozenset({str(act.payload["forum"])}) if act.payload.get("forum") else frozenset()
        actor = Actor(act.person, frozenset(act.roles), forums, str(act.payload.get("party") or ""))
        step = perform(state, act.name, actor, payload_of(act))
        if isinstance(step, Refusal):
            raise _altered(act, f"lacks {', '.join(step.conditions)}")
        state = step.state
        _entered(case, act, state)
    if until is None and state != state_from_json(case.state):
        raise ReplayError(f"the acts of {case.number} do not give its state; hint: the records were altered")
    return state


def _altered(act: Act, what: str) -> ReplayError:
    return ReplayError(f"act {act.seq} ({act.name}) {what}; hint: the records were altered")


def _entered(case: Case, act: Act, after: State) -> None:
    """Hold an act against its entry. Of an entry whose body was destroyed only its kind is left to see."""
    held = act.entry
    body = None if held.body is None else bytes(held.body)
    salt = None if held.body_salt is None else bytes(held.body_salt)
    entry = ledger.Entry(held.kind, bytes(held.class_salt), body, salt, bytes(held.leaf))
    if not recomputes(entry) or entry.class_ != f"act.{act.name}":
        raise _altered(act, "is not what its ledger entry commits to")
    if body is None:
        return
    said = json.loads(body)
    here = {
        "case": case.number,
        "seq": act.seq,
        "act": act.name,
        "person": act.person,
        "roles": sorted(act.roles),
        "payload": entries.digest(act.payload),
        "state": entries.digest(state_to_json(after)),
    }
    wrong = [name for name, value in here.items() if said.get(name) != value]
    if datetime.fromisoformat(said["at"]) != act.at:
        wrong.append("at")
    if wrong:
        raise _altered(act, f"has another {', '.join(wrong)} than its ledger entry")


# ------------------------------------------------------------------------------------------- decisions


@dataclass(frozen=True, slots=True)
class Again:
    """An assessment made again: the rules that appeared or vanished, and those that say otherwise, with what of them.

    `same_law` is false where the library is not the one that was used: then the difference is one of law.
    """

    same_law: bool
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]

    @property
    def same(self) -> bool:
        """Whether every finding is as it was."""
        return not (self.appeared or self.vanished or self.changed)

    def lines(self) -> Iterator[str]:
        """The differences, a line each."""
        for name, rules in (("did not stand then", self.appeared), ("does not stand again", self.vanished)):
            yield from (f"{rule} {name}" for rule in rules)
        for rule, parts in self.changed.items():
            yield f"{rule} differs in {', '.join(parts)}"


def assess_again(kept: Assessment, under: law.Library | None = None) -> Again:
    """Make a past assessment again from its own facts and day, under the library at hand or another, and compare."""
    act = kept.case.acts.filter(seq=kept.revision).first()
    result = _assessed(kept, kept.case.received_at, under)
    return _compared(kept, result.library, silence.findings_of(result, gags_judged(act), under))


def _assessed(kept: Assessment, received_at: datetime, under: law.Library | None) -> law.Assessment:
    demand = demand_from_mapping(kept.demand)
    return law.assess(demand, kept.as_of, under, clocks=clocks(received_at, under))


def _compared(kept: Assessment, library: str, findings: list[dict[str, Any]]) -> Again:
    before = {_subject(f): f for f in kept.findings}
    now = {_subject(f): f for f in findings}
    changed: dict[str, tuple[str, ...]] = {}
    for subject in before.keys() & now.keys():
        old, new = before[subject], now[subject]
        parts = tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))
        if parts:
            changed[subject[0]] = tuple(sorted({*changed.get(subject[0], ()), *parts}))
    return Again(
        library == kept.library,
        tuple(sorted({s[0] for s in now.keys() - before.keys()})),
        tuple(sorted({s[0] for s in before.keys() - now.keys()})),
        dict(sorted(changed.items())),
    )


def _subject(finding: Mapping[str, Any]) -> tuple[str, Any, Any, Any]:
    return finding["rule"], finding["clause"], finding["target"], finding.get("gag")


# ------------------------------------------------------------------------------------------- the whole case


@dataclass(frozen=True, slots=True)
class Replayed:
    """One thing of a case made again: its states (`what` is "acts"), or what the act `what` with number `seq` decided.

    `as_of` and `library` are the day and the version of the law it was decided under; `why` is empty where it came
    out the same.
    """

    case: str
    what: str
    seq: int
    as_of: date | None
    library: str
    why: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether it came out the same."""
        return not self.why


def replayed(case: Case) -> Iterator[Replayed]:
    """Every state and decision of a case made again, each decision under its own law: the states, then in time."""
    try:
        replay(case)
        why: tuple[str, ...] = ()
    except (ReplayError, LookupError, TypeError, ValueError) as error:
        why = (str(error),)
    yield Replayed(case.number, "acts", case.revision, None, "", why)
    kept = {a.revision: a for a in case.assessments.all()}
    for act in case.acts.order_by("seq"):
        said = act.payload
        if act.name not in ("assess", "test-disclosure") or "library" not in said:
            continue
        day = date.fromisoformat(said["as_of"])
        lines = _tested(act, day) if act.name == "test-disclosure" else _decided(act, kept.pop(act.seq, None))
        yield Replayed(case.number, act.name, act.seq, day, said["library"], tuple(lines))
    for seq, other in kept.items():
        orphan = ("no act made this assessment; hint: the records were altered",)
        yield Replayed(case.number, "assess", seq, other.as_of, other.library, orphan)


NOT_AGAIN = (law.LawError, FactsError, LookupError, TypeError, ValueError)


def _decided(act: Act, kept: Assessment | None) -> Iterator[str]:
    said = act.payload
    if kept is None:
        yield "the assessment of this act is gone; hint: the records were altered"
        return
    held = {"demand": entries.digest(kept.demand), "findings": entries.digest(kept.findings),
            "library": kept.library, "as_of": kept.as_of.isoformat()}  # fmt: skip
    wrong = [name for name, value in held.items() if said.get(name) != value]
    if wrong:
        yield f"{', '.join(wrong)} are not those of the act; hint: the records were altered"
    try:
        with edition(said["library"], said["clocks"]) as under:
            # The moment of receipt is that of the first act, whose entry proves it.
            result = _assessed(kept, act.case.acts.get(seq=1).at, under)
            findings = silence.findings_of(result, gags_judged(act), under)
            yield from _compared(kept, result.library, findings).lines()
            compels = [[c.clause, c.category, c.can, list(c.rules)] for c in result.compels]
    except NOT_AGAIN as error:
        yield f"cannot be made again: {error}"
        return
    if compels != [[c["clause"], c["category"], c["can"], c["rules"]] for c in kept.compels]:
        yield "what could be compelled differs"
    if (result.rules, result.failing) != (kept.rules, kept.failing):
        yield "the number of rules tried differs"
    yield from _opened(said, [f for f in findings if f["against"] != "info"])


def _tested(act: Act, day: date) -> Iterator[str]:
    try:
        with edition(act.payload["library"]) as under:
            result = law.assess(demand_from_mapping(act.payload["demand"]), day, under)
    except NOT_AGAIN as error:
        yield f"cannot be made again: {error}"
        return
    yield from _opened(act.payload, [f.as_json() for f in result.findings if f.against == "disclosure"])


def _opened(said: Mapping[str, Any], findings: list[dict[str, Any]]) -> Iterator[str]:
    if said["grounds"] != [part_to_json(ground_of(f)) for f in findings]:
        yield "the grounds opened differ"
