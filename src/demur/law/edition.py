"""The law as it stood: each rule's test with the figures of the law written into it.

An edition of one day holds the rules in force that day. An edition of all days holds every rule that ever was law,
each version behind the days of its life and each figure behind the days of its own, so that rows with an `as_of` of
their own are judged by the law of their day. Both are plain trees without parameters, keyed by rule id: what sweeps
and SQL are printed from, and what tells whether two laws differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from .kept import kept
from .language import AS_OF, Always, And, Compare, LawError, Node, Not, OneOf, Or, Param, facts_of, simplify
from .library import Dated, Library, Rule, library, load

Edition = Mapping[str, Node]
"""Rule id to tree; the trees hold no parameter."""
NO_LAW = Always(False)
"""What stands for a rule that is not law: it never holds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A law to compare with: a library read on a day. `known` is that day where it is an earlier one."""

    library: Library
    day: date
    known: date | None = None

    def edition(self, *, own_days: bool = False, transfers: bool = False) -> dict[str, Node]:
        """Its rules on its day, or, for rows that each have a day of their own, of all days as known then."""
        return edition(self.library, None if own_days else self.day, known=self.known, transfers=transfers)


def standing(name: str, day: date, home: Path) -> Standing:
    """A law as a person names it: a day (the library shipped, as known then), a folder, or the version of one kept.

    A folder or a version is read on `day`; versions are looked up by their beginning in `home` (see `kept`). Raises
    LawError where there is none.
    """
    if re.fullmatch(r"\d{4}-\d\d-\d\d", name):
        try:
            known = date.fromisoformat(name)
        except ValueError:
            raise LawError(f"{name} is no day", "write it as 2026-11-20") from None
        return Standing(library(), known, known)
    if not re.fullmatch("[0-9a-f]{8,64}", name):
        given = load(name)
        # A law may lack every rule, to be compared with one that has some; a folder without a file is a mistake.
        if not given.rules and not any(Path(name).rglob("*.toml")):
            raise LawError(f"{name} holds no rules", "name a folder of rule files")
        return Standing(given, day)
    found = [place.name for place in home.glob(f"{name}*")]
    if len(found) > 1:
        raise LawError(f"{len(found)} law libraries kept begin with {name}", "give more of the version")
    with kept(found[0] if found else name, home) as law:
        return Standing(law, day)


_Span = tuple[date | None, date | None, Any]


def edition(
    law: Library, day: date | None = None, *, known: date | None = None, transfers: bool = False
) -> dict[str, Node]:
    """The rules of `law` on a legal day, or (None) of all days; of transfers, or of demands.

    `known` leaves out what begins after it, as the law was known that day and would have gone on.
    """
    versions: dict[str, list[Node]] = {}
    spans = {name: _spans(param.values, day, known) for name, param in law.params.items()}
    for rule in law.rules:
        if (rule.level == "transfer") != transfers or (day is not None and not rule.in_force(day)):
            continue
        start, end = _life(rule, known)
        if known is not None and start is not None and start > known:
            continue
        life = () if day is not None else _within(start, end)
        versions.setdefault(rule.id, []).append(simplify(And((*life, _written(rule.test, spans)))))
    return {rule: simplify(Or(tuple(nodes))) for rule, nodes in versions.items()}


def changed(before: Edition, after: Edition) -> list[str]:
    """The rules that can answer otherwise in one edition than in the other, by id."""
    return sorted(r for r in before.keys() | after.keys() if before.get(r, NO_LAW) != after.get(r, NO_LAW))


def only(law: Edition, rules: Iterable[str]) -> dict[str, Node]:
    """The edition cut down to these rules; one that is not law there never holds."""
    return {rule: law.get(rule, NO_LAW) for rule in rules}


def facts_read(law: Edition) -> set[str]:
    """The facts that the rules of an edition read."""
    return {fact for node in law.values() for fact in facts_of(node)}


def _life(rule: Rule, known: date | None) -> tuple[date | None, date | None]:
    """From when until when (half-open) a version is law; it is none before its first strength."""
    starts = [day for day in (rule.from_, rule.strength.steps[0][0]) if day is not None]
    ended = rule.until if known is None or rule.until is None or rule.until <= known else None
    return max(starts, default=None), ended


def _spans(values: Dated, day: date | None, known: date | None) -> list[_Span]:
    if day is not None:
        return [(None, None, values.on(day))]
    steps = [(start, value) for start, value in values.steps if known is None or start is None or start <= known]
    if not steps or steps[0][0] is not None:
        steps.insert(0, (None, None))
    ends = [start for start, _ in steps[1:]]
    return [(start, end, value) for (start, value), end in zip(steps, [*ends, None], strict=True)]


def _within(start: date | None, end: date | None) -> tuple[Node, ...]:
    since = () if start is None else (Compare(AS_OF, ">=", start),)
    return since if end is None else (*since, Compare(AS_OF, "<", end))


def _written(node: Node, spans: Mapping[str, list[_Span]]) -> Node:
    """The tree with each parameter replaced by its values, each within its days."""
    match node:
        case And(parts):
            return And(tuple(_written(part, spans) for part in parts))
        case Or(parts):
            return Or(tuple(_written(part, spans) for part in parts))
        case Not(part):
            return Not(_written(part, spans))
        case OneOf(fact, Param(name)):
            return _over(spans[name], lambda value: _one_of(fact, value or ()))
        case OneOf(fact, tuple(values)):
            return _one_of(fact, values)
        case Compare(fact, "=", Param(name)):
            return _over(spans[name], lambda value: _one_of(fact, () if value is None else (value,)))
        case Compare(fact, op, Param(name)):
            # A figure without a value that day decides nothing: false where the fact is known, as of an empty list.
            return _over(spans[name], lambda v: _one_of(fact, ()) if v is None else Compare(fact, op, v))
        case _:
            return node


def _over(spans: list[_Span], atom: Any) -> Node:
    return Or(tuple(And((*_within(start, end), atom(value))) for start, end, value in spans))


def _one_of(fact: str, values: Iterable[Any]) -> OneOf:
    # In one order, so that a list written anew in another order is no change of the law.
    return OneOf(fact, tuple(sorted(set(values), key=str)))
