"""Checks a library as a careful colleague would: every example, every day, every rule that cannot speak or that
another contradicts.

An error is a library that says what it should not. A warning is a place nobody has tried or that cannot matter. A
note is for a lawyer's eye: two rules of one statute that pull apart on the same facts, with such facts; the law may
mean just that.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from demur.facts import Demand, demand_from_mapping, vocabulary

from .codegen import FALSE, TRUE, UNKNOWN, truth
from .engine import assess, assess_transfer, subjects
from .language import (
    AS_OF,
    Always,
    And,
    Compare,
    Known,
    LawError,
    Node,
    Not,
    Or,
    alternatives,
    atoms,
    params_of,
    simplify,
)
from .library import HERE, Dated, Example, Library, Rule, mentions, names_of, problems
from .possible import Steps, Undecided, witness

VERDICTS = {TRUE: "holds", UNKNOWN: "unknown", FALSE: "fails"}
OPPOSED = ((("permit",), ("void", "refuse")), (("notify-must",), ("secret",)))
"""Effects that pull apart: what permits beside what forbids, the duty to tell beside the duty of silence."""

REVIEW_STEPS = 100_000
"""What may be spent on one rule under review: a draft is anybody's text."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what to do. `weight` is error, warning or note."""

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
    trial = _Trial(law)
    for rule in law.rules:
        found += _examples(law, rule)
        found += _life(rule)
        found += trial.dead(rule)
        found += trial.unreached(rule)
        found += trial.twins(rule)
        found += trial.silent(rule)
    found += trial.unreached_terms()
    found += _gaps(law)
    found += _successions(law)
    if Path(folder) == HERE:  # a folder of a few rules need not turn on every fact
        found += unused(law)
    found += trial.contradictions()
    return law, found


def review(rule: Rule, law: Library, around: Library) -> list[Problem]:
    """What the checks say of one rule, were it in `law` in place of the one of its name; its terms and parameters are
    those of `around`."""
    rules = (*(r for r in law.rules if r.name != rule.name), rule)
    trial = _Trial(replace(around, rules=rules), Steps(REVIEW_STEPS))
    return [
        *_life(rule),
        *trial.dead(rule),
        *trial.unreached(rule),
        *trial.twins(rule, both=True),
        *trial.silent(rule),
        *trial.opposing(rule, both=True),
    ]


def _placed(error: LawError) -> str:
    return f"{error.place}: {error.message}" if error.place else error.message


def _about(rule: Rule, weight: str, message: str, hint: str) -> Problem:
    return Problem(weight, rule.file, rule.name, message, hint)


def told(facts: Mapping[str, Any]) -> str:
    """Facts in one line, as they stand in a rule file."""

    def written(value: object) -> str:
        return str(value).lower() if isinstance(value, bool) else f"'{value}'" if isinstance(value, str) else str(value)

    return ", ".join(f"{name} = {written(value)}" for name, value in facts.items())


# ------------------------------------------------------------------ examples


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
            yield _about(
                rule, "error", f"an example for {example.verdict} gives {VERDICTS[given]}: {told(example.facts)}",
                f"as of {example.as_of}, mend the example or the rule",
            )  # fmt: skip


def places(rule: Rule, example: Example) -> Iterator[Mapping[str, Any]]:
    """The facts of an example as the rule reads them: once, or for each clause and target."""
    if rule.level == "transfer":
        yield {**example.facts, AS_OF: example.as_of}
    else:
        yield from subjects(rule.level, subject(example), example.as_of)


# ------------------------------------------------------------------ time


def _life(rule: Rule) -> Iterator[Problem]:
    """Strength and force must speak on every day of the rule's life, and on no other."""
    start = rule.from_ or rule.strength.steps[0][0]
    if start is None and not rule.undated:
        yield _about(
            rule, "warning", "has no first day, so it speaks before its statute existed",
            'write from = 2018-03-23, or "always" where no statute dates it, or "unknown" where no day was found',
        )  # fmt: skip
    sources: dict[date | None, str] = {}
    for dated in (rule.strength, rule.force):
        sources |= {day: said for (day, _), said in zip(dated.steps, dated.sources, strict=True) if said}
    for name, dated in (("strength", rule.strength), ("force", rule.force)):
        first = dated.steps[0][0]
        if first is not None and (rule.from_ if name == "strength" else start) not in (None, first):
            since = rule.from_ if name == "strength" else start
            if since is not None and first > since:
                yield _about(
                    rule, "error", f"is law from {since}, but its {name} begins on {first}",
                    f"begin the {name} with the rule",
                )  # fmt: skip
        for (begins, value), ends in zip(dated.steps, [d for d, _ in dated.steps[1:]] + [None], strict=True):
            if begins is not None and begins != dated.steps[0][0] and begins not in sources:
                yield _about(
                    rule,
                    "warning",
                    f"nothing says why its {name} changed on {begins}",
                    "add source = '...' to the step",
                )
            late = rule.until is not None and begins is not None and begins >= rule.until
            early = ends is not None and rule.from_ is not None and ends <= rule.from_
            if late or early:
                yield _about(
                    rule,
                    "error",
                    f"its {name} {value!r} lies outside its life",
                    "take the step away, or mend the dates",
                )


def _gaps(law: Library) -> Iterator[Problem]:
    """Versions of one rule must follow each other without a day between them."""
    for versions in law.by_id.values():
        for older, newer in itertools.pairwise(versions):
            begins = newer.from_ or newer.strength.steps[0][0]
            if older.until is not None and begins is not None and older.until < begins:
                yield _about(
                    newer, "error", f"no version is law from {older.until} to {begins - timedelta(1)}",
                    "close the gap, or give the later rule an id of its own",
                )  # fmt: skip


def _successions(law: Library) -> Iterator[Problem]:
    """A rule that came in the place of one of another id begins where that one ends, or says why not."""
    for rule in law.rules:
        for name, why in rule.succeeds.items():
            versions = law.by_id.get(name)
            if versions is None or name == rule.id:
                yield _about(rule, "error", f"succeeds {name}, which is no other rule", "name the rule before it")
                continue
            ends, begins = versions[-1].until, law.by_id[rule.id][0].from_
            if (ends is not None and ends == begins) == bool(why):
                ended = f"ends on {ends}" if ends else "has no end"
                yield _about(
                    rule, "error",
                    f"meets {name} and says why not" if why else f"begins on {begins}, while {name} {ended}",
                    f'succeeds = "{name}"' if why else f'let them meet, or write succeeds = {{ "{name}" = "why" }}',
                )  # fmt: skip


def days_of_change(law: Library) -> list[date]:
    """Every day on which some rule, strength, force, parameter or matrix row changes."""
    days: set[date] = set()
    for rule in law.rules:
        days |= {d for d in (rule.from_, rule.until) if d}
        days |= _steps(rule.strength) | _steps(rule.force)
    for param in law.params.values():
        days |= _steps(param.values)
    for row in law.compels:
        days |= {d for d in (row.from_, row.until) if d}
    return sorted(days)


def _steps(dated: Dated) -> set[date]:
    return {day for day, _ in dated.steps if day is not None}


# ------------------------------------------------------------------ what can hold, and what was tried


class _Trial:
    """A library under trial: what its rules can hold on, and what their examples reach."""

    def __init__(self, law: Library, steps: Steps | None = None) -> None:
        self.law, self.steps = law, steps
        self.names = names_of(law)
        self.today = max((r.checked_on for r in law.rules), default=date.max)

    @cached_property
    def _cached_params(self) -> dict[date, dict[str, Any]]:
        return {}

    def params(self, day: date) -> dict[str, Any]:
        """The parameters of a day, lists as sets."""
        if day not in self._cached_params:
            found = self.law.params_on(day).items()
            self._cached_params[day] = {n: frozenset(v) if isinstance(v, tuple) else v for n, v in found}
        return self._cached_params[day]

    def editions(self, rule: Rule) -> list[date]:
        """The days of a rule's life on which it may begin to read otherwise: a parameter or a day it names."""
        days = {e.as_of for e in rule.examples} | {d for d in (rule.from_,) if d}
        for atom in atoms(rule.test):
            if isinstance(atom, Compare) and atom.fact == AS_OF and isinstance(atom.value, date):
                days |= {atom.value + timedelta(n) for n in (-1, 0, 1)}
        for name in params_of(rule.test):
            days |= _steps(self.law.params[name].values)
        return sorted(d for d in days if rule.in_force(d))

    def possible(self, rule: Rule, *nodes: Node) -> bool:
        """Whether the rule can hold together with these conditions on some day of its life."""
        return self.some_day(rule, rule.test, *nodes)

    def own(self, rule: Rule) -> Iterator[tuple[Node, ...]]:
        """The alternatives that the rule's own text names."""
        for text in (rule.applies, rule.when):
            yield from alternatives(text, self.names)

    def dead(self, rule: Rule) -> Iterator[Problem]:
        """A rule, or an alternative of it, that can hold on no facts at all."""
        if not self.possible(rule):
            yield _about(rule, "error", "can hold on no facts", "mend applies and when: they exclude each other")
            return
        for parts in self.own(rule):
            for part in parts:
                if not self.possible(rule, part):
                    yield _about(
                        rule, "error", f"the alternative on {_named(part)} can never be true here",
                        "take it away, or mend what excludes it",
                    )  # fmt: skip

    def unreached(self, rule: Rule) -> Iterator[Problem]:
        """An alternative that decides in no example is a part of the rule nobody has tried.

        It may decide whether the rule holds, or whether what it needs is asked for at all.
        """
        tried = [f for e in rule.examples if e.verdict != "fails" for f in places(rule, e)]
        tried = [f for f in tried if truth(rule.test, f, self.params(f[AS_OF])) != FALSE]
        for parts in self.own(rule):
            for part in self.untried(parts, tried):
                yield _about(
                    rule, "warning", f"no example reaches the alternative on {_named(part)}",
                    "add an example in which it alone decides",
                )  # fmt: skip

    def unreached_terms(self) -> Iterator[Problem]:
        """An alternative inside a shared term is tried by the examples of all rules that name the term."""
        texts = self.law.term_texts
        for name, text in texts.items():
            using = {name}
            while more := {n for n, t in texts.items() if n not in using and any(mentions(t, u) for u in using)}:
                using |= more
            rules = [r for r in self.law.rules if any(mentions(f"{r.applies} {r.when}", u) for u in using)]
            if not rules:
                yield Problem("warning", "terms", name, "no rule names this term", "name it, or take it away")
                continue
            tried = [f for r in rules for e in r.examples for f in places(r, e)]
            for parts in alternatives(text, self.names):
                for part in self.untried(parts, tried):
                    yield Problem(
                        "warning", "terms", name, f"no example of any rule reaches the alternative on {_named(part)}",
                        "add an example in which it alone decides",
                    )  # fmt: skip

    def untried(self, parts: tuple[Node, ...], tried: Iterable[Mapping[str, Any]]) -> Iterator[Node]:
        """The alternatives that on none of these facts are true while the others are not."""
        left = list(parts)
        for facts in tried:
            true = [p for p in parts if truth(p, facts, self.params(facts[AS_OF])) == TRUE]
            if len(true) == 1 and true[0] in left:
                left.remove(true[0])
        yield from left

    def silent(self, rule: Rule) -> Iterator[Problem]:
        """A hard ground that a fact decides and that is silent while the fact is unknown: unknown is not no.

        Silence is right where the vocabulary says why (`unsaid`), or where the rule asks for the fact on other facts.
        """
        hard = rule.checked != "recheck" and any(force == "hard" for _, force in rule.force.steps)
        if rule.against in ("info", "transfer") or not hard:
            return
        words = self.names.vocabulary
        for name in dict.fromkeys(a.fact for a in atoms(rule.test) if isinstance(a, Known)):
            if words[name].unsaid:
                continue
            least, most = (simplify(_unknown(rule.test, name, maybe)) for maybe in (False, True))
            if self.possible(rule, simplify(Not(most))) and not self.some_day(rule, most, simplify(Not(least))):
                yield _about(
                    rule, "note", f"a hard ground that holds on {name} and never asks for it",
                    "write it without is true, is false or is not null; or say in the vocabulary why unsaid is no",
                )  # fmt: skip

    def some_day(self, rule: Rule, *nodes: Node) -> bool:
        """Whether these conditions can hold together on some day of the rule's life."""
        try:
            return any(witness(nodes, day, self.params(day), self.steps) is not None for day in self.editions(rule))
        except Undecided:
            return True

    def contradictions(self) -> Iterator[Problem]:
        """Rules with opposed effects on the same facts: always so (a warning), or on some facts of one statute."""
        for rule in self.law.rules:
            yield from self.opposing(rule)
            for name in rule.beside:
                others = self.law.by_id.get(name, ())
                if not any(self.meeting(rule, other) for other in others):
                    yield _about(rule, "warning", f"beside names {name}, and the two never meet", "take the entry away")

    def opposing(self, rule: Rule, *, both: bool = False) -> Iterator[Problem]:
        """The rules that forbid what this one permits or requires; with `both`, the other way round too."""
        for wants, forbids in OPPOSED:
            for other in self.law.rules:
                if other.id in rule.beside or rule.id in other.beside:
                    continue
                if rule.effect in wants and other.effect in forbids:
                    yield from self.opposed(rule, other)
                if both and rule.effect in forbids and other.effect in wants:
                    yield from self.opposed(other, rule)

    def opposed(self, one: Rule, other: Rule) -> Iterator[Problem]:
        met = self.meeting(one, other)
        if met is None:
            return
        day, facts = met
        always = self.within(one, other, day)
        if always or one.file == other.file:
            where = "wherever it holds" if always else "on some facts"
            yield _about(
                one, "warning" if always else "note",
                f"{one.effect} meets {other.effect} of {other.id} {where}; as of {day}: {told(facts)}",
                "mend one of them, or say under beside how they stand together",
            )  # fmt: skip

    def twins(self, rule: Rule, *, both: bool = False) -> Iterator[Problem]:
        """Grounds that hold on exactly the same facts, with the same effect: one argument raised twice. A pair is
        named once, or with `both` for either of the two."""
        for other in self.law.rules if rule.against != "info" else ():
            same = (rule.against, rule.effect, set(rule.facts)) == (other.against, other.effect, set(other.facts))
            if (
                other.id == rule.id
                or (other.id < rule.id and not both)
                or not same
                or other.id in rule.beside
                or rule.id in other.beside
            ):
                continue
            met = self.meeting(rule, other)
            if met and self.within(rule, other, met[0]) and self.within(other, rule, met[0]):
                yield _about(
                    rule, "warning", f"holds on the very facts of {other.name}, with the same effect",
                    "make them one rule, or say under beside how they differ",
                )  # fmt: skip

    def meeting(self, one: Rule, other: Rule) -> tuple[date, Mapping[str, Any]] | None:
        """The last day on which both are law, and facts on which both hold; None where there are none."""
        day = min([self.today, *(r.until - timedelta(1) for r in (one, other) if r.until is not None)])
        if (one.level == "transfer") != (other.level == "transfer") or not (one.in_force(day) and other.in_force(day)):
            return None
        try:
            found = witness((one.test, other.test), day, self.params(day), self.steps)
        except Undecided:
            return None
        return None if found is None else (day, found)

    def within(self, one: Rule, other: Rule, day: date) -> bool:
        """Whether the other holds wherever the one does."""
        try:
            return witness((one.test, Not(other.test)), day, self.params(day), self.steps) is None
        except Undecided:
            return False


def _unknown(node: Node, fact: str, maybe: bool) -> Node:
    """The condition while this fact is unknown, what hangs on it read as `maybe`: between the two lies unknown."""
    match node:
        case And(parts):
            return And(tuple(_unknown(part, fact, maybe) for part in parts))
        case Or(parts):
            return Or(tuple(_unknown(part, fact, maybe) for part in parts))
        case _:
            atom = node.part if isinstance(node, Not) else node
            if isinstance(atom, Known) and atom.fact == fact:
                return Always(isinstance(node, Not))
            return Always(maybe) if fact in (getattr(atom, "fact", ""), getattr(atom, "other", "")) else node


def _named(node: Node) -> str:
    return ", ".join(sorted({a.fact for a in atoms(node) if hasattr(a, "fact")}))


def unused(law: Library) -> Iterator[Problem]:
    """Facts that no rule, clock or matrix row reads, nor the module that the vocabulary names."""
    words = vocabulary()
    read = {name for rule in law.rules for name in rule.facts}
    read |= {name for clock in law.clocks.values() for name in (clock.runs_from, clock.sooner)}
    for row in law.compels:
        read |= {a.fact for a in atoms(row.where) if hasattr(a, "fact")}
    for fact in words.facts.values():
        if fact.type == "text" or fact.name in read:
            told, hint = "", ""
        elif fact.read_by:
            module = HERE.parents[1] / fact.read_by
            named = module.is_file() and fact.name in module.read_text("utf-8")
            told, hint = "" if named else f"is not read by {fact.read_by}", "mend read_by, or take the fact away"
        else:
            told, hint = (
                "no rule reads this fact",
                "write the rule, say read_by which module does, or take the fact away",
            )
        if told:
            yield Problem("warning", "vocabulary", fact.name, told, hint)
