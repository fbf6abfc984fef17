"""A crash between any two statements loses nothing and doubles nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from postgres import anew

from .road import ROAD

QUICK = ("receive", "confirm", "record-gag", "assess", "approve", "release", "close")


def kills_of(data: Path, *acts: str) -> list[dict]:
    done = subprocess.run(
        [sys.executable, "-m", "docket.crash", *acts],
        cwd=Path(__file__).parents[1],
        env=anew(data),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def whole_or_not_at_all(kills: list[dict], name: str) -> None:
    mine = [k for k in kills if k["act"] == name]
    assert len(mine) > 5
    for kill in mine:
        assert kill["left"]["torn"] == kill["again"]["torn"] == 0
        assert kill["left"] in (kill["before"], kill["again"]), f"torn at statement {kill['point']}"
        # One call, one act, one entry: however often it was sent.
        assert kill["again"]["Act"] == kill["again"]["Entry"] == kill["before"]["Act"] + 1
    # The kills hit both sides of the commit.
    assert any(k["left"] == k["before"] for k in mine)
    assert any(k["left"] == k["again"] for k in mine)


@pytest.fixture(scope="module")
def kills(tmp_path_factory):
    return kills_of(tmp_path_factory.mktemp("crash"), *QUICK)


@pytest.mark.parametrize("name", QUICK)
def test_a_killed_act_is_there_in_full_or_not_at_all(kills, name):
    whole_or_not_at_all(kills, name)


@pytest.mark.slow
def test_no_act_of_the_whole_road_is_torn(tmp_path):
    kills = kills_of(tmp_path)
    for name in {act for act, _, _ in ROAD}:
        whole_or_not_at_all(kills, name)
