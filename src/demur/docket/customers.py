"""The customer's side of a case: for whom a contact speaks, what they may see of it, and that a paper arrived.

The desk's own page and the customer's portal both show what is computed here, and nothing besides. Who sees which
case at all is for `visible` to say.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.db import transaction
from django.db.models import Q

from . import entries, matching
from .case import Actor, Cell, Party, State, reason
from .lifecycle import ACTS, missing
from .models import Act, Case, Customer, Delivery, Notice
from .standing import Standing
from .states import state_from_json
from .visible import sight, visible_cases
from .words import words

VOICES = ("join", "leave", "take-over", "give-back", "end-instruction", "instruct", "consent")
"""What a customer may do on a case, in the order in which it is offered."""
DISCLOSES = frozenset({"instruct", "consent"})
"""The acts of a customer after which data may leave: they are asked for once more."""
TAKES_BACK = frozenset({"end-instruction", "leave", "give-back"})
"""What a customer may always take back, even where nothing more may be said to it."""
SEEN = ("receive", "authenticate", "close")
"""The acts of others that a customer sees in time; besides, its own, and what was done towards it."""
SECRET = 24
"""The fewest letters of a receipt's secret; the first half finds it, the rest is compared in constant time."""


# ------------------------------------------------------------------ for whom somebody speaks


def speaks_for(user: Any, day: date) -> dict[str, str]:
    """The customers (slug and name) for whom a signed-in contact may speak on `day`.

    Their own, and those that process for it in their turn: over that data it is the controller who decides
    (GDPR Art. 28(3)(a)).
    """
    active = Q(contacts__until=None) | Q(contacts__until__gt=day)
    found: dict[str, str] = {}
    below = list(Customer.objects.filter(active, contacts__user=user).distinct())
    while below:
        found |= {c.slug: c.name for c in below}
        below = list(Customer.objects.filter(controller__in=below).exclude(slug__in=found))
    return found


# ------------------------------------------------------------------ what they see


@dataclass(frozen=True, slots=True)
class Piece:
    """What is asked of this customer in one item of the demand: categories (None: not known yet), period, of whom."""

    categories: tuple[str, ...] | None
    period_from: str
    period_to: str
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """An act of a customer: whether it may be done now, or what is missing for it."""

    name: str
    does: str
    missing: tuple[str, ...]

    @property
    def discloses(self) -> bool:
        """Whether data may leave by it."""
        return self.name in DISCLOSES


@dataclass(frozen=True, slots=True)
class Mine:
    """A case as its customer sees it. Where it is sealed, only that it exists and what they were given before."""

    number: str
    sight: Literal["whole", "sealed"]
    party: str
    told_at: datetime | None
    facts: dict[str, Any]
    served_on: date | None
    closed: str
    standing: tuple[Standing, ...]
    promises: tuple[tuple[str, str], ...]
    pieces: tuple[Piece, ...]
    offers: tuple[Offer, ...]
    moments: tuple[tuple[datetime, str, bool], ...]
    notice: Notice | None
    deliveries: tuple[Delivery, ...]


def cases_of(actor: Actor) -> list[Case]:
    """The cases whose party this contact speaks for and that it was told of, the latest first; no others exist."""
    return list(visible_cases(_customer_alone(actor)).order_by("-received_at")) if actor.party else []


def case_of(actor: Actor, number: str) -> Case | None:
    """The case with this number, if it is one of theirs."""
    return visible_cases(_customer_alone(actor)).filter(number=number).first() if actor.party else None


def _customer_alone(actor: Actor) -> Actor:
    # Whoever is of the staff too sees here what the customer sees, and no more.
    return Actor(actor.person, actor.roles & {"customer"}, party=actor.party)


def mine(case: Case, actor: Actor) -> Mine:
    """What the customer for whom this contact speaks sees of a case that it was told of."""
    own = _customer_alone(actor)
    seen: Literal["whole", "sealed"] = "whole" if sight(own, case) == "whole" else "sealed"
    state, whole = state_from_json(case.state), seen == "whole"
    party = state.party(actor.party) or Party(actor.party)
    notice = case.notices.filter(party=actor.party, told_at__isnull=False).order_by("-pk").first()
    customer = Customer.objects.filter(slug=actor.party).first()
    names = ("kind", "issuer_body", "issuer_country", "reference")
    return Mine(
        number=case.number,
        sight=seen,
        party=actor.party,
        told_at=_told_at(case, actor.party, notice),
        facts={f.name: f.value for f in case.facts.filter(name__in=names, clause=None)} if whole else {},
        served_on=case.served_on if whole else None,
        closed=case.closed if whole else "",
        standing=tuple(_standing(state, party)) if whole else (),
        promises=tuple((words()["promises"][p.name], p.source) for p in matching.promises_of(customer, case.served_on)),
        pieces=tuple(_pieces(case, party.cells)) if whole else (),
        offers=tuple(_offers(state, party, own, whole)),
        moments=tuple(_moments(case, actor.party)) if whole else (),
        notice=notice,
        deliveries=tuple(deliveries_of(case, actor.party)),
    )


def _told_at(case: Case, party: str, notice: Notice | None) -> datetime | None:
    if notice is not None:
        return notice.told_at
    told = case.acts.filter(name="notify", payload__party=party).order_by("-seq").first()
    return told.at if told else None


def _pieces(case: Case, cells: Iterable[Cell]) -> Iterator[Piece]:
    mine: dict[int, list[int]] = {}
    for clause, target in cells:
        mine.setdefault(clause, []).append(target)
    for index, targets in mine.items():
        clause = case.clauses[index] if index < len(case.clauses) else {}
        named = clause.get("targets", [])
        categories = clause.get("categories")
        yield Piece(
            None if categories is None else tuple(categories),
            clause.get("period_from") or "",
            clause.get("period_to") or "",
            tuple(str(named[t].get("identifier") or "") for t in targets if t < len(named)),
        )


def _offers(state: State, party: Party, actor: Actor, whole: bool) -> Iterator[Offer]:
    never = {"its-own-data", "provider-decides"}
    for name in VOICES:
        lacking = missing(state, name, actor, {"party": party.name})
        # Who decides over data instructs, everybody else consents: the other is not offered at all.
        if (whole or name in TAKES_BACK) and not never & set(lacking):
            yield Offer(
                name, words()["acts"][name]["does"], tuple(words()["conditions"][c]["missing"] for c in lacking)
            )


def _moments(case: Case, party: str) -> Iterator[tuple[datetime, str, bool]]:
    for act in Act.objects.filter(case=case).order_by("seq"):
        if act.name in SEEN or (act.payload.get("party") == party and act.name != "write-notice"):
            yield act.at, words()["acts"][act.name]["did"], "customer" in ACTS[act.name].who


# ------------------------------------------------------------------ the promises, as the customer may read them


def _say(name: str, which: str, **values: object) -> str:
    return str(words()["mine"][name][which]).format(**values)


def _standing(s: State, party: Party) -> Iterator[Standing]:
    """The promises between the demand and this customer's data: where each stands, and nothing of why it does."""
    for name, (state, which, values) in _lines(s, party):
        yield Standing(name, words()["mine"][name]["title"], state, _say(name, which, **values))


Line = tuple[Literal["done", "now", "shut"], str, dict[str, Any]]


def _lines(s: State, party: Party) -> Iterator[tuple[str, Line]]:
    authentic: dict[str, Line] = {
        "yes": ("done", "done", {}), "forged": ("shut", "forged", {}), "unknown": ("now", "now", {}),
    }  # fmt: skip
    yield "authentic", authentic[s.authentic]
    assessed = s.assessed == "current" and s.confirmed
    yield "assessed", ("done", "done", {}) if assessed else ("now", "now", {})
    if party.redirect != "no":
        yield "redirected", ("done", "done", {}) if party.redirect == "done" else ("now", "now", {})
    against = [g for g in s.grounds if any(g.covers(c) for c in party.cells)]
    answered = assessed and all(g.answered for g in against)
    yield "answered", ("done", "done", {}) if answered else ("now" if assessed else "shut", "now", {})
    yield "voice", _voice(party)
    left = [c for c in party.cells if c in s.out]
    why = {reason(s, c) for c in party.cells} - {""}
    if left:
        whole = len(left) == len(party.cells)
        yield "left", ("done", "out" if whole else "part", {"pieces": len(left), "all": len(party.cells)})
    elif why:
        yield "left", ("now", "may", {"why": ", ".join(words()["reasons"][w] for w in sorted(why))})
    else:
        yield "left", ("shut", "shut", {})


def _voice(party: Party) -> Line:
    if party.voice or party.stance:
        return "done", party.voice or party.stance, {}
    return "now", "now", {}


# ------------------------------------------------------------------ receipts


def confirm_receipt(secret: str, now: datetime) -> bool:
    """Record that the paper with this secret arrived, with its entry in the ledger; whether there is such a paper.

    It is recorded once, and given back twice does no harm. The secret is found by its first half and the rest is
    compared in constant time, so that an answer's time tells nothing of how much of a guess was right. `now` is UTC.
    """
    return len(secret) >= SECRET and _received(
        Delivery.objects.filter(receipt__startswith=secret[: SECRET // 2]), secret, now
    )


def _received(found: Iterable[Delivery], secret: str, now: datetime) -> bool:
    given = secret.encode()
    match = [d for d in found if hmac.compare_digest(d.receipt.encode(), given)]
    for delivery in match:
        _record_receipt(delivery, "its secret", now)
    return bool(match)


def confirm_own_receipt(case: Case, place: int, actor: Actor, now: datetime) -> bool:
    """Record that a paper arrived, by whoever signs in as the contact it was sent to; whether there is such a paper.

    `place` counts this customer's papers of the case from 0, as `mine` lists them.
    """
    sent = deliveries_of(case, actor.party)
    own = sent[place] if place < len(sent) else None
    if own is None or own.contact is None or str(own.contact.user_id) != actor.person:
        return False
    _record_receipt(own, actor.person, now)
    return True


def deliveries_of(case: Case, party: str) -> list[Delivery]:
    """The papers that went to the contacts of one party of a case."""
    sent = Delivery.objects.filter(act__case=case, party=party, contact__isnull=False)
    return list(sent.select_related("contact", "act__case"))


def _record_receipt(delivery: Delivery, by: str, now: datetime) -> None:
    with transaction.atomic():
        if not Delivery.objects.filter(pk=delivery.pk, received_at=None).update(received_at=now):
            return
        entries.append(
            "receipt",
            {
                "case": delivery.act.case.number,
                "act": delivery.act.seq,
                "delivery": delivery.pk,
                "by": by,
                "at": now.isoformat(),
            },
        )
