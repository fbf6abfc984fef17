"""A crash between any two statements loses nothing and doubles nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def kills(tmp_path_factory):
    done = subprocess.run(
        [sys.executable, str(HERE / "crash.py")],
        env={**os.environ, "DEMUR_DATA": str(tmp_path_factory.mktemp("crash"))},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", ["receive", "confirm", "assess", "record-gag"])
def test_a_killed_act_is_there_in_full_or_not_at_all(kills, name):
    mine = [k for k in kills if k["act"] == name]
    assert len(mine) > 5
    whole = {t: mine[0]["again"][t] - mine[0]["before"][t] for t in ("Act", "Entry", "OutboxEvent")}
    assert whole["Act"] == whole["Entry"] == 1
    for kill in mine:
        assert kill["left"]["torn"] == kill["again"]["torn"] == 0
        assert kill["left"] in (kill["before"], kill["again"]), f"torn at statement {kill['point']}"
        # One call, one act: however often it was sent.
        assert kill["again"]["Act"] == kill["before"]["Act"] + 1
        assert kill["again"]["Entry"] == kill["before"]["Entry"] + 1


def test_kills_hit_both_sides_of_the_commit(kills):
    for name in {k["act"] for k in kills}:
        mine = [k for k in kills if k["act"] == name]
        assert any(k["left"] == k["before"] for k in mine)
        assert any(k["left"] == k["again"] for k in mine)
