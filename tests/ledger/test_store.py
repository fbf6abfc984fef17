"""Promise 6 in the database: the entry commits with the act, or neither does; on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from demur.ledger import LedgerError, SqlStore, new_entry, verify_database
from demur.ledger.entry import commit

from .conftest import Ledger, sqlite_connection


def test_the_entry_commits_with_the_act_or_vanishes_with_it(either: Ledger) -> None:
    with either.transaction() as cursor:
        cursor.execute("CREATE TABLE act (name TEXT)")
    with either.transaction() as cursor:
        cursor.execute("INSERT INTO act VALUES ('kept')")
        either.store.append(cursor, new_entry("act.kept", b"body"))

    def broken() -> None:
        with either.transaction() as cursor:
            cursor.execute("INSERT INTO act VALUES ('lost')")
            either.store.append(cursor, new_entry("act.lost", b"body"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    cursor = either.connection.cursor()
    cursor.execute("SELECT name FROM act")
    assert cursor.fetchall() == [("kept",)]
    assert [s.entry.class_ for s in either.store.entries(cursor)] == ["act.kept"]


def test_an_entry_is_kept_as_it_was_made(either: Ledger) -> None:
    made = new_entry("act.ünïcode", bytes(range(256)))
    with either.transaction() as cursor:
        id = either.store.append(cursor, made)
    stored = either.store.get(either.connection.cursor(), id)
    assert stored.entry == made
    assert stored.position is None


def test_many_at_once_get_their_ids_in_order(either: Ledger) -> None:
    said = [(f"act.{n}", b"%d" % n, 0) for n in range(700)]
    with either.transaction() as cursor:
        ids = either.store.append_all(cursor, commit(said))
    cursor = either.connection.cursor()
    assert len(set(ids)) == 700
    for n in (0, 1, 255, 256, 699):
        assert either.store.get(cursor, ids[n]).entry.class_ == f"act.{n}"


def test_urgent_entries_go_first_then_the_oldest(either: Ledger) -> None:
    for n in range(5):
        either.append(f"act.{n}")
    either.append("ticket", urgent=True)
    waiting = either.store.waiting(either.connection.cursor(), 4)
    assert [s.entry.class_ for s in waiting] == ["ticket", "act.0", "act.1", "act.2"]
    assert either.store.count_waiting(either.connection.cursor()) == 6


def test_destroying_a_body_leaves_leaf_and_class(either: Ledger) -> None:
    id = either.append("act.disclose", b"secret")
    epoch = either.epoch()
    with either.transaction() as cursor:
        assert either.store.destroy_body(cursor, id)
        assert not either.store.destroy_body(cursor, id)
    cursor = either.connection.cursor()
    stored = either.store.get(cursor, id)
    assert stored.entry.body is None
    assert stored.entry.class_ == "act.disclose"
    report = verify_database(either.store, cursor)
    assert report.sound
    assert report.destroyed == 1
    assert either.epoch().size == 2 * epoch.size
    assert either.verify().sound


def test_the_last_entry_of_a_class_is_found(either: Ledger) -> None:
    for body in (b"first", b"last"):
        either.append("ledger.scheduled", body)
    either.append("act.read")
    cursor = either.connection.cursor()
    found = either.store.latest(cursor, "ledger.scheduled")
    assert found is not None
    assert found.entry.body == b"last"
    assert either.store.latest(cursor, "ledger.opened") is None


def test_a_destroyed_body_is_overwritten_in_the_file(ledger: Ledger) -> None:
    ledger.connection.execute("PRAGMA secure_delete = ON")
    id = ledger.append("act.disclose", b"the name of a person")
    with ledger.transaction() as cursor:
        ledger.store.destroy_body(cursor, id)
    ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"the name of a person" not in (ledger.path / "docket.sqlite3").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entry SET class = 'act.other' WHERE position = 7",
        "UPDATE ledger_entry SET body = class_salt WHERE position = 7",
        "UPDATE ledger_entry SET leaf = (SELECT leaf FROM ledger_entry WHERE position = 8) WHERE position = 7",
        "UPDATE ledger_entry SET position = NULL WHERE position = 7",
        "DELETE FROM ledger_entry WHERE position = 7",
        "DELETE FROM ledger_entry WHERE position = 127",
    ],
)
def test_a_row_that_was_altered_or_deleted_is_found(either: Ledger, change: str) -> None:
    for n in range(100):
        either.append(f"act.{n}")
    either.epoch()
    either.epoch()
    cursor = either.connection.cursor()
    report = verify_database(either.store, cursor)
    assert report.sound
    assert (report.entries, report.published) == (128, 128)
    cursor.execute(change)
    report = verify_database(either.store, cursor)
    assert not report.sound
    assert "hint" in str(report)


def test_the_database_refuses_two_entries_at_one_place(either: Ledger) -> None:
    either.append("act.one")
    either.epoch()
    with pytest.raises(Exception, match=r"(?i)unique"), either.transaction() as cursor:
        cursor.execute("UPDATE ledger_entry SET position = 3 WHERE position = 4")


def test_it_speaks_as_django_does() -> None:
    class DjangoLike:
        vendor = "sqlite"

    store = SqlStore.of(DjangoLike())
    assert store._sql("a = ?") == "a = %s"
    with pytest.raises(LedgerError, match="SQLite or PostgreSQL"):
        SqlStore.of(object())


def test_two_sealers_at_once_make_one_line_of_epochs(either: Ledger) -> None:
    for n in range(200):
        either.append(f"act.{n}")

    def connect() -> Any:
        if either.store.engine == "sqlite":
            return sqlite_connection(either.path / "docket.sqlite3")
        return type(either.connection).connect(either.connection.info.dsn, autocommit=True)

    failures: list[BaseException] = []

    def run() -> None:
        own = Ledger(connect(), either.path)
        try:
            for _ in range(5):
                own.seal()
        except BaseException as error:
            failures.append(error)
        own.connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [e.size for e in either.store.epochs(either.connection.cursor())] == [64 * n for n in range(1, 16)]
    assert either.release() == 15
    assert either.verify().sound
    assert verify_database(either.store, either.connection.cursor()).sound
