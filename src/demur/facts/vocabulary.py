"""The closed vocabulary, loaded from `vocabulary.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

Level = Literal["demand", "clause", "target", "disclosure", "transfer"]
LEVELS: tuple[Level, ...] = ("demand", "clause", "target", "disclosure", "transfer")
Type = Literal["bool", "enum", "int", "date", "text"]
TYPES: tuple[Type, ...] = ("bool", "enum", "int", "date", "text")
UNSAID = ("", "paper", "event")
MOST = 10_000_000_000
"""The largest number that a fact can be where the vocabulary says no less: more than there are people."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of the vocabulary: what it is, and the words it is shown and asked in.

    `unsaid` says why a rule may take it as no while nobody told it: it stands on the `paper` served or in the
    provider's own books, or is an `event` that somebody would have recorded. Of every other fact unknown is not no.
    `read_by` names the module of demur that reads it, where no rule does.
    `most` is the largest value of a number.
    """

    name: str
    level: Level
    type: Type
    means: str
    says: str
    denies: str
    ask: str
    told: str
    values: Mapping[str, str]
    unsaid: str = ""
    read_by: str = ""
    most: int = MOST

    def sentence(self, value: object) -> str:
        """The fact with this value, as a sentence without full stop; `value` must not be None."""
        if self.type == "bool":
            return self.says if value else self.denies
        return self.says.replace("{}", self.values.get(str(value), str(value)))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All facts by name, in the order of the file; `text` is the file.

    `categories` are those of data that a clause can ask for; category `c` is the fact `asks_c`. `ask_categories` is
    the question for all of them at once.
    """

    facts: Mapping[str, Fact]
    categories: tuple[str, ...]
    text: str
    ask_categories: str = ""

    def __getitem__(self, name: str) -> Fact:
        return self.facts[name]

    def __contains__(self, name: object) -> bool:
        return name in self.facts

    def at(self, *levels: Level) -> list[Fact]:
        """The facts of these levels."""
        return [fact for fact in self.facts.values() if fact.level in levels]


def parse(text: str) -> Vocabulary:
    """Build a vocabulary from TOML. Raises ValueError naming the fact that is malformed."""
    tables = tomllib.loads(text)
    lists = cast("dict[str, dict[str, str]]", tables.pop("lists", {}))
    ask_categories = str(tables.pop("categories", {}).get("ask", ""))
    facts: dict[str, Fact] = {}
    for level, entries in tables.items():
        if level not in LEVELS:
            raise ValueError(f"vocabulary: {level!r} is no level; hint: one of {', '.join(LEVELS)}")
        for name, entry in entries.items():
            if name in facts:
                raise ValueError(f"vocabulary: {name} is declared twice; hint: a fact has one level")
            if entry.get("type") not in TYPES:
                raise ValueError(f"vocabulary: {name}: type {entry.get('type')!r}; hint: one of {', '.join(TYPES)}")
            if entry.get("unsaid", "") not in UNSAID:
                raise ValueError(f"vocabulary: {name}: unsaid {entry['unsaid']!r}; hint: paper, event, or leave it out")
            values = entry.get("values", {})
            facts[name] = Fact(
                name=name,
                level=level,
                type=entry["type"],
                means=entry["means"],
                says=entry["says"],
                denies=entry["denies"] if entry["type"] == "bool" else "",
                ask=entry["ask"],
                told=entry["told"],
                values=lists[values] if isinstance(values, str) else values,
                unsaid=entry.get("unsaid", ""),
                read_by=entry.get("read_by", ""),
                most=entry.get("most", MOST),
            )
    categories = tuple(name.removeprefix("asks_") for name in facts if name.startswith("asks_"))
    return Vocabulary(facts, categories, text, ask_categories)


_spoken: ContextVar[Vocabulary | None] = ContextVar("vocabulary", default=None)


def vocabulary() -> Vocabulary:
    """The vocabulary that Demur ships, or that of the `speaking` around the call."""
    return _spoken.get() or _shipped()


@cache
def _shipped() -> Vocabulary:
    return parse((files(__package__) / "vocabulary.toml").read_text("utf-8"))


@contextmanager
def speaking(text: str) -> Iterator[Vocabulary]:
    """Within, every room speaks this vocabulary (TOML) in place of the shipped one: that of a past day.

    Raises ValueError as `parse` does.
    """
    token = _spoken.set(parse(text))
    try:
        yield vocabulary()
    finally:
        _spoken.reset(token)
