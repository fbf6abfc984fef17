"""Facts are read as a lawyer writes them, refused with a hint, and survive a round trip; unknown stays unknown."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.facts import (
    CATEGORIES,
    Clause,
    Demand,
    FactsError,
    Target,
    demand_from_mapping,
    demand_to_mapping,
    read_value,
    vocabulary,
)

WORDS = vocabulary()


def value_of(name: str) -> st.SearchStrategy:
    fact = WORDS[name]
    return {
        "bool": st.booleans(),
        "int": st.integers(0, 5000),
        "date": st.dates(date(1986, 1, 1), date(2030, 1, 1)),
        "enum": st.sampled_from(sorted(fact.values) or [""]),
        "text": st.text(min_size=1, max_size=30),
    }[fact.type]


def facts_at(*levels: str) -> st.SearchStrategy:
    names = [f.name for f in WORDS.at(*levels) if f.name not in ("period_from", "period_to", "identifier_kind")]
    one = st.sampled_from(names).flatmap(lambda n: st.tuples(st.just(n), st.none() | value_of(n)))
    return st.lists(one, max_size=6).map(dict)


TARGETS = st.builds(
    Target, st.none() | st.text(max_size=20), st.none() | st.sampled_from(["email", "ip"]), facts_at("target")
)
DAYS = st.none() | st.dates(date(2000, 1, 1), date(2030, 1, 1))
CLAUSES = st.builds(
    Clause,
    st.lists(TARGETS, max_size=3).map(tuple),
    st.none() | st.frozensets(st.sampled_from(CATEGORIES), max_size=4),
    DAYS,
    DAYS,
    st.text(max_size=20),
    st.none() | st.integers(1, 50),
    facts_at("clause", "target"),
)
DEMANDS = st.builds(Demand, facts_at("demand", "disclosure"), st.lists(CLAUSES, max_size=3).map(tuple))


@settings(max_examples=150, deadline=None)
@given(DEMANDS)
def test_a_demand_survives_a_round_trip_through_json(demand: Demand) -> None:
    assert demand_from_mapping(json.loads(json.dumps(demand_to_mapping(demand)))) == demand


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"knd": "nsl"}, "unknown fact 'knd'; hint: did you mean kind?"),
        ({"kind": "nls"}, "kind is 'nls'; hint: did you mean nsl"),
        ({"signed": "perhaps"}, "signed is 'perhaps'; hint: it is true, false"),
        ({"offence_max_months": 3.5}, "offence_max_months is 3.5; hint: it is a whole number"),
        ({"offence_max_months": True}, "offence_max_months is True; hint"),
        ({"issued_on": "yesterday"}, "hint: write a date as 2026-11-23"),
        ({"importer_can_read": True}, "a fact of a transfer, not of a demand"),
        ({"due_on": date.max}, "due_on is 9999-12-31; hint: it is a day from 1900-01-01 to 2200-12-31"),
        ({"due_on": "0001-01-01"}, "due_on is 0001-01-01; hint: it is a day from"),
        ({"due_days": 10**12}, "due_days is 1000000000000; hint: it is a whole number from 0 to 36600"),
        ({"provider_users": 16**9999}, "provider_users is a number of very many digits; hint"),
        ({"offence_max_months": -1}, "offence_max_months is -1; hint: it is a whole number from 0"),
        ({"k" * 9999: True}, "kkk...'; hint"),
        ({"clauses": [{"quote": 16**9999}]}, "clause 1: quote is a number of very many digits"),
        ({"clauses": [{"targets": [{"identifier": ["a"]}]}]}, "clause 1: identifier is a list"),
        ({"clauses": {"categories": []}}, "clauses is not a list"),
        ({"clauses": [{"categories": "content"}]}, "categories is not a list"),
        ({"clauses": [{"categories": ["contents"]}]}, "unknown category 'contents'"),
        ({"clauses": [{"targets": [3]}]}, "a target is 3"),
        ({"clauses": [{"kind": "nsl"}]}, "kind is a fact of a demand, not of clause 1"),
        ({"clauses": [{"page": 0}]}, "pages count from 1"),
    ],
)
def test_a_mistake_is_refused_with_a_hint(data: dict, message: str) -> None:
    with pytest.raises(FactsError) as caught:
        demand_from_mapping(data)
    assert message in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20) | st.dates(),
    lambda parts: (
        st.lists(parts, max_size=4) | st.dictionaries(st.text(st.characters(), max_size=9), parts, max_size=4)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(["clauses", "targets", "categories", "identifier", "kind", "quote", "page", "period_to"])
FORMED = st.recursive(
    JSON,
    lambda parts: (
        st.dictionaries(KEYS | st.sampled_from(sorted(WORDS.facts)), parts, max_size=6) | st.lists(parts, max_size=6)
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS | st.sampled_from(sorted(WORDS.facts)), FORMED, max_size=4))
def test_whatever_is_handed_in_is_a_demand_or_refused_in_a_few_words(data: dict) -> None:
    try:
        told = json.dumps(demand_to_mapping(demand_from_mapping(data)), ensure_ascii=False)
    except FactsError as error:
        told = str(error)
        refused = "hint:" in told and len(told) < 1000
    else:
        refused = False
    assert refused or told.encode("utf-8").startswith(b"{")


def test_half_a_letter_becomes_a_mark_that_every_file_can_hold() -> None:
    assert read_value("reference", "A\ud800-7") == "A\ufffd-7"


def test_an_empty_answer_is_unknown_and_not_no() -> None:
    assert read_value("signed", "") is None
    assert read_value("signed", None) is None
    assert read_value("signed", "no") is False


def test_a_closed_list_of_categories_says_what_is_not_asked() -> None:
    facts = Clause(categories=frozenset({"content"})).all_facts()
    assert facts["asks_content"] is True
    assert facts["asks_location"] is False
    assert "asks_content" not in Clause().all_facts()


def test_an_explicit_fact_goes_before_what_the_categories_imply() -> None:
    clause = Clause(categories=frozenset({"subscriber"}), facts={"asks_content": None})
    assert clause.all_facts()["asks_content"] is None


def test_every_fact_has_the_words_it_is_shown_and_asked_in() -> None:
    for fact in WORDS.facts.values():
        assert fact.means
        assert fact.told
        assert fact.ask.endswith("?")
        assert (fact.type == "bool") == bool(fact.denies)
        assert (fact.type != "bool") == ("{}" in fact.says), fact.name
        assert (fact.type == "enum") == bool(fact.values)
        for text in (fact.means, fact.says, fact.denies):
            assert not text.endswith(".")
