"""The ledger, in process, beside its floors."""

from __future__ import annotations

from . import Row


def bench() -> list[Row]:
    """What the ledger's own benchmark measures."""
    from demur.ledger.bench import bench_ledger

    return bench_ledger()
