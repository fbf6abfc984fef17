"""The Merkle tree of RFC 6962, section 2.1, over SHA-256.

Everything here is a pure function of hashes. A `Node` reader gives the hash of a complete subtree: level 0 holds
leaf hashes, and node `i` of level `l` covers the leaves `[i << l, (i + 1) << l)`; proofs are made from it alone,
wherever the hashes are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from .errors import LedgerError

Node = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree at (level, index)."""

EMPTY_ROOT = sha256(b"").digest()
"""MTH of the empty list (RFC 6962, 2.1)."""


def leaf_hash(entry: bytes) -> bytes:
    """MTH of one entry: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def parents(hashes: bytes) -> bytes:
    """The level above a level: `hashes` is an even number of 32-byte hashes, concatenated; half as many come back."""
    return b"".join([sha256(b"\x01" + hashes[at : at + 64]).digest() for at in range(0, len(hashes), 64)])


def root(hashes: Sequence[bytes]) -> bytes:
    """MTH of these leaf hashes."""
    edge = Edge()
    edge.extend(hashes)
    return edge.root()


class Edge:
    """The right edge of a growing tree: the roots of its complete subtrees, largest first (a compact range).

    It is all that is needed to append and to know the root: one hash per set bit of `size`.
    """

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise LedgerError(
                f"a tree of {size} leaves has {size.bit_count()} edge hashes, not {len(self.hashes)}; "
                "hint: the stored head is damaged, rebuild it from the leaves"
            )

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Edge:
        """Read back what `to_bytes` wrote. Raises LedgerError where the number of hashes does not fit the size."""
        return cls(size, [data[at : at + 32] for at in range(0, len(data), 32)])

    def to_bytes(self) -> bytes:
        """The edge's hashes, concatenated."""
        return b"".join(self.hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        hashes, size = self.hashes, self.size
        while size & 1:
            leaf = sha256(b"\x01" + hashes.pop() + leaf).digest()
            size >>= 1
        hashes.append(leaf)
        self.size += 1

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add many leaf hashes; whole aligned blocks are hashed level by level."""
        at, count = 0, len(leaves)
        while at < count:
            # The largest block that starts at this size: as aligned as the size is, as long as what is left.
            height = (count - at).bit_length() - 1
            if self.size:
                height = min(height, (self.size & -self.size).bit_length() - 1)
            block = b"".join(leaves[at : at + (1 << height)])
            for _ in range(height):
                block = parents(block)
            self.put(height, block)
            at += 1 << height

    def put(self, height: int, subtree: bytes) -> None:
        """Add a complete subtree of `1 << height` leaves by its root; the size must be a multiple of that."""
        size = self.size >> height
        while size & 1:
            subtree = node_hash(self.hashes.pop(), subtree)
            size >>= 1
        self.hashes.append(subtree)
        self.size += 1 << height

    def root(self) -> bytes:
        """MTH of all leaves so far."""
        if not self.hashes:
            return EMPTY_ROOT
        folded = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            folded = node_hash(left, folded)
        return folded


def edge_of(size: int, node: Node) -> Edge:
    """The right edge of the tree of `size` leaves, from its nodes."""
    hashes, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            hashes.append(node(level, start >> level))
            start += 1 << level
    return Edge(size, hashes)


def range_root(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]); `start` is a multiple of the largest power of two not above `end - start`."""
    count = end - start
    folded = b""
    level = 0
    # Right to left: the lowest set bit of what is left is the rightmost complete subtree.
    while count:
        level = (count & -count).bit_length() - 1
        count &= count - 1
        piece = node(level, (start + count) >> level)
        folded = node_hash(piece, folded) if folded else piece
    return folded or EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962, 2.1.1: from the leaf's sibling up to the root's child.

    Raises LedgerError where `index` is not below `size`.
    """
    if not 0 <= index < size:
        raise LedgerError(f"no entry {index} in a tree of {size}; hint: entries count from 0")
    above: list[bytes] = []
    low, high = 0, size
    while (high - low) & (high - low - 1):
        split = low + (1 << ((high - low - 1).bit_length() - 1))
        if index < split:
            above.append(range_root(split, high, node))
            high = split
        else:
            above.append(node((split - low).bit_length() - 1, low >> ((split - low).bit_length() - 1)))
            low = split
    # What remains is a complete subtree: every sibling is a node.
    path = [node(level, index >> level ^ 1) for level in range((high - low).bit_length() - 1)]
    above.reverse()
    return path + above


def consistency_proof(old: int, size: int, node: Node) -> list[bytes]:
    """PROOF(old, D[size]) of RFC 6962, 2.1.2; empty where `old` is 0 or `size`.

    Raises LedgerError where `old` is greater than `size`.
    """
    if not 0 <= old <= size:
        raise LedgerError(f"no proof from {old} to {size} leaves; hint: a log only grows")
    if old in (0, size):
        return []
    proof: list[bytes] = []
    low, high, whole = 0, size, True
    while old != high:
        split = low + (1 << ((high - low - 1).bit_length() - 1))
        if old <= split:
            proof.append(range_root(split, high, node))
            high = split
        else:
            proof.append(range_root(low, split, node))
            low, whole = split, False
    if not whole:
        proof.append(range_root(low, high, node))
    proof.reverse()
    return proof


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows the leaf hash at `index` in the tree of `size` with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    # Below the level where index and the last leaf part, each proof hash is the sibling; above it, only left ones
    # stand (RFC 9162's inner and border parts).
    inner = (index ^ (size - 1)).bit_length()
    if len(proof) != inner + (index >> inner).bit_count():
        return False
    folded = leaf
    for sibling in proof[:inner]:
        folded = sha256(b"\x01" + sibling + folded if index & 1 else b"\x01" + folded + sibling).digest()
        index >>= 1
    for sibling in proof[inner:]:
        folded = sha256(b"\x01" + sibling + folded).digest()
    return folded == root


def verify_consistency(old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """Whether the proof shows that the tree of `size` begins with the tree of `old` (RFC 9162, 2.1.4.2)."""
    if old == size:
        return not proof and old_root == root
    if not 0 <= old < size:
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    left, last = old - 1, size - 1
    while left & 1:
        left, last = left >> 1, last >> 1
    before = after = path[0]
    for piece in path[1:]:
        if last == 0:
            return False
        if left & 1 or left == last:
            before, after = node_hash(piece, before), node_hash(piece, after)
            while not left & 1 and left:
                left, last = left >> 1, last >> 1
        else:
            after = node_hash(after, piece)
        left, last = left >> 1, last >> 1
    return last == 0 and before == old_root and after == root
