"""The bounds of the walks: four people with their roles, a customer and a person, and what each act may bring."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from demur.docket.lifecycle import ACTS, CHECKS, CLOSINGS, RESULTS, Actor, Bar, Ground, Party

from .walk import Move, World, party_of

# Four people. Some hold roles for both halves of a two-person act, so that nothing but the guard keeps them apart.
AYA = Actor("aya", frozenset({"analyst", "counsel"}), frozenset({"court"}))
BEA = Actor("bea", frozenset({"counsel", "releaser"}))
CEM = Actor("cem", frozenset({"lead", "releaser", "privacy-officer"}), frozenset({"court"}))
DAN = Actor("dan", frozenset({"lead", "analyst", "releaser", "privacy-officer"}))
DEMUR = Actor("demur", frozenset({"demur"}))
OTTO = Actor("otto", frozenset({"operator", "auditor", "officer", "claimant"}))
STAFF = (AYA, BEA, CEM, DAN)

HARD = Ground("hard@0", "clause", "hard", 0, None, stays=True)
SOFT = Ground("soft", "demand", "soft")
ASKED = Ground("asked@1.0", "target", "hard", 1, 0, unknown=True)
SILENCE = Ground("silence", "gag", "soft")
BARS = Ground("forbids@0.1", "disclosure", "hard", 0, 1)


def variants(ground: Ground) -> tuple[Ground, ...]:
    """How an assessment may find a ground: an unknown one also as known, a bar on the disclosure also as unknown."""
    if ground.unknown:
        return (ground, replace(ground, force="soft"), replace(ground, unknown=False))
    if ground.against == "disclosure":
        return (ground, replace(ground, unknown=True))
    return (ground,)


def findings(grounds: tuple[Ground, ...]) -> list[dict[str, Any]]:
    """All that an assessment may find of these grounds."""
    chosen = product(*((None, *variants(g)) for g in grounds))
    return [{"grounds": tuple(g for g in some if g is not None)} for some in chosen]


def customer(party: str) -> Actor:
    """A contact who speaks for a party."""
    return Actor(f"contact of {party}", frozenset({"customer"}), party=party)


def world(
    *,
    clauses: int = 2,
    targets: int = 2,
    grounds: tuple[Ground, ...] = (HARD, SOFT, ASKED, BARS),
    bars: tuple[str, ...] = ("gag-1", "gag-2@org"),
    danger: str = "danger",
    emergency: bool = True,
    parties: int = 2,
    suspends: bool = False,
    acts: frozenset[str] = frozenset(ACTS),
    people: tuple[Actor, ...] = STAFF,
) -> World:
    """A world of these bounds. The first party is an organisation, the second a person whose data the provider
    controls; each target belongs to one of them."""
    cells = tuple(product(range(clauses), range(targets)))
    owned = [tuple(c for c in cells if c[1] % parties == n) for n in range(parties)]
    named = [
        Party("org", owned[0], redirect="due"),
        *(Party(f"person{n}", owned[n], controller=True) for n in range(1, parties)),
    ]
    grounds = tuple(g for g in grounds if any(g.covers(cell) for cell in cells))
    life = (owned[-1][-1],)
    brings: dict[str, list[dict[str, Any]]] = {name: [{}] for name in ACTS}
    why, law = {"why": "written"}, {"law": True}
    paper = {"documents": ["x"]}
    each_ground = [{"ground": g.key} for g in grounds]
    reserved = {g.key: "written" for g in grounds}
    each_bar = [{"gag": name} for name in bars]
    any_bar = [*each_bar, *([{"gag": danger}] if danger else [])]
    each_party = [{"party": p.name} for p in named]
    found = [
        {"grounds": tuple(g for g in chosen if g is not None)}
        for chosen in product(*((None, *variants(g)) for g in grounds))
    ]
    tests = [
        {"grounds": tuple(g for g in chosen if g is not None)}
        for chosen in product(*((None, *variants(g)) for g in grounds if g.against == "disclosure"))
    ]
    brings |= {
        "receive": [{"documents": ["x"]}],
        "add-document": [{"documents": ["x"]}],
        "record-paper": [{"documents": ["x"]}],
        "confirm": [{"complete": c, "changed": d} for c in (True, False) for d in (True, False)],
        "authenticate": [{"how": "called back"}],
        "deliver": [{"how": "sealed"}],
        "record-gag": [{**b, "party": party_of(b["gag"]), **u} for b in each_bar for u in ({}, {"until": "a day"})],
        "set-gag-end": [{**b, "until": "a day", **paper} for b in each_bar],
        "extend-gag": [{**b, "until": "a later day", "documents": ["x"]} for b in any_bar],
        "review-gag": any_bar,
        "end-gag": [{**b, **why, **paper} for b in any_bar],
        "record-danger": [{"gag": danger, "until": "a day", **why}] if danger else [],
        "sign-danger": [{"gag": danger}] if danger else [],
        "lift-danger": [{**b, **why} for b in any_bar],
        "assess": [*found, *({"grounds": (), "bars": (Bar(b, party=party_of(b)),)} for b in bars[:1])],
        "test-disclosure": tests,
        "write-notice": each_party,
        "notify": [{**p, "looked": True, **law} for p in each_party],
        "redirect": [{**p, **law} for p in each_party],
        **dict.fromkeys(("instruct", "consent", "end-instruction", "join", "leave", "take-over", "give-back"),
                        each_party),
        "record-delivery": [{"delivery": 1, "proof": "a message id"}],
        "draft": [{"kind": "objection"}],
        "disclose-privileged": [{"to": "an auditor", **why}],
        "ask": [{**g, "until": "a day"} for g in each_ground],
        "answer-overdue": each_ground,
        "appeal": [{**g, "forum": "court"} for g in each_ground],
        "challenge": [
            {"grounds": (g.key,), "form": form, "forum": "court", **law}
            for g in grounds
            for form in ("objection", "motion-to-quash", "gag-challenge")
        ],
        "record-outcome": [
            {**g, "result": result, "forum": "court", **paper} for g in each_ground for result in RESULTS
        ],
        **{name: [{**g, **why, **law} for g in each_ground] for name in ("waive", "reserve")},
        "leave-unchallenged": [{"grounds": (g.key,), **why, **law} for g in grounds],
        "extend": [{"until": "a day"}],
        "declare-compelled": [law],
        "prove": [{"maps": True}],
        **{name: [{**why, **law}] for name in ("refuse", "sign-conflict-lead", "sign-conflict-privacy")},
        "protest": [{"reserved": said, **law} for said in (reserved, dict.fromkeys(reserved, ""))],
        "claim-emergency": [{"cells": life}] if emergency else [],
        "check-emergency": [{"check": check, "how": "called"} for check in sorted(CHECKS)] if emergency else [],
        "grant-emergency": [{**why, **law}],
        "release": [law],
        "carry-out": [law],
        "close": [{"reason": reason} for reason in CLOSINGS],
        "note-new-law": [{"rules": ["a rule"]}],
        "settle-new-law": [{"touched": 1, **why}],
        **{name: [why] for name in ("reject-as-forged", "stay", "end-stay", "deny-emergency", "write-off-paper",
                                    "record-breach")},
    }  # fmt: skip
    former = [Actor(f"former contact of {p.name}", frozenset({"claimant"}), party=p.name) for p in named]
    actors = (*people, DEMUR, OTTO, *former, *(customer(p.name) for p in named))
    moves = [
        Move(act, actor, payload)
        for act, payloads in brings.items()
        if act in acts
        for payload in (*payloads, *lacking(payloads))
        for actor in actors
    ]
    return World(
        cells=cells,
        grounds={g.key: variants(g) for g in grounds},
        bars=(*bars, *([danger] if danger else [])),
        parties=tuple(named),
        signers=tuple(a.person for a in people),
        moves=tuple(moves),
        emergencies=(life,) if emergency else (),
        fixed={"suspends": True} if suspends else {},
    )


def lacking(payloads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a careless caller brings: each kind of payload with one thing left out, or said to be otherwise."""
    found: dict[str, dict[str, Any]] = {}
    for payload in payloads:
        for name in payload:
            less = {k: v for k, v in payload.items() if k != name}
            found[str(less)] = less
            if payload[name] is True:
                found[f"not {name}"] = {**payload, name: False}
            elif isinstance(payload[name], str) and name in ("reason", "result", "form", "forum", "check"):
                found[f"other {name}"] = {**payload, name: "something else"}
    return list(found.values())
