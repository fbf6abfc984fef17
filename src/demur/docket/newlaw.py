"""What the law of today says of a case otherwise than its latest assessment: a ruling landed, a rule came into force,
a day passed that a rule waits for.

The docket looks at each open case again with every new library and every new day, on the facts as they were assessed;
so law that touches a case opens work on it, and law that does not leaves its signatures alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from demur import law
from demur.facts import demand_from_mapping

from . import silence
from .brings import gags_judged, key_of
from .clocks import clocks, place_of
from .counting import legal_day
from .matching import assessed_by
from .models import Case
from .once import once

COMPARED = ("verdict", "against", "effect", "force", "strength", "stays")
"""What of a finding is law: its words may be mended, and its day moves by itself."""


@dataclass(frozen=True, slots=True)
class Otherwise:
    """One finding (by its ground's key) that is otherwise today; verdicts are holds, unknown or fails."""

    key: str
    before: str
    after: str


def today_of(case: Case, now: datetime) -> date:
    """The legal day in the forum, by the facts as they were last assessed; `now` is UTC."""
    latest = case.assessments.first()
    return legal_day(now, place_of(demand_from_mapping(latest.demand).facts if latest else {}))


def otherwise(case: Case, now: datetime) -> tuple[Otherwise, ...]:
    """The findings that differ between the latest assessment and the law in force today, on the same facts."""
    latest = case.assessments.first()
    if latest is None:
        return ()
    today = today_of(case, now)
    if latest.library == law.library().version and latest.as_of >= today:
        return ()

    def compare() -> tuple[Otherwise, ...]:
        result = law.assess(demand_from_mapping(latest.demand), today, clocks=clocks(case.received_at))
        now_found = silence.findings_of(result, gags_judged(assessed_by(case)))
        was = {key_of(f): f for f in latest.findings}
        is_ = {key_of(f): f for f in now_found}
        return tuple(
            Otherwise(key, _verdict(was.get(key)), _verdict(is_.get(key)))
            for key in sorted(was.keys() | is_.keys())
            if _said(was.get(key)) != _said(is_.get(key))
        )

    return once(case, ("otherwise", today), compare)


def _said(finding: Mapping[str, Any] | None) -> tuple[Any, ...]:
    return tuple(finding.get(name) for name in COMPARED) if finding else ()


def _verdict(finding: Mapping[str, Any] | None) -> str:
    return str(finding["verdict"]) if finding else "fails"
