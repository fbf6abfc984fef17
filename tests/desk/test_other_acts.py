"""Acts that the main paths of a case do not pass: a silence extended, a delivery proven, an order carried out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from demur.docket import standing
from demur.docket.models import Case, Delivery

from .conftest import token
from .demands import TODAY
from .pages import said
from .test_acts import DANGER, desk, events, produce, state, tell  # noqa: F401

DSA = {
    "kind": "eu.dsa9", "issuer_country": "de", "gdpr_applies": True, "legal_basis_in_force": True,
    "suspension_demanded": True, "offence_stated": True, "reasons_stated": True, "redress_stated": True,
    "limited_to_demand": True, "sealed_to_recipient": True, "restriction_law_present": False,
}  # fmt: skip
"""An order under Article 9 of the Digital Services Act of which every question is answered."""
NUMBER = "+1 202 555 0142"


def paper(name: str = "order.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"the court orders")


def test_a_silence_is_extended_by_a_paper_and_only_to_a_later_day(desk):  # noqa: F811
    people = desk()
    ana, last = people["ana"], TODAY + timedelta(10)
    ana.does("record-gag", gag="order 12", until=last.isoformat())
    page = ana.send("extend-gag", "order 12", until=(last - timedelta(3)).isoformat(), document=paper())
    assert "give the later day" in said(page)[0]
    page = ana.send("extend-gag", "order 12", until=(last + timedelta(30)).isoformat())
    assert "Not now" in said(page)[0] or "Choose the file" in said(page)[0]
    ana.does("extend-gag", "order 12", until=(last + timedelta(30)).isoformat(), document=paper())
    case = Case.objects.get(number=ana.number)
    gag = case.gags.get(name="order 12")
    assert gag.until == last + timedelta(31)  # the first day without it
    assert gag.document.name == "order.txt"
    assert case.documents.count() == 2


def test_that_a_paper_arrived_is_recorded_with_its_proof(desk):  # noqa: F811
    people = desk()
    tell(people)
    ana, sent = people["ana"], Delivery.objects.get()
    page = ana.send("record-delivery", delivery=str(sent.number), proof="")
    assert "A line is still empty" in said(page)[0]
    ana.does("record-delivery", delivery=str(sent.number), proof="RR 123 DE", received="1", document=paper("slip.txt"))
    sent.refresh_from_db()
    assert sent.proof == "RR 123 DE"
    assert sent.received_at is not None
    assert bytes(sent.paper.content) == b"the court orders"
    assert ana.forms("record-delivery")[0].offers["delivery"] == []  # nothing is on its way any more


@pytest.mark.parametrize("number", ["\u00b2", "9" * 5000, "0", "-1", "1.0", "one", " "])
def test_a_delivery_that_is_no_number_of_the_case_is_a_fault_of_the_form(desk, number):  # noqa: F811
    people = desk()
    tell(people)
    page = people["ana"].post("record-delivery", {"delivery": number, "proof": "x", "token": token()})
    (line,) = said(page)
    assert "there is no delivery" in line or "Choose one" in line
    assert len(line) < 200
    assert Delivery.objects.get().proof == ""


def test_a_fact_at_no_item_of_the_demand_is_no_fault_of_the_desk(desk):  # noqa: F811
    people = desk()
    for index in ("\u00b2", "9" * 5000):
        fact = {"fact": "signed", "value": "true", "at_clause": index, "token": token()}
        assert people["ana"].client.post(f"{people['ana'].address}facts/", fact, follow=True).status_code == 200


def test_a_paper_that_never_comes_is_written_off_by_the_lead_alone(desk):  # noqa: F811
    people = desk(kind="edr", provider_role="controller", **DANGER)
    ana, carl, lea = people["ana"], people["carl"], people["lea"]
    ana.does("claim-emergency", cells=["1.1"], why="a child is missing, says the sheriff")
    for check in ("call-back", "second-factor", "supervisor"):
        ana.does("check-emergency", check=check, number=NUMBER, how="the number of the county's register")
    carl.does("grant-emergency", why="it names the child and the hour")
    tell(people)
    produce(people)
    assert state(people).paper == "due"
    assert not carl.forms("write-off-paper")
    page = carl.post("close", {"reason": "answered", "token": token()})
    assert "the court paper after the emergency has not come" in " ".join(said(page))
    assert "The reason is still missing" in said(lea.send("write-off-paper", why=""))[0]
    lea.does("write-off-paper", why="asked three times; the office was dissolved")
    assert state(people).paper == "in"


def test_an_order_to_act_is_carried_out_and_nothing_is_handed_over(desk):  # noqa: F811
    people = desk(asks=(), **DSA)
    assert state(people).suspends
    assert [g.key for g in state(people).grounds if not g.answered] == []
    tell(people)
    people["carl"].does("declare-compelled")
    people["ana"].does("plan")
    assert not people["ana"].forms("prove")  # there are no records to prove
    people["carl"].does("test-disclosure")
    people["lea"].does("approve")
    people["rita"].does("approve")
    assert not people["rita"].forms("release")
    (form,) = people["rita"].forms("carry-out")
    shown = people["rita"].post("carry-out", form.sends)
    assert "carries the order out" in shown
    assert not state(people).out
    people["rita"].does("carry-out")
    assert state(people).out == {(0, 0)}
    assert "suspension.carried-out" in events(people)
    assert not {"production.released", "ticket.wanted"} & events(people)
    people["ana"].does("deliver", how="the authority was told what was done, when and why")
    people["carl"].does("close", reason="answered")


def test_a_breach_opens_redress_by_itself(desk):  # noqa: F811
    people = desk()
    assert not people["paul"].forms("record-breach")
    tell(people)
    people["carl"].does("declare-compelled")
    produce(people)
    assert not people["carl"].forms("record-breach")
    assert "The reason is still missing" in said(people["paul"].send("record-breach", why=""))[0]
    people["paul"].does("record-breach", why="a second mailbox was in the archive; found in the audit")
    assert state(people).breach
    assert "redress.opened" in events(people)
    assert "recorded already" in said(people["lea"].post("record-breach", {"why": "again", "token": token()}))[0]
    names = [moment.act for moment in standing.timeline(Case.objects.get(number=people["ana"].number))]
    assert names.count("record-breach") == 1
