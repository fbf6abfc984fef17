"""A worker that is killed at any statement of a turn and started again loses nothing and doubles nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CAME = (
    # Of the demand on which people waited, and of the one that is fresh: what the turns bring, day by day.
    ([], ["read", "assess", "write-notice"]),
    (["answer-overdue", "end-stay", "review-gag"], ["fall-due"]),
    (["end-gag", "assess", "notify"], []),
)
"""Acts that must come in each turn, or the kills would not go where they should."""


def turns(folder: Path, *what: str) -> list[dict]:
    """What an undisturbed turn left, and how what a killed or doubled one left differs from it, by the point."""
    done = subprocess.run(
        [sys.executable, "-m", "docket.worker_crash", *what],
        # Each run begins with a copy of the data folder, so the database is a file in it.
        env={**os.environ, "DEMUR_DATA": str(folder / "data"), "DEMUR_DATABASE_URL": ""},
        cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=1200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def sound(turn: dict, day: int) -> None:
    assert turn["done"]["whole"]
    assert turn["done"]["sound"]
    for acts, came in zip(turn["done"]["acts"], CAME[day], strict=True):
        assert set(came) <= set(acts)
    for point, differs in turn["differs"].items():
        assert differs == {}, f"killed at {point} of turn {day}"


def test_a_worker_killed_here_and_there_and_started_again_loses_and_doubles_nothing(tmp_path):
    points = {0: (5, 60, 120, 170), 1: (60, 180), 2: (120, 240)}
    found = turns(tmp_path, *(f"{day}:{point}" for day in points for point in points[day]))
    for day, turn in enumerate(found):
        assert [int(point) for point in turn["differs"]] == list(points[day])
        sound(turn, day)


def test_two_workers_at_once_do_everything_once(tmp_path):
    for day, turn in enumerate(turns(tmp_path, "two")):
        sound(turn, day)


@pytest.mark.crash
@pytest.mark.parametrize("day", range(len(CAME)))
def test_a_worker_killed_at_any_statement_of_its_turn_loses_and_doubles_nothing(tmp_path, day):
    (turn,) = turns(tmp_path, str(day))
    assert len(turn["differs"]) > 100
    sound(turn, day)
