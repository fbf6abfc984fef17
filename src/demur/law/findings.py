"""What an assessment says: findings with their reasons, in the order a lawyer reads them.

A finding and a reason are named tuples, since an assessment makes hundreds: a frozen dataclass of as many fields takes
eight times as long to make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

from demur.facts import Demand

Verdict = Literal["holds", "unknown", "fails"]
Strength = Literal["mandatory", "strong", "arguable", "policy"]
AGAINST = ("demand", "clause", "target", "gag", "disclosure", "key", "transfer", "info")
EFFECTS = (
    "void", "refuse", "challenge", "narrow", "redirect", "suspend", "hold",
    "deadline", "cost", "shield", "permit", "notify-may", "notify-must", "secret", "record",
)  # fmt: skip
FORCES = ("hard", "soft")
STRENGTHS: tuple[Strength, ...] = ("mandatory", "strong", "arguable", "policy")
STAYS = ("no", "yes", "by-order")
WHO = ("provider", "customer", "person", "authority")
CHECKED = ("text", "report", "recheck")


class Reason(NamedTuple):
    """One line of a reason tree: `state` is true, false or unknown; `depth` its indentation.

    A line that joins others (`all of`, `any of`) has no fact; a leaf names the facts it rests on.
    """

    state: Literal["true", "false", "unknown"]
    text: str
    facts: tuple[str, ...] = ()
    depth: int = 0


class Finding(NamedTuple):
    """The result of one rule on one subject.

    `clause` and `target` are indexes into the demand's clauses and that clause's targets, None where the rule
    reads no fact of that level. `due` is a legal day in the forum's zone, None where no day is known.
    `strength` is that of the day assessed. `checked` says how the rule itself was verified; "recheck" means:
    confirm with local counsel.
    """

    rule: str
    verdict: Verdict
    against: str
    effect: str
    force: str
    strength: Strength
    says: str
    cites: tuple[str, ...]
    because: tuple[Reason, ...]
    missing: tuple[str, ...]
    clause: int | None
    target: int | None
    who: tuple[str, ...]
    forum: str
    by: str
    due: date | None
    stays: str
    checked: str
    title: str = ""
    answered: str = ""
    """Where the rule's own court answered the argument: what it said, shown beside a ground that lost."""

    @property
    def is_ground(self) -> bool:
        """Whether this stands against something (a finding that only informs is no ground)."""
        return self.against != "info"

    def as_json(self) -> dict[str, Any]:
        """The finding as plain JSON values."""
        return {
            "rule": self.rule,
            "title": self.title,
            "verdict": self.verdict,
            "against": self.against,
            "effect": self.effect,
            "force": self.force,
            "strength": self.strength,
            "says": self.says,
            "cites": list(self.cites),
            "because": [
                {"state": r.state, "text": r.text, "facts": list(r.facts), "depth": r.depth} for r in self.because
            ],
            "missing": list(self.missing),
            "clause": self.clause,
            "target": self.target,
            "who": list(self.who),
            "forum": self.forum,
            "by": self.by,
            "due": self.due.isoformat() if self.due else None,
            "stays": self.stays,
            "checked": self.checked,
            "answered": self.answered,
        }


@dataclass(frozen=True, slots=True)
class Compellable:
    """What the instrument could compel of one category in one clause, before any ground is decided.

    `can` is yes, no, voluntary, hold, contested or unknown; `rules` are the matrix rows and the rules that hold
    against it.
    """

    clause: int
    category: str
    can: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """All law in force on `as_of` applied to one demand.

    Findings that hold come first, then the unknown ones; each part by strength, then by due date. Rules that
    fail are only counted, in `failing`; `library` is the hash of the library used.
    """

    as_of: date
    library: str
    demand: Demand
    findings: tuple[Finding, ...]
    compels: tuple[Compellable, ...]
    rules: int
    failing: int

    def holding(self) -> tuple[Finding, ...]:
        """The findings that hold."""
        return tuple(f for f in self.findings if f.verdict == "holds")

    def unknown(self) -> tuple[Finding, ...]:
        """The findings that cannot be decided yet."""
        return tuple(f for f in self.findings if f.verdict == "unknown")

    def questions(self) -> Mapping[str, tuple[str, ...]]:
        """The missing facts, each with the rules it would help to decide; the most wanted first."""
        wanted: dict[str, list[str]] = {}
        for finding in self.unknown():
            for fact in finding.missing:
                rules = wanted.setdefault(fact, [])
                if finding.rule not in rules:
                    rules.append(finding.rule)
        return {f: tuple(r) for f, r in sorted(wanted.items(), key=lambda item: (-len(item[1]), item[0]))}
