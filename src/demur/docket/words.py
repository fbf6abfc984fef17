"""The words of the docket, from `words.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def words() -> dict[str, Any]:
    """The whole table."""
    return tomllib.loads((files(__package__) / "words.toml").read_text("utf-8"))


def roles_in_words(roles: Iterable[str]) -> str:
    """Roles as people say them, in a fixed order."""
    return ", ".join(words()["roles"][role] for role in sorted(roles))
