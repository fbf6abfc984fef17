"""Reads what a demand asks, piece by piece: categories, targets and period, with the words they were read from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from demur.facts import Clause, Target, Value

from .cues import View, cues
from .targets import Group, Period, read_period, read_targets
from .values import ClauseReading

_ITEM = re.compile(r"^\W{0,3}(?:\(?(?:[a-z]|[ivx]{1,4}|\d{1,2})[.)]|[A-H]\.|[IVX]{1,4}\.)\s+(?=\S)")
_BULLET = re.compile(r"^\s*[•·▪◦●‣*–-]\s+(?=\S)")
_CLOSED = re.compile(
    r"^\W*(?:date[d]?\s*(?::|\d|$)|/s/|s/|signed\b|signature|by:|questions|if you have|place:|redress)", re.I
)
_PROSE = 14
"""A paragraph with this many words that is no list item ends the list under a demanding sentence."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A stretch between empty lines, or one item of a list."""

    start: int
    end: int
    item: str = ""


@dataclass
class Passage:
    """A demanding sentence with the list or table under it."""

    start: int
    end: int
    items: list[Paragraph] = field(default_factory=list)


def read_clauses(view: View, whole: bool = False, day_first: bool = False) -> list[ClauseReading]:
    """The clauses of a document; `whole` takes all of it as one list, as an attachment is."""
    out: list[ClauseReading] = []
    for passage in _passages(view, whole):
        out += _read_passage(view, passage, day_first)
    return _merge(out)


def _passages(view: View, whole: bool) -> Iterator[Passage]:
    """Each demanding sentence from its verb on, with the list or table under it; all of an attachment is one."""
    paragraphs = list(_paragraphs(view))
    taken = 0
    for i, paragraph in enumerate(paragraphs):
        if paragraph.start < taken:
            continue
        found = _demanding(view, paragraph)
        if found is None and not (whole and i == 0):
            continue
        start, end = found or (paragraph.start, paragraph.end)
        passage = Passage(start, paragraph.end if whole else end)
        if paragraph.item:
            passage.items.append(Paragraph(start, paragraph.end, paragraph.item))
        # The list belongs to the sentence that ends its paragraph, or that says that it follows.
        if whole or end >= paragraph.end - 3 or _BELOW.search(view.text[start:end]):
            _take_list(view, passage, paragraphs[i + 1 :], whole)
        taken = max(paragraph.end, passage.end)
        yield passage


def _take_list(view: View, passage: Passage, paragraphs: list[Paragraph], whole: bool) -> None:
    """Add the list or table that follows; prose ends it, but for prose between "listed below" and the list."""
    said = view.text[passage.start : passage.end]
    named = bool(_categories(view, passage.start, passage.end) - {"preservation"})
    patience = 3 if _BELOW.search(said) and not named else 0
    for following in paragraphs:
        text = view.text[following.start : following.end]
        prose = len(text.split()) >= _PROSE and not following.item and "\t" not in text
        opened = view.text[: passage.end].rstrip().endswith(":")
        if prose and not whole and not opened:
            if passage.items or not patience:
                return
            patience -= 1
            continue
        if _CLOSED.match(text) or (view.closing and following.start >= view.closing.start > passage.start):
            return
        if prose and _is_refusal(view, following):
            continue
        passage.end = following.end
        if following.item:
            passage.items.append(following)


def _demanding(view: View, paragraph: Paragraph) -> tuple[int, int] | None:
    """The first sentence of the paragraph that demands data: from its verb to its end."""
    for start, end in view.sentences:
        start, end = max(start, paragraph.start), min(end, paragraph.end)
        if start >= end:
            continue
        hit = view.first(cues()["demanding"]["phrases"], start, end)
        if hit is None or view.first(cues()["excluding"]["phrases"], start, hit.start + 1):
            continue
        if _SILENCE.match(view.text[hit.start : hit.end + 30]):
            continue  # "I request that you not disclose": that is the gag
        if view.text[:end].rstrip().endswith(":"):
            end = paragraph.end  # what follows the colon is what is demanded
        if _categories(view, hit.start, end) or end >= paragraph.end - 3:
            # The verb and what stands before it in the same sentence: "name and address ... shall be disclosed".
            return start, end
    return None


_SILENCE = re.compile(r"[\w\s]{0,40}?\bnot\s+(?:to\s+)?(?:disclose|notify|inform|reveal)", re.I)
_BELOW = re.compile(r"\b(?:below|following|set forth|hereunder|attached list)\b", re.I)


def _paragraphs(view: View) -> Iterator[Paragraph]:
    """Paragraphs in order; an item of a list is one of its own, with the lines that go on with it."""
    start = 0
    for block in [*re.finditer(r"\n\s*\n", view.text), None]:
        end = block.start() if block else len(view.text)
        at, first, item = start, start, ""
        for line in view.text[start:end].splitlines(keepends=True):
            mark = _ITEM.match(line) or _BULLET.match(line)
            if mark and at > first:
                yield Paragraph(first, at, item)
                first = at
            if mark:
                item = "bullet" if _BULLET.match(line) else "number"
            at += len(line)
        if view.text[first:end].strip():
            yield Paragraph(first, end, item)
        start = block.end() if block else end


def _is_refusal(view: View, paragraph: Paragraph) -> bool:
    """Whether the paragraph only says what is not demanded."""
    return view.first(cues()["excluding"]["phrases"], paragraph.start, paragraph.start + 60) is not None


def _read_passage(view: View, passage: Passage, day_first: bool) -> list[ClauseReading]:
    text = view.text[passage.start : passage.end]
    categories = _categories(view, passage.start, passage.end)
    if not categories:
        return []
    groups = read_targets(view, passage.start, passage.end, day_first)
    numbered = [i for i in passage.items if i.item == "number"]
    stretches: list[tuple[int, int, frozenset[str]]] = []
    for item, following in zip(numbered, [*numbered[1:], None], strict=False):
        heads = view.text[item.start : item.end].rstrip().endswith(":")
        heads = heads and view.first(cues()["demanding"]["phrases"], item.start, item.end) is not None
        if following and (heads or _is_heading(view.text[item.start : item.end])):
            continue  # the heading of the items under it
        found = _categories(view, item.start, item.end)
        if found:
            stretches.append((item.start, item.end, found))
    if len(stretches) < 2:
        stretches = [(passage.start, passage.end, categories)]
    else:
        # What the sentence above the list asks by itself is asked by each of its items.
        lead = _categories(view, passage.start, stretches[0][0]) & {"preservation", "identify_only"}
        stretches = [(a, b, found | lead) for a, b, found in stretches]
    # A period in the sentence above the list is that of all its items; one within an item is that item's.
    lead_text = view.text[passage.start : stretches[0][0]] if len(stretches) > 1 else text
    out = []
    for start, end, found in stretches:
        own = read_period(view.text[start:end], day_first) if len(stretches) > 1 else None
        for group in groups:
            period = own or group.period or read_period(lead_text, day_first) or Period()
            out.append(_clause(view, start, end, found, group, period))
    return out


def _is_heading(text: str) -> bool:
    """Whether an item is a title: capitals at the head of its words, and no stop at its end."""
    words = re.findall(r"[^\W\d_]{4,}", text)
    return bool(words) and text.rstrip()[-1:] not in ".;,:" and sum(w[0].isupper() for w in words) >= 0.7 * len(words)


def _clause(
    view: View, start: int, end: int, categories: frozenset[str], group: Group, period: Period
) -> ClauseReading:
    evidence = view.evidence(start, _trim(view.text, start, end))
    facts: dict[str, Value] = dict(group.facts)
    if period.open:
        facts["period_open"] = True
    clause = Clause(
        targets=group.targets,
        categories=categories,
        period_from=period.start,
        period_to=period.end,
        quote=evidence.quote,
        page=evidence.page,
        facts=facts,
    )
    # An identifier read by OCR is always compared with the page by a person.
    named = any(t.identifier for t in group.targets)
    return ClauseReading(clause, 0.85 * evidence.confidence, evidence.boxes, confirm=view.script.scanned and named)


def _trim(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def _categories(view: View, start: int, end: int) -> frozenset[str]:
    """The categories that the stretch names, what it excepts being left out."""
    excepted = []
    for phrase in cues()["excluding"]["phrases"]:
        excepted += [(h.start, _end_of_exception(view.text, h.end, end)) for h in view.find.all(phrase, start, end)]
    for phrase in cues()["excluding"]["backward"]:
        excepted += [view.sentence(h.start, h.end) for h in view.find.all(phrase, start, end)]
    stretches = [(start, end)]
    for first, last in excepted:
        stretches = [p for a, b in stretches for p in ((a, min(b, first)), (max(a, last), b)) if p[0] < p[1]]
    found = set()
    for category, phrases in cues()["category"].items():
        for a, b in stretches:
            if any(_clear(view, phrase, a, b) for phrase in phrases):
                found.add(category)
                break
    return frozenset(found)


def _clear(view: View, phrase: str, start: int, end: int) -> bool:
    # "contact information" and "content information" are two letters apart.
    return any(hit.sure > 0.85 for hit in view.hits(phrase, start, end))


def _end_of_exception(text: str, at: int, end: int) -> int:
    opened = 0
    for i in range(at, end):
        if text[i] == "(":
            opened += 1
        elif text[i] == ")":
            if not opened:
                return i
            opened -= 1
        elif _SENTENCE_END.match(text, i):
            return i
    return end


_SENTENCE_END = re.compile(r"\n\n|(?<![A-Z])[.;](?=\s|$)")


def _merge(readings: list[ClauseReading]) -> list[ClauseReading]:
    """The readings without those that repeat another's words, the clearer kept."""
    out: list[ClauseReading] = []
    for one in readings:
        twin = next(
            (
                i
                for i, o in enumerate(out)
                if o.clause.categories == one.clause.categories
                and o.clause.targets == one.clause.targets
                and (o.clause.period_from, o.clause.period_to) == (one.clause.period_from, one.clause.period_to)
            ),
            None,
        )
        if twin is None:
            out.append(one)
    return out


def _groups(readings: list[ClauseReading]) -> list[ClauseReading]:
    """The readings without those that repeat another's targets."""
    out: list[ClauseReading] = []
    for reading in readings:
        if all(reading.clause.targets != other.clause.targets for other in out):
            out.append(reading)
    return out


def share_targets(readings: list[ClauseReading], named: tuple[Target, ...] = ()) -> list[ClauseReading]:
    """Give clauses that name no target those of the clauses that do: a list or an attachment speaks of the accounts
    named before it, for their period if it is one. Where none does, they are about the targets `named` elsewhere."""
    sources = [r for r in readings if r.clause.targets]
    if not sources:
        return [replace(r, clause=replace(r.clause, targets=named)) for r in readings]
    first = sources[0].clause
    targets = tuple(t for r in _groups(sources) for t in r.clause.targets)
    periods = {(r.clause.period_from, r.clause.period_to) for r in sources}
    counts = {n: v for r in sources for n, v in r.clause.facts.items() if n == "target_count"}
    out = []
    for reading in readings:
        clause = reading.clause
        if not clause.targets:
            clause = replace(clause, targets=targets, facts={**counts, **clause.facts})
            if len(periods) == 1 and clause.period_from is None and clause.period_to is None:
                facts = {**first.facts, **clause.facts}
                clause = replace(clause, period_from=first.period_from, period_to=first.period_to, facts=facts)
            reading = replace(reading, clause=clause, confirm=reading.confirm or any(r.confirm for r in sources))
        out.append(reading)
    return out
