"""The ledger measured beside its floors, in one run on one machine.

Floors: one 4 KiB append with fdatasync (nothing durable is faster), a plain insert of the same bodies into SQLite with
the same durability, and SHA-256 of the same bytes. Every figure is the median of at least five rounds, floor and
ledger in turn, so that a busy machine slows both. A CPU-second is `time.process_time`.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from .checkpoint import Checkpoint
from .entry import cover
from .folder import TileFolder
from .log import Log
from .note import ED25519, ML_DSA_44, SignerKey, parse_signatures
from .schedule import LEAVES
from .tiles import TileNodes, number_path
from .tree import Edge, edge_of, inclusion_proof, leaf_hash, verify_inclusion
from .verifier import Key, folder_reader, read_key, verify_ledger

ROUNDS = 7
SUBMITTERS = 256
ENTRIES = 400_000
# An act's entry as the docket writes it, about 200 bytes.
BODY = (
    b'{"case":"7QF2-9K3M-X1AB","seq":12,"act":"release","person":"41","at":"2026-11-23T12:00:00+00:00",'
    b'"payload":"5f2b0f6a8f6c4ad1a1b7c1f0d9d7b9a2","state":"0a4d55a8d778e5022fab701977c5d840"}'
)


def bench_ledger(rounds: int = ROUNDS, entries: int = ENTRIES) -> list[dict[str, Any]]:
    """Measure everything; each item says value, unit, what it stands beside, the goal, and whether it is met."""
    with tempfile.TemporaryDirectory(prefix="demur-bench-") as folder:
        return [
            *_appends(Path(folder), rounds),
            *_proofs(Path(folder), rounds, entries),
            *_epochs(Path(folder), rounds),
        ]


def _item(
    name: str, value: float, unit: str, beside: str, beside_value: float, goal: str, met: bool, ratio: float
) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "beside": beside,
        "beside_value": beside_value,
        "ratio": ratio,
        "goal": goal,
        "met": met,
    }


def _appends(folder: Path, rounds: int) -> list[dict[str, Any]]:
    log = Log(folder / "log.sqlite3")
    plain = sqlite3.connect(folder / "plain.sqlite3", isolation_level=None)
    plain.execute("PRAGMA journal_mode = WAL")
    plain.execute("PRAGMA synchronous = FULL")
    plain.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    block = os.open(folder / "block", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    single: dict[str, list[float]] = {"sync": [], "ours": []}
    thousand: dict[str, list[float]] = {"plain": [], "ours": []}
    many: list[tuple[float, float]] = []

    def insert(count: int) -> None:
        plain.execute("BEGIN IMMEDIATE")
        plain.executemany("INSERT INTO plain (body) VALUES (?)", [(BODY,)] * count)
        plain.execute("COMMIT")

    def sync() -> None:
        os.write(block, bytes(4096))
        os.fdatasync(block)

    asyncio.run(_submit(log, 20))
    for _ in range(rounds):
        single["sync"].append(_rate(sync, 200))
        single["ours"].append(_rate(lambda: log.enter([("act.release", BODY, 0)]), 200))
        thousand["plain"].append(1000 * _rate(lambda: insert(1000), 20))
        thousand["ours"].append(1000 * _rate(lambda: log.enter([("act.release", BODY, 0)] * 1000), 20))
        many.append(asyncio.run(_submit(log, 100)))
    os.close(block)
    plain.close()
    log.close()
    floor, one = statistics.median(single["sync"]), statistics.median(single["ours"])
    base, batch = statistics.median(thousand["plain"]), statistics.median(thousand["ours"])
    group, late = statistics.median(rate for rate, _ in many), statistics.median(p99 for _, p99 in many)
    return [
        _item(
            "ledger: durable single append", one, "appends/s", "fsync limit", floor,
            "at least 0.7 of the fsync limit", one >= 0.7 * floor, one / floor,
        ),
        _item(
            f"ledger: durable appends, {SUBMITTERS} submitters", group, "appends/s",
            f"{SUBMITTERS} a sync", SUBMITTERS * floor, "at least 100000", group >= 100_000,
            group / (SUBMITTERS * floor),
        ),
        _item(
            f"ledger: p99 of an append, {SUBMITTERS} submitters", late, "ms", "one sync", 1000 / floor,
            "at most 15", late <= 15, late * floor / 1000,
        ),
        _item(
            "ledger: durable batch of 1000", batch, "entries/s", "plain insert", base,
            "at least 0.4 of a plain insert", batch >= 0.4 * base, batch / base,
        ),
    ]  # fmt: skip


async def _submit(log: Log, each: int) -> tuple[float, float]:
    """Appends per second, and the 99th percentile in ms, of submitters who each wait for every one of theirs."""
    took: list[float] = []

    async def submitter() -> None:
        for _ in range(each):
            start = time.perf_counter()
            await log.append("act.release", BODY)
            took.append(time.perf_counter() - start)

    start = time.perf_counter()
    await asyncio.gather(*(submitter() for _ in range(SUBMITTERS)))
    elapsed = time.perf_counter() - start
    took.sort()
    return len(took) / elapsed, 1000 * took[len(took) * 99 // 100]


def _rate(work: Callable[[], object], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        work()
    return times / (time.perf_counter() - start)


def _per_cpu(work: Callable[[], int]) -> float:
    start = time.process_time()
    done = work()
    return done / (time.process_time() - start)


def _epochs(folder: Path, rounds: int, count: int = 65_536) -> list[dict[str, Any]]:
    """A ledger as it is published, with a checkpoint, signed twice, every 64 entries."""
    public = TileFolder(folder / "epochs")
    leaves: list[bytes] = []
    edge = Edge()
    keys = [SignerKey.generate("bench.example/log", type_) for type_ in (ED25519, ML_DSA_44)]
    (public.path / "checkpoints" / "x001").mkdir(parents=True)
    for number in range(1, count // LEAVES + 1):
        epoch = sorted(cover().leaf for _ in range(LEAVES))
        leaves += epoch
        edge.extend([leaf_hash(leaf) for leaf in epoch])
        note = str(Checkpoint(keys[0].name, edge.size, edge.root()).sign(keys))
        (public.path / "checkpoints" / number_path(number)).write_text(note, "utf-8")
    public.extend(0, leaves)
    public.put_checkpoint(note)
    trusted = [read_key(str(key.verifier())) for key in keys]
    audit = statistics.median(_per_cpu(lambda: _audited(public, trusted)) for _ in range(rounds))
    text = Checkpoint(keys[0].name, edge.size, edge.root()).text
    lines = [(key.verifier(), key.sign(text)) for key in keys]
    parsed = [(key, parse_signatures(line)[0].signature) for key, line in lines]

    def checked() -> int:
        for _ in range(500):
            for key, signature in parsed:
                key.verifies(text, signature)
        return 500 * LEAVES

    floor = statistics.median(_per_cpu(checked) for _ in range(rounds))
    return [
        _item(
            "ledger: full audit, two signatures every 64 entries", audit, "entries per CPU-s", "the signatures alone",
            floor, "at least 0.5 of the signatures alone", audit >= 0.5 * floor, audit / floor,
        )
    ]  # fmt: skip


def _audited(public: TileFolder, keys: list[Key]) -> int:
    report = verify_ledger(folder_reader(public.path), "bench", keys)
    if not report.sound:
        raise AssertionError(str(report))
    return report.size


def _proofs(folder: Path, rounds: int, entries: int) -> list[dict[str, Any]]:
    public = TileFolder(folder / "public")
    noise = secrets.token_bytes(64 * entries)
    leaves = sorted(b"\x01" + noise[at : at + 64] for at in range(0, len(noise), 64))
    public.extend(0, leaves)
    nodes = TileNodes(public, entries)
    root = edge_of(entries, nodes).root()
    key = SignerKey.generate("bench.example/log")
    note = str(Checkpoint(key.name, entries, root).sign([key]))
    public.put_past(1, note)
    public.put_checkpoint(note)
    chosen = random.Random(6962).sample(range(entries), min(entries, 20_000))
    proofs = [(leaf_hash(leaves[i]), i, inclusion_proof(i, entries, nodes)) for i in chosen]
    length = statistics.mean(len(proof) for _, _, proof in proofs)
    keys = [read_key(str(key.verifier()))]

    def made() -> int:
        for i in chosen:
            inclusion_proof(i, entries, nodes)
        return len(chosen)

    def verified() -> int:
        if not all(verify_inclusion(leaf, i, entries, proof, root) for leaf, i, proof in proofs):
            raise AssertionError("a proof of our own does not verify")
        return len(proofs)

    def hashed() -> int:
        pair = bytes(65)
        for _ in range(200_000):
            sha256(pair).digest()
        return 200_000

    figures: dict[str, list[float]] = {"made": [], "verified": [], "audited": [], "hashed": []}
    for _ in range(rounds):
        for name, work in (
            ("hashed", hashed),
            ("made", made),
            ("verified", verified),
            ("audited", lambda: _audited(public, keys)),
        ):
            figures[name].append(_per_cpu(work))
    hashes, make, verify, audit = (statistics.median(figures[n]) for n in ("hashed", "made", "verified", "audited"))
    return [
        _item(
            f"ledger: inclusion proofs made, {entries} entries", make, "per CPU-s", f"{length:.0f} hashes",
            hashes / length, "at least 40000", make >= 40_000, make * length / hashes,
        ),
        _item(
            f"ledger: inclusion proofs verified, {entries} entries", verify, "per CPU-s", f"{length + 1:.0f} hashes",
            hashes / (length + 1), "at least 80000", verify >= 80_000, verify * (length + 1) / hashes,
        ),
        _item(
            "ledger: full audit", audit, "entries per CPU-s", "two hashes an entry", hashes / 2,
            "at least 500000", audit >= 500_000, audit * 2 / hashes,
        ),
    ]  # fmt: skip
