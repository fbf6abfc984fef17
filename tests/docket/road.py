"""The whole road of one demand, act by act: served, confirmed, assessed, told, granted, released, delivered, closed.

Facts are chosen so that the disclosure test has its answer; an emergency, checked and granted, lets the data leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from demur.docket import acts
from demur.docket.lifecycle import CHECKS, Actor
from demur.docket.models import Assessment, Document, Membership

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PARTY = "consumer"
CALLED = {"how": "asked", "number": "+1 202 555 0147"}
LIFTED = [("lifted.pdf", b"the court lifted its order")]
PEOPLE = {"ana": "analyst", "carl": "counsel", "rita": "releaser", "rolf": "releaser"}
CONFIRMED = {
    "facts": [
        {"name": "kind", "value": "subpoena.admin"},
        {"name": "issuer_country", "value": "us"},
        {"name": "gag_present", "value": False},
        {"name": "format_insecure", "value": False},
    ],
    "clauses": [
        {
            "categories": ["subscriber"],
            "targets": [
                {
                    "identifier": "a@b.example",
                    "customer_kind": PARTY,
                    "provider_role": "controller",
                    "gdpr_applies": False,
                }
            ],
        }
    ],
    "rest": True,
}
ROAD: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("receive", "ana", {}),
    ("read", "ana", {"facts": [], "clauses": []}),
    ("confirm", "ana", CONFIRMED),
    ("authenticate", "ana", {"how": "called back"}),
    ("preserve", "ana", {}),
    ("record-gag", "ana", {"gag": "the order itself", "until": "2026-11-20"}),
    ("assess", "ana", {"as_of": "2026-11-23"}),
    ("write-notice", "ana", {"party": PARTY}),
    ("end-gag", "carl", {"gag": "the order itself", "why": "its day has passed", "files": LIFTED}),
    ("notify", "carl", {"party": PARTY, "looked": True}),
    ("claim-emergency", "ana", {"cells": [[0, 0]]}),
    *(("check-emergency", "ana", {"check": check, **CALLED}) for check in sorted(CHECKS)),
    ("grant-emergency", "carl", {"why": "a life"}),
    ("plan", "ana", {}),
    ("prove", "ana", {"maps": True, "how": "read piece by piece", "by": "ana"}),
    ("test-disclosure", "carl", {"facts": {"recipient_country": "us"}}),
    ("approve", "rita", {}),
    ("approve", "rolf", {}),
    ("release", "rita", {}),
    ("deliver", "ana", {"how": "handed over sealed"}),
    ("record-paper", "ana", {"files": [("order.pdf", b"the order of the court")]}),
    ("close", "carl", {"reason": "answered"}),
)
"""Act, who does it, and what it brings."""


def let_in() -> dict[str, Actor]:
    """The people of the road, made once."""
    from django.contrib.auth import get_user_model

    people = {}
    for name, role in PEOPLE.items():
        user, _ = get_user_model().objects.get_or_create(username=name)
        Membership.objects.get_or_create(user=user, role=role)
        people[name] = acts.actor_for(user)
    return people


def go(people: Mapping[str, Actor], case: str, step: int, token: str) -> acts.Done | acts.Refused:
    """Take one step of the road on a case; the first opens it."""
    name, who, payload = ROAD[step]
    if name == "receive":
        return acts.receive(
            [("demand.pdf", b"the bytes of " + token.encode())],
            served_on=date(2026, 11, 12), channel="post", actor=people[who], token=token, now=NOW,
        )  # fmt: skip
    if name == "read":
        served = Document.objects.filter(case__number=case)
        payload = {**payload, "documents": [{"id": d.pk, "packet": {"documents": []}, "warnings": []} for d in served]}
    if name == "write-notice":
        latest = Assessment.objects.filter(case__number=case).first()
        payload = {**payload, "assessment": latest.pk, "letter": {}, "files": {"pdf": b"told", "docx": b"told"}}
    return acts.act(case, name, people[who], payload, token=token, now=NOW)
