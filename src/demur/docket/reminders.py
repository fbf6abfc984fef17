"""When people are reminded of a clock, and who is told next: the nearer the end, the further up the word goes.

A pure function of a clock's state and a moment; the distances and roles are data (`reminders.toml`). Whoever
sends reminders keeps the keys of those sent.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from .clocks import ClockState
from .counting import ONE_DAY, Place, begin_of, legal_day


@dataclass(frozen=True, slots=True)
class Reminder:
    """A word to one role about one clock, to go out at `at` (UTC).

    `left` is the time to the end of the clock, negative once it ran out. `key` is the same for the same reminder
    and differs where the end moved, so that nobody is told twice, and everybody anew of a new date.
    """

    at: datetime
    to_role: str
    clock: str
    left: timedelta
    says: str
    key: str


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "reminders.toml").read_text("utf-8"))


def said_of(event: str) -> tuple[tuple[str, ...], str]:
    """Whom an event of the outbox concerns at once, and the words; nobody where the table does not name it."""
    row = _table()["events"].get(event, {"to": (), "says": ""})
    return tuple(row["to"]), str(row["says"])


def told_events() -> tuple[str, ...]:
    """The events that concern somebody at once."""
    return tuple(_table()["events"])


def reminders(state: ClockState, now: datetime, office: Place | None = None) -> tuple[Reminder, ...]:
    """The reminders of a clock in time: the last one already due at `now` (UTC), and all that follow.

    Of several that are past only the nearest to the end is kept. A clock that waits, stands still, lapsed or was
    stopped reminds nobody. `office` is where the team works (by default the forum): its hours and holidays.
    """
    if state.state not in ("running", "run-out") or state.late is None:
        return ()
    late = state.late
    marks = sorted(_marks(state, late, office or state.place))
    # Past marks whose successor is past too have been overtaken.
    kept = [one for one, following in pairwise(marks) if following[0] > now] + marks[-1:]
    return tuple(
        Reminder(
            at, role, state.clock.name, late - at, state.says, f"{state.clock.name} {late:%Y%m%dT%H%MZ} {n} {role}"
        )
        for at, n, roles in kept
        for role in roles
    )


def _marks(state: ClockState, late: datetime, office: Place) -> Iterator[tuple[datetime, str, tuple[str, ...]]]:
    table = _table()[state.whose]
    hours = state.clock.unit == "hours"
    for row in table["hours" if hours else "days"]:
        roles = tuple(row["to"])
        if row.get("begins"):
            yield state.begun or late, "begins", roles
            continue
        at = late - timedelta(hours=row["before"]) if hours else _opening(state, row["before"], office)
        if state.begun is None or at > state.begun:
            yield at, f"-{row['before']}", roles
    for row in table["late"]:
        yield late + ONE_DAY * row["after"], f"+{row['after']}", tuple(row["to"])


def _opening(state: ClockState, before: int, office: Place) -> datetime:
    # The last day itself counts as none before: "one day before" is the day before the last.
    assert state.late is not None
    last = legal_day(state.late - timedelta(seconds=1), state.place)
    day = office.last_working(last - ONE_DAY * before)
    opens: time = _table()["opens"]
    return begin_of(datetime.combine(day, opens, office.zone), office)
