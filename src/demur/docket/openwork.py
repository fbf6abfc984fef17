"""From the list of a sweep to work on the desk: each case on it, one act at a time, each change once.

An open case is done as the worker does it: the docket looks itself whether the law of today says otherwise. On what
is over, closed or out, the rules that touch it are noted, until a person settles that. Killed anywhere and started
again, nothing is lost and nothing done twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path

from demur.facts import FactsError
from demur.law import sweep

from . import chores, entries
from .acts import ActError, Done, Refused
from .models import Case
from .once import read_once
from .states import state_from_json
from .touched import Line, news

AT_ONCE = 500
NEEDED = ("id", "rule", "before", "after")
SWEEP = "demur law sweep ROWS.parquet --changed-since LAW -o TOUCHED.parquet"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list: a rule that answers otherwise of a piece; without a clause, of the case as a whole."""

    id: str
    rule: str
    before: str
    after: str
    clause: int | None = None
    target: int | None = None

    @property
    def cell(self) -> tuple[int, int]:
        """The piece; a clause that names no target is one, and a demand without clauses."""
        return self.clause or 0, self.target or 0


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of a list: open cases of which the law now says otherwise, and those of which it does not; cases with
    a note of new law, and those that have it already; ids that are no case here."""

    changed: int
    unmoved: int
    noted: int
    noted_before: int
    unknown: int


def read_list(path: Path | str) -> Iterator[tuple[str, list[Row]]]:
    """A list as `demur law sweep --changed-since` writes it, by id. Raises FactsError, FileNotFoundError."""
    import polars as pl

    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}; hint: check the path")
    try:
        rows = pl.scan_parquet(path)
        schema = rows.collect_schema()
    except (pl.exceptions.PolarsError, OSError):
        raise FactsError(f"{path} is no parquet file; hint: give the list that {SWEEP} wrote") from None
    lacking = [name for name in NEEDED if name not in schema]
    if lacking:
        raise FactsError(f"{path} has no column {lacking[0]}; hint: give the list that {SWEEP} wrote")
    places = [name for name in ("clause", "target") if name in schema]
    if any(not schema[name].is_integer() for name in places):
        raise FactsError(f"a clause or target of {path} is no number; hint: give the list that {SWEEP} wrote")
    texts = [pl.col(name).cast(pl.String) for name in NEEDED]
    found = sweep.gathered(rows.select(*texts, *places).unique().sort("id", nulls_last=True))
    strange = set(found["after"].unique()) - set(sweep.VERDICTS)
    if strange:
        raise FactsError(f"{path} has an after that is no verdict; hint: one of {', '.join(sweep.VERDICTS)}")
    for name, mine in groupby(found.iter_rows(named=True), key=lambda row: row["id"]):
        yield name or "", [Row(**{**row, "id": name or "", "before": row["before"] or ""}) for row in mine]


def open_work(path: Path | str, now: datetime) -> Opened:
    """Open work on every case of a list; `now` is UTC. Raises FactsError, FileNotFoundError before anything is done."""
    found: Counter[str] = Counter()
    listed = read_list(path)
    while some := list(islice(listed, AT_ONCE)):
        cases = {case.number: case for case in Case.objects.filter(number__in=[name for name, _ in some])}
        for name, rows in some:
            if name in cases:
                found.update(_open(cases[name], rows, now))
            else:
                found["unknown"] += 1
    return Opened(**{field.name: found[field.name] for field in fields(Opened)})


def _open(case: Case, rows: Iterable[Row], now: datetime) -> Iterator[str]:
    """Open the work of one case: what came of it."""
    state = state_from_json(case.state)
    rows = list(rows)
    # Of a row that names no piece it is not known whether it left: it counts as both.
    over = [row for row in rows if case.closed or (state.out and (row.clause is None or row.cell in state.out))]
    if not case.closed and any(row.cell not in state.out for row in rows):
        with read_once(case):
            yield "changed" if _is_done(lambda: chores.note_law(case, state, now)) else "unmoved"
    if over:
        yield "noted" if _is_done(lambda: _note(case, over, now)) else "noted_before"


def _is_done(do: Callable[[], Done | Refused | None]) -> bool:
    # Whoever else is at it meanwhile, the worker or a second run, was faster: then the cause is gone.
    try:
        done = do()
    except ActError:
        return False
    return isinstance(done, Done) and not done.repeated


def _note(case: Case, rows: Iterable[Row], now: datetime) -> Done | Refused | None:
    counted = Counter((row.rule, row.before, row.after) for row in rows)
    lines = [asdict(line) for line in news(case, (Line(*said, pieces) for said, pieces in counted.items()))]
    if not lines:
        return None
    cause = f"{case.touched.count()} {entries.digest(lines)}"
    return chores.do(case, "note-new-law", cause, now, rules=lines)
