"""Asking back: the few questions whose answers decide the most of what is unknown.

For each unknown finding the missing facts are completed in every way that its rule can tell apart, as a decision
diagram. A fact is asked for if and only if its answer can matter: `a or not a` asks nothing. What a clause asks for is
a closed list, so its categories are one question. Questions are then taken greedily, each the one that settles most of
what the earlier ones leave open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any

from demur.facts import Level, vocabulary

from .apart import kinds
from .codegen import TRUE, truth
from .diagram import Diagrams, TooLarge
from .engine import facts_at
from .findings import Assessment, Finding
from .language import And, Node, Or, facts_of
from .library import Library
from .library import library as shipped

Key = tuple[str, int | None, int | None]
"""A question about the demand, a clause, or a target."""
CATEGORIES = "categories"
"""The question which categories of data a clause asks for, named as in a file of facts."""
MOST_NODES = 20_000
"""Beyond this many nodes of one rule's diagram its missing facts are asked as they are, without trying them out."""
AT_LEAST = 0.01
"""What a question counts for that settles nothing by itself, but may be needed beside another."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, on the demand, one clause or one target (indexes, None where it has none).

    `fact` is what is asked for: a fact, or `categories`, and then `facts` are those that the answer decides. `settles`
    are the rules that it alone can decide; `helps` those it brings nearer. `value` is the number of findings it is
    expected to settle, every answer taken as equally likely; it is not `exact` where one of them was too large to try
    out: such a fact may turn out not to matter.
    """

    fact: str
    level: Level
    clause: int | None
    target: int | None
    settles: tuple[str, ...]
    helps: tuple[str, ...]
    value: float
    facts: tuple[str, ...]
    exact: bool = True

    @property
    def text(self) -> str:
        """The question in words."""
        return in_words(self.fact)


def asked_as(fact: str) -> str:
    """What is asked for where this fact is wanted: the fact itself, or all categories at once."""
    return CATEGORIES if fact.startswith("asks_") else fact


def in_words(asked: str) -> str:
    """The question for a fact, or for the categories."""
    return vocabulary().ask_categories if asked == CATEGORIES else vocabulary()[asked].ask


@dataclass(frozen=True, slots=True)
class _Open:
    """An unknown finding: its rule, the keys of the questions that can decide it, and what they are worth."""

    rule: str
    keys: Mapping[str, Key]
    worth: _Worth


def ask(assessment: Assessment, law: Library | None = None) -> tuple[Question, ...]:
    """The questions worth asking, the most decisive first; together they decide all that answers can decide."""
    opened = _opened(assessment, law or shipped())
    about: dict[Key, list[int]] = {}
    for number, one in enumerate(opened):
        for key in one.keys.values():
            about.setdefault(key, []).append(number)
    shares = [one.worth.shares(frozenset()) for one in opened]
    worth = {key: sum(shares[n][key[0]] for n in numbers) for key, numbers in about.items()}
    known: list[frozenset[str]] = [frozenset()] * len(opened)
    waiting = [_place(key, value) for key, value in worth.items()]
    heapify(waiting)
    asked: list[Question] = []
    while waiting:
        place, key = heappop(waiting)
        if key not in worth or (place, key) != _place(key, worth[key]):
            continue  # it counts for something else since then
        asked.append(_question(key, worth.pop(key), [opened[n] for n in about[key]]))
        moved: dict[Key, None] = {}
        for number in about[key]:
            one, before = opened[number], shares[number]
            known[number] |= {key[0]}
            shares[number] = one.worth.shares(known[number])
            for name, other in one.keys.items():
                change = shares[number].get(name, 0.0) - before.get(name, 0.0)
                if change and other in worth:
                    worth[other] += change
                    moved[other] = None
        for other in moved:
            if worth[other] < AT_LEAST / 2:
                del worth[other]
            else:
                heappush(waiting, _place(other, worth[other]))
    return tuple(asked)


def _place(key: Key, value: float) -> tuple[tuple[float, int, int, str], Key]:
    # Among equals the question about the whole demand goes first, then by name, so that the order is stable.
    return (-round(value, 9), key[1] or 0, key[2] or 0, key[0]), key


def _question(key: Key, value: float, opened: Iterable[_Open]) -> Question:
    settles: dict[str, None] = {}
    helps: dict[str, None] = {}
    facts: dict[str, None] = {}
    exact = True
    for one in opened:
        (settles if one.worth.settles(key[0]) else helps)[one.rule] = None
        facts |= dict.fromkeys(one.worth.facts(key[0]))
        exact = exact and one.worth.exact
    name, clause, target = key
    level = "clause" if name == CATEGORIES else vocabulary()[name].level
    return Question(
        name, level, clause, target, tuple(settles), tuple(helps), round(value, 3), tuple(sorted(facts)), exact
    )


def _opened(assessment: Assessment, law: Library) -> list[_Open]:
    params = {name: frozenset(v) if isinstance(v, tuple) else v for name, v in law.params_on(assessment.as_of).items()}
    rules = {rule.id: rule for rule in law.rules if rule.in_force(assessment.as_of)}
    # Ten thousand targets of whom the same is known are worked out once.
    alike: dict[tuple[Any, ...], _Worth] = {}
    places: dict[tuple[int | None, int | None], dict[str, Any]] = {}
    found = []
    for finding in assessment.unknown():
        rule, place = rules[finding.rule], (finding.clause, finding.target)
        if place not in places:
            places[place] = facts_at(assessment.demand, assessment.as_of, *place)
        facts = places[place]
        same = (rule.name, finding.missing, *map(facts.get, rule.facts))
        if same not in alike:
            # A fact that the rule only asks to be known (`is not null`) is meant to stay quiet: it is not missing.
            alike[same] = _Worth(rule.test, finding.missing, facts, params)
        names = alike[same].names
        if names:
            found.append(_Open(finding.rule, {name: _key(name, finding) for name in names}, alike[same]))
    return found


def _key(name: str, finding: Finding) -> Key:
    level = "clause" if name == CATEGORIES else vocabulary()[name].level
    clause = finding.clause if level in ("clause", "target") else None
    return name, clause, finding.target if level == "target" else None


class _Worth:
    """What the questions on one rule are worth, on facts of which some are missing.

    `exact` is false where the diagram would be too large; then each missing fact counts for a little.
    """

    def __init__(
        self, test: Node, missing: tuple[str, ...], facts: Mapping[str, Any], params: Mapping[str, Any]
    ) -> None:
        # In the order of the tree, so that what stands together is decided together.
        self.missing = tuple(name for name in facts_of(test) if name in missing)
        self.exact = True
        try:
            options = kinds(test, self.missing, facts, params)
            self.diagrams = Diagrams([len(options[name]) for name in self.missing], MOST_NODES)
            self.root = self._built(test, options, facts, params)
            matter = self.diagrams.variables(self.root)
        except TooLarge:
            self.exact, matter = False, frozenset(range(len(self.missing)))
        self.of: dict[str, frozenset[int]] = {}
        for number, name in enumerate(self.missing):
            if number in matter:
                asked = asked_as(name)
                self.of[asked] = self.of.get(asked, frozenset()) | {number}
        self._shares: dict[frozenset[str], Mapping[str, float]] = {}
        self._settled: dict[frozenset[str], float] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The questions that can decide the rule."""
        return tuple(self.of)

    def facts(self, name: str) -> tuple[str, ...]:
        """The facts of the rule that a question answers."""
        return tuple(self.missing[number] for number in self.of[name])

    def settles(self, name: str) -> bool:
        """Whether some answer to this question alone decides the rule."""
        return self._part(frozenset({name})) > 0

    def shares(self, known: frozenset[str]) -> Mapping[str, float]:
        """For each question still open once some are known, what part of its answers settles the rule."""
        if known not in self._shares:
            before = self._part(known)
            left = self.of.keys() - known if before < 1 else ()
            self._shares[known] = {n: max(self._part(known | {n}) - before, 0.0) + AT_LEAST for n in left}
        return self._shares[known]

    def _part(self, asked: frozenset[str]) -> float:
        if asked >= self.of.keys():
            return 1.0
        if asked not in self._settled:
            numbers = frozenset[int]().union(*(self.of[name] for name in asked))
            try:
                self._settled[asked] = self.diagrams.settled(self.root, numbers) if self.exact else 0.0
            except TooLarge:
                self.exact, self._settled[asked] = False, 0.0
        return self._settled[asked]

    def _built(
        self, test: Node, options: Mapping[str, tuple[Any, ...]], facts: Mapping[str, Any], params: Mapping[str, Any]
    ) -> int:
        """The diagram of where the rule is true; the tree is simplified, so negation stands on atoms alone."""
        if isinstance(test, And | Or):
            parts = [self._built(part, options, facts, params) for part in test.parts]
            return self.diagrams.join(parts, conjunction=isinstance(test, And))
        reads = facts_of(test)
        open_ = [number for number, name in enumerate(self.missing) if name in reads]
        base = {name: facts.get(name) for name in reads}

        def holds(chosen: tuple[int, ...]) -> bool:
            values = {self.missing[n]: options[self.missing[n]][at] for n, at in zip(open_, chosen, strict=True)}
            return truth(test, {**base, **values}, params) == TRUE

        return self.diagrams.atom(open_, holds)
