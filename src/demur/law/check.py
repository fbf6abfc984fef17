"""Checks a library as a lawyer's test would: every example, every version, every rule that cannot speak."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from demur.facts import Demand, demand_from_mapping, vocabulary

from .codegen import FALSE, TRUE, UNKNOWN, truth
from .engine import assess, assess_transfer
from .language import LawError, Node, Or, atoms
from .library import HERE, Example, Library, Rule, problems

VERDICTS = {TRUE: "holds", UNKNOWN: "unknown", FALSE: "fails"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what to do. `weight` is error or warning."""

    weight: str
    file: str
    rule: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.file}: {self.rule}: {self.message}; hint: {self.hint}"


def check(folder: Path | str = HERE) -> tuple[Library, list[Problem]]:
    """Load a folder and run every check; the library holds what is sound."""
    law, errors = problems(folder)
    found = [Problem("error", e.file, e.rule, _placed(e), e.hint) for e in errors]
    for rule in law.rules:
        found += _examples(law, rule)
        found += _unreached(law, rule)
    found += _gaps(law)
    found += _unused(law)
    return law, found


def _placed(error: LawError) -> str:
    return f"{error.place}: {error.message}" if error.place else error.message


def subject(example: Example) -> Demand:
    """The demand that an example's facts describe."""
    return demand_from_mapping(dict(example.facts))


def values(law: Library, rule: Rule, example: Example) -> Iterator[int]:
    """The rule's value on each clause and target of an example, by the engine itself."""
    run = assess_transfer(dict(example.facts), example.as_of, law) if rule.level == "transfer" else None
    assessment = run or assess(subject(example), example.as_of, law)
    seen = [f for f in assessment.findings if f.rule == rule.id]
    if not seen:
        yield FALSE
    for finding in seen:
        yield TRUE if finding.verdict == "holds" else UNKNOWN


def _examples(law: Library, rule: Rule) -> Iterator[Problem]:
    for example in rule.examples:
        given = max(values(law, rule, example))
        if VERDICTS[given] != example.verdict:
            facts = ", ".join(f"{name} = {value!r}" for name, value in example.facts.items())
            yield Problem(
                "error", rule.file, rule.name, f"an example for {example.verdict} gives {VERDICTS[given]}: {facts}",
                f"as of {example.as_of}, mend the example or the rule",
            )  # fmt: skip


def _flat(example: Example, rule: Rule) -> dict[str, Any]:
    facts: dict[str, Any] = {"as_of": example.as_of}
    if rule.level == "transfer":
        return {**facts, **example.facts}
    demand = subject(example)
    facts.update(demand.facts)
    for clause in demand.clauses[:1]:
        facts.update(clause.all_facts())
        for target in clause.targets[:1]:
            facts.update(target.facts)
    return facts


def _unreached(law: Library, rule: Rule) -> Iterator[Problem]:
    """A branch of an `or` that no example makes true is a part of the rule nobody has tried."""
    holds = [e for e in rule.examples if e.verdict == "holds"]
    for branch in _branches(rule.test):
        if not any(
            truth(branch, _flat(e, rule), law.params_on(e.as_of)) == TRUE for e in holds if "clauses" not in e.facts
        ) and all("clauses" not in e.facts for e in holds):
            names = ", ".join(sorted({a.fact for a in atoms(branch) if hasattr(a, "fact")}))
            yield Problem(
                "warning", rule.file, rule.name, f"no example reaches the branch on {names}",
                "add an example in which it alone decides",
            )  # fmt: skip


def _branches(node: Node) -> Iterator[Node]:
    if isinstance(node, Or):
        yield from node.parts
    for part in getattr(node, "parts", ()):
        yield from _branches(part)


def _gaps(law: Library) -> Iterator[Problem]:
    """Versions of one rule must follow each other without a day between them."""
    for versions in law.by_id.values():
        for older, newer in itertools.pairwise(versions):
            if older.until is not None and newer.from_ is not None and older.until < newer.from_:
                last = newer.from_ - timedelta(1)
                yield Problem(
                    "warning", newer.file, newer.name, f"no version is law from {older.until} to {last}",
                    "close the gap, or give the later rule an id of its own",
                )  # fmt: skip


def _unused(law: Library) -> Iterator[Problem]:
    words = vocabulary()
    read = {name for rule in law.rules for name in rule.facts}
    for row in law.compels:
        read |= {a.fact for a in atoms(row.where) if hasattr(a, "fact")}
    for fact in words.facts.values():
        if fact.type != "text" and fact.name not in read:
            yield Problem(
                "warning", "vocabulary", fact.name, "no rule reads this fact", "write the rule, or take the fact away"
            )


def days_of_change(law: Library) -> list[date]:
    """Every day on which some rule, strength, force, parameter or matrix row changes."""
    days: set[date] = set()
    for rule in law.rules:
        days |= {d for d in (rule.from_, rule.until) if d}
        days |= {d for d, _ in (*rule.strength.steps, *rule.force.steps) if d}
    for param in law.params.values():
        days |= {d for d, _ in param.values.steps if d}
    for row in law.compels:
        days |= {d for d in (row.from_, row.until) if d}
    return sorted(days)
