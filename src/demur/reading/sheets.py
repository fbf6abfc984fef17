"""Pages as cells of text with their places, in reading order; and a document's pages as one text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from statistics import median

from .values import Box, Evidence

REDACTED = "█████"
"""What stands in the text where something is blacked out."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A run of text on one line; `score` is how sure its reader was of it."""

    text: str
    box: Box | None = None
    score: float = 1.0


@dataclass(frozen=True)
class Sheet:
    """One page: rows of cells from top to bottom; an empty row parts paragraphs.

    `ink` is where handwriting (or a blacked-out signature, then `ink_hidden`) stands under a closing.
    """

    number: int
    rows: tuple[tuple[Cell, ...], ...]
    how: str = "text"
    part: str = ""
    ink: Box | None = None
    ink_hidden: bool = False

    @cached_property
    def text(self) -> str:
        """Rows as lines; cells of one row are parted by a tab."""
        return "\n".join("\t".join(cell.text for cell in row) for row in self.rows)

    @cached_property
    def spans(self) -> tuple[tuple[int, int, Cell], ...]:
        """Each cell with where it begins and ends in `text`."""
        out: list[tuple[int, int, Cell]] = []
        at = 0
        for row in self.rows:
            for cell in row:
                out.append((at, at + len(cell.text), cell))
                at += len(cell.text) + 1
            if not row:
                at += 1
        return tuple(out)

    @cached_property
    def score(self) -> float:
        """The mean confidence of the page's cells, weighted by their length."""
        letters = sum(len(c.text) for row in self.rows for c in row)
        if not letters:
            return 1.0
        return sum(len(c.text) * c.score for row in self.rows for c in row) / letters


def print_size(cell: Cell) -> float:
    """The width of a letter, as a share of the page: unlike a box's height it stays the same on a slanted scan."""
    return (cell.box[2] - cell.box[0]) / max(1, len(cell.text)) if cell.box else 0.0


def usual_size(cells: Iterable[Cell]) -> float:
    """The print size of most of the cells."""
    return median([print_size(c) for c in cells if c.box and len(c.text) > 5 and c.text != REDACTED] or [0.0])


def arrange(cells: Iterable[Cell], gap: float = 1.35) -> tuple[tuple[Cell, ...], ...]:
    """Put cells with boxes in reading order: rows by height, cells by column, empty rows between paragraphs.

    A paragraph ends at a step `gap` times the usual one (less where places are exact), or where a short line ends a
    sentence.
    """
    placed = sorted((c for c in cells if c.box and c.text.strip()), key=lambda c: (_middle(c), c.box and c.box[0]))
    rows: list[list[Cell]] = []
    for cell in placed:
        for row in rows[:-4:-1]:
            if _same_row(row, cell):
                row.append(cell)
                break
        else:
            rows.append([cell])
    rows.sort(key=lambda row: sum(_middle(c) for c in row) / len(row))
    tops = [median(_middle(c) for c in row) for row in rows]
    steps = sorted(b - a for a, b in pairwise(tops) if b - a > 0.004)
    pitch = steps[len(steps) // 3] if steps else 1.0
    edge = max((c.box[2] for row in rows for c in row if c.box), default=1.0)
    out: list[tuple[Cell, ...]] = []
    for i, row in enumerate(rows):
        if i and (tops[i] - tops[i - 1] > gap * pitch or _ends_paragraph(rows[i - 1], edge)):
            out.append(())
        out.append(tuple(_join(sorted(row, key=lambda c: c.box[0] if c.box else 0.0))))
    return tuple(out)


def _ends_paragraph(row: Sequence[Cell], edge: float) -> bool:
    last = max(row, key=lambda c: c.box[2] if c.box else 0.0)
    return bool(last.box and last.box[2] < 0.8 * edge and len(last.text) > 20 and last.text.endswith((".", ":")))


def _middle(cell: Cell) -> float:
    assert cell.box
    return (cell.box[1] + cell.box[3]) / 2


def _same_row(row: Sequence[Cell], cell: Cell) -> bool:
    assert cell.box
    for other in row:
        assert other.box
        overlap = min(cell.box[3], other.box[3]) - max(cell.box[1], other.box[1])
        if min(cell.box[2], other.box[2]) - max(cell.box[0], other.box[0]) > 0.01:
            continue  # one above the other, however close
        if overlap > 0.5 * min(cell.box[3] - cell.box[1], other.box[3] - other.box[1]):
            return True
    return False


def _join(row: list[Cell]) -> Iterable[Cell]:
    # Words of one line that were found apart become one cell; a gap as wide as a table's stays.
    current = row[0]
    for cell in row[1:]:
        assert current.box
        assert cell.box
        height = max(current.box[3] - current.box[1], 0.008)
        if cell.box[0] - current.box[2] < 1.6 * height:
            total = len(current.text) + len(cell.text)
            score = (current.score * len(current.text) + cell.score * len(cell.text)) / max(1, total)
            current = Cell(f"{current.text} {cell.text}", _around(current.box, cell.box), score)
        else:
            yield current
            current = cell
    yield current


def _around(a: Box, b: Box) -> Box:
    return (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))


def plain_rows(text: str) -> tuple[tuple[Cell, ...], ...]:
    """Rows of plain text without places."""
    return tuple((Cell(line.rstrip()),) if line.strip() else () for line in text.splitlines())


@dataclass(frozen=True)
class Script:
    """A document's pages as one text, in which every stretch can be traced to its page and place."""

    sheets: tuple[Sheet, ...]
    starts: tuple[int, ...] = field(init=False)
    text: str = field(init=False)

    def __post_init__(self) -> None:
        starts, at = [], 0
        for sheet in self.sheets:
            starts.append(at)
            at += len(sheet.text) + 2
        object.__setattr__(self, "starts", tuple(starts))
        object.__setattr__(self, "text", "\n\n".join(sheet.text for sheet in self.sheets))

    @cached_property
    def scanned(self) -> bool:
        """Whether any page was read by OCR."""
        return any(sheet.how == "ocr" for sheet in self.sheets)

    def sheet_at(self, at: int) -> tuple[Sheet, int]:
        """The sheet on which the character at `at` stands, and where that sheet begins."""
        for sheet, start in zip(reversed(self.sheets), reversed(self.starts), strict=True):
            if start <= at:
                return sheet, start
        return self.sheets[0], 0

    def evidence(self, start: int, end: int, longest: int = 400) -> Evidence:
        """Where the stretch stands: its first page, quote and boxes; the confidence is the recogniser's."""
        sheet, offset = self.sheet_at(start)
        first, last = start - offset, min(end - offset, len(sheet.text), start - offset + longest)
        boxes: list[Box] = []
        score, letters = 0.0, 0
        for a, b, cell in sheet.spans:
            lo, hi = max(a, first), min(b, last)
            if lo >= hi:
                continue
            score, letters = score + cell.score * (hi - lo), letters + hi - lo
            if cell.box:
                x0, y0, x1, y1 = cell.box
                step = (x1 - x0) / max(1, b - a)
                boxes.append((x0 + (lo - a) * step, y0, x0 + (hi - a) * step, y1))
        return Evidence(
            value=None,
            confidence=score / letters if letters else 1.0,
            page=sheet.number,
            quote=" ".join(sheet.text[first:last].split()),
            boxes=tuple(boxes),
        )
