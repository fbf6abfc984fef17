"""The provider's own precedents: what became of each argument, before which forum, and how long and dear it was."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from demur.docket import acts
from demur.docket import precedents as bank
from demur.law import library

from .. import beside, words
from ..access import COUNSEL, open_to

PER_PAGE = 50


@open_to(COUNSEL)
@require_safe
def precedents(request: HttpRequest) -> HttpResponse:
    """What became of each argument in each form before each forum, and every filing, by rule and forum."""
    actor = acts.actor_for(request.user)
    rule, forum = (request.GET.get(k, "").strip()[:120] for k in ("rule", "forum"))
    found = bank.records(actor, rule=rule, forum=forum)
    page = Paginator(bank.found_outcomes(actor, rule=rule, forum=forum), PER_PAGE).get_page(request.GET.get("page"))
    titles = {r.id: r.title for r in library().rules}
    told = {
        "rows": [{**row, "title": titles.get(row["rule"], "")} for row in beside.table(found)],
        "page": page,
        "outcomes": [
            {
                "outcome": o,
                "form": beside.form_name(o.form),
                "result": words.say(f"results.{o.result}") if o.result else words.say("precedents.is-pending"),
                "days": (o.decided_on - o.filed_on).days if o.decided_on else None,
                "cost": f"{o.currency} {beside.money(o.cost, o.currency)}" if o.cost is not None else "",
            }
            for o in page
        ],
        "rule": rule,
        "forum": forum,
    }  # fmt: skip
    return render(request, "desk/precedents.html", told)
