"""The benchmark measures what it says; that its goals are met is for `demur bench` to show, not for a test."""

from __future__ import annotations

from demur.ledger.bench import bench_ledger


def test_every_item_has_its_figure_beside_a_floor_of_the_same_run() -> None:
    items = bench_ledger(rounds=1, entries=3000)
    assert len(items) >= 7
    for item in items:
        assert set(item) == {"name", "value", "unit", "beside", "beside_value", "ratio", "goal", "met"}
        assert item["value"] > 0
        assert item["beside_value"] > 0
        assert item["ratio"] > 0
        assert isinstance(item["met"], bool)
        assert item["goal"]
