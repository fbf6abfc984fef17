"""Publication: every epoch moves the same number of leaves from those that wait into the public log.

Urgent entries (tickets) go first, then the oldest; covers fill the rest; within the epoch leaves stand in the
order of their own bytes, which are salted hashes, so that neither number, nor order, nor place tells anything.
Publication may wait; the act does not.

What may be signed is guarded three times: by the database (one epoch per number, one entry per place), by a lock
file that is never part of a backup, and by what is already public. A database restored from an older backup is
found out here, and nothing is signed, for that would fork the log.

The order of an epoch: seal (one database transaction) -> lock -> entries and tiles -> cosignatures -> checkpoint.
A crash after any of them is made good by calling `release` again.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from .checkpoint import Checkpoint
from .entry import cover
from .errors import BehindError, ForkError, LedgerError
from .folder import TileFolder, write_durably
from .note import Note, SignerKey, VerifierKey
from .schedule import LEAVES, Schedule
from .store import Cursor, Epoch, Store
from .tiles import WIDTH
from .tree import Edge, leaf_hash

Cosign = Callable[[Note, TileFolder], Note]
"""Asks witnesses: gives the checkpoint back with the cosignatures that were had."""


class Lock:
    """The last checkpoint that was signed, kept in a file of its own that no backup holds.

    A restored database then knows less than this file, and is refused. `advance` compares and swaps.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def note(self) -> Note | None:
        """The last checkpoint signed, with its signatures; None where there is no file."""
        try:
            return Note.parse(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return None

    def read(self) -> Checkpoint | None:
        """The last checkpoint signed, None where there is no file."""
        note = self.note()
        return None if note is None else Checkpoint.parse(note.text)

    def advance(self, before: Checkpoint | None, note: Note) -> Checkpoint:
        """Replace `before` by this checkpoint and give it. Raises ForkError where another one stands there."""
        after = Checkpoint.parse(note.text)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(self.path.name + ".held").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            found = self.read()
            if found != before:
                raise ForkError(
                    f"the lock {self.path.name} holds a checkpoint of {found.size if found else 0} leaves, "
                    f"not of {before.size if before else 0}; hint: another process publishes this log, stop one of them"
                )
            write_durably(self.path, str(note).encode())
        return after


def seal(
    store: Store,
    cursor: Cursor,
    folder: TileFolder,
    lock: Lock,
    keys: Sequence[SignerKey],
    *,
    now: datetime,
    leaves: int = LEAVES,
) -> Epoch:
    """Seal the next epoch, in the caller's transaction: choose, order, place, and sign. `now` is UTC.

    The folder's schedule says how many leaves the epoch has; `leaves` begins it, where there is none yet.
    `keys` are the log's own: the first is its Ed25519 note key, whose name is the log's origin. Raises BehindError
    or ForkError where the database does not hold what was signed before.
    """
    if not keys:
        raise LedgerError("a log without a key cannot be signed; hint: make one with SignerKey.generate")
    origin = keys[0].name
    head = store.head(cursor)
    check_standing(store, cursor, head, folder, lock, origin)
    schedule = folder.schedule()
    if schedule is None:
        schedule = Schedule(((date.min, leaves),))
        folder.put_schedule(schedule)
    count = schedule.leaves_on(now.astimezone(UTC).date())
    chosen = [(s.entry.leaf, s.id) for s in store.waiting(cursor, count)]
    for _ in range(count - len(chosen)):
        filler = cover()
        chosen.append((filler.leaf, store.append(cursor, filler)))
    chosen.sort()
    edge = Edge.from_bytes(head.size, head.edge) if head else Edge()
    edge.extend([leaf_hash(leaf) for leaf, _ in chosen])
    note = Checkpoint(origin, edge.size, edge.root()).sign(keys, now.timestamp())
    epoch = Epoch(head.number + 1 if head else 1, edge.size, edge.to_bytes(), str(note), now.astimezone(UTC))
    store.seal(cursor, epoch, [id for _, id in chosen])
    return epoch


def release(
    store: Store,
    cursor: Cursor,
    folder: TileFolder,
    lock: Lock,
    keys: Sequence[VerifierKey],
    *,
    cosign: Cosign | None = None,
) -> int:
    """Bring the public folder up to the last sealed epoch; gives how many epochs were published now.

    Call it after the sealing transaction committed, and after any crash: what lies there already is left alone. It
    only reads the database: call it outside any transaction, since it waits for the disk and for witnesses, and acts
    must not.
    `keys` are the log's verifier keys. Raises LedgerError where the tiles on the disk do not give the root that was
    signed; OSError where they cannot be written.
    """
    with folder.held():
        check_standing(store, cursor, store.head(cursor), folder, lock, keys[0].name)
        folder.put_keys(keys)
        published = _published(folder, keys)
        size = published.size if published else 0
        last = store.epoch_of(cursor, size)
        held = lock.read()
        grown: list[tuple[int, int]] = []
        behind = store.epochs(cursor, last.number if last else 0)
        for epoch in behind:
            note = Note.parse(epoch.checkpoint)
            if held is None or held.size < epoch.size:
                held = lock.advance(held, note)
            base = size - size % WIDTH
            folder.extend(size, store.leaves(cursor, base, epoch.size))
            if folder.root(epoch.size) != epoch.root:
                raise LedgerError(
                    f"the tiles give another root than the checkpoint of {epoch.size} leaves; "
                    "hint: the folder was altered, empty it and publish again"
                )
            # Witnesses are asked for the latest only: they never look back.
            if cosign and epoch is behind[-1]:
                note = cosign(note, folder)
            folder.put_past(epoch.number, str(note))
            grown.append((size, epoch.size))
            size = epoch.size
        if behind:
            folder.put_checkpoint(str(note))
        for before, after in grown:
            folder.prune_partial(before, after)
        return len(behind)


def check_standing(
    store: Store, cursor: Cursor, head: Epoch | None, folder: TileFolder, lock: Lock, origin: str
) -> None:
    """That the database holds all that was signed or published. Raises BehindError or ForkError with what to do."""
    size = head.size if head else 0
    for where, seen in (("signed", lock.read()), ("published", _text(folder.checkpoint()))):
        if seen is None:
            continue
        if seen.origin != origin:
            raise ForkError(
                f"the {where} checkpoint is of {seen.origin}, not of {origin}; hint: each log has its own folder"
            )
        if seen.size > size:
            raise BehindError(
                f"the log has {where} {seen.size} leaves, but the database knows {size}: an older backup was "
                "restored; hint: restore a newer one, or take the missing leaves from the public folder (`catch_up`)"
            )
        same = store.epoch_of(cursor, seen.size)
        if same is None or same.root != seen.root:
            raise ForkError(_forked(where, seen.size))


def _forked(where: str, size: int) -> str:
    return (
        f"the {where} checkpoint of {size} leaves has another root than the database; "
        "hint: the database or the folder was altered, compare them with `demur ledger verify`"
    )


def _published(folder: TileFolder, keys: Sequence[VerifierKey]) -> Checkpoint | None:
    text = folder.checkpoint()
    if text is None:
        return None
    note = Note.parse(text)
    if not note.signed_by(keys):
        raise ForkError("the published checkpoint is not signed by this log; hint: each log has its own folder")
    return Checkpoint.parse(note.text)


def _text(checkpoint: str | None) -> Checkpoint | None:
    return None if checkpoint is None else Checkpoint.parse(Note.parse(checkpoint).text)
