"""The roads on which a crash is tried: between them every act of the table, each on a case that allows it.

What an act brings stands here alone. The law is small and its own (`small_law`), so that the grounds of a road are
those it names, whatever becomes of the library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from demur.docket import acts, privilege
from demur.docket.lifecycle import CHECKS, Actor
from demur.docket.models import Assessment, Case, Document, Membership

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SERVED, TODAY, LATER = "2026-11-12", "2026-11-23", "2026-12-03"
GAG, DANGER, ORG, PERSON = "the order itself", "a danger", "enterprise", "consumer"
WHY = {"why": "written down"}
PAPER = [("paper.pdf", b"what came with it")]
PEOPLE = {
    "ana": ["analyst"], "carl": ["counsel"], "olga": ["counsel"], "lea": ["lead"], "paul": ["privacy-officer"],
    "rita": ["releaser"], "rolf": ["releaser"], ORG: ["customer"], PERSON: ["customer"],
}  # fmt: skip
Brings = Mapping[str, Any] | Callable[[Case], Mapping[str, Any]]


@dataclass(frozen=True)
class Step:
    """One act of a road: who does it, what it brings, on which day; and whether it is killed here.

    An act is killed where it first stands on any road, and wherever it is `again` something else.
    """

    act: str
    who: str = "ana"
    brings: Brings | None = None
    on: str = TODAY
    again: bool = False

    @property
    def now(self) -> datetime:
        """The moment of the act, UTC."""
        return datetime.combine(date.fromisoformat(self.on), NOW.timetz())


def read(case: Case) -> Mapping[str, Any]:
    held = Document.objects.filter(case=case)
    documents = [{"id": d.pk, "packet": {"documents": []}, "warnings": []} for d in held]
    return {"documents": documents, "facts": [], "clauses": []}


def paper_of(case: Case) -> Mapping[str, Any]:
    return {"assessment": Assessment.objects.filter(case=case)[0].pk, "letter": {},
            "files": {"pdf": b"typeset", "docx": b"written"}}  # fmt: skip


def of_party(party: str) -> Callable[[Case], Mapping[str, Any]]:
    return lambda case: {**paper_of(case), "party": party}


def drafted(case: Case) -> Mapping[str, Any]:
    return {**paper_of(case), "kind": "objection"}


def given_out(case: Case) -> Mapping[str, Any]:
    return {**WHY, "what": privilege.papers_of(case)[0].what, "to": "the court"}


def confirmed(kind: str, whose: str, **more: Any) -> Mapping[str, Any]:
    """The facts of a demand of this kind for content of one target."""
    facts = {"kind": kind, "issuer_country": "us", "issuer_body": "A Court", "due_on": "2026-12-01",
             "gag_present": False, **more}  # fmt: skip
    role = "processor" if whose == ORG else "controller"
    target = {"identifier": "a@b.example", "customer_kind": whose, "provider_role": role, "gdpr_applies": False}
    clauses = [{"categories": [] if kind == "eu.dsa9" else ["content"], "targets": [target]}]
    return {"facts": [{"name": n, "value": v} for n, v in facts.items()], "clauses": clauses, "rest": True}


def assess(on: str, again: bool = False) -> Step:
    return Step("assess", brings={"as_of": on}, on=max(on, TODAY), again=again)


def opened(kind: str, whose: str, on: str = TODAY) -> tuple[Step, ...]:
    """Served, read, confirmed, the sender verified, assessed."""
    return (
        Step("receive"), Step("read", brings=read), Step("confirm", brings=confirmed(kind, whose)),
        Step("authenticate", brings={"how": "called back"}), assess(on),
    )  # fmt: skip


def told(whose: str) -> tuple[Step, ...]:
    return (Step("write-notice", brings=of_party(whose)), Step("notify", "carl", {"party": whose}))


def leaves(on: str = TODAY, by: str = "release") -> tuple[Step, ...]:
    """Planned, proven, tested, approved by two, released, delivered."""
    proof = (Step("prove", brings={"maps": True, "how": "read piece by piece", "by": "ana"}, on=on),)
    return (
        Step("plan", on=on), *(proof if by == "release" else ()),
        Step("test-disclosure", "carl", {"facts": {"recipient_country": "us"}}, on),
        Step("approve", "rita", on=on), Step("approve", "rolf", on=on, again=True), Step(by, "rita", on=on),
        Step("deliver", brings={"how": "handed over sealed"}, on=on),
    )  # fmt: skip


def emergency() -> tuple[Step, ...]:
    found = {"how": "asked", "number": "+1 202 555 0147"}
    return (
        *opened("edr", PERSON), *told(PERSON),
        Step("claim-emergency", brings={"cells": [[0, 0]]}), Step("deny-emergency", "carl", WHY),
        Step("claim-emergency", brings={"cells": [[0, 0]]}),
        *(Step("check-emergency", brings={"check": check, **found}) for check in sorted(CHECKS)),
        Step("grant-emergency", "carl", WHY), *leaves(),
    )  # fmt: skip


def gag(name: str, **more: Any) -> Mapping[str, Any]:
    return {"gag": name, **WHY, **more}


def at(ground: str, **more: Any) -> Mapping[str, Any]:
    return {"ground": ground, **WHY, **more}


NEW_LAW = {"rules": [{"rule": "small.left", "before": "holds", "after": "fails", "pieces": 1}]}
DENIED = at("small.raised", result="denied", forum="court", files=PAPER)
RESERVED = {"reserved": {"small.left": "it names nobody", "small.raised": "it gives no reason"}}
ROADS: Mapping[str, tuple[Step, ...]] = {
    # What comes first, and everything that bars telling.
    "silence": (
        *opened("subpoena.admin", ORG, SERVED),
        Step("preserve"), Step("end-preservation", "carl"),
        Step("add-document", brings={"files": PAPER}), Step("read", brings=read),
        Step("confirm", brings={"rest": True}), assess(SERVED, again=True),
        Step("law-changed", "demur"), assess(TODAY),
        Step("record-gag", brings=gag(GAG, review_on=TODAY)), Step("review-gag", "demur", gag(GAG)),
        Step("set-gag-end", "carl", gag(GAG, until="2026-12-20", files=PAPER)),
        Step("extend-gag", brings=gag(GAG, until="2027-01-20", files=PAPER)),
        Step("end-gag", "carl", gag(GAG, files=PAPER)),
        Step("record-danger", "carl", gag(DANGER, until="2026-12-20")), Step("sign-danger", "paul", gag(DANGER)),
        Step("lift-danger", "carl", gag(DANGER)), Step("lift-danger", "paul", gag(DANGER), again=True),
    ),
    "emergency": (*emergency(), Step("record-paper", brings={"files": PAPER})),
    # The customer, and every ground answered; released under protest.
    "protest": (
        *opened("subpoena.admin", ORG), *told(ORG),
        Step("redirect", brings={"party": ORG, "to": "A Court", "how": "post"}),
        Step("record-delivery", brings={"delivery": "1", "proof": "signed for", "received": True, "files": PAPER}),
        Step("join", ORG, {"party": ORG}), Step("leave", ORG, {"party": ORG}),
        Step("take-over", ORG, {"party": ORG}), Step("give-back", ORG, {"party": ORG}),
        Step("instruct", ORG, {"party": ORG}), Step("end-instruction", ORG, {"party": ORG}),
        Step("draft", brings=drafted), Step("disclose-privileged", "carl", given_out),
        Step("ask", brings=at("small.asked", until=TODAY)),
        Step("challenge", "carl", {"grounds": ["small.raised"], "form": "motion-to-quash", "forum": "court"}),
        Step("record-outcome", "carl", DENIED), Step("appeal", "carl", at("small.raised", forum="court")),
        Step("record-outcome", "carl", {**DENIED, "result": "narrowed"}, again=True),
        Step("confirm", brings={"rest": True}), assess(TODAY),
        Step("waive", "carl", at("small.waived")), Step("waive", "olga", at("small.waived"), again=True),
        Step("leave-unchallenged", "carl", {"grounds": ["small.left"], **WHY}),
        Step("stay", "carl", WHY), Step("end-stay", "carl", WHY),
        Step("answer-overdue", "demur", at("small.asked"), LATER),
        Step("fall-due", "demur", on=LATER), Step("extend", brings={"until": "2026-12-02"}, on=LATER),
        Step("fall-due", "demur", on=LATER, again=True), assess(LATER),
        Step("reserve", "carl", at("small.asked"), LATER),
        Step("reserve", "olga", at("small.asked"), LATER, again=True),
        Step("protest", "carl", RESERVED, LATER), *leaves(LATER),
        Step("record-breach", "lea", WHY, LATER), Step("close", "carl", {"reason": "answered"}, LATER),
    ),
    # One law compels what another forbids.
    "conflict": (
        *opened("warrant.sca", PERSON), *told(PERSON),
        Step("consent", PERSON, {"party": PERSON}), Step("end-instruction", PERSON, {"party": PERSON}),
        Step("fall-due", "demur", on=LATER), assess(LATER),
        Step("sign-conflict-lead", "lea", WHY, LATER), Step("sign-conflict-privacy", "paul", WHY, LATER),
        Step("plan", on=LATER), Step("refuse", "carl", WHY, LATER),
        Step("close", "carl", {"reason": "refused"}, LATER),
    ),
    "written off": (*emergency(), Step("write-off-paper", "lea", WHY)),
    # An order to act against an account, and nothing against it.
    "suspension": (
        *opened("eu.dsa9", PERSON), *told(PERSON), Step("declare-compelled", "carl"), *leaves(by="carry-out"),
    ),
    "forged": (
        *opened("edr", PERSON), Step("reject-as-forged", "carl", WHY),
        Step("close", "carl", {"reason": "forged"}, again=True),
    ),
    "withdrawn": (
        *opened("subpoena.admin", PERSON), *told(PERSON),
        Step("challenge", "carl", {"grounds": ["small.raised"], "form": "objection"}),
        Step("close", "carl", {"reason": "withdrawn"}, again=True),
        Step("note-new-law", "demur", NEW_LAW), Step("settle-new-law", "carl", {"touched": 1, **WHY}),
    ),
}  # fmt: skip


def killed() -> Mapping[str, frozenset[int]]:
    """For each road, the places of the steps that are killed on it."""
    seen: set[str] = set()
    found: dict[str, frozenset[int]] = {}
    for road, steps in ROADS.items():
        here = set()
        for at_, step in enumerate(steps):
            if step.again or step.act not in seen:
                here.add(at_)
                seen.add(step.act)
        found[road] = frozenset(here)
    return found


def under_small_law() -> None:
    """From here on this process knows no law but the small one."""
    import demur.law.library

    sys.modules[demur.law.library.__module__].HERE = Path(__file__).with_name("small_law")  # type: ignore[attr-defined]


def let_in() -> dict[str, Actor]:
    """The people of the roads, made once."""
    from django.contrib.auth import get_user_model

    people = {"demur": acts.DEMUR}
    for name, roles in PEOPLE.items():
        user, _ = get_user_model().objects.get_or_create(username=name)
        for role in roles:
            Membership.objects.get_or_create(user=user, role=role, forums=["court"])
        actor = acts.actor_for(user)
        people[name] = replace(actor, party=name) if roles == ["customer"] else actor
    return people


def brought(step: Step, number: str) -> Mapping[str, Any]:
    """What a step brings to the case with this number, as it stands."""
    if step.brings is None or isinstance(step.brings, Mapping):
        return step.brings or {}
    return step.brings(Case.objects.get(number=number))


def take(step: Step, people: Mapping[str, Actor], number: str, brings: Mapping[str, Any], token: str) -> acts.Done:
    """Take one step on a case; the first opens it. Raises AssertionError where the case refuses it."""
    who = people[step.who]
    if step.act == "receive":
        files = [("demand.pdf", b"the bytes of " + token.encode())]
        served = date.fromisoformat(SERVED)
        done = acts.receive(files, served_on=served, channel="post", actor=who, token=token, now=step.now)
    else:
        done = acts.act(number, step.act, who, brings, token=token, now=step.now)
    if not isinstance(done, acts.Done):
        raise AssertionError(f"{step.act}: {done}")
    return done
