"""How a case is told on the screen: names, days and grounds in the words a person uses."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from demur.docket import models
from demur.facts import vocabulary

from . import words

FLAGS = {"soon": 3, "week": 7}


def kind_name(kind: str | None) -> str:
    """An instrument's name as a heading: "National security letter"."""
    if not kind:
        return words.say("case.no-kind")
    name = vocabulary()["kind"].values.get(kind, kind)
    for article in ("a ", "an ", "the "):
        name = name.removeprefix(article)
    return name[:1].upper() + name[1:]


def value_words(name: str, value: Any) -> str:
    """A fact's value alone, in words."""
    fact = vocabulary()[name]
    if value is None:
        return words.say("case.unknown")
    if fact.type == "bool":
        return words.say("case.yes" if value else "case.no")
    if fact.type == "date":
        return day(date.fromisoformat(value)) if isinstance(value, str) else day(value)
    return fact.values.get(str(value), str(value))


def sentence(name: str, value: Any) -> str:
    """The fact as a sentence, its first letter large; a question where it is unknown."""
    fact = vocabulary()[name]
    if value is None:
        return fact.ask
    said = fact.sentence(value) if fact.type == "bool" else fact.says.replace("{}", value_words(name, value))
    return said[:1].upper() + said[1:]


def day(on: date) -> str:
    """A day as people write it: 9 Nov 2026."""
    return f"{on.day} {on:%b %Y}"


ACRONYMS = frozenset(
    ("FBI", "DEA", "IRS", "SEC", "DHS", "HSI", "ICE", "CBP", "NSA", "ATF", "USSS", "DOJ", "HMRC", "SFO", "NCA", "UK",
     "US", "USA", "EU")
)  # fmt: skip
SMALL = frozenset(("OF", "THE", "FOR", "AND", "AT", "IN", "ON", "DE", "LA", "DU", "DES", "ET"))


def calm(name: str) -> str:
    """A name without shouting: a letterhead's runs of capitals as people write them; acronyms stay."""
    if not re.search(r"\b[A-Z]{2,}\s+[A-Z]{2,}", name):
        return name

    def quiet(word: re.Match[str]) -> str:
        text = word[0]
        if text in ACRONYMS:
            return text
        return text.lower() if text in SMALL and word.start() else text.capitalize()

    return re.sub(r"\b[A-Z]{2,}\b(?!\.)", quiet, name)


def due_words(on: date, today: date) -> str:
    """A due day seen from today: "today", "tomorrow", a weekday within the week, else the date."""
    ahead = (on - today).days
    if ahead < 0:
        return words.count("due.late", -ahead)
    if ahead == 0:
        return words.say("due.today")
    if ahead == 1:
        return words.say("due.tomorrow")
    if ahead < 7:
        return f"{on:%a} {on.day} {on:%b}"
    return f"{on:%a} {on.day} {on:%b}" if on.year == today.year else day(on)


def urgency(on: date | None, today: date) -> str:
    """The mark of a due day: late (today or past), soon (three days), or none."""
    if on is None:
        return ""
    ahead = (on - today).days
    return "late" if ahead <= 0 else "soon" if ahead <= FLAGS["soon"] else ""


def party(name: str) -> str:
    """A party as people call it: the customer's name, or what kind of customer it is."""
    known = models.Customer.objects.filter(slug=name).values_list("name", flat=True).first()
    kinds = vocabulary()["customer_kind"].values
    return known or (kinds[name].removeprefix("an ").removeprefix("a ") if name in kinds else words.say("forms.party"))


def categories(names: list[str] | None) -> list[str]:
    """Categories of data by their short names."""
    if names is None:
        return [words.say("case.not-known")]
    short = words.table("categories")
    return [short.get(n, n.replace("_", " ")) for n in names]
