"""The tiled layout (c2sp.org/tlog-tiles): where hashes and entries lie, and how proofs are read from them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from .errors import LedgerError
from .tree import parents

WIDTH = 256
HASH_BYTES = 32
MAX_ENTRY_BYTES = 65_535


def number_path(number: int) -> str:
    """A tile's number in groups of three digits: 1234067 is x001/x234/067."""
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.append(f"x{number % 1000:03}")
    return "/".join(reversed(groups))


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """The path of a tile below the log's prefix; `level` is "entries" for an entry bundle."""
    return f"tile/{level}/{number_path(number)}" + (f".p/{width}" if width < WIDTH else "")


def widths(size: int) -> list[tuple[int, int]]:
    """For each level of a tree of this size: how many hashes lie there in all (full tiles and the partial one)."""
    levels = []
    level = 0
    while size:
        levels.append((level, size))
        size //= WIDTH
        level += 1
    return levels


class Tiles(Protocol):
    """Whatever holds a log's tiles: a folder, an address, a database."""

    def tile(self, level: int, number: int, width: int) -> bytes:
        """The hashes of a tile, `width` of them. Raises LedgerError where it is missing."""

    def bundle(self, number: int, width: int) -> bytes:
        """The entry bundle as stored. Raises LedgerError where it is missing."""


class TileNodes:
    """Gives the nodes of the tree of `size` leaves from its tiles; call it as `tree.Node`.

    A tile is hashed up once and its eight levels kept, so that many proofs cost little more than slicing.
    """

    def __init__(self, tiles: Tiles, size: int, keep: int = 4096) -> None:
        self.size = size
        self._tiles = tiles
        self._levels = lru_cache(keep)(self._read)

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree at (level, index); it must lie within `size`."""
        tile_level, inner = divmod(level, 8)
        number, offset = divmod(index << inner, WIDTH)
        at = (offset >> inner) * HASH_BYTES
        return self._levels(tile_level, number)[inner][at : at + HASH_BYTES]

    def _read(self, level: int, number: int) -> list[bytes]:
        width = min(WIDTH, (self.size >> (8 * level)) - number * WIDTH)
        data = self._tiles.tile(level, number, width)
        if len(data) != width * HASH_BYTES:
            raise LedgerError(
                f"{tile_path(level, number, width)} has {len(data)} bytes, not {width * HASH_BYTES}; "
                "hint: it was cut short or altered, publish it again"
            )
        levels = [data]
        while len(data) >= 2 * HASH_BYTES:
            data = parents(data[: len(data) // (2 * HASH_BYTES) * (2 * HASH_BYTES)])
            levels.append(data)
        return levels


def pack(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry after its length as a big-endian uint16."""
    return b"".join([len(e).to_bytes(2, "big") + e for e in entries])


def unpack(bundle: bytes) -> list[bytes]:
    """The entries of a bundle. Raises LedgerError where it is cut short."""
    entries = []
    at, end = 0, len(bundle)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(bundle[at:start], "big")
        if at > end or start > end:
            raise LedgerError("an entry bundle ends within an entry; hint: it was cut short, publish it again")
        entries.append(bundle[start:at])
    return entries
