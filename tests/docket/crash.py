"""Kills a process at every statement of every act on a case's road, and says what was left. Run by test_crash.

The n-th case goes the whole road with each act killed at its n-th statement (or at either side of its commit), then
sent again with the same token, as a client would that never learned the outcome; until no act has so many
statements. Prints one JSON line per kill: act, statement, what stood before, after the kill, and after the second try.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.desk.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections, models  # noqa: E402

from demur.docket.acts import Done  # noqa: E402
from demur.docket.models import Act, Case, CaseFact, Document, Entry, Ground, OutboxEvent  # noqa: E402
from demur.docket.replay import replay  # noqa: E402

from .road import ROAD, go, let_in  # noqa: E402

TABLES = (Case, Document, Act, Entry, CaseFact, Ground, OutboxEvent)


def stands() -> dict[str, int]:
    """How much of everything there is, and how many cases have acts missing from their line."""
    whole = Case.objects.annotate(n=models.Count("acts"), last=models.Max("acts__seq"))
    torn = whole.exclude(n=models.F("revision"), last=models.F("revision")).count()
    return {t.__name__: t.objects.count() for t in TABLES} | {"torn": torn}


def kill_at(point: int, step: Callable[[], object]) -> bool:
    """Run the step in a child that is killed at its `point`-th statement; False where it came through."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        passed = 0

        def count(execute, *args):
            nonlocal passed
            passed += 1
            if passed == point:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(*args)

        commit = connection._commit

        def counted_commit():
            count(lambda: None)
            commit()
            count(lambda: None)

        connection._commit = counted_commit
        try:
            with connection.execute_wrapper(count):
                step()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit("the step failed by itself")
    return os.WIFSIGNALED(status)


def main(killed_acts: set[str]) -> None:
    """Kill each of these acts at each of its statements; the others of the road just happen."""
    if connection.vendor == "sqlite":
        # A process dies here, not the machine: what the system was given is kept, synced or not.
        connection.settings_dict["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
    call_command("migrate", verbosity=0, skip_checks=True)
    people = let_in()
    point, some = 1, True
    while some:
        case, some, now = "", False, stands()
        for at, (name, _, _) in enumerate(ROAD):

            def step(at: int = at, case: str = case, token: str = f"{point}-{at}") -> Done:
                done = go(people, case, at, token)
                if not isinstance(done, Done):
                    raise AssertionError(str(done))
                return done

            before = now
            killed = name in killed_acts and kill_at(point, step)
            left = stands() if killed else before
            case = step().case
            now = stands()
            if killed:
                some = True
                print(json.dumps({"act": name, "point": point, "before": before, "left": left, "again": now}))
        point += 1
    for done in Case.objects.all():
        replay(done)


if __name__ == "__main__":
    main(set(sys.argv[1:]) or {name for name, _, _ in ROAD})
