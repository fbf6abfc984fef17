"""The coverage tables tell of every rule, and of none that does not exist."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from demur.facts import vocabulary
from demur.law import library

DOCS = Path(__file__).parents[2] / "docs"
FILES = sorted(DOCS.glob("law-coverage-*.md"))
NAME = re.compile(r"[a-z0-9]+(\.[a-z0-9\-]+)+")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _told(text: str) -> set[str]:
    """The names in backticks, and those a table gives in its first two columns."""
    found = set(re.findall(r"`([^`\s]+)`", text))
    for line in text.splitlines():
        if line.startswith("|"):
            for cell in _cells(line)[:2]:
                found |= set(re.split(r"[,;\s`()]+", cell))
    return found


def test_every_rule_is_told_of() -> None:
    told = set().union(*(_told(file.read_text("utf-8")) for file in FILES))
    assert sorted(set(library().by_id) - told) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_name_in_backticks_exists(file: Path) -> None:
    law = library()
    known = {*law.by_id, *law.params, *law.clocks, *law.term_texts, *vocabulary().facts, *(c.id for c in law.compels)}
    named = set(re.findall(r"`([^`\s]+)`", file.read_text("utf-8")))
    rules = {
        n.partition("@")[0] for n in named if NAME.fullmatch(n.partition("@")[0]) and not n.endswith((".toml", ".md"))
    }
    assert sorted(rules - known) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_row_became_exists(file: Path) -> None:
    law = library()
    known = {*law.by_id, *law.params, *law.clocks, *law.term_texts, *vocabulary().facts, *(c.id for c in law.compels)}
    places = {rule.partition(".")[0] for rule in law.by_id}
    for line in file.read_text("utf-8").splitlines():
        cells = _cells(line) if line.startswith("|") else []
        if len(cells) < 2:
            continue
        if cells[1] == "rule":
            assert cells[0] in law.by_id, line
        for name in re.split(r"[,;\s`()]+", cells[1]):
            if NAME.fullmatch(name) and name.partition(".")[0] in places and not name.endswith(".toml"):
                assert name in known, line


def test_what_nobody_confirmed_is_marked_and_nothing_else() -> None:
    law = library()
    open_ = {rule.id for rule in law.rules if rule.checked == "recheck"}
    world = (DOCS / "law-coverage-world.md").read_text("utf-8")
    for name, mark in re.findall(r"`([a-z0-9.\-]+)`( \(recheck\))?", world):
        if name in law.by_id:
            assert bool(mark) == (name in open_), name
    us = (DOCS / "law-coverage-us.md").read_text("utf-8")
    _, _, listed = us.partition("and says so: ")
    named = set(re.findall(r"`([^`]+)`", listed.partition(".\n")[0]))
    assert named == {rule for rule in open_ if law.by_id[rule][0].place == "us"}


# ------------------------------------------------------------------ every row of the notes

NOTES = Path(os.environ.get("DEMUR_SHARED") or Path(__file__).parents[3] / "shared") / "law"
ROW = re.compile(r"^\|\s*`?([A-Za-z0-9]+(?:\.[A-Za-z0-9\-]+)+)`?\s*\|", re.MULTILINE)


def _first(text: str) -> set[str]:
    """The names in the first column of the tables."""
    lines = (line for line in text.splitlines() if line.startswith("|"))
    return {name for line in lines for name in re.split(r"[,;\s`()]+", _cells(line)[0])}


@pytest.mark.shared
def test_every_row_of_the_notes_became_something_or_is_told_of() -> None:
    if not NOTES.is_dir():
        pytest.skip("the notes on the law are not here: set DEMUR_SHARED to the folder that holds them")
    law = library()
    known = {*law.by_id, *law.params, *law.clocks, *vocabulary()["kind"].values}
    known |= set().union(*(_first(file.read_text("utf-8")) for file in FILES))
    many = tuple(name.removesuffix("*") for name in known if name.endswith(".*"))
    rows = [row for notes in sorted(NOTES.glob("*.md")) for row in ROW.findall(notes.read_text("utf-8"))]
    assert rows
    assert [row for row in rows if row not in known and not row.startswith(many)] == []
