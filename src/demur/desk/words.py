"""The words of the screen that stand in no template, from the files in `words/`; each part stands in one of them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _words() -> dict[str, Any]:
    texts = sorted(
        (f for f in (files(__package__) / "words").iterdir() if f.name.endswith(".toml")), key=lambda f: f.name
    )
    return {part: table for f in texts for part, table in tomllib.loads(f.read_text("utf-8")).items()}


def say(key: str, /, **values: object) -> str:
    """The words of `key` ("part.name") with `values` in their places; `key` itself where nobody wrote any."""
    part, _, name = key.partition(".")
    words = _words().get(part, {}).get(name)
    return str(words).format(**values) if words is not None else name.replace("-", " ").replace("_", " ")


def either(*keys: str) -> str:
    """The words of the first of these keys that has any, else of the last."""
    return next((say(k) for k in keys[:-1] if k.partition(".")[2] in table(k.partition(".")[0])), say(keys[-1]))


def table(part: str) -> dict[str, Any]:
    """All words of one part."""
    return dict(_words().get(part, {}))


def count(key: str, number: int, **values: object) -> str:
    """The words of `key`.one or `key`.many, after the number."""
    part, _, name = key.partition(".")
    return say(f"{part}.{name}-{'one' if number == 1 else 'many'}", n=number, **values)
