"""The provider's own precedents: beside each ground, and on a page of their own."""

from __future__ import annotations

import pytest

from demur.desk import beside
from demur.docket import acts
from demur.docket.models import Case, Outcome

from .conftest import NOW, token


@pytest.fixture
def argued(office, assessed):
    """A case whose first ground of the provider's was objected to and narrowed; and its rule."""
    ana, carl = (acts.actor_for(office[name]) for name in ("ana", "carl"))
    number = assessed.number
    key = next(g.key for g in assessed.grounds.exclude(against="gag") if "provider" in g.finding["who"])
    for actor, act, payload in (
        (ana, "authenticate", {"how": "called back"}),
        (ana, "assess", {"as_of": NOW.date().isoformat()}),
        (carl, "challenge", {"grounds": [key], "form": "objection"}),
        (carl, "record-outcome", {"ground": key, "result": "narrowed", "cost": "900", "currency": "EUR",
                                  "said": "<b>only</b> subscriber data"}),
    ):  # fmt: skip
        done = acts.act(number, act, actor, payload, token=token(), now=NOW)
        assert isinstance(done, acts.Done), done
    return Case.objects.get(pk=assessed.pk), Outcome.objects.get().rule


def _text(answer) -> str:
    return answer.content.decode()


def test_a_ground_shows_what_became_of_it_before_and_on_how_little_that_rests(sign_in, argued):
    case, rule = argued
    page = _text(sign_in("ana").get(f"/cases/{case.number}/"))
    shown = page[page.index(f'href="/law/{rule}/"') :]
    assert "1 of 1 won (0 upheld, 1 narrowed, 0 denied) · too few to tell" in shown
    assert "%" not in shown[shown.index("Our own") :].split("</p>")[0]
    assert "EUR 900" in shown


def test_a_ground_names_the_decided_cases_that_argued_it(office):
    told = beside.of_grounds(["us.4a.content-needs-warrant"], acts.actor_for(office["carl"]))
    assert "Warshak" in " ".join(c.title for c in told["us.4a.content-needs-warrant"]["decided"])


def test_the_choice_of_a_form_says_how_often_it_won(office, argued):
    _, rule = argued
    choices = [("objection", "Objection"), ("referral", "Referral")]
    told = dict(beside.form_choices(choices, [rule], acts.actor_for(office["carl"])))
    assert told == {"objection": "Objection · 1 of 1 won", "referral": "Referral"}


def test_counsel_reads_the_precedents_by_rule_and_forum(sign_in, argued):
    case, rule = argued
    client = sign_in("carl")
    page = _text(client.get("/precedents/"))
    assert rule in page
    assert case.number in page
    assert "&lt;b&gt;only&lt;/b&gt; subscriber data" in page
    assert case.number in _text(client.get(f"/precedents/?rule={rule[:6].upper()}&forum=AUTHORITY"))
    assert "Nothing found" in _text(client.get("/precedents/?rule=no.such"))
    assert 'href="/precedents/"' in page


def test_before_the_first_challenge_the_page_says_what_it_is_for(sign_in, office):
    assert "No challenge was filed yet" in _text(sign_in("lea").get("/precedents/"))


@pytest.mark.parametrize("name", ["ana", "rita", "paul", "aud", "otto", "nora", "cust"])
def test_nobody_else_reads_them(sign_in, office, name):
    assert sign_in(name).get("/precedents/").status_code == 403


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(90000, "EUR", "900"), (125050, "USD", "1,250.50"), (1200, "JPY", "1,200"), (1500, "KWD", "1.500")],
)
def test_money_is_shown_in_its_own_units(amount, currency, shown):
    assert beside.money(amount, currency) == shown
