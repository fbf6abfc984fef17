"""The document as served: which page is shown, as a picture or as text, with every fact marked where it was read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from demur import reading
from demur.docket import models

WIDTH = 1100
"""How many pixels wide a page is drawn; twice the column of the case, so that it stays sharp."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One place on the page where facts stand: its boxes in thousandths of the page, and its words."""

    facts: tuple[str, ...]
    label: str
    boxes: tuple[dict[str, float], ...]
    quote: str
    doubt: bool

    @property
    def keys(self) -> str:
        """The facts that stand here, as the page names them."""
        return " ".join(self.facts)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a document as the case shows it: a picture with marks over it, or marked text."""

    document: models.Document
    page: int
    pages: tuple[int, ...]
    role: str
    picture: bool
    marks: tuple[Mark, ...]
    text: SafeString


def pages_of(document: models.Document) -> list[dict[str, Any]]:
    """Every page that the reading knows of a document, in order, each with its text and what paper it is of."""
    packet = document.packet or {}
    found = [
        {"page": t["page"], "text": t["text"], "how": t["how"], "role": piece["role"]}
        for piece in packet.get("documents", ())
        for t in piece.get("text", ())
    ]
    return sorted(found, key=lambda t: t["page"])


def sheet(document: models.Document, wanted: int | None, marked: list[tuple[str, str, dict[str, Any], bool]]) -> Sheet:
    """The page asked for, else the first that has a fact on it.

    `marked` are (key, label, evidence, doubt) of every fact read in this document.
    """
    known = pages_of(document)
    numbers = tuple(dict.fromkeys(p["page"] for p in known)) or (1,)
    with_facts = [e.get("page") for _, _, e, _ in marked if e.get("page") in numbers]
    demand = [p["page"] for p in known if p["role"] == "demand"]
    page = wanted if wanted in numbers else next(iter([p for p in demand if p in with_facts] or demand or numbers))
    here = next((p for p in known if p["page"] == page), {"text": "", "how": "", "role": ""})
    marks = _together(_mark(*m) for m in marked if m[2].get("page") == page)
    picture = _has_picture(document, here)
    text = mark_safe("") if picture else _marked(here["text"] or _plain(document), marks)
    return Sheet(document, page, numbers, here["role"], picture, marks, text)


def _has_picture(document: models.Document, page: dict[str, Any]) -> bool:
    name = document.name.lower()
    if name.endswith((".txt", ".toml", ".json", ".md", ".docx")):
        return False
    if name.endswith(".eml"):
        # The mail itself is text; what is attached to it may be a scan.
        return page["how"] in ("ocr", "image")
    return True


def _plain(document: models.Document) -> str:
    if document.media_type.startswith("text/") or document.name.lower().endswith((".toml", ".json", ".txt")):
        return bytes(document.original.content).decode("utf-8", "replace")[:200_000]
    return ""


def _mark(key: str, label: str, evidence: dict[str, Any], doubt: bool) -> Mark:
    boxes = []
    for left, top, right, bottom in evidence.get("boxes") or ():
        # A hair of room around the words, so that the mark does not cut them.
        x, y = max(0.0, left - 0.003), max(0.0, top - 0.002)
        boxes.append(
            {
                "x": round(x * 1000, 1),
                "y": round(y * 1000, 1),
                "w": round((min(1.0, right + 0.003) - x) * 1000, 1),
                "h": round((min(1.0, bottom + 0.002) - y) * 1000, 1),
                "x2": round(min(1.0, right + 0.003) * 1000, 1),
                "y2": round(min(1.0, bottom + 0.002) * 1000, 1),
            }
        )
    return Mark((key,), label, tuple(boxes), evidence.get("quote") or "", doubt)


def _together(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """One mark for all facts that stand at the same place; the widest first, so that the narrow lie on top."""
    found: dict[str, Mark] = {}
    for mark in marks:
        place = str(mark.boxes) if mark.boxes else mark.quote
        before = found.get(place)
        found[place] = (
            mark
            if before is None
            else Mark(
                before.facts + mark.facts,
                f"{before.label}; {mark.label}",
                mark.boxes,
                mark.quote,
                before.doubt or mark.doubt,
            )
        )
    return tuple(sorted(found.values(), key=lambda m: -sum(b["w"] * b["h"] for b in m.boxes)))


def _marked(text: str, marks: tuple[Mark, ...]) -> SafeString:
    """The text with each quote marked once, where it first stands; white space is as loose as it was read."""
    places: list[tuple[int, int, Mark]] = []
    for mark in sorted(marks, key=lambda m: -len(m.quote)):
        words = mark.quote.split()
        if not words:
            continue
        for found in re.finditer(r"\s+".join(map(re.escape, words)), text):
            if all(found.end() <= start or found.start() >= end for start, end, _ in places):
                places.append((found.start(), found.end(), mark))
                break
    out, at = [], 0
    for start, end, mark in sorted(places, key=lambda p: p[0]):
        out.append(escape(text[at:start]))
        first, *others = (escape(fact) for fact in mark.facts)
        out += [f'<span id="mark-{other}"></span>' for other in others]
        out.append(
            f'<mark id="mark-{first}" data-fact="{escape(mark.keys)}">'
            f'<a href="#fact-{first}" title="{escape(mark.label)}">{escape(text[start:end])}</a></mark>'
        )
        at = end
    out.append(escape(text[at:]))
    return mark_safe("".join(out))


def picture(document: models.Document, page: int) -> bytes:
    """The page as PNG, drawn once by the reading's child process and kept in the data folder.

    Raises reading.ReadingError where there is no such page or the file cannot be drawn.
    """
    return _drawn(bytes(document.original.content), document.original_id, document.name, page)


def letter_text(draft: models.Draft) -> list[str]:
    """The text of each page of a drafted letter, for those who do not see its picture."""
    import pypdfium2

    # Our own file, not a stranger's: it may be opened here.
    pdf = pypdfium2.PdfDocument(bytes(draft.pdf))
    try:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in pdf]
    finally:
        pdf.close()


def letter_picture(draft: models.Draft, page: int) -> bytes:
    """A page of a drafted letter as PNG. Raises reading.ReadingError where there is no such page."""
    content = bytes(draft.pdf)
    return _drawn(content, hashlib.sha256(content).hexdigest(), "letter.pdf", page)


def _drawn(content: bytes, digest: str, name: str, page: int) -> bytes:
    kept = Path(settings.DATA) / "pages" / digest / f"{page}-{WIDTH}.png"
    if kept.exists():
        return kept.read_bytes()
    png = reading.render_page(content, page, WIDTH, name=name)
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = kept.with_suffix(f".{uuid4().hex}")
    half.write_bytes(png)
    half.rename(kept)  # whole or not at all, however many ask at once
    return png
