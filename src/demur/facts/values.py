"""Demands, clauses and targets: frozen values with their facts, and their form as TOML or JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from .vocabulary import MOST, Level, Vocabulary, vocabulary

Value = bool | int | str | date | None
"""A fact's value; None is unknown."""

CATEGORIES = vocabulary().categories
"""The categories of data a clause can ask for, in the vocabulary that Demur ships."""


FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)
"""The days that a fact can be: around them there is room to count, whoever wrote them."""


class FactsError(ValueError):
    """The facts given cannot be understood; the message ends with a hint."""


class OutOfBounds(FactsError):
    """A day or a number that no demand can mean."""


@dataclass(frozen=True, slots=True)
class Target:
    """An identifier asked for, with what is known of its user and customer.

    `identifier` is None when it was redacted; `kind` is a value of the fact `identifier_kind`, or None.
    """

    identifier: str | None = None
    kind: str | None = None
    facts: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clause:
    """One piece of what a demand asks: targets x categories x period, with the words it was read from.

    `categories` None means that what is asked is not known yet; a set is closed: what it does not name is not
    asked. A fact `asks_*` in `facts` goes before it. `page` counts from 1.
    """

    targets: tuple[Target, ...] = ()
    categories: frozenset[str] | None = None
    period_from: date | None = None
    period_to: date | None = None
    quote: str = ""
    page: int | None = None
    facts: Mapping[str, Value] = field(default_factory=dict)

    def all_facts(self) -> dict[str, Value]:
        """The clause's facts, with those that its categories, period and targets imply."""
        implied: dict[str, Value] = {}
        if self.categories is not None:
            implied.update({f"asks_{c}": c in self.categories for c in vocabulary().categories})
        if self.period_from is not None:
            implied["period_from"] = self.period_from
        if self.period_to is not None:
            implied["period_to"] = self.period_to
        if self.period_from is not None and self.period_to is not None:
            implied["period_open"] = False
        if self.targets:
            implied["target_count"] = len(self.targets)
            implied["identifiers_named"] = True
        implied.update(self.facts)
        return implied


@dataclass(frozen=True, slots=True)
class Demand:
    """One legal demand: its facts and its clauses.

    A fact of a lower level given here is the default for every clause and target.
    """

    facts: Mapping[str, Value] = field(default_factory=dict)
    clauses: tuple[Clause, ...] = ()

    def stated_of(self, clause: int, target: int) -> dict[str, Value]:
        """What is stated of one piece, by index: the closest level counts; a clause that names no target is one."""
        part = self.clauses[clause]
        return {**self.facts, **part.facts, **(part.targets[target].facts if part.targets else {})}


def read_value(name: str, raw: object, words: Vocabulary | None = None) -> Value:
    """Turn a TOML or JSON value, or the text of a form, into the value of fact `name`; None and "" are unknown.

    Raises FactsError for an unknown fact or a value that is not of its type, OutOfBounds for a day not between
    FIRST_DAY and LAST_DAY or a number not between 0 and the fact's `most`.
    """
    known = words or vocabulary()
    if not isinstance(name, str) or name not in known:
        raise FactsError(f"unknown fact {briefly(name)}; hint: {suggest(name, known.facts)}")
    fact = known[name]
    if raw is None or raw == "":
        return None
    if fact.type == "bool":
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw.lower() in ("true", "yes", "false", "no"):
            return raw.lower() in ("true", "yes")
        raise FactsError(f"{name} is {briefly(raw)}; hint: it is true, false, or left out while unknown")
    if fact.type == "int":
        return _number(name, raw, fact.most)
    if fact.type == "date":
        return _day(name, raw)
    if not isinstance(raw, str):
        raise FactsError(f"{name} is {briefly(raw)}; hint: it is text in quotes")
    if fact.type == "enum" and raw not in fact.values:
        raise FactsError(f"{name} is {briefly(raw)}; hint: {suggest(raw, fact.values)}")
    return whole(raw)


def _number(name: str, raw: object, most: int) -> int:
    if isinstance(raw, str) and re.fullmatch(r"-?[0-9]{1,18}", raw.strip()):
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise FactsError(f"{name} is {briefly(raw)}; hint: it is a whole number")
    if not 0 <= raw <= most:
        raise OutOfBounds(f"{name} is {briefly(raw)}; hint: it is a whole number from 0 to {most}")
    return raw


def _day(name: str, raw: object) -> date:
    if isinstance(raw, datetime):
        raw = raw.date()
    if isinstance(raw, str):
        with suppress(ValueError):
            raw = date.fromisoformat(raw.strip()[:10])
    if not isinstance(raw, date):
        raise FactsError(f"{name} is {briefly(raw)}; hint: write a date as 2026-11-23")
    if not FIRST_DAY <= raw <= LAST_DAY:
        raise OutOfBounds(f"{name} is {raw}; hint: it is a day from {FIRST_DAY} to {LAST_DAY}")
    return raw


def whole(text: str) -> str:
    """The text with a mark in place of each half of a surrogate pair, which no UTF-8 can hold."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def briefly(raw: object) -> str:
    """A value as a message shows it: short, whatever it is."""
    if isinstance(raw, str):
        return repr(raw if len(raw) <= 80 else raw[:80] + "...")
    if isinstance(raw, int) and raw.bit_length() > 256:
        return "a number of very many digits"
    if isinstance(raw, Mapping):
        return "a table"
    return "a list" if isinstance(raw, list | tuple | set | frozenset) else repr(raw)


def suggest(word: object, among: Iterable[str]) -> str:
    """A hint that names the words nearest to one, or the first few."""
    import difflib

    names = list(among)
    near = difflib.get_close_matches(word[:100], names, 3, 0.6) if isinstance(word, str) else []
    if near:
        return "did you mean " + " or ".join(near) + "?"
    return "one of " + ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")


def demand_from_mapping(data: Mapping[str, Any]) -> Demand:
    """Read a demand from the form of a facts file.

    Top-level keys are facts; `clauses` is a list of tables with `targets`, `categories`, `period_from`,
    `period_to`, `quote`, `page` and facts; each of `targets` has `identifier`, `kind` and facts. Without
    `clauses`, the demand has one clause with one target, and the facts stand for both. Raises FactsError.
    """
    facts: dict[str, Value] = {}
    for name, raw in data.items():
        if name == "clauses":
            continue
        facts[name] = _fact(name, raw, ("demand", "clause", "target", "disclosure"), "a demand")
    raw_clauses = data.get("clauses")
    if raw_clauses is None:
        return Demand(facts, (Clause(targets=(Target(),), facts=_unnamed(facts)),))
    if not isinstance(raw_clauses, list) or not all(isinstance(c, Mapping) for c in raw_clauses):
        raise FactsError("clauses is not a list of tables; hint: begin each clause with [[clauses]]")
    return Demand(facts, tuple(_clause(c, i) for i, c in enumerate(raw_clauses, 1)))


def _unnamed(facts: Mapping[str, Value]) -> dict[str, Value]:
    # The clause that a flat facts file implies names no identifier by itself: whether one is named is as stated.
    return {name: facts.get(name) for name in ("target_count", "identifiers_named")}


def _fact(name: str, raw: object, levels: tuple[Level, ...], where: str) -> Value:
    value = read_value(name, raw)
    level = vocabulary()[name].level
    if level not in levels:
        raise FactsError(f"{name} is a fact of a {level}, not of {where}; hint: move it there")
    return value


def _clause(raw: Mapping[str, Any], number: int) -> Clause:
    where = f"clause {number}"
    categories = raw.get("categories")
    if categories is not None:
        if not isinstance(categories, list):
            raise FactsError(f"{where}: categories is not a list; hint: categories = ['content', 'subscriber']")
        known = vocabulary().categories
        for category in categories:
            if category not in known:
                raise FactsError(f"{where}: unknown category {briefly(category)}; hint: {suggest(category, known)}")
    targets = raw.get("targets", [])
    if not isinstance(targets, list):
        raise FactsError(f"{where}: targets is not a list; hint: begin each target with [[clauses.targets]]")
    page = raw.get("page")
    if page is not None and (not isinstance(page, int) or isinstance(page, bool) or not 1 <= page <= MOST):
        raise FactsError(f"{where}: page is {briefly(page)}; hint: pages count from 1")
    own = {
        name: _fact(name, value, ("clause", "target"), where)
        for name, value in raw.items()
        if name not in ("categories", "targets", "period_from", "period_to", "quote", "page")
    }
    return Clause(
        targets=tuple(_target(t, where) for t in targets),
        categories=None if categories is None else frozenset(categories),
        period_from=_date("period_from", raw),
        period_to=_date("period_to", raw),
        quote=_text("quote", raw.get("quote", ""), where),
        page=page,
        facts=own,
    )


def _date(name: str, raw: Mapping[str, Any]) -> date | None:
    value = read_value(name, raw.get(name))
    return value if isinstance(value, date) else None


def _text(name: str, raw: object, where: str) -> str:
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) <= 10**20:
        return str(raw)  # a telephone number without its quotes
    if not isinstance(raw, str):
        raise FactsError(f"{where}: {name} is {briefly(raw)}; hint: it is text in quotes")
    return whole(raw)


def _target(raw: object, where: str) -> Target:
    if isinstance(raw, str):
        return Target(identifier=whole(raw))
    if not isinstance(raw, Mapping):
        raise FactsError(f"{where}: a target is {briefly(raw)}; hint: a table with identifier, kind and facts")
    kind = read_value("identifier_kind", raw.get("kind"))
    identifier = raw.get("identifier")
    return Target(
        identifier=None if identifier is None else _text("identifier", identifier, where),
        kind=kind if isinstance(kind, str) else None,
        facts={
            name: _fact(name, value, ("target",), f"a target of {where}")
            for name, value in raw.items()
            if name not in ("identifier", "kind")
        },
    )


def demand_to_mapping(demand: Demand) -> dict[str, Any]:
    """The demand as plain JSON values (dates as ISO text), which `demand_from_mapping` reads back."""

    def plain(value: Value) -> bool | int | str | None:
        return value.isoformat() if isinstance(value, date) else value

    out: dict[str, Any] = {name: plain(value) for name, value in demand.facts.items()}
    out["clauses"] = [
        {
            "targets": [
                {"identifier": t.identifier, "kind": t.kind, **{n: plain(v) for n, v in t.facts.items()}}
                for t in clause.targets
            ],
            "categories": None if clause.categories is None else sorted(clause.categories),
            "period_from": plain(clause.period_from),
            "period_to": plain(clause.period_to),
            "quote": clause.quote,
            "page": clause.page,
            **{n: plain(v) for n, v in clause.facts.items()},
        }
        for clause in demand.clauses
    ]
    return out
