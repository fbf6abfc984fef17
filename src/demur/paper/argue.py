"""From findings to arguments: what may be argued, in which order, and what it may let out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from demur.facts import Clause, Demand, Value, vocabulary
from demur.law import asked_as, in_words
from demur.law.findings import STRENGTHS, Assessment, Finding, Reason, Strength

from .letter import Argument, Asked, LeftOut, Part, Question
from .words import Words


@cache
def paper_facts() -> dict[str, Any]:
    """Which facts go on paper, and to whom (`facts.toml`)."""
    return tomllib.loads((files(__package__) / "facts.toml").read_text("utf-8"))


def may_be_argued(finding: Finding, by: str = "provider") -> bool:
    """Whether `by` may raise this finding, decided or not, before the authority or its forum."""
    rules = paper_facts()["argued"]
    return (
        finding.is_ground
        and by in finding.who
        and finding.against in rules["against"]
        and finding.effect in (rules["disclosure"] if finding.against == "disclosure" else rules["effects"])
    )


COURTS = ("court", "tribunal", "judge")


def is_court(forum: str) -> bool:
    """Whether a forum is first of all a court, so that what goes there is signed by counsel admitted in it."""
    return any(word in _first(forum) for word in COURTS)


def court_of(forum: str) -> str:
    """The court of a forum: one name for the issuing court, however a rule words it."""
    return "issuing court" if is_court(forum) and "issuing" in _first(forum) else forum


def _first(forum: str) -> str:
    return re.split(r"[;,(]| and ", forum.lower(), maxsplit=1)[0]


def rank(finding: Finding | Argument) -> tuple[bool, int, bool, int]:
    """The order of argument: hard before soft, then by strength, then what is due first."""
    strength: Strength = finding.strength  # type: ignore[assignment]
    due = finding.due.toordinal() if finding.due else 0
    return (finding.force != "hard", STRENGTHS.index(strength), finding.due is None, due)


def by_rule(findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings in order of argument, those of one rule together."""
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=rank):
        groups.setdefault(finding.rule, []).append(finding)
    return list(groups.values())


def argument(
    group: Sequence[Finding],
    demand: Demand,
    words: Words,
    tell: Collection[str] = (),
    reaches: Collection[int | None] = (),
) -> Argument:
    """One paragraph for the findings of one rule; facts of a target stand in it only where they may be told.

    `reaches` are the indexes of the clauses of which the instrument can compel a part.
    """
    first = group[0]
    lines: dict[str, None] = {}
    kept: dict[str, None] = {}
    told: dict[str, None] = {}
    for finding in group:
        known = _known(demand, finding)
        for reason in finding.because:
            text = _reason_text(reason, known)
            if not text:
                continue
            if all(_may_tell(fact, tell) for fact in reason.facts):
                lines.setdefault(text)
                told.update({f: None for f in reason.facts if vocabulary()[f].level == "target"})
            else:
                kept.setdefault(text)
    return Argument(
        rule=first.rule,
        title=first.title or first.says,
        says=first.says if first.title else "",
        cites=first.cites,
        because=tuple(lines),
        kept=tuple(kept),
        told=tuple(told),
        where=places(group, demand, words),
        part=_part(first),
        effect=first.effect,
        force=first.force,
        strength=first.strength,
        forum=first.forum,
        due=min((f.due for f in group if f.due), default=None),
        stays=first.stays,
        checked=first.checked,
        answered=first.answered,
        who=first.who,
        partly=first.effect == "void" and {f.clause for f in group} <= set(reaches),
    )


def _known(demand: Demand, finding: Finding) -> dict[str, Value]:
    """What is known where the finding stands: the demand's facts, then the clause's, then the target's."""
    facts: dict[str, Value] = dict(demand.facts)
    if finding.clause is not None and finding.clause < len(demand.clauses):
        clause = demand.clauses[finding.clause]
        facts.update(clause.all_facts())
        if finding.target is not None and finding.target < len(clause.targets):
            target = clause.targets[finding.target]
            facts.update(target.facts)
            if target.kind is not None:
                facts["identifier_kind"] = target.kind
    return facts


def _reason_text(reason: Reason, known: Mapping[str, Value]) -> str:
    """What a reason says in a letter: a fact that is known, in the words of the vocabulary; else nothing.

    That something is not known may be why a rule holds, but it is no argument to put on paper.
    """
    if reason.state != "true" or not reason.facts or set(reason.facts) <= set(paper_facts()["background"]):
        return ""
    if any(known.get(fact) is None for fact in reason.facts):
        return ""
    if len(reason.facts) > 1:
        return reason.text
    value = known[reason.facts[0]]
    return vocabulary()[reason.facts[0]].sentence(_shown(value))


def _shown(value: Value) -> Value | str:
    return f"{value.day} {value:%B %Y}" if isinstance(value, date) else value


def _part(finding: Finding) -> Part:
    if finding.strength == "policy":
        return "request"
    return "gag" if finding.against == "gag" else "demand"


def _may_tell(fact: str, tell: Collection[str]) -> bool:
    if fact in tell:
        return True
    table = paper_facts()
    return fact in table["tell_authority"] or (
        vocabulary()[fact].level in ("demand", "clause") and fact not in table["hold_back"]
    )


def places(group: Sequence[Finding], demand: Demand, words: Words) -> str:
    """The words for what these findings hit: the demand, items of it, or single identifiers."""
    if group[0].against == "gag":
        return words("name", "gag")
    hit = [(f.clause, f.target) for f in group]
    if any(clause is None for clause, _ in hit):
        return words("name", "demand")
    whole: set[int] = set()
    single: list[str] = []
    for clause in sorted({c for c, _ in hit if c is not None}):
        targets = sorted({t for c, t in hit if c == clause and t is not None})
        every = demand.clauses[clause].targets
        if not targets or len(targets) >= len(every) or any(c == clause and t is None for c, t in hit):
            whole.add(clause)
        else:
            single += [words("name", "target", n=clause + 1, target=target_name(every, t, words)) for t in targets]
    if len(whole) == len(demand.clauses):
        return words("name", "demand")
    numbers = [str(c + 1) for c in sorted(whole)]
    items = []
    if len(numbers) == 1:
        items.append(words("name", "clause", n=numbers[0]))
    elif numbers:
        items.append(words("name", "clauses", list=words.listed(numbers)))
    return words.listed(items + single)


def target_name(targets: Sequence[Any], index: int, words: Words) -> str:
    """The identifier as demanded, or its number where it was redacted."""
    identifier = targets[index].identifier
    return identifier or words("name", "target_unnamed", n=index + 1)


def asked(demand: Demand, words: Words, only: Collection[tuple[int, int]] | None = None) -> tuple[Asked, ...]:
    """The items of the demand; with `only`, those that concern these (clause, target) and nobody else's names."""
    items = []
    for index, clause in enumerate(demand.clauses):
        mine = [t for t in range(len(clause.targets)) if only is None or (index, t) in only]
        if only is not None and clause.targets and not mine:
            continue
        alone = len(mine) == len(clause.targets)  # the words of an item may name others
        items.append(
            Asked(
                number=index + 1,
                quote=clause.quote if alone else "",
                page=clause.page,
                categories=_categories(clause),
                targets=tuple(clause.targets[t].identifier or "" for t in mine if clause.targets[t].identifier),
                period_from=clause.period_from,
                period_to=clause.period_to,
            )
        )
    return tuple(items)


def _categories(clause: Clause) -> tuple[str, ...]:
    known = vocabulary()
    return tuple(
        known[name].means for name, value in clause.all_facts().items() if name.startswith("asks_") and value is True
    )


def offered(assessment: Assessment, argued: Collection[Finding]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """What the instrument could compel of each item if it were confirmed so limited: (number, categories).

    Only what the matrix of instrument and category answers with yes; nothing where a ground forbids the
    disclosure or takes the power to compel away from the whole.
    """
    stopped = {f.clause for f in argued if f.target is None and _stops(f)}
    for number, clause in enumerate(assessment.demand.clauses):
        single = {f.target for f in argued if f.clause == number and f.target is not None and _stops(f)}
        if clause.targets and len(single) == len(clause.targets):
            stopped.add(number)
    if None in stopped:
        return ()
    found: dict[int, list[str]] = {}
    for row in assessment.compels:
        if row.can == "yes" and row.clause not in stopped:
            found.setdefault(row.clause, []).append(vocabulary()[f"asks_{row.category}"].means)
    return tuple((clause + 1, tuple(names)) for clause, names in sorted(found.items()))


def _stops(finding: Finding) -> bool:
    # A void item may still be good for part of what it asks (the matrix says which); a refusal is for all of it.
    if finding.against == "gag" or finding.strength == "policy":
        return False
    if finding.against == "disclosure" or finding.effect == "refuse":
        return True
    return finding.clause is None and (finding.force == "hard" or finding.effect in ("redirect", "hold", "suspend"))


def questions(unknown: Sequence[Finding], facts: Collection[str]) -> tuple[Question, ...]:
    """The missing facts among `facts`, those first that the weightiest rules wait for; categories as one question."""
    wanted: dict[str, list[str]] = {}
    for finding in sorted(unknown, key=rank):
        for fact in finding.missing:
            if fact in facts:
                rules = wanted.setdefault(asked_as(fact), [])
                if finding.rule not in rules:
                    rules.append(finding.rule)
    return tuple(Question(fact, in_words(fact), tuple(rules)) for fact, rules in wanted.items())


def left_out(
    assessment: Assessment, argued: Collection[str], words: Words, chosen: Collection[str] | None
) -> tuple[LeftOut, ...]:
    """The grounds that hold and are not in the paper, each with the reason."""
    out = []
    for group in by_rule(f for f in assessment.holding() if f.is_ground and f.rule not in argued):
        why: Any = "left_scope"
        if "provider" not in group[0].who:
            why = "left_who"
        elif chosen is not None and group[0].rule not in chosen and may_be_argued(group[0]):
            why = "left_chosen"
        out.append(LeftOut(argument(group, assessment.demand, words), why))
    return tuple(out)
