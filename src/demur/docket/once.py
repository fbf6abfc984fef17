"""Within an act, what is asked of a case again and again is read once: many small readers, one read."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from .models import Case

T = TypeVar("T")
ROWS, PASSED = ("facts", "documents", "gags", "assessments"), "passed"


@dataclass(frozen=True, slots=True)
class Passed:
    """An act of a case as those after it see it; `told` names the events that it gave out."""

    seq: int
    name: str
    at: datetime
    payload: Mapping[str, Any]
    told: frozenset[str]


@contextmanager
def read_once(case: Case, kept: Mapping[str, Any] | None = None) -> Iterator[Mapping[str, Any]]:
    """Within it, the case's facts, documents, gags, acts and latest assessment are read once, when first asked for.

    Nothing may be written to them meanwhile; and of the assessments only the latest is seen. What it gives may be
    handed in again as `kept`, less the rows that were written: then what was read is not read anew.
    """
    case._prefetched_objects_cache = rows = _Rows(case, kept or {})
    case.__dict__["_once"] = {}
    try:
        yield rows
    finally:
        case._prefetched_objects_cache = {}
        del case.__dict__["_once"]


class _Rows(dict[str, Any]):
    """The related rows of a case: a related manager gives out the query set that stands here, which keeps what it read;
    and the acts so far. Each is made when it is first asked for.
    """

    def __init__(self, case: Case, kept: Mapping[str, Any]) -> None:
        super().__init__(kept)
        self.case = case

    def __missing__(self, name: str) -> Any:
        if name == PASSED:
            self[name] = _passed(self.case)
            return self[name]
        if name not in ROWS:
            raise KeyError(name)
        # The manager looks here for what it gives: away with it while it makes a query set.
        self.case._prefetched_objects_cache = {}
        self[name] = rows = getattr(self.case, name).all()
        self.case._prefetched_objects_cache = self
        # The state knows whether there is a bar, or an assessment, at all: most acts come before the first of either.
        if name == "gags" and not self.case.state.get("bars"):
            rows._result_cache = []
        if name == "assessments":
            self[name] = rows = rows.defer("compels")
            rows._result_cache = list(rows[:1]) if self.case.state.get("assessed") else []
        return rows


def once(case: Case, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, made once for this key within `read_once`; anywhere else, made anew."""
    held = case.__dict__.get("_once")
    if held is None:
        return make()
    if key not in held:
        held[key] = make()
    return held[key]


def passed(case: Case) -> tuple[Passed, ...]:
    """The acts of the case so far, the first first."""
    rows = getattr(case, "_prefetched_objects_cache", None)
    found: tuple[Passed, ...] = rows[PASSED] if isinstance(rows, _Rows) else _passed(case)
    return found


def last_passed(case: Case, name: str, **said: str) -> Passed | None:
    """The last act of this name on the case that says this."""
    acts = (act for act in reversed(passed(case)) if act.name == name)
    return next((a for a in acts if all(a.payload.get(k) == v for k, v in said.items())), None)


def _passed(case: Case) -> tuple[Passed, ...]:
    columns = ("seq", "name", "at", "payload", "events__name")
    acts: dict[int, tuple[tuple[Any, ...], set[str]]] = {}
    for *act, told in case.acts.order_by("seq").values_list(*columns):
        acts.setdefault(act[0], (tuple(act), set()))[1].add(told)
    return tuple(Passed(*act, frozenset(told) - {None}) for act, told in acts.values())
