"""The clocks of a case from what it holds: its facts, its findings, and its acts as events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from demur import law
from demur.facts import Value
from demur.law.library import Clock

from .brings import demand_as_stated
from .clocks import ClockState, Happened, clocks_of, events, habit, legal_day, place_of, read_all, so, turning
from .models import Case
from .once import Passed, once, passed

RETURN = "return-date"
NOT_CLOCKS = ("none", "before-disclosure")
MOVING: Mapping[str, tuple[str, ...]] = {
    "read": ("documents", "facts"),
    "confirm": ("facts",),
    "authenticate": ("facts",),
    "test-disclosure": ("facts",),
    "add-document": ("documents",),
    "record-paper": ("documents",),
    "assess": ("assessments", "gags"),
    **dict.fromkeys(("record-gag", "review-gag", "record-danger", "sign-danger", "lift-danger"), ("gags",)),
    **dict.fromkeys(("set-gag-end", "extend-gag", "end-gag"), ("documents", "gags")),
    **dict.fromkeys(("extend", "stay", "end-stay"), ()),
}
"""The acts from which the days and the secrecy of a case follow, each with the rows (see `once`) that it writes."""


def moves(name: str, said: Mapping[str, Any], told: Collection[str]) -> bool:
    """Whether an act that says this and gives out these events may move a day of its case."""
    return name in MOVING or said.get("event") in events() or any(_matches(row, name, said, told) for row in turning())


def states(case: Case, now: datetime) -> tuple[ClockState, ...]:
    """Where each clock of the case stands at `now` (UTC)."""

    def read() -> tuple[ClockState, ...]:
        facts, named = demand_as_stated(case).facts, named_by(case)
        return read_all(named, facts, happened(case, named, facts), now)

    return once(case, ("clocks", now), read)


def named_by(case: Case) -> tuple[str, ...]:
    """The clocks that the findings which hold name, and the return date of the demand itself."""
    latest = case.assessments.first()
    held = (f["by"] for f in (latest.findings if latest else ()) if f["verdict"] == "holds")
    return tuple(dict.fromkeys((RETURN, *(name for name in held if name not in NOT_CLOCKS))))


def happened(case: Case, named: Iterable[str], facts: Mapping[str, Value]) -> tuple[Happened, ...]:
    """What happened in the case, as its clocks see it."""
    all_ = clocks_of(named, facts)
    mine = [clock.name for clock in all_ if habit(clock.name).whose == "provider"]
    return (*_receipt(case, all_, facts), *(event for act in passed(case) for event in _events(act, mine)))


def _receipt(case: Case, clocks: Iterable[Clock], facts: Mapping[str, Value]) -> Iterator[Happened]:
    # The moment of receipt gives the hour to a clock of hours, where it lies on the day of service.
    for clock in clocks:
        if clock.unit == "hours" and legal_day(case.received_at, place_of(facts, clock.name)) == case.served_on:
            yield Happened(case.received_at, "served_on", clock.name)


def _events(act: Passed, mine: Iterable[str]) -> Iterator[Happened]:
    said = act.payload
    for row in turning():
        if _matches(row, act.name, said, act.told):
            yield Happened(act.at, row["what"])
    if said.get("event") in events():
        yield Happened(_when(act), str(said["event"]))
    if act.name == "extend" and said.get("clock"):
        yield Happened(act.at, "extended", said["clock"], to=date.fromisoformat(said["until"]))
    if act.name in ("stay", "end-stay"):
        # A stay stops every time that runs against the provider.
        yield from (Happened(act.at, "paused" if act.name == "stay" else "resumed", name) for name in mine)


def _matches(row: Mapping[str, Any], name: str, said: Mapping[str, Any], told: Collection[str]) -> bool:
    meant = row["event"] in told if "event" in row else row["act"] == name
    return meant and so(row.get("where", {}), said)


def _when(act: Passed) -> datetime:
    on: Any = act.payload.get("on")
    return datetime.fromisoformat(f"{on}T00:00:00+00:00").astimezone(UTC) if on else act.at


def is_duty(state: ClockState) -> bool:
    """Whether the clock is one for the duty to produce: the provider's, and met by producing."""
    return state.whose == "provider" and "produced" in habit(state.clock.name).stops


def fallen(case: Case, now: datetime) -> tuple[ClockState, ...]:
    """The duties to produce whose time is over."""
    return tuple(s for s in states(case, now) if is_duty(s) and s.overdue)


def to_extend(case: Case, now: datetime) -> str:
    """The clock of the duty to produce that ends first; the return date where none runs."""
    running = [s for s in states(case, now) if is_duty(s) and s.late is not None and (s.live or s.overdue)]
    return min(running, key=lambda s: s.late or now).clock.name if running else RETURN


def libraries_differ(case: Case) -> bool:
    """Whether the law library is another one than that of the latest assessment."""
    latest = case.assessments.first()
    return latest is not None and latest.library != law.library().version
