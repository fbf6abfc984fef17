"""The docket's entries: published without holding up acts, and destroyed so that the bytes are gone."""

from __future__ import annotations

import sqlite3

import pytest
from django.db import connection, transaction

from demur.desk.database import SQLITE
from demur.docket import entries
from demur.docket.models import Entry
from demur.ledger import LedgerError, SqlStore, new_entry, verify

from .conftest import NOW


def test_disk_and_witnesses_are_waited_for_outside_any_transaction(fresh_log, tmp_path):
    entries.append("act.try", {"n": 1})
    asked = []

    def slow(note, folder):
        asked.append(connection.in_atomic_block)
        raise LedgerError("the witness sleeps; hint: try again later")

    with pytest.raises(LedgerError, match="sleeps"):
        entries.publish(tmp_path, now=NOW, cosign=slow)
    assert asked == [False]
    # What was sealed stays sealed, and goes out with the next epoch.
    assert Entry.objects.get(kind="act.try").index is not None
    assert entries.publish(tmp_path, now=NOW) == 2
    assert verify(tmp_path / "ledger").size == 128
    with transaction.atomic(), pytest.raises(RuntimeError):
        entries.publish(tmp_path, now=NOW)


def test_a_destroyed_body_is_gone_from_the_file_and_its_journal(tmp_path):
    path = tmp_path / "docket.sqlite3"
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript(SQLITE["init_command"])
    cursor, store = database.cursor(), SqlStore("sqlite", "qmark")
    store.create(cursor)
    # One within a page, one over several: both kinds of place must be overwritten.
    said = [b"someone@muster.example within a page", b"someone@muster.example over many pages, " * 900]
    ids = [store.append(cursor, new_entry("act.confirm", body)) for body in said]

    def kept() -> bytes:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return b"".join(p.read_bytes() for p in sorted(tmp_path.iterdir()))

    assert b"someone@muster.example" in kept()
    for id in ids:
        store.destroy_body(cursor, id)
    assert b"someone@muster.example" not in kept()
    database.close()
