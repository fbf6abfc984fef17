"""Opening leaves to an auditor, who may then recount a span of the public ledger by class.

What is handed over is a file of lines, one JSON object per leaf of the span: `index` and the fields of a receipt's
opening. `verifier.py --recount` holds it against the public leaves: every leaf of the span must open, once. Where
bodies are opened, `destroyed` marks a leaf whose body is no more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from .receipt import Part, opening
from .restore import LOST
from .store import Cursor, SqlStore

_SPAN = 4096


def open_span(store: SqlStore, cursor: Cursor, start: int, end: int, *, bodies: bool = False) -> Iterator[str]:
    """The openings of the leaves at positions [start, end), a line each: classes, and bodies where asked and kept."""
    for low in range(start, end, _SPAN):
        for stored in store.span(cursor, low, min(low + _SPAN, end)):
            lost, gone = stored.entry.class_ == LOST, stored.entry.body is None
            show: tuple[Part, ...] = () if lost else ("class", "body") if bodies and not gone else ("class",)
            told = {"index": stored.position, **opening(stored.entry, show)}
            if bodies and gone and not lost:
                told["destroyed"] = True
            yield json.dumps(told, separators=(",", ":")) + "\n"
