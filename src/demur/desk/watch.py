"""A process kept running beside this one: started again when it ends, and never left behind.

Its standard input is a pipe that only this process holds open: however this one ends, the system closes it, and what
runs beside reads the end of it (`end_with_input`).
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

log = logging.getLogger("demur.serve")

GRACE = 60.0
"""Seconds that a process asked to stop has to finish what it is at; then it is killed."""
FIRST, LAST = 1.0, 60.0
"""The shortest and the longest pause, in seconds, before it is started again."""


def pause(ends: int) -> float:
    """Seconds to wait after so many ends in a row: twice as long each time, a minute at most."""
    return min(FIRST * 2 ** min(ends - 1, 10), LAST)


@contextmanager
def kept_running(name: str, command: Sequence[str], *, grace: float = GRACE) -> Iterator[None]:
    """Run a command beside this process within the block; where it ends by itself, it is started again.

    The pause before that grows with each end, and is short again once it ran for as long as the longest. After the
    block it is asked to stop, and killed where it has not after `grace` seconds.
    """
    kept = _Kept(name, command)
    # Started here, not in the thread: a fork of this process while it starts would hold its pipes open for ever.
    flaw = kept.start()
    thread = threading.Thread(target=kept.keep, args=(flaw,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        kept.send(subprocess.Popen.terminate)
        thread.join(grace)
        if thread.is_alive():
            log.warning("%s did not stop within %.0f s and was killed", name, grace)
            kept.send(subprocess.Popen.kill)
            thread.join()


class _Kept:
    """The thread in `keep` reaps and starts again; `send` ends it. `lock` guards that none is started after that."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name, self.command = name, command
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.child: subprocess.Popen[bytes] | None = None

    def keep(self, flaw: str) -> None:
        """Reap the command and start it again, until told to stop; `flaw` is why it could not be started."""
        ends = 0
        while True:
            began = time.monotonic()
            how = flaw or self._end()
            if self.stop.is_set():
                return
            ends = 1 if time.monotonic() - began >= LAST else ends + 1
            log.warning("%s %s; started again in %.0f s", self.name, how, pause(ends))
            self.stop.wait(pause(ends))
            flaw = self.start()

    def start(self) -> str:
        """Start it, unless told to stop; gives why it does not run, or ""."""
        with self.lock:
            if self.stop.is_set():
                return "was told to stop"
            try:
                # A session of its own: a ctrl-c on the terminal is for this process, which then stops the other.
                self.child = subprocess.Popen(self.command, stdin=subprocess.PIPE, start_new_session=True)
            except OSError as error:
                return f"could not be started ({error.strerror})"
            assert self.child.stdin is not None
            _held.add(self.child.stdin)
        return ""

    def _end(self) -> str:
        """Wait for its end; gives how it ended."""
        assert self.child is not None
        assert self.child.stdin is not None
        with self.child.stdin as pipe:
            code = self.child.wait()
            _held.discard(pipe)
        return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"

    def send(self, signal_of: Callable[[subprocess.Popen[bytes]], None]) -> None:
        with self.lock:
            self.stop.set()
            if self.child is not None:
                signal_of(self.child)


_held: set[IO[bytes]] = set()
"""The pipes that a fork of this process must not hold open after its end."""


def _let_go() -> None:
    for pipe in _held:
        os.close(pipe.fileno())


os.register_at_fork(after_in_child=_let_go)


def end_with_input(grace: float = GRACE) -> None:
    """End this process when its standard input ends: politely, and after `grace` seconds in any case."""

    def wait() -> None:
        while os.read(0, 4096):
            pass

    _end_after(wait, grace)


def end_with_parent(grace: float = GRACE) -> None:
    """End this process when the one that made it, by multiprocessing, is gone; nothing where it was made otherwise."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        _end_after(parent.join, grace)


def _end_after(wait: Callable[[], object], grace: float) -> None:
    def watch() -> None:
        wait()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
