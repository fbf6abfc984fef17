"""Several processes act at the same moment: nothing is lost, nothing is doubled, and nobody sees an error."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from postgres import anew

from demur.ledger import verify

ROUNDS = 8


class Desk:
    """A process of its own on the database that all share."""

    def __init__(self, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "docket.race"], cwd=Path(__file__).parents[1], env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def tell(self, *calls: tuple) -> None:
        self.process.stdin.write(json.dumps(calls) + "\n")
        self.process.stdin.flush()

    def hear(self) -> list:
        line = self.process.stdout.readline()
        assert line, "the process died"
        return json.loads(line)

    def ask(self, *calls: tuple) -> list:
        self.tell(*calls)
        return self.hear()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("race")


@pytest.fixture(scope="module")
def desks(folder) -> Iterator[tuple[Desk, Desk]]:
    env = anew(folder)
    one = Desk(env)
    one.ask(("prepare",))
    two = Desk(env)
    two.ask(("enter",))
    yield one, two
    for desk in (one, two):
        desk.process.stdin.close()
        assert desk.process.wait(30) == 0


_count = count()


def token() -> str:
    return f"race-{next(_count)}"


def together(desks: tuple[Desk, Desk], one: list[tuple], two: list[tuple]) -> list[tuple]:
    """Both make their calls at once; what came of each, in pairs."""
    desks[0].tell(*one)
    desks[1].tell(*two)
    return list(zip(desks[0].hear(), desks[1].hear(), strict=True))


def case_before(desks, act: str) -> str:
    return desks[0].ask(("walk", token(), act))[0]


def test_a_demand_sent_twice_opens_one_case(desks):
    calls = [("receive", token(), f"sent twice {n}") for n in range(ROUNDS)]
    for one, two in together(desks, calls, calls):
        assert one["case"] == two["case"]
        assert one["repeated"] != two["repeated"]


def test_the_same_letter_served_twice_is_two_cases_and_kept_once(desks):
    before = desks[0].ask(("whole",))[0]
    # In opposite order, so that each holds what the other waits for, if they waited.
    one = [("receive", token(), f"letter {n}", f"annex {n}") for n in range(ROUNDS)]
    two = [("receive", token(), f"annex {n}", f"letter {n}") for n in range(ROUNDS)]
    pairs = together(desks, one, two)
    assert len({answer["case"] for pair in pairs for answer in pair}) == 2 * ROUNDS
    after = desks[0].ask(("whole",))[0]
    assert after["originals"] == before["originals"] + 2 * ROUNDS


def test_a_double_click_acts_once(desks):
    case, keys = case_before(desks, "record-gag"), [token() for _ in range(ROUNDS)]
    calls = [("act", case, "record-gag", "ana", key, {"gag": key}) for key in keys]
    for one, two in together(desks, calls, calls):
        assert sorted((one["repeated"], two["repeated"])) == [False, True]


def test_one_token_on_two_cases_acts_on_one_and_is_told_on_the_other(desks):
    first, second = (case_before(desks, "preserve") for _ in range(2))
    keys = [token() for _ in range(ROUNDS)]
    pairs = together(
        desks,
        [("act", first, "record-gag", "ana", key, {"gag": key}) for key in keys],
        [("act", second, "record-gag", "ana", key, {"gag": key}) for key in keys],
    )
    for pair in pairs:
        assert sorted("error" in answer for answer in pair) == [False, True]
        assert any("stands for another act" in answer.get("error", "") for answer in pair)


def test_two_releasers_approve_at_once_and_both_count(desks):
    before = desks[0].ask(("whole",))[0]["released"]
    for _ in range(3):
        case = case_before(desks, "approve")
        pairs = together(
            desks,
            [("act", case, "approve", "rita", token(), {})],
            [("act", case, "approve", "rolf", token(), {})],
        )
        assert [answer["repeated"] for answer in pairs[0]] == [False, False]
        # And both release: one does, the other finds it done.
        pairs = together(
            desks,
            [("act", case, "release", "rita", token(), {})],
            [("act", case, "release", "rolf", token(), {})],
        )
        done = [answer for answer in pairs[0] if "case" in answer]
        refused = [answer for answer in pairs[0] if "refused" in answer]
        assert (len(done), len(refused)) == (1, 1)
        assert "two-approved" in refused[0]["refused"]
    assert desks[0].ask(("whole",))[0]["released"] == before + 3


def test_one_releaser_at_two_desks_counts_once(desks):
    case = case_before(desks, "approve")
    pairs = together(
        desks,
        [("act", case, "approve", "rita", token(), {})],
        [("act", case, "approve", "rita", token(), {})],
    )
    assert sorted("case" in answer for answer in pairs[0]) == [False, True]
    assert {"refused": ["not-approved-by-you"]} in pairs[0]


def test_epochs_are_published_by_two_while_acts_go_on(desks, folder):
    calls = [[("receive", token(), f"{desk} {n}") for n in range(ROUNDS)] for desk in range(2)]
    mixed = [[call for pair in zip(mine, [("publish",)] * ROUNDS, strict=True) for call in pair] for mine in calls]
    pairs = together(desks, *mixed)
    assert sum(one + two for one, two in pairs[1::2]) == 2 * ROUNDS
    report = verify(folder / "ledger")
    assert report.sound, report
    assert (report.checkpoints, report.size) == (2 * ROUNDS, 2 * ROUNDS * 64)


def test_every_act_has_its_entry_and_every_case_its_line(desks):
    together(desks, [("walk", token(), "close")], [("walk", token(), "close")])
    counted = desks[1].ask(("whole",))[0]
    assert counted["acts"] == counted["entries"] > 30
