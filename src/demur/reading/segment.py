"""Splits the pages of a packet into documents, tells what each is, and links them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .cues import View, cues
from .dates import find_dates
from .kinds import find_kind
from .phrases import skeleton
from .sheets import Script, Sheet
from .values import Role


@dataclass(frozen=True)
class Piece:
    """Pages that make up one document, and what it is."""

    sheets: tuple[Sheet, ...]
    role: Role
    part: int
    view: View


def split(sheets: Sequence[tuple[int, Sheet]]) -> list[Piece]:
    """Cut the pages, each with the number of the file it is of, where a document begins."""
    runs: list[tuple[int, list[Sheet]]] = []
    for part, sheet in ((part, piece) for part, page in sheets for piece in _cut(page)):
        if not runs or runs[-1][0] != part or begins(sheet, runs[-1][1]):
            runs.append((part, []))
        runs[-1][1].append(sheet)
    out = []
    for part, run in runs:
        script = Script(tuple(run))
        view = View(script)
        out.append(Piece(script.sheets, role_of(view), part, view))
    return out


def _cut(sheet: Sheet) -> list[Sheet]:
    """The page cut where an attachment begins in its midst, and, in plain text, which has no pages, where a new
    letterhead or caption stands."""
    out, first = [], 0
    for i, row in enumerate(sheet.rows):
        if i - first < 3 or not row or sheet.rows[i - 1]:
            continue
        rest = Sheet(sheet.number, sheet.rows[i:], sheet.how, sheet.part)
        plain = row[0].box is None
        view = View(Script((rest,)))
        top = any(h.start < 40 for cue in cues()["begin"]["head"] for h in view.hits(cue, 0, 120)) if plain else False
        attached = _LETTERED.match(row[0].text) and len(row) == 1 and not _is_form(view)
        if attached or (top and _strength(view) >= 4 and _ended(Sheet(sheet.number, sheet.rows[first:i], sheet.how))):
            out.append(Sheet(sheet.number, sheet.rows[first:i], sheet.how, sheet.part))
            first = i
    ink, hidden = (sheet.ink, sheet.ink_hidden)
    return [*out, Sheet(sheet.number, sheet.rows[first:], sheet.how, sheet.part, ink, hidden)] if out else [sheet]


def _ended(sheet: Sheet) -> bool:
    """Whether a document's text comes to its end: a closing, a signature, or a cover that says what follows."""
    view = View(Script((sheet,)))
    return bool(view.closing or re.search(r"(?<!\w)/?s/\s?[A-Z]", view.text)) or role_of(view) in ("cover", "notice")


def _is_form(view: View) -> bool:
    """Whether the title of an instrument stands at the top: Annex I of a regulation may be the demand itself."""
    top = _top(view)
    return any(next(view.hits(t, 0, top), None) for table in cues()["kind"].values() for t in table.get("title", ()))


def begins(sheet: Sheet, before: Sequence[Sheet]) -> bool:
    """Whether a new document begins on this page, by its structure: letterhead, date line, file number, salutation,
    a title such as ATTACHMENT, the page number, and whether the page before had ended."""
    view = View(Script((sheet,)))
    if not sheet.text.strip():
        return False
    if _is_titled_attachment(view):
        return True
    number = page_number(sheet)
    if number is not None and number > 1:
        # Page 2 of something never begins a document, except where the one before has that page already.
        return number <= max((page_number(s) or 0 for s in before), default=0) and _strength(view) >= 3
    strength = _strength(view) + (1 if number == 1 else 0)
    if before and View(Script((before[-1],))).closing:
        strength += 1
    if sheet.text.lstrip()[:1].islower():
        strength -= 2
    return strength >= 4


def _strength(view: View) -> float:
    strength = 0.0
    top = _top(view)
    heads = [h for cue in cues()["begin"]["head"] if (h := next(view.hits(cue, 0, top), None))]
    strength += min(3, 2 * len(heads))
    if view.salutation:
        strength += 2
    first = next(find_dates(view.text[:top]), None)
    if first and len(skeleton(view.text[slice(*view.line(first.start, first.end))])) < 24:
        strength += 1
    if any(
        next(view.find.all(label, 0, top), None)
        for label in ("file no", "in reply, please refer to", "case no", "our ref")
    ):
        strength += 1
    for table in cues()["kind"].values():
        if any(next(view.hits(title, 0, top), None) for title in table.get("title", ())):
            strength += 3
            break
    return strength


def _top(view: View) -> int:
    """The upper part of the page: half its lines, at least 12."""
    lines = [m.end() for m in re.finditer(r"\n", view.text)]
    return lines[min(len(lines) - 1, max(12, len(lines) // 2))] if lines else len(view.text)


_LETTERED = re.compile(
    r"(?i)^\W*(attachment|exhibit|annex|appendix|schedule|rider|anlage|annexe)(\s*[\"“']?[A-Z0-9]{1,3}[\"”']?)?\W*$"
)


def _is_titled_attachment(view: View) -> bool:
    lines = [line.strip() for line in re.split(r"[\n\t]", view.text) if line.strip()]
    return any(_LETTERED.match(line) for line in lines[:5]) and not _is_form(view)


_PAGE = re.compile(r"(?i)^\W*(?:page|seite|p\.|pag\.)?\s*(\d{1,3})\s*(?:(?:of|/|von|de|sur)\s*(\d{1,3}))?\W*$")


def page_number(sheet: Sheet) -> int | None:
    """The number printed alone at the foot or the head of the page."""
    lines = [cell for row in sheet.rows for cell in row]
    for cell in [*reversed(lines[-4:]), *lines[:2]]:
        match = _PAGE.match(cell.text)
        if match and int(match[1]) <= 300:
            return int(match[1])
    return None


def role_of(view: View) -> Role:
    """What the document is by itself; whether it is the demand is settled among all of the packet."""
    roles = cues()["role"]
    if _is_titled_attachment(view):
        return "attachment"
    kind = find_kind(view)
    ended = view.first(roles["gag-ended"]["phrases"])
    if ended and not _demands(view):
        return "gag-ended"
    if view.first(roles["notice"]["phrases"]) and not _demands(view):
        return "notice"
    cover = view.first(roles["cover"]["phrases"])
    if cover and len(view.text) < 2500 and not _demands(view):
        return "cover"
    if kind is None:
        return "other"
    return "gag" if kind.kind == "ndo.2705b" else "demand"


def _demands(view: View) -> bool:
    return view.first(cues()["role"]["demand"]["phrases"]) is not None
