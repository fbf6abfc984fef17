"""A day or a number that nobody can mean, wherever it is written: it is refused or left unknown, and stops no case."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur import law
from demur.docket import brings, counting, silence
from demur.docket.acts import ActError, Refused, receive
from demur.docket.clocks import Moved, Started, clocks, place_of, read, read_all
from demur.docket.counting import ClockError, Place
from demur.docket.models import Case, Document
from demur.facts import FIRST_DAY, LAST_DAY, Demand, FactsError, demand_from_mapping, vocabulary

from .conftest import NOW, token
from .served import ORDER, acted, at_work, do, serve, state, sure

db = pytest.mark.django_db
LIBRARY = law.library()
ANY_DAY = st.dates(date.min, date.max) | st.sampled_from([date.min, date.max, FIRST_DAY, LAST_DAY])
PLACES = st.sampled_from([Place("us"), Place("de"), Place("eu"), Place("il"), Place("us", "hi"), Place("au")])
DATES = sorted(f.name for f in vocabulary().facts.values() if f.type == "date" and f.level == "demand")
NUMBERS = sorted(f.name for f in vocabulary().facts.values() if f.type == "int" and f.level == "demand")
KINDS = sorted(vocabulary()["kind"].values)


def why_not(call, error) -> str:
    """What was said where the call was refused with this error, or where its act was; else ""."""
    try:
        done = call()
    except error as refused:
        return str(refused)
    return str(done) if isinstance(done, Refused) else ""


# ------------------------------------------------------------------------------------------- counting


@settings(max_examples=200, deadline=None)
@given(ANY_DAY, PLACES, st.integers(-20_000, 20_000), st.sampled_from(sorted(LIBRARY.clocks)))
def test_whatever_the_day_a_count_gives_a_day_or_says_that_there_is_none(day, place, months, name):
    clock = LIBRARY.clocks[name]
    for count in (
        lambda: counting.begin_of(day, place),
        lambda: counting.end_of(day, place),
        lambda: place.next_working(day),
        lambda: place.last_working(day),
        lambda: counting.add_months(day, months),
        lambda: counting.run_out(clock, counting.begin_of(day, place), place),
        lambda: read(clock, (Started(day), Moved(NOW, day)), NOW, place, limit=day),
    ):
        assert "hint:" in (why_not(count, ClockError) or "hint:")


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(DATES), ANY_DAY, max_size=4),
    st.dictionaries(st.sampled_from(NUMBERS), st.integers() | st.integers(-400, 40_000), max_size=2),
    st.sampled_from(KINDS),
    st.sampled_from(["us", "de", "fr", "gb", "au"]),
    ANY_DAY,
)
def test_what_is_taken_as_a_fact_is_counted_assessed_and_asked_about(days, numbers, kind, country, as_of):
    days["served_on"] = as_of
    facts = {**days, **numbers, "kind": kind, "issuer_country": country}
    refused = why_not(lambda: demand_from_mapping(facts), FactsError)
    meant = all(FIRST_DAY <= day <= LAST_DAY for day in days.values())
    assert bool(refused) != (meant and all(0 <= n <= vocabulary()[name].most for name, n in numbers.items()))
    if refused:
        assert "hint:" in refused
        return
    demand = demand_from_mapping(facts)
    found = law.assess(demand, as_of, clocks=clocks(NOW))
    law.ask(found)
    place = place_of(demand.facts)
    read_all({f.by for f in found.findings}, demand.facts, (), NOW, LIBRARY)
    for day in days.values():
        without = silence.first_day_without(day)
        silence.review_day(day, without, place)
        counting.begin_of(without, place)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(DATES), ANY_DAY), st.integers(), st.sampled_from(KINDS), ANY_DAY)
def test_the_law_is_asked_of_any_day_that_a_program_hands_in(days, due_days, kind, as_of):
    found = law.assess(Demand({**days, "due_days": due_days, "kind": kind, "issuer_country": "us"}), as_of)
    law.ask(found)


@given(ANY_DAY)
def test_a_day_of_an_act_has_bounds(day):
    if FIRST_DAY <= day <= LAST_DAY:
        assert brings.day(day) == brings.day(day.isoformat()) == day
    else:
        with pytest.raises(ActError, match="hint:"):
            brings.day(day)


# ------------------------------------------------------------------------------------------- a case


HOSTILE = {
    "due_on": date.max,
    "gag_until": date.max,
    "expires_on": date.min,
    "issued_on": date.min,
    "due_days": 10**12,
    "offence_max_months": -1,
    "gag_days": 10**12,
}


@db
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_demand_that_names_it_is_read_all_the_same_and_it_stays_unknown(office, worker, name):
    case = serve(office, {**ORDER, name: HOSTILE[name]})
    assert not worker.turn(NOW)
    at_work(worker)
    assert acted(case)[:3] == ["receive", "read", "assess"]
    held = Case.objects.get(number=case)
    assert not held.facts.filter(name=name).exists()
    assert held.facts.filter(name="kind").exists()
    (warning,) = Document.objects.get(case=held).warnings
    assert name in warning
    assert "hint:" in warning


@db
def test_a_person_cannot_confirm_it(case, office):
    for name, value in HOSTILE.items():
        with pytest.raises(ActError, match="hint:"):
            do(case, "confirm", office["ana"], NOW, facts=[{"name": name, "value": value}])


@db
@pytest.mark.parametrize("day", [date.min, date(1899, 12, 31), date.max])
def test_no_demand_arrived_on_such_a_day(office, day):
    with pytest.raises(ActError, match="hint:"):
        receive([("a", b"x")], served_on=day, actor=office["ana"], token=token(), now=NOW)
    assert not Case.objects.exists()


@db
@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31", "20266-01-01"])
def test_no_act_takes_it(office, worker, day):
    case = serve(office, ORDER)
    at_work(worker)
    sure(case, office)
    at_work(worker)
    before = Case.objects.get(number=case).revision
    ground = state(case).grounds[0].key
    given = {"why": "so", "ground": ground, "grounds": [ground], "form": "objection", "result": "upheld"}
    for name, field, typed in (
        ("extend", "until", ()), ("stay", "until", ("why",)), ("ask", "until", ("ground",)), ("assess", "as_of", ()),
        ("add-document", "on", ()), ("record-gag", "until", ()), ("record-gag", "since", ()),
        ("record-gag", "review_on", ()), ("record-danger", "until", ("why",)), ("set-gag-end", "until", ()),
        ("extend-gag", "until", ()), ("challenge", "filed_on", ("grounds", "form")),
        ("record-outcome", "decided_on", ("ground", "result")), ("appeal", "filed_on", ("ground",)),
    ):  # fmt: skip
        more = {"gag": "a gag"} if "gag" in name or "danger" in name else {}
        more |= {"files": [("a.txt", b"a")]} if name in ("add-document", "extend-gag") else {}
        payload = {**{k: given[k] for k in typed}, **more, field: day}
        refused = why_not(lambda: do(case, name, office["carl"], NOW, **payload), ActError)  # noqa: B023
        assert "hint:" in refused, name
    assert Case.objects.get(number=case).revision == before
