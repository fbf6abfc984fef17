"""Kills a process at every statement of an act, on a database file, and says what was left. Run by test_crash.

Prints one JSON line per kill: which act, which statement, before or after it, what stood afterwards, and what
stood once the same call (same token) was made again.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, date, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.desk.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

from demur.docket import acts  # noqa: E402
from demur.docket.models import Act, Case, CaseFact, Document, Entry, Ground, Membership, OutboxEvent  # noqa: E402

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FACTS = [{"name": "kind", "value": "subpoena.admin"}, {"name": "issuer_country", "value": "us"}]
CLAUSES = [{"categories": ["content"], "targets": [{"identifier": "a@b.example"}]}]
STEPS = {
    "receive": lambda case, actor, key: acts.receive(
        [("demand.pdf", b"the bytes")], served_on=date(2026, 11, 12), channel="post", actor=actor, token=key, now=NOW
    ),
    "confirm": lambda case, actor, key: acts.act(
        case, "confirm", actor, {"facts": FACTS, "clauses": CLAUSES, "rest": True}, token=key, now=NOW
    ),
    "assess": lambda case, actor, key: acts.act(case, "assess", actor, {}, token=key, now=NOW),
    "record-gag": lambda case, actor, key: acts.act(case, "record-gag", actor, {"gag": key}, token=key, now=NOW),
}


def stands() -> dict[str, int]:
    """How much of everything there is, and whether each act has its entry and its place in the case's line."""
    torn = [
        c.number
        for c in Case.objects.all()
        if list(c.acts.values_list("seq", flat=True)) != [*range(1, c.revision + 1)]
    ]
    tables = (Case, Document, Act, Entry, CaseFact, Ground, OutboxEvent)
    return {t.__name__: t.objects.count() for t in tables} | {"torn": len(torn)}


def kill_at(point: int, step, case: str, actor, key: str) -> bool:
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
                step(case, actor, key)
        except BaseException as error:
            print(error, file=sys.stderr)
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit("the step failed by itself")
    return os.WIFSIGNALED(status)


def main() -> None:
    call_command("migrate", verbosity=0, skip_checks=True)
    user = get_user_model().objects.create_user("ana")
    Membership.objects.create(user=user, role="analyst")
    actor = acts.actor_for(user)
    case = ""
    for name, step in STEPS.items():
        point, before = 1, stands()
        while kill_at(point, step, case, actor, f"{name}-{point}"):
            left = stands()
            # The client never learned the outcome, so it sends the same act again.
            step(case, actor, f"{name}-{point}")
            print(json.dumps({"act": name, "point": point, "before": before, "left": left, "again": stands()}))
            point, before = point + 1, stands()
        case = Case.objects.order_by("pk").first().number


if __name__ == "__main__":
    main()
