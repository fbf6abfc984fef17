"""File numbers and identifiers (addresses, numbers, names of accounts), as printed and as scans distort them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .cues import View, cues
from .evidence import lines
from .phrases import Hit, distance, skeleton
from .sheets import REDACTED, print_size, usual_size

_WORD = r"[A-Za-z0-9À-ÿ]"
# Letters, digits and their joints; a part in brackets at the end ("431346(a)"); German file numbers have blanks.
_NUMBER = re.compile(
    rf"\s{{0,3}}[:#.=\-–°º№]{{0,3}}\s{{0,3}}(?P<id>"
    rf"\d{{1,5}}\s(?:Js|UJs|Ds|Cs|Ls|Gs|Qs|KLs|AR|BJs)\s\d{{1,7}}/\d{{2,4}}"
    rf"|(?:[A-Z]{{1,5}}\s(?=\d+[-/]\d))?{_WORD}+(?:[-/._:–—~]{{1,2}}{_WORD}+)*(?:-?\([a-z0-9]{{1,3}}\))?)"
)
_PHONE = re.compile(r"^\+?[\d() .-]{7,}$")


@dataclass(frozen=True, slots=True)
class NumberFound:
    """A file number as printed, where, and how sure it is."""

    start: int
    end: int
    value: str
    weight: float


def find_references(view: View) -> list[NumberFound]:
    """The document's file number, the likeliest first: by what labels say, by place, and by vote of its occurrences.

    A number that stands in the letterhead and again in the text is read twice; the readings vote, so that one
    misread place is outvoted, and look-alikes (0 and O, 1 and l) count as the same number.
    """
    groups: dict[str, list[NumberFound]] = {}
    for found in _labelled(view):
        if any(found.start < o.end and o.start < found.end for group in groups.values() for o in group):
            continue
        key = _fold(found.value)
        near = next((k for k in groups if _alike(k, key)), key)
        groups.setdefault(near, []).append(found)
    for key, group in groups.items():
        _unlabelled(view, key, group)
    ranked = sorted(groups.values(), key=lambda g: -sum(n.weight for n in g))
    return [_vote(group) for group in ranked]


def _labels(view: View) -> Iterator[tuple[str, Hit]]:
    """The labels of file numbers in the text, the longest first; then, in a scan's letterhead, misread ones."""
    labels = sorted(cues()["label"]["reference"], key=len, reverse=True)
    for label in labels:
        yield from ((label, hit) for hit in view.find.all(label))
    for match in re.finditer(r"(?m)^\W{0,2}N(?:o|r|°)\.?(?=\s*\w*\d)", view.text[: view.head]):
        yield "no", Hit(match.start(), match.end(), 0.8)  # a number by itself in the letterhead
    if not view.script.scanned:
        return
    for start, end in lines(view.text[: view.head]):
        for label in labels:
            # "Filc No.": one letter wrong at the start of a line, in a label long enough to stand it.
            bones = skeleton(label)
            stop = next((i for i in range(start + 1, end) if len(skeleton(view.text[start:i])) == len(bones)), None)
            if stop and len(bones) >= 6 and distance(skeleton(view.text[start:stop]), bones) == 1:
                yield label, Hit(start, stop, 0.7)


def _labelled(view: View) -> Iterator[NumberFound]:
    for label, hit in _labels(view):
        after = view.text[hit.end : hit.end + 80]
        gap = re.match(r"[^\S\n]*[.:#)°º№]*[^\S\n]*\n?[^\S\n]*", after)
        match = _NUMBER.match(after) or (_NUMBER.match(after, gap.end()) if gap else None)
        if not match:
            continue
        value = match["id"].strip(".-–:/_")
        value = re.sub(r"^[a-z]+(?=[A-Z]{2,}-?\d)", "", value)  # "referencetheNSL-10-...": lost spaces
        digits = sum(c.isdigit() for c in value)
        if (
            digits < 3
            or len(value) < 4
            or digits < 0.3 * len(value)
            or (_PHONE.match(value) and value.count("-") == 2 and len(value) == 12)
        ):
            continue
        start = hit.end + match.start("id") + match["id"].index(value)
        head = start < view.head and view.script.sheet_at(start)[0] is view.script.sheets[0]
        weight = hit.sure * (1.0 + 0.08 * len(label)) * (1.25 if head else 1.0)
        weight *= _plain_to_see(view, start) * min(1.0, digits / 5)
        if not weight:
            continue
        yield NumberFound(start, start + len(value), value, weight)


def _unlabelled(view: View, key: str, group: list[NumberFound]) -> None:
    for match in re.finditer(rf"{_WORD}+(?:[-/._:–—~]{{1,2}}{_WORD}+)+(?:-?\([a-z0-9]{{1,3}}\))?", view.text):
        value = match.group().strip(".-")
        if _alike(_fold(value), key) and not any(match.start() < g.end and g.start < match.end() for g in group):
            weight = 1.2 * _plain_to_see(view, match.start())
            group.append(NumberFound(match.start(), match.start() + len(value), value, weight))


def _alike(a: str, b: str) -> bool:
    """Whether two folded numbers may be one, of which a place or two were misread once."""
    return a == b or (len(a) == len(b) > 8 and distance(a, b) <= 2)


def _plain_to_see(view: View, at: int) -> float:
    """How well the place can be read: less for print smaller than the rest of its page, nothing in the page's foot,
    where stamps and page numbers stand."""
    sheet, offset = view.script.sheet_at(at)
    mine = next((c for a, b, c in sheet.spans if a <= at - offset < b and c.box), None)
    if mine is None or mine.box is None:
        return 1.0
    if mine.box[1] > _FOOT:
        return 0.0
    usual = usual_size(c for _, _, c in sheet.spans)
    return min(1.0, print_size(mine) / max(usual, 1e-6)) * mine.score**2


_FOOT = 0.885


def _fold(value: str) -> str:
    return skeleton(value)


def _vote(group: list[NumberFound]) -> NumberFound:
    votes: dict[str, float] = {}
    for number in group:
        # A full stop before a hyphen, or letters among digits, are a recogniser's slips.
        odd = len(re.findall(r"[._:]-|-[._:]|[–—~]|(?<=\d)[OIlSB](?=\d)", number.value))
        votes[number.value] = votes.get(number.value, 0.0) + number.weight / (1 + odd)
    best = max(votes, key=lambda v: votes[v])
    first = next(n for n in group if n.value == best)
    share = votes[best] / sum(votes.values())
    printed = re.sub(r"[–—~]", "-", best)
    return NumberFound(first.start, first.end, printed, share if len(group) > 1 else 0.9)


@dataclass(frozen=True, slots=True)
class IdentifierFound:
    """An identifier of a person or account: `value` is None where it is blacked out."""

    start: int
    end: int
    value: str | None
    kind: str


_HIDDEN = rf"(?:{REDACTED}|\[?\bredacted\b\]?|[xX]{{5,}}|_{{6,}}|\*{{5,}}|[■▇▉]{{2,}}|\(b\)\s?\(\d\)(?:\s?\([A-F]\))?)"
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(rf"{_HIDDEN}\s?@\s?[\w-]+(?:\.[\w-]+)+", re.I)),
    ("email", re.compile(rf"{_HIDDEN}\s?(?:gmail|googlemail|yahoo|hotmail|outlook|icloud|me|aol)\.com\b", re.I)),
    ("url", re.compile(rf"{_HIDDEN}\s?\.?[\w-]+\.(?:com|org|net|info|io)\b", re.I)),
    ("email", re.compile(r"[\w.+%-]+\s?@\s?[\w-]+(?:\.[\w-]+)+")),
    ("url", re.compile(r"https?://[^\s<>\"”)]+")),
    ("ip", re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])")),
    ("ip", re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}(?::?[0-9a-fA-F]{1,4})+(?![\w:])")),
    ("device", re.compile(r"(?<=IMEI)[\s:.#]*\d{14,16}\b")),
    ("device", re.compile(r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b")),
    ("phone", re.compile(r"(?<![\w.-])\+\d{1,3}[\s.-]?(?:\(\d+\)[\s.-]?)?\d{2,4}(?:[\s.-]?\d{2,4}){1,4}(?![\w-])")),
    ("phone", re.compile(r"(?<![\w.-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])")),
    ("phone", re.compile(r"(?<![\w./-])0\d{2,4}[ /-]?\d{3,4}[ -]?\d{3,4}(?![\w/-])")),
    ("account", re.compile(r"(?<![\w@])@[A-Za-z_]\w{2,30}\b")),
    (
        "account",
        re.compile(
            r"(?:user\s?name|user\s?id|account\s?(?:id|name|number|identifier)|login\s?id|handle|screen\s?name|profile"
            r"|account|UID|kennung|benutzername|nom d'utilisateur)s?\s*[:=#]?\s*[\"“„']?"
            r"(?P<v>[A-Za-z0-9][\w.+:/-]{3,60})",
            re.I,
        ),
    ),
)


def find_identifiers(text: str) -> list[IdentifierFound]:
    """The identifiers in a stretch of text in order, without overlap; a blacked-out part makes the value unknown."""
    found: list[IdentifierFound] = []
    for kind, form in _FORMS:
        for match in form.finditer(text):
            named = "v" in form.groupindex
            start, end = match.span("v") if named else match.span()
            raw = text[start:end].strip(" :.#").rstrip(".,;")
            if named and not any(c.isdigit() or c in "._+-:/" for c in raw):
                continue  # "account name and address" names no account
            if any(f.start < end and start < f.end for f in found):
                continue
            hidden = re.match(_HIDDEN, raw, re.I) is not None
            found.append(
                IdentifierFound(start, end, None if hidden else raw.replace(" ", "") if kind != "phone" else raw, kind)
            )
    return sorted(found, key=lambda f: f.start)


def hidden_places(text: str) -> list[tuple[int, int]]:
    """Where something is blacked out in the text."""
    return [m.span() for m in re.finditer(_HIDDEN, text, re.I)]
