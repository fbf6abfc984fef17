"""When a document was issued, when an answer is due, until when it holds; and its file number."""

from __future__ import annotations

import re
from datetime import date

from .cues import View, cues
from .dates import DateFound, find_dates
from .evidence import Facts, Kind, day_first, told
from .phrases import skeleton
from .references import find_references


def issued(view: View, facts: Facts, kind: Kind) -> Facts:
    found = best_date(view, day_first=day_first(facts))
    if found is None:
        return {}
    date_found, weight = found
    evidence = view.evidence(date_found.start, date_found.end, date_found.sure)
    sure = {3: 0.98, 2: 0.9, 1: 0.75}.get(weight, 0.5)
    issued = told(evidence, date_found.value, sure)
    return {"issued_on": issued, "dated": told(evidence, True, sure)}


def best_date(view: View, day_first: bool) -> tuple[DateFound, int] | None:
    """The date of issue, and how well its place tells so: 3 a line of its own in the letterhead, or a label that
    says so; 2 a plain label, or a line of its own elsewhere; 1 a weak label."""
    labels = cues()["label"]["issued_on"]
    best: tuple[float, DateFound, int] | None = None
    first_page = len(view.script.sheets[0].text) if view.script.sheets else 0
    for found in find_dates(view.text, day_first):
        start, end = view.line(found.start, found.end)
        before, after = view.text[start : found.start], view.text[found.end : end]
        lone = len(skeleton(after)) <= 2 and (
            len(skeleton(before)) <= 2 or re.fullmatch(r"[^\d,:]{2,30},?\s*(?:le |den |am |the |on )?", before)
        )
        label = _label_before(view, found.start, labels)
        if lone and _label_above(view, found.start):
            continue
        grade = 0
        if (lone and found.start < first_page and (found.start < view.head or found.start < first_page * 0.45)) or (
            label and len(label) > 6
        ):
            grade = 3
        elif (label and len(label) > 3) or (lone and found.start >= view.signature):
            grade = 2
        elif label and (found.start >= view.signature or found.start < view.head):
            grade = 1
        if not grade or _label_before(
            view, found.start, cues()["label"]["due_on"][:16] + cues()["label"]["expires_on"]
        ):
            continue
        weight = grade + found.sure * view.script.evidence(found.start, found.end).confidence
        if best is None or weight > best[0]:
            best = (weight, found, grade)
    return (best[1], best[2]) if best else None


_RETURN = re.compile(r"date\s+and\s+time\s*:|return\s+date|\(b\)\s*date|compliance|due\s+date|place\s*:", re.I)


def _label_above(view: View, at: int) -> bool:
    """Whether the line above calls the date a return date: the cells of a subpoena's form."""
    above = view.text[: max(0, view.text.rfind("\n", 0, at))].rstrip().rsplit("\n", 1)[-1]
    return bool(_RETURN.search(above)) and "issue" not in above.lower()


def _label_before(view: View, at: int, labels: list[str]) -> str | None:
    """The longest label that ends right before `at` (a colon or blanks between), at the start of a line or long
    enough to stand in prose."""
    before = view.text[max(0, at - 70) : at]
    # The label may stand in the cell to the left, or on the line above.
    bones = skeleton(before)
    for label in sorted(labels, key=len, reverse=True):
        mark = skeleton(label)
        if not bones.endswith(mark):
            continue
        tail = re.search(r"[^\W_]+(?:\W+[^\W_]+)*\W*$", before)
        line = before.rsplit("\n", 1)[-1].rsplit("\t", 1)[-1]
        starts = len(skeleton(line)) <= len(mark) + 1
        if tail and (starts or len(mark) >= 9):
            return label
    return None


def other_dates(view: View, facts: Facts, kind: Kind) -> Facts:
    out: Facts = {}
    found = list(find_dates(view.text, day_first(facts)))
    issued = facts["issued_on"].value if "issued_on" in facts else None
    for name in ("expires_on", "gag_until", "due_on"):
        for label in cues()["label"][name]:
            for hit in view.find.all(label):
                near = next(
                    (d for d in found if 0 <= d.start - hit.end <= 40 and "\n\n" not in view.text[hit.end : d.start]),
                    None,
                )
                between = view.text[hit.end : near.start] if near else ""
                if near and name == "expires_on" and "isclos" in view.text[slice(*view.paragraph(hit.start))]:
                    continue  # that is the end of the gag
                if near is None or (isinstance(issued, date) and near.value <= issued) or "issued" in between:
                    continue
                if name == "due_on" and (
                    ("expires_on" in out and out["expires_on"].value == near.value)
                    or (len(label) < 4 and not _about_answer(view, hit.start, near.end))
                ):
                    continue
                out.setdefault(name, told(view.evidence(hit.start, near.end, hit.sure * near.sure), near.value, 0.85))
                break
            if name in out:
                break
    return out


_WORDS = tuple(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "  # noqa: SIM905
    "eighteen nineteen twenty thirty sixty ninety".split()
)
_VALUES = [*range(1, 21), 30, 60, 90]
_NUMBER = r"(?:(?P<w>[a-z]+)\s*\(\s*(?P<p>\d{1,3})\s*\)|(?P<n>[\dlIO]{1,3})|(?P<x>" + "|".join(_WORDS) + r"))"
_WITHIN = re.compile(
    r"\b(?:within(?:\s+(?:the|a)\s+period\s+of)?|in|no later than|not later than|before the end of|innerhalb von"
    rf"|binnen|dans un délai de|en el plazo de|entro)\s+{_NUMBER}\s*(?P<k>business|working|calendar|court)?"
    r"\s*(?P<u>day|hour|week|tag|jour|día|giorn)",
    re.I,
)
PERIOD = re.compile(
    rf"\b(?:for a period of|for|period of|duration of|not exceed|not to exceed)\s+(?:up to\s+)?{_NUMBER}"
    r"\s*(?P<k>calendar)?\s*(?P<u>day|month|year|week)",
    re.I,
)
"""A length of time: "for a period of one year"."""
_DAYS = {"day": 1, "tag": 1, "jour": 1, "día": 1, "giorn": 1, "week": 7, "month": 30, "year": 365}
_ANSWER = re.compile(
    r"\b(?:provide|produce|records responsive|respond|response|reply|comply|compliance|disclos|transmi|answer|return"
    r"|hand over|furnish|comunicar|communiquer|übermitt|mitzuteil|auskunft)",
    re.I,
)
_NOT_ANSWER = re.compile(
    r"non-?\s?disclosure|prohibited by|notify the FBI|challenge|petition|execute this warrant|judicial proceedings"
    r"|motion|appeal|preserv",
    re.I,
)


def _about_answer(view: View, start: int, end: int) -> bool:
    a, b = view.sentence(start, end)
    words = view.text[a:b]
    return bool(_ANSWER.search(words)) and not _NOT_ANSWER.search(words)


def answered_within(view: View, facts: Facts, kind: Kind) -> Facts:
    for match in _WITHIN.finditer(view.text):
        if not _about_answer(view, match.start(), match.end()):
            continue
        hours = match["u"].lower() == "hour"
        days = -(-count(match) // 24) if hours else count(match) * _DAYS[match["u"].lower()]
        if 0 < days <= 400:
            # Business days are counted by the forum's calendar: a person looks at them.
            business = hours or (match["k"] or "").lower() in ("business", "working", "court")
            return {"due_days": told(view.evidence(match.start(), match.end()), days, 0.7 if business else 0.9)}
    return {}


def count(match: re.Match[str]) -> int:
    """The number that a length of time or a deadline states."""
    if match["p"]:
        return int(match["p"])
    if match["n"]:
        return int(match["n"].translate(str.maketrans("lIO", "110")))
    return int(_VALUES[_WORDS.index(match["x"].lower())])


def length(match: re.Match[str]) -> int:
    """A length of time in days; a month is taken as 30, a year as 365."""
    return count(match) * _DAYS[match["u"].lower()]


def reference(view: View, facts: Facts, kind: Kind) -> Facts:
    numbers = find_references(view)
    if not numbers:
        return {}
    number = numbers[0]
    evidence = view.evidence(number.start, number.end)
    return {"reference": told(evidence, number.value, 0.6 + 0.4 * number.weight, confirm=view.script.scanned)}
