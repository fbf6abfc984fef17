"""How many leaves an epoch has. The number is public and changes on announced days only, so that it tells nothing.

The announcement is the file `schedule` of the public folder: lines of a UTC day and the leaves of every epoch from
then on, in the order of days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from .errors import LedgerError

LEAVES = 64
"""Leaves in every epoch, unless announced otherwise."""
MOST = 65_536
"""The most leaves that can be announced: nine million a day, at the usual pace. A slip cannot be taken back at once."""
EVERY = timedelta(minutes=10)
"""The time from one epoch to the next."""
NOTICE = timedelta(days=7)
"""How long before it takes effect a change is announced."""


def check_number(leaves: int) -> None:
    """Raises LedgerError for a number of leaves that no epoch should have."""
    if not 1 <= leaves <= MOST:
        raise LedgerError(f"{leaves} leaves are no epoch's; hint: from 1 to {MOST}")


@dataclass(frozen=True, slots=True)
class Schedule:
    """`changes` are (from day, leaves), the first one from the beginning. Raises LedgerError where out of order."""

    changes: tuple[tuple[date, int], ...] = ((date.min, LEAVES),)

    def __post_init__(self) -> None:
        if not self.changes or any(leaves < 1 for _, leaves in self.changes):
            raise LedgerError("an epoch has at least one leaf; hint: give (day, leaves) pairs")
        if any(a[0] >= b[0] for a, b in pairwise(self.changes)):
            raise LedgerError("the days of a schedule are out of order; hint: each change has a later day")

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Read the file `schedule`. Raises LedgerError."""
        changes = []
        for line in text.splitlines():
            day, _, leaves = line.partition(" ")
            try:
                changes.append((date.fromisoformat(day), int(leaves)))
            except ValueError:
                raise LedgerError(f"no line of a schedule: {line[:60]!r}; hint: it reads '2026-12-01 128'") from None
        return cls(tuple(changes))

    def __str__(self) -> str:
        return "".join(f"{day.isoformat()} {leaves}\n" for day, leaves in self.changes)

    def leaves_on(self, day: date) -> int:
        """Leaves of an epoch on this UTC day."""
        return next((leaves for start, leaves in reversed(self.changes) if start <= day), self.changes[0][1])

    def changed(self, day: date, leaves: int, *, today: date) -> Schedule:
        """The schedule with a change from `day` on. Raises LedgerError for a bad number, or without due notice."""
        check_number(leaves)
        if day < today + NOTICE:
            raise LedgerError(
                f"a change on {day} is announced too late; hint: give {NOTICE.days} days' notice, "
                "so that nobody can read a busy day from it"
            )
        return Schedule((*(c for c in self.changes if c[0] < day), (day, leaves)))
