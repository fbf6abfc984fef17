"""Checking a ledger: what is public, from a folder or an address, and what the database holds behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .entry import recomputes
from .errors import LedgerError
from .restore import lost_entry
from .store import Cursor, SqlStore
from .tree import Edge, leaf_hash
from .verifier import (
    Policy,
    ProofReport,
    Recount,
    VerifyReport,
    Wrong,
    read_key,
    read_policy,
    reader_of,
    verify_ledger,
    verify_proof,
)
from .verifier import recount as recount_openings

__all__ = [
    "DatabaseReport",
    "Policy",
    "ProofReport",
    "Recount",
    "VerifyReport",
    "recount",
    "verify",
    "verify_database",
    "verify_receipt",
]


def verify(place: str | Path, *, keys: Sequence[str] = (), policy: str | None = None) -> VerifyReport:
    """Check everything that a ledger publishes, in a folder or at an http(s) address.

    `keys` are verifier keys to insist on; `policy` is the text of a policy file (c2sp.org/tlog-policy). Without
    either, the ledger is checked against the keys in its own folder, and the report says so. Raises LedgerError
    where the place, a key or the policy cannot be read.
    """
    try:
        rules = read_policy(policy) if policy is not None else None
        return verify_ledger(reader_of(str(place)), str(place), [read_key(key) for key in keys], rules)
    except Wrong as error:
        raise LedgerError(str(error)) from None


def verify_receipt(
    text: str, *, keys: Sequence[str] = (), policy: str | None = None, leaf: bytes | None = None
) -> ProofReport:
    """Check a `.tlog-proof` receipt offline. Raises LedgerError where it, a key or the policy cannot be read."""
    try:
        rules = read_policy(policy) if policy is not None else None
        return verify_proof(text, [read_key(key) for key in keys], rules, leaf)
    except Wrong as error:
        raise LedgerError(str(error)) from None


def recount(place: str | Path, openings: Iterable[str]) -> Recount:
    """Count, by class, the leaves that an auditor was shown (`audit.open_span`), held against the public ledger.

    Check the ledger itself first. Raises LedgerError where the place or an opening cannot be read.
    """
    try:
        return recount_openings(reader_of(str(place)), openings)
    except Wrong as error:
        raise LedgerError(str(error)) from None


@dataclass
class DatabaseReport:
    """What the database holds behind the public log, and what is wrong with it."""

    entries: int = 0
    published: int = 0
    destroyed: int = 0
    lost: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def __str__(self) -> str:
        if not self.sound:
            return "\n".join(["the database is not sound:", *(f"  {p}" for p in self.problems)])
        said = (
            f"the database is sound: {self.entries} entries open their leaves, {self.published} of them published, "
            f"{self.destroyed} with their body destroyed"
        )
        if self.lost:
            said += (
                f"\n  note: {self.lost} more are known by their leaf only, since an older backup was restored; "
                "hint: what they said may be in a newer backup"
            )
        return said


def verify_database(store: SqlStore, cursor: Cursor) -> DatabaseReport:
    """Check that every row opens its own leaf, and that the leaves give the root of every epoch."""
    report = DatabaseReport()
    last = 0
    while rows := store.entries(cursor, last):
        for row in rows:
            if row.entry == lost_entry(row.entry.leaf):
                report.lost += 1
                continue
            report.entries += 1
            report.published += row.position is not None
            report.destroyed += row.entry.body is None
            if not recomputes(row.entry):
                report.problems.append(
                    f"entry {row.id} does not open its leaf; hint: the row was altered, compare it with a backup"
                )
        last = rows[-1].id
    edge = Edge()
    for epoch in store.epochs(cursor):
        try:
            edge.extend([leaf_hash(leaf) for leaf in store.leaves(cursor, edge.size, epoch.size)])
        except LedgerError as error:
            report.problems.append(str(error))
            break
        if edge.root() != epoch.root:
            report.problems.append(
                f"epoch {epoch.number}: the leaves give another root than was signed; "
                "hint: a published row was altered, compare it with the public folder"
            )
            break
    return report
