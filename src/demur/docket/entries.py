"""The docket's entries in the ledger: made in the same transaction as the act, published later in epochs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from demur.ledger import ED25519, ML_DSA_44, Lock, SignerKey, SqlStore, TileFolder, new_entry, release, seal
from demur.ledger.epoch import Cosign

ORIGIN = "demur.invalid/docket"
"""The log's name until the provider gives it one of its own."""


def canonical(value: Any) -> bytes:
    """JSON in one form: keys sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def append(kind: str, body: dict[str, Any], *, urgent: bool = False) -> int:
    """Append an entry and give its id; the caller's transaction makes it durable together with the act."""
    with connection.cursor() as cursor:
        return SqlStore.of(connection).append(cursor, new_entry(kind, canonical(body)), urgent=urgent)


def publish(data: Path, *, now: datetime, keys: Sequence[SignerKey] | None = None, cosign: Cosign | None = None) -> int:
    """Seal the next epoch and bring the public folder up to date; gives how many epochs were published now.

    The public folder is `data`/ledger; the log's keys and the lock of its last checkpoint lie beside the database,
    not in it, so that an older backup cannot fork the log. `now` is UTC. Raises LedgerError.
    """
    signers = list(keys or log_keys(data))
    folder, lock = TileFolder(data / "ledger"), Lock(data / "ledger.lock")
    store = SqlStore.of(connection)
    with transaction.atomic(), connection.cursor() as cursor:
        seal(store, cursor, folder, lock, signers, now=now)
    with transaction.atomic(), connection.cursor() as cursor:
        return release(store, cursor, folder, lock, [key.verifier() for key in signers], cosign=cosign)


def log_keys(data: Path, origin: str = ORIGIN) -> list[SignerKey]:
    """The log's own keys (Ed25519, and ML-DSA-44 against a quantum computer), made on first use.

    The file is readable by its owner alone.
    """
    path = data / "ledger-keys"
    try:
        return [SignerKey.parse(line) for line in path.read_text("utf-8").splitlines()]
    except FileNotFoundError:
        made = [SignerKey.generate(origin, ED25519), SignerKey.generate(origin, ML_DSA_44)]
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return log_keys(data, origin)
        with os.fdopen(descriptor, "w") as file:
            file.write("".join(key.secret() + "\n" for key in made))
        return made
