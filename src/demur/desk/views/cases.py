"""One case: the page, its data, its documents and letters, and the acts that a person does on it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from demur import law, reading
from demur.docket import acts, chores, clerk, models, privilege, replay, standing, visible
from demur.docket.lifecycle import missing
from demur.docket.words import words as docket_words
from demur.facts import CATEGORIES
from demur.paper import Letter, PaperError, to_text

from .. import casepage, doing, forms, papers, privileged, reminded, tables, words
from ..access import CASES, RECEIVERS, RESPONSE_TEAM, open_to
from ..alike import alike

COLUMNS = ("fact", "clause", "target", "value", "says", "page", "quote", "confidence", "confirmed", "confirmed_by")


def _case(request: HttpRequest, number: str) -> models.Case:
    # A case that is hidden from this person is answered like one that does not exist.
    cases = visible.whole_cases(request.actor).prefetch_related("facts", "documents", "drafts")
    return get_object_or_404(cases, number=number)


def _number(raw: str | None) -> int | None:
    return int(raw) if raw and raw.isdecimal() and len(raw) < 10 else None


@open_to(CASES)
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """The case on one screen."""
    return _screen(request, _case(request, number), request.GET)


def _screen(
    request: HttpRequest, held: models.Case, place: Mapping[str, str], typed: doing.Typed | None = None
) -> HttpResponse:
    # `place` is which page of which document is shown; `typed`, a form that could not be used: it stays as it was.
    actor = request.actor
    document, page = _number(place.get("document")), _number(place.get("page"))
    told = casepage.whole(held, actor, document, page, timezone.now().date(), typed)
    told["alike"] = alike(told["latest"], actor)
    told["reminded"] = reminded.lines(reminded.waiting(actor, timezone.now(), held))
    told["may_confirm"] = not missing(told["state"], "confirm", actor)
    told["read_at"] = [f for f in (*told["look"], *told["clear"], *told["sure"]) if f["page"]]
    told["token"] = uuid4().hex
    told["back"] = urlencode({k: v for k, v in (("document", document), ("page", page)) if v is not None})
    return render(request, "desk/case/case.html", told, status=400 if typed else 200)


@open_to(RESPONSE_TEAM)
@require_safe
def data(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """The case as data: its facts as a table, or with its clauses and acts; what is privileged is not among it."""
    held = _case(request, number)
    facts = [{**f, "fact": f["name"]} for f in casepage.facts_of(held)]
    if form == "csv":
        return tables.answer(form, f"facts-{held.number}", COLUMNS, facts)
    due = standing.due(held)
    whole = {
        "case": held.number,
        "received_at": held.received_at.isoformat(),
        "served_on": held.served_on.isoformat(),
        "due": {"on": due.on.isoformat(), "label": casepage.label(due, privileged=False)} if due else None,
        "facts": [{c: f.get(c) for c in COLUMNS} for f in facts],
        "clauses": held.clauses,
        "between": [{"name": s.name, "state": s.state} for s in standing.standing(held)],
        "acts": [{"seq": m.seq, "act": m.act, "at": m.at.isoformat(), "who": m.who} for m in standing.timeline(held)],
    }  # fmt: skip
    return JsonResponse(whole, json_dumps_params={"indent": 1, "ensure_ascii": False})


@open_to(RESPONSE_TEAM)
@require_safe
def others(request: HttpRequest, number: str) -> HttpResponse:
    """The rules that do not stand against this demand, each with its reason."""
    held = _case(request, number)
    latest = held.assessments.first()
    if latest is None:
        raise Http404
    rows = casepage.others_of(latest)
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


@open_to(RESPONSE_TEAM)
@require_safe
def again(request: HttpRequest, number: str) -> HttpResponse:
    """Every state and decision of the case made again under the law of its day, and compared."""
    held = _case(request, number)
    names = docket_words()["acts"]
    rows = [{"one": one, "what": names[one.what]["did"] if one.what in names else ""} for one in replay.replayed(held)]
    told = {"case": held, "rows": rows, "wrong": [r for r in rows if not r["one"].same]}
    return render(request, "desk/case/replay.html", told)


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
def letter(request: HttpRequest, number: str, draft: int) -> HttpResponse:
    """A drafted letter on the screen."""
    held = _draft(request, number, draft)
    told = {
        "case": held.case,
        "draft": held,
        "name": words.say(f"papers.{held.kind}"),
        "sheets": papers.letter_text(held),
        "what": privilege.Privileged("letter", held.number).what,
        "sent": privilege.sent(held.case, held.number),
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
    # Only what the page itself puts there comes back: which document, which page; or the page of new law.
    query = request.POST.get("back", "")
    if query == "touched":
        return redirect("touched")
    query = f"?{query}" if re.fullmatch(r"((document|page)=\d{1,9}&?){1,2}", query) else ""
    return redirect(reverse("case", args=[number]) + query)


def _token(request: HttpRequest) -> str:
    # The person's own, so that nobody can make another's click count as done.
    return f"{request.user.pk}:{request.POST.get('token') or uuid4().hex}"


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
            said = words.say("saids.answered") if _assess_again(request, held) else said
        _tell(request, done, said)
    except acts.ActError as error:
        messages.error(request, str(error))
    return _back(request, number)


def _confirmed(held: models.Case, post: Any) -> dict[str, Any]:
    if post.get("rest"):
        return {"facts": [], "rest": True}
    if post.get("fact") == law.CATEGORIES:
        return _asked_for(held, post)
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


def _asked_for(held: models.Case, post: Any) -> dict[str, Any]:
    """What an item asks for, or the demand where it has no items: a closed list, what is not ticked is not asked."""
    chosen = post.getlist("categories")
    if not chosen:
        raise acts.ActError("nothing is ticked; hint: tick what it asks for")
    if not held.clauses:
        return {"facts": [{"name": f"asks_{c}", "value": c in chosen} for c in CATEGORIES]}
    clauses, mine = _item(held, post.get("at_clause"))
    mine["categories"] = chosen
    return {"facts": [], "clauses": clauses}


def _item(held: models.Case, number: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The items of a case, to be stated anew, and the one of this index among them."""
    index = _number(number)
    if index is None or index >= len(held.clauses):
        raise acts.ActError("there is no such item; hint: load the page again")
    clauses = [{k: v for k, v in c.items() if k != "read"} for c in held.clauses]
    return clauses, clauses[index]


def _clauses(held: models.Case, post: Any) -> list[dict[str, Any]]:
    clauses, mine = _item(held, post.get("clause"))
    identifiers = [line.strip() for line in post.get("identifiers", "").splitlines() if line.strip()]
    before = {t.get("identifier"): t for t in mine.get("targets", ())}
    redacted = [t for t in mine.get("targets", ()) if not t.get("identifier")]
    mine["targets"] = [before.get(i, {"identifier": i}) for i in identifiers] + redacted
    mine["categories"] = post.getlist("categories") or None
    for end in ("period_from", "period_to"):
        mine[end] = post.get(end) or None
    return clauses


CLERK: Mapping[str, Callable[..., acts.Done | acts.Refused]] = {
    "read": lambda number, actor, given, token: clerk.read(number, actor, token=token),
    "draft": lambda number, actor, given, token: clerk.draft(
        number, given["kind"], actor, provider=chores.provider(), token=token
    ),
    "write-notice": lambda number, actor, given, token: clerk.write_notice(
        number, given["party"], actor, provider=chores.provider(), token=token
    ),
    "redirect": lambda number, actor, given, token: clerk.redirect(
        number, given["party"], actor, provider=chores.provider(), to=given.get("to", ""), how=given["how"],
        token=token,
    ),
}  # fmt: skip
"""The acts that take long and are made ready before the case is locked."""
LETTERS: Mapping[str, Callable[..., Letter]] = {
    "redirect": lambda held, given: clerk.redirection(
        held, given["party"], provider=chores.provider(), to=given.get("to", ""), now=timezone.now()
    )[1],
}
"""The acts by which a letter leaves, and the letter as it would be sent."""


@open_to(CASES)
@require_POST
def act(request: HttpRequest, number: str, act: str) -> HttpResponse:
    """Do one act on the case; one that lets out or gives up something is shown once more before.

    What cannot be used or is refused keeps what was typed, and says what is missing and who can meet it.
    """
    form = forms.HERE.get(act)
    if form is None:
        raise Http404
    held = _case(request, number)
    actor = request.actor
    if models.Act.objects.filter(case=held, person=actor.person, token=_token(request), name=act).exists():
        messages.success(request, words.say("saids.repeated"))
        return _back(request, number)
    lacking = missing(standing.state_of(held), act, actor)
    if lacking:
        return _refused(request, held, act, acts.in_words(act, lacking))
    try:
        about = doing.subjects(held, actor, act, forms.about_of(form, request))
        given = doing.expand(held, act, forms.payload_of(form, request))
        payloads = [{**given, **subject} for subject in about]
        done: acts.Done | acts.Refused
        letter = LETTERS[act](held, payloads[0]) if act in LETTERS else None
        if form.asks_again and request.POST.get("seen") != _seen(held, letter):
            after = acts.foresee(held, act, actor, payloads)
            if not isinstance(after, acts.Refused):
                return _look_again(request, held, act, after, [v for s in about for v in s.values()], letter)
            done = after
        elif act in CLERK:
            done = CLERK[act](number, actor, payloads[0], _token(request))
        else:
            done = _each(number, act, actor, payloads, _token(request))
    except (acts.ActError, PaperError) as error:
        return _as_typed(request, held, act, (str(error),), getattr(error, "field", ""))
    if isinstance(done, acts.Refused):
        return _refused(request, held, act, done.missing)
    if act == "authenticate" and done.state.assessed != "no" and not done.repeated:
        # That the sender is verified is a fact, which the grounds waited for.
        _assess_again(request, held)
    said = words.say("saids.drafted" if act == "draft" else "saids.did", act=docket_words()["acts"][act]["did"])
    messages.success(request, words.say("saids.repeated") if done.repeated else said)
    latest = held.drafts.order_by("-number").first() if act == "draft" else None
    return redirect("case-letter", number, latest.number) if latest else _back(request, number)


def _assess_again(request: HttpRequest, held: models.Case) -> bool:
    """Assess the case again under the law of the same day; whether it could be."""
    latest = held.assessments.first()
    under = {"as_of": latest.as_of} if latest else {}
    try:
        done = acts.act(held.number, "assess", request.actor, under, token=f"{_token(request)}:again")
    except acts.ActError as error:
        messages.error(request, str(error))
        return False
    return isinstance(done, acts.Done)


def _each(
    number: str, act: str, actor: acts.Actor, payloads: Sequence[Mapping[str, Any]], token: str
) -> acts.Done | acts.Refused:
    # One act for each ground chosen: all of them or none.
    with transaction.atomic():
        for n, payload in enumerate(payloads):
            done = acts.act(number, act, actor, payload, token=f"{token[:74]}:{n}" if n else token)
            if isinstance(done, acts.Refused):
                transaction.set_rollback(True)
                break
    return done


def _seen(held: models.Case, letter: Letter | None) -> str:
    """What was before the eyes of whoever confirms: the case at this revision, and the letter in these words."""
    said = f"-{hashlib.sha256(to_text(letter).encode()).hexdigest()[:16]}" if letter else ""
    return f"{held.revision}{said}"


def _look_again(
    request: HttpRequest, held: models.Case, act: str, after: acts.State, about: list[str], letter: Letter | None
) -> HttpResponse:
    kept = [(k, v) for k, vs in request.POST.lists() for v in vs if k not in ("csrfmiddlewaretoken", "seen")]
    names = {p.what: privileged.name_of(p, held) for p in privilege.papers_of(held)}
    told = {
        "case": held,
        "act": act,
        "does": docket_words()["acts"][act]["does"],
        "about": words.table("again").get(act, ""),
        "moved": "seen" in request.POST,
        "seen": _seen(held, letter),
        "sheet": letter.sheet if letter else None,
        "kept": kept,
        "typed": [names.get(v, v) for k, v in kept if k in ("what", "to", "why") and v] if letter is None else [],
        "foreseen": doing.foreseen(held, act, after, about),
        "back": request.POST.get("back", ""),
    }
    return render(request, "desk/case/again.html", told)


def _refused(request: HttpRequest, held: models.Case, act: str, lacking: Sequence[acts.Missing]) -> HttpResponse:
    return _as_typed(request, held, act, tuple(words.say("saids.refused", what=m.what, who=m.who) for m in lacking))


def _as_typed(
    request: HttpRequest, held: models.Case, act: str, lines: tuple[str, ...], field: str = ""
) -> HttpResponse:
    for line in lines:
        messages.error(request, line)
    values = {k: [str(v) for v in vs] for k, vs in request.POST.lists()}
    about = frozenset(values.get(forms.HERE[act].at, ()))
    typed = doing.Typed(act, about, values, field, lines)
    return _screen(request, held, QueryDict(request.POST.get("back", "")), typed)
