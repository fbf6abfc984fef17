"""What new law touches of cases that are closed and of what has left: open work, the newest law first."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from demur.docket import models
from demur.docket.lifecycle import ACTS
from demur.docket.standing import state_of
from demur.docket.touched import Line
from demur.docket.visible import rows
from demur.docket.words import words as docket_words
from demur.law import library

from .. import tables, words
from ..access import CASES, open_to

COLUMNS = ("case", "note", "since", "rules", "library", "closed", "left")
"""How many rules, but not which: as a file, what is privileged leaves by an act of counsel alone."""
PER_PAGE = 50
AT_ONCE = 8
"""How many rules of one note are shown at once."""
SETTLE = "settle-new-law"


def standing(request: HttpRequest) -> QuerySet[models.Touched]:
    """The notes that nobody settled, of the cases that this person may see."""
    return rows(models.Touched, request.actor).filter(settled=None).select_related("case")


def _row(note: models.Touched) -> dict[str, Any]:
    state = state_of(note.case)
    return {
        "case": note.case.number,
        "note": note.number,
        "since": note.at.date().isoformat(),
        "at": note.at,
        "rules": len({one["rule"] for one in note.rules}),
        "library": note.library,
        "closed": note.case.closed,
        "left": len(state.out),
    }


def _shown(note: models.Touched, titles: dict[str, str]) -> dict[str, Any]:
    row = _row(note)
    stands = [words.say("touched.closed", why=docket_words()["closings"][row["closed"]])] if row["closed"] else []
    stands += [words.count("touched.left", row["left"])] if row["left"] else []
    lines = [_line(Line(**one), titles) for one in note.rules]
    return {**row, "stands": "; ".join(stands), "lines": lines[:AT_ONCE], "rest": lines[AT_ONCE:]}


def _line(line: Line, titles: dict[str, str]) -> dict[str, Any]:
    return {
        "rule": line.rule if line.rule in titles else "",
        "title": titles.get(line.rule) or line.rule,
        "before": words.say(f"verdicts.{line.before}") if line.before else words.say("touched.not-asked"),
        "after": words.say(f"verdicts.{line.after}"),
        "pieces": words.count("touched.pieces", line.pieces),
    }


@open_to(CASES)
@require_safe
def touched(request: HttpRequest, form: str = "") -> HttpResponse:
    """What new law touches, with the form that settles it.

    The rules are shown to the privacy officer too: their signature is wanted on each note that is open.
    """
    notes = standing(request)
    if form:
        return tables.answer(form, "touched", COLUMNS, map(_row, notes.iterator(chunk_size=500)))
    page = Paginator(notes, PER_PAGE).get_page(request.GET.get("page"))
    titles = {rule.id: rule.title for rule in library().rules}
    told = {
        "page": page,
        "rows": [_shown(note, titles) for note in page],
        "settle": SETTLE,
        "does": docket_words()["acts"][SETTLE]["does"],
        "why": words.either(f"fields.{SETTLE}-why", "fields.why"),
        "about": words.say(f"forms.{SETTLE}"),
        "may_settle": bool(ACTS[SETTLE].who & request.roles),
        "token": uuid4().hex,
    }
    return render(request, "desk/touched.html", told)
