"""After an older backup was restored: bring the database level with what the log has already signed.

Signing on would fork the log; so the published leaves are taken back from the public folder. An entry that still
waits in the database gets the place it already has; one that the backup does not know is kept as lost: its leaf
stands, what it said is gone, and every check says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from .checkpoint import Checkpoint
from .entry import Entry
from .epoch import Lock
from .errors import BehindError, ForkError, LedgerError
from .folder import TileFolder
from .note import COSIGNATURE, ML_DSA_44, Note, VerifierKey
from .store import Cursor, Epoch, SqlStore
from .tree import Edge, leaf_hash

LOST = "lost"
"""The class of an entry that is known by its leaf only."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What `catch_up` did: entries that were waiting and are now placed, and entries known by their leaf only."""

    epochs: int
    placed: int
    lost: int


def catch_up(store: SqlStore, cursor: Cursor, folder: TileFolder, lock: Lock, keys: list[VerifierKey]) -> CaughtUp:
    """Take what was signed, but the database does not know, from the public folder; in the caller's transaction.

    Raises ForkError where folder and database contradict each other, BehindError where the folder itself does not
    hold all that was signed.
    """
    head = store.head(cursor)
    edge = Edge.from_bytes(head.size, head.edge) if head else Edge()
    waiting = {stored.entry.leaf: stored.id for stored in store.waiting(cursor, 1 << 62)}
    epochs = placed = lost = 0
    for number, note in _missing(folder, lock, head):
        checkpoint = Checkpoint.parse(note.text)
        if not note.signed_by(keys):
            raise ForkError(f"the checkpoint of epoch {number} is not signed by this log; hint: is it its folder?")
        ids = []
        for leaf in folder.leaves(edge.size, checkpoint.size, checkpoint.size):
            id = waiting.pop(leaf, None)
            if id is None:
                id, lost = store.append(cursor, lost_entry(leaf)), lost + 1
            else:
                placed += 1
            ids.append(id)
            edge.append(leaf_hash(leaf))
        if edge.root() != checkpoint.root:
            raise ForkError(
                f"the folder does not continue the database at epoch {number}; hint: the backup is of another log, "
                "or one of the two was altered"
            )
        store.seal(cursor, Epoch(number, edge.size, edge.to_bytes(), str(note), _sealed_at(note, keys)), ids)
        epochs += 1
    return CaughtUp(epochs, placed, lost)


def lost_entry(leaf: bytes) -> Entry:
    """An entry known by its leaf only."""
    return Entry(LOST, b"", None, None, leaf)


def _missing(folder: TileFolder, lock: Lock, head: Epoch | None) -> list[tuple[int, Note]]:
    """The epochs signed after `head`, in order."""
    number, size = (head.number, head.size) if head else (0, 0)
    found: list[tuple[int, Note]] = []
    while text := folder.past_checkpoint(number + 1):
        number += 1
        note = Note.parse(text)
        size = Checkpoint.parse(note.text).size
        found.append((number, note))
    last = lock.note()
    # Signed, but not published when it stopped: its entries were written first, so the folder may have them.
    if last is not None and Checkpoint.parse(last.text).size > size:
        try:
            folder.leaves(size, Checkpoint.parse(last.text).size, Checkpoint.parse(last.text).size)
        except LedgerError:
            raise BehindError(
                "the last signed checkpoint was not published, and its entries are in no folder; "
                "hint: restore a newer backup, or begin a new log under a new origin and say so in public"
            ) from None
        found.append((number + 1, last))
    return found


def _sealed_at(note: Note, keys: list[VerifierKey]) -> datetime:
    stamped = {(key.name, key.id) for key in keys if key.type in (COSIGNATURE, ML_DSA_44)}
    for line in note.signatures:
        if (line.name, line.key_id) in stamped:
            return datetime.fromtimestamp(int.from_bytes(line.signature[:8], "big"), UTC)
    return datetime.fromtimestamp(0, UTC)
