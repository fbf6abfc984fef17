"""The sweep gives each row the answer that the reference gives it, unknown included, and finds what changed."""

from __future__ import annotations

import random
from datetime import date, timedelta

import polars as pl
import pytest

from demur.facts import vocabulary
from demur.law import Library, library, load
from demur.law.codegen import FALSE, TRUE, UNKNOWN, truth
from demur.law.sweep import changed, codes, count, differences, encode_lazily, evaluate, rules_on

DAY = date(2026, 11, 23)
VALUE = {True: TRUE, False: FALSE, None: UNKNOWN}
TABLE = """
["x.a"]
title    = "A sample"
cites    = ["A statute, s. 1"]
says     = "A sample."
applies  = "kind in ('nsl', 'cid')"
when     = "offence_max_months < param('bar') or issuer_country in param('few')"
against  = "clause"
effect   = "challenge"
strength = "arguable"
checked  = {{ on = 2026-11-23, how = "text" }}
examples.holds   = [{{ kind = "nsl", offence_max_months = 1 }}, {{ kind = "nsl", issuer_country = "us" }}]
examples.fails   = [{{ kind = "edr" }}]
examples.unknown = [{{ kind = "nsl" }}]

[params.bar]
means  = "a bar"
values = [{{ is = 36, source = "s. 1" }}, {{ from = 2026-06-01, is = {bar}, source = "s. 2" }}]

[params.few]
means  = "a few"
values = [{{ is = ["us"], source = "s. 3" }}]
"""


def rows(number: int, rules: list, seed: int = 7) -> list[dict]:
    chance = random.Random(seed)
    words = vocabulary()
    names = sorted({f for rule in rules for f in rule.facts if f != "as_of"})

    def value(name: str) -> object:
        fact = words[name]
        if chance.random() < 0.3:
            return None
        if fact.type == "bool":
            return chance.random() < 0.5
        if fact.type == "int":
            return chance.randrange(0, 400)
        if fact.type == "date":
            return date(2019, 1, 1) + timedelta(chance.randrange(0, 2900))
        if name == "kind":
            return chance.choice(["warrant.sca", "nsl", "eu.epoc", "edr", "order.2703d", "foreign.order"])
        if name == "issuer_country":
            return chance.choice(["us", "fr", "de", "gb"])
        return chance.choice(list(fact.values))

    return [{name: value(name) for name in names} for _ in range(number)]


def frame(data: list[dict]) -> pl.DataFrame:
    kinds = {"bool": pl.Boolean, "int": pl.Int32, "date": pl.Date, "enum": pl.String}
    words = vocabulary()
    schema = {name: kinds[words[name].type] for name in data[0]}
    return pl.DataFrame(data, schema=schema)


@pytest.mark.parametrize("coded", [False, True])
def test_every_cell_is_the_reference_answer(coded: bool) -> None:
    law = library()
    rules = rules_on(law, DAY)
    data = rows(150, rules)
    table = frame(data).lazy()
    answers = evaluate(encode_lazily(table) if coded else table, rules, law, DAY).collect()
    params = {n: frozenset(v) if isinstance(v, tuple) else v for n, v in law.params_on(DAY).items()}
    for rule in rules:
        for row, found in zip(data, answers[rule.name].to_list(), strict=True):
            assert VALUE[found] == truth(rule.test, {**row, "as_of": DAY}, params), rule.name


def test_counts_are_those_of_the_cells() -> None:
    law = library()
    rules = rules_on(law, DAY)
    table = encode_lazily(frame(rows(300, rules)).lazy())
    cells = evaluate(table, rules, law, DAY).collect()
    for item in count(table, rules, law, DAY):
        column = cells[item.rule]
        assert (item.holds, item.unknown) == (column.sum(), column.null_count())


def test_a_fact_without_a_column_is_unknown_everywhere() -> None:
    law = library()
    rule = next(r for r in law.rules if r.id == "us.nsl.scope")
    table = pl.DataFrame({"kind": [codes("kind")["nsl"], codes("kind")["cid"]]}, schema={"kind": pl.UInt16}).lazy()
    (item,) = count(table, [rule], law, DAY)
    assert (item.holds, item.unknown) == (0, 1)


def changed_library(tmp_path, bar: int) -> Library:
    folder = tmp_path / str(bar)
    folder.mkdir()
    (folder / "x.toml").write_text(TABLE.format(bar=bar), "utf-8")
    return load(folder, cached=False)


def test_one_changed_parameter_touches_only_the_rows_it_decides(tmp_path) -> None:
    old, new = changed_library(tmp_path, 36), changed_library(tmp_path, 48)
    assert changed(old, new, date(2026, 5, 31)) == []
    changes = changed(old, new, DAY)
    assert [c.rule for c in changes] == ["x.a"]
    table = pl.DataFrame(
        {
            "id": [1, 2, 3, 4, 5],
            "kind": ["nsl", "nsl", "nsl", "edr", "nsl"],
            "offence_max_months": [12, 40, None, 40, 40],
            "issuer_country": ["fr", "fr", "fr", "fr", "us"],
        }
    ).lazy()
    found = differences(encode_lazily(table), changes, old, new, DAY)
    assert found.to_dicts() == [{"id": 2, "rule": "x.a", "old": False, "new": True}]
