"""One case: the page, its data, its documents and letters, and the acts that a person does on it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from demur import reading
from demur.docket import acts, clerk, models, standing, visible
from demur.docket.lifecycle import missing
from demur.docket.words import words as docket_words
from demur.paper import PaperError, Party

from .. import casepage, papers, tables, words
from ..access import CASES, RECEIVERS, RESPONSE_TEAM, open_to

COLUMNS = ("fact", "clause", "target", "value", "says", "page", "quote", "confidence", "confirmed", "confirmed_by")


def _case(request: HttpRequest, number: str) -> models.Case:
    # A case that is hidden from this person is answered like one that does not exist.
    cases = visible.whole_cases(request.actor).prefetch_related("facts", "documents", "drafts")
    return get_object_or_404(cases, number=number)


def _number(raw: str | None) -> int | None:
    return int(raw) if raw and raw.isdigit() and len(raw) < 10 else None


@open_to(CASES)
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """The case on one screen."""
    held = _case(request, number)
    actor = request.actor
    document, page = _number(request.GET.get("document")), _number(request.GET.get("page"))
    told = casepage.whole(held, actor, document, page, timezone.now().date())
    told["may_confirm"] = not missing(told["state"], "confirm", actor)
    told["read_at"] = [f for f in (*told["look"], *told["clear"], *told["sure"]) if f["page"]]
    told["token"] = uuid4().hex
    told["back"] = request.GET.urlencode()
    return render(request, "desk/case/case.html", told)


@open_to(RESPONSE_TEAM)
@require_safe
def data(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """The case as data: its facts as a table, or the whole with grounds and acts."""
    held = _case(request, number)
    facts = [{**f, "fact": f["name"]} for f in casepage.facts_of(held)]
    if form == "csv":
        return tables.answer(form, f"facts-{held.number}", COLUMNS, facts)
    latest = held.assessments.first()
    due = standing.due(held)
    whole = {
        "case": held.number,
        "received_at": held.received_at.isoformat(),
        "served_on": held.served_on.isoformat(),
        "due": {"on": due.on.isoformat(), "label": due.label} if due else None,
        "state": held.state,
        "facts": [{c: f.get(c) for c in COLUMNS} for f in facts],
        "clauses": held.clauses,
        "assessed": {"as_of": latest.as_of.isoformat(), "library": latest.library, "rules": latest.rules,
                     "failing": latest.failing, "findings": latest.findings} if latest else None,
        "between": [{"name": s.name, "state": s.state, "line": s.line} for s in standing.standing(held)],
        "acts": [{"seq": m.seq, "act": m.act, "at": m.at.isoformat(), "who": m.who} for m in standing.timeline(held)],
    }  # fmt: skip
    return JsonResponse(whole, json_dumps_params={"indent": 1, "ensure_ascii": False})


@open_to(RESPONSE_TEAM)
@require_safe
def others(request: HttpRequest, number: str, form: str = "") -> HttpResponse:
    """The rules that do not stand against this demand, each with its reason."""
    held = _case(request, number)
    latest = held.assessments.first()
    if latest is None:
        raise Http404
    rows = casepage.others_of(latest)
    if form:
        return tables.answer(form, f"others-{held.number}", ("rule", "title", "cites", "applies", "why"), rows)
    find = request.GET.get("q", "").lower().split()
    found = [r for r in rows if all(p in f"{r['title']} {r['rule']} {' '.join(r['cites'])}".lower() for p in find)]
    told = {
        "case": held,
        "latest": latest,
        "total": len(rows),
        "near": [r for r in found if r["applies"]],
        "page": Paginator([r for r in found if not r["applies"]], 100).get_page(request.GET.get("page")),
        "q": request.GET.get("q", ""),
    }
    return render(request, "desk/case/others.html", told)


# ------------------------------------------------------------------ what was served, what was drafted


def _document(request: HttpRequest, number: str, document: int) -> models.Document:
    held = visible.rows(models.Document, request.actor).select_related("original")
    return get_object_or_404(held, case__number=number, number=document)


@open_to(CASES)
@require_safe
def original(request: HttpRequest, number: str, document: int) -> HttpResponse:
    """The file exactly as it was served, only to be saved: no browser opens a stranger's file here."""
    held = _document(request, number, document)
    return _download(bytes(held.original.content), held.name, "application/octet-stream")


def _download(content: bytes, name: str, media_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name) or "file"
    response["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    return response


@open_to(CASES)
@require_safe
def page(request: HttpRequest, number: str, document: int, page: int) -> HttpResponse:
    """One page of a document as a picture."""
    held = _document(request, number, document)
    try:
        png = papers.picture(held, page)
    except reading.ReadingError:
        raise Http404 from None
    return HttpResponse(png, content_type="image/png")


def _draft(request: HttpRequest, number: str, draft: int) -> models.Draft:
    held = visible.rows(models.Draft, request.actor).select_related("case")
    return get_object_or_404(held, case__number=number, number=draft)


@open_to(RESPONSE_TEAM)
@require_safe
def letter(request: HttpRequest, number: str, draft: int, form: str = "") -> HttpResponse:
    """A drafted letter: on the screen, or as the file that counsel signs."""
    held = _draft(request, number, draft)
    if form == "pdf":
        return _download(bytes(held.pdf), f"{held.kind}-{number}.pdf", "application/pdf")
    if form == "docx":
        kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        return _download(bytes(held.docx), f"{held.kind}-{number}.docx", kind)
    told = {
        "case": held.case,
        "draft": held,
        "name": words.say(f"papers.{held.kind}"),
        "sheets": range(1, papers.letter_pages(held) + 1),
    }
    return render(request, "desk/case/letter.html", told)


@open_to(RESPONSE_TEAM)
@require_safe
def letter_page(request: HttpRequest, number: str, draft: int, page: int) -> HttpResponse:
    """One page of a drafted letter as a picture."""
    try:
        png = papers.letter_picture(_draft(request, number, draft), page)
    except reading.ReadingError:
        raise Http404 from None
    return HttpResponse(png, content_type="image/png")


# ------------------------------------------------------------------ acts


def _back(request: HttpRequest, number: str) -> HttpResponse:
    # Only what the page itself puts there comes back: which document, which page.
    query = request.POST.get("back", "")
    query = f"?{query}" if re.fullmatch(r"((document|page)=\d{1,9}&?){1,2}", query) else ""
    return redirect(reverse("case", args=[number]) + query)


def _token(request: HttpRequest) -> str:
    # The person's own, so that nobody can make another's click count as done.
    return f"{request.user.pk}:{request.POST.get('token') or uuid4().hex}"[:80]


def _tell(request: HttpRequest, done: acts.Done | acts.Refused, said: str) -> bool:
    if isinstance(done, acts.Refused):
        for m in done.missing:
            messages.error(request, words.say("saids.refused", what=m.what, who=m.who))
        return False
    messages.success(request, words.say("saids.repeated") if done.repeated else said)
    return True


@open_to(RECEIVERS)
@require_POST
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """Confirm a fact as read, set another value, answer a question, correct a clause, or confirm all that remain.

    What was assessed before is assessed again at once, so that the grounds on the screen are those of the facts.
    """
    held = _case(request, number)
    actor = request.actor
    post = request.POST
    try:
        payload = _confirmed(held, post)
        was_assessed = standing.state_of(held).assessed != "no"
        done = acts.act(number, "confirm", actor, payload, token=_token(request))
        said = words.say("saids.confirmed-rest") if post.get("rest") else words.count("saids.confirmed", 1)
        if isinstance(done, acts.Done) and was_assessed and done.state.assessed == "stale" and not done.repeated:
            latest = held.assessments.first()
            under = {"as_of": latest.as_of} if latest else {}
            again = acts.act(number, "assess", actor, under, token=f"{_token(request)[:70]}:again")
            said = words.say("saids.answered") if isinstance(again, acts.Done) else said
        _tell(request, done, said)
    except acts.ActError as error:
        messages.error(request, str(error))
    return _back(request, number)


def _confirmed(held: models.Case, post: Any) -> dict[str, Any]:
    if post.get("rest"):
        return {"facts": [], "rest": True}
    if post.get("clause"):
        return {"facts": [], "clauses": _clauses(held, post)}
    name, clause, target = post.get("fact", ""), _number(post.get("at_clause")), _number(post.get("at_target"))
    value: Any = post.get("value", "")
    if post.get("as_read"):
        known = next((f for f in held.facts.all() if (f.name, f.clause, f.target) == (name, clause, target)), None)
        if known is None:
            raise acts.ActError(f"no fact {name!r} was read; hint: load the page again")
        value = known.value
    return {"facts": [{"name": name, "clause": clause, "target": target, "value": value}]}


def _clauses(held: models.Case, post: Any) -> list[dict[str, Any]]:
    index = _number(post.get("clause"))
    if index is None or index >= len(held.clauses):
        raise acts.ActError("there is no such item; hint: load the page again")
    clauses = [{k: v for k, v in c.items() if k != "read"} for c in held.clauses]
    mine = clauses[index]
    identifiers = [line.strip() for line in post.get("identifiers", "").splitlines() if line.strip()]
    before = {t.get("identifier"): t for t in mine.get("targets", ())}
    redacted = [t for t in mine.get("targets", ()) if not t.get("identifier")]
    mine["targets"] = [before.get(i, {"identifier": i}) for i in identifiers] + redacted
    mine["categories"] = post.getlist("categories") or None
    for end in ("period_from", "period_to"):
        mine[end] = post.get(end) or None
    return clauses


PAYLOADS = {
    "authenticate": ("how",),
    "reject-as-forged": ("why",),
    "record-gag": ("gag",),
    "assess": ("as_of",),
    "close": ("reason",),
}
"""What a person writes with an act; the other acts take nothing but the click."""


def provider() -> Party:
    """The provider as it signs its letters, from the settings."""
    return Party(name=settings.PROVIDER, lines=tuple(settings.PROVIDER_LINES))


@open_to(RECEIVERS)
@require_POST
def act(request: HttpRequest, number: str, act: str) -> HttpResponse:
    """Do one act on the case; a refused one says what is missing and who can meet it."""
    if act not in standing.OFFERED or act == "confirm":
        raise Http404
    held = _case(request, number)
    actor = request.actor
    said = words.say("saids.did", act=docket_words()["acts"][act]["did"])
    try:
        if act == "read":
            done = clerk.read(number, actor, token=_token(request))
        elif act == "draft":
            done = clerk.draft(number, request.POST.get("kind", ""), actor, provider=provider(), token=_token(request))
            said = words.say("saids.drafted")
        else:
            given = {k: request.POST.get(k, "").strip() for k in PAYLOADS.get(act, ())}
            done = acts.act(number, act, actor, given, token=_token(request))
        if _tell(request, done, said) and act == "draft" and isinstance(done, acts.Done):
            latest = held.drafts.order_by("-number").first()
            if latest is not None:
                return redirect("case-letter", number, latest.number)
    except (acts.ActError, PaperError) as error:
        messages.error(request, str(error))
    return _back(request, number)
