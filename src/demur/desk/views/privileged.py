"""What of a case is privileged: the list of its papers, and each as a file once counsel gave it out."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from demur.docket import models, privilege, standing, visible

from .. import privileged, words
from ..access import RESPONSE_TEAM, open_to


def _case(request: HttpRequest, number: str) -> models.Case:
    cases = visible.whole_cases(request.actor).prefetch_related("drafts", "assessments")
    return get_object_or_404(cases, number=number)


@open_to(RESPONSE_TEAM)
@require_safe
def papers(request: HttpRequest, number: str) -> HttpResponse:
    """The privileged papers of a case: which this person gave out and may download, and who gave out what to whom."""
    held = _case(request, number)
    rows = []
    for paper in privilege.papers_of(held):
        sent = paper.kind == "letter" and privilege.sent(held, paper.number)
        mine = privilege.given_out(held, paper.what, request.actor)
        rows.append(
            {"paper": paper, "name": privileged.name_of(paper, held), "sent": sent, "open": sent or mine is not None}
        )
    names = {row["paper"].what: row["name"] for row in rows}
    given = [
        {"moment": m, "name": names.get(m.payload.get("what"), m.payload.get("what"))}
        for m in standing.timeline(held)
        if m.act == privilege.GIVEN
    ]
    may = bool(request.roles & privilege.COUNSEL)
    return render(request, "desk/case/privileged.html", {"case": held, "rows": rows, "given": given, "may": may})


@open_to(RESPONSE_TEAM)
@require_safe
def paper(request: HttpRequest, number: str, what: str, form: str) -> HttpResponse:
    """One privileged paper as a file, for the counsel who gave it out; a letter that was sent, for the team."""
    held = _case(request, number)
    found = next((p for p in privilege.papers_of(held) if p.what == what and form in p.forms), None)
    if found is None:
        raise Http404
    if found.kind == "letter" and privilege.sent(held, found.number):
        return privileged.file_of(held, found, form, None)
    act = privilege.given_out(held, what, request.actor)
    if act is None:
        messages.error(request, words.say("privileged.first"))
        return redirect("case-privileged", number)
    return privileged.file_of(held, found, form, act)
