"""What the registers say of a case: whose data it is and what was promised, and who asks and where to call back."""

from __future__ import annotations

from datetime import date
from typing import Any

from demur.docket import matching, models, standing
from demur.docket.brings import demand_as_stated, registers_moved, said_of
from demur.docket.lifecycle import Actor
from demur.docket.words import words as docket_words

from . import says, words
from .access import REGISTER_READERS


def about(case: models.Case, actor: Actor) -> dict[str, Any]:
    """The registers' word on a case as of its last assessment, or of service; what a person said goes before it."""
    latest = case.assessments.first()
    day = latest.as_of if latest else case.served_on
    stated = demand_as_stated(case)
    word, said = matching.known(case, stated, day), said_of(case)
    held = {c.slug: c for c in models.Customer.objects.filter(slug__in=word.customers).select_related("controller")}
    body = str(stated.facts.get("issuer_body") or "")
    return {
        "customers": [_customer(held[slug], facts, word, said, day) for slug, facts in word.customers.items()],
        "promises": [
            *(
                _promise(p, held[slug].name)
                for slug in word.customers
                for p in matching.promises_of(held[slug], day)
                if p.customer_id
            ),
            *(_promise(p, "") for p in matching.promises_of(None, day)),
        ],
        "authority": _authority(case, word) if word.authority else None,
        "issuer": says.calm(body),
        "moved": standing.state_of(case).assessed == "current" and latest is not None and registers_moved(case, day),
        "linked": bool(actor.roles & REGISTER_READERS),
    }


def _customer(
    customer: models.Customer, facts: dict[str, Any], word: matching.Known, said: matching.Said, day: date
) -> dict[str, Any]:
    return {
        "slug": customer.slug,
        "name": customer.name,
        "pieces": sum(slug == customer.slug for slug in word.cells.values()),
        "facts": [
            {"says": says.sentence(n, v), "otherwise": (n, None, None) in said} for n, v in facts.items()
        ],
        "above": [c.name for c in matching.chain(customer)[1:]],
        "first": [f"{c.name} ({c.customer.name})" for c in matching.whom_to_tell(customer, day)],
    }  # fmt: skip


def _promise(promise: models.ContractPromise, to: str) -> dict[str, str]:
    return {"words": docket_words()["promises"][promise.name], "source": promise.source, "to": to}


def _authority(case: models.Case, word: matching.Known) -> dict[str, Any]:
    authority = models.Authority.objects.get(slug=word.authority)
    flags = []
    if word.facts.get("authority_has_power") is False:
        kind = case.facts.filter(name="kind", clause=None).values_list("value", flat=True).first()
        flags.append(words.say("known.no-power", name=authority.name, kind=says.kind_name(kind)))
    if word.facts.get("sender_domain_official") is False:
        flags.append(
            words.say("known.not-its-domain", domain=matching.sender_of(case), own=", ".join(authority.domains))
        )
    return {
        "slug": authority.slug,
        "name": authority.name,
        "call_back": authority.call_back,
        "source": authority.source,
        "checked_on": says.day(authority.checked_on) if authority.checked_on else "",
        "flags": flags,
    }
