"""The provider's own precedents: what became of each argument, before which forum, and how long and dear it was."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from demur.docket import acts, models, privilege
from demur.docket import precedents as bank
from demur.law import library

from .. import beside, privileged, tables, words
from ..access import COUNSEL, open_to
from ..doing import subject_words

PER_PAGE = 50
MOST_CASES = 200
"""Of how many cases the filings can be given out at once: each of them records it."""


def _asked(data: QueryDict) -> dict[str, str]:
    return {name: data.get(name, "").strip()[:120] for name in ("rule", "forum")}


@open_to(COUNSEL)
@require_safe
def precedents(request: HttpRequest, form: str = "") -> HttpResponse:
    """What became of each argument in each form before each forum, and every filing, by rule and forum.

    As data, the filings that this counsel gave out (see `give`).
    """
    asked = _asked(request.GET)
    outcomes = bank.found_outcomes(request.actor, **asked)
    if form:
        return _data(request, form, outcomes, asked)
    page = Paginator(outcomes, PER_PAGE).get_page(request.GET.get("page"))
    titles = {r.id: r.title for r in library().rules}
    found = beside.table(bank.records(request.actor, **asked))
    told = {
        **asked,
        "rows": [{**row, "title": titles.get(row["rule"], "")} for row in found],
        "page": page,
        "outcomes": [
            {
                "outcome": o,
                "title": titles.get(o.rule, o.rule),
                "where": _where(o.ground),
                "form": beside.form_name(o.form),
                "result": words.say(f"results.{o.result}") if o.result else words.say("precedents.is-pending"),
                "days": (o.decided_on - o.filed_on).days if o.decided_on else None,
                "cost": f"{o.currency} {beside.money(o.cost, o.currency)}" if o.cost is not None else "",
            }
            for o in page
        ],
        "given": privilege.given_outcomes(outcomes, request.actor).count(),
        "query": urlencode(asked),
        "token": uuid4().hex,
    }
    return render(request, "desk/precedents.html", told)


def _where(ground: str) -> str:
    """The item and identifier that a ground is on, from its key; "" where it is on the whole demand."""
    clause, _, target = ground.partition("@")[2].partition(".")
    found = {name: int(n) if n else None for name, n in (("clause", clause), ("target", target))}
    return subject_words(found)


def _data(request: HttpRequest, form: str, outcomes: QuerySet[models.Outcome], asked: dict[str, str]) -> HttpResponse:
    given = list(privilege.given_outcomes(outcomes, request.actor))
    if not given:
        messages.error(request, words.say("privileged.first"))
        return _back(asked)
    acted = {o.case_id: privilege.given_out(o.case, "outcomes", request.actor) for o in given}
    rows = [
        {privileged.MARKING: privileged.mark_of(act), **privileged.outcome_row(o)}
        for o in given
        if (act := acted[o.case_id]) is not None
    ]
    return tables.answer(form, "privileged-precedents", (privileged.MARKING, *privileged.OUTCOME), rows)


@open_to(COUNSEL)
@require_POST
def give(request: HttpRequest) -> HttpResponse:
    """Record on each case whose filings were found to whom they are given and why; then they may be downloaded."""
    asked = _asked(request.POST)
    to, why = (request.POST.get(name, "").strip() for name in ("to", "why"))
    outcomes = bank.found_outcomes(request.actor, **asked)
    cases = models.Case.objects.filter(pk__in=outcomes.order_by().values("case"))
    numbers = sorted(cases.values_list("number", flat=True)[: MOST_CASES + 1])
    if not (to and why):
        messages.error(request, words.say("privileged.wanted"))
    elif len(numbers) > MOST_CASES:
        messages.error(request, words.say("privileged.too-many", n=MOST_CASES))
    else:
        payload = {"what": "outcomes", "to": to, "why": why}
        with transaction.atomic():
            for number in numbers:
                token = f"{request.user.pk}:{request.POST.get('token') or uuid4().hex}:{number}"
                acts.act(number, privilege.GIVEN, request.actor, payload, token=token)
        messages.success(request, words.say("privileged.given", n=len(numbers)))
    return _back(asked)


def _back(asked: dict[str, str]) -> HttpResponse:
    return redirect(f"{reverse('precedents')}?{urlencode(asked)}")
