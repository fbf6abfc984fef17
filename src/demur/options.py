"""The few settings, read from the environment or from `demur.toml` in the working folder."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path


class OptionError(ValueError):
    """A setting cannot be used; the message ends with a hint, and never repeats a secret."""


def option(name: str, default: str = "") -> str:
    """The setting `name`: DEMUR_NAME in the environment, else `name` in demur.toml, else `default`.

    Raises OptionError where demur.toml is not TOML.
    """
    if value := os.environ.get(f"DEMUR_{name.upper()}"):
        return value
    try:
        return str(tomllib.loads(Path("demur.toml").read_text("utf-8")).get(name, default))
    except FileNotFoundError:
        return default
    except tomllib.TOMLDecodeError as error:
        raise OptionError(f"demur.toml cannot be read: {error}; hint: see the line and column named") from None


def number(name: str, default: str) -> float:
    """The setting `name` as a number above 0. Raises OptionError where it is none."""
    try:
        found = float(option(name, default))
    except ValueError:
        found = 0
    if not found > 0:
        raise OptionError(f"the setting {name} is no number above 0; hint: leave it out for {default}")
    return found
