"""A ledger of one's own, in one SQLite file, for a process that must enter every act before it answers.

Many submitters share one sync of the disk (group commit): whoever waits on `append` is answered when the entry is
on the disk, together with all who came in the meantime. Nothing is answered before, so nothing that was answered
can be lost. The tables are those of `store`, so epochs, receipts and checks are the same.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from .entry import Said, commit
from .epoch import Cosign, Lock, release, seal
from .errors import LedgerError
from .folder import TileFolder
from .note import SignerKey
from .store import SqlStore

MOST = 4096
"""Entries in one commit at most."""
TIDY = 1000
"""Pages of 4 KiB, about, after which the journal is moved to its place."""
LONG = 16 << 20
"""Bytes of journal at which the writer waits until it begins anew."""


class Log:
    """Appends durably to a ledger in a SQLite file. One process writes; within it, any thread and one event loop.

    Raises LedgerError where the file cannot be opened or is no ledger.
    """

    def __init__(self, path: Path | str) -> None:
        self.store = SqlStore("sqlite", "qmark")
        self._path = path
        self._held = threading.Lock()
        self._pool = ThreadPoolExecutor(1, "ledger")
        self._waiting: list[tuple[Said, asyncio.Future[int]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._pages = 0
        self._full = threading.Event()
        self._closed = False
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=20)
            cursor = self._connection.cursor()
            # WAL with FULL syncs the journal on every commit: a commit that returned is on the disk.
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            # A destroyed body is overwritten, not only unlinked.
            cursor.execute("PRAGMA secure_delete = ON")
            # What is in the journal is moved to its place beside the writer, not in its way.
            cursor.execute("PRAGMA wal_autocheckpoint = 0")
            with self.transaction() as cursor:
                if not cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'ledger_entry'").fetchone():
                    self.store.create(cursor)
        except sqlite3.Error as error:
            raise LedgerError(f"the ledger {Path(path).name} cannot be opened: {error}; hint: check the file") from None
        self._tidier = threading.Thread(target=self._tidy, name="ledger-tidy", daemon=True)
        self._tidier.start()

    def _tidy(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=20)
        journal = Path(f"{self._path}-wal")
        while self._full.wait() and not self._closed:
            self._full.clear()
            with suppress(sqlite3.Error):  # a full disk: the writer says so
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
                if journal.stat().st_size > LONG:
                    with self._held:  # what came in meanwhile is little; blocks written again need no new room
                        connection.execute("PRAGMA wal_checkpoint(RESTART)")
        connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        """A cursor in a transaction of its own, which commits durably at the end or leaves nothing.

        Raises LedgerError where the disk refuses.
        """
        with self._held:
            cursor = self._connection.cursor()
            try:
                cursor.execute("BEGIN IMMEDIATE")
                yield cursor
                cursor.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.rollback()
                if isinstance(error, sqlite3.Error):
                    raise LedgerError(f"nothing was entered: {error}; hint: free the disk, then repeat") from None
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Cursor]:
        """A cursor that sees only what is committed, and holds nobody up: for `release` and for checks."""
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=20)
        try:
            connection.execute("PRAGMA query_only = ON")
            yield connection.cursor()
        finally:
            connection.close()

    def publish(
        self,
        folder: TileFolder,
        lock: Lock,
        keys: Sequence[SignerKey],
        *,
        now: datetime,
        cosign: Cosign | None = None,
    ) -> int:
        """Seal an epoch and release it, while appends go on; gives how many epochs were released. `now` is UTC.

        Raises LedgerError as `seal` and `release` do.
        """
        with self.transaction() as cursor:
            seal(self.store, cursor, folder, lock, keys, now=now)
        with self.reading() as cursor:
            return release(self.store, cursor, folder, lock, [key.verifier() for key in keys], cosign=cosign)

    def enter(self, said: Sequence[Said]) -> Sequence[int]:
        """Append these entries now, durably, all or none. Gives their ids. Raises LedgerError."""
        rows = commit(said)
        urgent = {n for n, (_, _, hurry) in enumerate(said) if hurry}
        with self.transaction() as cursor:
            ids = self.store.append_all(cursor, rows, urgent)
        self._pages += 3 + len(rows) // 8
        if self._pages > TIDY:
            self._pages = 0
            self._full.set()
        return ids

    def append(self, class_: str, body: bytes, *, urgent: bool = False) -> asyncio.Future[int]:
        """Append one entry; its id can be awaited, and comes once it is on the disk. Raises LedgerError there."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        self._waiting.append(((class_, body, int(urgent)), future))
        if self._flushing is None:
            self._flushing = loop.create_task(self._flush())
        return future

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                ids = await loop.run_in_executor(self._pool, self.enter, [said for said, _ in batch])
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), id in zip(batch, ids, strict=True):
                    if not future.done():
                        future.set_result(id)
        self._flushing = None

    def close(self) -> None:
        """Finish what is being written, and close the file."""
        self._pool.shutdown()
        self._closed = True
        self._full.set()
        self._tidier.join()
        self._connection.close()
