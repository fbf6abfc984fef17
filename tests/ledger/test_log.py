"""A ledger of one's own: what was answered is on the disk, whatever happens to the process or the disk."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demur.ledger import LedgerError, Lock, TileFolder, release, seal, verify, verify_database
from demur.ledger.log import Log

from .conftest import KEYS, NOW, VERIFIERS, VKEYS


def test_many_submitters_share_one_commit_and_each_gets_its_own_id(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.sqlite3")
    commits = 0
    enter = log.enter

    def counted(said: object) -> object:
        nonlocal commits
        commits += 1
        return enter(said)  # type: ignore[arg-type]

    log.enter = counted  # type: ignore[method-assign, assignment]

    async def submit(n: int) -> int:
        first = await log.append("key.unwrap", b"%d" % n)
        await log.append("key.unwrap", b"again %d" % n)
        return first

    async def run() -> list[int]:
        return await asyncio.gather(*(submit(n) for n in range(200)))

    ids = asyncio.run(run())
    with log.transaction() as cursor:
        for n, id in enumerate(ids):
            assert log.store.get(cursor, id).entry.body == b"%d" % n
        assert verify_database(log.store, cursor).entries == 400
    assert commits < 40
    log.close()


def test_threads_may_enter_at_the_same_time(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.sqlite3")
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: log.enter([("act", b"%d" % n, 0)])[0], range(100)))
    assert sorted(ids) == list(range(1, 101))
    log.close()


def test_its_epochs_and_checks_are_those_of_any_ledger(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.sqlite3")
    folder, lock = TileFolder(tmp_path / "public"), Lock(tmp_path / "lock")
    log.enter([(f"key.{n}", b"", int(n == 99)) for n in range(100)])
    for _ in range(3):
        assert log.publish(folder, lock, KEYS, now=NOW) == 1
    assert verify(folder.path, keys=VKEYS).size == 192
    log.close()
    again = Log(tmp_path / "log.sqlite3")
    with again.transaction() as cursor:
        assert verify_database(again.store, cursor).published == 192
        assert again.store.get(cursor, 100).position is not None
        assert (again.store.get(cursor, 100).position or 0) < 64
    again.close()


def test_one_bad_entry_does_not_take_the_others_with_it_silently(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.sqlite3")
    with pytest.raises(LedgerError, match="no class"):
        log.enter([("act", b"", 0), ("", b"", 0)])
    with log.transaction() as cursor:
        assert verify_database(log.store, cursor).entries == 0
    log.close()


def test_an_impatient_submitter_who_leaves_disturbs_nobody(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.sqlite3")

    async def run() -> int:
        leaving = asyncio.ensure_future(log.append("act", b"leaving"))
        staying = log.append("act", b"staying")
        leaving.cancel()
        return await staying

    assert asyncio.run(run()) == 2
    log.close()


def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"this is no database, and never was one" * 100)
    with pytest.raises(LedgerError, match="cannot be opened"):
        Log(tmp_path / "log")


# ------------------------------------------------------------------ full disk, killed writer

FULL = """
import asyncio, resource, signal, sys
from demur.ledger import LedgerError
from demur.ledger.log import Log
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = Log(sys.argv[1])
log.enter([("act", b"before", 0)])
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
answered = 0
async def run():
    global answered
    try:
        while True:
            await asyncio.gather(*(log.append("act", b"x" * 200) for _ in range(50)))
            answered += 50
    except LedgerError as error:
        assert "hint: free the disk" in str(error), error
asyncio.run(run())
try:
    log.enter([("act", b"still full" * 50, 0)] * 50)
    raise SystemExit("the disk should be full")
except LedgerError:
    pass
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.enter([("act", b"after", 0)])
print(answered)
"""


def test_a_full_disk_refuses_says_so_and_loses_nothing(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "log")], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    answered = int(run.stdout)
    assert answered >= 50
    log = Log(tmp_path / "log")
    with log.transaction() as cursor:
        report = verify_database(log.store, cursor)
        assert report.sound
        # Before, all that were answered, after: not one of those that were refused.
        assert report.entries == answered + 2
        assert log.store.get(cursor, answered + 2).entry.body == b"after"
    log.close()


WRITER = """
import asyncio, os, sys
from demur.ledger.log import Log
log = Log(sys.argv[1])
async def submit(n):
    while True:
        id = await log.append("act", b"%d" % n)
        os.write(1, b"%d\\n" % id)
async def run():
    await asyncio.gather(*(submit(n) for n in range(20)))
asyncio.run(run())
"""


@pytest.mark.parametrize("moment", [1, 200, 900, 2500])
def test_a_writer_killed_at_any_moment_loses_nothing_that_was_answered(tmp_path: Path, moment: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "log")], stdout=subprocess.PIPE)
    assert process.stdout is not None
    answered = b""
    while answered.count(b"\n") < moment:
        answered += os.read(process.stdout.fileno(), 4096)
    process.send_signal(signal.SIGKILL)
    answered += process.stdout.read()
    process.wait()
    process.stdout.close()
    ids = {int(line) for line in answered.split(b"\n")[:-1]}
    log = Log(tmp_path / "log")
    with log.transaction() as cursor:
        report = verify_database(log.store, cursor)
        assert report.sound
        kept = {stored.id for stored in log.store.entries(cursor, limit=10**6)}
    assert len(ids) >= moment
    assert ids <= kept
    assert kept == set(range(1, len(kept) + 1))
    log.enter([("act", b"after", 0)])
    log.close()


def test_a_torn_tail_of_the_journal_is_dropped_not_believed(tmp_path: Path) -> None:
    """The machine lost power in the middle of a write: what was synced stands, the rest never was answered."""
    log = Log(tmp_path / "log")
    log.enter([("act", b"one", 0)])
    synced = (tmp_path / "log-wal").read_bytes()
    log.enter([("act", b"two", 0)])
    torn = (tmp_path / "log-wal").read_bytes()
    away = tmp_path / "away"
    away.mkdir()
    for cut in range(len(synced), len(torn), 997):
        (away / "log").write_bytes((tmp_path / "log").read_bytes())
        (away / "log-wal").write_bytes(torn[:cut] + b"\xff" * (len(torn) - cut))
        again = Log(away / "log")
        with again.transaction() as cursor:
            report = verify_database(again.store, cursor)
        assert report.sound
        assert report.entries == 1
        again.close()
        for file in away.iterdir():
            file.unlink()
    log.close()


PUBLISHER = """
import sys, os
from datetime import UTC, datetime
from pathlib import Path
from demur.ledger import Lock, SignerKey, TileFolder
from demur.ledger.log import Log
place = Path(sys.argv[1])
keys = [SignerKey.parse(line) for line in sys.argv[2:]]
log, folder, lock = Log(place / "log"), TileFolder(place / "public"), Lock(place / "lock")
while True:
    ids = log.enter([("act", b"body", int(n == 0)) for n in range(40)])
    log.publish(folder, lock, keys, now=datetime.now(UTC))
    os.write(1, b"%d\\n" % ids[-1])
"""


def test_a_publisher_killed_again_and_again_never_forks_and_never_loses(tmp_path: Path) -> None:
    """Killed at twelve moments, spread over what an epoch takes; after each, a stranger finds a sound, longer log."""
    secrets = [key.secret() for key in KEYS]
    folder = TileFolder(tmp_path / "public")
    answered, sizes, span = 0, [0], 0.1
    for moment in range(12):
        process = subprocess.Popen([sys.executable, "-c", PUBLISHER, str(tmp_path), *secrets], stdout=subprocess.PIPE)
        assert process.stdout is not None
        first = process.stdout.readline()
        start = time.monotonic()
        process.stdout.readline()
        span = max(span if moment else 0.0, time.monotonic() - start)
        try:
            process.wait(span * moment / 6)
        except subprocess.TimeoutExpired:
            process.kill()
        told = first + process.stdout.read()
        process.wait()
        process.stdout.close()
        answered = max(answered, *(int(line) for line in told.split(b"\n") if line))
        report = verify(folder.path, keys=VKEYS)
        assert report.sound, str(report)
        assert report.size >= sizes[-1]
        sizes.append(report.size)
    log = Log(tmp_path / "log")
    with log.transaction() as cursor:
        release(log.store, cursor, folder, Lock(tmp_path / "lock"), VERIFIERS)
        database = verify_database(log.store, cursor)
        assert database.sound
        assert log.store.get(cursor, answered)
        head = log.store.head(cursor)
    assert head is not None
    report = verify(folder.path, keys=VKEYS)
    assert report.sound
    assert report.size == head.size == database.published
    log.close()


def test_a_full_disk_stops_publication_not_the_log(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    folder, lock = TileFolder(tmp_path / "public"), Lock(tmp_path / "lock")
    log.enter([("act", b"", 0)])
    with log.transaction() as cursor:
        seal(log.store, cursor, folder, lock, KEYS, now=NOW)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, limits[1]))
    try:
        with pytest.raises(OSError, match="large"), log.reading() as cursor:
            release(log.store, cursor, folder, lock, VERIFIERS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)
    assert folder.checkpoint() is None
    assert list(log.enter([("act", b"goes on", 0)])) == [65]
    assert log.publish(folder, lock, KEYS, now=NOW) == 2
    assert verify(folder.path, keys=VKEYS).sound
    log.close()
