"""Each act on a real database: it works, and it refuses the wrong role, the wrong state and bad input."""

from __future__ import annotations

from datetime import date

import pytest

from demur.docket import acts, clerk, entries
from demur.docket.acts import ActError, Done, Refused, act, receive
from demur.docket.models import Act, Case, CaseFact, Document, Entry, Ground, OutboxEvent
from demur.docket.once import once, read_once
from demur.docket.standing import first_due, next_step, open_acts, standing, timeline
from demur.ledger import verify
from demur.ledger.entry import opens_body
from demur.paper import Party

from .conftest import NOW, SUBPOENA, token

FACTS = [
    {"name": "kind", "value": "subpoena.admin"},
    {"name": "issuer_country", "value": "us"},
    {"name": "issued_on", "value": "2026-11-09"},
    {"name": "due_on", "value": "2026-12-01"},
    {"name": "gag_present", "value": True},
]
CLAUSES = [
    {
        "categories": ["subscriber", "content"],
        "quote": "the content of all messages",
        "page": 1,
        "targets": [{"identifier": "someone@muster.example", "kind": "email"}],
    }
]


def do(case, name, actor, payload=None, *, key=None):
    return act(case, name, actor, payload or {}, token=key or token(), now=NOW)


def typed(case, office):
    """The facts typed in by hand and confirmed."""
    done = do(case, "confirm", office["ana"], {"facts": FACTS, "clauses": CLAUSES, "rest": True})
    assert isinstance(done, Done)
    return done


# ------------------------------------------------------------------------------------------- receive


def test_it_keeps_the_bytes_as_served(case):
    document = Document.objects.get(case__number=case)
    assert bytes(document.original.content) == SUBPOENA
    assert document.name == "subpoena.toml"


def test_a_file_nobody_can_read_still_becomes_a_case(office):
    done = receive([("../x/b\x00ad.pdf", b"\xff\x00broken")], served_on=date(2026, 11, 12), actor=office["ana"],
                   token=token(), now=NOW)  # fmt: skip
    assert isinstance(done, Done)
    document = Document.objects.get(case__number=done.case)
    assert (document.name, bytes(document.original.content)) == ("bad.pdf", b"\xff\x00broken")


def test_numbers_are_random_and_count_nothing(office):
    numbers = [
        receive([("a", b"x")], served_on=date(2026, 11, 12), actor=office["ana"], token=token(), now=NOW).case
        for _ in range(20)
    ]
    assert len(set(numbers)) == 20
    assert numbers != sorted(numbers)


def test_an_auditor_receives_nothing(office):
    refused = receive([("a", b"x")], served_on=date(2026, 11, 12), actor=office["aud"], token=token(), now=NOW)
    assert isinstance(refused, Refused)
    assert refused.missing[0].name == "role"
    assert not Case.objects.exists()
    assert not Entry.objects.exists()


def test_without_a_document_there_is_no_case(office):
    refused = receive([], served_on=date(2026, 11, 12), actor=office["ana"], token=token(), now=NOW)
    assert [m.name for m in refused.missing] == ["document-given"]


@pytest.mark.parametrize("wrong", [{"channel": "pigeon"}, {"served_on": date(2027, 1, 1)}])
def test_a_receipt_that_cannot_be_is_turned_down(office, wrong):
    with pytest.raises(ActError, match="hint:"):
        receive([("a", b"x")], **{"served_on": date(2026, 11, 12), **wrong}, actor=office["ana"], token=token(),
                now=NOW)  # fmt: skip
    assert not Case.objects.exists()


def test_the_same_token_opens_one_case(office):
    key = token()
    first, second = (
        receive([("a", b"x")], served_on=date(2026, 11, 12), actor=office["ana"], token=key, now=NOW) for _ in range(2)
    )
    assert (first.case, first.repeated, second.repeated) == (second.case, False, True)
    assert Case.objects.count() == Act.objects.count() == 1


# ------------------------------------------------------------------------------------------- every act alike


def test_an_act_an_entry_and_its_events_come_together(case, office):
    do(case, "authenticate", office["ana"], {"how": "called back"})
    recorded = Act.objects.get(case__number=case, name="authenticate")
    assert recorded.entry.kind == "act.authenticate"
    assert [e.name for e in recorded.events.all()] == ["case.authenticated"]
    assert Act.objects.count() == Entry.objects.count()


def test_an_entry_commits_to_its_body_and_shows_none_of_it(case):
    entry = Entry.objects.get()
    assert opens_body(bytes(entry.leaf), bytes(entry.body), bytes(entry.body_salt))
    assert case.encode() in bytes(entry.body)
    assert case.encode() not in bytes(entry.leaf)


def test_an_epoch_publishes_the_acts_among_covers(case, office, tmp_path):
    do(case, "preserve", office["ana"])
    assert entries.publish(tmp_path, now=NOW) == 1
    assert Entry.objects.filter(act__isnull=False, index__isnull=False).count() == 2
    assert Entry.objects.filter(index__isnull=False).count() == 64
    report = verify(tmp_path / "ledger")
    assert report.size == 64
    assert entries.publish(tmp_path, now=NOW) == 1
    assert verify(tmp_path / "ledger").size == 128
    assert (tmp_path / "ledger-keys").stat().st_mode & 0o077 == 0


def test_the_same_token_acts_once(case, office):
    key = token()
    first = do(case, "preserve", office["ana"], key=key)
    again = do(case, "preserve", office["ana"], key=key)
    assert isinstance(first, Done)
    assert again.repeated
    assert Act.objects.filter(name="preserve").count() == 1


def test_a_token_stands_for_one_act(case, office):
    key = token()
    do(case, "preserve", office["ana"], key=key)
    with pytest.raises(ActError, match="stands for another act"):
        do(case, "authenticate", office["ana"], {"how": "x"}, key=key)


def test_another_persons_token_tells_nothing_of_their_act(case, office):
    key = token()
    do(case, "preserve", office["ana"], key=key)
    assert isinstance(do(case, "authenticate", office["carl"], {"how": "called back"}, key=key), Done)


def test_what_was_worked_out_before_another_act_came_between_is_worked_out_again(case, office, monkeypatch):
    ahead = acts._ahead

    def slow(*given):
        made = ahead(*given)
        monkeypatch.setattr(acts, "_ahead", ahead)
        assert isinstance(do(case, "preserve", office["ana"]), Done)
        return made

    monkeypatch.setattr(acts, "_ahead", slow)
    assert [m.name for m in do(case, "preserve", office["carl"]).missing] == ["not-preserved"]
    assert Act.objects.filter(name="preserve").count() == 1


def test_rows_asked_for_again_and_again_are_read_once_and_seen_anew_afterwards(case, office, django_assert_num_queries):
    typed(case, office)
    held = Case.objects.get(number=case)
    with read_once(held):
        with django_assert_num_queries(1):
            assert [f.name for f in held.facts.all()] == [f.name for f in held.facts.all()]
        assert held.assessments.first() is None
        assert once(held, "key", lambda: 1) == once(held, "key", lambda: 2) == 1
        assert held.facts.filter(name="due_on").exists()
    do(case, "assess", office["ana"])
    assert held.assessments.first() is not None
    assert once(held, "key", lambda: 2) == 2


def test_tokens_of_any_length_are_told_apart(case, office):
    long = "c-user_is_a_very_long_name_of_a_fact" * 3
    for n, key in enumerate((f"{long}.1", f"{long}.2", "\0", "\ud800")):
        assert not do(case, "record-gag", office["ana"], {"gag": f"gag {n}"}, key=key).repeated
        assert do(case, "record-gag", office["ana"], {"gag": f"gag {n}"}, key=key).repeated


def test_text_that_no_database_takes_is_kept_as_far_as_it_is_text(case, office):
    done = do(case, "record-gag", office["ana"], {"gag": "a\0b \ud800 ü \U0001f512"})
    assert done.state.gags[0].name == "a\ufffdb \ufffd ü \U0001f512"
    do(case, "authenticate", office["ana"], {"how": "called \0 \udfff \ud83d\udd12"})
    assert Act.objects.get(name="authenticate").payload["how"] == "called \ufffd \ufffd \U0001f512"
    with pytest.raises(ActError, match="no case"):
        do("A\0B", "preserve", office["ana"])


def test_no_case_no_act(case, office):
    with pytest.raises(ActError, match="no case"):
        do("0000-0000-0000", "preserve", office["ana"])
    with pytest.raises(ActError, match="no act"):
        do(case, "abracadabra", office["ana"])
    with pytest.raises(ActError, match="no act"):
        do(case, "receive", office["ana"])


@pytest.mark.parametrize(
    "name",
    ["read", "authenticate", "reject-as-forged", "confirm", "preserve", "end-preservation", "record-gag", "assess",
     "draft", "close"],
)  # fmt: skip
def test_an_auditor_only_looks(case, office, name):
    with pytest.raises(ActError, match="no case"):  # nobody knows yet whether it is gagged
        do(case, name, office["aud"], {"documents": 1, "facts": "nonsense"})
    Case.objects.update(gagged=False)
    before = Case.objects.values().get()
    refused = do(case, name, office["aud"], {"documents": 1, "facts": "nonsense"})
    assert [m.name for m in refused.missing] == ["role"]
    assert Case.objects.values().get() == before


def test_a_refusal_says_what_is_missing_and_who_can_meet_it(case, office):
    refused = do(case, "close", office["carl"], {"reason": "answered"})
    assert {m.name for m in refused.missing} == {"may-end"}
    assert "hint: you: choose the reason that fits" in str(refused)
    assert OutboxEvent.objects.filter(name="case.closed").count() == 0


# ------------------------------------------------------------------------------------------- each act by itself


def test_authenticate_wants_to_know_how(case, office):
    assert [m.name for m in do(case, "authenticate", office["ana"]).missing] == ["how-verified"]
    assert do(case, "authenticate", office["ana"], {"how": "register"}).state.authentic == "yes"


def test_what_is_forged_goes_no_further(case, office):
    typed(case, office)
    assert [m.name for m in do(case, "reject-as-forged", office["ana"]).missing] == ["why-given"]
    do(case, "reject-as-forged", office["ana"], {"why": "domain four days old"})
    for name, payload in (("assess", {}), ("draft", {"kind": "objection"}), ("authenticate", {"how": "x"})):
        assert "is-live" in [m.name for m in do(case, name, office["carl"], payload).missing]
    assert [m.name for m in do(case, "close", office["carl"], {"reason": "answered"}).missing] == ["may-end"]
    assert do(case, "close", office["carl"], {"reason": "forged"}).state.closed == "forged"


def test_preservation_begins_and_ends(case, office):
    assert [m.name for m in do(case, "end-preservation", office["carl"]).missing] == ["is-preserved"]
    assert do(case, "preserve", office["ana"]).state.preserved
    assert [m.name for m in do(case, "preserve", office["ana"]).missing] == ["not-preserved"]
    assert [m.name for m in do(case, "end-preservation", office["ana"]).missing] == ["role"]
    assert not do(case, "end-preservation", office["carl"]).state.preserved


def test_each_gag_is_recorded_once(case, office):
    assert [m.name for m in do(case, "record-gag", office["ana"]).missing] == ["gag-named"]
    do(case, "record-gag", office["ana"], {"gag": "18 U.S.C. 2709(c)"})
    again = do(case, "record-gag", office["ana"], {"gag": "18 U.S.C. 2709(c)"})
    assert [m.name for m in again.missing] == ["gag-not-recorded"]
    assert len(do(case, "record-gag", office["ana"], {"gag": "court order"}).state.gags) == 2


def test_facts_are_set_and_confirmed_by_name(case, office):
    done = typed(case, office)
    assert done.state.confirmed
    fact = CaseFact.objects.get(case__number=case, name="due_on")
    assert (fact.value, str(fact.confirmed_by_id)) == ("2026-12-01", office["ana"].person)
    assert str(Case.objects.get(number=case).due_on) == "2026-12-01"


@pytest.mark.parametrize(
    "fact",
    [
        {"name": "colour", "value": "red"},
        {"name": "kind", "value": "pleading"},
        {"name": "due_on", "value": "soon"},
        {"name": "user_is_lawyer", "clause": 0, "target": 7, "value": True},
        {"name": "user_is_lawyer", "clause": 3, "target": 0, "value": True},
        {"name": "user_is_lawyer", "target": 0, "value": True},
        {"name": "due_on", "clause": 0, "value": "2026-12-01"},
        {"name": "importer_country", "value": "us"},
    ],
)
def test_a_fact_that_cannot_be_is_turned_down(case, office, fact):
    typed(case, office)
    before = Case.objects.values().get()
    with pytest.raises(ActError, match="hint:"):
        do(case, "confirm", office["ana"], {"facts": [fact]})
    assert Case.objects.values().get() == before


def test_confirming_fact_by_fact_ends_in_confirmed(case, office):
    assert not do(case, "confirm", office["ana"], {"facts": FACTS}).state.confirmed  # served_on waits
    assert do(case, "confirm", office["ana"], {"facts": [{"name": "served_on", "value": "2026-11-12"}]}).state.confirmed


def test_nothing_is_assessed_before_anything_is_known(case, office):
    assert {m.name for m in do(case, "assess", office["ana"]).missing} == {"was-read"}


def test_an_assessment_opens_the_grounds_that_hold_or_are_unknown(case, office):
    typed(case, office)
    done = do(case, "assess", office["ana"])
    assert done.state.assessed == "current"
    grounds = Ground.objects.filter(case__number=case)
    assert {g.key for g in grounds} == {g.key for g in done.state.grounds}
    assert any(g.rule.startswith("us.") and not g.unknown for g in grounds)
    assert {g.answer for g in grounds} == {"open"}


def test_an_order_that_asks_for_no_data_is_carried_out_not_released(case, office):
    said = [{"name": "kind", "value": "eu.dsa9"}, {"name": "issuer_country", "value": "fr"}]
    bare = [{"quote": "remove the page", "page": 1, "targets": [{"identifier": "https://page.example"}]}]
    do(case, "confirm", office["ana"], {"facts": said, "clauses": bare, "rest": True})
    assert do(case, "assess", office["ana"]).state.suspends
    do(case, "confirm", office["ana"], {"facts": said, "clauses": [{**bare[0], "categories": ["subscriber"]}]})
    assert not do(case, "assess", office["ana"]).state.suspends
    sanctions = [{"name": "kind", "value": "national.order"}, {"name": "suspension_demanded", "value": True}]
    do(case, "confirm", office["ana"], {"facts": sanctions, "clauses": bare})
    assert do(case, "assess", office["ana"]).state.suspends


def test_a_changed_fact_makes_the_assessment_stale(case, office):
    typed(case, office)
    do(case, "assess", office["ana"])
    same = do(case, "confirm", office["ana"], {"facts": [{"name": "gag_present", "value": True}]})
    assert same.state.assessed == "current"
    other = do(case, "confirm", office["ana"], {"facts": [{"name": "kind", "value": "warrant.sca"}]})
    assert other.state.assessed == "stale"
    assert "assessed-now" in [m.name for m in do(case, "draft", office["carl"], {"kind": "objection"}).missing]
    gone = {g.key for g in do(case, "assess", office["ana"]).state.grounds if g.answer == "cured"}
    assert gone
    assert gone == set(Ground.objects.filter(answer="cured").values_list("key", flat=True))


def test_an_assessment_as_of_no_day_is_turned_down(case, office):
    typed(case, office)
    with pytest.raises(ActError, match="no date"):
        do(case, "assess", office["ana"], {"as_of": "yesterday"})


def test_a_case_closes_when_nothing_is_open_and_everybody_was_told(case, office):
    clerk.read(case, office["ana"], token=token(), now=NOW)
    typed(case, office)
    do(case, "authenticate", office["ana"], {"how": "register"})
    do(case, "assess", office["ana"])
    party = do(case, "preserve", office["ana"]).state.parties[0].name
    lacking = [m.name for m in do(case, "close", office["carl"], {"reason": "answered"}).missing]
    assert lacking == ["may-end", "each-reasoned", "all-told"]
    assert [m.name for m in do(case, "close", office["carl"], {"reason": "withdrawn"}).missing] == ["all-told"]
    clerk.write_notice(case, party, office["ana"], provider=Party("Muster Cloud"), token=token(), now=NOW)
    assert "not-barred" in [m.name for m in do(case, "notify", office["carl"], {"party": party}).missing]
    why = "no court ordered it, and the agency withdrew it"
    do(case, "end-gag", office["carl"], {"gag": "demand", "why": why, "files": [("withdrawn.pdf", b"withdrawn")]})
    do(case, "assess", office["ana"], {"as_of": NOW.date().isoformat()})
    clerk.write_notice(case, party, office["ana"], provider=Party("Muster Cloud"), token=token(), now=NOW)
    assert do(case, "notify", office["carl"], {"party": party}).state.party(party).notice == "told"
    assert do(case, "close", office["carl"], {"reason": "withdrawn"}).state.closed == "withdrawn"
    assert "is-live" in [m.name for m in do(case, "preserve", office["ana"]).missing]
    assert Case.objects.get(number=case).closed == "withdrawn"


# ------------------------------------------------------------------------------------------- what pages ask


def test_the_standing_says_why_nothing_has_left(case, office):
    lines = standing(Case.objects.get(number=case))
    assert [x.name for x in lines] == [
        "authentic", "assessed", "answered", "told", "compelled", "proven", "released", "keys",
    ]  # fmt: skip
    assert next_step(Case.objects.get(number=case)).act == "read"
    typed(case, office)
    do(case, "authenticate", office["ana"], {"how": "register"})
    do(case, "assess", office["ana"])
    lines = {x.name: x for x in standing(Case.objects.get(number=case))}
    assert (lines["authentic"].state, lines["assessed"].state, lines["answered"].state) == ("done", "done", "now")
    assert lines["compelled"].state == "shut"
    assert next_step(Case.objects.get(number=case)).act == "draft"
    assert first_due(Case.objects.get(number=case)).on == date(2026, 12, 1)


def test_a_person_is_offered_the_acts_of_their_roles(case, office):
    offered = dict(open_acts(Case.objects.get(number=case), office["ana"]))
    assert offered["preserve"] == ()
    assert offered["assess"] == ("was-read",)
    assert "close" not in offered
    assert open_acts(Case.objects.get(number=case), office["aud"]) == []


def test_the_timeline_is_the_acts_in_order(case, office):
    do(case, "preserve", office["ana"])
    told = timeline(Case.objects.get(number=case))
    assert [(m.act, m.who) for m in told] == [("receive", "ana"), ("preserve", "ana")]


def test_an_actor_holds_what_the_register_says(office):
    assert office["olga"].roles == {"counsel", "releaser"}
    assert acts.DEMUR.roles == {"demur"}
