"""Decided cases: the facts on the day, what was argued, what the court did; and whether the library agrees.

What was argued must be raised, with the strength that it had on that day where the case tells it. What won, was
narrowed, withdrawn or settled must hold. What lost is at most arguable and shows the court's answer. Nothing mandatory
stands against an order that a court upheld on the merits, save what the court did not reach: each such ground is named,
with the reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from demur.facts import Demand, FactsError, Value, demand_from_mapping, read_value, vocabulary
from demur.facts.values import suggest

from .engine import assess, assess_transfer
from .findings import STRENGTHS, Assessment, Finding
from .language import LawError
from .library import Library

HERE = Path(__file__).parent / "decided"
OUTCOMES = ("won", "narrowed", "withdrawn", "settled", "lost", "not-reached", "open")
STOOD = ("won", "narrowed", "withdrawn", "settled")
CHECKED = ("text", "report", "recheck")
KEYS = {"title", "place", "court", "as_of", "transfer", "facts", "argued", "outcome", "result", "cites", "upheld",
        "lesson", "checked", "also", "strength", "unreached"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Instance:
    """The same facts on another day, with what must hold and what must not."""

    as_of: date
    facts: Mapping[str, Any]
    holds: tuple[str, ...]
    fails: tuple[str, ...]
    strength: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decided:
    """One decided case. `argued` are rule ids; `upheld`: the demand itself was upheld on the merits.

    `strength` says what an argued rule weighed on the day. `unreached` names the mandatory grounds that an order which
    was upheld leaves standing or unknown, each with the reason why the court's ruling does not answer it.
    """

    id: str
    file: str
    title: str
    place: str
    court: str
    as_of: date
    transfer: bool
    facts: Mapping[str, Any]
    argued: tuple[str, ...]
    outcome: str
    result: str
    cites: tuple[str, ...]
    upheld: bool
    lesson: str
    checked: str
    also: tuple[Instance, ...]
    strength: Mapping[str, str]
    unreached: Mapping[str, str]

    @property
    def subject(self) -> Demand | Mapping[str, Value]:
        """What the rules read: the demand, or the facts of the transfer."""
        demand = _read(self.facts, self.transfer)
        return demand.facts if self.transfer else demand


def cases(folder: Path | str = HERE) -> tuple[Decided, ...]:
    """The decided cases of a folder, oldest first. Raises LawError naming file and case."""
    found: list[Decided] = []
    places: dict[str, str] = {}
    for path in sorted(Path(folder).rglob("*.toml")):
        name = path.relative_to(folder).as_posix()
        try:
            tables = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise LawError(f"not valid TOML: {error}".lower(), "see the line and column named", file=name) from None
        for key, table in tables.items():
            try:
                if (other := places.setdefault(key, name)) != name:
                    raise LawError(f"is told in {other} too", "a case has one place")
                found.append(_case(key, name, table))
            except FactsError as error:
                message, _, hint = str(error).partition("; hint: ")
                raise LawError(message, hint, file=name, rule=key) from None
            except LawError as error:
                raise error.at(file=name, rule=key) from None
    return tuple(sorted(found, key=lambda c: (c.as_of, c.id)))


def _case(key: str, file: str, table: Mapping[str, Any]) -> Decided:
    for wanted in ("title", "as_of", "facts", "argued", "outcome", "result", "cites", "checked"):
        if not table.get(wanted):
            raise LawError(f"{wanted} is missing", f"add {wanted}")
    for name in table:
        if name not in KEYS:
            raise LawError(f"unknown key {name!r}", suggest(name, KEYS))
    if table["outcome"] not in OUTCOMES:
        raise LawError(f"{table['outcome']!r} is no outcome", suggest(str(table["outcome"]), OUTCOMES))
    if table["checked"] not in CHECKED:
        raise LawError(f"checked is {table['checked']!r}", suggest(str(table["checked"]), CHECKED))
    transfer, facts = bool(table.get("transfer", False)), dict(table["facts"])
    _read(facts, transfer)
    also: list[Instance] = []
    for other in table.get("also", []):
        for name in other:
            if name not in Instance.__slots__:
                raise LawError(f"unknown key {name!r} in also", suggest(name, Instance.__slots__))
        if not (other.get("holds") or other.get("fails")):
            raise LawError("an instance in also demands nothing", "say what holds or fails on that day")
        merged = {**facts, **other.get("facts", {})}
        _read(merged, transfer)
        holds, fails = tuple(other.get("holds", ())), tuple(other.get("fails", ()))
        also.append(Instance(_day(other), merged, holds, fails, _strength(other, holds)))
    argued, unreached = tuple(table["argued"]), dict(table.get("unreached", {}))
    if unreached and not table.get("upheld"):
        raise LawError("unreached is for an order that was upheld", "say upheld = true, or leave it away")
    return Decided(
        id=key, file=file, title=table["title"], place=str(table.get("place", "")), court=str(table.get("court", "")),
        as_of=_day(table), transfer=transfer, facts=facts, argued=argued,
        outcome=table["outcome"], result=table["result"], cites=tuple(table["cites"]),
        upheld=bool(table.get("upheld", False)), lesson=str(table.get("lesson", "")), checked=str(table["checked"]),
        also=tuple(also), strength=_strength(table, argued), unreached=unreached,
    )  # fmt: skip


def _strength(table: Mapping[str, Any], rules: tuple[str, ...]) -> dict[str, str]:
    """What rules weighed on a day; only those that the case says must be raised can be told of."""
    found = dict(table.get("strength", {}))
    for rule, strength in found.items():
        if rule not in rules:
            raise LawError(f"strength is told of {rule}, which need not be raised", suggest(rule, rules))
        if strength not in STRENGTHS:
            raise LawError(f"{strength!r} is no strength", suggest(str(strength), STRENGTHS))
    return found


def _day(table: Mapping[str, Any]) -> date:
    day = table.get("as_of")
    if type(day) is not date:
        raise LawError(f"as_of is {day!r}, no date", "write as_of = 2013-12-04")
    return day


def _read(facts: Mapping[str, Any], transfer: bool) -> Demand:
    """The facts of a case as the engine takes them; those of a transfer stand at the top."""
    if not transfer:
        return demand_from_mapping(facts)
    for name in facts:
        if (value := vocabulary()[name]).level != "transfer":
            raise FactsError(f"{name} is a fact of a {value.level}, not of a transfer; hint: leave transfer away")
    return Demand({name: read_value(name, value) for name, value in facts.items()})


def assessment(
    case: Decided, law: Library, facts: Mapping[str, Any] | None = None, as_of: date | None = None
) -> Assessment:
    """The library applied to a decided case on its day, or to other facts on another."""
    given, day = _read(facts or case.facts, case.transfer), as_of or case.as_of
    return assess_transfer(given.facts, day, law) if case.transfer else assess(given, day, law)


def disagreements(case: Decided, law: Library) -> Iterator[str]:
    """Where the library does not say what the case demands, a line each; nothing where it agrees."""
    found = assessment(case, law)
    raised: dict[str, list[Finding]] = {}
    for finding in found.findings:
        raised.setdefault(finding.rule, []).append(finding)
    for rule in case.argued:
        if rule not in law.by_id:
            yield f"there is no rule {rule}; hint: {suggest(rule, law.by_id)}"
        elif rule not in raised:
            yield f"{rule} was argued and is not raised"
        elif case.outcome in STOOD and not any(f.verdict == "holds" for f in raised[rule]):
            missing = ", ".join(sorted({m for f in raised[rule] for m in f.missing}))
            yield f"{rule} {case.outcome} and must hold; it is unknown for want of {missing}"
        elif case.outcome == "lost":
            for finding in raised[rule]:
                if finding.strength in ("mandatory", "strong"):
                    yield f"{rule} lost and is {finding.strength}; at most arguable"
                if not finding.answered:
                    yield f"{rule} lost and does not show the court's answer; hint: write answered"
    yield from _weighed(case.as_of, case.strength, found.findings)
    if case.upheld:
        yield from _against_upheld(case, found.findings)
    for other in case.also:
        findings = assessment(case, law, other.facts, other.as_of).findings
        held = {f.rule for f in findings if f.verdict == "holds"}
        for rule in (*other.holds, *other.fails):
            if rule not in law.by_id:
                yield f"there is no rule {rule}; hint: {suggest(rule, law.by_id)}"
        for rule in other.holds:
            if rule not in held:
                yield f"as of {other.as_of} {rule} must hold"
        for rule in other.fails:
            if rule in held:
                yield f"as of {other.as_of} {rule} must not hold"
        yield from _weighed(other.as_of, other.strength, findings)


def _weighed(day: date, strength: Mapping[str, str], findings: Iterable[Finding]) -> Iterator[str]:
    """Where a rule weighs otherwise on the day than the case says."""
    for rule, wanted in strength.items():
        for found in sorted({f.strength for f in findings if f.rule == rule} - {wanted}):
            yield f"as of {day} {rule} was {wanted}; it is {found}"


def _against_upheld(case: Decided, findings: Iterable[Finding]) -> Iterator[str]:
    """What is mandatory against an order that was upheld and is neither answered by the ruling nor said to be open."""
    verdicts = {f.rule: f.verdict for f in findings if f.is_ground and f.strength == "mandatory"}
    for rule, verdict in verdicts.items():
        if rule not in case.unreached:
            stands = "stands" if verdict == "holds" else "is unknown"
            yield f"{rule}, mandatory, {stands} against an order that was upheld; hint: decide it, or say unreached"
    for rule in case.unreached:
        if rule not in verdicts:
            yield f"{rule} is said to be unreached, and nothing mandatory of it is left; hint: leave it away"


# Likeness: which decided cases a new demand resembles.

WEIGHTS = {"kind": 8, "issuer_country": 6}
CATEGORY, GAG, OTHER = 4, 3, 1
"""What a fact counts for in `like`: the instrument and its issuer most, then what is asked, then the silence."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A decided case beside a demand: the weighted share (0 to 1) of equal facts among those known of both."""

    case: Decided
    share: float
    equal: tuple[str, ...]
    different: tuple[str, ...]


def like(demand: Demand, cases: Iterable[Decided], most: int = 5) -> tuple[Likeness, ...]:
    """The decided cases with facts like the demand's, the likest first; transfers are left out.

    Facts that words decide count (yes or no, one of a list), dates, numbers and text do not. A category counts
    where at least one of the two asks for it, so that what neither asks makes nothing alike. A case is named only
    if it shares the instrument, the issuing country or a category.
    """
    here, found = _profile(demand), []
    for case in cases:
        if case.transfer:
            continue
        there = _profile(_read(case.facts, False))
        equal: dict[str, int] = {}
        different: dict[str, int] = {}
        for name in here.keys() & there.keys():
            asked = name.startswith("asks_")
            if asked and not (True in here[name] or True in there[name]):
                continue
            weight = CATEGORY if asked else GAG if name.startswith("gag_") else WEIGHTS.get(name, OTHER)
            (equal if here[name] & there[name] else different)[name] = weight
        if not any(name in WEIGHTS or name.startswith("asks_") for name in equal):
            continue
        shared = sum(equal.values())
        found.append(
            Likeness(case, shared / (shared + sum(different.values())), _heaviest(equal), _heaviest(different))
        )
    found.sort(key=lambda one: (-one.share, -len(one.equal), one.case.as_of, one.case.id))
    return tuple(found[:most])


def _heaviest(weights: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted(weights, key=lambda name: (-weights[name], name)))


def _profile(demand: Demand) -> dict[str, frozenset[Value]]:
    """Each known fact of a demand with the values it takes over clauses and targets; asked once is asked."""
    found: dict[str, set[Value]] = {}
    for clause in demand.clauses:
        for facts in (clause.all_facts(), *(target.facts for target in clause.targets)):
            for name, value in facts.items():
                found.setdefault(name, set()).add(value)
    for name, value in demand.facts.items():
        found.setdefault(name, {value})
    profile: dict[str, frozenset[Value]] = {}
    for name, values in found.items():
        known = frozenset(v for v in values if v is not None)
        if known and vocabulary()[name].type in ("bool", "enum"):
            profile[name] = frozenset({True in known}) if name.startswith("asks_") else known
    return profile
