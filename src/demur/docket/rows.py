"""The docket's cases laid flat, as rows that a sweep reads: each piece once, with the facts as last assessed.

A piece that left has the day on which it left as its `as_of`, so that a past disclosure is judged by the law of its
own day; one of a case that closed, the day of its last assessment; one that is open has none, and is judged by the
law of the day of the sweep. Facts that are text stand in no rule and are left out.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from django.db.models import Max

from demur.facts import Demand, demand_from_mapping, read_value, vocabulary
from demur.law import sweep
from demur.law.language import AS_OF

from .clocks import place_of
from .counting import legal_day
from .models import Act, Assessment, Case, OutboxEvent

T = TypeVar("T")
KINDS = ("open", "released", "closed")
"""Pieces of open cases that did not leave, those that left, and what closed without leaving."""
LETS_OUT = ("release", "carry-out")
AT_ONCE = 200
"""How many cases are read at once."""
ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Written:
    """How many cases were written, and in how many rows."""

    cases: int
    rows: int


def write(path: Path | str, kinds: Collection[str] = KINDS) -> Written:
    """Write the pieces of these kinds as Parquet for its owner alone, whole or not at all; no file where there is none.

    Takes the room of a few hundred cases, however many there are. Raises FileNotFoundError for a folder that is none.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}; hint: make it first")
    # The folder is its owner's alone from the first moment on.
    with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        written, whole = _parts(Path(folder), records(kinds)), Path(folder) / "whole"
        if written.rows:
            sweep.write_rows(_joined(Path(folder)), whole)
            whole.chmod(0o600)
            os.replace(whole, target)
    return written


def _parts(folder: Path, found: Iterator[Mapping[str, Any]]) -> Written:
    cases, rows, last = 0, 0, None
    for number, some in enumerate(_by(ROWS_AT_ONCE, found)):
        sweep.frame(some).write_parquet(folder / f"{number:07}.parquet")
        rows += len(some)
        for record in some:
            cases, last = cases + (record["id"] != last), record["id"]
    return Written(cases, rows)


def _joined(folder: Path) -> Any:
    import polars as pl

    parts = sorted(folder.glob("*.parquet"))
    # Each part has the columns of the facts that are known somewhere in it.
    schema: dict[str, Any] = {}
    for part in parts:
        schema |= pl.read_parquet_schema(part)
    return pl.scan_parquet(parts, schema=schema, missing_columns="insert")


def records(kinds: Collection[str] = KINDS) -> Iterator[dict[str, Any]]:
    """The pieces of these kinds of every case that was assessed, as rows, case by case."""
    texts = {name for name, fact in vocabulary().facts.items() if fact.type == "text"}
    for cases in _some():
        made, acts = _latest(cases), _acts(cases)
        for case in cases:
            if case.pk in made:
                for row in _rows(case, made[case.pk], acts.get(case.pk, []), kinds):
                    yield {name: value for name, value in row.items() if name not in texts}


def _rows(case: Case, latest: Assessment, acts: list[_Done], kinds: Collection[str]) -> Iterator[dict[str, Any]]:
    demand = _with_the_test(demand_from_mapping(latest.demand), latest, acts)
    out = {(clause, target) for clause, target in case.state.get("out", ())}
    left = _left(out, acts, demand)
    for row in sweep.flat(case.number, demand):
        cell = (row["clause"] or 0, row["target"] or 0)
        kind = "released" if cell in out else "closed" if case.closed else "open"
        if kind in kinds:
            row[sweep.CHANGED_ON] = latest.at.date()
            if kind != "open":
                row[AS_OF] = left.get(cell, latest.as_of)
            yield row


@dataclass(frozen=True, slots=True)
class _Done:
    """An act that lets something out, with the pieces where its event names them; or a test, with its facts."""

    name: str
    seq: int
    at: datetime
    facts: Mapping[str, Any]
    pieces: tuple[tuple[int, int], ...]


def _with_the_test(demand: Demand, latest: Assessment, acts: Iterable[_Done]) -> Demand:
    """The demand with what the last disclosure test was told, where that came after the assessment."""
    told = [act.facts for act in acts if act.name == "test-disclosure" and act.seq > latest.revision]
    if not told:
        return demand
    return Demand({**demand.facts, **{n: read_value(n, raw) for n, raw in told[-1].items()}}, demand.clauses)


def _left(out: Iterable[tuple[int, int]], acts: Iterable[_Done], demand: Demand) -> dict[tuple[int, int], date]:
    """The legal day in the forum on which each piece left: that of its act; of the last, where no event names it."""
    letting = [act for act in acts if act.name in LETS_OUT]
    place = place_of(demand.facts)
    found = dict.fromkeys(out, legal_day(letting[-1].at, place)) if letting else {}
    return found | {cell: legal_day(act.at, place) for act in reversed(letting) for cell in act.pieces}


# ------------------------------------------------------------------------------------------- read by chunks


def _by(size: int, items: Iterator[T]) -> Iterator[list[T]]:
    while some := list(islice(items, size)):
        yield some


def _some() -> Iterator[list[Case]]:
    # From key to key, not with one long query: others write meanwhile.
    last = 0
    while True:
        cases = list(Case.objects.filter(pk__gt=last).order_by("pk").only("number", "state", "closed")[:AT_ONCE])
        if not cases:
            return
        last = cases[-1].pk
        yield cases


def _latest(cases: list[Case]) -> dict[int, Assessment]:
    last = Assessment.objects.filter(case__in=cases).order_by().values("case").annotate(last=Max("pk"))
    found = Assessment.objects.filter(pk__in=last.values("last"))
    return {one.case_id: one for one in found.only("case_id", "at", "as_of", "demand", "revision")}


def _acts(cases: list[Case]) -> dict[int, list[_Done]]:
    acts = Act.objects.filter(case__in=cases, name__in=(*LETS_OUT, "test-disclosure")).order_by("case", "seq")
    events = OutboxEvent.objects.filter(act__in=acts.order_by(), body__has_key="pieces")
    pieces = {
        act: tuple((clause, target) for (clause, target), _ in body["pieces"])
        for act, body in events.order_by("pk").values_list("act", "body")
    }
    found: dict[int, list[_Done]] = {}
    for key, case, name, seq, at, facts in acts.values_list("pk", "case", "name", "seq", "at", "payload__facts"):
        found.setdefault(case, []).append(_Done(name, seq, at, facts or {}, pieces.get(key, ())))
    return found
