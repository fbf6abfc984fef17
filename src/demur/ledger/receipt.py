"""Receipts (c2sp.org/tlog-proof): one file that proves, offline, that an entry is in the public ledger.

The leaf, and whatever is shown of what it commits to, go along as extra data: JSON with `leaf`, `class`,
`class_salt`, `body`, `body_salt`, each in base64. It is not trusted: the leaf is what the proof is for, and class
and body are what open it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Literal

from .checkpoint import Checkpoint
from .entry import Entry
from .errors import LedgerError
from .folder import TileFolder
from .note import Note
from .store import Stored
from .tiles import TileNodes
from .tree import Node, inclusion_proof

HEADER = "c2sp.org/tlog-proof@v1"

Part = Literal["class", "body"]


def receipt(stored: Stored, folder: TileFolder, show: Iterable[Part] = ()) -> str:
    """The text of a `.tlog-proof` for an entry, by the published checkpoint with all its cosignatures.

    `show` says what to open to whoever holds the receipt. Raises LedgerError where the entry is not yet published,
    or where its body was destroyed and is to be shown.
    """
    text = folder.checkpoint()
    note = Note.parse(text) if text else None
    size = Checkpoint.parse(note.text).size if note else 0
    if stored.position is None or stored.position >= size or note is None:
        raise LedgerError("this entry is not in the public ledger yet; hint: it waits for an epoch, ask again later")
    extra = json.dumps(opening(stored.entry, show), separators=(",", ":")).encode()
    return format_proof(stored.position, size, TileNodes(folder, size), note, extra)


def format_proof(index: int, size: int, node: Node, note: Note, extra: bytes = b"") -> str:
    """A tlog-proof as text: extra data, index, inclusion proof, and the checkpoint verbatim."""
    lines = [HEADER]
    if extra:
        lines.append(f"extra {_b64(extra)}")
    lines.append(f"index {index}")
    lines += [_b64(piece) for piece in inclusion_proof(index, size, node)]
    return "\n".join(lines) + "\n\n" + str(note)


def opening(entry: Entry, show: Iterable[Part]) -> dict[str, str]:
    """The leaf and what is shown of it, in base64. Raises LedgerError for a body that was destroyed."""
    found = {"leaf": _b64(entry.leaf)}
    for part in show:
        if part == "class":
            found |= {"class": _b64(entry.class_.encode()), "class_salt": _b64(entry.class_salt)}
        elif entry.body is None or entry.body_salt is None:
            raise LedgerError("the body of this entry was destroyed; hint: only its class can still be shown")
        else:
            found |= {"body": _b64(entry.body), "body_salt": _b64(entry.body_salt)}
    return found


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
