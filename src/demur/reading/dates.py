"""Dates as letters write them, also misread by a recogniser: "May 19, 2005", "19.05.2005", "Novernber l9,2007"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from .phrases import distance

MONTHS: dict[str, int] = {}
for _names in (
    "january february march april may june july august september october november december",
    "jan feb mar apr - jun jul aug sep oct nov dec",
    "- - - - - - - - sept - - -",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "januari februari mars april maj juni juli augusti september oktober november december",
):
    for _number, _name in enumerate(_names.split(), 1):
        if _name != "-":
            MONTHS.setdefault(_name, _number)

_DIGITS = str.maketrans("OoQDlIi|!SsBZzG", "000011111558226")
_DIGIT = r"[0-9OoQDlI|!SBZ]"
_YEAR = rf"(?P<y>(?:1|l|I)9{_DIGIT}{{2}}|[2Z][0OoQ]{_DIGIT}{{2}})"
_DAY = rf"(?P<d>{_DIGIT}{{1,2}})"
_MONTH = r"(?P<m>0?[^\W\d_](?:[^\W\d_]|[01](?=[^\W\d_])){1,10}(?:1(?=\s))?)"
_ORDINAL = r"(?:st|nd|rd|th|er|º|ª|°)?"
# A letter may follow neither end: "EO 12333" holds no date.
_FORMS = (
    re.compile(rf"(?<![\w]){_MONTH}\.?\s*{_DAY}{_ORDINAL}\s?[,.;:]?\s?{_YEAR}(?![\w])"),
    re.compile(
        rf"(?<![\w]){_DAY}\s?{_ORDINAL}\.?\s*(?:day\s+of|of|de|di|d[’'])?\s*{_MONTH}\.?,?\s*(?:de[l]?)?\s*{_YEAR}(?![\w])"
    ),
    re.compile(rf"(?<![\w.\-/]){_YEAR}\s?(?P<s>[-./])\s?(?P<n>{_DIGIT}{{1,2}})\s?(?P=s)\s?{_DAY}(?![\w])"),
    re.compile(
        rf"(?<![\w.\-/])(?P<a>{_DIGIT}{{1,2}})\s?(?P<s>[-./])\s?(?P<b>{_DIGIT}{{1,2}})\s?(?P=s)\s?{_YEAR}(?![\w])"
    ),
)


@dataclass(frozen=True, slots=True)
class DateFound:
    """A date in a text; `sure` is less where digits were repaired, a month guessed, or day and month may be swapped."""

    start: int
    end: int
    value: date
    sure: float


def find_dates(text: str, day_first: bool = False) -> Iterator[DateFound]:
    """The dates in `text` in order. In "03/04/2021" the day comes first where `day_first`, else the month."""
    found: list[DateFound] = []
    for form in _FORMS:
        for match in form.finditer(text):
            if any(f.start < match.end() and match.start() < f.end for f in found):
                continue
            one = _date(match, day_first)
            if one is not None:
                found.append(one)
    yield from sorted(found, key=lambda f: f.start)


def _date(match: re.Match[str], day_first: bool) -> DateFound | None:
    part = match.groupdict()
    sure = 1.0 if match.group().isascii() else 0.97

    def number(raw: str) -> int:
        nonlocal sure
        plain = raw.translate(_DIGITS)
        if plain != raw:
            sure *= 0.9
        return int(plain)

    try:
        year = number(part["y"])
        if part.get("m"):
            guess = month(part["m"])
            if guess is None:
                return None
            (number_of_month, right), day = guess, number(part["d"])
            sure *= right
        elif part.get("n"):
            number_of_month, day = number(part["n"]), number(part["d"])
        else:
            a, b = number(part["a"]), number(part["b"])
            if part["s"] == ".":
                day_first = True
            day, number_of_month = (a, b) if day_first else (b, a)
            if number_of_month > 12 >= day:
                day, number_of_month = number_of_month, day
            elif day <= 12 and day != number_of_month and part["s"] != ".":
                sure *= 0.7
        value = date(year, number_of_month, day)
    except ValueError:
        return None
    return DateFound(match.start(), match.end(), value, sure) if 1970 <= value.year <= 2069 else None


def month(word: str) -> tuple[int, float] | None:
    """The month that `word` names, perhaps misspelt, and how sure that is."""
    low = word.lower().translate(str.maketrans("01|!5", "olils"))
    if low in MONTHS:
        return MONTHS[low], 1.0
    folded = low.replace("rn", "m").replace("ii", "u").replace("vv", "w")
    if folded in MONTHS:
        return MONTHS[folded], 0.95
    if len(low) < 5:
        return None
    long = [name for name in MONTHS if len(name) > 4 and abs(len(name) - len(low)) <= 2]
    edits = {name: min(distance(low, name), distance(folded, name)) for name in long}
    fewest = min(edits.values(), default=9)
    near = {MONTHS[name] for name, count in edits.items() if count == fewest}
    if fewest <= (2 if len(low) >= 7 else 1) and len(near) == 1:
        return near.pop(), 0.9 - 0.1 * fewest
    return None
