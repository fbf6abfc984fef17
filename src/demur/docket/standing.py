"""Where a case stands, computed from its state and its facts whenever it is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from demur.facts import vocabulary

from .brings import law_is_of
from .clocks import ClockState, instead, legal_day
from .conditions import UNREASONED
from .due import RETURN, states
from .lifecycle import ACTS, CHECKS, ROLES, Actor, Ground, State, is_ready, missing, releasable, stops
from .models import Act, Case, OutboxEvent
from .states import state_from_json
from .words import roles_in_words, words


@dataclass(frozen=True, slots=True)
class Standing:
    """One promise between the demand and the data: met, being worked on, or shut; and one line why."""

    name: str
    title: str
    state: Literal["done", "now", "shut"]
    line: str


@dataclass(frozen=True, slots=True)
class Due:
    """A day in the forum by which something is due, what it is, where the day comes from, and `whose` the duty is."""

    on: date
    label: str
    source: str
    whose: str = "provider"


@dataclass(frozen=True, slots=True)
class Next:
    """Who must do what next; `act` is the act of the docket that does it, or "" where nothing is to do."""

    who: str
    what: str
    act: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    at: Any
    what: str
    who: str
    act: str
    seq: int
    payload: dict[str, Any]


def state_of(case: Case) -> State:
    """The state of a case, as its acts made it."""
    return state_from_json(case.state)


def _say(name: str, which: str, **values: object) -> str:
    return str(words()["standing"][name][which]).format(**values)


def standing(case: Case) -> list[Standing]:
    """The promises between this demand and the data, in their order."""
    state = state_of(case)
    return [Standing(name, words()["standing"][name]["title"], *line) for name, line in _lines(case, state)]


Line = tuple[Literal["done", "now", "shut"], str]


def _lines(case: Case, s: State) -> Iterator[tuple[str, Line]]:
    yield (
        "authentic",
        {
            "yes": ("done", _say("authentic", "done")),
            "forged": ("shut", _say("authentic", "forged")),
            "unknown": ("now", _say("authentic", "now")),
        }[s.authentic],
    )
    latest = case.assessments.first()
    if s.assessed == "no" or latest is None:
        yield "assessed", ("now", _say("assessed", "now" if s.read else "unread"))
    elif s.assessed == "stale":
        yield "assessed", ("now", _say("assessed", "stale"))
    else:
        which = "done" if s.confirmed else "provisional"
        line = _say("assessed", which, rules=latest.rules, day=latest.as_of.isoformat())
        yield "assessed", ("done" if s.confirmed else "now", line)
    yield "answered", _answered(s)
    yield "told", _told(s)
    yield "compelled", _compelled(s)
    yield "proven", _proven(s)
    yield "released", _released(s)
    yield "keys", _keys(case, s)


def by_rule(grounds: Iterable[Ground]) -> dict[str, list[Ground]]:
    """Grounds by their rule: what a lawyer counts, however many identifiers a demand names."""
    found: dict[str, list[Ground]] = {}
    for ground in grounds:
        found.setdefault(ground.key.partition("@")[0], []).append(ground)
    return found


def open_rules(grounds: Iterable[Ground]) -> tuple[int, int]:
    """How many rules hold and wait for an answer, and how many wait for a fact alone."""
    rules = by_rule(g for g in grounds if not g.answered).values()
    return sum(any(not g.unknown for g in rule) for rule in rules), sum(all(g.unknown for g in rule) for rule in rules)


def _answered(s: State) -> Line:
    if s.assessed == "no":
        return "shut", _say("answered", "shut")
    against = [g for g in s.grounds if stops(g)]
    rules, (holds, asks) = len(by_rule(against)), open_rules(against)
    if not holds + asks:
        return "done", _say("answered", "done", all=rules)
    pending = len(by_rule(g for g in against if g.answer == "pending"))
    line = _say("answered", "now", done=rules - holds - asks, all=rules, holds=holds - pending, asks=asks)
    return "now", line + (_say("answered", "pending", pending=pending) if pending else "")


def _told(s: State) -> Line:
    told = [p for p in s.parties if p.notice == "told"]
    if not s.parties:
        return "now", _say("told", "now")
    if len(told) == len(s.parties):
        due = any(p.redirect == "due" for p in s.parties)
        return ("now", _say("told", "redirect")) if due else ("done", _say("told", "done"))
    sealed = all(p.notice != "none" for p in s.parties)
    if all(s.silenced(p.name) for p in s.parties if p.notice != "told"):
        return "now", _say("told", "gagged" if sealed else "gagged-unwritten")
    if told:
        return "now", _say("told", "some", done=len(told), all=len(s.parties))
    return "now", _say("told", "sealed" if sealed else "now")


def _compelled(s: State) -> Line:
    leaving = releasable(s)
    if leaving:
        return "done", _say("compelled", "done", pieces=len(leaving), all=len(s.cells), why=reasons_in_words(leaving))
    left = [c for c in s.cells if c not in s.out]
    if s.out and not left:
        return "done", _say("compelled", "out")
    if s.refused:
        return "shut", _say("compelled", "refused")
    if s.cells and all("fell" in s.stands(c) for c in left):
        return "shut", _say("compelled", "fell")
    free = sum(not s.stands(c) for c in left)
    if s.assessed == "current" and free:
        return "now", _say("compelled", "stayed" if s.stay else "now", pieces=free, all=len(s.cells))
    return "shut", _say("compelled", "pending" if any(g.answer == "pending" for g in s.grounds) else "shut")


def reasons_in_words(leaving: Iterable[tuple[Any, str]]) -> str:
    """The reasons for which pieces may leave, each once."""
    return ", ".join(dict.fromkeys(words()["reasons"][why] for _, why in leaving))


def _proven(s: State) -> Line:
    if s.planned:
        lacks = "unproven" if not s.proof and not s.suspends else "untested" if not s.tested else "done"
        return "done" if lacks == "done" else "now", _say("proven", lacks)
    if s.out:
        return "done", _say("proven", "out")
    return "shut", _say("proven", "shut")


def _released(s: State) -> Line:
    if s.planned:
        return "now" if s.tested else "shut", _say("released", "now", done=len(s.approvals))
    if s.out:
        return "done", _say("released", "on-its-way" if s.undelivered else "delivered")
    return "shut", _say("released", "shut")


def _keys(case: Case, s: State) -> Line:
    if not s.out:
        return "shut", _say("keys", "shut")
    wanted = case_events(case, "ticket.wanted", "ciphertext.only")
    return ("now", _say("keys", "wanted")) if wanted == "ticket.wanted" else ("done", _say("keys", "ciphertext"))


def case_events(case: Case, *names: str) -> str:
    """The name of the last event of these that the case's acts gave out, or ""."""
    found = OutboxEvent.objects.filter(act__case=case, name__in=names).order_by("-pk").values_list("name", flat=True)
    return found.first() or ""


def duties(case: Case, now: datetime | None = None) -> list[Due]:
    """Every day that counts on the case, the first first: what its clocks say at `now` (UTC), and when gags end."""
    rows = {(d.on, d.label): d for d in reversed([*_days(case, now or datetime.now(UTC))])}
    return sorted(rows.values(), key=lambda d: (d.on, d.source != "fact", d.label))


def _days(case: Case, now: datetime) -> Iterator[Due]:
    said = words()["duties"]
    for fact in case.facts.all():
        if fact.name in ("expires_on", "gag_until") and fact.value and fact.clause is None:
            yield Due(date.fromisoformat(fact.value), said[fact.name], "fact", "term")
    for gag in case.gags.all():
        if gag.until and not gag.ended_at:
            yield Due(gag.until - timedelta(days=1), said["gag_until"], "gag", "term")
    running = {s.clock.name: s for s in states(case, now) if s.until and (s.live or s.overdue)}
    latest = case.assessments.first()
    named = {RETURN}
    if RETURN in running:
        yield _due(running[RETURN], said["due_on"], "fact")
    facts = latest.demand if latest else {}
    for finding in latest.findings if latest else ():
        state = running.get(instead(finding["by"], facts))
        if state is not None and finding["verdict"] == "holds":
            named.add(state.clock.name)
            yield _due(state, finding["title"] or finding["says"], finding["rule"])
    for name in running.keys() - named:
        yield _due(running[name], running[name].clock.says, name)


def _due(state: ClockState, label: str, source: str) -> Due:
    assert state.until is not None
    return Due(legal_day(state.until, state.place), label, source, state.whose)


def first_due(case: Case, now: datetime | None = None) -> Due | None:
    """The provider's first duty that falls due, or None; what others owe, or what ends by itself, is none."""
    return next((d for d in duties(case, now) if d.whose == "provider"), None)


def due(case: Case, now: datetime | None = None) -> Due | None:
    """The first duty of an open case; on a closed one nothing is due."""
    return None if case.closed else first_due(case, now)


Test = Callable[[State], bool]


def _holding(s: State) -> bool:
    return "data" in s.unraised()


def _answer(*answers: str) -> Test:
    return lambda s: any(stops(g) and g.answer in answers for g in s.grounds)


def _tellable(s: State) -> bool:
    return any(p.notice == "sealed" and not s.silenced(p.name) for p in s.parties)


def _redirectable(s: State) -> bool:
    return any(p.redirect == "due" and not s.silenced(p.name) for p in s.parties)


def _can(act: str) -> Test:
    """That the case lacks nothing of its own for this act."""
    somebody = frozenset(ROLES)
    return lambda s: not missing(s, act, Actor("somebody", somebody))


NEXT: tuple[tuple[str, Test], ...] = (
    ("close", lambda s: s.authentic == "forged"),
    ("read", lambda s: not s.read),
    ("authenticate", lambda s: s.authentic == "unknown"),
    ("confirm", lambda s: not s.confirmed),
    ("assess", lambda s: s.assessed != "current"),
    # A life first.
    ("check-emergency", lambda s: bool(s.emergency) and not s.emergency >= CHECKS),
    ("grant-emergency", lambda s: bool(s.emergency) and "granted" not in s.emergency),
    # What is on its way.
    ("deliver", lambda s: s.undelivered),
    ("prove", lambda s: s.planned and not s.proof and not s.suspends),
    ("test-disclosure", lambda s: s.planned and not s.tested),
    ("write-notice", lambda s: s.planned and any(p.notice == "none" for p in s.parties)),
    ("notify", lambda s: s.planned and _tellable(s)),
    ("redirect", lambda s: s.planned and _redirectable(s)),
    ("approve", lambda s: s.planned and len(s.approvals) < 2),
    ("carry-out", lambda s: s.planned and s.suspends),
    ("release", lambda s: s.planned),
    ("plan", lambda s: _can("plan")(s) and "granted" in s.emergency),
    # Every ground answered, the customer told.
    ("challenge", lambda s: not s.refused and _holding(s)),
    ("ask", lambda s: not s.refused and any(stops(g) and g.unknown and g.answer == "open" for g in s.grounds)),
    ("write-notice", lambda s: any(p.notice == "none" for p in s.parties)),
    ("notify", _tellable),
    ("redirect", _redirectable),
    ("reserve", _answer("overdue")),
    ("protest", _can("protest")),
    ("sign-conflict-lead", _can("sign-conflict-lead")),
    ("sign-conflict-privacy", _can("sign-conflict-privacy")),
    ("leave-unchallenged", lambda s: s.refused and bool(UNREASONED["refused"] & s.unraised())),
    ("close", lambda s: s.refused),
    ("declare-compelled", _can("declare-compelled")),
    ("plan", _can("plan")),
    ("record-outcome", _answer("pending")),
    ("wait", _answer("asked")),
    ("record-paper", lambda s: s.paper == "due"),
    ("leave-unchallenged", lambda s: bool(UNREASONED["answered"] & s.unraised())),
    ("close", lambda s: True),
)
"""What comes next, in order; the first whose test is true. Each is an act, or `wait`."""


def next_step(case: Case, now: datetime | None = None) -> Next:
    """Who must do what next on this case; at `now` (UTC), where it is given, under the law as of today."""
    state = state_of(case)
    if state.closed:
        return Next("", words()["next"]["closed"].format(why=words()["closings"][state.closed]), "")
    name = next(n for n, test in NEXT if test(state))
    if name == "challenge" and not case.drafts.filter(kind="objection").exists():
        name = "draft"
    said = words()["next"]
    if now is not None and name in ACTS and asks_law_of_today(name) and not law_is_of(case, now):
        return Next(said["law"]["who"], said["law"]["what"].format(then=said[name]["what"]), "assess")
    return Next(said[name]["who"], said[name]["what"], name if name in ACTS else "")


def asks_law_of_today(act: str) -> bool:
    """Whether the law must have been taken as of today for this act."""
    return any(c.given == "law" for c in ACTS[act].guard)


def open_acts(case: Case, actor: Actor, now: datetime | None = None) -> list[tuple[str, tuple[str, ...]]]:
    """The acts that this person's roles allow, in the order of a case's life, each with what is still lacking."""
    state = state_of(case)
    known = {"law": law_is_of(case, now or datetime.now(UTC))}
    return [(name, missing(state, name, actor, known)) for name, spec in ACTS.items() if spec.who & actor.roles]


AT_RETURN: tuple[tuple[str, Callable[[frozenset[str]], bool]], ...] = (
    ("compelled", lambda stands: not stands),
    ("fell", lambda stands: "fell" in stands),
    ("hard", lambda stands: "hard" in stands),
    ("protest", lambda stands: stands == {"soft"}),
    ("conflict", lambda stands: stands == {"forbids"}),
    ("mixed", lambda stands: True),
)
"""What the return date brings for a piece, by the grounds that stand against it; the first whose test is true."""


def at_return(state: State) -> tuple[tuple[str, int], ...]:
    """What stands when the duty falls due and nobody decided anything: each outlook, and for how many pieces."""
    whole = (
        ("unready", not is_ready(state)),
        ("refused", state.refused),
        ("stayed", state.stayed()),
    )
    for name, so in whole:
        if so:
            return ((name, len(state.cells)),)
    left = (state.stands(cell) for cell in state.cells if cell not in state.out)
    return tuple(Counter(next(n for n, test in AT_RETURN if test(stands)) for stands in left).items())


def timeline(case: Case) -> list[Moment]:
    """The acts of a case in time."""
    from django.contrib.auth import get_user_model

    acts = list(Act.objects.filter(case=case).order_by("seq"))
    people = {int(a.person) for a in acts if a.person.isdigit()}
    names = {str(u.pk): u.get_full_name() or u.get_username() for u in get_user_model().objects.filter(pk__in=people)}
    return [
        Moment(
            a.at, words()["acts"][a.name]["did"], names.get(a.person, roles_in_words(a.roles)), a.name, a.seq, a.payload
        )
        for a in acts
    ]


def unknowns(case: Case) -> list[tuple[str, str, tuple[str, ...]]]:
    """The questions that decide most: fact, the question in words, and the grounds that wait for it."""
    latest = case.assessments.first()
    wanted: dict[str, list[str]] = {}
    for finding in latest.findings if latest else ():
        if finding["verdict"] == "unknown":
            for fact in finding["missing"]:
                wanted.setdefault(fact, []).append(finding["rule"])
    ordered = sorted(wanted.items(), key=lambda item: (-len(set(item[1])), item[0]))
    return [(fact, vocabulary()[fact].ask, tuple(dict.fromkeys(rules))) for fact, rules in ordered]
