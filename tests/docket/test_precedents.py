"""Filings and their outcomes are kept, and tell the next case only as much as they can carry."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from demur.docket import acts, precedents
from demur.docket.acts import ActError, Done
from demur.docket.lifecycle import Actor
from demur.docket.models import Act, Case, Membership, Outcome
from demur.docket.precedents import Record, wilson
from demur.docket.replay import replayed

from .conftest import NOW, SUBPOENA, token
from .test_acts import CLAUSES, FACTS

COURT = "U.S. District Court, S.D.N.Y."
OPEN = [{**fact, "value": False} if fact["name"] == "gag_present" else fact for fact in FACTS]
LATER = NOW + timedelta(days=40)


def do(case, name, actor, payload=None, *, now=NOW):
    return acts.act(case, name, actor, payload or {}, token=token(), now=now)


def ready(office) -> str:
    """A new case, verified, confirmed and assessed under the law of the day."""
    number = acts.receive(
        [("subpoena.toml", SUBPOENA)], served_on=date(2026, 11, 12), actor=office["ana"], token=token(), now=NOW
    ).case
    do(number, "authenticate", office["ana"], {"how": "register"})
    do(number, "confirm", office["ana"], {"facts": OPEN, "clauses": CLAUSES, "rest": True})
    assert isinstance(do(number, "assess", office["ana"], {"as_of": NOW.date().isoformat()}), Done)
    return number


def own(number: str) -> list[str]:
    """The open grounds of a case that the provider may raise and that stop a production, of rules each its own."""
    rows = Case.objects.get(number=number).grounds.filter(answer="open").exclude(against="gag")
    return list({g.rule: g.key for g in rows if "provider" in g.finding["who"]}.values())


@pytest.fixture
def counsel(office, django_user_model) -> Actor:
    user = django_user_model.objects.get(username="carl")
    Membership.objects.filter(user=user).update(forums=[COURT])
    return acts.actor_for(user)


@pytest.fixture
def filed(office, counsel):
    """A case with two grounds before the authority."""
    number = ready(office)
    keys = own(number)[:2]
    done = do(number, "challenge", counsel, {"grounds": keys, "form": "objection", "filed_on": "2026-11-20"})
    assert isinstance(done, Done), done
    return number, keys


def test_an_objection_is_pending_for_each_ground_before_the_authority(filed):
    number, keys = filed
    for outcome in Outcome.objects.filter(case__number=number):
        ground = outcome.case.grounds.get(key=outcome.ground)
        assert (outcome.form, outcome.forum, outcome.result) == ("objection", "issuing authority", "")
        assert (outcome.rule, outcome.instance, outcome.filed_on) == (ground.rule, 1, date(2026, 11, 20))
        assert outcome.filed.name == "challenge"
    assert Outcome.objects.count() == len(keys)


def test_the_forum_decides_and_its_days_and_cost_are_kept(filed, counsel):
    number, (key, other) = filed
    told = {"ground": key, "result": "denied", "decided_on": "2026-12-24", "cost": "1250.5",
            "currency": "usd", "said": "the statute was met", "forum": COURT}  # fmt: skip
    assert isinstance(do(number, "record-outcome", counsel, told, now=LATER), Done)
    outcome = Outcome.objects.get(ground=key)
    assert (outcome.result, outcome.decided_on - outcome.filed_on) == ("denied", timedelta(days=34))
    assert (outcome.cost, outcome.currency, outcome.said, outcome.forum) == (
        125050, "USD", "the statute was met", COURT,
    )  # fmt: skip
    assert outcome.decided == Act.objects.get(name="record-outcome")
    assert Outcome.objects.get(ground=other).result == ""


def test_an_appeal_opens_the_next_instance_and_leaves_the_first(filed, counsel):
    number, (key, _) = filed
    do(number, "record-outcome", counsel, {"ground": key, "result": "denied"})
    assert isinstance(do(number, "appeal", counsel, {"ground": key, "forum": "Court of Appeals"}, now=LATER), Done)
    assert isinstance(do(number, "record-outcome", counsel, {"ground": key, "result": "upheld"}, now=LATER), Done)
    told = Outcome.objects.filter(ground=key).values_list("instance", "result", "forum").order_by("instance")
    assert [t[:2] for t in told] == [(1, "denied"), (2, "upheld")]
    assert told[1][2] == "Court of Appeals"
    case = Case.objects.get(number=number)
    assert all(one.same for one in replayed(case))


def test_a_demand_withdrawn_leaves_nothing_pending(filed, counsel):
    number, _ = filed
    case = Case.objects.get(number=number)
    case.state["parties"] = [{**party, "notice": "told"} for party in case.state["parties"]]
    case.save()
    closed = do(number, "close", counsel, {"reason": "withdrawn"}, now=LATER)
    assert isinstance(closed, Done), closed
    assert set(Outcome.objects.values_list("result", "decided_on")) == {("withdrawn", LATER.date())}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"judge": "Jane Roe"}, "name the court alone"),
        ({"forum": "Judge Roe, S.D.N.Y."}, "forum names a person"),
        ({"said": "Frau Richterin Meyer agreed"}, "said names a person"),
        ({"said": "so ordered by Hon. Jane Roe"}, "said names a person"),
        ({"decided_on": "2026-11-01"}, "cannot be"),
        ({"decided_on": "2027-11-01"}, "cannot be"),
        ({"decided_on": "soon"}, "is no date"),
        ({"cost": "12", "currency": ""}, "three letters"),
        ({"cost": "12.345", "currency": "EUR"}, "an amount such as"),
        ({"cost": "1.5", "currency": "JPY"}, "an amount such as"),
        ({"cost": "NaN", "currency": "EUR"}, "an amount such as"),
        ({"cost": "-3", "currency": "EUR"}, "an amount such as"),
    ],
)
def test_what_names_a_judge_or_makes_no_sense_is_refused_and_changes_nothing(filed, counsel, told, says):
    number, (key, _) = filed
    with pytest.raises(ActError, match=says):
        do(number, "record-outcome", counsel, {"ground": key, "result": "denied", **told})
    assert set(Outcome.objects.values_list("result", flat=True)) == {""}


def test_a_court_with_justice_in_its_name_is_no_person():
    for forum in ("High Court of Justice", "Court of Justice Grand Chamber", "Magistrates' Court", "Juge unique"):
        precedents.without_persons({"forum": forum})


# ------------------------------------------------------------------------------------------- what it tells


def outcome(case: Case, number: int, result: str, *, days=30, form="objection", forum="issuing authority", cost=None):
    """One precedent more, filed by an act of its own."""
    entry = acts.entries.append("act.challenge", {"n": number})
    made = Act.objects.create(
        case=case, seq=1000 + number, name="challenge", person="1", at=NOW, token=token(), entry_id=entry
    )
    start = date(2026, 1, 1)
    return Outcome.objects.create(
        case=case, ground=f"us.x@{number}", rule="us.x", form=form, forum=forum, filed=made, filed_on=start,
        result=result, decided_on=start + timedelta(days) if result else None, cost=cost,
        currency="EUR" if cost is not None else "",
    )  # fmt: skip


@pytest.fixture
def whole(case):
    return Case.objects.get(number=case)


def test_counts_rates_days_and_cost_by_rule_forum_and_form(whole, office):
    for n, (result, days, cost) in enumerate(
        [("upheld", 10, 100), ("narrowed", 20, None), ("denied", 90, 2500), ("withdrawn", 5, None), ("", 0, None)]
    ):
        outcome(whole, n, result, days=days, cost=cost)
    outcome(whole, 9, "denied", forum="a court", form="motion-to-quash")
    found = precedents.records(office["ana"], rules={"us.x"})
    record = found["us.x", "objection", "issuing authority"]
    assert (record.won, record.ruled, record.results["withdrawn"], record.results[""]) == (2, 3, 1, 1)
    assert (record.median_days, record.cost) == (20, {"EUR": (100, 2500)})
    assert precedents.by_rule(found)["us.x"].ruled == 4
    assert precedents.by_form(found)["motion-to-quash"].won == 0
    assert list(precedents.records(office["ana"], forum="A COURT")) == [("us.x", "motion-to-quash", "a court")]


def test_one_filing_on_many_accounts_is_one_precedent(whole, office):
    first = outcome(whole, 0, "upheld")
    for n in range(1, 6):
        Outcome.objects.create(
            case=whole, ground=f"us.x@0.{n}", rule="us.x", form="objection", forum="issuing authority",
            filed=first.filed, filed_on=first.filed_on, result="upheld", decided_on=first.decided_on,
        )  # fmt: skip
    (record,) = precedents.records(office["ana"]).values()
    assert (record.ruled, record.days.total()) == (1, 1)


def test_few_cases_give_no_percentage(whole, office):
    for n in range(9):
        outcome(whole, n, "upheld")
    (record,) = precedents.records(office["ana"]).values()
    assert record.few
    assert record.interval is None
    outcome(whole, 9, "denied")
    (record,) = precedents.records(office["ana"]).values()
    assert record.interval == (60, 98)


@pytest.mark.parametrize(
    ("won", "of", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)]
)
def test_the_interval_is_wilsons(won, of, low, high):
    """The last is Newcombe's example (Statistics in Medicine 17 (1998) 857, table I)."""
    assert wilson(won, of) == pytest.approx((low, high), abs=5e-5)


def test_the_median_is_the_middle_day():
    record = Record()
    assert record.median_days is None
    record.days.update({3: 2, 40: 1, 50: 1})
    assert record.median_days == 3


def test_counts_rest_only_on_cases_that_the_person_may_see(whole, office):
    outcome(whole, 0, "upheld")
    assert precedents.records(office["ana"])
    assert whole.gagged  # nobody read it yet
    assert precedents.records(office["paul"]) == {}
    assert precedents.records(office["aud"]) == {}


def test_decided_cases_that_argued_the_same_rule_stand_beside(office):
    told = precedents.argued()["us.4a.content-needs-warrant"]
    assert "warshak" in [c.id for c in told]
    assert [c.as_of for c in told] == sorted((c.as_of for c in told), reverse=True)
