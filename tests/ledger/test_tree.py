"""The tree is RFC 6962's, hash by hash and proof by proof."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.ledger import LedgerError, tree

from .definitions import mth, path, proof

# The eight entries and roots of the reference vectors of Certificate Transparency (merkle_tree_test.cc).
ENTRIES = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                      "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def nodes(entries: list[bytes]) -> tree.Node:
    return lambda level, index: mth(entries[index << level : (index + 1) << level])


def entries_of(count: int) -> list[bytes]:
    return [count.to_bytes(2, "big") for count in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_it_gives_the_roots_of_the_reference_vectors(size: int) -> None:
    assert tree.root([tree.leaf_hash(entry) for entry in ENTRIES[:size]]).hex() == ROOTS[size]
    assert mth(ENTRIES[:size]).hex() == ROOTS[size]


def test_it_proves_and_verifies_every_entry_and_every_growth_up_to_forty() -> None:
    for size in range(1, 41):
        entries = entries_of(size)
        root = mth(entries)
        for index in range(size):
            made = tree.inclusion_proof(index, size, nodes(entries))
            assert made == path(index, entries)
            assert tree.verify_inclusion(tree.leaf_hash(entries[index]), index, size, made, root)
        for old in range(1, size + 1):
            made = tree.consistency_proof(old, size, nodes(entries))
            assert made == proof(old, entries)
            assert tree.verify_consistency(old, size, made, mth(entries[:old]), root)


def test_a_proof_of_one_entry_proves_no_other_place_size_or_entry() -> None:
    entries = entries_of(21)
    root = mth(entries)
    made = path(13, entries)
    leaf = tree.leaf_hash(entries[13])
    right = [
        (index, size)
        for size in range(1, 64)
        for index in range(size)
        if tree.verify_inclusion(leaf, index, size, made, root)
    ]
    # The shape of the path is all that a proof fixes: sizes whose tree puts index 13 on the same turns pass too,
    # which is why the size comes from the signed checkpoint.
    assert (13, 21) in right
    assert all(index == 13 and path_turns(13, size) == path_turns(13, 21) for index, size in right)
    for broken in (made[:-1], [*made, made[0]], [made[1], made[0], *made[2:]], [b"\0" * 32, *made[1:]]):
        assert not tree.verify_inclusion(leaf, 13, 21, broken, root)
    assert not tree.verify_inclusion(tree.leaf_hash(entries[12]), 13, 21, made, root)
    assert not tree.verify_inclusion(leaf, 21, 21, made, root)
    assert not tree.verify_inclusion(leaf, -1, 21, made, root)


def path_turns(index: int, size: int) -> list[bool]:
    turns = []
    while size > 1:
        k = 1
        while k * 2 < size:
            k *= 2
        turns.append(index < k)
        index, size = (index, k) if index < k else (index - k, size - k)
    return turns


@given(st.integers(1, 200), st.data())
def test_no_altered_consistency_proof_passes(size: int, data: st.DataObject) -> None:
    entries = entries_of(size)
    old = data.draw(st.integers(1, size))
    made = proof(old, entries)
    old_root, root = mth(entries[:old]), mth(entries)
    assert tree.verify_consistency(old, size, made, old_root, root)
    other = sha256(b"other").digest()
    for at in range(len(made)):
        assert not tree.verify_consistency(old, size, [*made[:at], other, *made[at + 1 :]], old_root, root)
        assert not tree.verify_consistency(old, size, [*made[:at], *made[at + 1 :]], old_root, root)
    assert not tree.verify_consistency(old, size, made, other, root)
    assert not tree.verify_consistency(old, size, made, old_root, other)
    assert not tree.verify_consistency(old, size, [*made, other], old_root, root)


@given(st.integers(0, 700), st.lists(st.integers(0, 300), max_size=5))
def test_an_edge_grown_in_any_steps_is_the_tree(start: int, steps: list[int]) -> None:
    entries = entries_of(start + sum(steps))
    hashes = [tree.leaf_hash(entry) for entry in entries]
    edge = tree.Edge()
    for leaf in hashes[:start]:
        edge.append(leaf)
    size = start
    for step in steps:
        edge.extend(hashes[size : size + step])
        size += step
        edge = tree.Edge.from_bytes(edge.size, edge.to_bytes())
        assert edge.root() == mth(entries[:size])


def test_a_damaged_edge_is_refused() -> None:
    with pytest.raises(LedgerError, match="hint"):
        tree.Edge.from_bytes(3, b"\0" * 32)


def test_what_is_not_there_cannot_be_proven() -> None:
    with pytest.raises(LedgerError):
        tree.inclusion_proof(3, 3, nodes(entries_of(3)))
    with pytest.raises(LedgerError):
        tree.consistency_proof(4, 3, nodes(entries_of(3)))
    assert tree.consistency_proof(0, 3, nodes(entries_of(3))) == []
    assert tree.verify_consistency(0, 3, [], tree.EMPTY_ROOT, mth(entries_of(3)))
