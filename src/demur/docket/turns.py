"""Writers of one SQLite file take turns: SQLite lets who waits sleep and try again, the system wakes the next at once.

Only for speed: what is written is guarded by the database's own lock. The turn of a process that dies is free again.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def in_turn() -> Iterator[None]:
    """Wait for one's turn to write, where the database is a file; within a transaction one has it already."""
    path = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or connection.in_atomic_block or not os.path.isfile(path):
        yield
        return
    turn = os.open(f"{path}.turn", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
    finally:
        os.close(turn)
