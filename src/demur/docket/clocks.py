"""The clocks of a case: which run, what pauses, extends, stops or ends them, and what is due next.

The periods are data of the law library (`[clocks]` beside the rules that name them); how the events of a case
turn them is data too (`clocks.toml`). Everything here is a pure function of the facts, the events so far and a
moment; `counting` says how a period is counted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from demur.facts import Value
from demur.law import Library, library, return_date
from demur.law.library import Clock

from .counting import ClockError, Gap, Moment, Place, begin_of, end_of, legal_day, run_out

__all__ = [
    "ClockError",
    "ClockState",
    "Extended",
    "Happened",
    "Moment",
    "Moved",
    "Paused",
    "Place",
    "Resumed",
    "Started",
    "Stopped",
    "Turn",
    "clocks",
    "clocks_as_of",
    "clocks_of",
    "clocks_text",
    "due_list",
    "end_of",
    "habit",
    "instead",
    "legal_day",
    "place_of",
    "read",
    "read_all",
    "run_out",
    "so",
    "turning",
    "turns_of",
]

Whose = Literal["provider", "authority", "court", "customer", "term"]


# ------------------------------------------------------------------ habits: how events turn a clock


@dataclass(frozen=True, slots=True)
class Habit:
    """How the events of a case turn one clock.

    `whose` duty it is to act before it runs out; a `term` ends by itself. `calendar`: whose holidays and zone
    count, those of the issuing authority, of the entity `served`, or of the Union. `first_day`: the day of the
    event counts as the first. `case`: the docket starts it by itself where the facts of `where` are so. Events
    that pause, resume, extend (by `extension` of its own units, at most `times`, 0 for any number) or stop it.
    `lapses`: it ends when that other clock runs out. `gives_way`: on such facts another clock counts, or none ("").
    """

    whose: Whose = "provider"
    calendar: Literal["issuer", "served", "union"] = "issuer"
    first_day: bool = False
    case: bool = False
    where: Mapping[str, Any] | None = None
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    extends: tuple[str, ...] = ()
    extension: int = 0
    times: int = 0
    stops: tuple[str, ...] = ()
    lapses: str = ""
    gives_way: tuple[tuple[Mapping[str, Any], str], ...] = ()
    source: str = ""


_past: ContextVar[str] = ContextVar("clocks", default="")


@cache
def _shipped() -> str:
    return (files(__package__) / "clocks.toml").read_text("utf-8")


def clocks_text() -> str:
    """The text of `clocks.toml`, or that of the `clocks_as_of` around the call."""
    return _past.get() or _shipped()


@contextmanager
def clocks_as_of(text: str) -> Iterator[None]:
    """Within, events turn the clocks as this text (in the form of `clocks.toml`) says: that of a past day."""
    token = _past.set(text)
    try:
        yield
    finally:
        _past.reset(token)


@cache
def _read(text: str) -> Mapping[str, Any]:
    return tomllib.loads(text)


def _table() -> Mapping[str, Any]:
    return _read(clocks_text())


def habits() -> Mapping[str, Habit]:
    """The habits of the clocks that have any of their own, by name."""
    return _habits(clocks_text())


@cache
def _habits(text: str) -> Mapping[str, Habit]:
    found = {}
    for name, raw in _read(text)["clocks"].items():
        rest = {k: v for k, v in raw.items() if k != "gives_way"}
        ways = tuple((way["where"], way["to"]) for way in raw.get("gives_way", ()))
        lists = {k: tuple(v) for k, v in rest.items() if isinstance(v, list)}
        found[name] = Habit(**{**rest, **lists, "gives_way": ways})
    return found


def habit(name: str) -> Habit:
    """How events turn the clock of this name."""
    return habits().get(name, PLAIN)


PLAIN = Habit()


def turning() -> tuple[Mapping[str, Any], ...]:
    """How the acts of a case are events for its clocks, a row each (`[[acts]]` of clocks.toml)."""
    return tuple(_table().get("acts", ()))


def events() -> Mapping[str, str]:
    """The events that turn clocks, by name, in words."""
    return {name: str(said) for name, said in _table()["events"].items()}


def so(where: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether the facts are as a row of the table says; a list names several values, false is: not known to be true."""
    return all(_fits(wanted, facts.get(name)) for name, wanted in where.items())


def _fits(wanted: Any, known: Value) -> bool:
    if wanted is False:
        return known is not True
    return known in wanted if isinstance(wanted, list) else known == wanted


# ------------------------------------------------------------------ turns: what happened to one clock


@dataclass(frozen=True, slots=True)
class Started:
    """The clock began to run: at a moment, or on a legal day of the forum."""

    at: Moment


@dataclass(frozen=True, slots=True)
class Paused:
    """The clock stands still from here on."""

    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The clock runs on."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Extended:
    """The clock got longer by so many of its own units."""

    at: datetime
    by: int


@dataclass(frozen=True, slots=True)
class Moved:
    """The end was set to this day by whoever may set it: an authority's letter, a court's order."""

    at: datetime
    to: date


@dataclass(frozen=True, slots=True)
class Stopped:
    """What the clock waited for was done, or is no longer owed."""

    at: Moment
    why: str = ""


Turn = Started | Paused | Resumed | Extended | Moved | Stopped


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a case: its name (see `events`), when (UTC), and for which clock, where not for all it turns.

    `paused`, `resumed`, `extended` (by `amount` of its units, or to the day `to`) and `stopped` turn the clock named,
    whatever its habits: a court's stay, an authority's letter.
    """

    at: datetime
    what: str
    clock: str = ""
    amount: int = 0
    to: date | None = None


def turns_of(clock: Clock, facts: Mapping[str, Value], happened: Iterable[Happened]) -> tuple[Turn, ...]:
    """What the facts and events of a case did to one clock, in time.

    It starts with the event that its `from` names, else with the fact of that name; so with what stops it (a
    warrant's days for execution, by its service). An event that bears the name of a fact gives its hour.
    """
    own = habit(clock.name)
    mine = [h for h in happened if h.clock in ("", clock.name)]
    turns: list[Turn] = []
    extensions = 0
    started = _day(clock.runs_from, facts)
    if started is not None and not any(h.what == clock.runs_from for h in mine):
        turns.append(Started(started))
    for fact in own.stops:
        day = _day(fact, facts)
        if day is not None and not any(h.what == fact for h in mine):
            turns.append(Stopped(day, fact))
    for event in sorted(mine, key=lambda h: h.at):
        named = event.clock == clock.name
        if event.what == clock.runs_from:
            turns.append(Started(event.at))
        elif event.what in own.pauses or (named and event.what == "paused"):
            turns.append(Paused(event.at, event.what))
        elif event.what in own.resumes or (named and event.what == "resumed"):
            turns.append(Resumed(event.at))
        elif event.what in own.stops or (named and event.what == "stopped"):
            turns.append(Stopped(event.at, event.what))
        elif named and event.what == "extended":
            turns.append(Moved(event.at, event.to) if event.to else Extended(event.at, event.amount))
        elif event.what in own.extends and (not own.times or extensions < own.times):
            extensions += 1
            turns.append(Extended(event.at, event.amount or own.extension))
    return tuple(turns)


# ------------------------------------------------------------------ the state of a clock at a moment


@dataclass(frozen=True, slots=True)
class ClockState:
    """Where a clock stands at a moment.

    `until` is the last day (or, for hours, the UTC moment), and `late` the UTC moment from which it is over;
    while the clock is paused, both are what they would be if it ran on now. `since` is when its present state
    began, `begun` when it started, both None for a day that the demand itself fixes. `late_stop`: it was stopped
    only after it had run out.
    """

    clock: Clock
    place: Place
    state: Literal["waiting", "running", "paused", "stopped", "lapsed", "run-out"]
    until: Moment | None = None
    late: datetime | None = None
    begun: datetime | None = None
    since: datetime | None = None
    why: str = ""
    late_stop: bool = False

    @property
    def whose(self) -> Whose:
        """Whose duty it is to act before the clock runs out."""
        return habit(self.clock.name).whose

    @property
    def live(self) -> bool:
        """Whether it runs or stands still: it can still run out."""
        return self.state in ("running", "paused")

    @property
    def overdue(self) -> bool:
        """Whether it ran out and nothing was done since."""
        return self.state == "run-out"

    @property
    def says(self) -> str:
        """The state in words, with what follows when it runs out."""
        word = str(_table()["words"][self.state])
        day = self._shown(self.until)
        return word.format(
            until=day,
            since=self._shown(self.since and legal_day(self.since, self.place)),
            why=events().get(self.why, self.why),
            then=self.clock.then,
        ).strip(" :;")

    def _shown(self, moment: Moment | None) -> str:
        if moment is None:
            return ""
        if isinstance(moment, datetime):
            return moment.astimezone(self.place.zone).strftime("%Y-%m-%d %H:%M %Z")
        return moment.isoformat()


def read(
    clock: Clock, turns: Iterable[Turn], now: datetime, place: Place, *, limit: Moment | None = None
) -> ClockState:
    """Where the clock stands at `now` (UTC) after these turns; those after `now` do not count yet.

    `limit` is a day that cuts the period short (`sooner`). What comes after the clock ran out changes nothing
    more, save that it can be stopped, late, or start anew. Raises ClockError as `run_out` does.
    """
    run = _Run(clock, place, limit)
    for turn in sorted(turns, key=run.when):
        if run.when(turn) <= now:
            run.take(turn, run.when(turn))
    return run.at(now)


EVER = datetime.min.replace(tzinfo=UTC)


class _Run:
    """A clock in the course of its turns."""

    def __init__(self, clock: Clock, place: Place, limit: Moment | None) -> None:
        self.clock, self.place, self.limit = clock, place, limit
        self.first_day = habit(clock.name).first_day
        self.shown = ClockState(clock, place, "waiting")
        self.start: Moment | None = None
        self.stood: tuple[Gap, ...] = ()
        self.paused: datetime | None = None
        self.extended = 0
        self.moved: date | None = None

    def when(self, turn: Turn) -> datetime:
        """From when a turn counts; a day that the demand itself fixes (a return date) runs as soon as it is known."""
        fixed = self.clock.amount <= 0 and isinstance(turn, Started)
        return EVER if fixed else begin_of(turn.at, self.place)

    def take(self, turn: Turn, at: datetime) -> None:
        """One turn; it finds the clock as it is at that moment."""
        state = self.at(at).state
        if isinstance(turn, Started):
            if state not in ("running", "paused"):
                self.start, self.stood, self.paused, self.extended, self.moved = turn.at, (), None, 0, None
                self._now("running", at)
        elif isinstance(turn, Paused) and state == "running":
            self.paused = at
            self._now("paused", at, turn.why)
        elif isinstance(turn, Resumed) and self.paused is not None:
            self.stood += ((self.paused, at),)
            self.paused = None
            self._now("running", at)
        elif isinstance(turn, Extended) and state in ("running", "paused"):
            self.extended += turn.by
        elif isinstance(turn, Moved) and state != "stopped":
            # More time may be given when the old time is over, or none was counted yet: it runs again.
            self.start, self.moved = self.start or turn.at, turn.to
            if state != "paused":
                self._now("running", at)
        elif isinstance(turn, Stopped) and state in ("running", "paused", "run-out"):
            self.shown = replace(self.at(at), late_stop=state == "run-out")
            self.paused = None
            self._now("stopped", at, turn.why)

    def _now(self, state: Literal["running", "paused", "stopped"], at: datetime, why: str = "") -> None:
        begun = at if state == "running" and not self.stood else self.shown.begun
        begun, since = (None, None) if at == EVER else (begun, at)
        late = self.shown.late_stop and state == "stopped"
        self.shown = replace(self.shown, state=state, since=since, begun=begun, why=why, late_stop=late)

    def at(self, now: datetime) -> ClockState:
        """The state at `now`, if nothing more happens until then."""
        if self.start is None or self.shown.state == "stopped":
            return self.shown
        until = self._until(now)
        late = end_of(until, self.place)
        found = replace(self.shown, until=until, late=late)
        return found if late > now else replace(found, state="run-out", since=late, why="")

    def _until(self, now: datetime) -> Moment:
        if self.moved is not None:
            return self.moved
        stood = self.stood if self.paused is None else (*self.stood, (self.paused, max(now, self.paused)))
        start: Moment = self.start or now
        if self.clock.unit == "hours":
            # Of an event whose hour is not known the first hour of its day is taken, so that nothing is late.
            start = begin_of(start, self.place)
        until = run_out(self.clock, start, self.place, stood=stood, extended=self.extended, first_day=self.first_day)
        if self.limit is None or end_of(self.limit, self.place) >= end_of(until, self.place):
            return until
        return self.limit


# ------------------------------------------------------------------ the clocks of a case


def place_of(facts: Mapping[str, Value], clock: str = "") -> Place:
    """Whose calendar counts: by default the issuing authority's, by country and US state.

    For a `clock` of Union law it is the State where the entity was served (the enforcing State), or the Union.
    """
    calendar = habit(clock).calendar
    if calendar == "union":
        return Place("eu")
    names = ("served_country", "provider_country") if calendar == "served" else ("issuer_country",)
    country = next((str(facts[name]) for name in names if facts.get(name)), "eu")
    state = facts.get("issuer_state") if calendar == "issuer" else facts.get("provider_state")
    return Place(country, str(state or "") if country == "us" else "")


def clocks_of(named: Iterable[str], facts: Mapping[str, Value], law: Library | None = None) -> tuple[Clock, ...]:
    """The clocks of a case: those that its findings name in `by`, and those that the docket starts by itself."""
    held = (law or library()).clocks
    names = {instead(name, facts) for name in named}
    names |= {name for name, where in _by_themselves(clocks_text()) if so(where, facts)}
    return tuple(held[name] for name in sorted(names) if name in held)


@cache
def _by_themselves(text: str) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    return tuple((name, own.where or {}) for name, own in _habits(text).items() if own.case)


def read_all(
    named: Iterable[str],
    facts: Mapping[str, Value],
    happened: Iterable[Happened],
    now: datetime,
    law: Library | None = None,
) -> tuple[ClockState, ...]:
    """The clocks of a case at `now` (UTC), by name: `named` by its findings or started by the docket.

    A clock lapses with the one its habits name: a preservation order with its defect notice left unanswered.
    """
    known = tuple(happened)
    found: dict[str, ClockState] = {}
    for clock in clocks_of(named, facts, law):
        found[clock.name] = read(
            clock, turns_of(clock, facts, known), now, place_of(facts, clock.name), limit=_day(clock.sooner, facts)
        )
    for name, state in found.items():
        other = found.get(habit(name).lapses)
        if state.live and other is not None and other.overdue:
            found[name] = replace(
                state, state="lapsed", until=other.until, late=other.late, since=other.late, why=other.clock.then
            )
    return tuple(found.values())


def due_list(states: Iterable[ClockState]) -> tuple[ClockState, ...]:
    """What has run out and was not dealt with, then what runs, then what stands still, each by when it ends.

    Clocks that have not begun, lapsed or were stopped are left out; a term that ran out only ended.
    """
    order = {"run-out": 0, "running": 1, "paused": 2}
    shown = [s for s in states if s.state in order and not (s.overdue and s.whose == "term")]
    return tuple(sorted(shown, key=lambda s: (order[s.state], s.late, s.clock.name)))


def instead(name: str, facts: Mapping[str, Any]) -> str:
    """The clock that counts on these facts in place of the one named; "" for none."""
    return next((to for where, to in habit(name).gives_way if so(where, facts)), name)


def _day(fact: str, facts: Mapping[str, Value]) -> date | None:
    if fact == "due_on":
        # The return date may be given as a day or as days from service.
        return return_date("return-date", facts)
    day = facts.get(fact) if fact else None
    return day if isinstance(day, date) else None


def clocks(
    received_at: datetime | None = None, law: Library | None = None
) -> Callable[[str, Mapping[str, Value]], date | None]:
    """The clocks for `law.assess`: name and facts to the legal day on which that clock runs out, None while unknown.

    `received_at` (UTC) is the moment of receipt, from which clocks of hours run when they run from service. A
    clock that runs from an event of the case is not known here; `read_all` gives it.
    """
    source = law or library()

    def due(name: str, facts: Mapping[str, Value]) -> date | None:
        if name == "return-date":
            return return_date(name, facts)
        clock = source.clocks.get(instead(name, facts))
        start: Moment | None = _day(clock.runs_from, facts) if clock else None
        if clock is None or start is None:
            return None
        place = place_of(facts, clock.name)
        if clock.unit == "hours":
            # The moment of receipt gives the hour only where it lies on the day of service.
            exact = received_at if clock.runs_from == "served_on" else None
            start = exact if exact and legal_day(exact, place) == start else begin_of(start, place)
        day = legal_day(run_out(clock, start, place, first_day=habit(clock.name).first_day), place)
        limit = _day(clock.sooner, facts)
        return min(day, limit) if limit else day

    return due
