"""The benchmark of the docket runs, on acts as they are now."""

from __future__ import annotations

from demur.bench import docket


def test_it_takes_demands_the_whole_way(monkeypatch):
    for name in ("ROUNDS", "RECEIPTS", "DEMANDS"):
        monkeypatch.setattr(docket, name, 1)
    receipts, demands = docket.bench()
    assert receipts["value"] > 0
    assert demands["value"] > 0
    assert demands["name"] == "docket: demands the whole way, 10 acts"
    assert demands["beside_value"] > 0
