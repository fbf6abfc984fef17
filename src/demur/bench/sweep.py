"""The sweep over millions of rows, beside the time that decoding their columns takes, and beside OpenFisca.

Each figure is taken in a process of its own, so that its peak is its own; the work and what it stands beside take
turns, so that a noisy machine slows both.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from demur.facts import vocabulary
from demur.law import library
from demur.law.edition import Edition, changed, edition, facts_read, only
from demur.law.language import AS_OF, And, Compare, Is, Node, Not, OneOf, Or
from demur.law.sweep import codes, count, open_rows, touched, write_rows

from . import Row, median_time, row

if TYPE_CHECKING:
    import polars as pl

DAY = date(2026, 11, 23)
EVE, RULING = "2023-07-09", "2023-07-10"
"""The days before and after a designation that gave rules another list of countries."""
FIGURE, RULE, NEW = "many_identifiers", "x.overbroad.accounts", 100
"""A figure that one rule reads, and another value of it, which touches about one row in twelve."""
MILLION, BLOCK, RUNS = 1_000_000, 250_000, 5
GROWING = 40
"""Rules of the library that are swept over up to 30 million rows; 300 would show no more, and take minutes."""
GUARD = "issuer_country"
NARROW = (
    "kind", GUARD, "data_country", "user_country", "customer_kind", "issuer_role", "provider_role",
    "offence_max_months", "served_on", "issued_on", "signed", "verified", "gag_present", "gag_by_court",
    "asks_content", "asks_location",
)  # fmt: skip


def bench() -> list[Row]:
    """Counts at ten million rows, what one changed rule touches, growth with rows and rules, and OpenFisca."""
    law = edition(library(), DAY)
    with tempfile.TemporaryDirectory() as folder:
        wide, narrow = Path(folder) / "wide", Path(folder) / "narrow"
        _write(wide, sorted(facts_read(law) - {AS_OF}), 10)
        _write(narrow, sorted(NARROW), 10)
        return [
            *_counts("300 rules", "library", wide, 300),
            *_counts("300 rules on 16 columns", "narrow", narrow, 300),
            *_counts(f"all {len(law)} rules", "library", wide, len(law)),
            *_counts("300 rules, each row's own day", "own-days", wide, 300, 1),
            *_growth(wide, narrow, len(law)),
            *_touched(wide),
            *_openfisca(wide, narrow),
        ]


# ------------------------------------------------------------------ rows


def random_rows(facts: Iterable[str], number: int, *, unknown: float = 0.12, seed: int = 7) -> pl.DataFrame:
    """Rows with these facts as they might come: enums coded, common values common, a share of each fact unknown."""
    import numpy as np
    import polars as pl

    chance, words = np.random.default_rng(seed), vocabulary()
    columns = {"id": pl.Series(np.arange(number))}
    for name in facts:
        kind = "date" if name == AS_OF else words[name].type
        value: Any
        if kind == "enum":
            weights = np.cumsum(1 / np.arange(1, len(words[name].values) + 1))
            value = np.searchsorted(weights, chance.random(number, dtype=np.float32) * weights[-1]).astype(np.uint8)
        elif kind == "bool":
            value = chance.random(number, dtype=np.float32) < 0.35
        elif kind == "int":
            value = chance.integers(-3, 400, number, dtype=np.int32)
        else:
            value = np.datetime64(DAY) + chance.integers(-3000, 300, number)
        known = pl.Series(chance.random(number, dtype=np.float32) >= unknown)
        columns[name] = pl.select(pl.when(known).then(pl.Series(value))).to_series()
    return pl.DataFrame(columns)


def spelled(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with the values of enums as text."""
    import polars as pl

    words = vocabulary()
    enums = [name for name in rows.columns if name in words and words[name].type == "enum"]
    return rows.with_columns(
        pl.col(name).replace_strict(dict(enumerate(words[name].values)), return_dtype=pl.String) for name in enums
    )


def _write(folder: Path, facts: Sequence[str], millions: int) -> None:
    import polars as pl

    folder.mkdir()
    for number in range(millions):
        parts = [random_rows(facts, BLOCK, seed=number * 100 + part) for part in range(MILLION // BLOCK)]
        rows = pl.concat(parts).drop("id").with_row_index("id", offset=number * MILLION)
        write_rows(rows.lazy(), folder / f"{number:02}.parquet")


# ------------------------------------------------------------------ figures


def _counts(name: str, task: str, folder: Path, rules: int, millions: int = 10) -> list[Row]:
    found = _child(task, folder, millions, rules)
    floor, per_rule = found["beside"], found["seconds"] / rules
    beside = f"decode of the {found['columns']} columns"
    return [
        row(f"sweep: {millions} M rows, {name}: a rule", per_rule, "s/rule", beside, floor, "<= 0.035x",
            per_rule <= 0.035 * floor, seconds=found["seconds"]),
        row(f"sweep: {millions} M rows, {name}: peak", found["peak"], "GB", "the decode alone", found["before"],
            "<= 0.5 GB", found["peak"] <= 0.5),
    ]  # fmt: skip


def _growth(wide: Path, narrow: Path, rules: int) -> list[Row]:
    """Rows three times over cost as much as other rows would: nothing of them is kept from one file to the next."""
    lines = []
    for task, folder, number in (("library", wide, GROWING), ("narrow", narrow, 300)):
        what = f"{number} rules" + (" on 16 columns" if task == "narrow" else "")
        one = _child(task, folder, 1, number)["seconds"]
        for millions, rows in ((10, "10 M rows"), (30, "30 M rows (the same 10 M thrice)")):
            each = _child(task, folder, millions, number)["seconds"] / millions
            lines.append(row(f"sweep: each million of {rows}, {what}", each, "s", "1 M rows", one, "<= 1.2x",
                             each <= 1.2 * one))  # fmt: skip
    few = rules // 4
    first = _child("library", wide, 1, few)["seconds"] / few
    each = _child("library", wide, 1, rules)["seconds"] / rules
    lines.append(row(f"sweep: a rule of {rules}, 1 M rows", each, "s", f"a rule of {few}", first, "<= 1.2x",
                     each <= 1.2 * first))  # fmt: skip
    return lines


def _touched(folder: Path) -> list[Row]:
    found = _child("touched", folder, 10, 1)
    command = [sys.executable, "-m", "demur.cli", "law", "sweep", str(folder), "--as-of", RULING,
               "--changed-since", EVE, "-o", str(folder.parent / "touched.parquet")]  # fmt: skip
    whole = median_time(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
    start = median_time(lambda: subprocess.run([sys.executable, "-c", "import polars, demur.law"], check=True))
    return [
        row("sweep: 10 M rows, ids one changed rule touches", found["seconds"], "s",
            f"decode of the {found['columns']} columns", found["beside"], "<= 0.1 s", found["seconds"] <= 0.1,
            touched=found["result"]),
        row("demur law sweep --changed-since, 10 M rows", whole, "s", "python with polars and the law", start,
            "<= 2 s", whole <= 2),
    ]  # fmt: skip


def _openfisca(wide: Path, narrow: Path) -> list[Row]:
    try:
        found = {"300 rules": _child("openfisca", wide, 1, 300),
                 "300 rules on 16 columns": _child("openfisca-narrow", narrow, 1, 300)}  # fmt: skip
    except LookupError as error:
        print(f"left out: {error}", file=sys.stderr)
        return []
    return [
        row(f"sweep: 1 M rows in memory, {name}, {one['columns']} columns, {one['threads']} threads", one["seconds"],
            "s", "OpenFisca-core, the same rows in memory, 1 thread", one["beside"], "<= 0.1x",
            one["seconds"] <= 0.1 * one["beside"])
        for name, one in found.items()
    ]  # fmt: skip


# ------------------------------------------------------------------ one figure, in its own process


def _child(task: str, folder: Path, millions: int, rules: int) -> dict[str, Any]:
    command = [sys.executable, "-m", __name__, task, str(folder), str(millions), str(rules)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode == MISSING:
        raise LookupError(done.stderr.strip())
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


MISSING = 3


def _main(task: str, folder: str, millions: str, rules: str) -> int:
    import polars as pl

    files = sorted(Path(folder).glob("*.parquet"))
    # Beyond the files there are, the same ones again: other rows would cost no more and no less.
    again, part = divmod(int(millions), len(files))
    rows = pl.concat([open_rows(folder)] * again + [open_rows(file) for file in files[:part]])
    work, beside, columns = TASKS[task](rows, int(rules))
    beside()
    before, result = _peak(), work()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS):
        for run, kept in ((beside, times[0]), (work, times[1])):
            start = perf_counter()
            run()
            kept.append(perf_counter() - start)
    found: dict[str, Any] = {"beside": median(times[0]), "seconds": median(times[1]), "peak": _peak(), "before": before}
    found = {**found, "columns": columns, "threads": pl.thread_pool_size()}
    print(json.dumps({**found, "result": result if isinstance(result, int) else None}))
    return 0


def _peak() -> float:
    """The most memory this process held at once, in GB; not that of its parent, which getrusage would hand down."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e9
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


Task = tuple[Callable[[], object], Callable[[], object], int]


def _decode(rows: pl.LazyFrame, facts: Iterable[str]) -> tuple[Callable[[], object], int]:
    """Reading these columns and no more than looking at each value once."""
    import polars as pl

    schema = rows.collect_schema()
    names = sorted(set(facts) & set(schema))
    looks = [pl.col(n).sum() if schema[n] == pl.Boolean else pl.col(n).max() for n in names]
    return lambda: rows.select(looks).collect(engine="streaming"), len(names)


def _counting(rows: pl.LazyFrame, law: Edition) -> Task:
    decode, columns = _decode(rows, facts_read(law))
    return lambda: count(rows, law, DAY), decode, columns


def _spread(law: Edition, rules: int) -> Edition:
    """So many rules from everywhere in the library, always the same ones, so that few and many are of one kind."""
    return only(law, random.Random(7).sample(sorted(law), rules))


def _library(rows: pl.LazyFrame, rules: int) -> Task:
    return _counting(rows, _spread(edition(library(), DAY), rules))


def _own_days(rows: pl.LazyFrame, rules: int) -> Task:
    import polars as pl

    days = pl.lit(DAY) - pl.duration(days=pl.col("id") % 6000)
    return _counting(rows.with_columns(days.alias(AS_OF)), _spread(edition(library()), rules))


def _narrow(rows: pl.LazyFrame, rules: int) -> Task:
    return _counting(rows, _narrow_law(rules))


def _narrow_law(rules: int) -> Edition:
    """Rules as libraries hold them, a jurisdiction and two to six conditions, but all on the same sixteen facts."""
    chance, words = random.Random(7), vocabulary()

    def atom() -> Node:
        name = chance.choice([n for n in NARROW if n != GUARD])
        kind = words[name].type
        if kind == "enum":
            return OneOf(name, tuple(chance.choices(list(words[name].values)[:20], k=chance.randint(1, 4))))
        if kind == "bool":
            return chance.choice([Is(name), Not(Is(name))])
        day = date.fromordinal(DAY.toordinal() - chance.randrange(3000))
        return Compare(name, chance.choice(["<", ">="]), day if kind == "date" else chance.randrange(400))

    def rule() -> Node:
        either = Or(tuple(atom() for _ in range(chance.randint(1, 3))))
        guard = OneOf(GUARD, (chance.choice(list(codes(GUARD))[:30]),))
        return And((guard, either, *(atom() for _ in range(chance.randint(1, 3)))))

    return {str(n): rule() for n in range(rules)}


def _changed(rows: pl.LazyFrame, rules: int) -> Task:
    law = library()
    param = law.params[FIGURE]
    values = replace(param.values, steps=((None, NEW),))
    ruled = replace(law, params={**law.params, FIGURE: replace(param, values=values)})
    before, after = edition(law, DAY), edition(ruled, DAY)
    if changed(before, after) != [RULE]:
        raise RuntimeError(f"{FIGURE} is not read by {RULE} alone")
    decode, columns = _decode(rows, facts_read({RULE: after[RULE]}) | {"id"})
    return lambda: touched(rows, before, after, DAY).collect(engine="streaming").height, decode, columns


def _peer(rows: pl.LazyFrame, law: Edition) -> Task:
    """Both with the rows in memory, so that only the rules are timed."""
    from .openfisca import system

    table = rows.select(sorted(facts_read(law) & set(rows.collect_schema()))).collect()
    peer = system(table, law, DAY)
    if peer() != [(c.holds, c.unknown) for c in count(table.lazy(), law, DAY)]:
        raise RuntimeError("OpenFisca and the sweep count differently")
    return lambda: count(table.lazy(), law, DAY), peer, table.width


TASKS: dict[str, Callable[[pl.LazyFrame, int], Task]] = {
    "library": _library, "own-days": _own_days, "narrow": _narrow, "touched": _changed,
    "openfisca": lambda rows, rules: _peer(rows, _spread(edition(library(), DAY), rules)),
    "openfisca-narrow": lambda rows, rules: _peer(rows, _narrow_law(rules)),
}  # fmt: skip


if __name__ == "__main__":
    try:
        sys.exit(_main(*sys.argv[1:]))
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed; hint: pip install 'demur[peers]'", file=sys.stderr)
        sys.exit(MISSING)
