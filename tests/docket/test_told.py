"""What docs/lifecycle.md tells of the acts is the table of acts itself."""

from __future__ import annotations

from pathlib import Path

from demur.docket.lifecycle import ACTS, PAPERS
from demur.docket.words import roles_in_words, words

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"


def table() -> list[str]:
    """The table of acts as the page shows it, one line an act."""
    conditions = words()["conditions"]
    rows = ["| act | who may | refused where | voids |", "|---|---|---|---|"]
    for name, spec in ACTS.items():
        lacking = "; ".join(conditions[c.name]["missing"] for c in spec.guard)
        voids = "" if not spec.voids else "all papers" if spec.voids == PAPERS else "the plan"
        rows.append(f"| {name} | {roles_in_words(spec.who)} | {lacking} | {voids} |")
    return rows


def test_the_page_shows_every_act_as_it_is():
    shown = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    lacking = [row for row in table() if row.startswith("| ") and row not in shown]
    assert not lacking, "docs/lifecycle.md lacks:\n" + "\n".join(lacking)


def test_the_page_shows_no_act_that_is_gone():
    shown = PAGE.read_text("utf-8").partition("## The acts")[2]
    named = {line.split("|")[1].strip() for line in shown.splitlines() if line.startswith("| ")} - {"act"}
    assert named == set(ACTS)
