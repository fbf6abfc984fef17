"""The docket's entries in the ledger: made in the same transaction as the act, published later in epochs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from demur.ledger import (
    ED25519,
    ML_DSA_44,
    OWN,
    CaughtUp,
    LedgerError,
    Lock,
    Schedule,
    SignerKey,
    SqlStore,
    TileFolder,
    catch_up,
    new_entry,
    receipt,
    release,
    seal,
)
from demur.ledger.cosign import cosigner
from demur.ledger.epoch import Cosign
from demur.ledger.note import kept_keys
from demur.ledger.receipt import Part
from demur.ledger.schedule import check_number
from demur.options import option

ORIGIN = "demur.invalid/docket"
"""The log's name until the provider gives it one of its own."""


def canonical(value: Any) -> bytes:
    """JSON in one form: keys sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value: Any) -> str:
    """The SHA-256 of a value in its one form, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def append(kind: str, body: dict[str, Any], *, urgent: bool = False) -> int:
    """Append an entry and give its id; the caller's transaction makes it durable together with the act."""
    with connection.cursor() as cursor:
        return SqlStore.of(connection).append(cursor, new_entry(kind, canonical(body)), urgent=urgent)


def publish(data: Path, *, now: datetime, keys: Sequence[SignerKey] | None = None, cosign: Cosign | None = None) -> int:
    """Seal the next epoch and bring the public folder up to date; gives how many epochs were published now.

    The public folder is `data`/ledger; the log's keys and the lock of its last checkpoint lie beside the database,
    not in it, so that an older backup cannot fork the log. Witnesses are those configured, unless `cosign` is given.
    `now` is UTC. Raises LedgerError; what was sealed by then is published by the next call. Raises RuntimeError
    within a transaction: it waits for the disk and for witnesses, and acts must not.
    """
    signers = list(keys or log_keys(data))
    folder, lock = _public(data)
    store = SqlStore.of(connection)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        seal(store, cursor, folder, lock, signers, now=now)
    with connection.cursor() as cursor:
        return release(store, cursor, folder, lock, [key.verifier() for key in signers], cosign=cosign or witnesses())


def witnesses() -> Cosign | None:
    """Who is asked to cosign: the witnesses with an address in the policy file that DEMUR_WITNESSES names.

    None by default: nothing calls out that nobody configured. Raises LedgerError where the file cannot be read.
    """
    path = option("witnesses")
    if not path:
        return None
    try:
        return cosigner(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise LedgerError(f"the policy of witnesses {path} cannot be read; hint: see DEMUR_WITNESSES") from None


def proof(data: Path, index: int, show: Sequence[Part] = ()) -> str:
    """The receipt (.tlog-proof) of the entry at this place of the public log; `show` says what of it is opened.

    Raises LedgerError where there is no such entry, it is not published yet, or its body was destroyed.
    """
    store = SqlStore.of(connection)
    with connection.cursor() as cursor:
        return receipt(store.at(cursor, index), _public(data)[0], show)


def catch_up_with_log(data: Path) -> CaughtUp:
    """After an older backup was restored: take what the log has signed since from the public folder, and enter so.

    Raises LedgerError where folder and database contradict each other, or neither holds all that was signed.
    """
    folder, lock = _public(data)
    keys = [key.verifier() for key in log_keys(data)]
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        found = catch_up(SqlStore.of(connection), cursor, folder, lock, keys)
        if found.epochs:
            append("ledger.restored", asdict(found))
        return found


# ------------------------------------------------------------------ what is done to the log itself


def destroy(position: int, *, by: str, why: str, now: datetime) -> str:
    """Destroy the body of the entry at this place of the public log, with its salt, and enter so; gives its class.

    Leaf and class stay, so that it is still counted. Raises LedgerError where there is no such entry, or nothing in
    it to destroy; what the log says of itself is never destroyed, or the reason for a destruction could be.
    """
    store = SqlStore.of(connection)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        stored = store.at(cursor, position)
        kind = stored.entry.class_
        if stored.entry.is_cover or kind.startswith(OWN):
            says = "is a cover and says nothing" if stored.entry.is_cover else f"is the log's own ({kind})"
            raise LedgerError(f"entry {position} {says}; hint: only what an act said can be destroyed")
        if not store.destroy_body(cursor, stored.id):
            raise LedgerError(f"entry {position} holds no body any more; hint: it was destroyed, or lost, before")
        append(f"{OWN}destroyed", {"entry": position, "class": kind, "by": by, "why": why, "at": now.isoformat()})
    return kind


def opened(first: int, last: int, *, bodies: bool, by: str, to: str, why: str, now: datetime) -> None:
    """Enter that the entries at these places (both counted) are opened: on whose decision, to whom and why.

    Called before anything is shown. Raises LedgerError where the log has no such span.
    """
    store = SqlStore.of(connection)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        store.at(cursor, first)
        store.at(cursor, last)
        if last < first:
            raise LedgerError(f"{first} to {last} is no span; hint: the first place, then the last")
        span = {"first": first, "last": last, "bodies": bodies}
        append(f"{OWN}opened", {**span, "by": by, "to": to, "why": why, "at": now.isoformat()})


def schedule(data: Path) -> tuple[Schedule, int]:
    """How many leaves an epoch has, as announced, and how many entries wait for one."""
    with connection.cursor() as cursor:
        return _public(data)[0].schedule() or Schedule(), SqlStore.of(connection).count_waiting(cursor)


def announce(data: Path, leaves: int, start: date | None, *, by: str, now: datetime) -> Schedule:
    """Announce how many leaves an epoch has from a day on, and enter so; gives the schedule as it is public now.

    Before the first epoch nothing needs notice: it begins with this number where `start` is None. Raises LedgerError.
    """
    store, (folder, _) = SqlStore.of(connection), _public(data)
    # The file is written last: where it is not followed by the commit, the same change is entered the next time.
    with folder.held(), transaction.atomic(durable=True), connection.cursor() as cursor:
        begun = store.head(cursor) is not None
        before = folder.schedule()
        if start is not None:
            after = (before or Schedule()).changed(start, leaves, today=now.date())
        elif begun:
            raise LedgerError("from which day is not said; hint: --from DAY, a week ahead or more")
        else:
            check_number(leaves)
            after = Schedule(((date.min, leaves),))
        kind = f"{OWN}scheduled"
        entered = store.latest(cursor, kind)
        said = {"leaves": leaves, "from": start.isoformat() if start else "", "schedule": str(after)}
        if after == before and entered and json.loads(entered.entry.body or b"{}").get("schedule") == str(after):
            raise LedgerError("this is announced already; hint: see `demur ledger schedule`")
        append(kind, {**said, "by": by, "at": now.isoformat()})
        folder.put_schedule(after)
    return after


def _public(data: Path) -> tuple[TileFolder, Lock]:
    return TileFolder(data / "ledger"), Lock(data / "ledger.lock")


def log_keys(data: Path, origin: str = ORIGIN) -> list[SignerKey]:
    """The log's own keys (Ed25519, and ML-DSA-44 against a quantum computer), made on first use."""
    return kept_keys(data / "ledger-keys", origin, (ED25519, ML_DSA_44))
