"""The worker: visits the cases that need it, hands events over, posts, and publishes the ledger.

All that it must know stands in the database, so it can be killed at any moment and started again, and several may
run: an act happens once for its cause, a mark commits with what it marks, and one process at a time publishes and
posts. A case that fails is left for a while, and the rest goes on.
"""

from __future__ import annotations

import fcntl
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.db import close_old_connections, connection
from django.db.models import F, Q, QuerySet

from demur import law
from demur.ledger import SqlStore

from . import chores, entries, outbox, post
from .acts import ActError
from .models import Case, LastTurn, OutboxEvent, Visit
from .once import read_once

log = logging.getLogger("demur.worker")

AT_ONCE = 200
"""Cases visited in one turn; the rest is visited in the next."""
READ_AT_ONCE = 4
"""Cases read in one turn: reading takes long, and clocks must not wait for it."""
LOOK_BACK = 10_000
"""So many events are looked at again in each turn, for one that committed late."""
CATCH_UP = 36
"""Epochs published at once after the worker stood still: those of six hours. They tell only that it stood still."""
NOTE_EVERY, LATE = timedelta(minutes=1), timedelta(minutes=10)
"""How often a worker notes that it is at work, and after how long without a note people are told."""
FIRST_RETRY, LAST_RETRY = timedelta(seconds=30), timedelta(hours=1)


def retry_in(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: twice as long each time, an hour at most."""
    return min(FIRST_RETRY * 2 ** min(failures - 1, 10), LAST_RETRY)


def told(error: BaseException) -> str:
    """An error as the log may hold it: where it happened, and its words only where they are ours."""
    if isinstance(error, ActError):
        return str(error)
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    where = f" at {Path(last.tb_frame.f_code.co_filename).name}:{last.tb_lineno}" if last else ""
    return f"{type(error).__name__}{where}"


@dataclass
class Worker:
    """One worker over a data folder; `epoch` is the time from one publication to the next."""

    data: Path
    epoch: timedelta = timedelta(minutes=10)
    failed: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """What failed outside a case, with how often in a row and when it is tried again."""
    handed: int = 0
    """The key of an event up to which all were handed over, since this worker started."""
    noted: datetime | None = None
    """When this worker last noted that it came through a turn."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set when the process is asked to stop: the case at hand is finished, the next one is left."""

    def turn(self, now: datetime) -> int:
        """Do all that is due at `now` (UTC); gives how many things failed and wait to be tried again."""
        failures = self._visits(now)
        failures += self._hand_over(now)
        with self._alone() as alone:
            if alone:
                failures += sum(not self._try(name, do, now) for name, do in post.errands(now))
                failures += not self._try("publish", lambda: self.publish(now), now)
        if self.noted is None or not self.noted <= now < self.noted + NOTE_EVERY:
            LastTurn.objects.update_or_create(pk=1, defaults={"at": now})
            self.noted = now
        return failures

    # -------------------------------------------------------------------- cases

    def _visits(self, now: datetime) -> int:
        failures, reads = 0, 0
        for number in list(waiting(now).values_list("number", flat=True)[:AT_ONCE]):
            if self.stop.is_set():
                break
            case = Case.objects.get(number=number)
            unread = bool(chores.unread(case))
            reads += unread
            try:
                seen = chores.visit(number, now, may_read=reads <= READ_AT_ONCE)
                with read_once(seen):
                    again = now if unread and reads > READ_AT_ONCE else chores.again_at(seen, now)
                self._mark(seen, again, 0)
            except Exception as error:
                failures += 1
                before = Visit.objects.filter(case=case).first()
                count = (before.failures if before else 0) + 1
                log.warning("case %s: %s; tried again in %s", number, told(error), retry_in(count))
                self._mark(Case.objects.get(number=number), now + retry_in(count), count)
        return failures

    def _mark(self, case: Case, again: datetime, failures: int) -> None:
        marks = {"revision": case.revision, "library": law.library().version, "again_at": again, "failures": failures}
        Visit.objects.update_or_create(case=case, defaults=marks)

    # -------------------------------------------------------------------- the rest

    def _hand_over(self, now: datetime) -> int:
        last = OutboxEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        tries = [
            self._try(f"event {event.pk} for {room}", partial(outbox.hand_over, room, event, now), now)
            for room, event in outbox.waiting(self.handed)
        ]
        # A transaction that began before may still bring an event with a lower key: look back a good way.
        self.handed = self.handed if tries else max(0, last - LOOK_BACK)
        return tries.count(False)

    def _try(self, name: str, do: Callable[[], Any], now: datetime) -> bool:
        count, again = self.failed.get(name, (0, now))
        if again > now:
            return True
        try:
            do()
        except Exception as error:
            self.failed[name] = (count + 1, now + retry_in(count + 1))
            log.warning("%s: %s; tried again in %s", name, told(error), retry_in(count + 1))
            return False
        self.failed.pop(name, None)
        return True

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.data / "worker.lock").open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def publish(self, now: datetime) -> int:
        """Publish the epochs that are due, those that were missed among them; gives how many. Raises LedgerError."""
        with connection.cursor() as cursor:
            head = SqlStore.of(connection).head(cursor)
        last = head.sealed_at if head else now - self.epoch
        missed = max(0, (now - last) // self.epoch)
        for number in range(missed - min(missed, CATCH_UP) + 1, missed + 1):
            entries.publish(self.data, now=last + self.epoch * number)
        return min(missed, CATCH_UP)

    # -------------------------------------------------------------------- on and on

    def run(self, every: float) -> None:
        """Turn after turn, with a pause of so many seconds, until the process is asked to stop."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self.stop.set())
        while not self.stop.is_set():
            close_old_connections()
            try:
                self.turn(datetime.now(UTC))
            except Exception as error:
                # The database itself is away, or the disk is full: nothing is lost, and nothing else can be done.
                log.warning("the turn broke off: %s", told(error))
            self.stop.wait(every)


def last_turn(now: datetime) -> tuple[datetime | None, bool]:
    """When a worker last came through a turn (None: never), and whether that is so long ago that people are told."""
    at = LastTurn.objects.values_list("at", flat=True).first()
    return at, at is None or at < now - LATE


def waiting(now: datetime) -> QuerySet[Case]:
    """The open cases that need a visit: new ones, those acted on since, under another law, or whose time has come."""
    changed = ~Q(visit__revision=F("revision")) | ~Q(visit__library=law.library().version)
    due = Q(visit__isnull=True) | changed | Q(visit__again_at__lte=now)
    return Case.objects.filter(due, closed="").order_by(F("visit__again_at").asc(nulls_first=True), "pk")
