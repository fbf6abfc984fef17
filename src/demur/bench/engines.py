"""The same rules on five engines: the generated function of the single case, Polars, DuckDB, ClickHouse and Spark.

Each answers the same random rows with unknowns, the rules of demands and those of transfers, and every cell is
compared. The engines come with `demur[peers]`, Spark wants Java besides; what is not installed is named and left out.
Run in a process of its own, since engines keep threads, memory and a Java machine.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demur.facts import vocabulary
from demur.law import library, sql
from demur.law.codegen import LEVELS, TRUE, UNKNOWN, generate
from demur.law.edition import Edition, edition, facts_read
from demur.law.language import AS_OF
from demur.law.sweep import evaluate, open_rows, write_rows

from . import Row, row
from .sweep import DAY, random_rows, spelled

if TYPE_CHECKING:
    import polars as pl

ROWS = 100_000
NAMES = {"duckdb": "DuckDB", "clickhouse": "ClickHouse", "spark": "Spark"}


def bench() -> list[Row]:
    """How many cells the engines answer otherwise than the sweep."""
    done = subprocess.run([sys.executable, "-m", __name__], check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found = json.loads(done.stdout.splitlines()[-1])
    there = ["the generated function", *(NAMES[name] for name in NAMES if name not in found["missing"])]
    left = "".join(f", {NAMES[name]} not installed" for name in found["missing"])
    name = f"cells that {', '.join(there)} answer otherwise than Polars, {ROWS:,} rows{left}"
    return [row(name, sum(found["differing"].values()), "cells", "cells compared", found["cells"], "0",
                not any(found["differing"].values()), missing=found["missing"])]  # fmt: skip


def missing() -> list[str]:
    """The engines that cannot run here."""
    needs = {"duckdb": ("ibis", "duckdb"), "clickhouse": ("ibis", "chdb"), "spark": ("ibis", "pyspark")}
    absent = {name for name, packages in needs.items() if not all(find_spec(package) for package in packages)}
    return sorted(absent | ({"spark"} if shutil.which("java") is None else set()))


def compare(rows: int, folder: Path, only: Sequence[str] = ("generated", *NAMES)) -> dict[str, int]:
    """For each of these engines that is here, how many cells it answers otherwise than the sweep."""
    found = dict.fromkeys([name for name in only if name not in missing()], 0)
    for transfers in (False, True):
        law, file = edition(library(), DAY, transfers=transfers), folder / f"rows-{transfers}.parquet"
        table = rows_for(law, rows).drop(AS_OF, strict=False)
        write_rows(table.lazy(), file)
        wanted = evaluate(open_rows(file), law, DAY).collect()
        for name in found:
            if name == "generated":
                answers = generated(spelled(table), list(law)).insert_column(0, wanted["id"])
            else:
                answers = run(name, sql.cells(law, open_rows(file).collect_schema(), DAY, name), file)
            found[name] += sum(differing(answers, wanted).values())
    return found


def rows_for(law: Edition, number: int, seed: int = 5) -> pl.DataFrame:
    """Random rows for the rules of an edition, three in ten facts unknown; days of their own lie years back."""
    import polars as pl

    rows = random_rows(sorted(facts_read(law)), number, unknown=0.3, seed=seed)
    return rows if AS_OF not in rows.columns else rows.with_columns(as_of=pl.col(AS_OF) - pl.duration(days=9000))


def generated(table: pl.DataFrame, rules: Sequence[str], day: date = DAY) -> pl.DataFrame:
    """The answers of the function that is generated for a single case, for each row in turn."""
    import numpy as np
    import polars as pl

    law = library()
    active = [rule for rule in law.rules if rule.in_force(day) and rule.id in set(rules)]
    source, names = generate([(r.level, r.guard, r.test) for r in active], vocabulary())
    exec(source, names)  # noqa: S102 -- code this package generated itself
    params = {n: frozenset(v) if isinstance(v, tuple) else v for n, v in law.params_on(day).items()}
    answers = np.zeros((len(active), table.height), dtype=np.uint8)
    for number, facts in enumerate(table.iter_rows(named=True)):
        facts[AS_OF] = day
        out: list[tuple[int, int]] = []
        for level in LEVELS:
            names[level](facts, params, out)
        for rule, value in out:
            answers[rule, number] = value
    columns = {r.id: pl.Series(answers[n]) for n, r in enumerate(active)}
    cells = pl.DataFrame({rule: columns[rule] for rule in rules})
    return cells.select(pl.when(pl.all() != UNKNOWN).then(pl.all() == TRUE))


def duckdb(query: str, rows: Path, out: Path) -> None:
    """Answer a query over a Parquet file with DuckDB."""
    import duckdb

    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as engine:
        engine.execute(f"create view rows as from '{rows}'")
        engine.execute(f"copy ({query}) to '{out}' (format parquet)")


def clickhouse(query: str, rows: Path, out: Path) -> None:
    """Answer a query over a Parquet file with ClickHouse."""
    from chdb.session import Session

    with Session() as engine:
        engine.query(f"create view rows as select * from file('{rows}', Parquet)")
        # One query of the whole library is longer than the bounds that ClickHouse sets by default.
        bounds = ("max_query_size", "max_ast_elements", "max_expanded_ast_elements")
        room = ", ".join(f"{name} = 100000000" for name in bounds)
        engine.query(f"{query} into outfile '{out}' format Parquet settings {room}")


def spark(query: str, rows: Path, out: Path) -> None:
    """Answer a query over a Parquet file with Spark."""
    from pyspark.sql import SparkSession

    settings = {"spark.driver.memory": "3g", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
    engine = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        engine = engine.config(name, value)
    session = engine.getOrCreate()
    session.read.parquet(str(rows)).createOrReplaceTempView("rows")
    session.sql(query).write.parquet(str(out))


ENGINES: dict[str, Callable[[str, Path, Path], None]] = {"duckdb": duckdb, "clickhouse": clickhouse, "spark": spark}


def run(dialect: str, query: str, rows: Path) -> pl.DataFrame:
    """What an engine answers to a query over a Parquet file, written beside it."""
    import polars as pl

    out = rows.with_name(f"out-{dialect}-{rows.stem}")
    ENGINES[dialect](query, rows, out)
    return pl.read_parquet(out / "*.parquet" if out.is_dir() else out)


def differing(found: pl.DataFrame, wanted: pl.DataFrame) -> dict[str, int]:
    """For each rule answered otherwise, in how many rows; unknown is an answer. Raises ValueError on other columns."""
    if found.columns != wanted.columns:
        raise ValueError("the two tables answer different rules")
    found, wanted = found.sort("id"), wanted.sort("id")
    cells = {name: int(found[name].ne_missing(wanted[name]).sum()) for name in wanted.columns}
    return {name: number for name, number in cells.items() if number}


def _main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, Any] = {"differing": compare(ROWS, Path(folder)), "missing": missing()}
    rules = sum(len(edition(library(), DAY, transfers=transfers)) for transfers in (False, True))
    print(json.dumps({**found, "cells": ROWS * rules * len(found["differing"])}))
    return 0


if __name__ == "__main__":
    sys.exit(_main())
