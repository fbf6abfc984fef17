"""The docket: what is due first, where each case stands, and who must do what next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from demur.docket import acts, models
from demur.docket.lifecycle import ACTS, State, stops
from demur.docket.standing import Next, by_rule, next_step, open_rules, state_of
from demur.docket.visible import SEE_ALL, privileged_to, whole_cases
from demur.docket.words import words as docket_words
from demur.docket.worker import last_turn
from demur.facts import vocabulary

from .. import reminded, says, tables, words
from ..access import CASES, RECEIVERS, RESPONSE_TEAM, open_to
from . import touched

COLUMNS = (
    "case", "due_on", "due", "received_at", "who", "country", "verified", "kind", "asks", "whose", "stands",
    "next_who", "next",
)  # fmt: skip
PER_PAGE = 50
SHOWN_FACTS = ("kind", "issuer_body", "issuer_country", "customer_kind", "keys_held_by", "gag_present")


def _today() -> date:
    return timezone.now().date()


# ------------------------------------------------------------------ which cases

Test = Callable[[models.Case, State, Next, frozenset[str], date], bool]
FILTERS: dict[str, Test] = {
    "mine": lambda c, s, n, roles, today: bool(n.act and ACTS[n.act].who & roles),
    "week": lambda c, s, n, roles, today: c.due_on is not None and c.due_on <= today + timedelta(days=7),
    "sender": lambda c, s, n, roles, today: s.authentic == "unknown",
    "confirm": lambda c, s, n, roles, today: s.read and not s.confirmed,
    "unknown": lambda c, s, n, roles, today: any(g.unknown and not g.answered for g in s.grounds),
    "gag": lambda c, s, n, roles, today: any(not g.ended for g in s.gags),
}
"""What the pills above the docket keep; `closed` alone shows other cases."""
PRIVILEGED = frozenset({"unknown"})
"""The pills that tell of assessments, for the response team alone."""


def _found(cases: QuerySet[models.Case], find: str, closed: bool, team: bool) -> QuerySet[models.Case]:
    cases = cases.exclude(closed="") if closed else cases.filter(closed="")
    # Whether a rule stands against a demand is part of its assessment.
    grounds = models.Ground.objects.all() if team else models.Ground.objects.none()
    for part in find.split()[:8]:
        kinds = [k for k, name in vocabulary()["kind"].values.items() if part.lower() in name.lower() or part == k]
        cases = cases.filter(
            Q(number__icontains=part)
            | Q(pk__in=models.CaseFact.objects.filter(value__icontains=part).values("case"))
            | Q(pk__in=models.CaseFact.objects.filter(name="kind", value__in=kinds).values("case"))
            | Q(pk__in=grounds.filter(rule__icontains=part).values("case"))
            | Q(clauses__icontains=part)
        )
    return cases


# ------------------------------------------------------------------ a row


def _row(case: models.Case, today: date, privileged: bool = False) -> dict[str, Any]:
    """A case as a row; what its assessment found only where it is `privileged` to be shown."""
    state = state_of(case)
    step = next_step(case)
    facts = {f.name: f.value for f in case.facts.all()}
    asked = _asked(case)
    against = [g for g in state.grounds if (stops(g) or g.against == "gag") and privileged]
    hold, ask = open_rules(against)
    country = str(facts.get("issuer_country") or "")
    return {
        "case": case.number,
        "due_on": case.due_on.isoformat() if case.due_on else None,
        "due": says.due_words(case.due_on, today) if case.due_on else words.say("due.none"),
        "due_label": case.due_label if privileged else "",
        "urgency": "" if case.closed else says.urgency(case.due_on, today),
        "received_at": case.received_at.isoformat(),
        "received": case.received_at,
        "who": says.calm(facts.get("issuer_body") or words.say("case.nobody")),
        "country": country.upper(),
        "verified": state.authentic,
        "verified_words": words.say(
            {"yes": "case.verified", "forged": "case.forged"}.get(state.authentic, "case.not-verified")
        ),
        "kind": says.kind_name(facts.get("kind")) if facts.get("kind") else None,
        "kind_words": says.kind_name(facts.get("kind")),
        "asks": asked["categories"],
        "whose": asked["targets"],
        "whose_note": " · ".join(_customer(facts, case.named)),  # type: ignore[attr-defined]
        "hold": hold,
        "ask": ask,
        "hold_words": words.count("case.hold", hold),
        "ask_words": words.count("case.ask", ask),
        "privileged": privileged,
        "assessed": state.assessed != "no",
        "grounds": len(by_rule(against)),
        "forged": state.authentic == "forged",
        "gag": any(not g.ended for g in state.gags),
        "stands": _stands(case, state, privileged),
        "next_who": step.who,
        "next": step.what,
        "closed": case.closed,
    }


def _customer(facts: dict[str, Any], named: list[models.Customer]) -> list[str]:
    """Whose data it is: the customers that the register names, else of what kind; and who holds the keys."""
    kind = facts.get("customer_kind")
    unnamed = [says.value_words("customer_kind", kind).removeprefix("a ").removeprefix("an ")] if kind else []
    holders = {facts.get("keys_held_by") or c.keys_held_by for c in named} or {facts.get("keys_held_by")}
    keys = words.table("case").get(f"keys-{holders.pop()}", "") if len(holders) == 1 else ""
    return [*([c.name for c in named] or unnamed), *([keys] if keys else [])]


def _asked(case: models.Case) -> dict[str, Any]:
    named: list[str] = []
    categories: list[str] = []
    targets = 0
    for clause in case.clauses:
        categories += [c for c in clause.get("categories") or () if c not in categories]
        for target in clause.get("targets", ()):
            targets += 1
            identifier = target.get("identifier") or words.say("case.redacted")
            if identifier not in named:
                named.append(identifier)
    whose = named[0] if len(named) == 1 else words.count("case.identifier", len(named)) if named else ""
    return {"categories": says.categories(categories), "targets": whose or words.say("case.not-known")}


def _stands(case: models.Case, state: State, privileged: bool) -> str:
    if case.closed:
        return words.say("stands.closed", why=docket_words()["closings"][case.closed])
    if state.authentic == "forged":
        return words.say("stands.forged")
    if not state.read:
        return words.say("stands.unread")
    if state.assessed == "no" or not state.confirmed:
        waiting = case.waiting  # type: ignore[attr-defined]
        return words.count("stands.to-confirm", waiting) if not state.confirmed else words.say("stands.to-assess")
    if state.assessed == "stale":
        return words.say("stands.stale")
    if state.out:
        return words.say("stands.on-its-way" if state.undelivered else "stands.delivered")
    if state.refused:
        return words.say("stands.refused")
    if state.planned:
        return words.say("stands.planned", done=len(state.approvals))
    if not privileged:
        return words.say("privileged.stands")
    pending = len(by_rule(g for g in state.grounds if g.answer == "pending"))
    if pending:
        return words.count("stands.pending", pending)
    if case.drafted:  # type: ignore[attr-defined]
        return words.say("stands.drafted")
    best = next((g.finding for g in case.open_grounds), None)  # type: ignore[attr-defined]
    if best is None:
        return words.say("stands.answered")
    return words.say(
        "stands.ground", title=best["title"] or best["says"], effect=words.say(f"effects.{best['effect']}")
    )


def _worker() -> str:
    """That the worker has not been at work for long, "" where it has."""
    at, late = last_turn(timezone.now())
    if not late:
        return ""
    return words.say("worker.late", at=f"{at:%-d %B, %H:%M}") if at else words.say("worker.never")


def _filled(cases: Iterable[models.Case]) -> list[models.Case]:
    keys = [c.pk for c in cases]
    held = models.Case.objects.filter(pk__in=keys).annotate(
        waiting=Count("facts", filter=Q(facts__confirmed_at=None), distinct=True),
        drafted=Exists(models.Draft.objects.filter(case=OuterRef("pk"), kind="objection")),
    )
    held = held.prefetch_related(
        Prefetch("facts", models.CaseFact.objects.filter(clause=None, name__in=SHOWN_FACTS)),
        Prefetch("grounds", models.Ground.objects.filter(answer="open", unknown=False), to_attr="open_grounds"),
    )
    by_key = {c.pk: c for c in held}
    parties = {pk: [p.name for p in state_of(c).parties] for pk, c in by_key.items()}
    known = models.Customer.objects.in_bulk({n for names in parties.values() for n in names}, field_name="slug")
    for pk, case in by_key.items():
        case.named = [known[n] for n in parties[pk] if n in known]  # type: ignore[attr-defined]
    return [by_key[k] for k in keys if k in by_key]


# ------------------------------------------------------------------ pages


@open_to(CASES)
@require_safe
def docket(request: HttpRequest, form: str = "") -> HttpResponse:
    """The open cases, what is due first; filtered, searched, and as data."""
    today = _today()
    find = request.GET.get("q", "").strip()[:200]
    which = request.GET.get("only", "")
    mine, team = whole_cases(request.actor), bool(request.roles & RESPONSE_TEAM)
    everything = list(_found(mine, find, which == "closed", team))
    pills = [name for name in FILTERS if team or name not in PRIVILEGED]
    states = {c.pk: (state_of(c), next_step(c)) for c in everything}

    def kept(name: str) -> list[models.Case]:
        test = FILTERS[name]
        return [c for c in everything if test(c, *states[c.pk], request.roles, today)]

    cases = kept(which) if which in pills else everything
    if form:
        return tables.answer(form, "docket", COLUMNS, (_row(c, today) for c in _filled(cases)))
    page = Paginator(cases, PER_PAGE).get_page(request.GET.get("page"))
    told = {
        "rows": [_row(c, today, privileged_to(request.actor, c)) for c in _filled(page.object_list)],
        "page": page,
        "q": find,
        "only": which,
        "filters": [(n, words.say(f"filters.{n}"), 0 if which == "closed" else len(kept(n))) for n in pills],
        "open": len(everything),
        "due_today": sum(c.due_on is not None and c.due_on <= today for c in everything),
        "any": bool(everything) or mine.exists(),
        "sees_all": bool(request.roles & SEE_ALL),
        "may_receive": bool(request.roles & RECEIVERS),
        "query": request.GET.urlencode(),
    }
    if request.htmx and request.htmx.target == "cases":
        return render(request, "desk/docket/cases.html", told)
    lines = reminded.lines(reminded.waiting(request.actor, timezone.now()))
    first, rest = lines[: reminded.AT_ONCE], lines[reminded.AT_ONCE :]
    new_law = touched.standing(request).count()
    more = {
        "worker": _worker(),
        "reminded": first,
        "reminded_more": rest,
        "touched": words.count("touched.line", new_law) if new_law else "",
    }
    return render(request, "desk/docket/docket.html", {**told, **more})


@open_to(CASES)
@require_safe
def reminders(request: HttpRequest, form: str) -> HttpResponse:
    """Of what this person's roles were reminded and nobody of them has settled, as data."""
    waiting = reminded.waiting(request.actor, timezone.now())
    return tables.answer(form, "reminders", reminded.COLUMNS, reminded.table(waiting))


@open_to(RECEIVERS)
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest) -> HttpResponse:
    """Take in a demand as it was served: its file, the day and the channel."""
    told: dict[str, Any] = {
        "token": uuid4().hex,
        "today": _today(),
        "channels": vocabulary()["channel"].values,
        "limit": settings.UPLOAD_LIMIT // 2**20,
        "served_on": request.POST.get("served_on") or _today().isoformat(),
        "channel": request.POST.get("channel", ""),
        "served_on_entity": request.POST.get("served_on_entity", "").strip()[:200],
    }
    if request.method != "POST":
        return render(request, "desk/docket/receive.html", told)
    upload = request.FILES.get("document")
    try:
        served_on = date.fromisoformat(request.POST.get("served_on", ""))
    except ValueError:
        served_on = None
    if upload is None:
        told["error"] = words.say("saids.no-file")
    elif upload.size > settings.UPLOAD_LIMIT:
        told["error"] = words.say("saids.too-large", limit=told["limit"])
    elif served_on is None:
        told["error"] = words.say("saids.no-day")
    else:
        try:
            done = acts.receive(
                [(upload.name, upload.read())],
                served_on=served_on,
                channel=told["channel"],
                served_on_entity=told["served_on_entity"],
                actor=request.actor,
                token=f"desk:{request.user.pk}:{request.POST.get('token') or uuid4().hex}",
            )
        except acts.ActError as error:
            told["error"] = str(error)
        else:
            if isinstance(done, acts.Refused):
                told["error"] = str(done)
            else:
                key = "saids.repeated" if done.repeated else "saids.received"
                messages.success(request, words.say(key, number=done.case))
                return redirect("case", done.case)
    return render(request, "desk/docket/receive.html", told, status=400)
