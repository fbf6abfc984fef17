"""Letters that leave by an act: the authority is sent to the customer, and asked for the court's paper afterwards."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from demur.docket import acts, clerk, privilege
from demur.docket.models import Act, Case, Contact, Customer, Delivery, Draft, Handle
from demur.paper import Party

from .conftest import token
from .pages import said
from .test_acts import DANGER, desk, produce, state, tell  # noqa: F401

ENTERPRISE = {"customer_kind": "enterprise"}


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def clinic(db):
    """A customer that is itself a processor: the clinic, of the county."""
    county = Customer.objects.create(slug="county", name="County of Muster", kind="public_sector", country="us")
    made = Customer.objects.create(slug="clinic", name="Muster Clinic", kind="enterprise", country="us",
                                   provider_role="processor", data_country="us", controller=county)  # fmt: skip
    Handle.objects.create(customer=made, kind="domain", value="muster.example")
    Contact.objects.create(customer=made, name="Cora Lind", email="dpo@muster.example", function="Privacy office")
    Contact.objects.create(customer=county, name="Records", email="records@county.example")
    return made


def sends(people, party: str) -> dict[str, list[str]]:
    """The form that sends the authority to this party, as it stands on the page."""
    (form,) = [f for f in people["ana"].forms("redirect") if [party] in f.sends.values()]
    return form.sends


def test_the_letter_is_read_before_it_goes_and_then_lies_beside_the_party_it_sends_to(desk, clinic):  # noqa: F811
    people = desk(target=ENTERPRISE, customer_suspected=False, reference="GJ-26-7")
    ana = people["ana"]
    ana.does("write-notice", "clinic")
    people["carl"].does("notify", "clinic")
    assert sends(people, "clinic")["to"] == ["U.S. Attorney"]  # as the demand is signed
    page = ana.post("redirect", sends(people, "clinic"))
    shown = text(page)
    assert not Delivery.objects.filter(act__name="redirect").exists()
    for line in ("GJ-26-7", "Muster Clinic is our customer", "as its processor", "Privacy office, dpo@muster.example",
                 "on behalf of County of Muster", "records@county.example", "GDPR, Art. 28(3)(a)",
                 "nothing is disclosed under the demand", "Reservation of rights"):  # fmt: skip
        assert line in shown, line
    assert "Cora Lind" not in shown  # the office is enough
    (form,) = [f for f in ana.forms("redirect", page) if "seen" in f.sends]
    page = ana.post("redirect", form.sends)
    assert 'class="said success"' in page, said(page)

    act, draft = Act.objects.get(name="redirect"), Draft.objects.get(kind="redirection")
    assert act.payload["letter"] == draft.number
    assert act.payload["pdf"] == hashlib.sha256(bytes(draft.pdf)).hexdigest()
    assert act.payload["refers_to"] == ["clinic", "county"]
    way = Delivery.objects.get(act=act)
    assert way.to == "U.S. Attorney"
    assert state(people).party("clinic").redirect == "done"

    page = ana.look()
    assert "not recorded as sent yet" in page
    for form, begins in (("pdf", b"%PDF"), ("docx", b"PK")):
        link = f"{ana.address}privileged/letter-{draft.number}.{form}"
        assert f'href="{link}"' in page
        file = ana.client.get(link)
        assert file.content.startswith(begins)
        assert b"PRIVILEGED" not in file.content
    ana.does("record-delivery", delivery=str(way.number), proof="registered letter RR 7")
    assert "not recorded as sent yet" not in ana.look()


def test_who_the_register_does_not_know_is_not_named(desk):  # noqa: F811
    people = desk(target=ENTERPRISE, customer_suspected=False)
    (party,) = [p.name for p in state(people).parties]
    shown = text(people["ana"].post("redirect", sends(people, party)))
    assert "What lies behind these identifiers is an organisation" in shown
    assert "a@muster.example" in shown  # the authority named it itself
    assert "processor" not in shown


def test_under_a_duty_of_silence_the_letter_says_that_the_customer_was_told_nothing(desk, clinic):  # noqa: F811
    people = desk(target=ENTERPRISE, customer_suspected=False)
    people["ana"].does("record-gag", gag="order of the court")
    assert "we have told our customer nothing" in text(people["ana"].post("redirect", sends(people, "clinic")))


def test_what_changed_since_it_was_read_is_read_again(desk, clinic):  # noqa: F811
    people = desk(target=ENTERPRISE, customer_suspected=False)
    ana = people["ana"]
    (form,) = [f for f in ana.forms("redirect", ana.post("redirect", sends(people, "clinic"))) if "seen" in f.sends]
    Contact.objects.filter(customer=clinic).update(email="new@muster.example")
    page = ana.post("redirect", form.sends)
    assert "This is how it stands now" in page
    assert "new@muster.example" in page
    assert not Act.objects.filter(name="redirect").exists()


def test_a_letter_to_nobody_is_not_sent(desk, office):  # noqa: F811
    people = desk(target=ENTERPRISE, customer_suspected=False, issuer_body=None)
    ana, (party,) = people["ana"], [p.name for p in state(people).parties]
    assert sends(people, party)["to"] == [""]
    page = ana.post("redirect", sends(people, party))
    assert "A line is still empty" in said(page)[0]
    actor = acts.actor_for(office["ana"])
    with pytest.raises(acts.ActError, match="hint: name the authority"):
        acts.act(ana.number, "redirect", actor, {"party": party}, token=token())
    with pytest.raises(acts.ActError, match="hint: name the authority"):
        clerk.redirect(ana.number, party, actor, provider=Party("Cloud"), token=token())
    assert not Delivery.objects.exists()


def test_who_brings_a_letter_of_their_own_writes_to_the_issuer(desk, office):  # noqa: F811
    people = desk(target=ENTERPRISE, customer_suspected=False)
    (party,) = [p.name for p in state(people).parties]
    done = acts.act(people["ana"].number, "redirect", acts.actor_for(office["ana"]), {"party": party}, token=token())
    assert isinstance(done, acts.Done)
    assert Delivery.objects.get().to == "U.S. Attorney"
    assert not Draft.objects.exists()
    assert "letter" not in Act.objects.get(name="redirect").payload


# ------------------------------------------------------------------ the court's paper


def papers(person) -> list[str]:
    return person.forms("draft")[0].offers["kind"]


def test_after_an_emergency_the_courts_paper_is_demanded_in_a_letter(desk):  # noqa: F811
    people = desk(kind="edr", provider_role="controller", **DANGER)
    ana, carl = people["ana"], people["carl"]
    assert "paper-demand" not in papers(ana)
    assert "no court paper is owed" in said(ana.post("draft", {"kind": "paper-demand", "token": token()}))[0]
    ana.does("claim-emergency", cells=["1.1"], why="a child is missing, says the sheriff")
    for check in ("call-back", "second-factor", "supervisor"):
        ana.does("check-emergency", check=check, number="+1 202 555 0142", how="the county's register")
    carl.does("grant-emergency", why="it names the child and the hour")
    tell(people)
    produce(people)
    assert "paper-demand" in papers(ana)
    ana.send("draft", kind="paper-demand")
    letter = Draft.objects.get(kind="paper-demand")
    assert {a["rule"] for a in letter.letter["grounds"]} == {"x.emergency.followup", "edr.control.confirmation"}
    assert letter.letter["given_on"] == datetime.now(ZoneInfo("America/New_York")).date().isoformat()
    # It is counsel who sends it; then it is privileged no more, and bears no mark.
    case = Case.objects.get(number=ana.number)
    assert not privilege.sent(case, letter.number)
    carl.does("disclose-privileged", what=f"letter-{letter.number}", to="the sheriff", why="the paper is owed")
    assert privilege.sent(case, letter.number)
    file = ana.client.get(f"{ana.address}privileged/letter-{letter.number}.pdf")
    assert file.content == bytes(letter.pdf)
    ana.does("record-paper", document=SimpleUploadedFile("warrant.txt", b"a warrant"))
    assert "paper-demand" not in papers(ana)
