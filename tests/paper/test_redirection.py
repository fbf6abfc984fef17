"""The letter that sends an authority to the customer, and the demand for the court's paper after an emergency."""

from __future__ import annotations

from datetime import date

import pytest
from handmade import TODAY, assessment, finding, nsl_demand

from demur.facts import Clause, Demand, Target, demand_from_mapping
from demur.law import assess
from demur.law.findings import Reason
from demur.paper import Party, Redirected, paper_demand, redirection, render_docx, render_pdf, to_text

MUSTER = Party("Muster Clinic", ("Data protection officer", "dpo@clinic.example"))
COUNTY = Party("County of Muster", ("records@county.example",))
CUSTOMER = Reason("true", "the customer is an enterprise", ("customer_kind",))


def ask(rule: str, **given):
    return finding(rule, effect="redirect", because=(CUSTOMER,), **given)


def write(*findings, provider: Party, to: Redirected | None = None, **given):
    to = to or Redirected((MUSTER,))
    return redirection(assessment(*findings), provider=provider, to=to, today=TODAY, **given)


def plain(letter) -> str:
    return " ".join(to_text(letter).split())


def test_the_letter_names_the_authoritys_reference_and_the_customer_as_it_is_known(provider):
    letter = write(ask("a", cites=("GDPR, Art. 28(3)(a)",)), provider=provider, our_reference="A-1")
    assert letter.sheet.recipient == ("Federal Bureau of Investigation, Springfield Field Office",)
    head = dict(letter.sheet.references)
    assert (head["Your reference"], head["Our reference"], head["Dated"]) == ("NSL-16-000001", "A-1", "March 1, 2016")
    text = plain(letter)
    assert "Please address the demand to Muster Clinic." in text
    assert "dpo@clinic.example" in text
    assert "GDPR, Art. 28(3)(a)" in text
    assert "nothing is disclosed under the demand, unless the law compels us" in text
    assert "Please tell us in writing before March 25, 2016" in text


def test_the_provider_is_called_processor_only_where_the_facts_say_so(provider):
    assert "processor" not in plain(write(ask("a"), provider=provider))
    known = Redirected((MUSTER,), processor=True)
    assert "we process on its behalf, as its processor" in plain(write(provider=provider, to=known))
    unnamed = plain(write(provider=provider, to=Redirected(processor=True)))
    assert "on behalf of an organisation, which decides over it" in unnamed
    assert "Muster" not in unnamed


def test_a_customer_that_is_itself_a_processor_leads_up_to_its_controller(provider):
    text = plain(write(provider=provider, to=Redirected((MUSTER, COUNTY), processor=True)))
    assert "Muster Clinic in its turn processes it on behalf of County of Muster." in text
    assert "to Muster Clinic and, above it, to County of Muster." in text
    assert "records@county.example" in text


def test_only_what_holds_and_rests_on_the_customer_is_cited_and_another_channel_is_reserved(provider):
    text = plain(
        write(
            ask("mine", cites=("Law A",)),
            ask("practice", strength="policy", cites=("Guide B",)),
            ask("open", verdict="unknown", cites=("Law C",)),
            ask("theirs", who=("customer",), cites=("Law D",)),
            finding("channel", effect="redirect", cites=("Treaty E",)),
            finding("other", effect="void", cites=("Law F",)),
            provider=provider,
        )
    )
    ground, _, rest = text.partition("What we ask you to weigh")
    assert "Law A" in ground
    assert "without presenting it as a ground in law" in rest
    assert "Guide B" in rest.partition("What happens meanwhile")[0]
    assert "for any demand that is still addressed to us: Title of channel (Treaty E)" in rest
    assert not [law for law in ("Law C", "Law D", "Law F") if law in text]


def test_where_no_ground_holds_it_asks_and_cites_nothing(provider):
    text = plain(write(provider=provider))
    assert "Please address the demand to Muster Clinic." in text
    assert "On what this rests" not in text
    assert "without presenting it" not in text


def test_a_letter_for_one_customer_is_silent_on_the_others(provider):
    two = Clause(targets=(Target("a@clinic.example", "email"), Target("b@other.example", "email")),
                 categories=frozenset({"subscriber"}), quote="a@clinic.example and b@other.example")  # fmt: skip
    found = assessment(
        ask("own", clause=0, target=0, cites=("Law A",)),
        ask("others", clause=0, target=1, cites=("Law B",)),
        demand=Demand(nsl_demand().facts, (two,)),
    )
    to = Redirected((MUSTER,), whole=False)
    letter = redirection(found, provider=provider, to=to, today=TODAY, only=((0, 0),))
    text = plain(letter)
    assert "a@clinic.example" in text
    assert "b@other.example" not in text
    assert "Law B" not in text
    assert "nothing is disclosed under this part of the demand" in text
    assert "this letter is about no other part of it" in text


def test_what_it_says_was_done_is_so(provider):
    silent = plain(write(provider=provider, to=Redirected((MUSTER,), silent=True), preserved=True, disclosed=True))
    assert "we have told our customer nothing of the demand" in silent
    assert "are being preserved meanwhile" in silent
    assert "Beyond what left before this letter" in silent
    told = plain(write(provider=provider))
    assert not [said for said in ("told our customer", "preserved", "left before") if said in told]


def test_under_the_shipped_law_an_order_on_an_enterprise_is_sent_to_it_and_treaties_are_reserved(provider):
    day = date(2026, 11, 23)
    demand = demand_from_mapping(
        {
            "kind": "subpoena.gj", "issuer_country": "us", "issuer_level": "federal", "issuer_body": "U.S. Attorney",
            "gdpr_applies": True, "customer_suspected": False, "served_on": day, "gag_present": False,
            "clauses": [{"categories": ["content"], "targets": [
                {"identifier": "a@clinic.example", "kind": "email", "customer_kind": "enterprise",
                 "provider_role": "processor"}]}],
        }
    )  # fmt: skip
    letter = redirection(assess(demand, day), provider=provider, to=Redirected((MUSTER,), processor=True), today=day)
    assert {"us.doj.enterprise-first", "x.enterprise-redirect"} <= set(letter.rules)
    assert "eu.gdpr.48.c" in {r.rule for r in letter.reserved}
    assert render_pdf(letter).startswith(b"%PDF")
    assert render_docx(letter).startswith(b"PK")


# ------------------------------------------------------------------ the court's paper

EDR = {
    "kind": "edr", "issuer_country": "us", "issuer_body": "Fairhaven Police Department", "reference": "EDR-7",
    "emergency_already_disclosed": True, "process_followed": False,
    "clauses": [{"categories": ["location"], "targets": [{"identifier": "a@x.example", "kind": "email"}]}],
}  # fmt: skip
FIVE = "edr.confirmation.5-working-days"


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (date(2026, 11, 30), "send us by November 30, 2026:"),
        (date(2026, 11, 20), "That day, November 20, 2026, has passed."),
        (None, "without delay:"),
    ],
)
def test_after_an_emergency_the_courts_paper_is_asked_for_within_its_time(provider, by, said):
    day = date(2026, 11, 23)
    found = assess(demand_from_mapping(EDR), day)
    letter = paper_demand(found, provider=provider, clocks=(FIVE,), today=day, given_on=day, reply_by=by)
    text = plain(letter)
    assert said in text
    assert "On November 23, 2026 we disclosed data to you" in text
    assert "EDR-7" in text
    assert set(letter.rules) == {"x.emergency.followup", "edr.control.confirmation"}
    assert "Cal. Penal Code 1546.1(h)" in text
    assert "FBI Private Industry Notification" in text
    assert render_pdf(letter).startswith(b"%PDF")


def test_the_demand_for_the_courts_paper_cites_nothing_that_sets_another_clock(provider):
    found = assessment(finding("late", by="another.clock", against="info", cites=("Law A",)))
    letter = paper_demand(found, provider=provider, clocks=(FIVE,), today=TODAY, given_on=TODAY)
    assert letter.rules == ()
    assert "On what this rests" not in plain(letter)
