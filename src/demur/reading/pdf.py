"""PDF pages by pdfium: a good text layer as it is, everything else as a picture for the recogniser."""

from __future__ import annotations

import ctypes
import re
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from .sheets import Cell, arrange
from .sources import Rows, Trouble
from .values import Box

_WORD = re.compile(r"[^\W\d_]{1,25}[.,;:)'’”\"]*|[(“\"'§$€£]*[\w./:@-]*\d[\w./:@%()-]*[.,;:]*|[^\w\s]{1,3}")
_GAP = 1.8
"""A gap within a line of this many times its height parts two cells."""
_SCAN = 0.7
"""A page of which pictures cover more than this share is a scan."""
_MOST = 100_000
"""Characters of one page that are looked at; a page of print has 5,000."""
_FINE = 100_000
"""Steps in which places on a page are reckoned."""


class PdfPart:
    """A PDF file."""

    def __init__(self, data: bytes, name: str, limits: dict[str, Any]) -> None:
        self.name = name
        self._pixels = int(limits["pixels"])
        try:
            self._document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as fault:
            if raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD or "password" in str(fault).lower():
                raise Trouble("the PDF is encrypted; hint: ask the sender for it without a password") from None
            raise Trouble("the PDF is broken; hint: ask the sender for it again") from None
        if len(self._document) > limits["pages"]:
            count = f"the PDF has {len(self._document)} pages, more than {limits['pages']}"
            raise Trouble(f"{count}; hint: split it, or raise the limit")
        if not len(self._document):
            raise Trouble("the PDF has no pages; hint: ask the sender for it again")

    def __len__(self) -> int:
        return len(self._document)

    def _page(self, page: int) -> Any:
        try:
            return self._document[page]
        except pdfium.PdfiumError:
            raise Trouble(f"page {page + 1} of the PDF is broken; hint: ask the sender for it again") from None

    def picture(self, page: int, dpi: float) -> Any:
        sheet = self._page(page)
        width, height = sheet.get_size()
        if not (1 <= width <= 1e6 and 1 <= height <= 1e6):
            raise Trouble(f"page {page + 1} of the PDF has no sensible size; hint: it may be a bomb")
        scale = dpi / 72
        if width * height * scale * scale > self._pixels:
            scale = (self._pixels / (width * height)) ** 0.5
        # An oversized page is looked at as if it were a sheet of paper: detail beyond that is no text.
        bitmap = sheet.render(scale=scale, grayscale=True)
        return np.ascontiguousarray(bitmap.to_numpy().reshape(bitmap.height, -1)[:, : bitmap.width])

    def rows(self, page: int) -> Rows | None:
        covered = self._covered(page)
        if covered > _SCAN:
            # A picture of the whole page with text on it is a scan that somebody has recognised before, and the
            # real letters show how badly: it is recognised afresh.
            return None
        cells = _cells(self._page(page))
        text = " ".join(c.text for c in cells)
        if not cells and covered < 0.01 and not self._has_drawing(page):
            return ()
        if not is_good(text) or (len(text) < 400 and covered > 0.3):
            return None  # debris, or a stamp laid over a picture
        return arrange(cells, gap=1.15)

    def _covered(self, page: int) -> float:
        """The share of the page that pictures cover."""
        sheet = self._page(page)
        width, height = sheet.get_size()
        covered = 0.0
        for item in sheet.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3):
            left, bottom, right, top = item.get_bounds()
            covered += max(0.0, min(right, width) - max(left, 0)) * max(0.0, min(top, height) - max(bottom, 0))
        return float(covered / max(1.0, width * height))

    def _has_drawing(self, page: int) -> bool:
        # Letters may be drawn as outlines; only a page without any object is empty for sure.
        return next(iter(self._page(page).get_objects(max_depth=3)), None) is not None

    def notes(self) -> list[str]:
        if self.signatures():
            return ["the PDF carries an electronic signature, whose validity was not checked"]
        return []

    def signatures(self) -> int:
        """How many electronic signatures the file carries; none of them is validated."""
        return max(0, int(raw.FPDF_GetSignatureCount(self._document)))


def is_good(text: str) -> bool:
    """Whether a text layer is words, not the debris of a bad scan or of a font without a map."""
    if len(text.strip()) < 20:
        return False
    strange = sum(1 for c in text if c == "\ufffd" or 0xE000 <= ord(c) <= 0xF8FF or (ord(c) < 32 and c not in "\r\n\t"))
    if strange > 0.03 * len(text):
        return False
    tokens = text.split()
    words = sum(1 for token in tokens if _WORD.fullmatch(token))
    letters = sum(1 for c in text if c.isalpha())
    return words >= 0.75 * len(tokens) and letters >= 0.4 * len(text.replace(" ", "")) and len(text) / len(tokens) < 25


def _cells(sheet: Any) -> list[Cell]:
    """The text layer as cells: pdfium's characters with their boxes, parted at line ends and wide gaps."""
    text = sheet.get_textpage()
    cells: list[Cell] = []
    letters: list[str] = []
    place: list[float] = []

    def close() -> None:
        words = " ".join("".join(letters).split())
        if words and place:
            cells.append(Cell(words, (_in(place[0]), _in(place[1]), _in(place[2]), _in(place[3]))))
        letters.clear()
        place.clear()

    for i in range(min(text.count_chars(), _MOST)):
        letter = chr(raw.FPDFText_GetUnicode(text, i) or 0xFFFD)
        if letter in "\r\n":
            close()
            continue
        if letter in "\u00ad\ufffe\u0002":  # hyphens at the end of a line, as pdfium marks them
            letter = "-"
        if letter.isspace():
            letters.append(" ")
            continue
        left, top, right, bottom = _seen(sheet, text.get_charbox(i, loose=True))
        if place:
            line = max(place[3] - place[1], bottom - top, 0.002)
            if left - place[2] > _GAP * line or left < place[0] - line or abs(bottom - place[3]) > 0.7 * line:
                close()
        letters.append(letter)
        if place:
            place[:] = [min(place[0], left), min(place[1], top), max(place[2], right), max(place[3], bottom)]
        else:
            place[:] = [left, top, right, bottom]
    close()
    return cells


def _seen(sheet: Any, box: tuple[float, float, float, float]) -> Box:
    """Where a box of page space is seen, as fractions: crop box and rotation are pdfium's to reckon."""
    x, y = ctypes.c_int(), ctypes.c_int()
    corners = []
    for a, b in ((box[0], box[1]), (box[2], box[3])):
        raw.FPDF_PageToDevice(sheet, 0, 0, _FINE, _FINE, 0, a, b, x, y)
        corners.append((x.value / _FINE, y.value / _FINE))
    (x0, y0), (x1, y1) = corners
    return (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _in(value: float) -> float:
    return min(1.0, max(0.0, value))
