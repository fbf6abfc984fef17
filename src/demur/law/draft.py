"""Drafting a rule: its text checked while it is written, tried on cases, and laid beside the library as it stands.

What comes in is anybody's text. It is bounded in size, the trials in time, and nothing of it runs but the white-listed
language. Nothing is kept: what comes out is a file that a person proposes.
"""

from __future__ import annotations

import difflib
import re
import time
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from demur.facts import Demand, FactsError, Value

from .check import VERDICTS, Problem, review, values
from .codegen import FALSE, TRUE, UNKNOWN, truth
from .engine import subjects
from .language import AS_OF, LawError
from .library import DRAFT, KEYS, Example, Library, Rule, assemble, names_of, no_doubles, read_rule

LONGEST = 20_000
"""Characters that a draft may have; the longest rule of the library has a quarter of it."""
MOST_EXAMPLES = 100
SECONDS = 2.0
"""How long a draft is tried on cases before the rest is left out."""
FILE = "draft.toml"
BESIDE = ("params", "clocks", "terms")
"""What may stand in a draft beside its rule."""
SOUND: Mapping[str, Any] = {
    "title": "-", "cites": ["-"], "says": "-", "applies": "kind is not null", "when": "true", "against": "demand",
    "effect": "challenge", "force": "soft", "who": ["provider"], "stays": "no", "forum": "-", "by": "none",
    "strength": "arguable", "cuts": [], "answered": "", "beside": {}, "succeeds": {}, "silences": "all",
    "checked": {"on": date(2000, 1, 1), "how": "recheck"},
}  # fmt: skip
"""What stands in for a key that is wrong, so that one mistake does not hide the next."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a draft, where, and the remedy. `line` counts from 1; `words` are those before, at and after
    the place in the line or expression, empty where the place is a whole table."""

    place: str
    message: str
    hint: str
    line: int | None = None
    words: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True, slots=True)
class Tried:
    """An example of the draft and the verdict it gives."""

    example: Example
    given: str

    @property
    def agrees(self) -> bool:
        """Whether it gives what its author says."""
        return self.given == self.example.verdict


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as far as it can be read. `law` holds the draft's rule alone, with the terms and figures it may use;
    `remarks` are what the checks of a library would say of it there."""

    text: str
    rule: Rule | None
    mistakes: tuple[Mistake, ...]
    tried: tuple[Tried, ...] = ()
    remarks: tuple[Problem, ...] = ()
    law: Library | None = None

    @property
    def sound(self) -> bool:
        """Whether it could stand in the library."""
        return self.rule is not None and not self.mistakes and all(t.agrees for t in self.tried)


def skeleton() -> str:
    """A worked rule with a word on each key, to begin from."""
    return (files(__package__) / "skeleton.toml").read_text("utf-8")


# ------------------------------------------------------------------ reading a draft


def read_draft(text: str, law: Library) -> Draft:
    """Read one rule against a library: every mistake at once, its examples run, and what the checks say."""
    if len(text) > LONGEST:
        told = Mistake("", f"the draft has {len(text)} characters", f"one rule needs at most {LONGEST}")
        return Draft(text, None, (told,))
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return Draft(text, None, (_not_toml(text, error),))
    names = [key for key in tables if key not in BESIDE]
    if len(names) != 1 or names == ["compels"]:
        said = "there is no rule yet" if not names else f"there are {len(names)} rules"
        return Draft(text, None, (Mistake("", said, 'write one table: ["us.nsl.scope"]'),))
    name, table = names[0], tables.pop(names[0])
    around, errors = assemble({FILE: dict(tables)}, DRAFT, law)
    rule, more = _read(name, table, around)
    mistakes = [_mistake(text, error) for error in (*errors, *more)]
    if rule is None or mistakes:
        return Draft(text, None, tuple(sorted(mistakes, key=lambda m: m.line or 0)))
    if len(rule.examples) > MOST_EXAMPLES:
        return Draft(text, None, (Mistake("examples", "too many examples", f"at most {MOST_EXAMPLES}"),))
    no_doubles([*(v for v in law.by_id.get(rule.id, ()) if v.name != rule.name), rule], errors)
    if errors:
        return Draft(text, None, tuple(_mistake(text, error) for error in errors))
    built, _ = assemble({FILE: {**tables, name: table}}, DRAFT, law)
    tried = tuple(Tried(e, VERDICTS[max(values(built, rule, e))]) for e in rule.examples)
    return Draft(text, rule, (), tried, (*_rewritten(rule, law), *review(rule, law, built)), built)


def _read(name: str, table: Any, around: Library) -> tuple[Rule | None, list[LawError]]:
    """The rule, or all its mistakes: each wrong key is taken as a sound one, and the table is read again."""
    errors: list[LawError] = []
    table = dict(table) if isinstance(table, dict) else table
    guessed = False
    for _ in range(len(KEYS) + MOST_EXAMPLES):
        try:
            return read_rule(name, table, FILE, names_of(around), around.clocks), errors
        except FactsError as error:
            message, _, hint = str(error).partition("; hint: ")
            found = LawError(message, hint or "see the vocabulary")
        except LawError as error:
            found = error
        key, _, rest = found.place.partition(",")[0].partition(".")
        if not guessed or (key and (key != "examples" or found.place[-1].isdigit())):
            errors.append(found)
        guessed = guessed or key in ("applies", "when")
        if not isinstance(table, dict) or not _repair(table, key, rest, found.place):
            return None, errors
    return None, errors


def _repair(table: dict[str, Any], key: str, verdict: str, place: str) -> bool:
    """Put something sound where the mistake is; False where there is nothing to put."""
    if key in table and key not in KEYS:
        del table[key]
        return True
    if key == "examples" and (number := re.search(r", (\d+)$", place)):
        cases = list(table[key][verdict])
        del cases[int(number[1]) - 1]
        table[key] = {**table[key], verdict: cases}
        return True
    if key in ("from", "until") and key in table:
        del table[key]
        return True
    if key in SOUND and table.get(key) != SOUND[key]:
        table[key] = SOUND[key]
        return True
    return False


def _rewritten(rule: Rule, law: Library) -> Iterable[Problem]:
    """What was law stays as it was, unless it was told wrongly."""
    old = next((v for v in law.by_id.get(rule.id, ()) if v.name == rule.name), None)
    if old is None:
        return
    for what in ("test", "against", "effect", "force", "strength", "until"):
        if getattr(old, what) != getattr(rule, what) and not (what == "until" and old.until is None):
            yield Problem(
                "note", old.file, rule.name, f"changes {'what it reads' if what == 'test' else what} for past days too",
                "if the law itself changed, close the old version with until and begin a new one, named with @",
            )  # fmt: skip
            return


# ------------------------------------------------------------------ where a mistake is


def _not_toml(text: str, error: Exception) -> Mistake:
    if isinstance(error, RecursionError):
        return Mistake("", "lists or tables are nested too deeply", "one list of tables is enough")
    found = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
    message = re.sub(r" \(at [^)]*\)$", "", str(error))
    hint = "texts stand in quotes, lists in [ ], tables in { } on one line; each key begins its own line"
    if found is None:
        return Mistake("the end", f"this is not TOML: {message[:1].lower()}{message[1:]}", hint)
    line, column = int(found[1]), int(found[2])
    return Mistake(
        f"line {line}, column {column}", f"this is not TOML: {message[:1].lower()}{message[1:]}", hint, line,
        _around(text.splitlines()[line - 1] if line <= len(text.splitlines()) else "", column - 1),
    )  # fmt: skip


def _mistake(text: str, error: LawError) -> Mistake:
    place = error.place or (error.rule if error.rule.startswith(BESIDE) else "")
    key = place.partition(",")[0]
    line = _line_of(text, key)
    words = ("", "", "")
    at = re.search(r"(?:line (\d+), )?column (\d+)", place)
    if at:
        lines = _value(text, error.rule, key).splitlines()
        row = int(at[1] or 1) - 1
        words = _around(lines[row], int(at[2]) - 1) if row < len(lines) else words
    return Mistake(place, error.message, error.hint, line, words)


def _line_of(text: str, key: str) -> int | None:
    """The line where a key of the rule begins; of `examples.fails`, that of the list where it has one of its own."""
    for name in (key, key.rpartition(".")[2], key.partition(".")[0]):
        found = re.search(rf'^[ \t]*\[*"?{re.escape(name)}"?[ \t]*[=\].]', text, re.MULTILINE) if name else None
        if found:
            return text.count("\n", 0, found.start()) + 1
    return None


def _value(text: str, rule: str, key: str) -> str:
    tables = tomllib.loads(text)
    parts = rule.split(".", 1) if rule.startswith(BESIDE) else []
    holder: Any = tables.get(parts[0], {}) if parts else next((t for k, t in tables.items() if k not in BESIDE), {})
    value = holder.get(parts[1] if parts else key, "") if isinstance(holder, dict) else ""
    return value if isinstance(value, str) else ""


def _around(line: str, offset: int) -> tuple[str, str, str]:
    word = re.compile(r"'[^']*'|\w+|\S|$").search(line, offset)
    start, end = word.span() if word else (offset, offset)
    return line[max(0, start - 60) : start], line[start:end], line[end : end + 60]


# ------------------------------------------------------------------ trying it


@dataclass(frozen=True, slots=True)
class Trial:
    """What the draft says of one case on its day. `before` is what the version in the library says there, empty where
    there is none; `law_then`, whether the draft would have been law on that day; `places`, on how many items or
    identifiers it holds; `missing`, the facts to ask for where it is unknown."""

    case: str
    as_of: date
    now: str
    before: str
    law_then: bool
    places: int
    missing: tuple[str, ...]


def try_on(
    draft: Draft,
    law: Library,
    cases: Iterable[tuple[str, Demand | Mapping[str, Value], date]],
    seconds: float = SECONDS,
) -> tuple[tuple[Trial, ...], bool]:
    """The draft on cases (a name, the demand or the facts of a transfer, the legal day), in their order; and whether
    all were tried before the time was up. Cases of the other sort, demand or transfer, are left out."""
    rule, end = draft.rule, time.monotonic() + seconds
    assert rule is not None
    assert draft.law is not None
    found: list[Trial] = []
    params: dict[tuple[str, date], dict[str, Any]] = {}
    for name, given, day in cases:
        if time.monotonic() > end:
            return tuple(found), False
        if (rule.level == "transfer") == isinstance(given, Demand):
            continue
        old = next((v for v in law.by_id.get(rule.id, ()) if v.in_force(day)), None)
        results = []
        for version, source in ((rule, draft.law), (old, law)):
            if version is None:
                continue
            key = (source.version, day)
            if key not in params:
                on = source.params_on(day).items()
                params[key] = {n: frozenset(v) if isinstance(v, tuple) else v for n, v in on}
            results.append(_verdicts(version, given, day, params[key], end))
        now = results[0]
        worth = max((v for v, _ in now), default=FALSE)
        missing = next((m for v, m in now if v == UNKNOWN), ()) if worth == UNKNOWN else ()
        before = VERDICTS[max((v for v, _ in results[1]), default=FALSE)] if old is not None else ""
        found.append(
            Trial(
                name, day, VERDICTS[worth], before, rule.in_force(day), sum(v == TRUE for v, _ in now), missing,
            )
        )  # fmt: skip
    return tuple(found), True


def _verdicts(
    rule: Rule, given: Demand | Mapping[str, Value], day: date, params: Mapping[str, Any], end: float
) -> list[tuple[int, tuple[str, ...]]]:
    """The rule's value on each subject of a case, and what is missing where it is unknown."""
    found = []
    for facts in subjects(rule.level, given, day) if isinstance(given, Demand) else ({**given, AS_OF: day},):
        value = truth(rule.test, facts, params)
        missing = tuple(n for n in rule.facts if facts.get(n) is None) if value == UNKNOWN else ()
        found.append((value, missing))
        if time.monotonic() > end:
            break
    return found


# ------------------------------------------------------------------ proposing it


@dataclass(frozen=True, slots=True)
class Proposal:
    """A statute's file with the draft in it: its path in the library, its text before and after, and the difference."""

    file: str
    before: str
    after: str
    diff: str


def table_of(text: str, name: str) -> tuple[int, int]:
    """Where the table of a rule begins and ends in its file, comments between tables left out.

    Raises LawError where it is not there, or cannot be told from what follows.
    """
    head = re.search(rf'^\["{re.escape(name)}"\][ \t]*$', text, re.MULTILINE)
    if head is None:
        raise LawError(f"there is no table {name} in the file", "add it by hand")
    ends = [m.start() for m in re.finditer(r"^\[", text[head.end() :], re.MULTILINE)]
    for end in [*(head.end() + e for e in ends), len(text)]:
        # A line that begins with a bracket may stand inside a list: then the piece is no TOML yet.
        try:
            if set(tomllib.loads(text[head.start() : end])) != {name}:
                continue
        except tomllib.TOMLDecodeError:
            continue
        piece = re.sub(r"(\n[ \t]*(#[^\n]*)?)*\n?\Z", "", text[head.start() : end])
        return head.start(), head.start() + len(piece)
    raise LawError(f"the end of {name} cannot be told", "add it by hand")


def current(name: str, law: Library, sources: Mapping[str, str]) -> str:
    """The text of a rule as it stands in its file. Raises LawError where there is no such rule."""
    rule = next((r for r in law.rules if r.name == name), None)
    if rule is None:
        raise LawError(f"there is no rule {name}", "begin from the skeleton")
    text = sources[rule.file]
    start, end = table_of(text, name)
    return text[start:end] + "\n"


def propose(draft: Draft, law: Library, sources: Mapping[str, str]) -> Proposal:
    """The draft in the file of its statute: in place of the version of its name, else at the end of the file that
    holds the rules named most like it. Raises LawError where it does not fit in by itself."""
    rule = draft.rule
    assert rule is not None
    text = draft.text.strip() + "\n"
    old = next((r for r in law.rules if r.name == rule.name), None)
    file = old.file if old else _home(rule, law)
    before = sources.get(file, "")
    if old:
        start, end = table_of(before, rule.name)
        after = before[:start] + text.rstrip("\n") + before[end:]
    else:
        after = f"{before.rstrip()}\n\n{text}".lstrip()
    try:
        whole, kept = tomllib.loads(after), tomllib.loads(before)
    except tomllib.TOMLDecodeError:
        whole, kept = {}, {}
    if rule.name not in whole or any(whole.get(k) != v for k, v in kept.items() if k != rule.name):
        raise LawError(
            f"the draft does not fit into {file} by itself",
            f"write what stands beside the rule into the tables of {file}",
        )
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{file}", f"b/{file}"
    )
    return Proposal(file, before, after, "".join(lines))


def _home(rule: Rule, law: Library) -> str:
    """The file whose rules share at least two parts of the name, the most of all; else a new one."""

    def shared(other: Rule) -> int:
        parts = zip(rule.id.split("."), other.id.split("."), strict=False)
        return next((n for n, (a, b) in enumerate(parts) if a != b), min(rule.id.count("."), other.id.count(".")) + 1)

    best = max(law.rules, key=shared, default=None)
    if best is not None and shared(best) >= 2:
        return best.file
    place, _, rest = rule.id.partition(".")
    return f"{place}/{rest.partition('.')[0] or 'rules'}.toml"
