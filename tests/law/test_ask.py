"""Only what can decide something is asked, the most decisive first; and the answers do decide."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import product
from math import prod
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import trees

from demur.facts import demand_from_mapping, vocabulary
from demur.law import CATEGORIES, Library, Question, ask, asked_as, assess, library
from demur.law.ask import _Worth
from demur.law.codegen import TRUE, truth
from demur.law.engine import facts_at
from demur.law.language import Compare, Is, Known, Node, OneOf, atoms, facts_of, simplify
from demur.law.library import load

TABLE = """
["{id}"]
title    = "A sample"
cites    = ["A statute, s. 1"]
says     = "A sample."
applies  = "kind = 'nsl'"
when     = "{when}"
against  = "clause"
effect   = "challenge"
strength = "arguable"
checked  = {{ on = 2026-11-23, how = "text" }}
examples.holds   = [{holds}]
examples.fails   = [{{ kind = "cid" }}]
examples.unknown = [{{ kind = "nsl" }}]
"""


def small(tmp_path, *rules: tuple[str, str, str]) -> Library:
    text = "".join(TABLE.format(id=i, when=when, holds=holds) for i, when, holds in rules)
    (tmp_path / "rules.toml").write_text(text, "utf-8")
    return load(tmp_path, cached=False)


def questions(law: Library, **facts: object) -> list[tuple[str, tuple[str, ...]]]:
    found = assess(demand_from_mapping({"kind": "nsl", **facts}), date(2026, 1, 1), law)
    return [(q.fact, q.settles) for q in ask(found, law)]


def test_what_holds_whatever_the_answer_is_not_asked(tmp_path) -> None:
    law = small(tmp_path, ("x.a", "signed or not signed", '{ kind = "nsl", signed = true }'))
    assert questions(law) == []


def test_a_fact_that_cannot_matter_is_not_asked(tmp_path) -> None:
    when = "dated and (signed or not signed)"
    law = small(tmp_path, ("x.a", when, '{ kind = "nsl", dated = true, signed = true }'))
    assert questions(law) == [("dated", ("x.a",))]


def test_the_question_that_settles_most_comes_first(tmp_path) -> None:
    law = small(
        tmp_path,
        ("x.a", "signed and dated", '{ kind = "nsl", signed = true, dated = true }'),
        ("x.b", "signed", '{ kind = "nsl", signed = true }'),
        ("x.c", "not signed and verified", '{ kind = "nsl", signed = false, verified = true }'),
    )
    asked = questions(law)
    assert asked[0] == ("signed", ("x.a", "x.b", "x.c"))
    assert {fact for fact, _ in asked} == {"signed", "dated", "verified"}


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "nsl", "issuer_country": "us", "gag_present": True, "asks_transactional": True},
        {"kind": "warrant.sca", "issuer_country": "us", "asks_content": True, "gag_present": False},
        {"kind": "eu.epoc", "issuer_country": "fr", "served_country": "de", "asks_traffic": True},
    ],
)
def test_answering_every_question_leaves_nothing_that_an_answer_could_decide(facts: dict) -> None:
    day = date(2026, 11, 1)
    asked = ask(assess(demand_from_mapping(facts), day))
    assert asked
    values = [q.value for q in asked]
    assert values[0] == max(values)
    samples = {"bool": True, "int": 5, "date": date(2026, 10, 1)}
    answered = dict(facts)
    for fact in (vocabulary()[name] for question in asked for name in question.facts):
        answered[fact.name] = samples.get(fact.type) or next(iter(fact.values))
    after = assess(demand_from_mapping(answered), day)
    first = {f.rule for f in assess(demand_from_mapping(facts), day).unknown()}
    assert not {q for q in ask(after) if set(q.settles) & first}


# ------------------------------------------------------------------ exactly what can matter

DAY = date(2026, 11, 23)
SPAN = [DAY + timedelta(n) for n in range(-9, 10)]
DOMAIN: Mapping[str, list[Any]] = {
    "signed": [False, True],
    "verified": [False, True],
    "kind": ["nsl", "cid", "edr", "order.2703d"],
    "user_country": ["fr", "de", "us"],
    "data_country": ["fr", "de", "us"],
    "due_days": list(range(-1, 6)),
    "served_on": SPAN,
    "issued_on": SPAN,
}
"""Values enough for every kind that the trees below can tell apart."""


def leaf() -> st.SearchStrategy[Node]:
    ops = st.sampled_from(["<", "<=", ">", ">=", "="])
    return st.one_of(
        st.sampled_from([Is("signed"), Is("verified"), Known("verified")]),
        st.sampled_from([OneOf("kind", ("nsl",)), OneOf("kind", ("cid", "nsl")), OneOf("user_country", ("fr",))]),
        st.builds(lambda op, n: Compare("due_days", op, n), ops, st.integers(0, 4)),
        st.builds(lambda op, n: Compare("served_on", op, DAY + timedelta(n)), ops, st.integers(-1, 1)),
        st.builds(lambda op, n: Compare("as_of", op, None, "served_on", n), ops, st.integers(-2, 2)),
        st.builds(lambda op, n: Compare("served_on", op, None, "issued_on", n), ops, st.integers(-2, 2)),
        st.builds(lambda op: Compare("served_on", op, None, "issued_on", -30, 1), ops),
        st.builds(lambda op: Compare("as_of", op, None, "issued_on", -30, 1), ops),
        st.just(Compare("user_country", "=", None, "data_country")),
    )


def tree() -> st.SearchStrategy[Node]:
    return trees(leaf(), 5)


def deciding(test: Node, missing: tuple[str, ...], facts: Mapping[str, Any]) -> set[str]:
    """The missing facts of which two values give different verdicts on some values of the others: all are tried."""
    found: set[str] = set()
    for place, name in enumerate(missing):
        seen: dict[tuple[Any, ...], bool] = {}
        for row in product(*(DOMAIN[other] for other in missing)):
            verdict = truth(test, {**facts, **dict(zip(missing, row, strict=True))}, {}) == TRUE
            if seen.setdefault((*row[:place], *row[place + 1 :]), verdict) != verdict:
                found.add(name)
                break
    return found


@settings(max_examples=300, deadline=None)
@given(tree(), st.sets(st.sampled_from(["signed", "verified", "kind", "due_days", "issued_on", "data_country"])))
def test_a_fact_is_asked_if_and_only_if_its_answer_can_make_the_difference(node: Node, known: set[str]) -> None:
    test = simplify(node)
    facts = {"as_of": DAY, **{name: DOMAIN[name][len(DOMAIN[name]) // 2] for name in known}}
    open_ = [name for atom in atoms(test) if not isinstance(atom, Known) for name in facts_of(atom)]
    missing = tuple(dict.fromkeys(name for name in open_ if name not in facts))
    if prod(len(DOMAIN[name]) for name in missing) > 5_000:
        return
    worth = _Worth(test, missing, facts, {})
    assert worth.exact
    assert {fact for name in worth.names for fact in worth.facts(name)} == deciding(test, missing, facts)


def asked_of(questions: tuple[Question, ...]) -> dict[str, set[str]]:
    """What is asked for each rule, by name."""
    found: dict[str, set[str]] = {}
    for question in questions:
        for rule in (*question.settles, *question.helps):
            found.setdefault(rule, set()).add(question.fact)
    return found


def some_value(name: str, chance: random.Random) -> Any:
    fact = vocabulary()[name]
    if fact.type == "bool":
        return chance.random() < 0.5
    if fact.type == "enum":
        return chance.choice(list(fact.values))
    return DAY + timedelta(chance.randrange(-800, 800)) if fact.type == "date" else chance.randrange(0, 400)


@pytest.mark.parametrize("kind", ["eu.epoc", "nsl", "warrant.sca", "uk.ipa.notice", "national.order", "edr"])
def test_over_the_whole_library_no_fact_that_makes_the_difference_is_left_out(kind: str) -> None:
    chance, law = random.Random(kind), library()
    params = {n: frozenset(v) if isinstance(v, tuple) else v for n, v in law.params_on(DAY).items()}
    names = [f.name for f in vocabulary().at("demand", "clause", "target") if f.type != "text" and f.name != "kind"]
    rules = {rule.id: rule for rule in law.rules if rule.in_force(DAY)}
    undecided = 0
    for share in (0.0, 0.1, 0.3):
        told = {name: some_value(name, chance) for name in names if chance.random() < share}
        found = assess(demand_from_mapping({"issuer_country": "fr", **told, "kind": kind}), DAY)
        questions = ask(found)
        asked = asked_of(questions)
        assert all(question.exact for question in questions)
        for finding in found.unknown():
            facts, test = facts_at(found.demand, DAY, finding.clause, finding.target), rules[finding.rule].test
            verdicts = set()
            for _ in range(60):
                full = {**facts, **{name: some_value(name, chance) for name in finding.missing}}
                verdicts.add(verdict := truth(test, full, params))
                name = chance.choice(finding.missing)
                if truth(test, {**full, name: some_value(name, chance)}, params) != verdict:
                    assert asked_as(name) in asked[finding.rule], (finding.rule, name)
            # An unknown finding to which no question belongs is one that no answer can decide.
            assert finding.rule in asked or len(verdicts) == 1, finding.rule
            undecided += finding.rule in asked
    assert undecided > 20


def test_every_rule_in_force_is_worked_out_in_full_when_nothing_is_known() -> None:
    params = {n: frozenset(v) if isinstance(v, tuple) else v for n, v in library().params_on(DAY).items()}
    for rule in library().rules:
        if rule.in_force(DAY):
            worth = _Worth(rule.test, tuple(n for n in rule.facts if n != "as_of"), {"as_of": DAY}, params)
            worth.shares(frozenset())
            assert worth.exact, rule.id


def test_a_rule_too_large_to_work_out_leaves_nothing_out_and_says_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys.modules[_Worth.__module__], "MOST_NODES", 3)
    law = small(tmp_path, ("x.a", "signed and dated", '{ kind = "nsl", signed = true, dated = true }'))
    found = ask(assess(demand_from_mapping({"kind": "nsl"}), DAY, law), law)
    assert [(q.fact, q.helps, q.exact) for q in found] == [("dated", ("x.a",), False), ("signed", ("x.a",), False)]


def test_a_day_that_decides_by_what_is_added_to_it_is_asked() -> None:
    facts = {"kind": "uk.ipa.notice", "issuer_country": "gb", "notice_type": "tcn"}
    found = ask(assess(demand_from_mapping(facts), DAY))
    (question,) = (q for q in found if q.fact == "last_renewed_on")
    assert "uk.ipa.tcn.expiry" in question.settles


def test_what_a_clause_asks_for_is_one_question() -> None:
    found = assess(demand_from_mapping({"kind": "eu.epoc", "issuer_country": "fr"}), DAY)
    asked = ask(found)
    (categories,) = (q for q in asked if q.fact == CATEGORIES)
    assert categories == asked[0]
    assert categories.text == "Which categories of data does it ask for?"
    assert {"asks_content", "asks_traffic"} <= set(categories.facts)
    assert not [q.fact for q in asked if q.fact.startswith("asks_")]
    offence = asked_of(asked)["eu.eev.g.offence"]
    assert {"offence_max_months", "offence_cyber_listed", "offence_terrorism"} <= offence
    two = demand_from_mapping({"kind": "eu.epoc", "issuer_country": "fr", "clauses": [{"page": 1}, {"page": 2}]})
    assert [q.clause for q in ask(assess(two, DAY)) if q.fact == CATEGORIES] == [0, 1]


def test_identifiers_of_which_the_same_is_known_are_worked_out_together() -> None:
    clauses = [{"targets": [f"user{n}@example.org" for n in range(200)]}]
    asked = ask(assess(demand_from_mapping({"kind": "nsl", "issuer_country": "us", "clauses": clauses}), DAY))
    each = {target: {q.fact for q in asked if q.target == target} for target in range(200)}
    assert each[0]
    assert all(facts == each[0] for facts in each.values())
