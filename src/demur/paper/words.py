"""The words of papers, from `words/<language>.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from .letter import PaperError


@dataclass(frozen=True)
class Words:
    """The words of one language, by dotted path as (table, key)."""

    tables: dict[str, Any]

    def has(self, table: str, key: str) -> bool:
        """Whether there are words of this name."""
        return key in self._table(table)

    def __call__(self, table: str, key: str, /, **values: object) -> str:
        """The words at `key` of `table`, with {names} filled. Values are data: braces in them stay as they are."""
        text: str = self._table(table)[key]
        # "Example, Inc." at the end of a sentence brings its own full stop.
        ended = {n: v.removesuffix(".") if isinstance(v, str) and f"{{{n}}}." in text else v for n, v in values.items()}
        return text.format_map(ended) if values or "{" in text else text

    def either(self, table: str, key: str, default: str, /, **values: object) -> str:
        """The words at `key`, or those at `default` where the table has no such key."""
        return self(table, key if self.has(table, key) else default, **values)

    def day(self, day: date, country: str = "") -> str:
        """A legal day as it is written in letters to that country."""
        months = self.tables["dates"]["months"]
        return self.either("dates", country, "default", day=day.day, month=months[day.month - 1], year=day.year)

    def listed(self, parts: Iterable[str], by: str = "comma") -> str:
        """One list in running words: "a", "a and b", "a, b, and c"; by semicolon where the parts have commas."""
        items = list(parts)
        if by == "semicolon":
            return self("join", "semicolon").join(items)
        if len(items) < 2:
            return "".join(items)
        if len(items) == 2:
            return self("join", "two", a=items[0], b=items[1])
        return self("join", "many", rest=self("join", "comma").join(items[:-1]), last=items[-1])

    def _table(self, table: str) -> dict[str, Any]:
        found: Any = self.tables
        for step in table.split("/"):
            found = found.get(step, {})
        return found if isinstance(found, dict) else {}


@cache
def words(language: str) -> Words:
    """The words of that language (ISO 639-1). Raises PaperError where there are none."""
    folder = files(__package__) / "words"
    known = sorted(p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml"))
    if language not in known:
        raise PaperError(f"no letters in language {language!r}; hint: one of {', '.join(known)}")
    return Words(tomllib.loads((folder / f"{language}.toml").read_text("utf-8")))
