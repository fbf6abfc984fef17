"""What is published tells nothing but that nothing was taken out; and no crash or backup forks the log."""

from __future__ import annotations

import os
import shutil
import statistics
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.ledger import (
    BehindError,
    Checkpoint,
    ForkError,
    LedgerError,
    Lock,
    Note,
    Schedule,
    TileFolder,
    catch_up,
    new_entry,
    seal,
    verify_database,
)
from demur.ledger.schedule import MOST

from .conftest import KEYS, NOW, VERIFIERS, Ledger, sqlite_connection
from .definitions import mth


def test_every_epoch_has_the_same_number_of_leaves_whatever_happened(ledger: Ledger) -> None:
    sizes = []
    for busy in (0, 1, 64, 65, 200, 3, 0):
        for n in range(busy):
            ledger.append(f"act.{n}")
        sizes.append(ledger.epoch().size)
    assert sizes == [64 * n for n in range(1, 8)]
    assert {len(leaf) for leaf in ledger.folder.leaves(0, sizes[-1], sizes[-1])} == {65}
    assert ledger.verify().sound


def test_tickets_go_first_then_the_oldest_and_covers_fill_the_rest(ledger: Ledger) -> None:
    for n in range(70):
        ledger.append(f"act.{n:02}")
    ledger.append("ticket", urgent=True)
    ledger.epoch()
    first = Counter(s.entry.class_ for s in ledger.store.span(ledger.connection.cursor(), 0, 64))
    assert first == Counter(["ticket", *(f"act.{n:02}" for n in range(63))])
    ledger.epoch()
    second = Counter(s.entry.class_ for s in ledger.store.span(ledger.connection.cursor(), 64, 128))
    assert second == Counter({**{f"act.{n:02}": 1 for n in range(63, 70)}, "cover": 57})


def test_the_place_within_an_epoch_tells_nothing(ledger: Ledger) -> None:
    places = []
    for _ in range(60):
        ledger.append("ticket", urgent=True)
        size = ledger.seal().size
        span = ledger.store.span(ledger.connection.cursor(), size - 64, size)
        places.append(next(s.position for s in span if s.entry.class_ == "ticket") - (size - 64))
    # Uniform on 0..63 has mean 31.5 and a standard error of 2.4 over 60; sorted order alone decides.
    assert abs(statistics.mean(places) - 31.5) < 6 * 2.4
    assert len(set(places)) > 20


def test_publication_may_wait_the_act_does_not(ledger: Ledger) -> None:
    ledger.folder.path.parent.mkdir(exist_ok=True)
    ledger.folder.path.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="public"):
        ledger.seal()
    assert ledger.append("act.release") == 1
    ledger.folder.path.unlink()
    assert ledger.epoch().size == 64
    assert ledger.verify().sound


def test_a_change_of_number_is_announced_a_week_before(ledger: Ledger) -> None:
    ledger.epoch()
    schedule = ledger.folder.schedule()
    assert schedule == Schedule()
    with pytest.raises(LedgerError, match="7 days"):
        schedule.changed(NOW.date() + timedelta(days=6), 128, today=NOW.date())
    for number in (0, -1, MOST + 1):
        with pytest.raises(LedgerError, match=f"from 1 to {MOST}"):
            schedule.changed(NOW.date() + timedelta(days=7), number, today=NOW.date())
    changed = schedule.changed(NOW.date() + timedelta(days=7), 128, today=NOW.date())
    ledger.folder.put_schedule(changed)
    assert Schedule.parse(str(changed)) == changed
    assert ledger.epoch().size == 128
    with ledger.transaction() as cursor:
        later = seal(ledger.store, cursor, ledger.folder, ledger.lock, KEYS, now=NOW + timedelta(days=7))
    assert later.size == 256
    ledger.release()
    assert ledger.verify().sound
    ledger.folder.put_schedule(Schedule(((date.min, 64),)))
    assert "never announced" in str(ledger.verify())


@pytest.mark.parametrize(
    "text", ["", "2026-13-01 64\n", "2026-01-01 x\n", "2026-01-02 64\n2026-01-01 64\n", "2026-01-01 0\n"]
)
def test_a_malformed_schedule_is_refused(text: str) -> None:
    with pytest.raises(LedgerError, match="hint"):
        Schedule.parse(text)


def test_the_root_is_that_of_the_definition(ledger: Ledger) -> None:
    epoch = ledger.epoch()
    for _ in range(9):
        epoch = ledger.epoch()
    leaves = ledger.store.leaves(ledger.connection.cursor(), 0, epoch.size)
    assert epoch.root == mth(leaves) == ledger.folder.root(epoch.size)
    assert ledger.folder.leaves(0, epoch.size, epoch.size) == leaves
    assert ledger.folder.leaves(250, 520, epoch.size) == leaves[250:520]


def test_partial_tiles_vanish_only_when_the_full_one_is_there(ledger: Ledger) -> None:
    for _ in range(5):
        ledger.epoch()
    paths = {str(p.relative_to(ledger.folder.path)) for p in ledger.folder.path.rglob("*") if p.is_file()}
    assert {p for p in paths if p.startswith("tile/")} == {
        "tile/0/000", "tile/0/001.p/64", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/64",
    }  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=6), st.booleans())
def test_a_folder_grown_in_any_steps_is_the_tree(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], twice: bool
) -> None:
    folder = TileFolder(tmp_path_factory.mktemp("tiles"))
    entries = [new_entry("act", b"").leaf for _ in range(sum(steps))]
    size = 0
    for step in steps:
        base = size - size % 256
        for _ in range(1 + twice):  # writing again what a crash may have left half done
            assert folder.extend(size, entries[base : size + step]) == size + step
        folder.prune_partial(size, size + step)
        size += step
        assert folder.root(size) == mth(entries[:size])


# ------------------------------------------------------------------ crashes, backups, forks


def backup(ledger: Ledger) -> Path:
    ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = ledger.path / "backup.sqlite3"
    shutil.copy(ledger.path / "docket.sqlite3", copy)
    return copy


def restored(ledger: Ledger, copy: Path) -> Ledger:
    return Ledger(sqlite_connection(copy), ledger.path)


def test_a_restored_backup_is_found_out_and_nothing_is_signed(ledger: Ledger) -> None:
    ledger.epoch()
    copy = backup(ledger)
    ledger.append("act.after")
    ledger.epoch()
    old = restored(ledger, copy)
    before = {p: p.read_bytes() for p in ledger.folder.path.rglob("*") if p.is_file()}
    with pytest.raises(BehindError, match=r"older backup.*hint"):
        old.seal()
    with pytest.raises(BehindError):
        old.release()
    # Whichever of the two memories is lost, the other one is enough.
    ledger.lock.path.unlink()
    with pytest.raises(BehindError, match="published 128"):
        old.seal()
    assert {p: p.read_bytes() for p in ledger.folder.path.rglob("*") if p.is_file()} == before
    assert ledger.verify().sound


def test_a_restored_backup_is_found_out_before_anything_was_published(ledger: Ledger) -> None:
    ledger.epoch()
    copy = backup(ledger)
    ledger.epoch()
    shutil.rmtree(ledger.folder.path)
    with pytest.raises(BehindError, match="signed 128"):
        restored(ledger, copy).seal()


def test_a_backup_that_grew_another_way_is_a_fork(ledger: Ledger) -> None:
    ledger.epoch()
    copy = backup(ledger)
    ledger.epoch()
    old = restored(ledger, copy)
    away = Ledger(old.connection, ledger.path / "away")
    away.seal()
    away.seal()
    with pytest.raises(ForkError, match="another root"):
        old.seal()


def test_after_an_older_backup_the_log_goes_on_without_a_fork_and_says_what_is_lost(ledger: Ledger) -> None:
    for n in range(70):
        ledger.append(f"act.{n:02}")
    ledger.epoch()
    copy = backup(ledger)
    ledger.append("act.unknown-to-the-backup", b"gone")
    ledger.epoch()
    published = ledger.epoch()
    old = restored(ledger, copy)
    with old.transaction() as cursor:
        done = catch_up(old.store, cursor, old.folder, old.lock, VERIFIERS)
    # Six acts waited in the backup and are published already: they get the place they have.
    assert (done.epochs, done.placed, done.lost) == (2, 6, 128 - 6)
    cursor = old.connection.cursor()
    assert old.store.head(cursor).root == published.root
    assert old.store.count_waiting(cursor) == 0
    report = verify_database(old.store, cursor)
    assert report.sound
    assert "122 more are known by their leaf only" in str(report)
    old.append("act.later")
    assert old.epoch().size == published.size + 64
    assert old.verify().sound
    assert old.verify().checkpoints == 4


def test_what_was_signed_but_not_published_is_taken_back_from_the_entries_that_lie_there(ledger: Ledger) -> None:
    ledger.epoch()
    copy = backup(ledger)
    ledger.append("act.signed")
    ledger.seal()

    def no_witness(note: Note, folder: TileFolder) -> Note:
        raise LedgerError("no witness answers; hint: wait")

    with pytest.raises(LedgerError, match="no witness"):
        ledger.release(cosign=no_witness)
    old = restored(ledger, copy)
    with pytest.raises(BehindError):
        old.seal()
    with old.transaction() as cursor:
        assert catch_up(old.store, cursor, old.folder, old.lock, VERIFIERS).epochs == 1
    assert old.release() == 1
    assert old.epoch().size == 192
    assert old.verify().sound


def test_what_is_in_no_folder_cannot_be_taken_back(ledger: Ledger) -> None:
    ledger.epoch()
    copy = backup(ledger)
    epoch = ledger.seal()
    ledger.lock.advance(ledger.lock.read(), Note.parse(epoch.checkpoint))
    old = restored(ledger, copy)
    with pytest.raises(BehindError, match="new origin"), old.transaction() as cursor:
        catch_up(old.store, cursor, old.folder, old.lock, VERIFIERS)


def test_a_folder_of_another_log_is_not_taken_for_ones_own(ledger: Ledger, tmp_path: Path) -> None:
    ledger.epoch()
    other = Ledger(sqlite_connection(tmp_path / "other.sqlite3"), tmp_path / "other")
    with other.transaction() as cursor:
        other.store.create(cursor)
    other.folder = ledger.folder
    with pytest.raises(BehindError):
        other.seal()
    with pytest.raises(ForkError), other.transaction() as cursor:
        catch_up(
            other.store, cursor, other.folder, other.lock, [VERIFIERS[0].parse(str(KEYS[0].generate("x").verifier()))]
        )


def test_a_release_that_stopped_anywhere_is_finished_by_the_next(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every write of a release fails once; the next release makes it good, and readers see a sound log throughout."""
    from demur.ledger import epoch as epochs
    from demur.ledger import folder as folders

    ledger.epoch()
    real = folders.write_durably
    for stop in range(12):
        for n in range(3):
            ledger.append(f"act.{n}")
        ledger.seal()
        count = 0

        def broken(path: Path, data: bytes, stop: int = stop, **options: bool) -> None:
            nonlocal count
            count += 1
            if count > stop:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.with_name(path.name + ".new").write_bytes(data[: len(data) // 2])  # a torn write
                raise OSError(28, os.strerror(28), str(path))
            real(path, data, **options)

        for place in (folders, epochs):
            monkeypatch.setattr(place, "write_durably", broken)
        try:
            ledger.release()
        except OSError:
            assert ledger.verify().sound, stop
        for place in (folders, epochs):
            monkeypatch.setattr(place, "write_durably", real)
        ledger.release()
        report = ledger.verify()
        assert report.sound, stop
        assert report.size == 64 * (stop + 2)


def test_a_lock_taken_by_another_process_stops_this_one(ledger: Ledger) -> None:
    epoch = ledger.seal()
    note = Note.parse(epoch.checkpoint)
    with pytest.raises(ForkError, match="another process"):
        ledger.lock.advance(Checkpoint(KEYS[0].name, 5, b"r" * 32), note)
    assert ledger.lock.read() is None
    assert ledger.lock.advance(None, note) == Lock(ledger.lock.path).read()


def test_an_altered_tile_is_never_published_under_a_checkpoint(ledger: Ledger) -> None:
    for _ in range(4):
        ledger.epoch()
    tile = ledger.folder.path / "tile/1/000.p/1"
    tile.write_bytes(b"x" * 32)
    before = ledger.folder.checkpoint()
    with pytest.raises(LedgerError, match="publish again"):
        ledger.epoch()
    assert ledger.folder.checkpoint() == before
    shutil.rmtree(ledger.folder.path)
    with pytest.raises(LedgerError):
        TileFolder(ledger.folder.path).tile(0, 0, 64)
    assert ledger.release() == 5
    assert ledger.verify().sound


def test_a_ledger_without_a_key_is_not_signed(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="key"), ledger.transaction() as cursor:
        seal(ledger.store, cursor, ledger.folder, ledger.lock, [], now=datetime.now(UTC))
