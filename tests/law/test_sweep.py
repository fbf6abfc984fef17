"""The sweep gives each row the answer of the reference, unknown included, and finds what a change touches."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from demur.cli import main
from demur.facts import FactsError, demand_from_mapping, vocabulary
from demur.law import LawError, Library, assess, library, load
from demur.law.check import days_of_change
from demur.law.codegen import FALSE, TRUE, UNKNOWN, truth
from demur.law.edition import changed, edition, facts_read, only, standing
from demur.law.kept import keep
from demur.law.language import Compare, Node, OneOf, moved
from demur.law.sweep import codes, count, evaluate, flat, frame, open_rows, since, tally, touched, write_rows

DAY = date(2026, 11, 23)
VALUE = {True: TRUE, False: FALSE, None: UNKNOWN}
RULE = """
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
values = [{{ from = 2020-01-01, is = ["us"], source = "s. 3" }}]
"""


def records(number: int, names: set[str], seed: int = 7) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    words = vocabulary()

    def value(name: str) -> object:
        if chance.random() < 0.3:
            return None
        fact = words[name]
        if fact.type == "bool":
            return chance.random() < 0.5
        if fact.type == "int":
            return chance.randrange(-3, 400)
        if fact.type == "date":
            return date(2019, 1, 1) + timedelta(chance.randrange(0, 2900))
        if name == "kind":
            return chance.choice(["warrant.sca", "nsl", "eu.epoc", "edr", "order.2703d", "foreign.order"])
        if name == "issuer_country":
            return chance.choice(["us", "fr", "de", "gb"])
        return chance.choice(list(fact.values))

    return [{"id": row, **{name: value(name) for name in sorted(names - {"as_of"})}} for row in range(number)]


ORDERS = (">", ">=", "=", "<", "<=")


def months() -> dict[str, Node]:
    """Comparisons of one day with another some months later, or those months after the day before it."""
    return {
        f"{op} {offset} {number}": Compare("served_on", op, None, "issued_on", offset, number)
        for op, offset, number in product(ORDERS, (0, -1), (-1, 1, 3, 24))
    }


def around_the_ends_of_months() -> list[dict[str, Any]]:
    """Rows at the end of long and short months, and what they are compared with a little before and after."""
    starts = (date(2023, 1, 26), date(2024, 1, 26), date(2024, 2, 26), date(2027, 7, 28), date(2026, 12, 28))
    pairs = [
        (day := start + timedelta(n), date(*moved(day, 0, number)) + timedelta(near))
        for start, n, number, near in product(starts, range(7), (-1, 1, 3, 24), range(-2, 4))
    ]
    rows = [{"issued_on": day, "served_on": then} for day, then in [*pairs, (None, DAY), (DAY, None)]]
    return [{"id": number, **row} for number, row in enumerate(rows)]


def params(law: Library, day: date) -> dict[str, Any]:
    return {n: frozenset(v) if isinstance(v, tuple) else v for n, v in law.params_on(day).items()}


def laws(tmp_path: Path, *bars: int) -> list[Library]:
    for bar in bars:
        (tmp_path / str(bar)).mkdir(exist_ok=True)
        (tmp_path / str(bar) / "x.toml").write_text(RULE.format(bar=bar), "utf-8")
    return [load(tmp_path / str(bar), cached=False) for bar in bars]


@pytest.mark.parametrize("transfers", [False, True])
def test_every_cell_is_the_reference_answer(transfers: bool) -> None:
    law = library()
    rules = edition(law, DAY, transfers=transfers)
    data = records(150, facts_read(rules))
    answers = evaluate(frame(data).lazy(), rules, DAY).collect()
    versions = {r.id: r for r in law.rules if r.in_force(DAY) and r.id in rules}
    assert versions.keys() == rules.keys()
    for rule in versions.values():
        for row, found in zip(data, answers[rule.id].to_list(), strict=True):
            assert VALUE[found] == truth(rule.test, {**row, "as_of": DAY}, params(law, DAY)), rule.name


def test_rows_with_a_day_of_their_own_are_judged_by_the_law_of_that_day() -> None:
    law = library()
    rules, turns = edition(law), days_of_change(law)
    days = [None, *turns, *(day - timedelta(1) for day in turns)]
    data = records(len(days), facts_read(rules))
    for row, day in zip(data, days, strict=True):
        row["as_of"] = day
    answers = evaluate(frame(data).lazy(), rules, DAY).collect()
    for number, row in enumerate(data):
        facts = {**row, "as_of": row["as_of"] or DAY}
        figures = params(law, facts["as_of"])
        found = dict.fromkeys(rules, FALSE)
        for rule in law.rules:
            if rule.id in rules and rule.in_force(facts["as_of"]):
                found[rule.id] = truth(rule.test, facts, figures)
        assert {rule: VALUE[answers[rule][number]] for rule in rules} == found, facts["as_of"]


def test_a_demand_laid_flat_is_answered_as_assess_answers_it() -> None:
    demand = demand_from_mapping(
        {
            "kind": "nsl", "issuer_country": "us", "gag_present": True, "issued_on": "2026-11-02",
            "clauses": [
                {"categories": ["content"], "targets": [
                    {"identifier": "a@example.org", "kind": "email", "data_country": "ie"},
                    {"identifier": "b@example.org", "kind": "email", "user_is_lawyer": True},
                ]},
                {"categories": ["subscriber"]},
            ],
        }
    )  # fmt: skip
    table = frame(flat("case-1", demand))
    assert table.select("id", "clause", "target").rows() == [("case-1", 0, 0), ("case-1", 0, 1), ("case-1", 1, None)]
    cells = evaluate(table.lazy(), edition(library(), DAY), DAY).collect()
    swept = {
        (rule, row["clause"], row["target"], "unknown" if row[rule] is None else "holds")
        for row in cells.iter_rows(named=True)
        for rule in cells.columns[3:]
        if row[rule] is not False
    }
    assert swept
    for finding in assess(demand, DAY).findings:
        rows = [s for s in swept if s[0] == finding.rule and finding.clause in (None, s[1])]
        assert any(s[3] == finding.verdict and finding.target in (None, s[2]) for s in rows), finding.rule
        swept -= set(rows) if finding.target is None else {s for s in rows if s[2] == finding.target}
    assert not swept


def test_months_are_counted_as_the_reference_counts_them() -> None:
    rules = months()
    data = around_the_ends_of_months()
    answers = evaluate(frame(data).lazy(), rules, DAY).collect()
    for rule, node in rules.items():
        for row, found in zip(data, answers[rule].to_list(), strict=True):
            assert VALUE[found] == truth(node, row, {}), (rule, row)


@pytest.mark.parametrize(
    "day", [date(2024, 2, 29), date(2023, 2, 28), date(2026, 12, 31), date(2024, 3, 1), date.min, date.max]
)
def test_the_one_day_of_all_rows_stands_to_months_after_another_as_the_reference_has_it(day: date) -> None:
    rules = {
        f"{op} {offset} {number}": Compare("as_of", op, None, "issued_on", offset, number)
        for op, offset, number in product(ORDERS, (0, -1, 5), (-12, -1, 1, 6, 1200))
    }
    near = [day.toordinal() + 30 * step + n for step in (-36525, -12, -6, -1, 0, 1, 12) for n in range(-8, 9)]
    known = [date.fromordinal(n) for n in near if 1 <= n <= date.max.toordinal()]
    data = [{"id": n, "issued_on": then} for n, then in enumerate([*known, date.min, date.max, None])]
    answers = evaluate(frame(data).lazy(), rules, day).collect()
    for rule, node in rules.items():
        for row, found in zip(data, answers[rule].to_list(), strict=True):
            assert VALUE[found] == truth(node, {**row, "as_of": day}, {}), (rule, row)


def test_counts_are_those_of_the_cells() -> None:
    rules = edition(library(), DAY)
    table = frame(records(300, facts_read(rules))).lazy()
    cells = evaluate(table, rules, DAY).collect()
    for item in count(table, rules, DAY):
        column = cells[item.rule]
        assert (item.holds, item.unknown) == (column.sum(), column.null_count())


def test_a_fact_without_a_column_is_unknown_everywhere() -> None:
    rules = {"us.nsl.scope": edition(library(), DAY)["us.nsl.scope"]}
    (item,) = count(frame([{"kind": "nsl"}, {"kind": "cid"}]).lazy(), rules, DAY)
    assert (item.holds, item.unknown) == (0, 1)
    (item,) = count(frame([{"signed": True}, {"signed": None}]).lazy(), rules, DAY)
    assert (item.holds, item.unknown) == (0, 2)


CASES = [
    {"id": 1, "kind": "nsl", "offence_max_months": 12, "issuer_country": "fr"},
    {"id": 2, "kind": "nsl", "offence_max_months": 40, "issuer_country": "fr"},
    {"id": 3, "kind": "nsl", "offence_max_months": None, "issuer_country": "fr"},
    {"id": 4, "kind": "edr", "offence_max_months": 40, "issuer_country": "fr"},
    {"id": 5, "kind": "nsl", "offence_max_months": 40, "issuer_country": "us"},
]


def test_one_changed_parameter_touches_only_the_rows_it_decides(tmp_path: Path) -> None:
    old, new = laws(tmp_path, 36, 48)
    assert changed(edition(old, date(2026, 5, 31)), edition(new, date(2026, 5, 31))) == []
    before, after = edition(old, DAY), edition(new, DAY)
    assert changed(before, after) == ["x.a"]
    found = touched(frame(CASES).lazy(), before, after, DAY).collect()
    assert found.to_dicts() == [{"id": 2, "rule": "x.a", "before": "fails", "after": "holds"}]
    number, (touch,) = tally(found)
    assert (number, touch.rule, touch.rows, touch.holds, touch.unknown, touch.fails) == (1, "x.a", 1, 1, 0, 0)


def test_what_is_touched_is_what_differs_cell_by_cell_however_much_changed() -> None:
    before, after = edition(library(), date(2015, 1, 1)), edition(library(), DAY)
    rules = changed(before, after)
    table = frame(records(80, facts_read(only(after, rules)))).lazy()
    was, now = (evaluate(table, only(law, rules), DAY).collect() for law in (before, after))
    words = {False: "fails", None: "unknown", True: "holds"}
    wanted = {
        (row, rule, words[old], words[new])
        for rule in rules
        for row, (old, new) in enumerate(zip(was[rule], now[rule], strict=True))
        if old is not new
    }
    assert len(rules) > 100
    assert set(touched(table, before, after, DAY).collect().rows()) == wanted != set()


def test_rows_of_past_days_are_touched_only_where_their_own_law_changed(tmp_path: Path) -> None:
    old, new = laws(tmp_path, 36, 48)
    rows = frame({**CASES[1], "id": day.day, "as_of": day} for day in (date(2026, 5, 31), date(2026, 6, 1))).lazy()
    found = touched(rows, edition(old), edition(new), DAY).collect()
    assert found.to_dicts() == [{"id": 1, "rule": "x.a", "before": "fails", "after": "holds"}]
    known = edition(new, known=date(2026, 5, 1))
    assert touched(rows, known, edition(new), DAY).collect()["id"].to_list() == [1]


def test_a_rule_that_is_new_or_gone_and_a_verdict_that_becomes_unknown_are_told(tmp_path: Path) -> None:
    (law,) = laws(tmp_path, 48)
    rows, rules = frame(CASES).lazy(), edition(law, DAY)
    come = touched(rows, {}, rules, DAY).collect().select("id", "before", "after").rows()
    assert come == [(1, "fails", "holds"), (2, "fails", "holds"), (3, "fails", "unknown"), (5, "fails", "holds")]
    gone = touched(rows, rules, {}, DAY).collect().select("id", "before", "after").rows()
    assert gone == [(i, after, before) for i, before, after in come]


def test_changed_facts_touch_their_rows_and_a_new_row_had_no_answer(tmp_path: Path) -> None:
    (law,) = laws(tmp_path, 48)
    rules = edition(law, DAY)
    now = [{**CASES[0], "offence_max_months": 60}, {**CASES[1], "issuer_country": "de"}, {**CASES[2]}, {**CASES[4]}]
    found = touched(frame(now).lazy(), rules, rules, DAY, frame(CASES[:3]).lazy()).collect()
    assert sorted(found.select("id", "before", "after").rows()) == [(1, "holds", "fails"), (5, None, "holds")]
    for earlier, why in ((CASES[:1] * 2, "name each once"), ([{"kind": "nsl"}], "the same id columns")):
        with pytest.raises(FactsError, match=f"hint: .*{why}"):
            touched(frame(now).lazy(), rules, rules, DAY, frame(earlier).lazy())


def test_only_rows_changed_since_a_day_are_taken_and_those_of_unknown_age() -> None:
    rows = pl.DataFrame({"id": [1, 2, 3], "changed_on": [date(2026, 11, 1), date(2026, 11, 20), None]}).lazy()
    assert since(rows, date(2026, 11, 20)).collect()["id"].to_list() == [2, 3]
    times = rows.with_columns(pl.col("changed_on").cast(pl.Datetime(time_zone="UTC")) + pl.duration(hours=9))
    assert since(times, date(2026, 11, 20)).collect()["id"].to_list() == [2, 3]
    for bad in (rows.drop("changed_on"), rows.with_columns(changed_on=pl.lit("today"))):
        with pytest.raises(FactsError, match="hint: "):
            since(bad, DAY)


def test_codes_keep_their_meaning_when_the_vocabulary_moves(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    write_rows(pl.DataFrame({"kind": ["nsl", "cid", None]}).lazy(), file)
    assert open_rows(file).collect()["kind"].to_list() == [codes("kind")["nsl"], codes("kind")["cid"], None]
    said = json.dumps({"kind": ["gone", "cid", "nsl"]})
    pl.DataFrame({"kind": [2, 1, 0]}, schema={"kind": pl.UInt8}).write_parquet(file, metadata={"demur.codes": said})
    assert open_rows(file).collect()["kind"].to_list() == [codes("kind")["nsl"], codes("kind")["cid"], None]
    with pytest.raises(FactsError, match="hint: write the rows anew"):
        open_rows(file, as_it_lies=True)


def test_an_earlier_law_is_named_by_day_folder_or_version(tmp_path: Path) -> None:
    (law,) = laws(tmp_path, 48)
    keep(library(), tmp_path / "kept")
    home = tmp_path / "kept"
    assert standing("2023-07-09", DAY, home).day == date(2023, 7, 9)
    assert standing(str(tmp_path / "48"), DAY, home).library.version == law.version
    assert standing(library().version[:12], DAY, home).edition(own_days=True) == edition(library())
    for name in ("2023-02-30", "0123456789ab", str(tmp_path / "none")):
        with pytest.raises(LawError, match="hint: "):
            standing(name, DAY, home)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: object) -> tuple[int, str, str]:
        code = main(["law", *map(str, arguments)])
        return code, *capsys.readouterr()

    return command


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    table = pl.DataFrame(records(500, facts_read(edition(library(), DAY))))
    table.write_parquet(tmp_path / "rows.parquet")
    return tmp_path / "rows.parquet"


def test_the_office_learns_what_a_day_of_new_law_touches(run: Run, rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "touched.parquet"
    code, told, _ = run("sweep", rows, "--as-of", "2023-07-10", "--changed-since", "2023-07-09", "-o", out, "--json")
    found = pl.read_parquet(out)
    assert code == 0
    assert found.columns == ["id", "rule", "before", "after"]
    assert "us.eo14086" in {line["rule"] for line in json.loads(told)}
    assert sum(line["rows"] for line in json.loads(told)) == found.height > 0
    code, told, _ = run("diff", "2023-07-09", "2023-07-10", "--json")
    assert code == 1
    assert {line["rule"] for line in json.loads(told)} >= set(found["rule"])
    assert run("diff", "2023-07-09", "2023-07-09")[0] == 0


def test_the_whole_library_is_counted_and_its_answers_written(run: Run, rows: Path, tmp_path: Path) -> None:
    code, told, _ = run("sweep", rows, "--as-of", DAY, "-o", tmp_path / "out.parquet", "--json")
    cells = pl.read_parquet(tmp_path / "out.parquet")
    assert code == 0
    assert cells.height == 500
    for line in json.loads(told):
        assert (line["holds"], line["unknown"]) == (cells[line["rule"]].sum(), cells[line["rule"]].null_count())


def test_the_query_is_printed_instead_of_run(run: Run, rows: Path) -> None:
    pytest.importorskip("ibis")
    for more in ((), ("--changed-since", "2023-07-09", "--as-of", "2023-07-10")):
        code, told, _ = run("sweep", rows, "--sql", "spark", *more)
        assert code == 0
        assert told.startswith(("SELECT", "WITH"))
        assert "eo14086" in told


def test_a_word_that_is_no_value_is_told_and_counts_as_unknown(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    pl.DataFrame({"kind": ["nsl", "nls"], "asks_content": [True, True]}).write_parquet(file)
    code, _, warned = run("sweep", file)
    assert code == 0
    assert warned == "warning: 1 rows have a kind that is none and count as unknown\n"


def test_columns_of_any_width_are_read_alike() -> None:
    rules = {
        "us.nsl.scope": edition(library(), DAY)["us.nsl.scope"],
        "x": OneOf("issuer_country", ("us", "zw", "al", "de")),
    }
    wide = frame([{"kind": "nsl", "issuer_country": "de"}, {"kind": None, "issuer_country": "al"}])
    narrow = wide.with_columns(pl.all().cast(pl.Int8, strict=False))
    for table in (wide, narrow, wide.with_columns(pl.all().cast(pl.Int64))):
        assert evaluate(table.lazy(), rules, DAY).collect()["x"].to_list() == [True, True]


def test_bad_rows_are_refused_with_a_hint_and_the_rows_are_never_overwritten(run: Run, rows: Path) -> None:
    kept = rows.read_bytes()
    bad = rows.with_name("bad.parquet")
    for table in (pl.DataFrame({"kin": ["nsl"]}), pl.DataFrame({"signed": ["yes"]}), None):
        bad.write_bytes(b"PAR1 not at all PAR1") if table is None else table.write_parquet(bad)
        code, _, said = run("sweep", bad)
        assert code == 2
        assert said.startswith("demur: ")
        assert "; hint: " in said
    for arguments in (("-o", rows), ("--rows-since", "2026-11-01"), ("--changed-since", "nowhere")):
        code, _, said = run("sweep", rows, *arguments)
        assert code == 2
        assert "hint: " in said
    assert run("sweep", rows.with_name("none.parquet"))[0] == 2
    pl.DataFrame({"signed": [True]}).write_parquet(rows.with_name("other.parquet"))
    code, _, said = run("sweep", rows.with_name("*.parquet"))
    assert (code, "hint: " in said) == (2, True)
    half = bytearray(kept)
    half[2000:60000] = bytes(58000)
    bad.write_bytes(half)
    code, _, said = run("sweep", bad)
    assert (code, "hint: " in said) == (2, True)
    assert rows.read_bytes() == kept
