"""What the acts on new law bring: which rules touch what is over, noted once, and settled by a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from demur import law

from .brings import ActError, Payload, Prepared
from .gags import Prepare
from .lifecycle import Actor, State
from .models import Act, Case, Touched


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A rule that says otherwise than before, of so many pieces of a case; verdicts are holds, unknown or fails.

    `before` is "" where it was not asked before.
    """

    rule: str
    before: str
    after: str
    pieces: int = 1


def news(case: Case, lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines that the case's latest note of their rule does not say already, settled or not.

    What a rule says after counts, so that a sweep over a longer time brings nothing twice, and a rule that went back
    is news again.
    """
    said: dict[str, set[str]] = {}
    for rules in case.touched.order_by("number").values_list("rules", flat=True):
        said |= _afters(Line(**one) for one in rules)
    given = tuple(sorted(lines))
    now = _afters(given)
    return tuple(line for line in given if now[line.rule] != said.get(line.rule))


def _afters(lines: Iterable[Line]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in lines:
        found.setdefault(line.rule, set()).add(line.after)
    return found


def _note(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"rules": [a `Line` as a mapping, ...]}."""
    if not payload.get("rules"):
        return Prepared({}, {})
    lines = news(case, (Line(**one) for one in payload["rules"]))
    if not lines:
        raise ActError("this new law stands on the case already; hint: each change is noted once")
    rules, library = [asdict(line) for line in lines], law.library().version

    def write(act: Act, state: State) -> None:
        number = case.touched.count() + 1
        Touched.objects.create(case=case, number=number, at=now, library=library, rules=rules, noted=act)

    given = {"rules": rules, "library": library}
    return Prepared(given, given, write)


def _settle(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"touched": the number of a note within the case, "why": what is done about it}."""
    number = payload.get("touched")
    given = {"touched": str(number or ""), "why": str(payload.get("why") or "").strip()}
    if number is None:
        return Prepared(given, given)
    note = case.touched.filter(number=number).first()
    if note is None:
        raise ActError(f"there is no note {number} of new law on this case; hint: give its number within the case")
    if note.settled_id is not None:
        raise ActError("this note of new law is settled already; hint: nothing is left to do")

    def write(act: Act, state: State) -> None:
        case.touched.filter(number=note.number).update(settled=act)

    return Prepared(given, given, write)


PREPARE: Mapping[str, Prepare] = {"note-new-law": _note, "settle-new-law": _settle}
"""What the acts on new law bring."""
