"""The docket as two processes use it at once: demands taken in, and taken from receipt to closing, each act durable.

The database is the one configured by default (SQLite, every commit on the disk before it returns), in a folder of its
own. What runs before an act, reading and typesetting, has benchmarks of its own: facts are given, and one notice is
typeset for all. The floor of the same run is plain: as many rows of the same size, inserted by the same two processes,
one durable commit for each act.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import Row, row

if TYPE_CHECKING:
    from demur.docket.acts import Done, Refused
    from demur.docket.lifecycle import Actor, State

WORKERS = 2
ROUNDS = 5
RECEIPTS = 100
DEMANDS = 25
"""How many each worker takes in, and takes the whole way, in one round."""
GOAL_RECEIPTS, GOAL_DEMANDS = 50, 20
ORDER = b"To the custodian of records: produce the subscriber data and all messages. " * 40
CUSTOMER = "enterprise"
FACTS: dict[str, Any] = {
    "facts": [
        {"name": "kind", "value": "subpoena.admin"},
        {"name": "issuer_country", "value": "us"},
        {"name": "issuer_agency", "value": "dea"},
        {"name": "issuer_level", "value": "federal"},
        {"name": "signed", "value": True},
        {"name": "issued_on", "value": "2026-11-09"},
        {"name": "gag_present", "value": False},
        {"name": "reference", "value": "S-26-000001"},
    ],
    "clauses": [
        {
            "categories": ["subscriber", "content"],
            "quote": "the subscriber data and all messages",
            "page": 1,
            "targets": [{"identifier": "someone@example.org", "kind": "email", "customer_kind": CUSTOMER}],
        }
    ],
    "rest": True,
}


def bench() -> list[Row]:
    """Demands taken in, and taken the whole way, a second, beside plain durable inserts of as many bytes."""
    figures: dict[str, list[float]] = {"receipts": [], "demands": []}
    floors: dict[str, list[float]] = {"receipts": [], "demands": []}
    with tempfile.TemporaryDirectory(prefix="demur-bench-") as folder, _workers(Path(folder)) as workers:
        database = Path(folder) / "demur.sqlite3"
        acts = {"receipts": 1, "demands": _all(workers, "demands 2")[1] // (2 * WORKERS)}
        for _ in range(ROUNDS):
            for work, count in (("receipts", RECEIPTS), ("demands", DEMANDS)):
                before = _bytes(database)
                seconds, commits = _all(workers, f"{work} {count}")
                size = (_bytes(database) - before) // commits
                plain, _ = _all(workers, f"plain {commits // WORKERS} {size}")
                figures[work].append(WORKERS * count / seconds)
                floors[work].append(commits / plain / acts[work])
    receipts, demands = (statistics.median(figures[work]) for work in ("receipts", "demands"))
    return [
        row("docket: demands taken in", receipts, "demands/s", "plain durable inserts",
            statistics.median(floors["receipts"]), f"at least {GOAL_RECEIPTS}", receipts >= GOAL_RECEIPTS),
        row(f"docket: demands the whole way, {acts['demands']} acts", demands, "demands/s",
            f"{acts['demands']} plain durable inserts", statistics.median(floors["demands"]),
            f"at least {GOAL_DEMANDS}", demands >= GOAL_DEMANDS),
    ]  # fmt: skip


def _bytes(database: Path) -> int:
    """How much the database holds, the journal included."""
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute(HELD).fetchone()[0])


HELD = """SELECT (page_count - freelist_count) * page_size
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size"""


@contextmanager
def _workers(folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes on a fresh docket, ready to work."""
    env = {**{k: v for k, v in os.environ.items() if k != "DEMUR_DATABASE_URL"}, "DEMUR_DATA": str(folder)}
    started: list[subprocess.Popen[str]] = []
    try:
        for _ in range(WORKERS):
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "demur.bench.docket"], env=env, text=True, stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )  # fmt: skip
            _hear(started[-1])  # the first makes the database
        yield started
    finally:
        for worker in started:
            worker.communicate()


def _all(workers: list[subprocess.Popen[str]], what: str) -> tuple[float, int]:
    """Have all do this at once: seconds until the last was done, and the commits they made."""
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(what + "\n")
        worker.stdin.flush()
    answers = [_hear(worker) for worker in workers]
    seconds = max(a["until"] for a in answers) - min(a["since"] for a in answers)
    return seconds, sum(a["commits"] for a in answers)


def _hear(worker: subprocess.Popen[str]) -> dict[str, Any]:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError("a worker of the benchmark stopped by itself; hint: see what it printed above")
    return dict(json.loads(line))


# ------------------------------------------------------------------ in the worker


def work() -> None:
    """Do what each line of the input says, and answer with since when, until when, and with how many commits."""
    from demur.desk.server import prepare

    prepare()
    from django.conf import settings
    from django.contrib.auth import get_user_model

    from demur.docket.acts import actor_for
    from demur.docket.models import Membership

    actors = {}
    for role in ("analyst", "counsel"):
        user, _ = get_user_model().objects.get_or_create(username=f"{role}-{os.getpid()}")
        Membership.objects.get_or_create(user=user, role=role)
        actors[role] = actor_for(user)
    plain = sqlite3.connect(Path(settings.DATA) / "plain.sqlite3", isolation_level=None, timeout=60)
    plain.executescript(str(settings.DATABASES["default"]["OPTIONS"]["init_command"]))
    plain.execute("CREATE TABLE IF NOT EXISTS plain (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    files = _notice()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        what, count, *size = line.split()
        since, commits = time.time(), 0
        for _ in range(int(count)):
            if what == "plain":
                plain.execute("INSERT INTO plain (body) VALUES (?)", (secrets.token_bytes(int(size[0])),))
                commits += 1
            elif what == "receipts":
                commits += _receive(actors)[1]
            else:
                commits += _whole(actors, files)
        print(json.dumps({"since": since, "until": time.time(), "commits": commits}), flush=True)


def _receive(actors: Mapping[str, Actor]) -> tuple[str, int]:
    """Take in one demand that nobody sent before: stored, hashed, entered."""
    from demur.docket import acts

    token, today = secrets.token_hex(16), datetime.now(UTC).date()
    content = ORDER + token.encode()
    done = acts.receive([("order.txt", content)], served_on=today, actor=actors["analyst"], token=token)
    return str(_done(done).case), 1


def _whole(actors: Mapping[str, Actor], files: Mapping[str, bytes]) -> int:
    """Take one demand from receipt to closing; gives the acts that it took."""
    from demur.docket import acts

    number, count = _receive(actors)

    def act(name: str, who: str = "analyst", **payload: Any) -> State:
        nonlocal count
        count += 1
        return _done(acts.act(number, name, actors[who], payload, token=secrets.token_hex(16))).state

    act("read", documents=[{"id": pk, "packet": {"documents": []}, "warnings": []} for pk in _papers(number)], facts=[],
        clauses=[])  # fmt: skip
    act("confirm", **FACTS)
    act("authenticate", how="called back")
    state = act("assess", as_of=datetime.now(UTC).date().isoformat())
    party = state.parties[0].name
    ours = [g.key for g in state.grounds if g.stand and not g.unknown]
    act("write-notice", party=party, assessment=_latest(number), letter={}, files=files)
    act("redirect", party=party, to="Drug Enforcement Administration")
    act("notify", "counsel", party=party, looked=True)
    act("challenge", "counsel", grounds=ours, form="objection", forum="")
    act("close", "counsel", reason="withdrawn")
    return count


def _notice() -> dict[str, bytes]:
    """A notice as it is typeset."""
    from demur.facts import demand_from_mapping
    from demur.law import assess
    from demur.paper import Party, customer_notice, render_docx, render_pdf

    today = datetime.now(UTC).date()
    told = {fact["name"]: fact["value"] for fact in FACTS["facts"]} | {"clauses": FACTS["clauses"]}
    letter = customer_notice(assess(demand_from_mapping(told), today), provider=Party("Provider"), today=today)
    return {"pdf": render_pdf(letter), "docx": render_docx(letter)}


def _papers(number: str) -> list[int]:
    from demur.docket.models import Document

    return list(Document.objects.filter(case__number=number).order_by().values_list("pk", flat=True))


def _latest(number: str) -> int:
    from demur.docket.models import Assessment

    return int(Assessment.objects.values_list("pk", flat=True).filter(case__number=number).first() or 0)


def _done(done: Done | Refused) -> Done:
    from demur.docket.acts import Refused

    if isinstance(done, Refused):
        raise RuntimeError(f"{done.act} was refused: {done}")
    return done


if __name__ == "__main__":
    work()
