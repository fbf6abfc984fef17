"""A bad rule is refused with its file, its name, the column and the remedy; a good one means what it says."""

from __future__ import annotations

from datetime import date

import pytest

from demur.facts import vocabulary
from demur.law.language import And, Compare, Is, Known, LawError, Names, Not, OneOf, Or, Param, lower, moved
from demur.law.library import load, parse_rules

NAMES = Names(vocabulary(), {}, {"eea": ("at", "be"), "months": 36})
RULE = """
["x.sample"]
title    = "A sample"
cites    = ["A statute, s. 1"]
says     = "A sample."
applies  = "kind = 'nsl'"
when     = "{when}"
against  = "clause"
effect   = "challenge"
strength = "arguable"
checked  = {{ on = 2026-11-23, how = "text" }}
examples.holds   = [{{ kind = "nsl", asks_content = true }}]
examples.fails   = [{{ kind = "cid" }}]
examples.unknown = [{{ kind = "nsl" }}]
"""


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("ask_content", 1, "unknown fact 'ask_content'", "asks_content"),
        ("not asks_content and kind = 'nls'", 29, "'nls' is no value of kind", "nsl"),
        ("kind > 'nsl'", 1, "kind is enum and has no order", "in (...)"),
        ("asks_content < true", 1, "asks_content is bool and has no order", "asks_content"),
        ("kind in ('nsl', null)", 1, "null is not a value", "is null"),
        ("lower(kind) = 'nsl'", 1, "a plain fact name is expected", "write the fact first"),
        ("coalesce(asks_content, true)", 1, "a function is not part of the language", "param"),
        ("kind in (select 1)", 1, "a sub-query is not part of the language", "param"),
        ("offence_max_months > 35.5", 22, "35.5 is not a whole number", "no floats"),
        ("offence_max_months > 'three'", 22, "'three' is not of the type", "whole number"),
        ("served_on > '2018-03-23'", 1, "is not of the type of served_on", "date '...'"),
        ("served_on > date '2018-13-23'", 1, "is no date", "date '2018-03-23'"),
        ("served_on > date '9999-12-31'", 1, "is no date", "date '2018-03-23'"),
        ("as_of < date '0001-01-01'", 1, "is no date", "date '2018-03-23'"),
        ("offence = 'fraud'", 1, "offence is text and never stands in a rule", "enum"),
        ("kind", 1, "kind is enum, not a condition", "compare it"),
        ("kind in param('ea')", 9, "unknown parameter 'ea'", "eea"),
        ("kind in param('months')", 9, "a single value", "param"),
        ("user_country = kind", 1, "have different values", "one list"),
        ("served_on > issued_on + 1.5", 25, "whole number of days", "+ 14"),
        ("kind = 'nsl' and", 14, "not an expression", "write conditions"),
        ("asks_content; drop table x", 1, "not part of the language", "use and, or, not"),
        ("kind like 'n%'", 1, "not part of the language", "use and, or, not"),
        ("case when asks_content then true end", 1, "not part of the language", ""),
        ("signed and ask_content in param('eea')", 12, "unknown fact 'ask_content'", "asks_content"),
        ("'nsl'", 1, "a bare value is no condition", "compare"),
        ("offence_max_months > " + "9" * 5000, 22, "is not a whole number", "no floats"),
        ("served_on > issued_on + 3 months", 1, "'months' stands behind a condition", "interval '3 months'"),
        ("served_on > issued_on + interval '3 weeks'", 13, "a number of months or years", "issued_on + 14"),
        ("served_on > issued_on + interval '101 years'", 13, "a number of months or years", "interval"),
        ("served_on > issued_on + interval '1 month' - 1", 13, "before months", "- 1 + interval '1 month'"),
        ("served_on > issued_on + 1 + 2", 13, "days are added once", "interval"),
        ("offence_max_months > due_days + interval '1 month'", 22, "due_days is int, not a date", "+ 14"),
        ("served_on > issued_on + 9999999999", 25, "whole number of days", "+ 14"),
        ("(" * 400 + "asks_content" + ")" * 400, 1, "nested too deeply", "term"),
        ("not " * 2000 + "asks_content", 1, "nested too deeply", "term"),
        ("", 1, "empty", "true"),
    ],
)
def test_a_mistake_is_refused_with_its_column_and_a_remedy(text: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(LawError) as caught:
        lower(text, NAMES)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert f"column {column}" in caught.value.place


def test_a_mistake_in_a_rule_names_file_rule_and_place(tmp_path) -> None:
    (tmp_path / "us").mkdir()
    (tmp_path / "us" / "nsl.toml").write_text(RULE.format(when="asks_conten"), "utf-8")
    with pytest.raises(LawError) as caught:
        load(tmp_path, cached=False)
    assert str(caught.value).startswith("us/nsl.toml: x.sample: when, column 1: unknown fact 'asks_conten'; hint: ")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('examples.fails   = [{ kind = "cid" }]\n', "", "no example for fails"),
        ('examples.unknown = [{ kind = "nsl" }]\n', "", "no example for unknown"),
        ('title    = "A sample"\n', "", "title is missing"),
        ('strength = "arguable"', 'strength = "sturdy"', "'sturdy' is not allowed"),
        ('against  = "clause"', 'against  = "clauses"', "'clauses' is not allowed"),
        ('effect   = "challenge"', 'effect   = "defy"', "'defy' is not allowed"),
        ('how = "text"', 'how = "hearsay"', "checked lacks on or how"),
        ("on = 2026-11-23, ", "", "checked lacks on or how"),
        ('against  = "clause"', 'against  = "clause"\nby = "us.nowhere"', "unknown clock 'us.nowhere'"),
        ('against  = "clause"', 'against  = "clause"\nagaints = "clause"', "unknown key 'againts'"),
        ('against  = "clause"', 'against  = "clause"\nfrom = 2020-01-01\nuntil = 2019-01-01', "ends before it begins"),
        ('against  = "clause"', 'against  = "clause"\nfrom = "2020"', "is no date"),
        ('against  = "clause"', 'against  = "clause"\nuntil = 0001-01-01', "is no date"),
        ('against  = "clause"', 'against  = "clause"\ncuts = ["contents"]', "unknown category 'contents'"),
        ('against  = "clause"', 'against  = "clause"\nwho = ["everyone"]', "'everyone' is not allowed"),
        ("asks_content = true", "asks_content = 'maybe'", "asks_content is 'maybe'"),
        ("asks_content = true", "importer_can_read = true", "a fact of a transfer, not of a demand"),
        (
            'strength = "arguable"',
            'strength = [{ from = 2020-01-01, is = "strong" }, { from = 2019-01-01, is = "policy" }]',
            "do not rise",
        ),
        ('against  = "clause"', 'against  = "clause"\nfrom = 2030-01-01\nuntil = 2031-01-01', None),
        ("[", "[[", "not valid toml"),
        ('["x.sample"]', "[x.sample]", "begin each rule with its name in quotes"),
        ('["x.sample"]', '["X Sample"]', "no name of a rule"),
        ('title    = "A sample"', "title = 5", "title: is not text"),
        ('cites    = ["A statute, s. 1"]', 'cites = "A statute"', "cites: is not a list of texts"),
        ('against  = "clause"', 'against  = "clause"\nwho = [5]', "who: is not a list of texts"),
        ('against  = "clause"', 'against  = "clause"\nbeside = ["x"]', "beside is no table of reasons"),
        ('[{ kind = "cid" }]', '"cid"', "examples.fails: an example is not a table"),
        ('{ kind = "cid" }', '{ kind = "cid", as_of = "2020" }', "examples.fails, 1: as_of is '2020', no date"),
        ('{ kind = "cid" }', '{ kind = "cif" }', "examples.fails, 1: kind is 'cif'; hint: did you mean"),
        ('["x.sample"]', 'terms = 5\n["x.sample"]', "terms: is not a table of its own"),
        ('["x.sample"]', 'params.a = 5\n["x.sample"]', "params.a: a parameter has means and values"),
        ('["x.sample"]', 'clocks.a = 5\n["x.sample"]', "clocks.a: is not a table"),
        ('title    = "A sample"', f"title = {'9' * 5000}", "not valid toml"),
        ('title    = "A sample"', f"title = {'[' * 3000}", "nested too deeply"),
    ],
)
def test_a_malformed_rule_is_refused(old: str, new: str, message: str | None) -> None:
    text = RULE.format(when="asks_content")
    changed = text.replace(old, new, 1)
    assert changed != text
    if message is None:
        assert parse_rules(changed)
        return
    with pytest.raises(LawError) as caught:
        parse_rules(changed)
    assert message in str(caught.value)


def test_an_example_outside_the_life_of_its_rule_is_refused() -> None:
    text = RULE.format(when="asks_content").replace("against  =", "from = 2020-01-01\nagainst  =", 1)
    with pytest.raises(LawError, match="when the rule is not in force"):
        parse_rules(text.replace('{ kind = "cid" }', '{ kind = "cid", as_of = 2019-12-31 }'))


def test_two_versions_of_a_rule_may_not_overlap() -> None:
    text = RULE.format(when="asks_content")
    one = text.replace("x.sample", "x.sample@a").replace("against", "until = 2020-01-01\nagainst", 1)
    two = one.replace("@a", "@b").replace("until = 2020-01-01", "from = 2019-12-31")
    with pytest.raises(LawError, match="overlaps in time"):
        parse_rules(one + two)
    rules = parse_rules(one + two.replace("2019-12-31", "2020-01-01"))
    assert [r.version for r in rules] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("asks_content", Is("asks_content")),
        ("asks_content = false", Not(Is("asks_content"))),
        ("asks_content is true", And((Known("asks_content"), Is("asks_content")))),
        ("kind <> 'nsl'", Not(OneOf("kind", ("nsl",)))),
        ("'nsl' = kind", OneOf("kind", ("nsl",))),
        ("kind not in ('nsl', 'cid')", Not(OneOf("kind", ("nsl", "cid")))),
        ("issuer_country in param('eea')", OneOf("issuer_country", Param("eea"))),
        ("offence_max_months < param('months')", Compare("offence_max_months", "<", Param("months"))),
        ("36 > offence_max_months", Compare("offence_max_months", "<", 36)),
        ("not offence_max_months < 36", Compare("offence_max_months", ">=", 36)),
        ("served_on > issued_on + 14", Compare("served_on", ">", None, "issued_on", 14)),
        ("served_on > issued_on + interval '3 months'", Compare("served_on", ">", None, "issued_on", 0, 3)),
        ("issued_on + interval '2 years' >= as_of", Compare("as_of", "<=", None, "issued_on", 0, 24)),
        ("not as_of > issued_on - interval '1 month'", Compare("as_of", "<=", None, "issued_on", 0, -1)),
        ("as_of > issued_on - 1 + interval '1 month'", Compare("as_of", ">", None, "issued_on", -1, 1)),
        ("not (asks_content or kind is null)", And((Not(Is("asks_content")), Known("kind")))),
        ("asks_content and (asks_keys and true)", And((Is("asks_content"), Is("asks_keys")))),
        ("asks_content or asks_keys or asks_content", Or((Is("asks_content"), Is("asks_keys")))),
    ],
)
def test_an_expression_is_lowered_to_its_atoms(text: str, node: object) -> None:
    assert lower(text, NAMES) == node


@pytest.mark.parametrize(
    ("day", "days", "months", "then"),
    [
        ((2027, 1, 31), 0, 1, (2027, 2, 28)),
        ((2028, 1, 31), 0, 1, (2028, 2, 29)),
        ((2028, 2, 29), 0, 12, (2029, 2, 28)),
        ((2026, 11, 30), 0, 3, (2027, 2, 28)),
        ((2026, 3, 31), 0, -1, (2026, 2, 28)),
        ((2026, 12, 1), -1, 1, (2026, 12, 30)),
        ((9999, 12, 31), 1, 1, (10000, 1, 31)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_a_shorter_month(day, days, months, then) -> None:
    assert moved(date(*day), days, months) == then
