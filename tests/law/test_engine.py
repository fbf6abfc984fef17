"""The generated function, the reference walk and the explanation agree; unknown is never taken for no."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trees import trees

from demur.docket.clocks import clocks as docket_clocks
from demur.facts import Clause, Demand, Target, demand_from_mapping, vocabulary
from demur.law import assess, library, load, return_date
from demur.law.codegen import FALSE, UNKNOWN, generate, truth
from demur.law.explain import explainer
from demur.law.language import Always, And, Compare, Is, Known, Node, Not, OneOf, Param, atoms, simplify
from demur.law.library import HERE

BOOLS = ("signed", "gag_present", "verified")
DAYS = [*(date(2020, 1, 1) + timedelta(n) for n in range(4)), date(2020, 1, 30), date(2020, 1, 31), date(2020, 2, 29)]
MONTHS = st.sampled_from([-1, 1, 12])
PARAMS = {"few": frozenset({"nsl"}), "bound": 2, "unset": None}


def leaf() -> st.SearchStrategy[Node]:
    ops = st.sampled_from(["<", "<=", ">", ">=", "="])
    return st.one_of(
        st.sampled_from([Is(b) for b in BOOLS]),
        st.sampled_from([Known(b) for b in (*BOOLS, "kind")]),
        st.sampled_from([OneOf("kind", ("nsl",)), OneOf("kind", ("cid", "nsl")), OneOf("kind", Param("few"))]),
        st.builds(lambda op, n: Compare("due_days", op, n), ops, st.integers(0, 3)),
        st.builds(lambda op, p: Compare("due_days", op, Param(p)), ops, st.sampled_from(["bound", "unset"])),
        st.builds(lambda op, n: Compare("served_on", op, None, "issued_on", n), ops, st.integers(-1, 2)),
        st.builds(lambda op, n, m: Compare("served_on", op, None, "issued_on", n, m), ops, st.integers(-1, 1), MONTHS),
        st.builds(Always, st.booleans()),
    )


def tree() -> st.SearchStrategy[Node]:
    return trees(leaf(), 8)


FACTS = st.fixed_dictionaries(
    {
        **{b: st.sampled_from([None, False, True]) for b in BOOLS},
        "kind": st.sampled_from([None, "nsl", "cid", "edr"]),
        "due_days": st.sampled_from([None, 0, 1, 2, 3]),
        "served_on": st.sampled_from([None, *DAYS]),
        "issued_on": st.sampled_from([None, *DAYS]),
    }
)


@settings(max_examples=400, deadline=None)
@given(guard=tree(), when=tree(), facts=FACTS)
def test_generated_code_and_explanation_give_the_value_of_the_reference(guard: Node, when: Node, facts: dict) -> None:
    guard, test = simplify(guard), simplify(And((guard, when)))
    source, constants = generate([("demand", guard, test), ("demand", test, test)], vocabulary())
    space = dict(constants)
    exec(source, space)
    out: list[tuple[int, int]] = []
    space["demand"](facts, PARAMS, out)
    value = truth(test, facts, PARAMS)
    assert dict(out).get(0, FALSE) == dict(out).get(1, FALSE) == value
    why = explainer(test)(facts, PARAMS)
    assert why.value == value
    if value == UNKNOWN:
        assert any(line.state == "unknown" for line in why.lines)
    assert bool(why.missing) == (value == UNKNOWN)
    assert all(facts[name] is None for name in why.missing)


@settings(max_examples=100, deadline=None)
@given(node=tree(), several=st.lists(FACTS, min_size=2, max_size=6))
def test_what_was_explained_before_changes_no_explanation(node: Node, several: list[dict]) -> None:
    test = simplify(node)
    worn = explainer(test)
    for facts in several * 2:
        assert worn(facts, PARAMS) == explainer(test)(facts, PARAMS)


@settings(max_examples=300, deadline=None)
@example(node=Not(Compare("due_days", "<", Param("unset"))), facts={"due_days": 0})
@given(node=tree(), facts=FACTS)
def test_simplifying_changes_no_value(node: Node, facts: dict) -> None:
    assert truth(simplify(node), facts, PARAMS) == truth(node, facts, PARAMS)


@settings(max_examples=150, deadline=None)
@given(node=tree(), facts=FACTS)
def test_a_verdict_stands_whatever_the_unknown_facts_turn_out_to_be(node: Node, facts: dict) -> None:
    # Known-tests ask about knowledge itself, so they may change when a fact becomes known: they are left out.
    if any(isinstance(a, Known) for a in atoms(node)):
        return
    value = truth(node, facts, PARAMS)
    if value == UNKNOWN:
        return
    options = {
        **{b: [False, True] for b in BOOLS},
        "kind": ["nsl", "cid"],
        "due_days": [0, 2],
        "served_on": DAYS[::2],
        "issued_on": DAYS[::2],
    }
    open_ = [name for name, found in facts.items() if found is None]
    for choice in product(*(options[name] for name in open_)):
        assert truth(node, {**facts, **dict(zip(open_, choice, strict=True))}, PARAMS) == value


def test_the_library_is_broad() -> None:
    assert len(library().rules) >= 150
    assert len(vocabulary().facts) >= 120


def test_every_rule_carries_citation_check_and_examples() -> None:
    for rule in library().rules:
        assert rule.cites
        assert rule.says.rstrip(")").endswith(".")
        assert {e.verdict for e in rule.examples} >= {"holds", "fails"}


def test_a_rule_that_nobody_confirmed_is_soft_and_at_most_arguable() -> None:
    for rule in library().rules:
        if rule.checked == "recheck" and rule.against != "info":
            for day in (date(2010, 1, 1), date(2026, 11, 23)):
                if rule.in_force(day):
                    assert rule.strength_on(day) in ("arguable", "policy")
                    assert rule.force_on(day) == "soft"


def test_findings_come_by_verdict_then_strength() -> None:
    demand = demand_from_mapping(
        {"kind": "nsl", "issuer_country": "us", "gag_present": True, "asks_transactional": True}
    )
    found = assess(demand, date(2019, 1, 31)).findings
    rank = {"mandatory": 0, "strong": 1, "arguable": 2, "policy": 3}
    keys = [(f.verdict != "holds", f.against == "info", rank[f.strength]) for f in found]
    assert keys == sorted(keys)


def test_the_last_day_of_the_calendar_breaks_nothing() -> None:
    late = {
        name: date.max for name, fact in vocabulary().facts.items() if fact.type == "date" and fact.level == "demand"
    }
    for kind in vocabulary()["kind"].values:
        assert assess(Demand({**late, "kind": kind, "issuer_country": "us"}), date(2026, 11, 23)).findings


SERVED = date(2026, 9, 10)
"""A Thursday: the ten days end on Sunday the 20th, so with Monday the 21st."""


@pytest.mark.parametrize(
    ("served_country", "day", "counted", "bare"),
    [
        ("ie", SERVED + timedelta(10), "holds", "holds"),
        ("ie", SERVED + timedelta(11), "holds", "unknown"),
        ("ie", SERVED + timedelta(12), "fails", "unknown"),
        ("ie", SERVED + timedelta(20), "fails", "unknown"),
        ("ie", SERVED + timedelta(21), "fails", "fails"),
        (None, SERVED + timedelta(20), "holds", "holds"),
        (None, SERVED + timedelta(21), "fails", "fails"),
    ],
)
def test_ten_days_that_end_on_a_sunday_hold_the_data_until_monday(served_country, day, counted, bare) -> None:
    given = {
        "kind": "eu.epoc", "issuer_country": "fr", "served_country": served_country, "asks_content": True,
        "enforcing_authority_notified": True, "served_on": SERVED,
    }  # fmt: skip
    for clocks, wanted in ((docket_clocks(), counted), (return_date, bare)):
        found = assess(demand_from_mapping(given), day, clocks=clocks)
        verdicts = {f.verdict for f in found.findings if f.rule == "eu.eev.8.4"} or {"fails"}
        assert verdicts == {wanted}
        told = found.demand.facts.get("ten_days_until")
        assert told == (date(2026, 9, 21) if clocks is not return_date and bare == "unknown" else None)
        # What the clock told is a fact of the assessment, so it is made again alike without the clock.
        again = assess(found.demand, day)
        assert {(f.rule, f.verdict) for f in again.findings} == {(f.rule, f.verdict) for f in found.findings}


def test_one_protected_person_among_many_is_cut_out_alone() -> None:
    people = tuple(Target(f"user{n}@example.org", "email", {"user_is_journalist": n == 7}) for n in range(40))
    demand = Demand(
        {"kind": "warrant.sca", "issuer_country": "us"},
        (Clause(targets=people, categories=frozenset({"content"})),),
    )
    hit = {
        f.target
        for f in assess(demand, date(2026, 11, 1)).holding()
        if "user_is_journalist" in {name for reason in f.because for name in reason.facts}
    }
    assert hit == {7}


def test_unknown_facts_are_asked_for_and_answers_settle_findings() -> None:
    base = {"kind": "warrant.sca", "issuer_country": "us", "asks_content": True}
    before = assess(demand_from_mapping(base), date(2026, 11, 1))
    question = next(iter(before.questions()))
    assert question in vocabulary()
    settled = before.questions()[question]
    assert settled
    for finding in before.unknown():
        assert finding.missing
        assert all(name in vocabulary() for name in finding.missing)


def test_a_damaged_cache_is_not_believed(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = load()
    (cached,) = (tmp_path / "demur").glob("law-*.pickle")
    cached.write_bytes(b"nothing of the kind")
    assert load().version == first.version
    cached.chmod(0o666)
    (tmp_path / "demur").chmod(0o777)
    assert load().version == first.version


@pytest.mark.parametrize(("day", "reach"), [(date(2014, 7, 1), True), (date(2019, 1, 1), False)])
def test_the_same_warrant_for_data_abroad_meets_the_law_of_its_day(day: date, reach: bool) -> None:
    facts = {
        "kind": "warrant.sca", "issuer_country": "us", "asks_content": True, "data_country": "ie", "user_country": "ie",
        "gdpr_applies": True, "personal_data": True, "provider_country": "us", "served_country": "us",
        "conflicting_law": True, "conflict_foreign_qualifying": False, "international_agreement_direct": False,
    }  # fmt: skip
    held = {f.rule for f in assess(demand_from_mapping(facts), day).holding() if f.is_ground}
    assert ("us.sca.2703.extraterritorial" in held) is reach
    later = {"us.cloudact.103c.common-law-comity"}
    assert later.isdisjoint(held) is reach
    assert any(rule.startswith("eu.gdpr.48") for rule in held) is not reach
    assert "us.sca.2703h.comity" not in held


def test_a_statute_that_comes_back_makes_nothing_of_the_gap_good(tmp_path) -> None:
    text = (HERE / "us" / "fisa.toml").read_text("utf-8")
    none = next(line for line in text.splitlines() if "9999-12-31" in line)
    back = none.removesuffix("]") + ', { from = 2027-02-01, is = 2027-02-01, source = "a re-enactment" }]'
    (tmp_path / "fisa.toml").write_text(text.replace(none, back), "utf-8")
    law = load(tmp_path, cached=False)

    def lapsed(issued: date, as_of: date) -> bool:
        found = assess(Demand({"kind": "fisa.702", "issued_on": issued}), as_of, law).holding()
        return "us.fisa.702.lapse" in {f.rule for f in found}

    before, gap, after = date(2026, 6, 11), date(2026, 9, 1), date(2027, 2, 1)
    assert [lapsed(day, after) for day in (before, gap, after)] == [False, True, False]
    assert lapsed(gap, gap)
