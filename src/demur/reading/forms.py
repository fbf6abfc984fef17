"""Reads the certificates of Regulation (EU) 2023/1543 box by box: what is ticked, and what is left empty."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from demur.facts import Clause, Target

from .cues import View
from .phrases import skeleton
from .references import find_identifiers
from .targets import Period, read_period
from .values import ClauseReading, Evidence

_TICKED = r"(?:\[\s?[xX✓✔×]\s?\]|\(\s?[xX]\s?\)|[☒☑✓✔✗✘⊠■▣])"
_EMPTY = r"(?:\[\s*\]|\(\s*\)|[☐□▢○◻])"
_BOX = re.compile(rf"(?P<tick>{_TICKED})|(?P<empty>{_EMPTY})")
_SECTION = re.compile(r"(?im)^\W*section\s+([A-M])\b")
_PART = re.compile(r"(?m)^\W*\(?([a-e])\)\s")


@cache
def forms() -> Mapping[str, Any]:
    """The tables of `forms.toml`, by kind of certificate."""
    return tomllib.loads((files(__package__) / "forms.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Line:
    """A box with the words beside it."""

    section: str
    part: str
    ticked: bool
    start: int
    end: int


def decided_by_box(fact: str) -> bool:
    """Whether a certificate has a box for the fact, so that its printed words tell nothing."""
    table = forms()["eu.epoc"]["tick"]
    return fact.startswith("emergency_") or any(t.get("fact") == fact for t in table)


def read_form(view: View, kind: str) -> tuple[dict[str, Evidence], list[ClauseReading] | None, list[str]]:
    """The facts and clauses that the boxes of a certificate tell; no clauses (None) where no box can be seen.

    An empty box says "no" only where the form makes it so.
    """
    form = forms()[kind]
    table = forms()[form["like"]] if "like" in form else form
    lines = [replace(one, section=form.get("sections", {}).get(one.section, one.section)) for one in _lines(view)]
    if not any(one.ticked for one in lines):
        return {}, None, ["no tick could be read on the certificate: its boxes must be entered by hand"]
    facts: dict[str, Evidence] = {}
    asked: dict[str, tuple[set[str], list[Line]]] = {}
    for line in lines:
        rows = [t for t in table["tick"] if t["section"] == line.section and _beside(view, line, t["label"])]
        for row in rows:
            if "fact" in row and (line.ticked or "empty" in row):
                value = row["value"] if line.ticked else row["empty"]
                evidence = view.evidence(line.start, line.end)
                if line.ticked or row["fact"] not in facts:
                    facts[row["fact"]] = replace(evidence, value=value, confirm="note" in row or view.script.scanned)
        if line.section == "F" and line.ticked and line.part in table["parts"]:
            categories, quoted = asked.setdefault(line.part, (set(), []))
            named = {r["category"] for r in rows if r.get("part") == line.part and "category" in r}
            categories |= named or set(table["parts"][line.part])
            if line.part == "b":
                categories.add("identify_only")
            quoted.append(line)
    targets, period = _identification(view, form["identification"])
    clauses = []
    for categories, quoted in asked.values():
        if kind == "eu.epoc-pr":
            categories.add("preservation")
        evidence = view.evidence(quoted[0].start, quoted[-1].end)
        quote = "; ".join(" ".join(view.text[q.start : q.end].split()) for q in quoted)
        clause = Clause(targets, frozenset(categories), period.start, period.end, quote, evidence.page)
        clauses.append(ClauseReading(clause, 0.9 * evidence.confidence, evidence.boxes, view.script.scanned))
    return facts, clauses, []


def _identification(view: View, section: str) -> tuple[tuple[Target, ...], Period]:
    """Whose data are asked, and for what time: the section that supports the identification."""
    begin = next((m for m in _SECTION.finditer(view.text) if m[1].upper() == section), None)
    if begin is None:
        return (), Period()
    after = _SECTION.search(view.text, begin.end())
    text = view.text[begin.end() : after.start() if after else len(view.text)]
    found = (Target(one.value, one.kind) for one in find_identifiers(text))
    return tuple(found), read_period(text, day_first=True) or Period()


def _lines(view: View) -> Iterator[Line]:
    boxes = list(_BOX.finditer(view.text))
    sections = [(m.start(), m[1].upper()) for m in _SECTION.finditer(view.text)]
    parts = [(m.start(), m[1]) for m in _PART.finditer(view.text)]
    for box, following in zip(boxes, [*boxes[1:], None], strict=False):
        at = box.start()
        section = next((s for p, s in reversed(sections) if p <= at), "")
        begin = next((p for p, _ in reversed(sections) if p <= at), 0)
        part = next((s for p, s in reversed(parts) if begin <= p <= at), "")
        end = min(x for x in (
            following.start() if following else len(view.text),
            next((p for p, _ in sections if p > at), len(view.text)),
            next((p for p, _ in parts if p > at), len(view.text)),
            at + 300,
        ))  # fmt: skip
        stop = view.text.find("\n\n", at, end)
        end = stop if stop > 0 else end
        yield Line(section, part, box["tick"] is not None, at, at + len(view.text[at:end].rstrip()))


def _beside(view: View, line: Line, label: str) -> bool:
    return skeleton(label) in skeleton(view.text[line.start : line.end])
