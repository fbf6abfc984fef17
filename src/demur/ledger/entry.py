"""What one leaf of the ledger says: a commitment to a class and to a body, always of one length.

    leaf = 0x01 || SHA-256("demur class v1\\n" || class salt || class)
                || SHA-256("demur body v1\\n" || body salt || body)

Each salt is 32 random bytes, so a leaf tells nothing by itself, and two entries that say the same look unlike.
An entry is opened by its class and class salt, its body and body salt, or both: the body can be destroyed with
its salt, and what kind of act it was stays countable. A cover is an entry of the class "cover" with an empty
body: it fills an epoch, looks like any other leaf, and opens as a cover.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from .errors import LedgerError

LEAF_BYTES = 65
SALT_BYTES = 32
VERSION = b"\x01"
COVER = "cover"
OWN = "ledger."
"""How the classes begin by which the log tells of itself: what was restored, opened, announced, destroyed."""
CLASS_TAG = b"demur class v1\n"
BODY_TAG = b"demur body v1\n"


Said = tuple[str, bytes, int]
"""Class, body, and 1 where the entry is urgent."""
Row = tuple[str, bytes, bytes | None, bytes | None, bytes]
"""Class, class salt, body, body salt and leaf of an entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry with all that opens it. `body` and `body_salt` are None together, once they were destroyed.

    `leaf` is what is published. `class_` is a short name such as "act.release" or "ticket".
    """

    class_: str
    class_salt: bytes
    body: bytes | None
    body_salt: bytes | None
    leaf: bytes

    @property
    def is_cover(self) -> bool:
        """Whether the entry only fills an epoch."""
        return self.class_ == COVER

    def without_body(self) -> Entry:
        """The entry after its body was destroyed: the leaf stays, and the class still opens."""
        return replace(self, body=None, body_salt=None)


def new_entry(class_: str, body: bytes) -> Entry:
    """Commit to a class and a body with fresh salts. Raises LedgerError for an empty class."""
    return Entry(*commit([(class_, body, 0)])[0])


def commit(said: Sequence[Said]) -> list[Row]:
    """Commit to many classes and bodies at once, each as a row to keep. Raises LedgerError for an empty class."""
    random = secrets.token_bytes(2 * SALT_BYTES * len(said))
    rows: list[Row] = []
    at, half = 0, SALT_BYTES
    # `class_commitment` and `body_commitment` written out, and names kept near: this is the ledger's hottest place.
    hashed, class_tag, body_tag = sha256, CLASS_TAG, BODY_TAG
    for class_, body, _ in said:
        if not class_:
            raise LedgerError("an entry has no class; hint: name what it records, such as act.release")
        class_salt, body_salt = random[at : at + half], random[at + half : at + 2 * half]
        at += 2 * half
        leaf = (
            VERSION
            + hashed(class_tag + class_salt + class_.encode()).digest()
            + hashed(body_tag + body_salt + body).digest()
        )
        rows.append((class_, class_salt, body, body_salt, leaf))
    return rows


def cover() -> Entry:
    """A fresh cover."""
    return new_entry(COVER, b"")


def class_commitment(salt: bytes, class_: str) -> bytes:
    """The commitment to a class, 32 bytes."""
    return sha256(CLASS_TAG + salt + class_.encode()).digest()


def body_commitment(salt: bytes, body: bytes) -> bytes:
    """The commitment to a body, 32 bytes."""
    return sha256(BODY_TAG + salt + body).digest()


def opens_class(leaf: bytes, class_: str, salt: bytes) -> bool:
    """Whether this class and salt open the leaf's first commitment."""
    return _is_leaf(leaf) and len(salt) == SALT_BYTES and leaf[1:33] == class_commitment(salt, class_)


def opens_body(leaf: bytes, body: bytes, salt: bytes) -> bool:
    """Whether this body and salt open the leaf's second commitment."""
    return _is_leaf(leaf) and len(salt) == SALT_BYTES and leaf[33:] == body_commitment(salt, body)


def recomputes(entry: Entry) -> bool:
    """Whether all that the entry still holds opens its own leaf."""
    if not opens_class(entry.leaf, entry.class_, entry.class_salt):
        return False
    if entry.body is None or entry.body_salt is None:
        return entry.body is None and entry.body_salt is None
    return opens_body(entry.leaf, entry.body, entry.body_salt)


def _is_leaf(leaf: bytes) -> bool:
    return len(leaf) == LEAF_BYTES and leaf[:1] == VERSION
