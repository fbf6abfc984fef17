"""Whose data a passage asks for, and of what time: identifiers, blacked-out ones too, and periods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from demur.facts import Target, Value

from .cues import View
from .dates import find_dates
from .phrases import skeleton
from .references import IdentifierFound, find_identifiers, hidden_places
from .sheets import REDACTED


@dataclass(frozen=True, slots=True)
class Period:
    """From and to, both inclusive; `open` where the document says from inception, or without end."""

    start: date | None = None
    end: date | None = None
    open: bool = False


_BEGIN = re.compile(
    r"\b(?:from|between|since|after|beginning|starting|vom|ab|depuis|du|entre|desde|dal|van)\b[^.;\n]{0,24}$", re.I
)
_BETWEEN = re.compile(
    r"^[^.;]{0,45}?(?:\b(?:to|through|thru|until|and|bis|au|et|hasta|al|tot)\b|[-–—])[^.;]{0,30}$",
    re.I | re.S,
)
_PRESENT = re.compile(
    r"^[^.;\n]{0,40}?(?:\bto\b|\bthrough\b|\buntil\b|[-–—])\s*(?:the\s+)?(?:date\s+of|present|now|today|current)", re.I
)
_INCEPTION = re.compile(
    r"\b(?:from\s+)?(?:inception|account\s+creation|(?:creation|opening)\s+of\s+the\s+account)\s+"
    r"(?:of\s+\S+\s+\S+\s+)?(?:to|through|until|-)\b",
    re.I,
)


def read_period(text: str, day_first: bool) -> Period | None:
    """The period that a stretch of text states, None where it states none."""
    found = list(find_dates(text, day_first))
    for first, second in pairwise(found):
        if _BETWEEN.match(text[first.end : second.start]) and first.value <= second.value:
            return Period(first.value, second.value)
    for one in found:
        if _PRESENT.match(text[one.end : one.end + 60]) or _BEGIN.search(text[max(0, one.start - 40) : one.start]):
            return Period(one.value)
    if _INCEPTION.search(text):
        return Period(open=True)
    day = next(
        (d for d in found if re.search(r"\b(?:date|on|am|le)\b\s*:?\s*$", text[max(0, d.start - 12) : d.start], re.I)),
        None,
    )
    return Period(day.value, day.value) if day else None


@dataclass(frozen=True, slots=True)
class Group:
    """Targets that share a period, and clause facts that follow from how they are written."""

    targets: tuple[Target, ...] = ()
    period: Period | None = None
    facts: tuple[tuple[str, Value], ...] = ()


_KIND_WORDS = (
    ("email", "e-?mail"),
    ("phone", "telephone|phone|mobile|cell"),
    ("ip", r"\bip\b|internet protocol"),
    ("device", "imei|device|mac address"),
    ("url", r"\burl\b|website|domain|wordpress"),
    ("person", r"\bname\b"),
    ("account", "account|user|subscriber"),
)
_WITH_TIME = re.compile(r"\d{1,2}:\d{2}")
_ZONE = re.compile(r"\b(?:UTC|GMT|[ECMP][SD]T|CES?T|BST)\b|[+-]\d{2}:?\d{2}\b|\dZ\b")
_PORT = re.compile(r"\bport\b|:\d{4,5}\b(?!\d)", re.I)
_CONTACTS = re.compile(
    r"\b(?:sent\s+(?:by|to)|mailed\s+to|forward|contact|questions|telephone number:|fax|reply to|send|deliver|transmit"
    r"|respond(?:ing)? to|by e-?mail to|electronically to)\b",
    re.I,
)


def read_targets(view: View, start: int, end: int, day_first: bool) -> list[Group]:
    """The identifiers of a passage, those with a period of their own apart; one empty group where there are none."""
    rows = list(_rows(view.text, start, end))
    by_period: dict[Period | None, list[Target]] = {}
    facts: dict[str, Value] = {}
    hidden_block = False
    column: str | None = None
    seen: set[str] = set()
    for i, (first, last) in enumerate(rows):
        line = view.text[first:last]
        if _OPEN_END.search(line) and i + 1 < len(rows):
            line += " " + view.text[slice(*rows[i + 1])].strip()  # "From 2020-07-10 to", and the end below it
        if _running_head(view, first, line):
            continue
        header = re.match(r"^\W*([A-Za-z][\w /()-]{2,28}?)(?:\(s\)|s)?\s?:\s*(?:\t|$|For\b)", line)
        if header and not hidden_places(line):
            column = _kind_of(header[1]) or column
            continue
        if _CONTACTS.search(line) or (_DATES_HEADER.search(line) and read_period(line, day_first) is None):
            continue
        found = find_identifiers(line)
        tabular = "\t" in line or len(line.split()) <= 10
        period = read_period(line, day_first) if tabular else None
        if period is None and _NO_PERIOD.search(line):
            period = Period()
        named = re.match(r"^\W*(name|date of birth|dob|address|ssn|passport)\b\W", line, re.I)
        if not found and hidden_places(line):
            spot = hidden_places(line)[0]
            if named and named[1].lower() != "name":
                continue
            in_table = (
                period is not None
                or "\t" in line
                or re.search(r"current subscriber|inception|present", line, re.I)
                or bool(named)
                or bool(header)
            )
            if in_table or _alone(line):
                kind = "person" if named else column or "other"
                if not in_table and hidden_block:
                    continue
                hidden_block = hidden_block or not in_table
                found = [IdentifierFound(*spot, None, kind)]
                if not in_table:
                    # A blacked-out block hides how many lines it covers.
                    facts["target_count"] = None
        for one in found:
            if one.value is not None and skeleton(one.value) in seen:
                continue
            seen.add(skeleton(one.value or ""))
            about: dict[str, Value] = {}
            if one.kind == "ip" and _WITH_TIME.search(line):
                # The line lists what comes with the address: time and zone, and a port or none.
                about["ip_has_time_and_port"] = bool(_ZONE.search(line) and _PORT.search(line))
            by_period.setdefault(period, []).append(Target(one.value, one.kind, about))
    if by_period.keys() - {None} and len(by_period) > 1 and None in by_period:
        # Names above a table belong to its accounts: they share the table's first period.
        rest = by_period.pop(None)
        shown = next(iter(by_period))
        by_period[shown] = rest + by_period[shown]
    if not by_period:
        return [Group()]
    return [Group(tuple(targets), period, tuple(facts.items())) for period, targets in by_period.items()]


_ABOUT = re.compile(
    r"account|regarding|associated with|subscriber|user|e-?mail address|telephone number|identif|konto|adresse|compte"
    r"|utilisateur",
    re.I,
)


def named_targets(view: View) -> tuple[Target, ...]:
    """The identifiers that the document speaks of outside any list of what is demanded: in its caption, in its
    first sentences, in an attachment that says what is to be searched."""
    out: dict[str, Target] = {}
    for start, end in view.sentences:
        words = view.text[start:end]
        if start >= view.signature > 0 or not _ABOUT.search(words) or _CONTACTS.search(words):
            continue
        for one in find_identifiers(words):
            if one.value is not None:
                out.setdefault(skeleton(one.value), Target(one.value, one.kind))
    return tuple(out.values())


_DATES_HEADER = re.compile(r"\bdate\(?s\)?\s*(?:\(|:|$)|\bdates?\s+of\s+(?:records|activity)", re.I)
_OPEN_END = re.compile(r"\b(?:to|through|until|and|bis|au)\s*$", re.I)
_NO_PERIOD = re.compile(r"current\s*subscriber|current\s*account", re.I)


def _running_head(view: View, start: int, line: str) -> bool:
    """Whether the line is what is blacked out at the head of a page: the addressee's name, printed on each."""
    sheet, offset = view.script.sheet_at(start)
    return _alone(line) and not sheet.text[: start - offset].strip()


def _rows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        if text[start:stop].strip():
            yield start, stop
        start = stop + 1


def _kind_of(text: str) -> str | None:
    low = text.lower()
    found = [(m.start(), kind) for kind, words in _KIND_WORDS if (m := re.search(words, low))]
    return next((kind for kind, words in _KIND_WORDS if re.search(words, low)), None) if found else None


def _alone(line: str) -> bool:
    return not re.search(r"[^\W_]{3}", line.replace(REDACTED, ""))
