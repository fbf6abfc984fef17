"""Privileged papers in words and as files, each marked on every page, row or at its head, with who got it and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse

from demur.docket import models
from demur.docket.privilege import Privileged
from demur.paper.stamp import stamp_docx, stamp_pdf

from . import says, tables, words

MARKING = "marking"
FINDING = (
    "rule", "title", "verdict", "strength", "force", "against", "clause", "target", "effect", "forum", "due", "cites",
    "says",
)  # fmt: skip
OTHER = ("rule", "title", "cites", "applies", "why")
OUTCOME = (
    "case", "ground", "rule", "form", "forum", "instance", "filed_on", "decided_on", "days", "result", "cost",
    "currency", "said",
)  # fmt: skip
"""`cost` is in minor units of `currency`."""
KINDS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def name_of(paper: Privileged, case: models.Case) -> str:
    """A privileged paper in words."""
    if paper.kind == "letter":
        draft = next((d for d in case.drafts.all() if d.number == paper.number), None)
        if draft is not None:
            return words.say("privileged.letter", kind=words.say(f"papers.{draft.kind}"), day=says.day(draft.at.date()))
    made = next((a for a in case.assessments.all() if a.revision == paper.number), None)
    return words.say(f"privileged.{paper.kind}", day=says.day(made.as_of) if made else "")


def mark_of(act: models.Act) -> str:
    """The mark of a paper that this act gave out."""
    day = says.day(act.at.date())
    return words.say("privileged.mark", to=act.payload["to"], day=day, case=act.case.number, act=act.seq)


def file_of(case: models.Case, paper: Privileged, form: str, act: models.Act | None) -> HttpResponse:
    """The paper as a file, marked with the act that gave it out; without one it is a letter that was sent."""
    called = f"{'privileged-' if act else ''}{paper.what}-{case.number}"
    if paper.kind == "letter":
        draft = case.drafts.get(number=paper.number)
        content = bytes(draft.pdf if form == "pdf" else draft.docx)
        if act is not None:
            content = (stamp_pdf if form == "pdf" else stamp_docx)(content, mark_of(act))
        response = HttpResponse(content, content_type=KINDS[form])
        response["Content-Disposition"] = f'attachment; filename="{called}.{form}"'
        return response
    if act is None:
        raise Http404
    if paper.kind == "outcomes":
        return table_of(form, called, OUTCOME, map(outcome_row, case.outcomes.select_related("case")), mark_of(act))
    held = case.assessments.get(revision=paper.number)
    if paper.kind == "others":
        from .casepage import others_of

        return table_of(form, called, OTHER, others_of(held), mark_of(act))
    if form == "csv":
        return table_of(form, called, FINDING, held.findings, mark_of(act))
    whole = {
        MARKING: mark_of(act),
        "case": case.number,
        "as_of": held.as_of.isoformat(),
        "library": held.library,
        "rules": held.rules,
        "failing": held.failing,
        "demand": held.demand,
        "findings": held.findings,
        "compels": held.compels,
    }
    return JsonResponse(whole, json_dumps_params={"indent": 1, "ensure_ascii": False})


def table_of(
    form: str, called: str, columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]], mark: str
) -> HttpResponse:
    """A table as a file, each row marked, so that no row loses its mark where it is copied."""
    return tables.answer(form, called, (MARKING, *columns), ({MARKING: mark, **row} for row in rows))


def outcome_row(outcome: models.Outcome) -> dict[str, Any]:
    """One filing as a row of data."""
    took = (outcome.decided_on - outcome.filed_on).days if outcome.decided_on else None
    days = {name: day.isoformat() if (day := getattr(outcome, name)) else None for name in ("filed_on", "decided_on")}
    plain = {name: getattr(outcome, name) for name in OUTCOME if name not in ("case", "days", "result")}
    return {"case": outcome.case.number, **plain, **days, "days": took, "result": outcome.result or "pending"}
