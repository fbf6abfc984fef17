"""The rules printed as SQL give on every engine, cell by cell and unknown included, what the sweep gives.

DuckDB runs with the tests; ClickHouse and Spark (marked `peers`) on a hundred thousand rows, beside the generated
function of the single case.
"""

from __future__ import annotations

from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from demur.bench.sweep import random_rows, spelled
from demur.facts import FactsError, vocabulary
from demur.law import library, sql
from demur.law.codegen import LEVELS, TRUE, UNKNOWN, generate
from demur.law.edition import Edition, edition, facts_read
from demur.law.language import Compare
from demur.law.sweep import codes, encode, evaluate, open_rows, touched, write_rows

# They come with requirements-dev; where those were installed earlier, the check of the peers still insists on them.
pytest.importorskip("ibis")
pytest.importorskip("duckdb")

DAY = date(2026, 11, 23)


def rows_for(law: Edition, number: int, seed: int = 5) -> pl.DataFrame:
    rows = random_rows(sorted(facts_read(law)), number, unknown=0.3, seed=seed)
    return rows if "as_of" not in rows.columns else rows.with_columns(as_of=pl.col("as_of") - pl.duration(days=9000))


def duckdb(query: str, rows: Path, out: Path) -> None:
    import duckdb

    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as engine:
        engine.execute(f"create view rows as from '{rows}'")
        engine.execute(f"copy ({query}) to '{out}' (format parquet)")


def clickhouse(query: str, rows: Path, out: Path) -> None:
    from chdb.session import Session

    with Session() as engine:
        engine.query(f"create view rows as select * from file('{rows}', Parquet)")
        # One query of the whole library is longer than the bounds that ClickHouse sets by default.
        bounds = ("max_query_size", "max_ast_elements", "max_expanded_ast_elements")
        room = ", ".join(f"{name} = 100000000" for name in bounds)
        engine.query(f"{query} into outfile '{out}' format Parquet settings {room}")


def spark(query: str, rows: Path, out: Path) -> None:
    from pyspark.sql import SparkSession

    settings = {"spark.driver.memory": "3g", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
    engine = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        engine = engine.config(name, value)
    session = engine.getOrCreate()
    session.read.parquet(str(rows)).createOrReplaceTempView("rows")
    session.sql(query).write.parquet(str(out))


ENGINES = {"duckdb": duckdb, "clickhouse": clickhouse, "spark": spark}
PEERS = ("clickhouse", "spark")
EACH = [("duckdb", False), ("duckdb", True), *(pytest.param(p, True, marks=pytest.mark.peers) for p in PEERS)]


def run(dialect: str, query: str, rows: Path) -> pl.DataFrame:
    out = rows.with_name(f"out-{dialect}")
    ENGINES[dialect](query, rows, out)
    return pl.read_parquet(out / "*.parquet" if out.is_dir() else out)


def differing(found: pl.DataFrame, wanted: pl.DataFrame) -> dict[str, int]:
    assert found.columns == wanted.columns
    found, wanted = found.sort("id"), wanted.sort("id")
    cells = {name: int(found[name].ne_missing(wanted[name]).sum()) for name in wanted.columns}
    return {name: number for name, number in cells.items() if number}


# The peers' answers of one day for all are compared below, on more rows.
@pytest.mark.parametrize(("dialect", "own_days"), EACH)
def test_every_cell_is_that_of_the_sweep(tmp_path: Path, dialect: str, own_days: bool) -> None:
    """Codes on one day for all, and texts on each row's own day."""
    law, file = edition(library(), None if own_days else DAY), tmp_path / "rows.parquet"
    table = rows_for(law, 400)
    if own_days:
        stray = pl.when(pl.col("id") % 20 == 0).then(pl.lit("no such value")).otherwise(pl.col("kind")).alias("kind")
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
    law, file = edition(library(), DAY), tmp_path / "rows.parquet"
    table = rows_for(law, 100_000).drop("as_of", strict=False)
    write_rows(table.lazy(), file)
    wanted = evaluate(open_rows(file), law, DAY).collect()
    assert generated(spelled(table), list(law)).equals(wanted.drop("id").with_columns(pl.all().cast(pl.Boolean)))
    for dialect in ENGINES:
        query = sql.cells(law, open_rows(file).collect_schema(), DAY, dialect)
        assert differing(run(dialect, query, file), wanted) == {}, dialect


def generated(table: pl.DataFrame, rules: list[str]) -> pl.DataFrame:
    """The answers of the function that is generated for a single case, for each row in turn."""
    law = library()
    active = [rule for rule in law.rules if rule.in_force(DAY) and rule.id in set(rules)]
    source, names = generate([(r.level, r.guard, r.test) for r in active], vocabulary())
    exec(source, names)
    params = {n: frozenset(v) if isinstance(v, tuple) else v for n, v in law.params_on(DAY).items()}
    answers = np.zeros((len(active), table.height), dtype=np.uint8)
    for number, facts in enumerate(table.iter_rows(named=True)):
        facts["as_of"] = DAY
        out: list[tuple[int, int]] = []
        for level in LEVELS:
            names[level](facts, params, out)
        for rule, value in out:
            answers[rule, number] = value
    columns = {r.id: pl.Series(answers[n]) for n, r in enumerate(active)}
    cells = pl.DataFrame({rule: columns[rule] for rule in rules})
    return cells.select(pl.when(pl.all() != UNKNOWN).then(pl.all() == TRUE))


def test_codes_and_texts_are_the_same_values() -> None:
    table = random_rows(["kind", "signed"], 50, unknown=0.3, seed=1)
    texts = spelled(table)["kind"].to_list()
    assert [None if t is None else codes("kind")[t] for t in texts] == table["kind"].to_list()
