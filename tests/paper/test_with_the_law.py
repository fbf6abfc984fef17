"""Letters from the library that Demur ships, on demands as they come."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from demur.facts import Demand, demand_from_mapping
from demur.law import assess
from demur.paper import Party, challenge_letter, court_draft, customer_notice, gag_notice, render_pdf, to_text
from demur.samples import render

PROVIDER = Party("Example Cloud, Inc.", ("100 Example Way",))


def nsl(day: date) -> Demand:
    return demand_from_mapping(
        {
            "kind": "nsl", "issuer_country": "us", "issuer_agency": "fbi", "issued_on": day, "served_on": day,
            "served_on_entity": "Example Cloud, Inc.", "served_country": "us", "gag_present": True,
            "gag_basis": "2709c", "gag_indefinite": True, "gag_by_court": False,
            "clauses": [{"categories": ["subscriber", "transactional"], "quote": "transactional records", "page": 1,
                         "targets": [{"identifier": "a@mail.example", "kind": "email"}]}],
        }
    )  # fmt: skip


@pytest.mark.parametrize(("day", "wanted"), [(date(2007, 11, 19), False), (date(2019, 1, 31), True)])
def test_the_reciprocal_notice_exists_only_since_the_statute_has_it(day: date, wanted: bool) -> None:
    a = assess(nsl(day), day)
    notice = gag_notice(a, provider=PROVIDER, today=day)
    assert notice is not None, "a gag without end has always been open to challenge"
    assert notice.sheet.subject.startswith("Notice under 18 U.S.C. 3511(b)(1)(A)") is wanted


def test_a_national_security_letter_is_cut_down_to_what_it_reaches() -> None:
    day = date(2019, 1, 31)
    letter = challenge_letter(assess(nsl(day), day), provider=PROVIDER, today=day)
    assert letter.grounds[0].force == "hard"
    assert "2709(b)" in letter.grounds[0].cites[0]
    assert letter.offered == ((1, ("basic subscriber data",)),)
    text = " ".join(to_text(letter).split())
    assert "withdrawn as far as it goes beyond this" in text
    notice = customer_notice(assess(nsl(day), day), provider=PROVIDER, today=day)
    assert notice.seal is not None


def test_a_warrant_for_data_abroad_meets_the_law_of_the_place(tmp_path: Path) -> None:
    sample = next(s for s in render(tmp_path) if s.form == "facts")
    a = assess(demand_from_mapping(tomllib.loads(sample.path.read_text("utf-8"))), sample.served_on)
    letter = challenge_letter(a, provider=PROVIDER, today=sample.served_on)
    assert any("Art. 48" in cite for g in letter.grounds for cite in g.cites)
    assert letter.offered == (), "what another law forbids is not offered"
    assert "the user lives in Ireland" not in to_text(letter)
    draft = court_draft(a, provider=PROVIDER, today=sample.served_on)
    assert draft is not None
    assert draft.sheet.caption[0] == "United States District Court for the Southern District of New York"
    assert customer_notice(a, provider=PROVIDER, today=sample.served_on).seal is None, "no gag, so it may go at once"
    assert render_pdf(letter).startswith(b"%PDF")
