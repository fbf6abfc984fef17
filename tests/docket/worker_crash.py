"""Kills a worker at every statement of its turns, on a database file, and starts it again. Run by test_worker_crash.

python -m docket.worker_crash [DAY[:POINT] ...]    these turns (0, 1 or 2) at these points, by default at all
python -m docket.worker_crash two                  no kill: two workers at once

The clock is handed in: receipt, the days on which an answer is overdue, a stay ends and a silence is reviewed, the
end of the silence with hours without a worker. Before each turn the data folder is kept. A child that turns is killed
at a statement, at either side of a commit, or at the renaming of a file; the next one finds the same moment, and what
stands then is held against what an undisturbed turn leaves. Prints one JSON line for each turn.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.desk.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection, connections  # noqa: E402

from demur import paper, reading  # noqa: E402
from demur.docket import acts  # noqa: E402
from demur.docket.models import Act, Case, Membership  # noqa: E402
from demur.docket.worker import Worker  # noqa: E402
from demur.ledger import Schedule, SqlStore, TileFolder, verify  # noqa: E402

from .kept import begin, content, killed_at  # noqa: E402
from .roads import under_small_law  # noqa: E402

DATA = Path(settings.DATA)
KEPT = DATA.with_name("kept")
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EPOCH, LEAVES = timedelta(days=20), 8
DAYS = (START + timedelta(minutes=30), datetime(2026, 12, 14, 12, tzinfo=UTC), datetime(2027, 1, 12, tzinfo=UTC))
DEMAND = b"""kind = "subpoena.admin"
issuer_country = "us"
issuer_body = "A Court"
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
    """Two demands: one fresh, one on which people waited for what time brings; the first epoch is published."""
    begin()
    TileFolder(DATA / "ledger").put_schedule(Schedule(((date.min, LEAVES),)))
    people = {}
    for name, role in (("ana", "analyst"), ("carl", "counsel")):
        Membership.objects.create(user=get_user_model().objects.create_user(name), role=role)
        people[name] = acts.actor_for(get_user_model().objects.get(username=name))

    def receive(name: str) -> str:
        files = [("demand.toml", DEMAND)]
        return acts.receive(files, served_on=date(2026, 11, 20), actor=people["ana"], token=name, now=START).case

    def do(name: str, who: str, **brings: Any) -> None:
        done = acts.act(sure, name, people[who], brings, token=f"{name}", now=START)
        assert isinstance(done, acts.Done), f"{name}: {done}"

    sure = receive("sure")
    turn(START)
    do("authenticate", "ana", how="called back")
    do("confirm", "ana", rest=True)
    turn(START)
    do("ask", "ana", ground="small.asked", until="2026-11-25")
    do("stay", "carl", why="the court stayed it", until="2026-11-25")
    do("record-gag", "ana", gag="another", until="2026-12-20", review_on="2026-11-30")
    receive("fresh")


def turn(now: datetime) -> None:
    """One turn of a new worker."""
    if Worker(DATA, EPOCH).turn(now):
        raise SystemExit("something failed")


def remembered(make: Callable[..., Any]) -> Callable[..., Any]:
    """What takes long and leaves nothing behind, done once for the same: reading in a child, and typesetting."""
    known: dict[str, Any] = {}

    def give(*args: Any, **more: Any) -> Any:
        key = repr((args, more))
        if key not in known:
            known[key] = make(*args, **more)
        return known[key]

    return give


# ------------------------------------------------------------------------------------------- what stands


def stands() -> dict[str, object]:
    """What there is: every act by its name, how much of the rest, and whether the log is sound."""
    lines = {c.number: list(c.acts.values_list("name", flat=True)) for c in Case.objects.order_by("pk")}
    whole = all(list(c.acts.values_list("seq", flat=True)) == [*range(1, c.revision + 1)] for c in Case.objects.all())
    with connection.cursor() as cursor:
        epochs = len(SqlStore.of(connection).epochs(cursor))
    return {
        "acts": list(lines.values()),
        "whole": whole and not Act.objects.filter(entry=None).exists(),
        "epochs": epochs,
        "sound": verify(str(DATA / "ledger")).sound,
        **{table: rows for table, (rows, _) in content().items()},
    }


def keep(now: Path, then: Path) -> None:
    """The data folder kept, or gone back to."""
    connections.close_all()
    shutil.rmtree(then, ignore_errors=True)
    shutil.copytree(now, then)


def kill_everywhere(now: datetime, points: list[int]) -> dict[str, object]:
    """Kill the turn of this moment at these points, or at each; in the end it was done undisturbed."""
    keep(DATA, KEPT)
    turn(now)
    done = stands()
    found: dict[int, object] = {}
    for point in points or count(1):
        keep(KEPT, DATA)
        if not killed_at(point, lambda: turn(now), files=True):
            break
        # Started again at once, it finds the same moment.
        turn(now)
        left = stands()
        found[point] = {name: left[name] for name in left if left[name] != done[name]}
    keep(KEPT, DATA)
    turn(now)
    return {"done": done, "differs": found}


def two_at_once(now: datetime) -> dict[str, object]:
    """Two workers over the same data, started together; one may find the other in its way, and tries again later."""
    keep(DATA, KEPT)
    turn(now)
    done = stands()
    keep(KEPT, DATA)
    connections.close_all()
    for child in [_started(now), _started(now)]:
        os.waitpid(child, 0)
    turn(now)
    left = stands()
    return {"done": done, "differs": {0: {name: left[name] for name in left if left[name] != done[name]}}}


def _started(now: datetime) -> int:
    child = os.fork()
    if child == 0:
        Worker(DATA, EPOCH).turn(now)
        os._exit(0)
    return child


def main(what: list[str]) -> None:
    under_small_law()
    reading.read = remembered(reading.read)  # type: ignore[assignment]
    paper.render_pdf, paper.render_docx = remembered(paper.render_pdf), remembered(paper.render_docx)
    prepare()
    wanted = [one.partition(":")[::2] for one in what]
    for number, now in enumerate(DAYS):
        points = [int(point) for day, point in wanted if day == str(number) and point]
        if what == ["two"]:
            print(json.dumps(two_at_once(now)), flush=True)
        elif not what or str(number) in [day for day, _ in wanted]:
            print(json.dumps(kill_everywhere(now, points)), flush=True)
        else:
            turn(now)


if __name__ == "__main__":
    main(sys.argv[1:])
