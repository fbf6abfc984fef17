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
    handed in again as `kept` as long as none of them was written: then what was read is not read anew.
    """
    case._prefetched_objects_cache = rows = dict(kept) if kept else _rows(case)
    case.__dict__["_once"] = {}
    try:
        yield rows
    finally:
        case._prefetched_objects_cache = {}
        del case.__dict__["_once"]


def _rows(case: Case) -> dict[str, Any]:
    # A related manager gives out the query set that stands here, and a query set keeps what it read.
    rows: dict[str, Any] = {name: getattr(case, name).all() for name in ROWS}
    assessments = case.assessments.all()
    assessments._result_cache = list(assessments[:1])
    return rows | {"assessments": assessments}


def once(case: Case, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, made once for this key within `read_once`; anywhere else, made anew."""
    held = case.__dict__.get("_once")
    if held is None:
        return make()
    if key not in held:
        held[key] = make()
    return held[key]
