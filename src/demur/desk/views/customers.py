"""The customer's own page: the cases it was told of, the same promises, its word, and that a paper arrived.

A contact sees one customer at a time, and of its cases only what `demur.docket.customers` computes.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from demur.docket import acts, customers, entries, models
from demur.docket.words import words as docket_words

from .. import says, words
from ..access import CUSTOMERS, open_to, open_to_strangers

SAID = 2000
"""The longest word that a customer may add to an act."""


def _mine(request: HttpRequest, number: str) -> tuple[models.Case, customers.Mine]:
    # A case that is not theirs is answered like one that does not exist.
    case = customers.case_of(request.actor, number)
    if case is None:
        raise Http404
    return case, customers.mine(case, request.actor)


def _told(request: HttpRequest, seen: customers.Mine) -> dict[str, Any]:
    """A case as its customer reads it, in words."""
    closings = docket_words()["closings"]
    return {
        "number": seen.number,
        "whole": seen.sight == "whole",
        "title": says.kind_name(seen.facts.get("kind")) if seen.sight == "whole" else words.say("mine.sealed-title"),
        "who": says.calm(str(seen.facts.get("issuer_body") or words.say("case.nobody"))),
        "country": says.value_words("issuer_country", seen.facts.get("issuer_country")),
        "reference": seen.facts.get("reference"),
        "served_on": says.day(seen.served_on) if seen.served_on else "",
        "told_at": seen.told_at,
        "closed": closings[seen.closed] if seen.closed else "",
        "between": seen.standing,
        "stands": next((s.line for s in seen.standing if s.name == "left"), words.say("mine.sealed")),
        "promises": seen.promises,
        "pieces": [_piece(p) for p in seen.pieces],
        "offers": [_offer(o) for o in seen.offers if not o.missing],
        "moments": seen.moments,
        "notice": seen.notice is not None,
        "papers": [
            {"place": place, "to": d.contact.name if d.contact else d.to, "how": words.say(f"ways.{d.how}"),
             "at": d.sent_at or d.at, "received_at": d.received_at,
             "own": d.contact is not None and d.contact.user_id == request.user.pk}
            for place, d in enumerate(seen.deliveries)
        ],
        "customer": request.customers.get(seen.party, seen.party),
    }  # fmt: skip


def _piece(piece: customers.Piece) -> dict[str, Any]:
    days = [says.day(date.fromisoformat(d)) if d else "" for d in (piece.period_from, piece.period_to)]
    which = {(True, True): "from-to", (True, False): "from", (False, True): "until"}.get((bool(days[0]), bool(days[1])))
    return {
        "categories": says.categories(list(piece.categories) if piece.categories is not None else None),
        "period": words.say(f"case.{which}", start=days[0], end=days[1]) if which else "",
        "of": [i or words.say("case.redacted") for i in piece.identifiers] or [words.say("mine.no-identifier")],
    }


def _offer(offer: customers.Offer) -> dict[str, Any]:
    return {
        "name": offer.name,
        "does": offer.does,
        "discloses": offer.discloses,
        "about": words.say(f"voices-about.{offer.name}"),
    }


@open_to(CUSTOMERS)
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The cases that this customer was told of."""
    rows = [_told(request, customers.mine(c, request.actor)) for c in customers.cases_of(request.actor)]
    told = {"rows": rows, "customers": request.customers, "party": request.actor.party}
    return render(request, "desk/customer/cases.html", told)


@open_to(CUSTOMERS)
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Speak for another of one's customers from now on."""
    wanted = request.POST.get("customer", "")
    if wanted in request.customers:
        request.session["party"] = wanted
    return redirect("mine")


@open_to(CUSTOMERS)
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """One case: what is asked of this customer, where the promises stand, and what it may say."""
    _, seen = _mine(request, number)
    return render(request, "desk/customer/case.html", {**_told(request, seen), "token": uuid4().hex})


@open_to(CUSTOMERS)
@require_safe
def notice(request: HttpRequest, number: str) -> HttpResponse:
    """The notice that this customer was given."""
    _, seen = _mine(request, number)
    if seen.notice is None:
        raise Http404
    response = HttpResponse(bytes(seen.notice.pdf), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="notice-{number}.pdf"'
    return response


@open_to(CUSTOMERS)
@require_POST
def act(request: HttpRequest, number: str, act: str) -> HttpResponse:
    """The customer's word. What lets data leave is shown once more, whole, and asked again."""
    if act not in customers.VOICES:
        raise Http404
    _, seen = _mine(request, number)
    why = " ".join(request.POST.get("why", "").split())[:SAID]
    token = f"{request.user.pk}:{request.POST.get('token') or uuid4().hex}"[:80]
    offer = next((o for o in seen.offers if o.name == act), None)
    if offer is None:
        raise Http404
    # What was looked at is what is signed: where it changed meanwhile, it is shown again.
    shown = entries.digest([asdict(p) for p in seen.pieces])[:16]
    sure = request.POST.get("sure") == "1" and request.POST.get("seen") == shown
    if offer.discloses and not offer.missing and not sure:
        told = {**_told(request, seen), "act": act, "does": offer.does, "why": why, "seen": shown,
                "moved": request.POST.get("seen") not in (None, shown), "unsure": "seen" in request.POST,
                "token": request.POST.get("token") or uuid4().hex}  # fmt: skip
        return render(request, "desk/customer/again.html", told)
    payload = {"party": request.actor.party, **({"why": why} if why else {})}
    try:
        done = acts.act(number, act, request.actor, payload, token=token)
    except acts.ActError as error:
        messages.error(request, str(error))
    else:
        if isinstance(done, acts.Refused):
            for m in done.missing:
                messages.error(request, words.say("saids.refused", what=m.what, who=m.who))
        else:
            did = docket_words()["acts"][act]["did"]
            messages.success(request, words.say("saids.repeated" if done.repeated else "saids.did", act=did))
    return redirect("mine-case", number)


@open_to(CUSTOMERS)
@require_POST
def received(request: HttpRequest, number: str, place: int) -> HttpResponse:
    """That a paper arrived, said by the contact it was sent to."""
    held, _ = _mine(request, number)
    if not customers.confirm_own_receipt(held, place, request.actor, timezone.now()):
        raise Http404
    messages.success(request, words.say("mine.thanks"))
    return redirect("mine-case", number)


@csrf_exempt  # the secret is the proof; nothing of a session is used
@open_to_strangers
@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest, secret: str) -> HttpResponse:
    """That a paper arrived, by the secret in it. One button, so that no mail scanner gives receipts by itself.

    Whoever asks, and whatever for, is answered the same.
    """
    if request.method == "POST":
        customers.confirm_receipt(secret, timezone.now())
    return render(request, "desk/customer/receipt.html", {"thanks": request.method == "POST"})
