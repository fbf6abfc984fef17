"""Drafting a rule: what is written is checked as it is written, tried on cases, and given out as a file to propose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from demur.docket import models
from demur.docket.lifecycle import Actor
from demur.docket.precedents import decided_cases
from demur.docket.visible import rows
from demur.facts import Demand, FactsError, Value, demand_from_mapping, vocabulary
from demur.law import LawError
from demur.law.draft import Draft, Proposal, Trial, current, propose, read_draft, skeleton, try_on
from demur.law.language import lower
from demur.law.library import Library, library, names_of, sources_of

from .. import plain, says, words
from ..access import COUNSEL, open_to
from .law import example_told, raised

MOST_CASES = 500
"""The latest cases on which a draft is tried."""
SHOWN = 60
FACTS_SHOWN = 12
VALUES_SHOWN = 10
Given = tuple[str, Demand | Mapping[str, Value], date]


@open_to(COUNSEL)
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    """The form: a rule's text, and beside it what the text says, gives and changes. Nothing of it is kept."""
    held, lacking = library(), ""
    if request.method == "POST":
        text = request.POST.get("text", "")
    else:
        try:
            name = request.GET.get("from", "")
            text = current(name, held, sources_of()) if name else skeleton()
        except LawError as error:
            text, lacking = skeleton(), str(error)
    told = {**_told(text, held, request.actor), "lacking": lacking}
    part = request.htmx and request.htmx.target == "checked"
    return render(request, "desk/law/draft-checked.html" if part else "desk/law/draft.html", told)


@open_to(COUNSEL)
@require_POST
def proposal(request: HttpRequest, form: str) -> HttpResponse:
    """The statute's file with the draft in it, or the difference to the file as it stands; a draft that is not sound
    comes back with what it lacks."""
    held = library()
    told = _told(request.POST.get("text", ""), held, request.actor)
    found: Proposal | None = told["proposal"]
    if found is None:
        return render(request, "desk/law/draft.html", told)
    name = found.file.rpartition("/")[2]
    body, name = (found.after, name) if form == "toml" else (found.diff, f"{told['rule'].name}.diff")
    response = HttpResponse(body, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@open_to(COUNSEL)
@require_safe
def facts(request: HttpRequest) -> HttpResponse:
    """The facts and shared terms that a few words find, with the values they can take."""
    asked = request.GET.get("find", "")[:80].lower().split()
    held = library()
    found = []
    for fact in vocabulary().facts.values():
        haystack = f"{fact.name} {fact.means} {' '.join(fact.values)} {' '.join(fact.values.values())}".lower()
        if fact.type != "text" and asked and all(word in haystack for word in asked):
            near = sum(word in fact.name for word in asked)
            shown = [v for v in fact.values if any(w in f"{v} {fact.values[v]}".lower() for w in asked)]
            shown += [v for v in fact.values if v not in shown]
            found.append((-near, fact, [(v, fact.values[v]) for v in shown[:VALUES_SHOWN]], len(fact.values)))
    found.sort(key=lambda f: f[0])
    terms = [(n, t) for n, t in held.term_texts.items() if asked and all(w in f"{n} {t}".lower() for w in asked)]
    told = {"found": found[:FACTS_SHOWN], "more": max(0, len(found) - FACTS_SHOWN), "terms": terms[:5], "asked": asked}
    return render(request, "desk/law/draft-facts.html", told)


# ------------------------------------------------------------------ what is shown beside the text


def _told(text: str, held: Library, actor: Actor) -> dict[str, Any]:
    read = read_draft(text, held)
    told: dict[str, Any] = {"text": text, "draft": read, "rule": read.rule, "proposal": None, "status": _status(read)}
    if read.rule is None or read.law is None:
        return told
    rule = read.rule
    names = names_of(read.law)
    told |= {
        "applies": plain.in_words(lower(rule.applies, names)),
        "when": [] if rule.when == "true" else plain.in_words(lower(rule.when, names)),
        "raised": raised(rule, read.law),
        "examples": [{**example_told(t.example), "given": t.given, "agrees": t.agrees} for t in read.tried],
        "remarks": [p for p in read.remarks if p.weight != "note"] + [p for p in read.remarks if p.weight == "note"],
        "decided": _on_decided(read, held),
        "past": _on_past(read, held, actor) if rule.level != "transfer" else None,
        "replaces": next((v for v in held.by_id.get(rule.id, ()) if v.name == rule.name), None),
    }
    if read.sound:
        try:
            told["proposal"] = propose(read, held, sources_of())
        except LawError as error:
            told["unfit"] = error
    return told


def _status(read: Draft) -> str:
    if read.mistakes:
        return words.count("draft.mistakes", len(read.mistakes))
    wrong = sum(not t.agrees for t in read.tried)
    if wrong:
        return words.count("draft.wrong", wrong, of=len(read.tried))
    return words.count("draft.sound", len(read.tried))


def _on_decided(read: Draft, held: Library) -> dict[str, Any]:
    known = {case.id: case for case in decided_cases()}
    trials, whole = try_on(read, held, ((c.id, c.subject, c.as_of) for c in known.values()))
    return _trials(trials, whole, lambda t: {"title": known[t.case].title, "outcome": known[t.case].outcome})


def _on_past(read: Draft, held: Library, actor: Actor) -> dict[str, Any]:
    """The latest assessed cases that this person may be shown, on the facts and the day of their last assessment."""
    latest = models.Assessment.objects.values("case").annotate(last=Max("pk")).values("last")
    found = rows(models.Assessment, actor).filter(pk__in=latest).select_related("case")[:MOST_CASES]
    kinds: dict[str, str] = {}

    def given() -> Iterator[Given]:
        for assessment in found:
            try:
                demand = demand_from_mapping(assessment.demand)
            except FactsError:  # a fact that the vocabulary no longer has
                continue
            kinds[assessment.case.number] = says.kind_name(str(demand.facts.get("kind") or ""))
            yield assessment.case.number, demand, assessment.as_of

    trials, whole = try_on(read, held, given())
    return _trials(
        trials, whole, lambda t: {"title": f"{t.case} · {kinds[t.case]}", "url": reverse("case", args=[t.case])}
    )


def _trials(trials: tuple[Trial, ...], whole: bool, about: Any) -> dict[str, Any]:
    """The cases that the draft touches: those that would change first, then what holds, then what is unknown."""
    touched = [t for t in trials if t.now != "fails" or t.before in ("holds", "unknown")]
    touched.sort(key=lambda t: (t.now == (t.before or "fails"), t.now != "holds"))
    known = vocabulary()
    return {
        "tried": len(trials),
        "whole": whole,
        "holds": sum(t.now == "holds" for t in trials),
        "unknown": sum(t.now == "unknown" for t in trials),
        "changed": sum(t.now != (t.before or "fails") for t in trials),
        "rows": [
            {"trial": t, "missing": [known[m].means for m in t.missing if m in known], **about(t)}
            for t in touched[:SHOWN]
        ],
        "more": max(0, len(touched) - SHOWN),
    }
