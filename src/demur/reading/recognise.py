"""Turns parts into sheets: text layers as they are, pictures by OCR, and a second look where the first was poor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .cues import View
from .dated import best_date
from .references import find_references
from .segment import Piece, role_of
from .sheets import Script, Sheet, arrange
from .sources import Part

_POOR = 0.88
_TICKS = set("☐☑☒□■")
_SECOND = 8
"""How many pages of one packet may get a second look: each costs as much as the first."""


class Recogniser:
    """Reads the pages of a packet."""

    def __init__(self, parts: Sequence[Part], ocr_pages: int) -> None:
        self._parts = parts
        self._left = ocr_pages
        self._seconds = _SECOND
        self._place: dict[int, tuple[int, int]] = {}
        self.warnings: list[str] = []

    def sheets(self) -> list[tuple[int, Sheet]]:
        """Every page in order, with the number of its part."""
        out: list[tuple[int, Sheet]] = []
        for p, part in enumerate(self._parts):
            for page in range(len(part)):
                number = len(out) + 1
                self._place[number] = (p, page)
                out.append((p, self._sheet(part, page, number)))
        return out

    def _sheet(self, part: Part, page: int, number: int) -> Sheet:
        rows = part.rows(page)
        if rows is not None:
            if not any(rows):
                self.warnings.append(f"page {number} is empty")
            return self._seen(part, page, Sheet(number, rows, "text" if any(rows) else "empty", part.name))
        if self._left <= 0:
            self.warnings.append(f"page {number} is a picture and was not read: over the limit of such pages")
            return Sheet(number, (), "image", part.name)
        self._left -= 1
        sheet = self._look(part, page, number, 0)
        if not sheet.text.strip():
            self.warnings.append(f"page {number} is empty or could not be read")
            return replace(sheet, how="empty")
        if sheet.score < _POOR:
            sheet = self._better(part, page, sheet)
        if sheet.score < _POOR:
            self.warnings.append(f"page {number} is faint: compare what was read with the page")
        return sheet

    def _seen(self, part: Part, page: int, sheet: Sheet) -> Sheet:
        """What a text layer does not tell and the picture shows: black boxes drawn over text, ink under a closing."""
        from . import ocr

        picture = part.picture(page, 150)
        if picture is None or not sheet.rows:
            return sheet
        boxes = ocr.redactions(picture)
        cells = ocr.uncovered([c for row in sheet.rows for c in row], boxes)
        ink, covered, _ = ocr.handwriting(picture, cells, boxes)
        if not _TICKS & set(sheet.text) and (marked := ocr.tick_boxes(picture, cells)) != cells:
            cells = marked  # boxes that are drawn, not written
            sheet = replace(sheet, rows=arrange(cells, gap=1.15))
        if boxes:
            sheet = replace(sheet, rows=arrange([*cells, *ocr.blacked_out(boxes, cells)], gap=1.15))
        return replace(sheet, ink=ink, ink_hidden=covered)

    def _look(self, part: Part, page: int, number: int, dpi: int, clear: bool = False) -> Sheet:
        from . import ocr

        picture = part.picture(page, dpi or ocr.DPI)
        if clear:
            picture = ocr.clearer(picture)
        cells, turn = ocr.read_upright(picture)
        if turn:
            picture = ocr.turned(picture, turn)
        elif any(small := ocr.small_print(cells)):
            cells = ocr.look_closer(cells, small, part.picture(page, 2 * ocr.DPI))
        hidden = ocr.redactions(picture)
        cells = ocr.tick_boxes(picture, ocr.uncovered(cells, hidden))
        ink, covered, cells = ocr.handwriting(picture, cells, hidden)
        cells = [*cells, *ocr.blacked_out(hidden, cells)]
        rows = arrange(cells)
        if turn:
            rows = tuple(
                tuple(replace(c, box=ocr.turned_back(c.box, turn) if c.box else None) for c in r) for r in rows
            )
            ink = ocr.turned_back(ink, turn) if ink else None
        return Sheet(number, rows, "ocr", part.name, ink, covered)

    def _better(self, part: Part, page: int, sheet: Sheet) -> Sheet:
        """The better of two looks."""
        if self._seconds <= 0:
            return sheet
        self._seconds -= 1
        again = self._look(part, page, sheet.number, 300, clear=True)
        longer = len(again.text) > 0.8 * len(sheet.text)
        return again if longer and again.score > sheet.score else sheet

    def look_again(self, pieces: list[Piece]) -> list[Piece]:
        """Look once more, larger, at the first page of a demand whose date or file number was not found there."""
        out = []
        for piece in pieces:
            first = piece.sheets[0]
            if (
                piece.role not in ("demand", "gag", "other", "gag-ended")
                or first.how != "ocr"
                or not self._wanting(piece.view)
            ):
                out.append(piece)
                continue
            if self._seconds <= 0:
                out.append(piece)
                continue
            self._seconds -= 1
            part, page = self._place[first.number]
            again = self._look(self._parts[part], page, first.number, 300)
            if again.score < first.score - 0.05 or len(again.text) < 0.8 * len(first.text):
                out.append(piece)
                continue
            script = Script((again, *piece.sheets[1:]))
            view = View(script)
            out.append(Piece(script.sheets, role_of(view), piece.part, view) if not self._wanting(view) else piece)
        return out

    @staticmethod
    def _wanting(view: View) -> bool:
        found = best_date(view, day_first=False)
        if found is None or found[0].sure < 0.85:
            return True
        head = view.text[: view.head].lower()
        return ("file no" in head or "refer to" in head) and not find_references(view)
