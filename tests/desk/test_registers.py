"""The pages of the registers, the customer's own page, and the link that says a paper arrived."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from demur.desk import people
from demur.docket import acts, customers, registers
from demur.docket.acts import Done
from demur.docket.lifecycle import Actor
from demur.docket.models import (
    Act,
    Assessment,
    Authority,
    Case,
    CaseFact,
    Contact,
    Customer,
    Delivery,
    Entry,
    Membership,
    RegisterChange,
)
from demur.docket.states import state_from_json

from .conftest import NOW, PASSWORD, token

TODAY = NOW.date()
OPERATOR = Actor("operator", frozenset({"operator"}))
CLINIC = {
    "slug": "clinic", "name": "Orchard Street Clinic", "kind": "enterprise", "country": "us", "data_country": "ie",
    "handles": {"domain": ["clinic.example"]},
    "contacts": [{"name": "Dana Ortiz", "email": "dpo@clinic.example", "user": "cust"},
                 {"name": "Front desk", "email": "desk@clinic.example", "above": "dpo@clinic.example"}],
    "promises": [{"name": "notify-unless-barred", "source": "DPA clause 7", "since": "2024-01-01"}],
}  # fmt: skip
PRESS = {"slug": "press", "name": "Lane Press", "kind": "enterprise", "handles": {"domain": ["press.example"]}}
SECRET = "a-secret-of-more-than-twenty-four-letters"


@pytest.fixture
def kept(office):
    registers.put({"customers": [CLINIC, PRESS]}, OPERATOR, NOW)


def text(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# ------------------------------------------------------------------ the registers


@pytest.mark.parametrize("who", ["ana", "carl", "lea", "paul", "otto"])
def test_who_works_with_the_registers_reads_them(sign_in, kept, who):
    client = sign_in(who)
    assert "Orchard Street Clinic" in text(client.get("/customers/"))
    page = text(client.get("/customers/clinic/"))
    assert "Dana Ortiz" in page
    assert "DPA clause 7" in page
    assert "Told first: Front desk" in page


@pytest.mark.parametrize("page", ["/customers/new/", "/customers/clinic/change/", "/customers/promises/",
                                  "/authorities/new/"])  # fmt: skip
def test_an_analyst_changes_nothing(sign_in, kept, page):
    client, before = sign_in("ana"), Entry.objects.count()
    assert client.get(page).status_code == client.post(page, {"name": "X", "kind": "consumer"}).status_code == 403
    assert Entry.objects.count() == before
    assert "/change/" not in client.get("/customers/clinic/").content.decode()


@pytest.mark.parametrize("page", ["/customers/", "/customers/clinic/", "/authorities/", "/customers.json"])
@pytest.mark.parametrize("who", ["aud", "cust", "nora"])
def test_nobody_else_reads_a_register(sign_in, kept, who, page):
    assert sign_in(who).get(page).status_code == 403


def test_a_customer_is_found_by_what_a_demand_calls_it(sign_in, kept):
    client = sign_in("ana")
    assert [r["slug"] for r in client.get("/customers.json?q=clinic.example").json()["customers"]] == ["clinic"]
    assert "press.example" in client.get("/customers.csv").content.decode()


NEW = {
    "name": "Mill Creek Tenants Union", "kind": "enterprise", "country": "us", "handles-domain": "Tenants.example\r\n",
    "contacts-0-name": "Ida", "contacts-0-email": "ida@tenants.example", "contacts-0-wait_hours": "12",
    "contacts-1-name": "", "contacts-1-email": "", "contacts-1-wait_hours": "24",
    "promises-0-name": "redirect-first", "promises-0-source": "Terms 4", "promises-0-since": "2025-01-01",
}  # fmt: skip


def test_a_customer_is_added_on_one_page_with_one_entry(sign_in, kept):
    client, before = sign_in("otto"), Entry.objects.count()
    assert client.get("/customers/new/").status_code == 200
    assert client.post("/customers/new/", NEW)["Location"] == "/customers/mill-creek-tenants-union/"
    held = Customer.objects.get(slug="mill-creek-tenants-union")
    assert [h.value for h in held.handles.all()] == ["tenants.example"]
    assert [(c.email, c.wait_hours) for c in held.contacts.all()] == [("ida@tenants.example", 12)]
    assert held.promises.get().source == "Terms 4"
    assert Entry.objects.count() == before + 1
    change = RegisterChange.objects.first()
    assert (change.slug, change.person, change.entry.kind) == (held.slug, _person("otto"), "register.customer")
    assert "Otto" in text(client.get("/customers/mill-creek-tenants-union/"))


def _person(name: str) -> str:
    return str(Membership.objects.get(user__username=name).user_id)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"handles-domain": "clinic.example"}, "belongs to clinic"),
        ({"contacts-0-email": "ida"}, "name@example.org"),
        ({"contacts-0-above": "boss@tenants.example"}, "no contact boss@tenants.example"),
        ({"promises-0-since": ""}, "since is missing"),
        ({"kind": "guild"}, "one of"),
        ({"name": "Orchard Street Clinic", "slug": "clinic"}, "in the register already"),
        ({"name": "Enterprise"}, "a meaning of its own"),
        ({"name": ""}, "name is missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_changes_nothing_and_stays_typed(sign_in, kept, wrong, says):
    client, before = sign_in("lea"), Entry.objects.count()
    answer = client.post("/customers/new/", {**NEW, **wrong})
    assert answer.status_code == 400
    assert says in text(answer).replace("&#x27;", "'")
    assert b'value="Terms 4"' in answer.content
    assert answer.content.count(says.encode()) == 1
    assert Entry.objects.count() == before
    assert Customer.objects.count() == 2


def test_a_change_shows_all_that_is_kept_and_loses_none_of_it(sign_in, kept):
    client = sign_in("carl")
    page = client.get("/customers/clinic/change/").content.decode()
    form = dict(re.findall(r'<input id="[^"]+" name="([^"]+)" value="([^"]*)"', page))
    form |= {n: v.strip() for n, v in re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>([^<]*)', page)}
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        form[name] = chosen[1] if chosen else ""
    before = registers.record_of(Customer.objects.get(slug="clinic"))
    entries = Entry.objects.count()
    assert client.post("/customers/clinic/change/", form)["Location"] == "/customers/clinic/"
    assert registers.record_of(Customer.objects.get(slug="clinic")) == before
    assert Entry.objects.count() == entries
    client.post("/customers/clinic/change/", {**form, "keys_held_by": "customer", "holds_secrets": "True"})
    after = registers.record_of(Customer.objects.get(slug="clinic"))
    assert after == {**before, "keys_held_by": "customer", "holds_secrets": True}


def test_an_authority_is_kept_with_where_its_number_was_looked_up(sign_in, kept):
    client = sign_in("paul")
    given = {"name": "Fairhaven Police", "country": "us", "call_back": "+1 360 555 0117", "kinds": ["subpoena.admin"]}
    refused = client.post("/authorities/new/", given)
    assert refused.status_code == 400
    assert "never the letter" in text(refused)
    assert (
        client.post("/authorities/new/", {**given, "source": "its own page"})["Location"]
        == "/authorities/fairhaven-police/"
    )
    assert Authority.objects.get().kinds == ["subpoena.admin"]
    page = text(sign_in("ana").get("/authorities/fairhaven-police/"))
    assert "+1 360 555 0117" in page
    assert "Administrative subpoena" in page


def test_what_was_promised_to_all_stands_with_every_customer(sign_in, kept):
    client = sign_in("lea")
    given = {"promises-0-name": "challenge-every-demand", "promises-0-source": "Our word of 2020",
             "promises-0-since": "2020-11-19"}  # fmt: skip
    assert client.post("/customers/promises/", {**given, "promises-0-since": "x"}).status_code == 400
    assert client.post("/customers/promises/", given).status_code == 302
    assert "to every customer: Our word of 2020" in text(client.get("/customers/press/"))


# ------------------------------------------------------------------ on the case


def test_the_case_shows_what_the_registers_know_and_what_does_not_fit(sign_in, office, kept):
    board = {"slug": "board", "name": "Harbor Licensing Board", "country": "us", "call_back": ["+1 360 555 0117"],
             "kinds": ["cid"], "domains": ["harbor.example"], "source": "its own page"}  # fmt: skip
    registers.put({"authorities": [board]}, OPERATOR, NOW)
    case = demand(office, "a@clinic.example", "b@mail.example")
    case.documents.update(packet={"documents": [{"role": "demand", "pages": [1], "text": [], "clauses": [], "facts": {
        "channel": {"quote": "From: A <a@harbor-board.example>"}}}], "warnings": []})  # fmt: skip
    page = text(sign_in("ana").get(f"/cases/{case.number}/"))
    for said in (
        "Call back: +1 360 555 0117 , never a number from the letter",
        "to Orchard Street Clinic: DPA clause 7",
        "Told first: Front desk",
        "Orchard Street Clinic 1 piece",
        "Harbor Licensing Board is not known to issue this",
        "The mail came from harbor-board.example; the register knows harbor.example",
    ):
        assert said in page, said
    # The mail was read only now, so the assessment is behind what the registers say.
    assert "The registers changed since this was assessed" in page


def test_a_sender_is_called_back_on_the_number_of_the_register(sign_in, office, kept):
    board = {"slug": "board", "name": "Harbor Licensing Board", "country": "us", "call_back": ["+1 360 555 0117"],
             "source": "its own page"}  # fmt: skip
    registers.put({"authorities": [board]}, OPERATOR, NOW)
    case, client = demand(office, "a@clinic.example", verified=False), sign_in("ana")
    assert 'value="+1 360 555 0117"' in client.get(f"/cases/{case.number}/").content.decode()
    where, given = f"/cases/{case.number}/acts/authenticate/", {"means": "call-back", "how": "the clerk confirmed it"}
    assert client.post(where, {**given, "token": "1"}).status_code == 400
    client.post(where, {**given, "number": "+1 360 555 0117", "token": "2"})
    recorded = Act.objects.get(case=case, name="authenticate").payload
    assert (recorded["number"], recorded["authority"], recorded["means"]) == ("+1 360 555 0117", "board", "call-back")
    # The grounds that waited for it are decided at once.
    assert Assessment.objects.filter(case=case).first().demand["verified"] is True


def test_a_demand_passed_on_by_a_sub_processor_names_it_at_the_door(sign_in, office):
    client = sign_in("ana")
    file = SimpleUploadedFile("order.txt", b"an order")
    given = {"document": file, "served_on": "2026-11-12", "channel": "subprocessor", "token": "door"}
    assert "name the company that was served" in text(client.post("/receive/", given))
    given["document"] = SimpleUploadedFile("order.txt", b"an order")
    client.post("/receive/", {**given, "served_on_entity": "Coldstore B.V."})
    fact = CaseFact.objects.get(name="served_on_entity")
    assert (fact.value, fact.evidence) == ("Coldstore B.V.", {"from": "docket"})


# ------------------------------------------------------------------ the customer's own page


def demand(office, *identifiers, told=(), verified=True):
    """A case on these identifiers whose parties named in `told` were told; no gag stands in it."""
    ana = acts.actor_for(office["ana"])

    def do(number, act, who=ana, **payload):
        done = acts.act(number, act, who, payload, token=token(), now=NOW)
        assert isinstance(done, Done), (act, done)
        return done

    number = acts.receive([("letter.txt", b"x")], served_on=TODAY, actor=ana, token=token(), now=NOW).case
    clauses = [{"categories": ["content"], "targets": [{"identifier": i} for i in identifiers]}]
    facts = [{"name": n, "value": v} for n, v in (
        ("kind", "subpoena.admin"), ("issuer_country", "us"), ("issuer_body", "Harbor Licensing Board"),
        ("gag_present", False))]  # fmt: skip
    document = Case.objects.get(number=number).documents.get().pk
    packet = {"documents": [], "warnings": []}
    do(number, "read", documents=[{"id": document, "packet": packet, "warnings": []}], facts=[], clauses=[])
    if verified:
        do(number, "authenticate", how="called back")
    do(number, "confirm", facts=facts, clauses=clauses, rest=True)
    do(number, "assess")
    for party in told:
        assessment = Assessment.objects.get(case__number=number).pk
        files = {"pdf": f"%PDF-{party}".encode(), "docx": b"PK"}
        do(number, "write-notice", party=party, assessment=assessment, letter={}, files=files)
        do(number, "notify", acts.actor_for(office["carl"]), party=party)
    return Case.objects.get(number=number)


def test_a_contact_sees_the_cases_that_their_customer_was_told_of_and_no_trace_of_others(sign_in, office, kept):
    mine = demand(office, "a@clinic.example", "b@press.example", told=["clinic", "press"])
    untold = demand(office, "c@clinic.example")
    others = demand(office, "d@press.example", told=["press"])
    client = sign_in("cust")
    page = text(client.get("/mine/"))
    assert mine.number in page
    assert untold.number not in page
    assert others.number not in page
    shown = text(client.get(f"/mine/{mine.number}/"))
    assert "a@clinic.example" in shown
    assert "press" not in shown.lower()
    assert "Harbor Licensing Board" in shown
    for number in (untold.number, others.number, "0000-0000-0000"):
        missing = client.get(f"/mine/{number}/")
        assert missing.status_code == 404
        assert number not in text(missing)
        assert client.post(f"/mine/{number}/acts/join/", {"token": "x"}).status_code == 404
    # Nothing privileged: neither the law's findings nor what others wrote.
    assert not re.search(r"waiver|ground of|U\.S\.C\.|\brule\b", shown)


def test_what_cannot_be_said_any_more_is_not_said(sign_in, office, kept):
    case = demand(office, "a@clinic.example", told=["clinic"])
    ana = acts.actor_for(office["ana"])
    assert isinstance(acts.act(case.number, "record-gag", ana, {"gag": "order"}, token=token(), now=NOW), Done)
    client = sign_in("cust")
    assert "nothing more can be said about it now" in text(client.get("/mine/")).lower()
    page = text(client.get(f"/mine/{case.number}/"))
    assert "Nothing more can be said about it now" in page
    for word in ("Harbor", "a@clinic.example", "gag", "order", "Tested against"):
        assert word not in page


def test_an_instruction_is_asked_for_twice_and_done_once(sign_in, office, kept):
    case = demand(office, "a@clinic.example", "b@press.example", told=["clinic", "press"])
    client, where = sign_in("cust"), f"/mine/{case.number}/acts/instruct/"
    assert "Instruct the provider to disclose" in text(client.get(f"/mine/{case.number}/"))
    once = client.post(where, {"token": "t", "why": "we gave it ourselves"})
    assert once.status_code == 200
    assert "a@clinic.example" in text(once)
    assert "press.example" not in text(once)
    assert _voice(case, "clinic") == ""
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', once.content.decode()))
    for unsure in (form, {**form, "sure": "1", "seen": "0" * 16}):
        assert client.post(where, unsure).status_code == 200
    assert _voice(case, "clinic") == ""
    assert client.post(where, {**form, "sure": "1"}).status_code == 302
    client.post(where, {**form, "sure": "1"})
    assert (_voice(case, "clinic"), _voice(case, "press")) == ("instructs", "")
    act = Act.objects.get(case=case, name="instruct")
    assert (act.payload, act.roles) == ({"party": "clinic", "why": "we gave it ourselves"}, ["customer"])
    page = text(client.get(f"/mine/{case.number}/"))
    assert "you told the provider to disclose" in page
    client.post(f"/mine/{case.number}/acts/end-instruction/", {"token": "u"})
    assert _voice(case, "clinic") == ""


def _voice(case, party):
    return state_from_json(Case.objects.get(pk=case.pk).state).party(party).voice


def test_a_customer_joins_and_leaves_the_challenge(sign_in, office, kept):
    case = demand(office, "a@clinic.example", told=["clinic"])
    client = sign_in("cust")
    for act, stance in (("join", "joined"), ("leave", ""), ("take-over", "leads"), ("give-back", "")):
        client.post(f"/mine/{case.number}/acts/{act}/", {"token": act})
        assert state_from_json(Case.objects.get(pk=case.pk).state).party("clinic").stance == stance
    assert client.post(f"/mine/{case.number}/acts/waive/", {"token": "w"}).status_code == 404


def test_who_speaks_for_several_customers_speaks_for_one_at_a_time(sign_in, office, kept):
    contact = {"name": "Dana", "email": "d@press.example", "user": "cust"}
    registers.put({"customers": [{**PRESS, "contacts": [contact]}]}, OPERATOR, NOW)
    case = demand(office, "a@clinic.example", "b@press.example", told=["clinic", "press"])
    client = sign_in("cust")
    assert "Choose for whom you speak" in text(client.get("/mine/"))
    assert client.get(f"/mine/{case.number}/").status_code == 404
    client.post("/mine/for/", {"customer": "press"})
    assert "b@press.example" in text(client.get(f"/mine/{case.number}/"))
    assert "a@clinic.example" not in text(client.get(f"/mine/{case.number}/"))
    client.post("/mine/for/", {"customer": "county"})
    assert "b@press.example" in text(client.get(f"/mine/{case.number}/"))
    assert acts.actor_for(office["cust"], "clinic").party == "clinic"
    assert acts.actor_for(office["cust"], "nobody").party == ""


def test_a_controller_speaks_for_what_is_processed_for_it(sign_in, office, kept):
    county = {"slug": "county", "name": "County", "kind": "public_sector",
              "contacts": [{"name": "Records", "email": "r@county.example", "user": "cust"}]}  # fmt: skip
    unlinked = {**CLINIC, "controller": "county", "contacts": []}
    registers.put({"customers": [county, unlinked]}, OPERATOR, NOW)
    assert list(customers.speaks_for(office["cust"], TODAY)) == ["county", "clinic"]
    case = demand(office, "a@clinic.example", told=["clinic"])
    client = sign_in("cust")
    client.post("/mine/for/", {"customer": "clinic"})
    assert client.get(f"/mine/{case.number}/").status_code == 200


def test_a_contact_whose_time_is_over_sees_nothing(sign_in, office, kept):
    case = demand(office, "a@clinic.example", told=["clinic"])
    Contact.objects.filter(user=office["cust"]).update(until=date.today() - timedelta(1))  # noqa: DTZ011
    client = sign_in("cust")
    assert "You speak for no customer yet" in text(client.get("/mine/"))
    assert client.get(f"/mine/{case.number}/").status_code == 404


def test_the_notice_is_theirs_to_keep(sign_in, office, kept):
    case = demand(office, "a@clinic.example", "b@press.example", told=["clinic", "press"])
    answer = sign_in("cust").get(f"/mine/{case.number}/notice.pdf")
    assert answer.content == b"%PDF-clinic"
    assert answer["Content-Disposition"].startswith("attachment")


def test_nobody_is_of_the_staff_and_a_customers_contact(office):
    with pytest.raises(ValueError, match="somebody of their own"):
        people.let_in("twin", PASSWORD, ["customer", "lead"])
    assert not Membership.objects.filter(user__username="twin").exists()


# ------------------------------------------------------------------ receipts


@pytest.fixture
def sent(office, kept):
    """A case whose customer was told: its front desk first, and the one above after no receipt came."""
    case = demand(office, "a@clinic.example", told=["clinic"])
    Delivery.objects.update(receipt="z" * 40)
    above = Contact.objects.get(email="dpo@clinic.example")
    Delivery.objects.create(act=case.acts.last(), number=2, party="clinic", contact=above, to=above.email, how="mail",
                            at=NOW, sent_at=NOW, receipt=SECRET)  # fmt: skip
    return case


def test_a_contact_confirms_only_what_was_sent_to_them(sign_in, office, sent):
    client, before = sign_in("cust"), Entry.objects.count()
    page = client.get(f"/mine/{sent.number}/").content.decode()
    assert page.count("Confirm that it arrived") == 1
    assert client.post(f"/mine/{sent.number}/received/0/").status_code == 404
    assert client.post(f"/mine/{sent.number}/received/9/").status_code == 404
    where = re.search(r'action="(/mine/[^"]+/received/\d+/)"', page)[1]
    client.post(where)
    client.post(where)
    assert Delivery.objects.get(receipt=SECRET).received_at
    assert Entry.objects.count() == before + 1
    assert Entry.objects.order_by("-pk").first().kind == "receipt"


def test_the_link_takes_a_receipt_without_signing_in_and_answers_everybody_alike(sent):
    client = Client(enforce_csrf_checks=True)
    # A mail scanner that follows the link gives no receipt.
    assert client.get(f"/receipt/{SECRET}/").status_code == 200
    assert not Delivery.objects.get(receipt=SECRET).received_at
    right = client.post(f"/receipt/{SECRET}/")
    wrong = [client.post(f"/receipt/{s}/") for s in (SECRET[:-1] + "x", SECRET[:12], SECRET + "x", "-")]
    assert "Thank you." in text(right)
    assert {w.content for w in wrong} == {right.content}
    assert {w.status_code for w in wrong} == {right.status_code}
    assert Delivery.objects.get(receipt=SECRET).received_at
    assert Entry.objects.filter(kind="receipt").count() == 1
    assert not Delivery.objects.get(receipt="z" * 40).received_at
    for word in ("clinic", sent.number, "Harbor", "sign out"):
        assert word not in right.content.decode()
