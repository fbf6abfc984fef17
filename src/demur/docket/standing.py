"""Where a case stands, computed from its state and its facts whenever it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from demur.facts import vocabulary

from .lifecycle import ACTS, Actor, State, missing, stops
from .models import Act, Case
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
    """A duty that falls due on a legal day of the forum, what it is, and where the day comes from."""

    on: date
    label: str
    source: str


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


def _lines(case: Case, s: State) -> Iterator[tuple[str, tuple[Literal["done", "now", "shut"], str]]]:
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
    against = [g for g in s.grounds if stops(g)]
    open_ones = [g for g in against if not g.answered]
    if s.assessed == "no":
        yield "answered", ("shut", _say("answered", "shut"))
    elif open_ones:
        asks = sum(g.unknown for g in open_ones)
        line = _say(
            "answered", "now", done=len(against) - len(open_ones), all=len(against), holds=len(open_ones) - asks,
            asks=asks,
        )  # fmt: skip
        yield "answered", ("now", line)
    else:
        yield "answered", ("done", _say("answered", "done", all=len(against)))
    gags = [g for g in s.gags if not g.ended]
    yield "told", ("now", _say("told", "gagged", gags=len(gags)) if gags else _say("told", "now"))
    for name in ("compelled", "proven", "released", "keys"):
        yield name, ("shut", _say(name, "shut"))


def duties(case: Case) -> list[Due]:
    """Every duty of the case with a known day, the first first: the return date and what findings of law say."""
    found: dict[tuple[date, str], Due] = {}
    for fact in case.facts.all():
        if fact.name in ("due_on", "expires_on", "gag_until") and fact.value and fact.clause is None:
            due = Due(date.fromisoformat(fact.value), words()["duties"][fact.name], "fact")
            found.setdefault((due.on, due.label), due)
    latest = case.assessments.order_by("-pk").first()
    for finding in latest.findings if latest else ():
        if finding["due"] and finding["verdict"] == "holds":
            due = Due(date.fromisoformat(finding["due"]), finding["title"] or finding["says"], finding["rule"])
            found.setdefault((due.on, due.label), due)
    return sorted(found.values(), key=lambda d: (d.on, d.source != "fact", d.label))


def first_due(case: Case) -> Due | None:
    """The first duty that falls due, or None; what it keeps silent about is not due yet."""
    return next((d for d in duties(case) if d.label != words()["duties"]["gag_until"]), None)


def due(case: Case) -> Due | None:
    """The first duty of an open case."""
    return None if case.closed else first_due(case)


NEXT = (
    ("close", lambda s: s.authentic == "forged" and not s.closed),
    ("read", lambda s: not s.read),
    ("authenticate", lambda s: s.authentic == "unknown"),
    ("confirm", lambda s: not s.confirmed),
    ("assess", lambda s: s.assessed != "current"),
    ("answer", lambda s: any(not g.answered for g in s.grounds if stops(g))),
    ("close", lambda s: not s.closed),
)
"""What comes next, in order; the first whose test is true."""


def next_step(case: Case) -> Next:
    """Who must do what next on this case."""
    state = state_of(case)
    if state.closed:
        return Next("", words()["next"]["closed"].format(why=words()["closings"][state.closed]), "")
    name = next(n for n, test in NEXT if test(state))
    if name == "answer" and not case.drafts.filter(kind="objection").exists():
        name = "draft"
    spec = ACTS.get(name)
    return Next(words()["next"][name]["who"], words()["next"][name]["what"], name if spec else "")


OFFERED = (
    "read", "authenticate", "reject-as-forged", "confirm", "preserve", "end-preservation", "record-gag", "assess",
    "draft", "close",
)  # fmt: skip
"""The acts that are offered on a case without anything being chosen first."""


def open_acts(case: Case, actor: Actor) -> list[tuple[str, tuple[str, ...]]]:
    """The acts that this person's roles allow, each with the conditions the case still lacks for it."""
    state = state_of(case)
    return [(name, missing(state, name, actor)) for name in OFFERED if ACTS[name].who & actor.roles]


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
