"""The real letters: national security letters as published by those who got them, most of them scans.

They lie beside the project; `DEMUR_SHARED` names the folder. `truth.csv` gives each letter's date and file number;
its publishers add a mark ("(a)", "-1") where two letters bear the same number, which the letters do not print.
"""

import csv
import os
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from demur.law import assess
from demur.reading import Document, Packet, read

FOLDER = Path(os.environ.get("DEMUR_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "nsl"
TRUTH = list(csv.DictReader((FOLDER / "truth.csv").open())) if FOLDER.is_dir() else []

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not TRUTH, reason="the real letters are not beside the project (DEMUR_SHARED)"),
]

# Of every age: before any review of gags (2005), with an attachment, without a gag, faint, before and after the USA
# FREEDOM Act (2 June 2015), opened or followed by the later letter, with text pages of another's recognition.
CHOSEN = ("nsl-01", "nsl-02", "nsl-05", "nsl-09", "nsl-11", "nsl-15", "nsl-18", "nsl-20", "nsl-25", "nsl-30")

# What each asks, as its pages show: the letter "demands electronic communications transactional records" or not.
TRANSACTIONAL = {"02", "05", "07", "08", "12", "15", "19", "24", "30"}
TOLL = {"09"}
LATER = {
    "14": "2023-04-19", "16": "2021-07-26", "18": "2017-08-22", "20": "2020-05-12", "22": "2019-05-05",
    "23": "2020-07-24", "25": "2021-02-05", "27": "2022-09-21", "29": "2022-11-09",
}  # fmt: skip
NO_GAG = {"05"}
LIBRARIES = {"01", "02"}


@cache
def packet(name: str) -> Packet:
    return read(FOLDER / f"{name}.pdf")


def letters(chosen: tuple[str, ...] | None) -> Iterator[object]:
    for row in TRUTH:
        name = row["file"].removesuffix(".pdf")
        if chosen is None or name in chosen:
            yield pytest.param(name, row, id=name)


def check(name: str, row: dict[str, str]) -> None:
    number = name.removeprefix("nsl-")
    found = packet(name)
    demand = found.documents[0]
    facts = {n: e.value for n, e in demand.facts.items()}
    assert demand.role == "demand"
    assert facts["kind"] == "nsl"
    assert facts["issued_on"] == date.fromisoformat(row["issue_date"])
    plain = re.sub(r"\(\w\)$|-\d$", "", row["file_number"])
    if plain:
        assert plain in str(facts["reference"])
        assert demand.facts["reference"].confirm
    else:
        assert "reference" not in facts
    check_gag(number, facts)
    check_clauses(number, demand)
    check_packet(number, found)
    assert facts["certified_relevant"] is True
    assert facts["judge_approved"] is False
    assert facts.get("recipient_is_library") is (True if number in LIBRARIES else None)
    assert names(row["provider"], str(facts["served_on_entity"]))


def names(provider: str, read_as: str) -> bool:
    return any(word.lower() in read_as.lower() for word in re.split(r"[/ ]", provider))


def check_gag(number: str, facts: dict[str, object]) -> None:
    assert facts["gag_present"] is (number not in NO_GAG)
    if number in NO_GAG:
        return
    assert facts["gag_basis"] == "2709c"
    assert facts["gag_by_court"] is False
    # The letter of 2005 neither certifies the harm nor tells of any review; all later ones do both.
    assert facts["gag_certified"] is (number != "01")
    assert facts["gag_review_told"] is (number != "01")


def check_clauses(number: str, demand: Document) -> None:
    categories = set().union(*(c.clause.categories or () for c in demand.clauses))
    assert "subscriber" in categories
    assert "content" not in categories
    assert ("transactional" in categories) is (number in TRANSACTIONAL)
    assert ("toll_billing" in categories) is (number in TOLL)
    assert all(c.clause.targets for c in demand.clauses)
    if number != "01":
        # All but the first name nobody: what identifies them is blacked out.
        assert all(t.identifier is None for c in demand.clauses for t in c.clause.targets)
    assert all(c.clause.quote and c.clause.page for c in demand.clauses)


def check_packet(number: str, found: Packet) -> None:
    later = [d for d in found.documents if d.role == "gag-ended"]
    assert [str(d.facts["issued_on"].value) for d in later] == ([LATER[number]] if number in LATER else [])
    assert all(d.links[0].to == 0 for d in found.documents[1:])
    pages = sorted(p for d in found.documents for p in d.pages)
    assert pages == list(range(1, len(pages) + 1))


@pytest.mark.parametrize(("name", "row"), list(letters(CHOSEN)))
def test_ten_letters_are_read_right(name: str, row: dict[str, str]) -> None:
    check(name, row)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "row"), list(letters(None)))
def test_all_letters_are_read_right(name: str, row: dict[str, str]) -> None:
    check(name, row)


def check_grounds(name: str, row: dict[str, str]) -> None:
    """The grounds that a lawyer would see at once, by the law of the letter's day."""
    number, day = name.removeprefix("nsl-"), date.fromisoformat(row["issue_date"])
    found = assess(packet(name).demand(), day)
    raised = {f.rule: f for f in found.findings}
    scope = [f for f in found.holding() if f.rule == "us.nsl.scope"]
    if number in TRANSACTIONAL:
        # The argument is as old as the statute; the OLC opinion of 5 November 2008 gave it its strength.
        assert {f.strength for f in scope} == {"arguable" if day < date(2008, 11, 5) else "mandatory"}
    review = raised.get("us.nsl.gag-review")
    if number in NO_GAG:
        assert review is None
    elif day < date(2006, 3, 9):
        assert review is None
        assert raised["us.nsl.gag-without-review"].verdict == "holds"
        assert not {"us.nsl.library", "us.nsl.setaside"} & set(raised)
    else:
        # Before the USA FREEDOM Act a petition, since then the reciprocal notice.
        assert review is not None
        assert review.verdict == "holds"
        assert ("Reciprocal" in review.title) == (day >= date(2015, 6, 2))
    if number == "02":
        assert raised["us.nsl.library"].verdict == "unknown"
        assert raised["us.nsl.library"].missing == ("library_is_ecs",)


@pytest.mark.parametrize(("name", "row"), list(letters(CHOSEN)))
def test_ten_letters_meet_the_law_of_their_day(name: str, row: dict[str, str]) -> None:
    check_grounds(name, row)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "row"), list(letters(None)))
def test_all_letters_meet_the_law_of_their_day(name: str, row: dict[str, str]) -> None:
    check_grounds(name, row)
