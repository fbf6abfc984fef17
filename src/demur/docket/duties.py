"""Duties and their days: what falls due, is extended, stayed or asked for, and when the program says so by itself.

What the program does by itself it does only where its cause is so: it looks again, under the lock of the case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime

from demur import law

from . import due, gags, newlaw
from .brings import ActError, Payload, Prepared
from .gags import Prepare, day_in, day_to_come
from .lifecycle import SELF, Actor
from .models import Case, plain
from .once import Passed, last_passed

Cause = Callable[[Case, Payload, datetime], bool]


def day_of(act: Passed | None, name: str) -> date | None:
    """The day under this name in what an act recorded."""
    return date.fromisoformat(act.payload[name]) if act is not None and act.payload.get(name) else None


def asked_until(case: Case, ground: str) -> date | None:
    """The last day for an answer on this ground, None where nobody asked."""
    return day_of(last_passed(case, "ask", ground=ground), "until")


def stay_until(case: Case) -> date | None:
    """The last day of the stay, None where no day is known."""
    return day_of(last_passed(case, "stay"), "until")


def _dated(*, future: bool = False) -> Prepare:
    """payload: whatever the act brings, with a day under "until"."""

    def prepare(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
        until = day_to_come(case, payload, "until", now) if future else day_in(payload, "until")
        given = {k: plain(v) for k, v in payload.items()} | ({"until": until.isoformat()} if until else {})
        return Prepared(given, given)

    return prepare


def _extend(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"until", "clock"}: a new last day for the clock of the duty (by default the one that ends first)."""
    given = dict(_dated()(case, actor, payload, now).given)
    clock = str(payload.get("clock") or due.to_extend(case, now))
    if clock not in law.library().clocks:
        raise ActError(f"no clock {clock!r}; hint: leave it out to extend the duty that ends first")
    given["clock"] = clock
    return Prepared(given, given)


def overdue_asks(case: Case, now: datetime) -> Iterator[str]:
    """The grounds whose answer was asked for by a day that has passed in the forum."""
    today = gags.today_of(case, now)
    for ground in case.grounds.filter(answer="asked"):
        until = asked_until(case, ground.key)
        if until is not None and until < today:
            yield ground.key


def stay_is_over(case: Case, now: datetime) -> bool:
    """Whether the last day of the stay is known and has passed in the forum."""
    until = stay_until(case)
    return until is not None and until < gags.today_of(case, now)


def _where(holds: Cause, why: str) -> Prepare:
    """What the program does by itself: its payload, once its cause is looked at again."""

    def prepare(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
        if actor.roles <= SELF and not holds(case, payload, now):
            raise ActError(f"{why}; hint: the docket does this by itself when it is so")
        given = {k: plain(v) for k, v in payload.items()}
        return Prepared(given, given)

    return prepare


def _law_changed(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """Which findings of the case are otherwise under the law of today; the docket looks itself."""
    found = newlaw.otherwise(case, now)
    if not found:
        raise ActError("the law of today says nothing else of this case; hint: the docket looks at it by itself")
    given = {"as_of": newlaw.today_of(case, now), "library": law.library().version,
             "rules": [asdict(one) for one in found]}  # fmt: skip
    return Prepared(given, given)


PREPARE: Mapping[str, Prepare] = {
    "extend": _extend,
    "stay": _dated(future=True),
    "ask": _dated(future=True),
    "end-stay": _where(lambda case, payload, now: stay_is_over(case, now), "the stay has not ended"),
    "fall-due": _where(lambda case, payload, now: bool(due.fallen(case, now)), "no duty has fallen due"),
    "answer-overdue": _where(
        lambda case, payload, now: payload.get("ground") in set(overdue_asks(case, now)),
        "its answer is not overdue",
    ),
    "law-changed": _law_changed,
}
"""What the acts on duties and answers bring."""
