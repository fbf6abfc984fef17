"""Reading and drafting through the real rooms below."""

from __future__ import annotations

from datetime import date

import pytest

from demur.docket import acts, clerk
from demur.docket.acts import ActError, Done, Refused
from demur.docket.models import Case, Draft
from demur.docket.standing import unknowns
from demur.paper import Party

from .conftest import NOW, token

PROVIDER = Party("Muster Cloud GmbH", ("Musterstr. 1", "12345 Musterstadt"))


def ready(case, office):
    """Read, confirmed, assessed."""
    assert isinstance(clerk.read(case, office["ana"], token=token(), now=NOW), Done)
    acts.act(case, "confirm", office["ana"], {"rest": True}, token=token(), now=NOW)
    return acts.act(case, "assess", office["ana"], {}, token=token(), now=NOW)


def test_reading_brings_facts_with_where_they_stand(case, office):
    done = clerk.read(case, office["ana"], token=token(), now=NOW)
    assert (done.state.read, done.state.confirmed) == (True, False)
    row = Case.objects.get(number=case)
    facts = {f.name: f for f in row.facts.all()}
    assert facts["kind"].value == "subpoena.admin"
    assert facts["kind"].evidence["document"] == row.documents.get().number
    assert str(row.due_on) == "2026-12-01"
    assert row.clauses[0]["targets"][0]["identifier"] == "someone@muster.example"
    assert acts.demand_of(row).facts["served_on"] == date(2026, 11, 12)


def test_a_document_that_cannot_be_read_leaves_a_warning_and_the_case_goes_on(office):
    files = [("broken.pdf", b"%PDF-1.7 broken")]
    number = acts.receive(files, served_on=date(2026, 11, 12), actor=office["ana"], token=token(), now=NOW).case
    assert isinstance(clerk.read(number, office["ana"], token=token(), now=NOW), Done)
    document = Case.objects.get(number=number).documents.get()
    assert document.packet is None
    assert "hint:" in document.warnings[0]
    facts = [{"name": "kind", "value": "informal"}, {"name": "issuer_country", "value": "us"}]
    acts.act(number, "confirm", office["ana"], {"facts": facts, "rest": True}, token=token(), now=NOW)
    assert isinstance(acts.act(number, "assess", office["ana"], {}, token=token(), now=NOW), Done)


def test_what_a_person_confirmed_survives_a_second_reading(case, office):
    clerk.read(case, office["ana"], token=token(), now=NOW)
    said = {"facts": [{"name": "issuer_agency", "value": "fbi"}]}
    acts.act(case, "confirm", office["ana"], said, token=token(), now=NOW)
    clerk.read(case, office["ana"], token=token(), now=NOW)
    assert Case.objects.get(number=case).facts.get(name="issuer_agency").value == "fbi"


@pytest.mark.parametrize("kind", ["objection", "notice", "counsel-note"])
def test_a_paper_is_drafted_from_the_assessment(case, office, kind):
    ready(case, office)
    done = clerk.draft(case, kind, office["carl"], provider=PROVIDER, token=token(), now=NOW)
    assert isinstance(done, Done)
    draft = Draft.objects.get(case__number=case)
    assert bytes(draft.pdf).startswith(b"%PDF")
    assert bytes(draft.docx).startswith(b"PK")
    assert draft.letter["our_reference"] == case
    assert draft.assessment == Case.objects.get(number=case).assessments.first()


def test_no_paper_before_the_assessment_and_none_of_an_unknown_kind(case, office):
    refused = clerk.draft(case, "objection", office["carl"], provider=PROVIDER, token=token(), now=NOW)
    assert isinstance(refused, Refused)
    assert [m.name for m in refused.missing] == ["assessed-now"]
    with pytest.raises(ActError, match="no paper"):
        clerk.draft(case, "poem", office["carl"], provider=PROVIDER, token=token(), now=NOW)
    with pytest.raises(ActError, match="no case"):
        clerk.read("0000-0000-0000", office["ana"], token=token(), now=NOW)


def test_an_auditor_neither_reads_nor_drafts(case, office):
    Case.objects.update(gagged=False)
    assert clerk.read(case, office["aud"], token=token(), now=NOW).missing[0].name == "role"
    refused = clerk.draft(case, "objection", office["aud"], provider=PROVIDER, token=token(), now=NOW)
    assert refused.missing[0].name == "role"


def test_the_questions_that_decide_most_come_first(case, office):
    ready(case, office)
    asked = unknowns(Case.objects.get(number=case))
    counts = [len(rules) for _, _, rules in asked]
    assert counts == sorted(counts, reverse=True)
    assert all(question.endswith("?") for _, question, _ in asked)
