"""Asking back: the few questions whose answers decide the most of what is unknown.

For each unknown finding the missing facts are completed in every way that its rule can tell apart. A fact is asked
for only if its answer can matter: `a or not a` asks nothing. Questions are then taken greedily, each the one that
settles most of what the earlier ones leave open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from math import prod
from typing import Any

from demur.facts import Level, vocabulary

from .codegen import TRUE, truth
from .engine import facts_at
from .findings import Assessment, Finding
from .language import Always, Compare, Known, Node, OneOf, Param, atoms
from .library import Library
from .library import library as shipped

Key = tuple[str, int | None, int | None]
"""A fact of the demand, of a clause, or of a target."""
MOST_COMPLETIONS = 1024
"""Beyond this many completions of one rule its missing facts are taken as they are, without trying them out."""


@dataclass(frozen=True, slots=True)
class Question:
    """One fact to ask for, of the demand, or of one clause or target (indexes, None where it has none).

    `settles` are the rules that its answer alone can decide; `helps` those it brings nearer. `value` is the number
    of findings it is expected to settle, every answer taken as equally likely.
    """

    fact: str
    level: Level
    clause: int | None
    target: int | None
    settles: tuple[str, ...]
    helps: tuple[str, ...]
    value: float

    @property
    def text(self) -> str:
        """The question in words."""
        return vocabulary()[self.fact].ask


@dataclass(frozen=True, slots=True)
class _Open:
    """An unknown finding as a table: for each completion of its missing facts, whether the rule is true."""

    finding: Finding
    keys: tuple[Key, ...]
    options: tuple[tuple[Any, ...], ...]
    outcomes: tuple[int, ...]
    matters: frozenset[int]


def ask(assessment: Assessment, law: Library | None = None) -> tuple[Question, ...]:
    """The questions worth asking, the most decisive first; together they decide all that answers can decide."""
    source = law or shipped()
    params = {
        name: frozenset(v) if isinstance(v, tuple) else v for name, v in source.params_on(assessment.as_of).items()
    }
    tables = [t for f in assessment.unknown() if (t := _table(f, assessment, source, params)) is not None]
    asked: list[Question] = []
    known: set[Key] = set()
    shares = [dict(_shares(table, known)) for table in tables]
    while True:
        worth: dict[Key, float] = {}
        for share in shares:
            for key, value in share.items():
                worth[key] = worth.get(key, 0.0) + value
        if not worth:
            return tuple(asked)
        best = max(worth, key=lambda k: (round(worth[k], 9), _rank(k)))
        asked.append(_question(best, tables, worth[best]))
        known.add(best)
        for number, table in enumerate(tables):
            if best in shares[number]:
                shares[number] = dict(_shares(table, known))


def _rank(key: Key) -> tuple[int, int, str]:
    # Among equals the question about the whole demand goes first, then by name, so that the order is stable.
    return (-(key[1] or 0), -(key[2] or 0), "".join(chr(0x10FFFF - ord(c)) for c in key[0]))


def _question(key: Key, tables: Sequence[_Open], value: float) -> Question:
    settles: list[str] = []
    helps: list[str] = []
    for table in tables:
        place = table.keys.index(key) if key in table.keys else -1
        if place in table.matters:
            alone = any(constant for _, constant in _split(table, {place}))
            (settles if alone else helps).append(table.finding.rule)
    fact, clause, target = key
    level = vocabulary()[fact].level
    return Question(
        fact, level, clause, target, tuple(dict.fromkeys(settles)), tuple(dict.fromkeys(helps)), round(value, 3)
    )


def _table(finding: Finding, assessment: Assessment, law: Library, params: Mapping[str, Any]) -> _Open | None:
    rule = next(r for r in law.by_id[finding.rule] if r.in_force(assessment.as_of))
    facts = facts_at(assessment.demand, assessment.as_of, finding.clause, finding.target)
    # A fact that the rule only asks to be known (`is not null`) is meant to stay quiet: it is not among the missing.
    missing = list(finding.missing)
    options = [tuple(_options(rule.test, name, facts, params)) for name in missing]
    if prod(len(o) for o in options) > MOST_COMPLETIONS:
        options = [(False, True)] * min(len(missing), 8)
        missing = missing[:8]
        outcomes = tuple(int(all(row)) for row in product(*options))
    else:
        base = dict(facts)
        outcomes = tuple(
            int(truth(rule.test, {**base, **dict(zip(missing, row, strict=True))}, params) == TRUE)
            for row in product(*options)
        )
    keys = tuple(_key(name, finding) for name in missing)
    if len(set(outcomes)) == 1:
        return None
    table = _Open(finding, keys, tuple(options), outcomes, frozenset())
    places = set(range(len(keys)))
    mattering = {p for p in places if any(not constant for _, constant in _split(table, places - {p}))}
    return replace(table, matters=frozenset(mattering))


def _key(name: str, finding: Finding) -> Key:
    level = vocabulary()[name].level
    clause = finding.clause if level in ("clause", "target") else None
    return name, clause, finding.target if level == "target" else None


def _options(test: Node, name: str, facts: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[Any]:
    """Values of a missing fact that the rule can tell apart, one of each kind."""
    fact = vocabulary()[name]
    if fact.type == "bool":
        yield from (False, True)
        return
    marks: set[Any] = set()
    for atom in atoms(test):
        if isinstance(atom, Always | Known):
            continue
        if isinstance(atom, OneOf) and atom.fact == name:
            marks |= set((params[atom.values.name] or ()) if isinstance(atom.values, Param) else atom.values)
        if isinstance(atom, Compare) and name in (atom.fact, atom.other):
            value = params[atom.value.name] if isinstance(atom.value, Param) else atom.value
            other = facts.get(atom.other if atom.fact == name else atom.fact) if atom.other else None
            marks |= {m for m in (value, other) if m is not None}
    if fact.type == "enum":
        listed = sorted(m for m in marks if m in fact.values)
        # Members of one list are alike to the rule unless it names them apart: one of each atom is enough.
        yield from _apart(test, name, listed, params)
        rest = next((v for v in fact.values if v not in marks), None)
        if rest is not None:
            yield rest
        return
    step: Any = timedelta(1) if fact.type == "date" else 1
    points = sorted(marks) or [date(2020, 1, 1) if fact.type == "date" else 0]
    yield points[0] - step * 400
    for point in points:
        yield point
        yield point + step
    yield points[-1] + step * 400


def _apart(test: Node, name: str, values: Sequence[str], params: Mapping[str, Any]) -> Iterator[str]:
    seen: set[tuple[bool, ...]] = set()
    lists = [
        frozenset((params[a.values.name] or ()) if isinstance(a.values, Param) else a.values)
        for a in atoms(test)
        if isinstance(a, OneOf) and a.fact == name
    ]
    pairs = any(isinstance(a, Compare) and name in (a.fact, a.other) for a in atoms(test))
    for value in values:
        sign = tuple(value in members for members in lists)
        if pairs or sign not in seen:
            seen.add(sign)
            yield value


def _split(table: _Open, places: set[int]) -> Iterator[tuple[tuple[Any, ...], bool]]:
    """For each answer to the questions at these places, whether the outcome no longer depends on the others."""
    groups: dict[tuple[Any, ...], set[int]] = {}
    for row, outcome in zip(product(*(range(len(o)) for o in table.options)), table.outcomes, strict=True):
        groups.setdefault(tuple(row[p] for p in sorted(places)), set()).add(outcome)
    for answer, outcomes in groups.items():
        yield answer, len(outcomes) == 1


def _shares(table: _Open, known: set[Key]) -> Iterator[tuple[Key, float]]:
    """For each question still open on this finding, what part of its answers settles it, as an expected value."""
    before = {place for place, key in enumerate(table.keys) if key in known}
    answered = list(_split(table, before))
    settled = sum(done for _, done in answered) / len(answered)
    if settled == 1:
        return
    for place, key in enumerate(table.keys):
        if place in before or place not in table.matters:
            continue
        after = list(_split(table, before | {place}))
        gain = sum(done for _, done in after) / len(after) - settled
        # A question that settles nothing by itself may still be needed beside another: it counts a little.
        yield key, max(gain, 0.0) + 0.01
