"""A ledger to try things on: a database (SQLite, and PostgreSQL where there is one), a public folder, keys."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from postgres import database, server

from demur.ledger import (
    COSIGNATURE,
    ML_DSA_44,
    Epoch,
    Lock,
    SignerKey,
    SqlStore,
    TileFolder,
    VerifyReport,
    new_entry,
    release,
    seal,
    verify,
)

ORIGIN = "ledger.example/provider"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEYS = [SignerKey.generate(ORIGIN), SignerKey.generate(ORIGIN, ML_DSA_44)]
VERIFIERS = [key.verifier() for key in KEYS]
VKEYS = [str(key) for key in VERIFIERS]
WITNESS_KEYS = [SignerKey.generate("witness.example/w1", t) for t in (COSIGNATURE, ML_DSA_44)]


class Ledger:
    """All that belongs to one ledger, with the few steps that tests repeat."""

    def __init__(self, connection: Any, path: Path) -> None:
        self.connection = connection
        self.store = SqlStore.of(connection)
        self.path = path
        self.folder = TileFolder(path / "public")
        self.lock = Lock(path / "lock")

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if self.store.engine == "sqlite" else "BEGIN")
        try:
            yield cursor
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")

    def append(self, class_: str = "act.release", body: bytes = b"{}", *, urgent: bool = False) -> int:
        with self.transaction() as cursor:
            return self.store.append(cursor, new_entry(class_, body), urgent=urgent)

    def seal(self, **options: Any) -> Epoch:
        with self.transaction() as cursor:
            return seal(self.store, cursor, self.folder, self.lock, KEYS, now=NOW, **options)

    def release(self, **options: Any) -> int:
        return release(self.store, self.connection.cursor(), self.folder, self.lock, VERIFIERS, **options)

    def epoch(self, **options: Any) -> Epoch:
        epoch = self.seal(**options)
        self.release()
        return epoch

    def verify(self, **options: Any) -> VerifyReport:
        return verify(self.folder.path, **{"keys": VKEYS, **options})


def sqlite_connection(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=20)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A fresh ledger in SQLite."""
    connection = sqlite_connection(tmp_path / "docket.sqlite3")
    made = Ledger(connection, tmp_path)
    with made.transaction() as cursor:
        made.store.create(cursor)
    yield made
    connection.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], Any]]:
    """Gives fresh connections to empty PostgreSQL databases."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    opened: list[Any] = []
    with ExitStack() as stack:
        try:
            url = stack.enter_context(server())
        except FileNotFoundError as error:
            pytest.skip(str(error))

        def connect() -> Any:
            opened.append(psycopg.connect(database(url, f"try_{secrets.token_hex(4)}"), autocommit=True))
            return opened[-1]

        yield connect
        for connection in opened:
            connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """A fresh ledger in SQLite, then in PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("ledger")
        return
    made = Ledger(request.getfixturevalue("postgres")(), tmp_path)
    with made.transaction() as cursor:
        made.store.create(cursor)
    yield made
