"""Within an act, what is asked of a case again and again is read once: many small readers, one read."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from .models import Case

T = TypeVar("T")
ROWS = ("facts", "documents", "gags")


@contextmanager
def read_once(case: Case, kept: Mapping[str, Any] | None = None) -> Iterator[Mapping[str, Any]]:
    """Within it, the case's facts, documents, gags and latest assessment are read once, when they are first asked for.

    Nothing may be written to them meanwhile; and of the assessments only the latest is seen. What it gives may be
    handed in again as `kept`, less the rows that were written: then what was read is not read anew.
    """
    case._prefetched_objects_cache = rows = _rows(case, kept or {})
    case.__dict__["_once"] = {}
    try:
        yield rows
    finally:
        case._prefetched_objects_cache = {}
        del case.__dict__["_once"]


def _rows(case: Case, kept: Mapping[str, Any]) -> dict[str, Any]:
    # A related manager gives out the query set that stands here, and a query set keeps what it read.
    rows: dict[str, Any] = {name: getattr(case, name).all() for name in ROWS} | dict(kept)
    # The state knows whether there is a bar, or an assessment, at all: most acts come before the first of either.
    if not case.state.get("bars"):
        rows["gags"]._result_cache = []
    if "assessments" not in rows:
        assessments = case.assessments.defer("compels")
        assessments._result_cache = list(assessments[:1]) if case.state.get("assessed") else []
        rows["assessments"] = assessments
    return rows


def once(case: Case, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, made once for this key within `read_once`; anywhere else, made anew."""
    held = case.__dict__.get("_once")
    if held is None:
        return make()
    if key not in held:
        held[key] = make()
    return held[key]
