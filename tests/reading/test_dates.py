"""Dates and numbers are read as letters write them, and as scanners and recognisers distort them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reading.cues import View
from demur.reading.dates import MONTHS, find_dates, month
from demur.reading.phrases import Finder, _fewest, distance, skeleton
from demur.reading.references import find_identifiers, find_references
from demur.reading.sheets import REDACTED, Cell, Script, Sheet, arrange, plain_rows

DAYS = st.dates(date(1980, 1, 1), date(2060, 12, 31))


def seen(text: str, day_first: bool = False) -> list[date]:
    return [found.value for found in find_dates(text, day_first)]


def view(text: str) -> View:
    return View(Script((Sheet(1, plain_rows(text)),)))


@given(DAYS, st.sampled_from(["{d:%B} {d.day}, {d.year}", "{d.day} {d:%B} {d.year}", "{d:%Y-%m-%d}", "{d:%d.%m.%Y}"]))
def test_a_date_is_read_in_every_form(day: date, form: str) -> None:
    assert seen("Riverton, " + form.format(d=day) + "\nDear Sir") == [day]


@given(DAYS)
def test_numbers_with_strokes_are_read_in_the_order_of_the_country(day: date) -> None:
    assert seen(f"{day:%m/%d/%Y}") == [day]
    assert seen(f"{day:%d/%m/%Y}", day_first=True) == [day]


@given(DAYS, st.data())
def test_one_wrong_letter_in_a_long_month_does_no_harm(day: date, data: st.DataObject) -> None:
    name = f"{day:%B}"
    if len(name) < 7:
        return
    at = data.draw(st.integers(1, len(name) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    assert seen(f"{name[:at]}{letter}{name[at + 1 :]} {day.day}, {day.year}") == [day]


@given(DAYS, st.data())
def test_letters_taken_for_digits_are_put_right(day: date, data: st.DataObject) -> None:
    swap = data.draw(st.sampled_from([("0", "O"), ("1", "l"), ("1", "I"), ("5", "S"), ("8", "B")]))
    text = f"{day:%B} {str(day.day).replace(*swap)}, {str(day.year)[:2]}{str(day.year)[2:].replace(*swap)}"
    assert seen(text) == [day]


@given(st.text())
def test_no_text_makes_the_reader_of_dates_fail(text: str) -> None:
    for found in find_dates(text):
        assert 1970 <= found.value.year <= 2069
        assert 0 < found.sure <= 1


@pytest.mark.parametrize(
    "text", ["Executive Order 12333", "$ 1,234.56", "202-324-5366", "May 32, 2005", "18 U.S.C. 2709"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert seen(text) == []


def test_days_and_months_that_could_be_swapped_are_less_sure() -> None:
    (unclear,), (clear,) = list(find_dates("03/04/2021")), list(find_dates("03/24/2021"))
    assert unclear.sure < 0.75 < clear.sure


def test_no_month_is_taken_for_another() -> None:
    for name, number in MONTHS.items():
        assert month(name) == (number, 1.0)
    assert month("lune") is None
    assert month("summons") is None


@given(st.text(alphabet="abc", min_size=1, max_size=15), st.text(alphabet="abc", max_size=25))
def test_the_quick_search_for_near_phrases_counts_edits_right(part: str, window: str) -> None:
    spans = (window[i:j] for i in range(len(window) + 1) for j in range(i, len(window) + 1))
    assert _fewest(part, window) == min(distance(part, span) for span in spans)


PHRASE = "certify that the information sought is relevant to an authorized investigation"


@given(st.lists(st.tuples(st.integers(0, len(PHRASE) - 1), st.sampled_from("aeiostc")), max_size=4), st.booleans())
def test_a_phrase_is_found_in_a_scan_with_a_few_wrong_letters(wrong: list[tuple[int, str]], spaced: bool) -> None:
    letters = list(PHRASE if spaced else PHRASE.replace(" ", ""))
    for at, letter in wrong:
        if at < len(letters) and letters[at] != " ":
            letters[at] = letter
    text = "In accordance with the law, I " + "".join(letters) + " to protect."
    hit = Finder(text, loose=True).first(PHRASE)
    assert hit is not None
    assert abs(hit.start - 30) <= 4


def test_a_text_layer_is_taken_by_the_letter() -> None:
    assert Finder("the 2703(f) letter", loose=False).first("2703(d)") is None
    assert Finder("the 2703(f) letter", loose=True).first("2703(d)") is None
    assert Finder("discontented", loose=True).first("content") is None
    assert skeleton("Kíng's  0rder") == skeleton("kings order")


def test_the_number_of_the_letterhead_and_of_the_text_vote() -> None:
    text = "File No. NS1.-15-417904\n\nDear Sir:\n\nWhen responding, please refer to File No. NSL-15-417904."
    assert [n.value for n in find_references(view(text))] == ["NSL-15-417904"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("In Reply, Please Refer to\nFile No. NH-43906\n\nDear Mr. X:", "NH-43906"),
        ("File No. NSL-17-431346(a)\n\nDear Sir:", "NSL-17-431346(a)"),
        ("Aktenzeichen: 512 Js 1234/25\n", "512 Js 1234/25"),
        ("Our ref: OPO/2025/0313", "OPO/2025/0313"),
        ("Case No. 3:24-mj-70417-LB", "3:24-mj-70417-LB"),
        ("File number of the issuing authority: DP 1188/2026", "DP 1188/2026"),
    ],
)
def test_file_numbers_are_read_as_printed(text: str, number: str) -> None:
    assert find_references(view(text))[0].value == number


def test_a_telephone_number_is_no_file_number() -> None:
    assert find_references(view("Reference: 202-324-5366")) == []


@given(st.text(max_size=300))
def test_no_text_makes_the_reader_of_numbers_fail(text: str) -> None:
    find_references(view(text or "x"))
    find_identifiers(text)


@given(st.emails(), st.ip_addresses(v=4))
def test_identifiers_are_found_in_their_place(mail: str, address: object) -> None:
    if not all(c.isalnum() or c in "@.-_+%" for c in mail):
        return
    found = find_identifiers(f"for the account {mail} and the address {address}, from")
    assert str(address) in [f.value for f in found]
    assert all(f.value is None or f.value in f"{mail} {address}" for f in found)


def test_what_is_blacked_out_is_a_target_without_a_name() -> None:
    (found,) = find_identifiers(f"{REDACTED} @gmail.com")
    assert (found.value, found.kind) == (None, "email")
    (site,) = find_identifiers(f"{REDACTED}.wordpress.com")
    assert (site.value, site.kind) == (None, "url")


BOXES = st.tuples(st.floats(0, 0.9), st.floats(0, 0.95), st.floats(0.01, 0.5), st.floats(0.005, 0.03)).map(
    lambda b: (b[0], b[1], min(1.0, b[0] + b[2]), b[1] + b[3])
)


@given(st.lists(st.tuples(st.text("abc ", min_size=1, max_size=9), BOXES), max_size=30))
def test_every_cell_of_a_page_comes_out_once_and_can_be_traced(cells: list[tuple[str, tuple[float, ...]]]) -> None:
    page = [Cell(text, box) for text, box in cells]  # type: ignore[arg-type]
    sheet = Sheet(1, arrange(page))
    words = sorted(w for text, _ in cells for w in text.split())
    assert sorted(sheet.text.split()) == words
    for start, end, cell in sheet.spans:
        assert sheet.text[start:end] == cell.text
