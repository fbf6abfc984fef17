"""Assess: all law in force on a day, applied to one demand."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from demur.facts import Clause, Demand, Level, Target, Value, vocabulary

from .codegen import TRUE, truth
from .explain import Explain, explainer
from .findings import STRENGTHS, Assessment, Compellable, Finding
from .language import AS_OF
from .library import DRAFT, Compels, Library, Rule
from .library import library as shipped

Clocks = Callable[[str, Mapping[str, Value]], date | None]
"""Gives the legal day on which the clock of this name runs out on these facts, or None while unknown."""

RANK = {strength: rank for rank, strength in enumerate(STRENGTHS)}
_NO_CLAUSE = Clause(targets=(Target(),))


def return_date(name: str, facts: Mapping[str, Value]) -> date | None:
    """The one clock that the demand itself sets: its return date, else its days counted from service."""
    if name != "return-date":
        return None
    due, served, days = facts.get("due_on"), facts.get("served_on"), facts.get("due_days")
    if isinstance(due, date):
        return due
    if isinstance(served, date) and isinstance(days, int):
        with suppress(OverflowError):  # past the last day of the calendar nothing is due
            return served + timedelta(days)
    return None


def assess(demand: Demand, as_of: date, library: Library | None = None, clocks: Clocks = return_date) -> Assessment:
    """Apply every rule in force on `as_of` (a legal day) to the demand.

    A rule that reads a fact of a clause or target is assessed for each of them. Rules that only transfers
    concern are left out. `clocks` turns the name in a rule's `by` into a day. Where a finding wants a date that a
    clock `tells`, `clocks` is asked for it too, and what it says is a fact of the demand that the assessment hands out.
    """
    edition = _edition(library or shipped(), as_of)
    found = _assess(edition, demand, clocks)
    wanted = {name for finding in found.findings for name in finding.missing} & edition.told.keys()
    days = {name: clocks(edition.told[name], demand.facts) for name in sorted(wanted)}
    told = {name: day for name, day in days.items() if day is not None}
    return _assess(edition, replace(demand, facts={**demand.facts, **told}), clocks) if told else found


def _assess(edition: _Edition, demand: Demand, clocks: Clocks) -> Assessment:
    run = _Run(edition, clocks)
    top: dict[str, Any] = {**demand.facts, AS_OF: edition.day}
    run.apply("demand", top, None, None)
    compels: list[Compellable] = []
    clauses = demand.clauses or (_NO_CLAUSE,)
    for number, clause in enumerate(clauses):
        index = number if demand.clauses else None
        facts = {**top, **clause.all_facts()}
        run.apply("clause", facts, index, None)
        for position, target in enumerate(clause.targets or (Target(),)):
            run.apply("target", {**facts, **_own(target)}, index, position if clause.targets else None)
        if index is not None:
            compels += _compellable(edition, facts, index, max(1, len(clause.targets)), run.findings)
    return run.assessment(demand, edition.day, compels, ("demand", "clause", "target"))


def facts_at(demand: Demand, as_of: date, clause: int | None = None, target: int | None = None) -> dict[str, Any]:
    """The facts that a rule reads on the demand, one of its clauses, or one target of that clause (indexes)."""
    facts: dict[str, Any] = {**demand.facts, AS_OF: as_of}
    if clause is None and not demand.clauses:
        facts.update(_NO_CLAUSE.all_facts())
    if clause is not None:
        chosen = demand.clauses[clause]
        facts.update(chosen.all_facts())
        if target is not None:
            facts.update(_own(chosen.targets[target]))
    return facts


def subjects(level: Level, demand: Demand, as_of: date) -> Iterator[dict[str, Any]]:
    """The facts that a rule of this level reads: once on a demand, or on each of its clauses, or of their targets."""
    if level == "demand":
        yield {**demand.facts, AS_OF: as_of}
        return
    for clause, piece in enumerate(demand.clauses):
        if level == "clause" or not piece.targets:
            yield facts_at(demand, as_of, clause)
        else:
            for target in range(len(piece.targets)):
                yield facts_at(demand, as_of, clause, target)
    if not demand.clauses:
        yield facts_at(demand, as_of)


def _own(target: Target) -> dict[str, Any]:
    return dict(target.facts) if target.kind is None else {**target.facts, "identifier_kind": target.kind}


def assess_transfer(facts: Mapping[str, Value], as_of: date, library: Library | None = None) -> Assessment:
    """Apply the rules on transfers in force on `as_of` to one flow, given by its transfer facts."""
    law = library or shipped()
    run = _Run(_edition(law, as_of), return_date)
    run.apply("transfer", {**facts, AS_OF: as_of}, None, None)
    return run.assessment(Demand(dict(facts)), as_of, [], ("transfer",))


@dataclass(frozen=True, slots=True)
class _Edition:
    """A library as it stands on one day."""

    library: Library
    day: date
    functions: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any], list[tuple[int, int]]], None]]
    params: Mapping[str, Any]
    active: Mapping[int, tuple[Rule, str, str]]
    counts: Mapping[str, int]
    explainers: list[Explain | None]
    compels: Mapping[str, tuple[Compels, ...]]
    told: Mapping[str, str]


_PROGRAMS: dict[str, tuple[dict[str, Any], list[Explain | None]]] = {}


def _program(law: Library) -> tuple[dict[str, Any], list[Explain | None]]:
    found = _PROGRAMS.get(law.version)
    if found is None:
        namespace: dict[str, Any] = dict(law.constants)
        exec(marshal.loads(law.program), namespace)  # noqa: S102 -- code this package generated itself
        found = namespace, [None] * len(law.rules)
        if law.version != DRAFT:
            if len(_PROGRAMS) > 16:
                _PROGRAMS.clear()
            _PROGRAMS[law.version] = found
    return found


def _edition(law: Library, day: date) -> _Edition:
    return _edition_of(_ByVersion(law), day)


@dataclass(frozen=True, slots=True, eq=False)
class _ByVersion:
    """A library that is equal to another of the same version: the key of the editions kept."""

    library: Library

    def __hash__(self) -> int:
        return hash(self.library.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByVersion) and other.library.version == self.library.version != DRAFT


@lru_cache(maxsize=128)
def _edition_of(key: _ByVersion, day: date) -> _Edition:
    law = key.library
    namespace, explainers = _program(law)
    params = {name: frozenset(v) if isinstance(v, tuple) else v for name, v in law.params_on(day).items()}
    for name, param in law.params.items():
        if params[name] is None and isinstance(param.values.steps[0][1], tuple):
            params[name] = frozenset()
    active: dict[int, tuple[Rule, str, str]] = {}
    counts: dict[str, int] = {}
    for number, rule in enumerate(law.rules):
        if rule.in_force(day):
            active[number] = rule, rule.strength_on(day), rule.force_on(day)
            counts[rule.level] = counts.get(rule.level, 0) + 1
    compels: dict[str, list[Compels]] = {}
    for row in law.compels:
        if (row.from_ is None or row.from_ <= day) and (row.until is None or day < row.until):
            for kind in row.kinds:
                compels.setdefault(kind, []).append(row)
    functions = {level: namespace[level] for level in ("demand", "clause", "target", "transfer")}
    rows = {kind: tuple(found) for kind, found in compels.items()}
    told = {clock.tells: name for name, clock in law.clocks.items() if clock.tells}
    return _Edition(law, day, functions, params, active, counts, explainers, rows, told)


class _Run:
    """One assessment under way: collects findings and counts what was tried."""

    def __init__(self, edition: _Edition, clocks: Clocks) -> None:
        self.edition, self.clocks = edition, clocks
        self.findings: list[Finding] = []
        self.tried = 0

    def apply(self, level: str, facts: Mapping[str, Any], clause: int | None, target: int | None) -> None:
        edition = self.edition
        out: list[tuple[int, int]] = []
        edition.functions[level](facts, edition.params, out)
        self.tried += edition.counts.get(level, 0)
        for number, value in out:
            entry = edition.active.get(number)
            if entry is not None:
                self.findings.append(self.finding(number, entry, value, facts, clause, target))

    def finding(
        self, number: int, entry: tuple[Rule, str, str], value: int, facts: Mapping[str, Any],
        clause: int | None, target: int | None,
    ) -> Finding:  # fmt: skip
        rule, strength, force = entry
        explain = self.edition.explainers[number]
        if explain is None:
            means = {name: param.means for name, param in self.edition.library.params.items()}
            explain = self.edition.explainers[number] = explainer(rule.test, means=means)
        why = explain(facts, self.edition.params)
        return Finding(
            rule.id,
            "holds" if value == TRUE else "unknown",
            rule.against,
            rule.effect,
            force,
            strength,  # type: ignore[arg-type]
            rule.says,
            rule.cites,
            why.lines,
            why.missing,
            clause,
            target,
            rule.who,
            rule.forum,
            rule.by,
            None if rule.by in ("none", "before-disclosure") else self.clocks(rule.by, facts),
            rule.stays,
            rule.checked,
            rule.title,
            rule.answered,
        )

    def assessment(
        self, demand: Demand, as_of: date, compels: list[Compellable], levels: tuple[str, ...]
    ) -> Assessment:
        self.findings.sort(key=_order)
        active = sum(self.edition.counts.get(level, 0) for level in levels)
        return Assessment(
            as_of,
            self.edition.library.version,
            demand,
            tuple(self.findings),
            tuple(compels),
            active,
            self.tried - len(self.findings),
        )


def _order(finding: Finding) -> tuple[object, ...]:
    return (
        finding.verdict != "holds",
        finding.against == "info",
        RANK[finding.strength],
        finding.due or date.max,
        finding.force != "hard",
        finding.rule,
        -1 if finding.clause is None else finding.clause,
        -1 if finding.target is None else finding.target,
    )


def _cut(edition: _Edition, clause: int, targets: int, found: list[Finding]) -> dict[str, list[str]]:
    """The categories that rules holding on this clause take out of the matrix; for one of a target, on all of them."""
    hit: dict[str, set[int | None]] = {}
    for finding in found:
        if finding.verdict == "holds" and finding.clause in (None, clause):
            hit.setdefault(finding.rule, set()).add(finding.target)
    cut: dict[str, list[str]] = {}
    for rule, places in hit.items():
        if None in places or len(places) == targets:
            for version in edition.library.by_id[rule]:
                if version.in_force(edition.day):
                    for category in version.cuts:
                        cut.setdefault(category, []).append(rule)
    return cut


def _compellable(
    edition: _Edition, facts: Mapping[str, Any], clause: int, targets: int, found: list[Finding]
) -> list[Compellable]:
    """The matrix row of this instrument for each category the clause asks, less what holding rules cut out."""
    kind = facts.get("kind")
    rows = [row for row in edition.compels.get(str(kind), ()) if truth(row.where, facts, edition.params) == TRUE]
    cut = _cut(edition, clause, targets, found)
    out = []
    for category in vocabulary().categories:
        if not facts.get(f"asks_{category}"):
            continue
        can, ids = "unknown", []
        for row in rows:
            if category in row.can:
                can, ids = row.can[category], [row.id]
        if category in cut:
            can, ids = "no", ids + cut[category]
        out.append(Compellable(clause, category, can, tuple(ids)))
    return out
