"""Every library that decided something, kept as it was, so that any past decision can be made again.

    HOME/<version>/library/<place>/<statute>.toml
    HOME/<version>/vocabulary.toml

The version is the hash of exactly these files, so that what was altered afterwards does not pass for the law of
that day.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from demur.facts import speaking, vocabulary

from .language import LawError
from .library import Library, load, sources_of, version_of


def keep(law: Library, home: Path) -> None:
    """Keep a copy of the library in use under its version in `home`; at once where there is one already.

    Raises LawError where the files on disk are no longer those that `law` was read from.
    """
    place = home / law.version
    if place.is_dir():
        return
    sources = sources_of()
    if version_of(sources) != law.version:
        raise LawError("the law library on disk is not the one in use", "restart demur, then assess again")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = Path(mkdtemp(dir=home))
    for name, text in {**{f"library/{n}": t for n, t in sources.items()}, "vocabulary.toml": vocabulary().text}.items():
        path = half / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(text.encode())
    try:
        half.rename(place)  # whole or not at all
    except OSError:
        shutil.rmtree(half, ignore_errors=True)
        if not place.is_dir():  # else another kept the same meanwhile
            raise


@contextmanager
def kept(version: str, home: Path) -> Iterator[Library]:
    """The library of this version; within, every room speaks the vocabulary of its day too.

    Raises LawError where the library was not kept, or is no longer what its version says.
    """
    place = home / version
    try:
        words = (place / "vocabulary.toml").read_text("utf-8")
        version_now = version_of(sources_of(place / "library"), words)
    except FileNotFoundError:
        raise LawError(f"law library {version[:12]} was not kept", "restore the data folder from a backup") from None
    except UnicodeDecodeError:
        version_now = ""
    if version_now != version:
        raise LawError(f"law library {version[:12]} was altered since it was kept", "restore it from a backup")
    with speaking(words):
        yield load(place / "library")
