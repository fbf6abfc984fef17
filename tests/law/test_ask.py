"""Only what can decide something is asked, the most decisive first; and the answers do decide."""

from __future__ import annotations

from datetime import date

import pytest

from demur.facts import demand_from_mapping, vocabulary
from demur.law import Library, ask, assess
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
    for question in asked:
        fact = vocabulary()[question.fact]
        answered[fact.name] = samples.get(fact.type) or next(iter(fact.values))
    after = assess(demand_from_mapping(answered), day)
    first = {f.rule for f in assess(demand_from_mapping(facts), day).unknown()}
    assert not {q for q in ask(after) if set(q.settles) & first}
