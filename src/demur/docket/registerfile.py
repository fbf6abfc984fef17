"""A register's file: TOML or JSON read into tables, with the line of each flaw, and written back."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from .registers import TABLES, Flaw, RegisterError


def load(text: str) -> dict[str, Any]:
    """The tables of a file; TOML, or JSON where it begins with a brace. Raises RegisterError."""
    try:
        data = json.loads(text) if _is_json(text) else tomllib.loads(text)
    except json.JSONDecodeError as error:
        raise RegisterError(Flaw((), f"line {error.lineno}: {error.msg.lower()}; hint: mend the JSON")) from None
    except tomllib.TOMLDecodeError as error:
        raise RegisterError(Flaw((), f"{str(error)[:1].lower()}{str(error)[1:]}; hint: mend the TOML")) from None
    except RecursionError:
        raise RegisterError(Flaw((), "the file is nested too deeply; hint: a table of each entry is enough")) from None
    except ValueError:
        raise RegisterError(Flaw((), "a number has too many digits; hint: no field takes such a one")) from None
    return dict(data)


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")


def line_of(text: str, flaw: Flaw) -> int:
    """The line, counted from 1, on which what a flaw speaks of stands, or where its entry begins."""
    if len(flaw.at) < 2:
        return _first(text, re.compile(rf'(?m)^\s*\[*"?{re.escape(str(flaw.at[0]))}\b') if flaw.at else None, 0)
    table, index = str(flaw.at[0]), int(flaw.at[1])
    begin, end = (_in_json if _is_json(text) else _in_toml)(text, table, index)
    for inner, place in zip(flaw.at[2::2], flaw.at[3::2], strict=False):
        if isinstance(place, int):
            find = _part_of_json if _is_json(text) else _part_of_toml
            begin, end = find(text, begin, end, table, str(inner), place)
    names = [re.escape(part) for part in flaw.at[2:] if isinstance(part, str)]
    key = re.compile(rf'(?m)^\s*"?{names[-1]}"?\s*[=:]|[{{,]\s*"?{names[-1]}"?\s*[=:]') if names else None
    return _first(text, key, begin, end)


def _first(text: str, wanted: re.Pattern[str] | None, begin: int, end: int | None = None) -> int:
    found = wanted.search(text, begin, len(text) if end is None else end) if wanted else None
    at = found.end() if found else begin
    return text.count("\n", 0, at) + 1


def _in_toml(text: str, table: str, index: int) -> tuple[int, int]:
    heads = [m.end() for m in re.finditer(rf"(?m)^\s*\[\[\s*{re.escape(table)}\s*\]\]", text)]
    if index >= len(heads):
        return 0, len(text)
    other = re.compile(r"(?m)^\s*\[\[\s*[\w-]+\s*\]\]").search(text, heads[index])
    return heads[index], other.start() if other else len(text)


def _part_of_toml(text: str, begin: int, end: int, table: str, inner: str, index: int) -> tuple[int, int]:
    head = re.compile(rf"(?m)^\s*\[\[\s*{re.escape(table)}\.{re.escape(inner)}\s*\]\]")
    heads = [m.end() for m in head.finditer(text, begin, end)]
    if index >= len(heads):
        return begin, end
    other = re.compile(r"(?m)^\s*\[").search(text, heads[index], end)
    return heads[index], other.start() if other else end


def _in_json(text: str, table: str, index: int) -> tuple[int, int]:
    return _part_of_json(text, 0, len(text), "", table, index)


def _part_of_json(text: str, begin: int, end: int, table: str, inner: str, index: int) -> tuple[int, int]:
    head = re.compile(rf'"{re.escape(inner)}"\s*:\s*\[').search(text, begin, end)
    if head is None:
        return begin, end
    decoder, at = json.JSONDecoder(), head.end()
    for n in range(index + 1):
        gap = re.compile(r"[\s,]*").match(text, at)
        at = gap.end() if gap else at
        try:
            _, after = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            return begin, end
        if n == index:
            return at, after
        at = after
    return begin, end


# ------------------------------------------------------------------ writing


def dump(tables: Mapping[str, Sequence[Mapping[str, Any]]], as_json: bool = False) -> str:
    """The tables as a file that `load` reads back; what is unknown is left out."""
    kept = {name: [_said(row) for row in tables.get(name, ())] for name in TABLES}
    if as_json:
        return json.dumps(kept, indent=2, ensure_ascii=False) + "\n"
    return "\n".join(_toml(name, row) for name, rows in kept.items() for row in rows)


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    inner = ("contacts", "promises")
    return {k: [_said(r) for r in v] if k in inner else v for k, v in row.items() if v not in (None, "", [], {}, ())}


def _toml(head: str, row: Mapping[str, Any]) -> str:
    inner = {k: v for k, v in row.items() if v and isinstance(v, list) and isinstance(v[0], Mapping)}
    lines = [f"[[{head}]]", *(f"{k} = {_value(v)}" for k, v in row.items() if k not in inner), ""]
    return "\n".join((*lines, *(_toml(f"{head}.{k}", r) for k, rows in inner.items() for r in rows)))


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    # JSON's text is TOML's basic string; days are kept as text, which is read as well.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
