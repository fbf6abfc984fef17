"""Who sees what: the table of secrecy, and that the docket's queries answer as it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from django.contrib.auth import get_user_model

from demur import paper
from demur.docket import acts, clerk, post
from demur.docket.lifecycle import NEW, ROLES, Actor, Bar, Cell, Ground, Party, State
from demur.docket.models import Act, Case, Document, ReminderSent, Told
from demur.docket.visible import SEE_ALL, rows, secrecy, sight, visible_cases, whole_cases

from .conftest import NOW, token

CELL: Cell = (0, 0)
ORG = Party("org", (CELL,))
PLAIN = NEW.but(received=True, authentic="yes", known="confirmed", assessed="current", cells=(CELL,), parties=(ORG,))
"""A case read, confirmed and assessed, before anybody was told."""
TOLD = PLAIN.but(parties=(replace(ORG, notice="told"),))


def gagged(state: State, gag_present: bool | None = False, statute: bool = False) -> bool:
    return secrecy(state, gag_present, statute).gagged


def test_a_case_whose_gag_is_confirmed_to_be_absent_is_not_gagged():
    assert not gagged(PLAIN)


@pytest.mark.parametrize("known", ["nothing", "read"])
def test_a_case_that_nobody_read_and_confirmed_counts_as_gagged(known):
    assert gagged(PLAIN.but(known=known))
    assert gagged(TOLD.but(known=known))


@pytest.mark.parametrize("assessed", ["no", "stale"])
def test_a_case_whose_statutes_were_not_looked_at_counts_as_gagged(assessed):
    assert gagged(PLAIN.but(assessed=assessed))


@pytest.mark.parametrize("fact", [True, None])
def test_a_gag_that_is_stated_or_not_known_to_be_absent_gags_without_being_recorded(fact):
    assert gagged(PLAIN, fact)


def test_a_statute_that_imposes_silence_by_itself_gags():
    assert gagged(PLAIN, False, statute=True)


@pytest.mark.parametrize("end", ["none", "certain", "unsigned"])
@pytest.mark.parametrize("state", [PLAIN, TOLD], ids=["before the notice", "after it"])
def test_a_bar_gags_until_it_ended(state, end):
    assert gagged(state.with_bar(Bar("gag", end)))


def test_a_gag_that_ended_hides_the_case_until_the_notice_is_out():
    over = Bar("gag", "past")
    assert gagged(PLAIN.with_bar(over))
    assert gagged(PLAIN.with_bar(over), True, statute=True)
    assert not gagged(TOLD.with_bar(over), True, statute=True)
    assert gagged(TOLD.with_bar(over).with_bar(Bar("another")))
    assert gagged(TOLD.with_bar(over).but(parties=(replace(ORG, notice="told"), Party("other"))))


def silenced(state: State, gag_present: bool | None = False) -> dict[str, bool]:
    return dict(secrecy(state, gag_present, False).told)


def test_a_bar_that_names_one_party_lets_the_others_hear_on():
    both = TOLD.but(parties=(replace(ORG, notice="told"), Party("person", notice="told")))
    assert silenced(PLAIN) == {}
    assert silenced(both, True) == {"org": True, "person": True}
    assert silenced(both) == {"org": False, "person": False}
    assert silenced(both.with_bar(Bar("danger", "certain", party="person"))) == {"org": False, "person": True}
    assert silenced(both.with_bar(Bar("danger", "certain", party="gone"))) == {"org": True, "person": True}
    assert silenced(both.but(known="nothing")) == {"org": True, "person": True}
    assert gagged(both.with_bar(Bar("danger", "certain", party="person")))


def test_a_gag_that_came_after_the_notice_gags_before_anybody_recorded_it():
    assert not gagged(TOLD, None)
    assert gagged(TOLD, True)


def due(state: State) -> bool:
    return secrecy(state, True, False).privacy_due


def test_the_privacy_officer_is_needed_only_for_an_act_of_theirs():
    forbids = PLAIN.but(grounds=(Ground("x", "disclosure", "hard"),), due=True)
    assert not due(PLAIN)
    assert due(PLAIN.with_bar(Bar("danger", "unsigned", "7")))
    assert not due(PLAIN.with_bar(Bar("danger", "unsigned", "7")).but(closed="withdrawn"))
    assert not due(PLAIN.with_bar(Bar("danger", "certain")))
    assert due(PLAIN.but(planned=True))
    assert not due(PLAIN.but(planned=True, tested=True))
    assert due(forbids)
    assert not due(forbids.but(conflict_privacy="7"))


# ------------------------------------------------------------------------------------------- on the docket


def _expected(role: str, case: Case, *, acted: bool, told: bool | None) -> str:
    if role in SEE_ALL:
        return "whole"
    if role == "privacy-officer":
        return "hidden" if case.gagged and not (case.privacy_due or acted) else "whole"
    if role == "customer":
        return {None: "hidden", True: "sealed", False: "whole"}[told]
    return "sealed" if role == "auditor" and not case.gagged else "hidden"


def test_the_queries_say_of_each_role_and_case_what_the_table_says(office, case):
    held = Case.objects.get(number=case)
    seen = set()
    for is_gagged, needed, acted, told in product(*((True, False),) * 3, (None, True, False)):
        Case.objects.update(gagged=is_gagged, privacy_due=needed)
        held.refresh_from_db()
        Act.objects.filter(case=held).update(person="me" if acted else "another")
        Told.objects.all().delete()
        if told is not None:
            Told.objects.create(case=held, party="org", silenced=told)
        for role in ROLES:
            me = Actor("me", frozenset({role}), party="org" if role == "customer" else "")
            expected = _expected(role, held, acted=acted, told=told)
            assert sight(me, held) == expected, (role, is_gagged, needed, acted, told)
            assert visible_cases(me).exists() is (expected != "hidden")
            assert whole_cases(me).exists() is (expected == "whole")
            assert rows(Document, me).exists() is (expected == "whole")
            seen.add(expected)
            # Another contact's party was not told, and nobody without a role sees anything.
            assert sight(Actor("me", frozenset({"customer"}), party="other"), held) == "hidden"
    assert sight(Actor("me", frozenset()), held) == "hidden"
    assert seen == {"whole", "sealed", "hidden"}


def test_of_several_roles_the_one_that_sees_most_counts(office, case):
    Case.objects.update(gagged=True)
    assert sight(Actor("me", frozenset({"auditor", "releaser"})), Case.objects.get()) == "whole"


def test_nobody_is_written_to_about_a_case_that_is_hidden_from_them(case, office, settings, mailoutbox):
    settings.MAIL_FROM = "demur@cloud.example"
    for name in ("paul", "lea"):
        get_user_model().objects.filter(username=name).update(email=f"{name}@cloud.example")
    held = Case.objects.get(number=case)
    for is_gagged, told in ((True, "lea"), (False, "paul")):
        Case.objects.update(gagged=is_gagged)
        held.refresh_from_db()
        word = ReminderSent.objects.create(case=held, key=told, role="privacy-officer", says="x", at=NOW)
        post.send_word(word, NOW)
        assert [m.to for m in mailoutbox] == [[f"{told}@cloud.example"]]
        mailoutbox.clear()


def _do(number: str, name: str, actor: Actor, **payload: object) -> Case:
    done = acts.act(number, name, actor, payload, token=token(), now=NOW)
    assert isinstance(done, acts.Done), str(done)
    return Case.objects.get(number=number)


def test_each_act_keeps_the_secrecy_on_the_case(office, case):
    ana, paul = office["ana"], office["paul"]
    assert Case.objects.get(number=case).gagged
    facts = [{"name": n, "clause": None, "target": None, "value": v}
             for n, v in {"kind": "subpoena.trial", "issuer_country": "us", "gag_present": False}.items()]  # fmt: skip
    assert _do(case, "confirm", ana, facts=facts, rest=True).gagged
    assert not _do(case, "assess", ana).gagged
    assert visible_cases(paul).exists()
    assert _do(case, "record-gag", ana, gag="an order that came later").gagged
    assert not visible_cases(paul).exists()
    assert _do(case, "add-document", ana, files=[("more.txt", b"more")]).gagged


def test_a_statute_that_silences_without_an_order_hides_the_case(office):
    done = acts.receive([("epoc.txt", b"x")], served_on=date(2026, 11, 12), actor=office["ana"], token=token(), now=NOW)
    facts = [{"name": n, "clause": None, "target": None, "value": v}
             for n, v in {"kind": "eu.epoc", "issuer_country": "fr", "gag_present": False}.items()]  # fmt: skip
    _do(done.case, "confirm", office["ana"], facts=facts, rest=True)
    assert _do(done.case, "assess", office["ana"]).gagged


def test_a_customer_sees_the_case_from_the_notice_on_and_nothing_new_of_it_under_a_later_gag(case, office):
    ana, carl = office["ana"], office["carl"]
    facts = [{"name": n, "clause": None, "target": None, "value": v}
             for n, v in {"kind": "subpoena.trial", "issuer_country": "us", "gag_present": False}.items()]  # fmt: skip
    clerk.read(case, ana, token=token(), now=NOW)
    _do(case, "authenticate", ana, how="called back")
    _do(case, "confirm", ana, facts=facts, rest=True)
    held = _do(case, "assess", ana, as_of=NOW.date().isoformat())
    (party,) = held.state["parties"]
    me = Actor("c", frozenset({"customer"}), party=party["name"])
    clerk.write_notice(case, me.party, ana, provider=paper.Party("Muster Cloud"), token=token(), now=NOW)
    assert sight(me, held) == "hidden"
    assert sight(me, _do(case, "notify", carl, party=me.party)) == "whole"
    assert sight(replace(me, party="another"), held) == "hidden"
    assert sight(me, _do(case, "record-gag", ana, gag="came later")) == "sealed"
    assert sight(me, _do(case, "end-gag", carl, gag="came later", why="the court lifted it", document=1)) == "whole"
