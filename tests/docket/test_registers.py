"""The registers: what they keep, whom they find behind a demand, and what follows on the case."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model

from demur.docket import acts, entries, matching, registerfile, registers
from demur.docket.acts import Done, Refused
from demur.docket.brings import demand_of, registers_moved
from demur.docket.lifecycle import Actor
from demur.docket.models import Act, Case, CaseFact, Contact, Customer, Delivery, Entry, Membership, RegisterChange
from demur.docket.registers import RegisterError
from demur.docket.replay import replay
from demur.docket.states import state_from_json
from demur.facts import Clause, Demand, Target

from .conftest import NOW, token

TODAY = NOW.date()
PAPERS = {"pdf": b"%PDF", "docx": b"PK"}
OPERATOR = Actor("operator", frozenset({"operator"}))
FILE = """
[[customers]]
slug = "clinic"
name = "Orchard Street Clinic"
kind = "enterprise"
country = "us"
data_country = "ie"
holder = "Example Cloud Ltd"
keys_held_by = "customer"
holds_secrets = true
controller = "county"
handles = { domain = ["Clinic.example."], tenant = ["7F-AA"], phone = ["+1 (609) 555-0142"], ip = ["192.0.2.0/24"] }

[[customers.contacts]]
name = "Dana Ortiz"
email = "dpo@clinic.example"
function = "data protection officer"

[[customers.contacts]]
name = "Front desk"
email = "desk@clinic.example"
above = "dpo@clinic.example"
wait_hours = 4

[[customers.promises]]
name = "notify-unless-barred"
source = "Services agreement, clause 7.2"
since = 2024-01-01
until = 2027-01-01

[[customers]]
slug = "county"
name = "County Health Authority"
kind = "public_sector"
country = "us"
handles = { domain = ["health.county.example"] }

[[customers.contacts]]
name = "Records office"
email = "records@county.example"

[[promises]]
name = "challenge-every-demand"
source = "Defending your data, 2020"
since = 2020-11-19

[[authorities]]
slug = "fairhaven-police"
name = "Fairhaven Police Department"
other_names = ["FPD"]
country = "us"
body = "police"
domains = ["police.fairhaven.example"]
call_back = ["+1 360 555 0117"]
kinds = ["subpoena.admin", "preserve.2703f"]
source = "invented for the test"
"""


@pytest.fixture
def kept(db):
    registers.put(registerfile.load(FILE), OPERATOR, NOW)


def ask(*identifiers, country="us", **facts):
    targets = tuple(Target(i, None) if isinstance(i, str) else Target(*i) for i in identifiers)
    return Demand({"issuer_country": country, **facts}, (Clause(targets),))


def found(*identifiers, day=TODAY):
    cells = matching.customers_of(ask(*identifiers), day)
    return [cells[0, n].slug if (0, n) in cells else "" for n in range(len(identifiers))]


# ------------------------------------------------------------------ whose data it is


@pytest.mark.parametrize(
    ("identifier", "whose"),
    [
        ("someone@clinic.example", "clinic"),
        ("Some.One@MAIL.clinic.EXAMPLE", "clinic"),
        ("https://portal.clinic.example:8443/records?x=1", "clinic"),
        ("7f-aa", "clinic"),
        ("+1 609 555 0142", "clinic"),
        ("192.0.2.77", "clinic"),
        ("192.0.2.64/26", "clinic"),
        ("nurse@health.county.example", "county"),
        ("someone@notclinic.example", ""),
        ("someone@clinic.example.evil", ""),
        ("192.0.3.1", ""),
        ("clinic", ""),
        (("7f-aa", "person"), ""),
        ("", ""),
    ],
)
def test_an_identifier_leads_to_the_customer_whose_handle_it_is(kept, identifier, whose):
    assert found(identifier) == [whose]


def test_the_closest_handle_counts(kept):
    more = {"slug": "branch", "name": "Branch", "kind": "enterprise", "handles": {
        "domain": ["branch.clinic.example"], "email": ["guest@clinic.example"], "ip": ["192.0.2.128/25"]}}  # fmt: skip
    registers.put({"customers": [more]}, OPERATOR, NOW)
    assert found("a@branch.clinic.example", "guest@clinic.example", "192.0.2.200", "192.0.2.7", "b@clinic.example") == [
        "branch", "branch", "branch", "clinic", "clinic",
    ]  # fmt: skip


def test_a_customer_who_left_before_the_service_is_none(kept):
    Customer.objects.filter(slug="clinic").update(until=TODAY)
    assert found("someone@clinic.example") == [""]
    assert found("someone@clinic.example", day=TODAY - timedelta(1)) == ["clinic"]


def test_many_identifiers_take_few_questions(kept, django_assert_max_num_queries):
    demand = ask(*(f"user{n}@clinic.example" for n in range(6000)))
    with django_assert_max_num_queries(4):
        assert len(matching.customers_of(demand, TODAY)) == 6000


# ------------------------------------------------------------------ on the case


def serve(office, *identifiers, facts=(), confirm=True):
    done = acts.receive([("d.txt", b"x")], served_on=TODAY, actor=office["ana"], token=token(), now=NOW)
    clauses = [{"categories": ["content"], "targets": [{"identifier": i} for i in identifiers]}]
    told = [{"name": "kind", "value": "subpoena.admin"}, {"name": "issuer_country", "value": "us"}, *facts]
    payload = {"facts": told, "clauses": clauses, "rest": confirm}
    assert isinstance(acts.act(done.case, "confirm", office["ana"], payload, token=token(), now=NOW), Done)
    return Case.objects.get(number=done.case)


def assess(office, case, **payload):
    done = acts.act(case.number, "assess", office["ana"], payload, token=token(), now=NOW)
    assert isinstance(done, Done)
    return done.state


def test_two_enterprises_are_two_parties_and_a_stranger_keeps_the_generic_one(kept, office):
    registers.put({"customers": [{"slug": "press", "name": "Press", "kind": "enterprise",
                                  "handles": {"domain": ["press.example"]}}]}, OPERATOR, NOW)  # fmt: skip
    case = serve(office, "a@clinic.example", "b@press.example", "c@clinic.example", "d@mail.example")
    state = assess(office, case)
    assert {p.name: p.cells for p in state.parties} == {
        "clinic": ((0, 0), (0, 2)), "press": ((0, 1),), "customer": ((0, 3),),
    }  # fmt: skip
    assert [p.redirect for p in state.parties] == ["due", "due", "no"]
    # Each has a notice of its own.
    notice = {"party": "press", "assessment": case.assessments.get().pk, "letter": {}, "files": PAPERS}
    assert isinstance(acts.act(case.number, "write-notice", office["ana"], notice, token=token(), now=NOW), Done)
    assert {p.name: p.notice for p in state_from_json(Case.objects.get(pk=case.pk).state).parties} == {
        "clinic": "none", "press": "sealed", "customer": "none",
    }  # fmt: skip
    # And what was done towards one stays done when the case is assessed again.
    assert {p.name: p.notice for p in assess(office, case).parties}["press"] == "sealed"


def test_the_facts_of_a_target_follow_from_the_register(kept, office):
    case = serve(office, "a@clinic.example", facts=[{"name": "served_on_entity", "value": "EXAMPLE CLOUD LTD"}])
    demand = demand_of(case)
    assert demand.clauses[0].targets[0].facts == {
        "customer_kind": "enterprise", "provider_role": "processor", "customer_country": "us", "data_country": "ie",
        "keys_held_by": "customer", "customer_law_firm_or_clinic": True, "data_for_public_authority": True,
        "notice_promised": True,
    }  # fmt: skip
    assert demand.facts["served_entity_holds_data"] is True
    # The clinic's own authority above it is a public body at home, and no foreign state.
    county = demand_of(serve(office, "a@health.county.example"))
    assert county.clauses[0].targets[0].facts["customer_is_foreign_state"] is False


@pytest.mark.parametrize("place", [{}, {"clause": 0, "target": 0}])
def test_a_persons_word_goes_before_the_register(kept, office, place):
    said = [{"name": "data_country", "value": "us", **place}, {"name": "customer_kind", "value": "consumer", **place}]
    case = serve(office, "a@clinic.example", facts=said)
    target = demand_of(case).clauses[0].targets[0]
    whole = {**demand_of(case).facts, **target.facts}
    assert (whole["data_country"], whole["customer_kind"], whole["keys_held_by"]) == ("us", "consumer", "customer")
    # Whose the data is does not change with its kind: nobody is sent to a consumer.
    party = assess(office, case).parties[0]
    assert (party.name, party.redirect) == ("clinic", "no")


def test_a_mere_reading_gives_way_to_the_register(kept, office):
    case = serve(office, "a@clinic.example", confirm=False)
    CaseFact.objects.create(case=case, name="data_country", clause=0, target=0, value="us", evidence={"page": 1})
    assert demand_of(case).clauses[0].targets[0].facts["data_country"] == "ie"


@pytest.mark.parametrize(("day", "promised"), [(date(2023, 12, 31), None), (date(2024, 1, 1), True),
                                               (date(2026, 12, 31), True), (date(2027, 1, 1), None)])  # fmt: skip
def test_a_promise_holds_from_its_first_day_to_the_last_before_its_end(kept, office, day, promised):
    target = demand_of(serve(office, "a@clinic.example"), day).clauses[0].targets[0]
    assert target.facts.get("notice_promised") is promised
    clinic = Customer.objects.get(slug="clinic")
    names = [p.name for p in matching.promises_of(clinic, day)]
    assert names == ["challenge-every-demand", *(["notify-unless-barred"] if promised else [])]


def test_what_was_matched_stands_in_the_act_and_replays_after_the_register_changed(kept, office):
    case = serve(office, "a@clinic.example")
    state = assess(office, case)
    recorded = Act.objects.get(case=case, name="assess").payload
    assert recorded["register"]["customers"]["clinic"]["data_country"] == "ie"
    assert recorded["parties"][0]["name"] == "clinic"
    record = registers.record_of(Customer.objects.get(slug="clinic"))
    registers.put({"customers": [{**record, "handles": {}}]}, OPERATOR, NOW)
    assert replay(Case.objects.get(pk=case.pk)) == state
    assert assess(office, case).parties[0].name == "customer"
    assert replay(Case.objects.get(pk=case.pk)).parties[0].name == "customer"


def test_an_answer_waits_until_the_case_is_assessed_by_the_registers_of_now(kept, office):
    case = serve(office, "a@clinic.example")
    acts.act(case.number, "authenticate", office["ana"], {"how": "called"}, token=token(), now=NOW)
    assess(office, case, as_of=TODAY)
    assert not registers_moved(Case.objects.get(pk=case.pk), TODAY)
    refuse = {"why": "see grounds"}
    record = registers.record_of(Customer.objects.get(slug="clinic"))
    registers.put({"customers": [{**record, "keys_held_by": "provider"}]}, OPERATOR, NOW)
    done = acts.act(case.number, "refuse", office["carl"], refuse, token=token(), now=NOW)
    assert isinstance(done, Refused)
    assert "law-of-today" in [m.name for m in done.missing]
    assess(office, case, as_of=TODAY)
    assert isinstance(acts.act(case.number, "refuse", office["carl"], refuse, token=token(), now=NOW), Done)


def test_the_word_goes_up_to_the_controller_and_begins_with_the_lowest_contact(kept):
    clinic = Customer.objects.get(slug="clinic")
    assert [c.email for c in matching.whom_to_tell(clinic, TODAY)] == ["desk@clinic.example", "records@county.example"]
    Contact.objects.filter(email="desk@clinic.example").update(until=TODAY)
    assert [c.email for c in matching.whom_to_tell(clinic, TODAY)] == ["dpo@clinic.example", "records@county.example"]
    assert matching.whom_to_tell(None, TODAY) == ()


def test_a_notice_goes_to_the_customer_and_up_and_the_authority_is_sent_to_both(kept, office):
    case = serve(office, "a@clinic.example", facts=[{"name": "gag_present", "value": False}])
    case.documents.update(packet={"documents": []})
    acts.act(case.number, "authenticate", office["ana"], {"how": "called"}, token=token(), now=NOW)
    assess(office, case, as_of=TODAY)
    notice = {"party": "clinic", "assessment": case.assessments.get().pk, "letter": {}, "files": PAPERS}
    for act, who, payload in (("write-notice", "ana", notice), ("notify", "carl", {"party": "clinic"}),
                              ("redirect", "ana", {"party": "clinic", "to": "FPD"})):  # fmt: skip
        done = acts.act(case.number, act, office[who], payload, token=token(), now=NOW)
        assert isinstance(done, Done), done
    told = Delivery.objects.filter(act__name="notify").values_list("contact__email", flat=True)
    assert sorted(told) == ["desk@clinic.example", "records@county.example"]
    assert Act.objects.get(case=case, name="redirect").payload["refers_to"] == ["clinic", "county"]


def test_a_demand_that_a_sub_processor_passes_on_enters_the_same_chain(kept, office):
    with pytest.raises(acts.ActError, match="hint: name the company"):
        acts.receive(
            [("d", b"x")], served_on=TODAY, channel="subprocessor", actor=office["ana"], token=token(), now=NOW
        )
    done = acts.receive([("d", b"x")], served_on=TODAY, channel="subprocessor", served_on_entity="Coldstore  B.V.",
                        actor=office["ana"], token=token(), now=NOW)  # fmt: skip
    case = Case.objects.get(number=done.case)
    assert demand_of(case).facts["served_on_entity"] == "Coldstore B.V."
    assert demand_of(case).facts["channel"] == "subprocessor"


# ------------------------------------------------------------------ the authority


@pytest.mark.parametrize(
    ("body", "country", "slug"),
    [
        ("FAIRHAVEN POLICE DEPARTMENT, Detective Bureau", "us", "fairhaven-police"),
        ("the Fairhaven Police Department", "", "fairhaven-police"),
        ("FPD", "us", "fairhaven-police"),
        ("Fairhaven Police Department", "gb", None),
        ("Fairhaven Police", "us", None),
        ("FPDX", "us", None),
        ("", "us", None),
    ],
)
def test_a_letterhead_leads_to_its_authority(kept, body, country, slug):
    authority = matching.authority_of(body, country)
    assert (authority.slug if authority else None) == slug


def test_a_name_that_two_could_bear_leads_to_neither(kept):
    twin = {"slug": "twin", "name": "Fairhaven Police Department", "country": "ca"}
    registers.put({"authorities": [twin]}, OPERATOR, NOW)
    assert matching.authority_of("Fairhaven Police Department", "") is None
    assert matching.authority_of("Fairhaven Police Department", "ca").slug == "twin"


@pytest.mark.parametrize(("kind", "power"), [("subpoena.admin", True), ("nsl", False), (None, None)])
@pytest.mark.parametrize(
    ("sender", "official"),
    [("From: Det. A <a@mail.police.fairhaven.example>", True), ("From: a@police-fairhaven.example", False), ("", None)],
)
def test_the_register_tells_of_power_sender_and_call_back(kept, office, kind, power, sender, official):
    facts = [{"name": "issuer_body", "value": "Fairhaven Police Department"}, {"name": "kind", "value": kind}]
    case = serve(office, "a@clinic.example", facts=facts)
    packet = {"documents": [{"facts": {"channel": {"quote": sender}}, "text": []}]}
    case.documents.update(packet=packet)
    told = demand_of(case).facts
    assert told.get("authority_has_power") is power
    assert told.get("sender_domain_official") is official
    assert told.get("callback_only_from_demand") is False


def test_an_unknown_authority_tells_nothing(kept, office):
    case = serve(office, "a@clinic.example", facts=[{"name": "issuer_body", "value": "Nobody"}])
    assert not {"authority_has_power", "callback_only_from_demand"} & demand_of(case).facts.keys()


def test_a_call_back_is_to_a_number_that_stands_not_in_the_letter(kept, office):
    case = serve(office, "a@clinic.example", facts=[{"name": "issuer_body", "value": "FPD"}])
    text = [{"page": 1, "text": "Call me at (360) 555 0199, or the desk at 360-555-0117"}]
    case.documents.update(packet={"documents": [{"facts": {}, "text": text}]})

    def verify(**payload):
        return acts.act(case.number, "authenticate", office["ana"], {"how": "asked for the officer", **payload},
                        token=token(), now=NOW)  # fmt: skip

    for wrong in ({"means": "call-back"}, {"means": "call-back", "number": "+1 360 555 0199"}, {"means": "telepathy"},
                  {"means": "call-back", "number": "the number below"}):  # fmt: skip
        with pytest.raises(acts.ActError, match="hint:"):
            verify(**wrong)
    assert not CaseFact.objects.filter(case=case, name="verified").exists()
    # The register's own number counts, even where the letter gives it too.
    assert isinstance(verify(means="call-back", number="+1 360 555 0117"), Done)
    assert demand_of(case).facts["verified"] is True
    recorded = Act.objects.get(case=case, name="authenticate").payload
    assert (recorded["authority"], recorded["number"]) == ("fairhaven-police", "+1 360 555 0117")


# ------------------------------------------------------------------ keeping


def test_every_change_commits_with_its_entry_and_nothing_else_makes_one(kept):
    kinds = list(Entry.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["register.customer", "register.customer", "register.authority", "register.promises"]
    change = RegisterChange.objects.get(slug="clinic")
    said = json.loads(bytes(change.entry.body))
    assert said["record"] == hashlib.sha256(entries.canonical(change.record)).hexdigest()
    assert (said["slug"], said["person"]) == ("clinic", "operator")
    assert registers.put(registerfile.load(FILE), OPERATOR, NOW) == ()
    assert Entry.objects.count() == 4


@pytest.mark.parametrize("as_json", [False, True])
def test_what_is_exported_is_what_is_imported(kept, as_json):
    text = registerfile.dump(registers.everything(), as_json)
    before = registers.everything()
    Customer.objects.update(controller=None)
    Customer.objects.all().delete()
    assert len(registers.put(registerfile.load(text), OPERATOR, NOW)) == 2
    assert registers.everything() == before


@pytest.mark.parametrize(
    ("old", "new", "where", "hint"),
    [
        ('kind = "enterprise"', 'kind = "firm"', 5, "one of"),
        ('country = "us"\ndata', 'country = "usa"\ndata', 6, "did you mean"),
        ("holds_secrets = true", 'holds_secrets = "maybe"', 10, "leave it out"),
        ('controller = "county"', 'controller = "nobody"', 11, "one of"),
        ('"Clinic.example."', '"com"', 12, "such as muster.example"),
        ("since = 2024-01-01", 'since = "soon"', 28, "write a date"),
        ("until = 2027-01-01", "until = 2023-01-01", 29, "first day without"),
        ('email = "desk@clinic.example"', 'email = "desk"', 21, "name@example.org"),
        ('above = "dpo@clinic.example"', 'above = "desk@clinic.example"', 22, "at the top"),
        ("wait_hours = 4", "wait_hours = 0", 23, "from 1 to 720"),
        ('name = "County Health Authority"', 'colour = "red"', 33, "did you mean country"),
        ('["health.county.example"]', '["clinic.example"]', 36, "take it away there"),
        ('slug = "county"', 'slug = "public_sector"', 32, "short name"),
        ("call_back = [", "call_backs = [", 54, "did you mean call_back"),
        ('source = "invented for the test"', "", 54, "never the letter"),
        ('kinds = ["subpoena.admin"', 'kinds = ["subpoena.gad"', 55, "did you mean"),
        ('name = "challenge-every-demand"', 'name = "be-nice"', 43, "one of"),
        ('[[authorities]]', '[[authority]]', 47, "did you mean authorities"),
        ('name = "Orchard', "name = Orchard", 4, "mend the TOML"),
    ],
)  # fmt: skip
def test_a_bad_file_changes_nothing_and_says_which_line(db, old, new, where, hint):
    text = FILE.replace(old, new)
    assert text != FILE
    with pytest.raises(RegisterError) as refused:
        registers.put(registerfile.load(text), OPERATOR, NOW)
    flaws = refused.value.flaws
    assert any(hint in f.what for f in flaws), [f.what for f in flaws]
    at = [registerfile.line_of(text, f) for f in flaws if hint in f.what]
    assert where in at or any(f"line {where}" in f.what for f in flaws), at
    assert not Customer.objects.exists()
    assert not Entry.objects.exists()


def test_a_flaw_in_json_has_its_line_too(kept):
    text = registerfile.dump(registers.everything(), as_json=True).replace('"dpo@clinic.example"', '"dpo"', 1)
    with pytest.raises(RegisterError) as refused:
        registers.put(registerfile.load(text), OPERATOR, NOW)
    lines = text.splitlines()
    assert any('"dpo"' in lines[registerfile.line_of(text, f) - 1] for f in refused.value.flaws)
    with pytest.raises(RegisterError, match="line 2"):
        registerfile.load('{"customers":\n oops}')


@pytest.mark.parametrize("who", ["ana", "aud"])
def test_an_analyst_or_auditor_changes_no_register(kept, office, who):
    before = Entry.objects.count()
    with pytest.raises(RegisterError, match="your roles"):
        registers.put({"promises": []}, office[who], NOW)
    assert Entry.objects.count() == before


def test_whoever_was_written_to_stays_on_record(kept, office):
    case = serve(office, "a@clinic.example")
    contact = Contact.objects.get(email="desk@clinic.example")
    Delivery.objects.create(act=case.acts.first(), number=1, contact=contact, to=contact.email, how="mail", at=NOW)
    record = registers.record_of(Customer.objects.get(slug="clinic"))
    record["contacts"] = [c for c in record["contacts"] if c["email"] != contact.email]
    with pytest.raises(RegisterError, match="until when"):
        registers.put({"customers": [record]}, OPERATOR, NOW)


def test_a_contact_signs_in_only_as_a_customers_account(kept):
    user = get_user_model().objects.create_user("ortiz")
    record = registers.record_of(Customer.objects.get(slug="clinic"))
    record["contacts"][1]["user"] = "ortiz"
    with pytest.raises(RegisterError, match="let them in"):
        registers.put({"customers": [record]}, OPERATOR, NOW)
    Membership.objects.create(user=user, role="customer")
    registers.put({"customers": [record]}, OPERATOR, NOW)
    assert Contact.objects.get(user=user).email == "dpo@clinic.example"
