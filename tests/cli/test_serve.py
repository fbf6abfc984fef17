"""`demur serve` keeps its worker running, says when it ended, and leaves nothing behind when it is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from demur.desk import watch

T = TypeVar("T")


def until(found: Callable[[], T], what: str, within: float = 60) -> T:
    """Look again and again until there is what is looked for."""
    deadline = time.monotonic() + within
    while True:
        if it := found():
            return it
        assert time.monotonic() < deadline, f"{what}: not within {within} s"
        time.sleep(0.02)


def children(process: int) -> dict[int, str]:
    """The processes that this one started and has not reaped, with their command lines ("" of a dead one)."""
    found = {}
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in task.read_text().split():
            try:
                found[int(child)] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except FileNotFoundError:
                continue
    return found


def workers(process: int) -> set[int]:
    return {child for child, command in children(process).items() if " worker " in command}


def gone(process: int) -> bool:
    """Whether a process is there no more, or dead and only not yet reaped by whoever took it over."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[subprocess.Popen, int, Path]]:
    """`demur serve` over a data folder of its own, its port, and what it says."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    said = tmp_path / "said"
    env = {**os.environ, "DEMUR_DATA": str(tmp_path / "data"), "DEMUR_DATABASE_URL": ""}
    with said.open("w") as file:
        serving = subprocess.Popen(
            [sys.executable, "-m", "demur.cli", "serve", "--port", str(port)], env=env, stderr=file
        )
    yield serving, port, said
    serving.kill()
    serving.wait()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes as Linux shows them")
def test_a_killed_worker_is_started_again_and_nothing_outlives_the_desk(serving):
    desk, port, said = serving
    first = until(lambda: workers(desk.pid), "a worker").pop()
    until(lambda: answers(port), "the desk")
    os.kill(first, signal.SIGKILL)
    second = until(lambda: workers(desk.pid) - {first}, "another worker").pop()
    assert first not in children(desk.pid), "it stayed a zombie"
    assert "the worker was killed by signal 9; started again in 1 s" in said.read_text()

    others = children(desk.pid)
    assert second in others
    desk.kill()
    desk.wait()
    for left in others:
        until(lambda left=left: gone(left), "the end of what the desk had started")
    assert not answers(port)


# ------------------------------------------------------------------------------------------- the watch itself


def running(tmp_path: Path, code: str) -> list[str]:
    """A command that notes its process number as a line of `runs`, then does this."""
    note = f"import os, signal, time; print(os.getpid(), file=open({str(tmp_path / 'runs')!r}, 'a'), flush=True); "
    return [sys.executable, "-c", note + code]


def runs(tmp_path: Path) -> list[int]:
    file = tmp_path / "runs"
    return [int(line) for line in file.read_text().split("\n")[:-1]] if file.exists() else []


def test_what_ends_again_and_again_is_started_after_longer_and_longer_pauses(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(watch, "FIRST", 0.01)
    with watch.kept_running("it", running(tmp_path, "raise SystemExit(3)")):
        until(lambda: len(runs(tmp_path)) >= 4, "four runs")
    assert [watch.pause(n) for n in (1, 2, 3)] == [0.01, 0.02, 0.04]
    assert "it ended with exit code 3; started again" in caplog.text
    monkeypatch.setattr(watch, "FIRST", 1.0)
    assert [watch.pause(n) for n in (1, 2, 3, 7, 500)] == [1, 2, 4, 60, 60]


def test_what_does_not_stop_when_asked_is_killed(tmp_path, caplog):
    deaf = tmp_path / "deaf"
    code = f"signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(deaf)!r}, 'w'); time.sleep(600)"
    with watch.kept_running("it", running(tmp_path, code), grace=0.1):
        until(deaf.exists, "a deaf process")
    assert gone(runs(tmp_path)[0])
    assert len(runs(tmp_path)) == 1
    assert "did not stop within" in caplog.text


def test_what_stops_when_asked_is_not_started_again(tmp_path, caplog):
    with watch.kept_running("it", running(tmp_path, "time.sleep(600)")):
        until(lambda: runs(tmp_path), "a run")
    assert gone(runs(tmp_path)[0])
    assert not caplog.text


def test_what_cannot_be_started_is_told_and_tried_again(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(watch, "FIRST", 0.01)
    with watch.kept_running("it", [str(tmp_path / "nothing")]):
        until(lambda: caplog.text.count("could not be started") > 1, "two tries")


def test_whose_input_ends_stops_politely_and_is_ended_where_it_does_not():
    polite = "from demur.desk.watch import end_with_input; import time; end_with_input(); time.sleep(600)"
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + polite.replace("input()", "input(0.05)")
    for code, ends in ((polite, -signal.SIGTERM), (deaf, 1)):
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
            process.stdin.close()
            assert process.wait(30) == ends
