"""The database against the pure model: random acts by random people leave both in the same place."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from django.contrib.auth import get_user_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from demur.docket import acts, registers
from demur.docket.acts import ActError, Done, Refused
from demur.docket.lifecycle import ACTS, CHECKS, CLOSINGS, FORMS, RESULTS, Actor, Refusal, State, missing, perform
from demur.docket.models import Act, Case, Entry, Ground, Membership, OutboxEvent
from demur.docket.replay import assess_again, payload_of, replay
from demur.docket.standing import first_due
from demur.docket.states import state_from_json
from demur.docket.visible import secrecy_of
from demur.facts import vocabulary

from .conftest import NOW, token

TODAY = NOW.date()
PEOPLE = {
    "ana": ["analyst"], "carl": ["counsel"], "olga": ["counsel", "releaser"],
    "lea": ["lead", "releaser", "analyst"], "paul": ["privacy-officer", "releaser"], "aud": ["auditor"],
}  # fmt: skip
KINDS = ("subpoena.admin", "warrant.sca", "informal", "foreign.order", "edr")
CLAUSES = [
    {"categories": ["content"], "targets": [{"identifier": "a@x.example"}, {"identifier": "b@x.example"}]},
    {"categories": ["subscriber"], "targets": [{"identifier": "a@x.example", "customer_kind": "enterprise"}]},
]
PARTY = ("own-party", "party-untold", "notice-sealed", "redirect-due")
WHY = {"why": "written down", "to": "an auditor", "how": "called back", "until": "2026-12-31"}


def payloads(chance: Random, name: str, case: Case) -> dict:
    """What somebody might bring to this act, mostly with sense."""
    state = state_from_json(case.state)
    one = lambda values: chance.choice(list(values))  # noqa: E731
    keys = [g.key for g in state.grounds] or ["none"]
    standing = [g.key for g in state.grounds if not g.answered] or keys
    payload = dict(WHY) if chance.random() < 0.95 else {}
    if name == "confirm":
        kind = one((*KINDS, None))
        told = {"kind": kind, "issuer_country": "us", "gdpr_applies": False, "provider_country": "us"}
        facts = [{"name": n, "value": v} for n, v in told.items()] if kind else []
        payload |= {"facts": facts, "rest": (chance.random() < 0.7) or bool(kind)}
        if not case.clauses:
            payload["clauses"] = CLAUSES
    if name == "assess":
        payload["as_of"] = one((TODAY, TODAY, TODAY, TODAY - timedelta(days=400))).isoformat()
    if name in ("add-document", "record-paper"):
        payload["files"] = [("later.txt", b"a later letter")]
    if name in ("record-gag", "set-gag-end", "end-gag", "record-danger", "sign-danger"):
        payload["gag"] = one(("order", "statute", "danger"))
    if any(c.name in PARTY for c in ACTS[name].guard):
        payload |= {"party": one([p.name for p in state.parties] or ["nobody"]), "looked": True}
    if name in ("ask", "answer-overdue", "record-outcome", "appeal", "waive", "reserve"):
        payload |= {"ground": one(standing), "result": one((*RESULTS, "shrug")), "court": (chance.random() < 0.7)}
    if name in ("challenge", "leave-unchallenged"):
        payload |= {"grounds": [one(standing)], "form": one((*FORMS, "poem")), "forum": "court"}
    if name == "claim-emergency":
        payload["cells"] = [one((case.clauses and [[0, 0], [1, 0], [9, 9]]) or [[0, 0]])]
    if name == "test-disclosure" and chance.random() < 0.8:
        said = {f.name: SAID.get(f.type, next(iter(f.values), "")) for f in vocabulary().at("disclosure")}
        payload["facts"] = {**said, "derogation": "none"}
    return payload | {"kind": "none", "check": one(CHECKS), "reason": one(CLOSINGS), "maps": True}


SAID = {"bool": False, "int": 1}
LED = ("instruct", "write-notice", "notify", "redirect", "authenticate", "confirm", "assess",
       "declare-compelled", "plan", "prove", "test-disclosure", "approve", "release", "deliver")  # fmt: skip
"""Acts drawn more often, so that many runs get as far as a release."""


def already(s: State) -> dict[str, bool]:
    """Which of the acts that lead on have nothing left to do."""
    notices = [p.notice for p in s.parties]
    return {
        "confirm": s.confirmed,
        "assess": s.assessed == "current",
        "write-notice": "none" not in notices,
        "notify": "sealed" not in notices,
        "redirect": all(p.redirect != "due" for p in s.parties),
        "instruct": "told" not in notices or any(p.voice for p in s.parties),
        "test-disclosure": not s.proof,
        "declare-compelled": chance_is_slim(s),
    }


def chance_is_slim(s: State) -> bool:
    """Whether a ground stands against every piece."""
    return all(s.stands(cell) for cell in s.cells)


class TheDatabaseFollowsTheModel(TestCase):
    """Whatever is tried, by whomever, in whatever order."""

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32), length=st.integers(20, 60))
    def test_every_act_leaves_the_case_where_the_model_says(self, seed, length):
        chance = Random(seed)
        team = {}
        for name, roles in PEOPLE.items():
            user = get_user_model().objects.create_user(name)
            Membership.objects.bulk_create(Membership(user=user, role=role, forums=["court"]) for role in roles)
            team[name] = acts.actor_for(user)
        team["demur"] = acts.DEMUR
        for party in ("customer", "enterprise", "muster"):
            team[party] = Actor(f"contact of {party}", frozenset({"customer"}), party=party)
        started = acts.receive(
            [("demand.txt", b"as served")], served_on=date(2026, 11, 12), actor=team["ana"], token=token(), now=NOW
        )
        number, model, tokens = started.case, started.state, []
        names = [n for n in ACTS if n not in ("receive", "read", "draft")]
        for _ in range(length):
            if chance.random() < 0.1:
                # The register moves under the case: a target comes to a customer of its own, or leaves it.
                handles = chance.choice(({"email": ["b@x.example"]}, {"domain": ["x.example"]}, {}))
                muster = {"slug": "muster", "name": "Muster", "kind": "enterprise", "handles": handles}
                registers.put({"customers": [muster]}, team["lea"], NOW)
            case = Case.objects.get(number=number)
            done = already(model)
            able = [n for n in LED if not done.get(n) and any(not missing(model, n, who) for who in team.values())]
            if able and chance.random() < 0.8:
                # Go where the case can go: the later an act comes in a case, the rather.
                name = chance.choices(able, [1 + LED.index(n) ** 2 for n in able])[0]
            else:
                name = chance.choice(names)
            may = [who for who in team.values() if who.roles & ACTS[name].who]
            actor = chance.choice(may) if may and chance.random() < 0.95 else team["aud"]
            payload = payloads(chance, name, case)
            key = chance.choice(tokens) if tokens and chance.random() < 0.1 else token()
            counts = (Act.objects.count(), Entry.objects.count(), OutboxEvent.objects.count())
            try:
                acted = acts.act(number, name, actor, payload, token=key, now=NOW)
            except ActError as error:
                acted = None
                hinted = "hint:" in str(error)
                assert hinted
            if isinstance(acted, Done) and not acted.repeated:
                tokens.append(key)
                recorded = Act.objects.get(person=actor.person, token=key)
                step = perform(model, name, actor, payload_of(recorded))
                assert not isinstance(step, Refusal), f"the model refuses {name}: {step}"
                model = step.state
                assert [e.name for e in recorded.events.all()] == [e.name for e in step.events]
                assert Entry.objects.count() == counts[1] + 1
            else:
                assert counts == (Act.objects.count(), Entry.objects.count(), OutboxEvent.objects.count())
                if isinstance(acted, Refused):
                    assert acted.missing
                    assert all(m.what and m.who for m in acted.missing)
            case = Case.objects.get(number=number)
            assert state_from_json(case.state) == model
            assert case.closed == model.closed
            kept = secrecy_of(case, model)
            assert (case.gagged, case.privacy_due) == (kept.gagged, kept.privacy_due)
            assert dict(case.told.values_list("party", "silenced")).items() >= kept.told.items()
            assert case.gagged or not model.barred()
            first = first_due(case, NOW)
            assert (case.due_on, case.due_label) == ((first.on, first.label[:120]) if first else (None, ""))
            assert not any(model.silenced(t.party) for t in case.told.filter(silenced=False))
        assert replay(case) == model
        assert {g.key: g.answer for g in case.grounds.all()} == {g.key: g.answer for g in model.grounds}
        assert all(assess_again(a).same for a in case.assessments.all())
        assert list(case.acts.values_list("seq", flat=True)) == list(range(1, case.revision + 1))
        assert Ground.objects.filter(case=case).count() == len(model.grounds)
