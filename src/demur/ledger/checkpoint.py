"""Checkpoints (c2sp.org/tlog-checkpoint): a log's origin, size and root as the text of a signed note."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import LedgerError
from .note import Note, SignerKey, signed


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: which log, how many leaves, and their root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note text, three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text; extension lines are passed over. Raises LedgerError."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise LedgerError("no checkpoint; hint: it has three lines: origin, size, root")
        origin, size, root = lines[:3]
        if not (size.isascii() and size.isdigit()) or (size != "0" and size.startswith("0")) or len(size) > 19:
            raise LedgerError(f"a checkpoint's size is {size[:20]!r}; hint: a decimal number")
        try:
            digest = base64.b64decode(root, validate=True)
        except (binascii.Error, ValueError):
            digest = b""
        if len(digest) != 32:
            raise LedgerError("a checkpoint's root is not 32 bytes of base64; hint: copy the whole note")
        return cls(origin, int(size), digest)

    def sign(self, keys: Iterable[SignerKey], now: float | None = None) -> Note:
        """The checkpoint signed by these keys; `now` in POSIX seconds."""
        return signed(self.text, keys, now)
