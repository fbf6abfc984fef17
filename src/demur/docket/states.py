"""A state as JSON, and back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from .lifecycle import Bar, Ground, Party, State

_PARTS = {"bars": Bar, "grounds": Ground, "parties": Party}
_CELLS = ("cells", "life", "out")
_SETS = {f.name for f in fields(State) if str(f.type).startswith("frozenset")}


def state_to_json(state: State) -> dict[str, Any]:
    """The state as plain JSON values; what has its default is left out."""
    out: dict[str, Any] = {}
    for field in fields(State):
        value = getattr(state, field.name)
        if value == field.default:
            continue
        if field.name in _PARTS:
            out[field.name] = [part_to_json(item) for item in value]
        else:
            out[field.name] = sorted(value) if field.name in _SETS else value
    return out


def part_to_json(part: Any) -> dict[str, Any]:
    """A ground, gag or other part of a state as plain JSON values, less its defaults."""
    return {f.name: v for f in fields(part) if (v := getattr(part, f.name)) != f.default}


def _with_cells(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "cells": tuple(tuple(cell) for cell in item["cells"])} if "cells" in item else item


def parts_from_json(name: str, items: list[dict[str, Any]]) -> tuple[Any, ...]:
    """The grounds, bars or parties (`name` says which) that `part_to_json` wrote."""
    return tuple(_PARTS[name](**_with_cells(item)) for item in items)


def state_from_json(data: dict[str, Any]) -> State:
    """The state that `state_to_json` wrote."""
    given: dict[str, Any] = dict(data)
    for name in _PARTS:
        if name in given:
            given[name] = parts_from_json(name, given[name])
    for name in _CELLS:
        if name in given:
            given[name] = tuple(tuple(cell) for cell in given[name])
    for name in _SETS & given.keys():
        given[name] = frozenset(given[name])
    return State(**given)
