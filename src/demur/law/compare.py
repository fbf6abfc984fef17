"""Two laws over the same cases: what each finding was, what it would be, and for whom."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from demur.facts import Demand, FactsError, Value, demand_from_mapping, read_value

from .edition import Standing
from .engine import assess, assess_transfer
from .findings import Finding
from .language import LawError

FAILS = ("fails", "", "")


@dataclass(frozen=True, slots=True)
class Given:
    """A case to compare on: its name, the demand or the facts of a transfer, and its own legal day, None if unknown."""

    name: str
    facts: Demand | Mapping[str, Value]
    day: date | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One finding that differs. `before` and `after` are its verdict, strength and force; a rule that fails, or is no
    law, has neither strength nor force. `clause` and `target` are indexes, None where the rule reads no such fact."""

    case: str
    rule: str
    title: str
    clause: int | None
    target: int | None
    before: tuple[str, str, str]
    after: tuple[str, str, str]


def read_cases(path: Path | str) -> tuple[Given, ...]:
    """The cases in a file, or in the TOML and JSON files of a folder: each file the facts of one case, or a table for
    each case with its `facts`, as decided cases are written. Raises LawError naming the file."""
    root = Path(path)
    if not root.exists():
        raise LawError(f"there is no file or folder {path}", "name facts as TOML or JSON, or a folder of such files")
    files = sorted(f for f in root.rglob("*") if f.suffix in (".toml", ".json")) if root.is_dir() else [root]
    if not files:
        raise LawError(f"{path} holds no cases", "put facts there as TOML or JSON")
    found: list[Given] = []
    for file in files:
        name = file.relative_to(root).with_suffix("").as_posix() if root.is_dir() else file.stem
        try:
            table = tomllib.loads(file.read_text("utf-8")) if file.suffix == ".toml" else json.loads(file.read_bytes())
            found += _cases(name, table)
        except FactsError as error:
            message, _, hint = str(error).partition("; hint: ")
            raise LawError(message, hint, file=str(file)) from None
        except (ValueError, RecursionError) as error:
            if isinstance(error, LawError):
                raise error.at(file=str(file)) from None
            said = "neither TOML nor JSON" if isinstance(error, RecursionError) else str(error)
            raise LawError(f"cannot be read: {said}".lower(), "see the line and column named", file=str(file)) from None
    return tuple(found)


def _cases(name: str, table: object) -> Iterator[Given]:
    if not isinstance(table, dict) or not table:
        raise LawError("is no table of facts", "begin it with kind = '...'")
    if all(isinstance(one, dict) and isinstance(one.get("facts"), dict) for one in table.values()):
        for key, one in table.items():
            yield _given(key, {**one["facts"], "as_of": one.get("as_of")}, transfer=bool(one.get("transfer")))
    else:
        yield _given(name, table, transfer=bool(table.pop("transfer", False)))


def _given(name: str, table: dict[str, Any], *, transfer: bool) -> Given:
    day = read_value("served_on", table.pop("as_of", None))
    facts: Demand | Mapping[str, Value]
    if transfer:
        facts = {key: read_value(key, value) for key, value in table.items()}
    else:
        facts = demand_from_mapping(table)
        for own in ("served_on", "issued_on"):
            day = day or facts.facts.get(own)
    return Given(name, facts, day if isinstance(day, date) else None)


def compare(
    cases: Iterable[Given], before: Standing, after: Standing, as_of: date | None = None
) -> Iterator[Difference]:
    """What differs on each case, in its order. Each law is read on `as_of`, else on the case's own day, else on the
    law's; a law named by a day is read on that day."""
    for case in cases:
        was, now = _findings(case, before, as_of), _findings(case, after, as_of)
        for key in sorted(was.keys() | now.keys()):
            told = tuple(FAILS if f is None else (f.verdict, f.strength, f.force) for f in (was.get(key), now.get(key)))
            if told[0] != told[1]:
                rule, clause, target = key
                title = (now.get(key) or was[key]).title
                yield Difference(
                    case.name, rule, title, None if clause < 0 else clause, None if target < 0 else target, *told
                )


def _findings(case: Given, law: Standing, as_of: date | None) -> dict[tuple[str, int, int], Finding]:
    day = law.known or as_of or case.day or law.day
    facts = case.facts
    found = assess(facts, day, law.library) if isinstance(facts, Demand) else assess_transfer(facts, day, law.library)
    return {(f.rule, _index(f.clause), _index(f.target)): f for f in found.findings}


def _index(place: int | None) -> int:
    # So that what stands on the whole demand sorts before its clauses.
    return -1 if place is None else place
