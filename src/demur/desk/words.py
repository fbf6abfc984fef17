"""The words of the screen that stand in no template, from `words/en.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "words" / "en.toml").read_text("utf-8"))


def say(key: str, /, **values: object) -> str:
    """The words of `key` ("part.name") with `values` in their places; `key` itself where nobody wrote any."""
    part, _, name = key.partition(".")
    words = _words().get(part, {}).get(name)
    return str(words).format(**values) if words is not None else name.replace("-", " ").replace("_", " ")


def table(part: str) -> dict[str, Any]:
    """All words of one part."""
    return dict(_words().get(part, {}))


def count(key: str, number: int, **values: object) -> str:
    """The words of `key`.one or `key`.many, after the number."""
    part, _, name = key.partition(".")
    return say(f"{part}.{name}-{'one' if number == 1 else 'many'}", n=number, **values)
