"""Reads pictures of pages: text by RapidOCR with the models of its own wheel, blacked-out places, handwriting.

The models are given by path, so that the library's downloader is never reached; nothing is written.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheets import REDACTED, Cell, print_size, usual_size
from .values import Box

Picture = NDArray[np.uint8]
"""Height x width of grey values."""

DPI = 200
"""Resolution at which pages are first looked at: small print of file numbers needs it (measured on letters)."""

_DETECT_SIDE = 1600
_CLOSING = re.compile(r"\W*(sincerely|respectfully|very truly|yours (faithfully|truly|sincerely)|signature|by)\b", re.I)
# The recogniser's alphabet has the section sign, but in type of a typewriter it often reads S, & or $ for it.
_SECTION = re.compile(r"(?<=[Cc.][.,:; ])\s?(?:§+|SS?|ss?|\$|&|g)\s?(?=\d{3,4}\b)")


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    models = files("rapidocr") / "models"
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.max_side_len": 4000,
            "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
            "Det.limit_type": "max",
            "Det.limit_side_len": _DETECT_SIDE,
            "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
            "EngineConfig.onnxruntime.intra_op_num_threads": 2,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def recognise(picture: Picture, side: int = _DETECT_SIDE) -> list[Cell]:
    """The lines of text on the picture, with their places as fractions of it; `side` bounds the detector's view."""
    engine = _engine()
    if engine.text_det is not None:
        engine.text_det.limit_side_len = side
    found = engine(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    if not found.txts:
        return []
    height, width = picture.shape[:2]
    cells = []
    for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        xs, ys = corners[:, 0] / width, corners[:, 1] / height
        box = (float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max()))
        cells.append(Cell(_SECTION.sub(" § ", text.strip()), box, float(score)))
    return cells


def small_print(cells: list[Cell]) -> list[bool]:
    """Which cells are print much smaller than the rest and hold a number: file numbers often do."""
    usual = usual_size(cells)
    return [print_size(c) < 0.75 * usual and len(re.findall(r"\d", c.text)) > 3 for c in cells]


def look_closer(cells: list[Cell], which: list[bool], picture: Picture) -> list[Cell]:
    """The cells, those of `which` read again from a larger picture where that is the surer reading."""
    height, width = picture.shape[:2]
    out = []
    for cell, again in zip(cells, which, strict=True):
        if again and cell.box:
            x0, y0, x1, y1 = cell.box
            margin = 0.5 * (y1 - y0)
            cut = picture[
                max(0, int((y0 - margin) * height)) : int((y1 + margin) * height),
                max(0, int((x0 - margin) * width)) : int((x1 + margin) * width),
            ]
            found = sorted(recognise(np.ascontiguousarray(cut)), key=lambda c: c.box[0] if c.box else 0.0)
            text = " ".join(c.text for c in found)
            score = min((c.score for c in found), default=0.0)
            if score >= cell.score - 0.02 and abs(len(text) - len(cell.text)) <= 3:
                cell = Cell(text, cell.box, max(score, cell.score))
        out.append(cell)
    return out


def redactions(picture: Picture) -> list[Box]:
    """Solid black rectangles as tall as a line or taller, which are not the shadow of the scanner's lid."""
    height, width = picture.shape[:2]
    dark = (picture < 80).astype(np.uint8)
    kernel = np.ones((max(3, height // 130), max(5, width // 55)), np.uint8)
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel)
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid)
    boxes: list[Box] = []
    for x, y, w, h, area in stats[1:].tolist():
        edge = x <= 2 or y <= 2 or x + w >= width - 2 or y + h >= height - 2
        if area < 0.75 * w * h or (edge and (h > 0.3 * height or w > 0.9 * width)):
            continue
        boxes.append((x / width, y / height, (x + w) / width, (y + h) / height))
    return boxes


def blacked_out(boxes: list[Box], cells: list[Cell]) -> list[Cell]:
    """Cells that stand for the redactions: one for each, or one a line where the box is many lines tall."""
    heights = sorted(c.box[3] - c.box[1] for c in cells if c.box)
    line = max(0.009, heights[len(heights) // 2] if heights else 0.014)
    out = []
    for x0, y0, x1, y1 in boxes:
        count = max(1, min(40, int((y1 - y0) / (1.35 * line))))
        step = (y1 - y0) / count
        out += [Cell(REDACTED, (x0, y0 + i * step, x1, y0 + (i + 1) * step), 0.95) for i in range(count)]
    return out


def uncovered(cells: list[Cell], boxes: list[Box]) -> list[Cell]:
    """The cells without what the recogniser imagined inside a black box."""

    def inside(box: Box) -> bool:
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return any(b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in boxes)

    return [c for c in cells if c.box is None or not inside(c.box)]


def tick_boxes(picture: Picture, cells: list[Cell]) -> list[Cell]:
    """The cells, with a box to tick (☒ or ☐) set before the words that it stands beside.

    A box is a square frame, as tall as a letter, straight on all four sides; it is ticked where ink is inside it.
    """
    height, width = picture.shape[:2]
    dark = (picture < 150).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark)
    found: list[tuple[Box, bool]] = []
    for x, y, w, h, _ in stats[1:].tolist():
        if not (0.006 * width < w < 0.022 * width and 0.8 < w / h < 1.25):
            continue
        square = dark[y : y + h, x : x + w]
        rim = max(2, w // 6)
        sides = (square[:rim].max(0), square[-rim:].max(0), square[:, :rim].max(1), square[:, -rim:].max(1))
        if min(float(side.mean()) for side in sides) < 0.9:
            continue
        inside = square[rim + 1 : -rim - 1, rim + 1 : -rim - 1]
        if inside.size and float(inside.mean()) < 0.75:  # more is a bullet, or a blot
            found.append(((x / width, y / height, (x + w) / width, (y + h) / height), float(inside.mean()) > 0.08))
    out = []
    for cell in cells:
        box = cell.box
        near = next((f for f in found if box and _begins(f[0], box)), None)
        if near and box:
            words = _MISREAD_BOX.sub("", cell.text)
            mark = "☒" if near[1] else "☐"
            cell = Cell(f"{mark} {words}", (min(near[0][0], box[0]), *box[1:]), 0.9 * cell.score)
        out.append(cell)
    return out


_MISREAD_BOX = re.compile(r"^(?:[□☐☒☑■|\[\]\u3000-\u9fff]+|[0ODXx](?=\s))\s*")
"""What the recogniser makes of a box."""


def _begins(square: Box, words: Box) -> bool:
    middle = (square[1] + square[3]) / 2
    return words[1] < middle < words[3] and -0.03 < words[0] - square[2] < 0.025


def handwriting(picture: Picture, cells: list[Cell], hidden: list[Box]) -> tuple[Box | None, bool, list[Cell]]:
    """Ink under a closing ("Sincerely,") that is no print: its place, whether it is blacked out, and the cells
    without the scribble that the recogniser took for words."""
    closing = [c for c in cells if c.box and len(c.text) < 40 and _CLOSING.match(c.text)]
    if not closing or not closing[-1].box:
        return None, False, cells
    x0, _, x1, top = closing[-1].box
    region: Box = (max(0.0, x0 - 0.04), top, min(1.0, max(x1, x0) + 0.25), min(1.0, top + 0.11))
    for box in hidden:
        if _overlap(box, region) > 0.25 * _area(box):
            return box, True, cells
    scribble = [
        c
        for c in cells
        if c.box and c.score < 0.85 and len(c.text) < 20 and _overlap(c.box, region) > 0.5 * _area(c.box)
    ]
    kept = [c for c in cells if c not in scribble]
    height, width = picture.shape[:2]
    ink = (picture < 140).astype(np.uint8)
    for c in kept:
        if c.box:
            a, b, d, e = c.box
            ink[int(b * height) : int(e * height) + 1, int(a * width) : int(d * width) + 1] = 0
    a, b, d, e = region
    window = ink[int(b * height) : int(e * height), int(a * width) : int(d * width)]
    if not window.size:
        return None, False, cells
    # A stroke of the pen is wide and connected; dust is not.
    _, _, stats, _ = cv2.connectedComponentsWithStats(window, connectivity=8)
    strokes = [s for s in stats[1:].tolist() if s[2] > 0.02 * width and s[4] > 12 and s[4] < 0.5 * s[2] * s[3]]
    if not strokes:
        return None, False, cells
    left, upper = min(s[0] for s in strokes) / width + a, min(s[1] for s in strokes) / height + b
    right, lower = max(s[0] + s[2] for s in strokes) / width + a, max(s[1] + s[3] for s in strokes) / height + b
    return (left, upper, right, lower), False, kept


def _area(b: Box) -> float:
    return max(0.0, b[2] - b[0]) * max(0.0, b[3] - b[1])


def _overlap(a: Box, b: Box) -> float:
    return _area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def clearer(picture: Picture) -> Picture:
    """The picture with dust removed and its greys spread, for a second look at a faint page."""
    calm = cv2.medianBlur(picture, 3)
    low, high = np.percentile(calm, (1, 90))
    spread = (calm.astype(np.float32) - low) * (255.0 / max(20.0, float(high - low)))
    clear: Picture = np.clip(spread, 0, 255).astype(np.uint8)
    return clear


def read_upright(picture: Picture) -> tuple[list[Cell], int]:
    """The cells of the picture turned so that its lines run across, and by how many quarter turns it was turned.

    A page scanned on its side shows tall boxes; one that is upside down is read with little confidence.
    """
    cells = recognise(picture)
    height, width = picture.shape[:2]
    boxes = [c.box for c in cells if c.box and len(c.text) > 3]
    if len(boxes) < 4:
        return cells, 0
    tall = sum((b[3] - b[1]) * height > 1.5 * (b[2] - b[0]) * width for b in boxes)
    turns = [1, 3] if tall > 0.6 * len(boxes) else [2] if _mean(cells) < 0.75 else []
    best, turn = cells, 0
    for t in turns:
        other = recognise(turned(picture, t))
        if _mean(other) > _mean(best) + 0.05:
            best, turn = other, t
    return best, turn


def _mean(cells: list[Cell]) -> float:
    letters = sum(len(c.text) for c in cells)
    return sum(len(c.text) * c.score for c in cells) / letters if letters else 0.0


def turned(picture: Picture, turns: int) -> Picture:
    """The picture after quarter turns against the clock."""
    return np.ascontiguousarray(np.rot90(picture, turns))


def turned_back(box: Box, turns: int) -> Box:
    """Where a box of the turned picture lies on the picture as it was."""
    x0, y0, x1, y1 = box
    for _ in range(turns % 4):
        x0, y0, x1, y1 = 1 - y1, x0, 1 - y0, x1
    return (x0, y0, x1, y1)
