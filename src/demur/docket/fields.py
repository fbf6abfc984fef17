"""What each act takes: the fields of its payload, and the form of each, read before anything looks at them.

What is not of that form is refused here, once for all acts: whoever prepares an act finds texts where texts belong,
days within the calendar, and nothing that no act asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any

from demur.facts.values import briefly, suggest

from .brings import ActError, day
from .lifecycle import ACTS
from .models import fit
from .precedents import PERSON

Read = Callable[[object], Any]
"""Gives a value in the form in which acts use it. Raises ActError, its message without the name of the field."""
DEEPEST = 30
"""How many lists and tables may lie in each other."""


# ------------------------------------------------------------------ one value


def text(most: int, hint: str = "write it in quotes") -> Read:
    """A text of at most so many letters."""

    def read(raw: object) -> str:
        if not isinstance(raw, str):
            raise ActError(f"is {briefly(raw)} and no text; hint: {hint}")
        if len(raw) > most:
            raise ActError(f"is longer than {most} letters; hint: make it shorter")
        return raw

    return read


NAME, WORDS = text(200), text(20_000)


def flag(raw: object) -> bool:
    """Yes or no."""
    if not isinstance(raw, bool):
        raise ActError(f"is {briefly(raw)}; hint: it is true or false")
    return raw


def numbered(what: str, first: int = 1) -> Read:
    """The number, or its digits, by which such a thing of the case is called; they count from `first`."""

    def read(raw: object) -> int:
        found = raw
        if isinstance(raw, str) and raw.isascii() and raw.isdecimal() and len(raw) < 10:
            found = int(raw)
        if not isinstance(found, int) or isinstance(found, bool) or not first <= found < 2**63:
            raise ActError(f"there is no {what} {briefly(raw)}; hint: give its number within the case")
        return found

    return read


def amount(raw: object) -> object:
    """An amount of money as it was written, or as a number."""
    long = (isinstance(raw, int) and abs(raw) >= 2**53) or (isinstance(raw, str) and len(raw) > 100)
    if long or isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise ActError(f"is {briefly(raw)}; hint: an amount such as 1250.50")
    return raw


def value(raw: object) -> object:
    """One value, which its fact reads."""
    if raw is not None and not isinstance(raw, str | int | float | date):
        raise ActError(f"is {briefly(raw)}; hint: give one value")
    return raw


def listed(read: Read) -> Read:
    """A list of such values."""

    def read_all(raw: object) -> list[Any]:
        if not isinstance(raw, list | tuple):
            raise ActError(f"is {briefly(raw)} and no list; hint: write it in square brackets")
        return [read(part) for part in raw]

    return read_all


def table(read: Read, key: Read = NAME) -> Read:
    """A table of such values, by name."""

    def read_all(raw: object) -> dict[str, Any]:
        if not isinstance(raw, Mapping):
            raise ActError(f'is {briefly(raw)} and no table; hint: such as {{"name": ...}}')
        return {key(name): read(part) for name, part in raw.items()}

    return read_all


def record(**fields: Read) -> Read:
    """A table of just these fields; what is left out is None."""

    def read(raw: object) -> dict[str, Any]:
        if not isinstance(raw, Mapping):
            raise ActError(f"holds {briefly(raw)} and no table; hint: one with {', '.join(fields)}")
        return {**dict.fromkeys(fields), **_each(fields, raw, "a table here")}

    return read


def plain_data(raw: object) -> Any:
    """Whatever JSON can hold, in bounds."""
    return _plain(raw, 0)


def _plain(raw: object, deep: int) -> Any:
    if deep > DEEPEST:
        raise ActError("is nested too deeply; hint: it may be a bomb")
    if isinstance(raw, Mapping):
        return {NAME(name): _plain(part, deep + 1) for name, part in raw.items()}
    if isinstance(raw, list | tuple):
        return [_plain(part, deep + 1) for part in raw]
    if (isinstance(raw, float) and isfinite(raw)) or (isinstance(raw, int) and abs(raw) < 2**63):
        return raw
    if raw is None or isinstance(raw, str | date):
        return raw
    raise ActError(f"holds {briefly(raw)}; hint: only what JSON can hold is kept")


def clauses(raw: object) -> list[dict[str, Any]]:
    """Clauses in the form of a facts file, perhaps with what the reading noted."""
    found = listed(table(plain_data))(raw)
    for clause in found:
        if not isinstance(clause.get("read", {}), Mapping):
            raise ActError(f"noted {briefly(clause['read'])} of a clause; hint: leave out what is under read")
    return list(found)


def files(raw: object) -> list[tuple[str, bytes]]:
    """Files, each with its name."""
    if not isinstance(raw, list | tuple):
        raise ActError(f"is {briefly(raw)} and no list of files; hint: [(name, bytes)]")
    for part in raw:
        pair = isinstance(part, list | tuple) and len(part) == 2
        if not (pair and isinstance(part[0], str) and isinstance(part[1], bytes | bytearray | memoryview)):
            raise ActError("holds what is no file; hint: [(name, bytes)]")
    return [(name, bytes(content)) for name, content in raw]


def papers(raw: object) -> dict[str, bytes]:
    """One paper as PDF and as DOCX."""
    if not isinstance(raw, Mapping) or {*raw} != {"pdf", "docx"}:
        raise ActError('is no pair of papers; hint: {"pdf": bytes, "docx": bytes}')
    if not all(isinstance(content, bytes) for content in raw.values()):
        raise ActError('holds no bytes; hint: {"pdf": bytes, "docx": bytes}')
    return dict(raw)


def letter(raw: object) -> dict[str, Any]:
    """A letter as its paper was written from it."""
    told: dict[str, Any] = table(plain_data)(raw)
    if "done" in told:
        listed(WORDS)(told["done"])
    return told


def cells(raw: object) -> list[tuple[int, int]]:
    """Pieces of a demand: clause and target, counted from 0."""
    pairs = listed(listed(numbered("piece", 0)))(raw)
    if not all(len(pair) == 2 for pair in pairs):
        raise ActError("are not pairs of clause and target; hint: [[0, 0]], counted from 0")
    return [(clause, target) for clause, target in pairs]


def lines(raw: object) -> list[dict[str, Any]]:
    """What rules say otherwise than before, of so many pieces of a case."""
    found = listed(record(rule=NAME, before=NAME, after=NAME, pieces=numbered("piece")))(raw)
    if not all(line["rule"] and line["after"] for line in found):
        raise ActError("name no rule, or not what it says now; hint: such as rule, before, after, pieces")
    return [{**line, "before": line["before"] or "", "pieces": line["pieces"] or 1} for line in found]


# ------------------------------------------------------------------ the acts

Fields = Mapping[str, Read]
HOW: Fields = {"how": WORDS}
PARTY: Fields = {"party": NAME}
GAG: Fields = {"gag": NAME}
PAPER: Fields = {"files": files, "event": NAME, "on": day}
SHOWN: Fields = {"files": files, "document": numbered("document")}
MOVED: Fields = {**GAG, **SHOWN, "until": day}
GROUND: Fields = {"ground": NAME}
FILED: Fields = {"forum": NAME, **dict.fromkeys(PERSON, value)}
LETTER: Fields = {"assessment": numbered("assessment"), "letter": letter, "files": papers}
FACT: Fields = {"name": NAME, "clause": numbered("clause", 0), "target": numbered("target", 0), "value": value}

OWN: Mapping[str, Fields] = {
    **dict.fromkeys(("instruct", "consent", "end-instruction", "join", "leave", "take-over", "give-back"), PARTY),
    "receive": {"files": files, "served_on": day, "channel": NAME, "served_on_entity": WORDS},
    "read": {
        "documents": listed(record(id=numbered("document"), packet=plain_data, warnings=listed(WORDS))),
        "facts": listed(record(**FACT, must_confirm=flag, evidence=table(plain_data))),
        "clauses": clauses,
    },
    "confirm": {"facts": listed(record(**FACT)), "clauses": clauses, "rest": flag},
    "authenticate": {**HOW, "means": NAME, "number": NAME},
    **dict.fromkeys(("add-document", "record-paper"), PAPER),
    "assess": {"as_of": day},
    # ---- silences
    "record-gag": {
        **GAG, "party": NAME, "basis": WORDS, "scope": WORDS, "by_court": flag, "endless": flag, "until": day,
        "since": day, "review_on": day, "document": numbered("document"),
    },
    "record-danger": {**GAG, "party": NAME, "until": day},
    **dict.fromkeys(("set-gag-end", "extend-gag"), MOVED),
    "end-gag": {**GAG, **SHOWN},
    **dict.fromkeys(("sign-danger", "lift-danger", "review-gag"), GAG),
    # ---- the customer
    "write-notice": {"party": NAME, **LETTER},
    "notify": {"party": NAME, "looked": flag},
    "redirect": {"party": NAME, "to": WORDS, "how": NAME, **LETTER},
    "record-delivery": {"delivery": numbered("delivery"), "proof": WORDS, "received": flag, "files": files},
    # ---- grounds
    "draft": {"kind": text(40), **LETTER},
    "disclose-privileged": {"what": NAME, "to": WORDS},
    "ask": {"ground": NAME, "until": day},
    "challenge": {**FILED, "grounds": listed(NAME), "form": NAME, "filed_on": day, "letter": numbered("letter")},
    "record-outcome": {
        **FILED, **SHOWN, "ground": NAME, "result": NAME, "decided_on": day, "cost": amount, "currency": NAME,
        "said": WORDS,
    },
    "appeal": {**FILED, "ground": NAME, "filed_on": day},
    **dict.fromkeys(("answer-overdue", "waive", "reserve"), GROUND),
    "leave-unchallenged": {"grounds": listed(NAME)},
    "note-new-law": {"rules": lines},
    "settle-new-law": {"touched": numbered("note")},
    # ---- the duty
    "extend": {"until": day, "clock": NAME},
    "stay": {"until": day},
    "protest": {"reserved": table(WORDS)},
    # ---- the emergency path, and what leaves
    "claim-emergency": {"cells": cells},
    "check-emergency": {**HOW, "check": NAME, "number": NAME},
    "prove": {**HOW, "maps": flag, "by": WORDS},
    "test-disclosure": {"facts": table(value)},
    "deliver": HOW,
    "close": {"reason": NAME},
}  # fmt: skip
TAKES: Mapping[str, Fields] = {act: {"why": WORDS, **OWN.get(act, {})} for act in ACTS}
"""The fields of each act; why it is done may stand beside any. Which of them it needs is what its guards say."""

WHOLE: Mapping[str, tuple[str, ...]] = {
    "read": ("documents", "facts", "clauses"),
    **dict.fromkeys(("draft", "write-notice"), tuple(LETTER)),
}
"""What the program itself brings with an act, and always does."""


def taken(act: str, payload: object) -> dict[str, Any]:
    """The payload of an act in the form in which it is used, fit to be kept; what is empty is left out.

    Raises ActError for a field that the act does not take, or whose value is not of its form.
    """
    if not isinstance(payload, Mapping):
        raise ActError(f'{act} comes with {briefly(payload)}; hint: give a table of its fields, such as {{"why": ...}}')
    found = _each(TAKES[act], payload, act)
    whole = WHOLE.get(act, LETTER if "letter" in found and act == "redirect" else ())
    for name in whole:
        if name not in found:
            raise ActError(f"{act} lacks its {name}; hint: the program brings it, from what it read or wrote")
    # The name of a file is cleaned where the file is kept, and its bytes are as they were served.
    kept = {"files": found.pop("files")} if "files" in found else {}
    return {**fit(found), **kept}


def _each(fields: Fields, raw: Mapping[Any, Any], where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, part in raw.items():
        if not isinstance(name, str) or name not in fields:
            near = suggest(name, fields) if fields else "leave it out"
            raise ActError(f"{where} takes no {briefly(name)}; hint: {near}")
        if part is None or (isinstance(part, str) and not part):
            continue
        try:
            found[name] = fields[name](part)
        except ActError as error:
            raise ActError(f"{name}: {error}") from None
    return found
