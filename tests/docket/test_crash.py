"""A crash between any two statements loses nothing and doubles nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from postgres import anew

from demur.docket.lifecycle import ACTS

from .roads import ROADS, killed

QUICK = {"silence": ("receive", "confirm", "record-gag", "assess"), "emergency": ("approve", "release"),
         "withdrawn": ("close",)}  # fmt: skip


def kills_on(road: str, data: Path, *acts: str) -> list[dict]:
    """What came of each act that is killed on this road."""
    done = subprocess.run(
        [sys.executable, "-m", "docket.crash", road, *acts],
        cwd=Path(__file__).parents[1],
        env=anew(data),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def whole_or_not_at_all(act: dict) -> None:
    name, before, done, kills = act["act"], act["before"], act["done"], act["kills"]
    assert len(kills) > 5, name
    # One call, one act, one entry: however often it was sent.
    for table in ("docket_act", "ledger_entry"):
        assert done[table] == before[table] + 1, name
    for point, kill in enumerate(kills, 1):
        where = f"{name}, killed at {point}"
        assert kill["nothing"] or kill["all"], f"{where}: torn"
        assert kill["left"] == (before if kill["nothing"] else done), where
        assert kill["again"] == done, f"{where}: sent again, it is not as if nothing had happened"
        assert kill["left"]["torn"] == kill["again"]["torn"] == 0, where
    # The kills hit both sides of the commit.
    assert [k["nothing"] for k in kills] == [True] * (len(kills) - 1) + [False], name


def test_every_act_stands_on_a_road_and_is_killed_there():
    acts = {steps[place].act for road, steps in ROADS.items() for place in killed()[road]}
    assert acts == set(ACTS)


@pytest.mark.parametrize("road", QUICK)
def test_a_killed_act_is_there_in_full_or_not_at_all(tmp_path, road):
    found = kills_on(road, tmp_path, *QUICK[road])
    assert {act["act"] for act in found} == set(QUICK[road])
    for act in found:
        whole_or_not_at_all(act)


@pytest.mark.crash
@pytest.mark.parametrize("road", [road for road in ROADS if killed()[road]])
def test_no_act_of_the_table_is_torn_wherever_it_is_killed(tmp_path, road):
    found = kills_on(road, tmp_path)
    assert [act["place"] for act in found] == sorted(killed()[road])
    for act in found:
        whole_or_not_at_all(act)
