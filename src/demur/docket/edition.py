"""The law as a case met it: the library, its vocabulary, and how events turned its clocks.

All of it is kept in the data folder (`law/`) when it first decides something, and named by its hashes in the act
that used it; so the ledger entry of the act proves under which law it was done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from demur import law
from demur.law.kept import keep, kept

from .clocks import clocks_as_of, clocks_text


def _home() -> Path:
    return Path(settings.DATA) / "law"


def of_now() -> dict[str, str]:
    """What an act says of the law it was done under: the version of the library and the hash of the clocks' habits.

    Keeps both. Raises LawError where the library on disk is not the one in use.
    """
    held, text = law.library(), clocks_text()
    keep(held, _home())
    named = hashlib.sha256(text.encode()).hexdigest()
    path = _home() / "clocks" / f"{named}.toml"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half = path.with_suffix(f".{uuid4().hex}")
        half.write_bytes(text.encode())
        half.replace(path)  # whole or not at all, however many write it at once
    return {"library": held.version, "clocks": named}


@contextmanager
def edition(library: str, clocks: str = "") -> Iterator[law.Library]:
    """The law that an act names (see `of_now`); within, everything is read and counted as on its day.

    `clocks` is "" for an act that counted none. Raises LawError where it was not kept, or was altered since.
    """
    with kept(library, _home()) as found:
        if not clocks:
            yield found
            return
        try:
            text = (_home() / "clocks" / f"{clocks}.toml").read_bytes()
        except FileNotFoundError:
            raise law.LawError(f"clocks {clocks[:12]} were not kept", "restore the data folder from a backup") from None
        if hashlib.sha256(text).hexdigest() != clocks:
            raise law.LawError(f"clocks {clocks[:12]} were altered since they were kept", "restore them from a backup")
        with clocks_as_of(text.decode()):
            yield found
