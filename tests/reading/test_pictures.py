"""What a picture shows beside its words: black boxes, boxes to tick, ink, and which way up it is."""

import numpy as np
import pytest

from demur.reading import ocr
from demur.reading.sheets import REDACTED, Cell

PAGE = (2200, 1700)


def page() -> ocr.Picture:
    return np.full(PAGE, 255, np.uint8)


def cell(text: str, x: int, y: int, width: int = 400, height: int = 30, score: float = 0.99) -> Cell:
    return Cell(text, (x / PAGE[1], y / PAGE[0], (x + width) / PAGE[1], (y + height) / PAGE[0]), score)


def frame(picture: ocr.Picture, x: int, y: int, size: int = 22, ticked: bool = False) -> None:
    picture[y : y + size, x : x + size] = 0
    picture[y + 2 : y + size - 2, x + 2 : x + size - 2] = 255
    if ticked:
        for i in range(4, size - 4):
            picture[y + i, x + i - 1 : x + i + 2] = 0
            picture[y + i, x + size - i - 2 : x + size - i + 1] = 0


def test_a_black_box_is_a_redaction_and_a_ruled_line_or_the_lid_is_none() -> None:
    picture = page()
    picture[500:540, 300:700] = 0
    picture[900:904, 100:1600] = 0
    picture[:, :25] = 0
    (box,) = ocr.redactions(picture)
    assert box == pytest.approx((300 / 1700, 500 / 2200, 700 / 1700, 540 / 2200), abs=0.004)


def test_a_tall_redaction_stands_for_as_many_lines_as_it_hides() -> None:
    picture = page()
    picture[500:680, 300:700] = 0
    words = [cell("a line of the letter", 300, 100 + 45 * i) for i in range(6)]
    hidden = ocr.blacked_out(ocr.redactions(picture), words)
    assert [c.text for c in hidden] == [REDACTED] * 4


def test_words_imagined_inside_a_black_box_are_dropped() -> None:
    picture = page()
    picture[500:540, 300:700] = 0
    boxes = ocr.redactions(picture)
    assert ocr.uncovered([cell("ghost", 350, 505, 100), cell("word", 900, 505)], boxes) == [cell("word", 900, 505)]


def test_a_ticked_and_an_empty_box_are_told_apart_whatever_the_recogniser_made_of_them() -> None:
    picture = page()
    frame(picture, 200, 300, ticked=True)
    frame(picture, 200, 400)
    words = [cell("subscriber data", 240, 295), cell("□ content data", 198, 395), cell("no box", 240, 600)]
    assert [c.text for c in ocr.tick_boxes(picture, words)] == ["☒ subscriber data", "☐ content data", "no box"]


def test_ink_under_a_closing_is_a_signature_and_an_empty_space_is_none() -> None:
    picture = page()
    words = [cell("Sincerely,", 900, 1000, 150), cell("Rha", 910, 1060, 120, score=0.6), cell("Ada Pruitt", 900, 1180)]
    ink, hidden, kept = ocr.handwriting(picture, words, [])
    assert (ink, hidden) == (None, False)
    for i in range(200):
        y = 1080 + int(30 * np.sin(i / 12))
        picture[y : y + 3, 910 + i] = 0
    ink, hidden, kept = ocr.handwriting(picture, words, [])
    assert ink is not None
    assert not hidden
    assert [c.text for c in kept] == ["Sincerely,", "Ada Pruitt"]


def test_a_blacked_out_signature_says_neither_that_there_is_one_nor_that_there_is_none() -> None:
    picture = page()
    picture[1040:1160, 900:1200] = 0
    ink, hidden, _ = ocr.handwriting(picture, [cell("Sincerely,", 900, 1000, 150)], ocr.redactions(picture))
    assert ink is not None
    assert hidden


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_places_on_a_turned_page_are_those_of_the_page_as_it_came(turns: int) -> None:
    picture = page()
    picture[300:340, 200:600] = 0
    (straight,) = ocr.redactions(picture)
    (seen,) = ocr.redactions(ocr.turned(picture, turns))
    assert ocr.turned_back(seen, turns) == pytest.approx(straight, abs=0.02)


def test_small_print_with_a_number_gets_a_closer_look() -> None:
    words = [cell("a plain line of the letter", 100, 100 + 40 * i) for i in range(5)]
    assert ocr.small_print([*words, cell("File No. NSL-15-417904", 100, 500, 150, 14)]) == [False] * 5 + [True]
