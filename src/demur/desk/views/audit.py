"""What an auditor sees of the cases that are not hidden from them: that each exists, where it stands, its duties, and
that every act has its entry in the ledger.

Nothing of what a case is about: no party, no identifier, no ground, not even which acts were done. An entry's leaf is a
commitment with salts of its own; counsel opens single ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from demur.docket import entries, models, standing
from demur.docket.lifecycle import State
from demur.docket.visible import visible_cases
from demur.docket.words import words as docket_words
from demur.ledger import LedgerError

from .. import says, tables, words
from ..access import AUDITORS, open_to

COLUMNS = ("case", "received_on", "stands", "due_on", "closed", "acts")
ACTS = ("act", "on", "leaf", "place")
PER_PAGE = 100
TELLING = ("gag", "gag_until")
"""Sources of days that would tell of a silence: no day of theirs is shown."""


def _stands(case: models.Case, state: State) -> str:
    """Where a case stands, in general."""
    if case.closed:
        return words.say("audit.closed", why=docket_words()["closings"][case.closed])
    if state.authentic == "forged":
        return words.say("audit.forged")
    if state.out:
        return words.say("audit.released" if state.undelivered else "audit.delivered")
    if state.refused:
        return words.say("audit.refused")
    if state.planned:
        return words.say("audit.planned")
    return words.say("audit.answering" if state.assessed == "current" else "audit.assessing")


def _row(case: models.Case) -> dict[str, Any]:
    today = timezone.now().date()
    return {
        "case": case.number,
        "received": case.received_at,
        "received_on": case.received_at.date().isoformat(),
        "stands": _stands(case, standing.state_of(case)),
        "due_on": case.due_on.isoformat() if case.due_on else None,
        "due": says.due_words(case.due_on, today) if case.due_on else "",
        "urgency": "" if case.closed else says.urgency(case.due_on, today),
        "closed": bool(case.closed),
        "acts": case.count,  # type: ignore[attr-defined]
    }


@open_to(AUDITORS)
@require_safe
def audit(request: HttpRequest, form: str = "") -> HttpResponse:
    """The cases that this person may know of, the latest received first."""
    cases = visible_cases(request.actor).annotate(count=Count("acts")).order_by("-received_at", "number")
    if form:
        return tables.answer(form, "audit", COLUMNS, map(_row, cases))
    page = Paginator(cases, PER_PAGE).get_page(request.GET.get("page"))
    told = {"rows": [_row(c) for c in page.object_list], "page": page}
    return render(request, "desk/audit/cases.html", told)


def _case(request: HttpRequest, number: str) -> models.Case:
    return get_object_or_404(visible_cases(request.actor).annotate(count=Count("acts")), number=number)


def _acts(case: models.Case) -> list[dict[str, Any]]:
    held = case.acts.select_related("entry").order_by("seq")
    return [
        {
            "act": a.seq,
            "on": a.at.date().isoformat(),
            "at": a.at,
            "leaf": bytes(a.entry.leaf).hex(),
            "place": a.entry.index,
        }
        for a in held
    ]


@open_to(AUDITORS)
@require_safe
def case(request: HttpRequest, number: str, form: str = "") -> HttpResponse:
    """One case: its duties with their days, and the entry of each act with its receipt."""
    held = _case(request, number)
    acts, today = _acts(held), timezone.now().date()
    if form:
        return tables.answer(form, f"audit-{held.number}", ACTS, acts)
    # How many duties fall on one day would tell how many rules hold.
    days = {
        (d.on, d.whose)
        for d in (() if held.closed else standing.duties(held))
        if d.source not in TELLING and d.label != docket_words()["duties"]["gag_until"]
    }
    duties = [
        {"on": on, "whose": words.say(f"audit.whose-{whose}"), "urgency": says.urgency(on, today)}
        for on, whose in sorted(days)
    ]
    told = {"row": _row(held), "duties": duties, "acts": acts}
    return render(request, "desk/audit/case.html", told)


@open_to(AUDITORS)
@require_safe
def receipt(request: HttpRequest, number: str, seq: int) -> HttpResponse:
    """The proof that the entry of one act is in the public ledger; it opens nothing of what the entry commits to."""
    held = get_object_or_404(_case(request, number).acts.select_related("entry"), seq=seq)
    if held.entry.index is None:
        raise Http404
    try:
        text = entries.proof(Path(settings.DATA), held.entry.index)
    except LedgerError:
        raise Http404 from None
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{number}-{seq}.tlog-proof"'
    return response
