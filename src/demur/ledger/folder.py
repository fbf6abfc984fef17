"""The public log as a folder of static files, which any web server can serve.

    checkpoint              the latest signed checkpoint
    tile/<L>/<N>[.p/<W>]    hashes, tile/entries/<N>[.p/<W>] entries (c2sp.org/tlog-tiles)
    keys                    the log's verifier keys, for a first look
    schedule                how many leaves an epoch has, from which day
    checkpoints/<N>         the checkpoint of every epoch, so that anybody can check that the log only grew

Data is written and synced before the checkpoint that speaks of it, each file under another name first, so that a
reader, or a crash, never meets half a file.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import ForkError, LedgerError
from .note import Note, VerifierKey
from .schedule import Schedule
from .tiles import HASH_BYTES, WIDTH, TileNodes, number_path, pack, tile_path, unpack, widths
from .tree import edge_of, leaf_hash, parents


class TileFolder:
    """A log's tiles in a folder; reads for proofs, writes for publication. One writer at a time."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def tile(self, level: int, number: int, width: int) -> bytes:
        """The hashes of a tile; a partial tile that is gone is read from the full one (tlog-tiles, partial tiles)."""
        return self._data(level, number, width)[: width * HASH_BYTES]

    def bundle(self, number: int, width: int) -> bytes:
        """An entry bundle, partial or, where that is gone, full."""
        return self._data("entries", number, width)

    def _data(self, level: int | str, number: int, width: int) -> bytes:
        for wide in dict.fromkeys((width, WIDTH)):
            try:
                return (self.path / tile_path(level, number, wide)).read_bytes()
            except FileNotFoundError:
                continue
        raise LedgerError(f"{tile_path(level, number, width)} is missing; hint: publish the log again")

    def leaves(self, start: int, end: int, size: int) -> list[bytes]:
        """The published leaves at [start, end) of the tree of `size`."""
        found: list[bytes] = []
        for number in range(start // WIDTH, -(-end // WIDTH)):
            base = number * WIDTH
            bundle = unpack(self.bundle(number, min(WIDTH, size - base)))
            found += bundle[max(0, start - base) : end - base]
        return found

    def checkpoint(self) -> str | None:
        """The published checkpoint, None before the first."""
        return self._text("checkpoint")

    def past_checkpoint(self, number: int) -> str | None:
        """The checkpoint of an epoch, None where it was not published."""
        return self._text(f"checkpoints/{number_path(number)}")

    def _text(self, name: str) -> str | None:
        try:
            return (self.path / name).read_text("utf-8")
        except FileNotFoundError:
            return None

    def extend(self, size: int, leaves: Sequence[bytes]) -> int:
        """Write the entries and hashes of leaves that follow the first `size`; gives the new size.

        `leaves` begin at the start of the bundle that `size` lies in, so that partial ones are written whole.
        Writing the same again changes nothing. No checkpoint is written here.
        """
        base = size - size % WIDTH
        end = base + len(leaves)
        touched: set[Path] = set()
        for at in range(0, len(leaves), WIDTH):
            chunk = leaves[at : at + WIDTH]
            touched.add(self._put("entries", (base + at) // WIDTH, len(chunk), pack(chunk)))
        hashes = b"".join([leaf_hash(leaf) for leaf in leaves])
        for level, count in widths(end):
            start = (size >> 8 * level) // WIDTH * WIDTH
            kept = start + len(hashes) // HASH_BYTES - count
            if kept:
                raise LedgerError("the leaves do not begin where the tile does; hint: begin at a multiple of 256")
            up = []
            for at in range(0, len(hashes), WIDTH * HASH_BYTES):
                data = hashes[at : at + WIDTH * HASH_BYTES]
                number = start // WIDTH + at // (WIDTH * HASH_BYTES)
                touched.add(self._put(level, number, len(data) // HASH_BYTES, data))
                if len(data) == WIDTH * HASH_BYTES:
                    up.append(_tile_root(data))
            # The level above begins at its own tile: what it holds already comes first.
            above = size >> 8 * (level + 1)
            held = above % WIDTH
            before = self.tile(level + 1, above // WIDTH, held) if held else b""
            hashes = before + b"".join(up)
        for folder in touched:
            _sync(folder)
        return end

    def root(self, size: int) -> bytes:
        """The root of the tree of `size`, computed from the tiles as they lie on the disk."""
        return edge_of(size, TileNodes(self, size)).root()

    def schedule(self) -> Schedule | None:
        """How many leaves an epoch has, as announced; None before the first epoch."""
        text = self._text("schedule")
        return None if text is None else Schedule.parse(text)

    def put_schedule(self, schedule: Schedule) -> None:
        """Announce how many leaves an epoch has. Use `Schedule.changed`, which demands due notice."""
        write_durably(self.path / "schedule", str(schedule).encode())

    def put_keys(self, keys: Sequence[VerifierKey]) -> None:
        """Publish the log's verifier keys, one a line, for a first look; whoever checks has them from elsewhere too."""
        text = "".join(f"{key}\n" for key in keys)
        if self._text("keys") != text:
            write_durably(self.path / "keys", text.encode())

    def put_past(self, number: int, checkpoint: str) -> None:
        """Keep an epoch's checkpoint in the history; one that lies there with cosignatures is left as it is."""
        before = self.past_checkpoint(number)
        if before is not None and Note.parse(before).text != Note.parse(checkpoint).text:
            raise ForkError(
                f"checkpoints/{number_path(number)} is of another tree; hint: keep it, it is the proof of a fork"
            )
        if before is None or len(before) < len(checkpoint):
            write_durably(self.path / "checkpoints" / number_path(number), checkpoint.encode())

    def put_checkpoint(self, checkpoint: str) -> None:
        """Publish the latest checkpoint. Its data must lie there already."""
        write_durably(self.path / "checkpoint", checkpoint.encode())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps a second writer waiting until the first is done."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".held").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    def prune_partial(self, before: int, size: int) -> None:
        """Delete the partial tiles at size `before` that are full at `size` (tlog-tiles, partial tiles)."""
        levels: list[tuple[int | str, int]] = [("entries", 0), *((level, level) for level, _ in widths(before))]
        for name, level in levels:
            number = (before >> 8 * level) // WIDTH
            if (size >> 8 * level) // WIDTH > number:
                partial = (self.path / tile_path(name, number, 1)).parent
                if partial.is_dir():
                    for piece in partial.iterdir():
                        piece.unlink()
                    partial.rmdir()

    def _put(self, level: int | str, number: int, width: int, data: bytes) -> Path:
        path = self.path / tile_path(level, number, width)
        if not (path.exists() and path.read_bytes() == data):
            write_durably(path, data, sync_folder=False)
        return path.parent


def _tile_root(data: bytes) -> bytes:
    while len(data) > HASH_BYTES:
        data = parents(data)
    return data


def write_durably(path: Path, data: bytes, *, sync_folder: bool = True) -> None:
    """Write a file so that a crash leaves the old one or the new one, whole. Raises OSError (a full disk)."""
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        _sync(folder.parent)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    if sync_folder:
        _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
