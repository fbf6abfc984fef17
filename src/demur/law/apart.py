"""The values of a fact that conditions can tell apart: enough to try instead of all.

A condition turns at a constant it names and, where it compares one fact with another, at the other's value moved by
what stands between them. Beside each such place stand the next value above and below. That is all there is to try.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from demur.facts import vocabulary

from .codegen import truth
from .language import AS_OF, Atom, Compare, Node, OneOf, Param, atoms, facts_of, moved

LONG_AND_SHORT = (*(date(2027, month, 15) for month in (1, 2, 3, 4, 5)), date(2027, 1, 31))
"""Days in months of each length: which of a month and thirty days is longer depends on where they begin."""


def named(name: str, found: Iterable[Atom], params: Mapping[str, Any]) -> set[Any]:
    """The constants that these atoms hold against a fact, those of parameters included."""
    points: set[Any] = set()
    for atom in found:
        if isinstance(atom, OneOf) and atom.fact == name:
            points |= set((params[atom.values.name] or ()) if isinstance(atom.values, Param) else atom.values)
        elif isinstance(atom, Compare) and atom.fact == name and not atom.other:
            points.add(params[atom.value.name] if isinstance(atom.value, Param) else atom.value)
    return points - {None}


def beside(points: Iterable[Any]) -> set[Any]:
    """Each day or number, the one before and the one after."""
    return {near for point in points for near in _around(point)}


def turns(name: str, atom: Compare, points: Iterable[Any]) -> set[Any]:
    """Where the comparison of a fact with another turns, for each value of the other, with what stands beside it."""
    if name == atom.fact:
        return {near for point in points for near in _around(_moved(point, atom.offset, atom.months))}
    # Up to four days in a row are the same day some months later, where that month is shorter.
    last = 3 if atom.months else 0
    back = (_moved(point, 0, -atom.months) for point in points)
    return {near for point in back for near in _around(point, -atom.offset, last)}


def _moved(point: Any, offset: int, months: int) -> Any:
    """The point so much later; None past the last day of the calendar, where nothing happens."""
    if not isinstance(point, date):
        return point + offset
    with suppress(ValueError):
        return date(*moved(point, offset, months))
    return None


def _around(point: Any, shift: int = 0, last: int = 0) -> Iterator[Any]:
    step: Any = timedelta(1) if isinstance(point, date) else 1
    for number in range(shift - 1, shift + last + 2) if point is not None else ():
        with suppress(OverflowError):
            yield point + step * number


def kinds(
    test: Node, missing: Sequence[str], facts: Mapping[str, Any], params: Mapping[str, Any]
) -> dict[str, tuple[Any, ...]]:
    """For each missing fact one value of every kind that the test can tell apart, whatever the others are."""
    found = [*dict.fromkeys(atoms(test))]
    kept: dict[str, tuple[Any, ...]] = {}
    for group in _groups(missing, found):
        mine = [atom for atom in found if not set(group).isdisjoint(facts_of(atom))]
        if vocabulary()[group[0]].type == "bool":
            kept[group[0]] = (False, True)
        elif vocabulary()[group[0]].type == "enum":
            kept |= dict.fromkeys(group, _values(group, mine, facts, params))
        else:
            kept |= _points(group, mine, facts, params)
    return kept


def _groups(missing: Sequence[str], found: Sequence[Atom]) -> list[list[str]]:
    """The missing facts, those together that are compared with one another, directly or through a third."""
    groups = {name: [name] for name in missing}
    for atom in found:
        pair = [name for name in facts_of(atom) if name in groups]
        if len(pair) == 2 and groups[pair[0]] is not groups[pair[1]]:
            joined = groups[pair[0]] + groups[pair[1]]
            groups |= dict.fromkeys(joined, joined)
    return [*{id(group): group for group in groups.values()}.values()]


def _values(
    group: Sequence[str], mine: Sequence[Atom], facts: Mapping[str, Any], params: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Of the values that each list and each known fact holds alike, as many as there are facts to be alike or not."""
    words = vocabulary()[group[0]].values
    lists = [named(name, [atom], params) for atom in mine for name in group]
    lists += [{facts[name]} for atom in mine for name in facts_of(atom) if name not in group and facts.get(name)]
    seen: dict[tuple[bool, ...], int] = {}
    kept = []
    for value in words:
        sign = tuple(value in held for held in lists)
        seen[sign] = seen.get(sign, 0) + 1
        if seen[sign] <= len(group):
            kept.append(value)
    return tuple(kept)


def _points(
    group: Sequence[str], mine: Sequence[Atom], facts: Mapping[str, Any], params: Mapping[str, Any]
) -> dict[str, tuple[Any, ...]]:
    """The days or numbers at which the atoms on a fact turn; of one that is compared with no other, one of a kind."""
    pairs = [atom for atom in mine if isinstance(atom, Compare) and atom.other]
    points: dict[str, set[Any]] = {}
    for name in group:
        points[name] = beside(named(name, mine, params))
        for atom in pairs:
            other = facts.get(atom.other if name == atom.fact else atom.fact)
            if name in (atom.fact, atom.other) and other is not None:
                points[name] |= turns(name, atom, (other,))
        points[name] |= beside(() if points[name] else (facts[AS_OF] if _dated(name) else 0,))
    if _mixed(pairs, group):
        points = {name: found | set(LONG_AND_SHORT) for name, found in points.items()}
    for _ in group[1:]:  # one value follows from another, and that from a third
        before = {name: frozenset(found) for name, found in points.items()}
        for atom in pairs:
            if atom.fact in before and atom.other in before:
                points[atom.fact] |= turns(atom.fact, atom, before[atom.other])
                points[atom.other] |= turns(atom.other, atom, before[atom.fact])
    if len(group) > 1:
        return {name: tuple(sorted(found)) for name, found in points.items()}
    name, seen = group[0], dict[tuple[int, ...], Any]()
    for value in sorted(points[name]):
        seen.setdefault(tuple(truth(atom, {**facts, name: value}, params) for atom in mine), value)
    return {name: tuple(seen.values())}


def _mixed(pairs: Sequence[Compare], group: Sequence[str]) -> bool:
    """Whether months and days, or numbers of months, stand between the same two facts, neither of them known."""
    open_ = [(frozenset((a.fact, a.other)), a.months) for a in pairs if a.fact in group and a.other in group]
    return any(months and len({m for other, m in open_ if other == both}) > 1 for both, months in open_)


def _dated(name: str) -> bool:
    return vocabulary()[name].type == "date"
