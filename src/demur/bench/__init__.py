"""The benchmarks: each figure is the median of at least five runs, beside a peer or a floor of the same run.

`run(name)` gives rows as `demur bench --json` prints them; a goal is shown as met or not, never asserted in a
test, since machines are shared and noisy.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]


def row(name: str, value: float, unit: str, beside: str, beside_value: float, goal: str, met: bool, **more: Any) -> Row:
    """One line of a benchmark; `ratio` is the value over what it stands beside."""
    ratio = value / beside_value if beside_value else None
    return {
        "name": name, "value": value, "unit": unit, "beside": beside, "beside_value": beside_value, "ratio": ratio,
        "goal": goal, "met": met, **more,
    }  # fmt: skip


def median_time(work: Callable[[], object], runs: int = 5, loops: int = 1) -> float:
    """Seconds for one call of `work`: the median over `runs` of the mean over `loops`."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        for _ in range(loops):
            work()
        times.append((time.perf_counter() - start) / loops)
    return statistics.median(times)


def run(name: str | None = None) -> list[Row]:
    """Run one benchmark by name, or all. Raises KeyError for a name that does not exist."""
    from . import docket, law, ledger, paper, process, reading, sweep

    suites: dict[str, Callable[[], list[Row]]] = {
        "law": law.bench,
        "sweep": sweep.bench,
        "assess": process.bench,
        "reading": reading.bench,
        "letter": paper.bench,
        "ledger": ledger.bench,
        "docket": docket.bench,
    }
    if name is None:
        return [line for suite in suites.values() for line in suite()]
    if name not in suites:
        raise LookupError(f"there is no benchmark {name}; hint: one of {', '.join(suites)}")
    return suites[name]()
