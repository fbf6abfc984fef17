"""The tiled layout, by the examples of c2sp.org/tlog-tiles."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.ledger import LedgerError, TileFolder
from demur.ledger import verifier as stranger
from demur.ledger.tiles import TileNodes, number_path, pack, tile_path, unpack
from demur.ledger.tree import consistency_proof, inclusion_proof, leaf_hash

from .definitions import mth, path, proof


def test_numbers_are_written_in_groups_of_three() -> None:
    assert number_path(1234067) == "x001/x234/067"
    assert [number_path(n) for n in (0, 999, 1000)] == ["000", "999", "x001/000"]
    assert tile_path(0, 273, 112) == "tile/0/273.p/112"
    assert tile_path("entries", 1000) == "tile/entries/x001/000"


@given(st.integers(0, 10**12))
def test_the_verifier_writes_numbers_alike(number: int) -> None:
    assert stranger.number_path(number) == number_path(number)


def files(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_size for p in folder.rglob("*") if p.is_file()}


def test_a_tree_of_seventy_thousand_has_the_tiles_of_the_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)  # the layout is in question here, not the disk
    TileFolder(tmp_path).extend(0, [b"x"] * 70_000)
    found = files(tmp_path)
    assert sum(name.startswith("tile/0/") and size == 8192 for name, size in found.items()) == 273
    assert found["tile/0/273.p/112"] == 112 * 32
    assert found["tile/1/000"] == 8192
    assert found["tile/1/001.p/17"] == 17 * 32
    assert found["tile/2/000.p/1"] == 32
    assert sum(not name.startswith("tile/entries/") for name in found) == 273 + 4


def test_a_tree_of_256_has_a_full_tile_and_one_hash_above(tmp_path: Path) -> None:
    TileFolder(tmp_path).extend(0, [b"x"] * 256)
    assert files(tmp_path) == {
        "tile/0/000": 8192,
        "tile/1/000.p/1": 32,
        "tile/entries/000": 256 * 3,
    }


def test_proofs_from_tiles_are_those_of_the_definition(tmp_path: Path) -> None:
    entries = [n.to_bytes(2, "big") for n in range(600)]
    folder = TileFolder(tmp_path)
    before = 0
    for size in (1, 2, 255, 256, 257, 511, 512, 513, 600):
        folder.extend(before, entries[before - before % 256 : size])
        before = size
        nodes = TileNodes(folder, size)
        for index in {0, 1, size // 2, size - 1} & set(range(size)):
            assert nodes(0, index) == leaf_hash(entries[index])
            assert inclusion_proof(index, size, nodes) == path(index, entries[:size])
        for old in {1, size // 3 + 1, size - 1, size} & set(range(1, size + 1)):
            assert consistency_proof(old, size, nodes) == proof(old, entries[:size])
        assert folder.root(size) == mth(entries[:size])


def test_a_tile_cut_short_is_refused(tmp_path: Path) -> None:
    folder = TileFolder(tmp_path)
    folder.extend(0, [b"x"] * 300)
    (tmp_path / "tile/0/001.p/44").write_bytes(b"x" * 31)
    with pytest.raises(LedgerError, match="cut short"):
        folder.root(300)


@given(st.lists(st.binary(max_size=70), max_size=20))
def test_a_bundle_gives_back_its_entries_and_a_cut_one_none(entries: list[bytes]) -> None:
    bundle = pack(entries)
    assert unpack(bundle) == entries
    if bundle:
        with pytest.raises(LedgerError, match="cut short"):
            unpack(bundle[:-1])
