"""The rules printed as SQL give on every engine, cell by cell and unknown included, what the sweep gives.

DuckDB runs with the tests; ClickHouse and Spark (marked `peers`) on a hundred thousand rows, beside the generated
function of the single case.
"""

from __future__ import annotations

from datetime import date
from itertools import product
from pathlib import Path

import polars as pl
import pytest

from demur.bench.engines import ENGINES, compare, differing, rows_for, run
from demur.bench.sweep import random_rows, spelled
from demur.facts import FactsError
from demur.law import library, sql
from demur.law.edition import Edition, edition
from demur.law.language import Compare
from demur.law.sweep import codes, encode, evaluate, open_rows, touched, write_rows

# They come with requirements-dev; where those were installed earlier, the check of the peers still insists on them.
pytest.importorskip("ibis")
pytest.importorskip("duckdb")

DAY = date(2026, 11, 23)


PEERS = ("clickhouse", "spark")
EACH = [("duckdb", False), ("duckdb", True), *(pytest.param(p, True, marks=pytest.mark.peers) for p in PEERS)]


# The peers' answers of one day for all are compared below, on more rows.
@pytest.mark.parametrize("transfers", [False, True])
@pytest.mark.parametrize(("dialect", "own_days"), EACH)
def test_every_cell_is_that_of_the_sweep(tmp_path: Path, dialect: str, own_days: bool, transfers: bool) -> None:
    """Codes on one day for all, and texts on each row's own day; rules of demands, and of transfers."""
    law, file = edition(library(), None if own_days else DAY, transfers=transfers), tmp_path / "rows.parquet"
    table = rows_for(law, 400)
    if own_days:
        fact = "tool" if transfers else "kind"
        stray = pl.when(pl.col("id") % 20 == 0).then(pl.lit("no such value")).otherwise(pl.col(fact)).alias(fact)
        spelled(table).with_columns(stray).write_parquet(file)
    else:
        write_rows(table.drop("as_of", strict=False).lazy(), file)
    wanted = evaluate(encode(open_rows(file)), law, DAY).collect()
    query = sql.cells(law, open_rows(file).collect_schema(), DAY, dialect)
    assert differing(run(dialect, query, file), wanted) == {}


@pytest.mark.parametrize("dialect", ["duckdb", *(pytest.param(p, marks=pytest.mark.peers) for p in PEERS)])
def test_months_end_on_the_same_day_on_every_engine(tmp_path: Path, dialect: str) -> None:
    file, days = tmp_path / "rows.parquet", pl.date_range(date(2023, 12, 20), date(2024, 3, 10), eager=True)
    near = pl.Series([*range(-33, -25), *range(25, 35), *range(362, 370)])
    table = pl.DataFrame({"issued_on": days}).join(pl.DataFrame({"near": near}), how="cross")
    table = table.with_columns(served_on=pl.col("issued_on") + pl.duration(days=pl.col("near"))).drop("near")
    rules: Edition = {
        f"{op} {offset} {months}": Compare("served_on", op, None, "issued_on", offset, months)
        for op, offset, months in product((">", ">=", "="), (0, -1), (-1, 1, 12))
    }
    table.with_row_index("id").write_parquet(file)
    wanted = evaluate(open_rows(file), rules, DAY).collect()
    assert wanted.select(pl.exclude("id").any()).row(0) == (True,) * len(rules)
    query = sql.cells(rules, open_rows(file).collect_schema(), DAY, dialect)
    assert differing(run(dialect, query, file), wanted) == {}


@pytest.mark.parametrize("dialect", ["duckdb", *(pytest.param(p, marks=pytest.mark.peers) for p in PEERS)])
def test_the_rows_touched_by_new_law_are_those_of_the_sweep(tmp_path: Path, dialect: str) -> None:
    day, eve = (edition(library(), date(2023, 7, d)) for d in (10, 9))
    file = tmp_path / "rows.parquet"
    write_rows(rows_for(day, 5000).drop("as_of", strict=False).lazy(), file)
    rows = open_rows(file)
    query = sql.touched(eve, day, rows.collect_schema(), DAY, dialect)
    wanted = touched(rows, eve, day, DAY).collect().cast({"before": pl.String, "after": pl.String})
    assert wanted.height
    assert run(dialect, query, file).sort("rule", "id").rows() == wanted.sort("rule", "id").rows()


def test_what_cannot_be_printed_is_said_with_a_hint() -> None:
    law = edition(library(), DAY)
    with pytest.raises(LookupError, match="hint: one of clickhouse"):
        sql.cells(law, pl.Schema({"signed": pl.Boolean()}), DAY, "oracle")
    with pytest.raises(FactsError, match="hint: "):
        sql.touched(law, law, pl.Schema({"id": pl.Int64(), "signed": pl.Boolean()}), DAY, "duckdb")
    with pytest.raises(FactsError, match="hint: give them a column id"):
        sql.touched({}, law, pl.Schema({"signed": pl.Boolean()}), DAY, "duckdb")


@pytest.mark.peers
def test_a_hundred_thousand_rows_are_answered_alike_by_five_engines(tmp_path: Path) -> None:
    assert compare(100_000, tmp_path) == dict.fromkeys(("generated", *ENGINES), 0)


def test_the_generated_function_and_duckdb_answer_a_few_rows_alike(tmp_path: Path) -> None:
    """The rules of demands and those of transfers."""
    found = compare(300, tmp_path, only=("generated", "duckdb"))
    assert found == {"generated": 0, "duckdb": 0}


def test_codes_and_texts_are_the_same_values() -> None:
    table = random_rows(["kind", "signed"], 50, unknown=0.3, seed=1)
    texts = spelled(table)["kind"].to_list()
    assert [None if t is None else codes("kind")[t] for t in texts] == table["kind"].to_list()
