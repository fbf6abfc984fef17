"""Kills a worker at statements and files of a turn, on a database file, and starts it again. Run by test_worker.

Prints one JSON line per kill: where it was, and what stood in the end. The clock is handed in, so that each run goes
through the same days: receipt, the end of a gag, a duty that falls due, hours without a worker.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.desk.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

from demur.docket import acts  # noqa: E402
from demur.docket.models import Act, Case, Delivery, Entry, Membership, Notice, ReminderSent, Taken  # noqa: E402
from demur.docket.worker import Worker  # noqa: E402
from demur.ledger import SqlStore, verify  # noqa: E402

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TWO = -1
"""Instead of a point to kill at: two workers at once."""
EPOCH = timedelta(days=20)
DAYS = (START + timedelta(minutes=30), datetime(2026, 12, 2, 12, tzinfo=UTC), datetime(2027, 1, 12, tzinfo=UTC))
DEMAND = b"""kind = "warrant.sca"
issuer_country = "us"
issued_on = 2026-11-09
due_on = 2026-12-01
gag_present = true
gag_basis = "2705b"
gag_by_court = true
gag_until = 2027-01-10

[[clauses]]
categories = ["content"]
quote = "all content"
page = 1
targets = [{ identifier = "someone@muster.example", kind = "email", customer_kind = "consumer" }]
"""


def prepare() -> None:
    """Two demands: one fresh, one whose facts people confirmed; the first epoch is published."""
    call_command("migrate", verbosity=0, skip_checks=True)
    user = get_user_model().objects.create_user("ana")
    Membership.objects.create(user=user, role="analyst")
    ana = acts.actor_for(user)

    def receive(name: str) -> str:
        files = [("demand.toml", DEMAND)]
        return acts.receive(files, served_on=date(2026, 11, 20), actor=ana, token=name, now=START).case

    sure = receive("sure")
    Worker(Path(settings.DATA), EPOCH).turn(START)
    acts.act(sure, "authenticate", ana, {"how": "called back"}, token="a", now=START)
    acts.act(sure, "confirm", ana, {"rest": True}, token="c", now=START)
    receive("fresh")


def started(work) -> int:
    """A child that runs `work`."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(3)
        os._exit(0)
    return child


def two_at_once(work) -> None:
    """Two workers over the same data, started together; one may find the other in its way, and tries again later."""
    for child in [started(work), started(work)]:
        os.waitpid(child, 0)


def in_child(work) -> bool:
    """Run `work` in a child; whether it was killed."""
    child = started(work)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit("the worker failed by itself")
    return os.WIFSIGNALED(status)


def turn(now: datetime, point: int = 0) -> None:
    """One turn, killed at its `point`-th statement, commit or rename of a file (0: never)."""
    passed = 0

    def count(execute, *args, **more):
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*args, **more)

    commit, replace = connection._commit, os.replace
    connection._commit = lambda: count(commit)
    os.replace = lambda *args, **more: count(replace, *args, **more)
    with connection.execute_wrapper(count):
        if Worker(Path(settings.DATA), EPOCH).turn(now):
            raise SystemExit("something failed")


def stands() -> dict[str, object]:
    """What there is in the end: every act by its name, and how much of the rest; and whether the log is sound."""
    lines = {c.number: list(c.acts.values_list("name", flat=True)) for c in Case.objects.order_by("pk")}
    whole = all(list(c.acts.values_list("seq", flat=True)) == [*range(1, c.revision + 1)] for c in Case.objects.all())
    with connection.cursor() as cursor:
        epochs = len(SqlStore.of(connection).epochs(cursor))
    tables = (Act, Entry, Notice, Delivery, ReminderSent, Taken)
    return {
        "acts": sorted(lines.values()),
        "whole": whole and not Act.objects.filter(entry=None).exists(),
        "epochs": epochs,
        "sound": verify(str(Path(settings.DATA) / "ledger")).sound,
        **{t.__name__: t.objects.count() for t in tables},
    }


def main(points: list[int]) -> None:
    data, kept = Path(settings.DATA), Path(settings.DATA).with_name("kept")
    in_child(prepare)
    data.rename(kept)
    for point in points:
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(kept, data)
        killed = []
        for now in DAYS:
            # Started again at once, a killed worker finds the same moment; the days between are without a worker.
            if point == TWO:
                two_at_once(partial(turn, now))
            else:
                killed.append(in_child(partial(turn, now, point)))
            in_child(partial(turn, now))
        print(json.dumps({"point": point, "killed": killed, "left": stands()}))
        connections.close_all()


if __name__ == "__main__":
    main([int(point) for point in sys.argv[1:]])
