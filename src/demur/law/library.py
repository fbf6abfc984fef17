"""The library of law: rule files read, checked against the vocabulary, dated and hashed.

One file per statute, one table per rule. Beside the rules a file may hold `[terms]` (named conditions),
`[params.NAME]` (dated values), `[clocks.NAME]` (periods that rules point to) and `[[compels]]` (which
instrument can compel which category).
"""

from __future__ import annotations

import hashlib
import marshal
import os
import pickle
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

from demur.facts import FactsError, Level, demand_from_mapping, read_value, vocabulary
from demur.facts.values import suggest

from .codegen import generate
from .findings import AGAINST, CHECKED, EFFECTS, FORCES, STAYS, STRENGTHS, WHO
from .language import (
    AS_OF,
    Always,
    And,
    Known,
    LawError,
    Names,
    Node,
    atoms,
    facts_of,
    is_day,
    level_of,
    lower,
    simplify,
)

HERE = Path(__file__).parent / "library"
DRAFT = "draft"
"""The version of a library that is not in a file: nothing of it is kept."""
CAN = ("yes", "no", "voluntary", "hold", "contested", "per-order")
SILENCES = ("all", "person")
UNDATED = ("always", "unknown")
COMPUTED = ("frcp-6", "frcrimp-45", "eu-1182", "calendar", "business", "hours")
KEYS = {
    "title", "cites", "says", "applies", "when", "against", "effect", "force", "who", "stays", "forum", "by",
    "strength", "from", "until", "succeeds", "cuts", "answered", "beside", "silences", "checked", "examples",
}  # fmt: skip
TEXTS = ("title", "says", "applies", "when", "against", "effect", "stays", "forum", "by", "answered")
LISTS = ("cites", "who", "cuts")
NAME = re.compile(r"[a-z0-9][a-z0-9.\-]*(@[a-z0-9.\-]+)?")
NEEDED = ("title", "cites", "says", "applies", "against", "effect", "strength", "checked", "examples")


@dataclass(frozen=True, slots=True)
class Dated:
    """Values over time: each holds from its date (None: since ever) until the next one's; `sources` say why, each
    empty where its value stands on the citations of the rule itself."""

    steps: tuple[tuple[date | None, Any], ...]
    sources: tuple[str, ...]

    def on(self, day: date) -> Any:
        """The value on `day`, or None before the first."""
        found = None
        for start, value in self.steps:
            if start is None or start <= day:
                found = value
        return found


@dataclass(frozen=True, slots=True)
class Param:
    """A dated figure or list of the law, each value with its source."""

    name: str
    means: str
    values: Dated
    file: str


@dataclass(frozen=True, slots=True)
class Clock:
    """A period that rules name in `by`: what it says, its source, from which fact it runs and how it is computed.

    `sooner` names a date fact that cuts the period short; `tells` one that is its last day, for rules to read, where
    somebody counts it; `then` says what happens when it runs out; `examples` are worked ones, (start, end) with the
    place whose holidays count. Days and hours are those of the forum.
    """

    name: str
    says: str
    source: str
    runs_from: str
    amount: int
    unit: str
    computed: str
    file: str
    sooner: str = ""
    then: str = ""
    examples: tuple[tuple[date | datetime, date | datetime, str], ...] = ()
    tells: str = ""


@dataclass(frozen=True, slots=True)
class Compels:
    """A row of the matrix: what these kinds of instrument can compel, category by category."""

    id: str
    kinds: tuple[str, ...]
    where: Node
    cites: tuple[str, ...]
    can: Mapping[str, str]
    from_: date | None
    until: date | None
    file: str


@dataclass(frozen=True, slots=True)
class Example:
    """Facts on a day, as a lawyer writes them, and the verdict they must give."""

    verdict: str
    facts: Mapping[str, Any]
    as_of: date


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule. `id` is its citation; `version` tells versions of one id apart ("" where single).

    `from_` and `until` bound its life, half-open. Without a first day `undated` says why: it is logic of `always`, or
    its day is `unknown`; where it is empty nobody said. `test` is `applies and when`, lowered; `level` is the deepest
    level among its facts. `silences`: of a rule of secrecy, whether it is towards all or only towards the person.
    """

    id: str
    version: str
    file: str
    title: str
    cites: tuple[str, ...]
    says: str
    applies: str
    when: str
    against: str
    effect: str
    force: Dated
    who: tuple[str, ...]
    stays: str
    forum: str
    by: str
    strength: Dated
    from_: date | None
    until: date | None
    cuts: tuple[str, ...]
    answered: str
    silences: str
    checked: str
    checked_on: date
    examples: tuple[Example, ...]
    guard: Node
    test: Node
    level: Level
    facts: tuple[str, ...]
    beside: Mapping[str, str] = field(default_factory=dict)
    """Rules with an opposed effect that may hold on the same facts, and how the two stand together."""
    succeeds: Mapping[str, str] = field(default_factory=dict)
    """Rules of another id in whose place it came, and why their lives do not meet where they do not."""
    undated: str = ""

    @property
    def name(self) -> str:
        """The table's name in its file."""
        return f"{self.id}@{self.version}" if self.version else self.id

    @property
    def place(self) -> str:
        """The folder of its file: us, eu, all ..."""
        return self.file.split("/", 1)[0]

    def in_force(self, day: date) -> bool:
        """Whether this version is law on `day`."""
        return (
            (self.from_ is None or self.from_ <= day)
            and (self.until is None or day < self.until)
            and self.strength.on(day) is not None
        )

    def strength_on(self, day: date) -> str:
        """Its strength on `day`; a rule that nobody could confirm is at most arguable."""
        strength = str(self.strength.on(day))
        if self.checked == "recheck" and strength in ("mandatory", "strong") and self.against != "info":
            return "arguable"
        return strength

    def force_on(self, day: date) -> str:
        """hard or soft on `day`; a rule that nobody could confirm is soft."""
        return "soft" if self.checked == "recheck" else str(self.force.on(day))


@dataclass(frozen=True)
class Library:
    """All rules, parameters, clocks and matrix rows of a folder. `version` is the hash of what they were read from."""

    version: str
    rules: tuple[Rule, ...]
    params: Mapping[str, Param]
    terms: Mapping[str, Node]
    clocks: Mapping[str, Clock]
    compels: tuple[Compels, ...]
    term_texts: Mapping[str, str] = field(default_factory=dict)
    program: bytes = b""
    """The generated function, compiled (`codegen`), with its `constants`."""
    constants: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> Mapping[str, tuple[Rule, ...]]:
        """The versions of each rule id, oldest first."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            found.setdefault(rule.id, []).append(rule)
        return {i: tuple(sorted(v, key=lambda r: r.from_ or date.min)) for i, v in found.items()}

    def params_on(self, day: date) -> dict[str, Any]:
        """The value of each parameter on `day`; None where it has none yet."""
        return {name: param.values.on(day) for name, param in self.params.items()}


def load(folder: Path | str | None = None, *, cached: bool = True) -> Library:
    """Read a library folder (the shipped one). Raises LawError for the first mistake; `problems` lists them all."""
    sources = sources_of(folder)
    version = version_of(sources)
    if cached:
        found = _from_cache(version)
        if found is not None:
            return found
    library, errors = _build(sources, version)
    if errors:
        raise errors[0]
    if cached:
        _to_cache(version, library)
    return library


@cache
def library() -> Library:
    """The library that Demur ships."""
    return load()


def problems(folder: Path | str = HERE) -> tuple[Library, list[LawError]]:
    """The library of what is sound in a folder, and every mistake in the rest."""
    sources = sources_of(folder)
    return _build(sources, version_of(sources))


def parse_rules(text: str, file: str = "draft.toml", base: Library | None = None) -> tuple[Rule, ...]:
    """The rules of one text, read against the terms and parameters of `base`. Raises LawError."""
    built, errors = _build({file: text}, DRAFT, base)
    if errors:
        raise errors[0]
    return built.rules


def sources_of(folder: Path | str | None = None) -> dict[str, str]:
    """The text of each file of a library folder, the shipped one by default, by its path within. Raises LawError."""
    folder = Path(folder or HERE)
    if not folder.is_dir():
        raise LawError(f"{folder} is no folder", "name a folder of rule files")
    texts = {}
    for path in sorted(folder.rglob("*.toml")):
        name = path.relative_to(folder).as_posix()
        try:
            texts[name] = path.read_text("utf-8")
        except UnicodeDecodeError:
            raise LawError("the file is not UTF-8 text", "save it as UTF-8", file=name) from None
    return texts


def version_of(sources: Mapping[str, str], words: str = "") -> str:
    """The version of a library: the SHA-256 of its vocabulary (`words`, by default the one in use) and its files."""
    digest = hashlib.sha256((words or vocabulary().text).encode())
    for name, text in sorted(sources.items()):
        digest.update(f"\0{name}\0{len(text)}\0".encode())
        digest.update(text.encode())
    return digest.hexdigest()


# The cache: one pickle per library version and build of this package, in a folder that only its owner may write.


def _cache_file(version: str) -> Path | None:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(home) / "demur"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        info = folder.stat()
    except OSError:
        return None
    if info.st_uid != os.getuid() or info.st_mode & 0o022:
        return None
    build = hashlib.sha256(f"{sys.version}{_build_stamp()}".encode()).hexdigest()[:16]
    return folder / f"law-{version[:32]}-{build}.pickle"


@cache
def _build_stamp() -> str:
    here = Path(__file__).parent
    names = ("library.py", "language.py", "codegen.py", "../facts/vocabulary.py", "../facts/values.py")
    return "".join(hashlib.sha256((here / name).read_bytes()).hexdigest() for name in names)


def _from_cache(version: str) -> Library | None:
    path = _cache_file(version)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            found = pickle.load(file)
    except Exception:
        # Whatever is wrong with a cache, the library itself is read instead.
        return None
    return found if isinstance(found, Library) and found.version == version else None


def _to_cache(version: str, built: Library) -> None:
    path = _cache_file(version)
    if path is None:
        return
    spare = path.with_suffix(f".{os.getpid()}")
    try:
        spare.write_bytes(pickle.dumps(built, protocol=pickle.HIGHEST_PROTOCOL))
        spare.replace(path)
    except OSError:
        spare.unlink(missing_ok=True)


# Building: every table is read by itself, so that one mistake does not hide the next.


def _build(sources: Mapping[str, str], version: str, base: Library | None = None) -> tuple[Library, list[LawError]]:
    errors: list[LawError] = []
    files: dict[str, dict[str, Any]] = {}
    for name, text in sources.items():
        try:
            files[name] = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # a number too long for Python is no TOMLDecodeError
            said = "nested too deeply" if isinstance(error, RecursionError) else f"not valid TOML: {error}".lower()
            errors.append(LawError(said, "see the line and column named", file=name))
    built, more = assemble(files, version, base)
    return built, errors + more


def names_of(law: Library) -> Names:
    """What an expression may name in this library: its terms and the types of its parameters, beside the facts."""
    return Names(vocabulary(), law.terms, {k: p.values.steps[-1][1] for k, p in law.params.items()})


def assemble(
    files: Mapping[str, dict[str, Any]], version: str, base: Library | None = None
) -> tuple[Library, list[LawError]]:
    """The library of these parsed files (emptied as they are read), on top of the terms, parameters, clocks and
    matrix of `base`; and every mistake in them."""
    errors: list[LawError] = []
    params: dict[str, Param] = dict(base.params) if base else {}
    clocks: dict[str, Clock] = dict(base.clocks) if base else {}
    term_texts: dict[str, tuple[str, str]] = {}
    for name, tables in files.items():
        for key, kind in {"params": dict, "clocks": dict, "terms": dict, "compels": list}.items():
            if not isinstance(tables.get(key, kind()), kind):
                errors.append(LawError("is not a table of its own", "see docs/writing-rules.md", file=name, rule=key))
                del tables[key]
        for key, table in tables.pop("params", {}).items():
            with _collect(errors, name, f"params.{key}"):
                if key in params:
                    raise LawError("declared twice", "a parameter has one place", place=params[key].file)
                params[key] = _param(key, table, name)
        for key, table in tables.pop("clocks", {}).items():
            with _collect(errors, name, f"clocks.{key}"):
                if key in clocks:
                    raise LawError("declared twice", "a clock has one place", place=clocks[key].file)
                clocks[key] = _clock(key, table, name)
        for key, text in tables.pop("terms", {}).items():
            if key in term_texts:
                errors.append(LawError("declared twice", "a term has one place", file=name, rule=f"terms.{key}"))
            term_texts[key] = (name, text)
    terms = _terms(term_texts, params, errors, base)
    names = Names(vocabulary(), terms, {k: p.values.steps[-1][1] for k, p in params.items()})
    rules: list[Rule] = []
    rows: list[Compels] = list(base.compels) if base else []
    for name, tables in files.items():
        for row in tables.pop("compels", []):
            with _collect(errors, name, f"compels {row.get('id', '?')}"):
                rows.append(_compels(row, name, names))
        for key, table in tables.items():
            with _collect(errors, name, key):
                rules.append(read_rule(key, table, name, names, clocks))
    no_doubles(rules, errors)
    texts = {key: text for key, (_, text) in term_texts.items()}
    source, constants = generate([(r.level, r.guard, r.test) for r in rules], vocabulary())
    program = marshal.dumps(compile(source, f"<law {version[:12]}>", "exec"))
    built = Library(version, tuple(rules), params, terms, clocks, tuple(rows), texts, program, constants)
    return built, errors


class _collect:
    """Runs one table; a mistake in it is noted with its place, and the rest goes on."""

    def __init__(self, errors: list[LawError], file: str, rule: str) -> None:
        self.errors, self.file, self.rule = errors, file, rule

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, LawError):
            self.errors.append(error.at(file=self.file, rule=self.rule))
            return True
        if isinstance(error, FactsError):
            message, _, hint = str(error).partition("; hint: ")
            self.errors.append(LawError(message, hint or "see the vocabulary", file=self.file, rule=self.rule))
            return True
        return False


def _terms(
    texts: Mapping[str, tuple[str, str]], params: Mapping[str, Param], errors: list[LawError], base: Library | None
) -> dict[str, Node]:
    types = {k: p.values.steps[-1][1] for k, p in params.items()}
    done: dict[str, Node] = dict(base.terms) if base else {}
    waiting = dict(texts)
    # A term may use other terms, in whatever order the files come: go round until nothing moves.
    while waiting:
        moved = False
        for key, (file, text) in list(waiting.items()):
            if key in vocabulary():
                with _collect(errors, file, f"terms.{key}"):
                    del waiting[key]
                    moved = True
                    raise LawError("is also the name of a fact", "give the term a name of its own")
            if any(other != key and mentions(text, other) for other in waiting):
                continue
            del waiting[key]
            moved = True
            with _collect(errors, file, f"terms.{key}"):
                done[key] = lower(text, Names(vocabulary(), done, types))
        if not moved:
            for key, (file, _) in waiting.items():
                errors.append(LawError("terms go round in a circle", "break it", file=file, rule=f"terms.{key}"))
            break
    return done


def mentions(text: str, name: str) -> bool:
    """Whether an expression names this term or fact."""
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _dated(raw: object, allowed: Iterable[str], place: str) -> Dated:
    options = tuple(allowed)
    steps: list[tuple[date | None, Any]] = []
    sources: list[str] = []
    for step in raw if isinstance(raw, list) else [{"is": raw}]:
        if not isinstance(step, Mapping) or "is" not in step:
            raise LawError("a dated value lacks its value", "write { from = 2010-12-14, is = ... }", place=place)
        start = step.get("from")
        if start is not None and type(start) is not date:
            raise LawError(f"{start!r} is no date", "write from = 2010-12-14", place=place)
        if options and step["is"] not in options:
            raise LawError(f"{step['is']!r} is not allowed", suggest(str(step["is"]), options), place=place)
        for key in step:
            if key not in ("from", "is", "source"):
                raise LawError(f"unknown key {key!r}", "a dated value has from, is and source", place=place)
        if steps and (start is None or (steps[-1][0] is not None and start <= steps[-1][0])):
            raise LawError("the dates do not rise", "list the oldest value first", place=place)
        steps.append((start, step["is"]))
        sources.append(str(step.get("source", "")))
    if not steps:
        raise LawError("has no value", "give at least one", place=place)
    return Dated(tuple(steps), tuple(sources))


def _param(name: str, table: object, file: str) -> Param:
    values = table.get("values") if isinstance(table, Mapping) else None
    if not isinstance(table, Mapping) or not isinstance(values, list) or "means" not in table:
        raise LawError("a parameter has means and values", "values = [{ from = ..., is = ..., source = '...' }]")
    for step in values:
        if not isinstance(step, Mapping) or not step.get("source"):
            raise LawError("a value lacks its source", "add source = '...' to each value", place="values")
    dated = _dated(values, (), "values")
    frozen = tuple((start, tuple(value) if isinstance(value, list) else value) for start, value in dated.steps)
    if len({isinstance(value, tuple) for _, value in frozen}) != 1:
        raise LawError("lists and single values are mixed", "use one form", place="values")
    for _, value in frozen:
        for item in value if isinstance(value, tuple) else (value,):
            if not isinstance(item, str | int | date) or isinstance(item, float):
                raise LawError(f"{item!r} is not of the language", "text, whole number or date", place="values")
    return Param(name, str(table["means"]), Dated(frozen, dated.sources), file)


def _clock(name: str, table: object, file: str) -> Clock:
    if not isinstance(table, Mapping):
        raise LawError("is not a table", "a clock has says, source, from, computed and a length")
    units = [u for u in ("hours", "days", "months", "years") if u in table]
    if len(units) != 1 or not isinstance(table[units[0]], int):
        raise LawError("a clock has one length", "write days = 14, hours = 8, months = 1 or years = 1")
    for key in ("says", "source", "from", "computed"):
        if not table.get(key):
            raise LawError(f"{key} is missing", "a clock has says, source, from, computed and a length")
    if table["computed"] not in COMPUTED:
        raise LawError(f"computed is {table['computed']!r}", suggest(str(table["computed"]), COMPUTED))
    known = {"says", "source", "from", "computed", "sooner", "tells", "then", "examples", *units}
    for key in table:
        if key not in known:
            raise LawError(f"unknown key {key!r}", suggest(key, known))
    tells = str(table.get("tells", ""))
    if tells and (tells not in vocabulary() or vocabulary()[tells].type != "date"):
        raise LawError(f"tells names {tells!r}, which is no date of the vocabulary", suggest(tells, vocabulary().facts))
    examples = []
    for example in table.get("examples", []):
        if not isinstance(example, Mapping) or not {"start", "end", "place"} <= set(example):
            raise LawError(
                "an example lacks a part", "examples = [{ start = 2026-12-11, end = 2026-12-28, place = 'us' }]"
            )
        examples.append((example["start"], example["end"], str(example["place"])))
    return Clock(
        name=name,
        says=table["says"],
        source=table["source"],
        runs_from=table["from"],
        amount=table[units[0]],
        unit=units[0],
        computed=table["computed"],
        file=file,
        sooner=str(table.get("sooner", "")),
        then=str(table.get("then", "")),
        examples=tuple(examples),
        tells=tells,
    )


def _compels(row: Mapping[str, Any], file: str, names: Names) -> Compels:
    for key in ("id", "kinds", "cites", "can"):
        if not row.get(key):
            raise LawError(f"{key} is missing", "a matrix row has id, kinds, cites and can")
    for kind in row["kinds"]:
        read_value("kind", kind)
    for category, can in row["can"].items():
        if category not in vocabulary().categories:
            raise LawError(f"unknown category {category!r}", suggest(category, vocabulary().categories), place="can")
        if can not in CAN:
            raise LawError(f"{can!r} is not allowed", suggest(str(can), CAN), place=f"can.{category}")
    where = Always(True) if "where" not in row else _lowered(str(row["where"]), names, "where")
    return Compels(
        row["id"], tuple(row["kinds"]), where, tuple(row["cites"]), dict(row["can"]), row.get("from"), row.get("until"),
        file,
    )  # fmt: skip


def _lowered(text: str, names: Names, place: str) -> Node:
    try:
        return lower(text, names)
    except LawError as error:
        raise error.at(place=place) from None


def read_rule(key: str, table: object, file: str, names: Names, clocks: Mapping[str, Clock]) -> Rule:
    """One rule from its table. Raises LawError for its first mistake."""
    if not isinstance(table, Mapping) or (not set(table) & KEYS and all(isinstance(v, dict) for v in table.values())):
        raise LawError("this is not the table of a rule", 'begin each rule with its name in quotes: ["us.nsl.scope"]')
    if not NAME.fullmatch(key):
        raise LawError("this is no name of a rule", 'small letters, digits, dots and hyphens: ["us.nsl.scope"]')
    for wanted in NEEDED:
        if not table.get(wanted):
            raise LawError(f"{wanted} is missing", f"add {wanted}", place=wanted)
    for name in table:
        if name not in KEYS:
            raise LawError(f"unknown key {name!r}", suggest(name, KEYS), place=name)
    for name in set(TEXTS) & set(table):
        if not isinstance(table[name], str):
            raise LawError("is not text", f'write {name} = "..."', place=name)
    for name in set(LISTS) & set(table):
        if not isinstance(table[name], list) or not all(isinstance(item, str) for item in table[name]):
            raise LawError("is not a list of texts", f'write {name} = ["..."]', place=name)

    def choice(name: str, options: tuple[str, ...], default: str) -> str:
        value = table.get(name, default)
        if value not in options:
            raise LawError(f"{value!r} is not allowed", suggest(str(value), options), place=name)
        return cast(str, value)

    against = choice("against", AGAINST, "")
    who = tuple(table.get("who", ["provider"]))
    for person in who:
        if person not in WHO:
            raise LawError(f"{person!r} is not allowed", suggest(str(person), WHO), place="who")
    by = str(table.get("by", "none"))
    if by not in ("none", "return-date", "before-disclosure") and by not in clocks:
        near = suggest(by, [*clocks, "return-date", "before-disclosure", "none"])
        raise LawError(f"unknown clock {by!r}", near, place="by")
    checked = table["checked"]
    if not isinstance(checked, Mapping) or checked.get("how") not in CHECKED or type(checked.get("on")) is not date:
        raise LawError("checked lacks on or how", "checked = { on = 2026-11-23, how = 'text' }", place="checked")
    for category in table.get("cuts", []):
        if category not in vocabulary().categories:
            near = suggest(str(category), vocabulary().categories)
            raise LawError(f"unknown category {category!r}", near, place="cuts")
    undated = start if (start := table.get("from")) in UNDATED else ""
    start, until = None if undated else start, table.get("until")
    for name, day in (("from", start), ("until", until)):
        if day is not None and not is_day(day):
            or_else = " or " + " or ".join(f'"{word}"' for word in UNDATED) if name == "from" else ""
            raise LawError(f"{day!r} is no date", f"write {name} = 2018-03-23{or_else}", place=name)
    if start is not None and until is not None and until <= start:
        raise LawError("the rule ends before it begins", "until is the first day it is no longer law", place="until")
    guard = _lowered(str(table["applies"]), names, "applies")
    condition = _lowered(str(table.get("when", "true")), names, "when")
    test = simplify(And((guard, condition)))
    facts = facts_of(test)
    if not [f for f in facts if f != AS_OF]:
        raise LawError("the rule reads no fact", "say in applies what it applies to", place="applies")
    level = level_of(facts, names.vocabulary)
    beside = table.get("beside", {})
    if not isinstance(beside, Mapping) or not all(isinstance(why, str) and why for why in beside.values()):
        raise LawError("beside is no table of reasons", 'beside = { "us.nsl.scope" = "..." }', place="beside")
    succeeds = table.get("succeeds", {})
    succeeds = {succeeds: ""} if isinstance(succeeds, str) else succeeds
    if not isinstance(succeeds, Mapping) or not all(isinstance(why, str) for why in succeeds.values()):
        raise LawError(
            "is no name of a rule",
            'write succeeds = "us.nsl.scope", or { "us.nsl.scope" = "why the days do not meet" }',
            place="succeeds",
        )
    default_force = "hard" if table["effect"] in ("void", "refuse") else "soft"
    strength = _dated(table["strength"], STRENGTHS, "strength")
    identity, _, version = key.partition("@")
    rule = Rule(
        id=identity,
        version=version,
        file=file,
        title=str(table["title"]),
        cites=tuple(str(c) for c in table["cites"]),
        says=" ".join(str(table["says"]).split()),
        applies=str(table["applies"]),
        when=str(table.get("when", "true")),
        against=against,
        effect=choice("effect", EFFECTS, ""),
        force=_dated(table.get("force", default_force), FORCES, "force"),
        who=who,
        stays=choice("stays", STAYS, "no"),
        forum=str(table.get("forum", "issuing authority")),
        by=by,
        strength=strength,
        from_=start,
        until=until,
        cuts=tuple(table.get("cuts", [])),
        answered=str(table.get("answered", "")),
        silences=choice("silences", SILENCES, "all"),
        checked=checked["how"],
        checked_on=checked["on"],
        examples=_examples(table["examples"], condition, start or strength.steps[0][0], until, checked["on"], level),
        guard=guard,
        test=test,
        level=level,
        facts=facts,
        beside=dict(beside),
        succeeds=dict(succeeds),
        undated=undated,
    )
    for example in rule.examples:
        if not rule.in_force(example.as_of):
            raise LawError(
                f"an example is of {example.as_of}, when the rule is not in force",
                "give it an as_of within the rule's life",
                place=f"examples.{example.verdict}",
            )
    return rule


def _examples(
    raw: object, condition: Node, start: date | None, until: date | None, checked_on: date, level: Level
) -> tuple[Example, ...]:
    if not isinstance(raw, Mapping):
        raise LawError("examples is not a table", "examples = { holds = [{...}], fails = [{...}] }", place="examples")
    day = checked_on
    if until is not None and day >= until:
        day = date.fromordinal(until.toordinal() - 1)
    if start is not None and day < start:
        day = start
    wanted = ["holds", "fails"]
    if any(not isinstance(a, Always | Known) and a.fact != AS_OF for a in atoms(condition)):
        wanted.append("unknown")
    found: list[Example] = []
    for verdict, cases in raw.items():
        if verdict not in ("holds", "fails", "unknown"):
            raise LawError(f"{verdict!r} is no verdict", "holds, fails or unknown", place="examples")
        place = f"examples.{verdict}"
        if not isinstance(cases, list) or not all(isinstance(case, Mapping) for case in cases):
            raise LawError("an example is not a table of facts", "write [{ kind = 'nsl' }]", place=place)
        for number, case in enumerate(cases, 1):
            facts = dict(case)
            as_of = facts.pop("as_of", day)
            if type(as_of) is not date:
                raise LawError(f"as_of is {as_of!r}, no date", "write as_of = 2014-07-01", place=f"{place}, {number}")
            try:
                if level == "transfer":
                    for name, value in facts.items():
                        read_value(name, value)
                else:
                    demand_from_mapping(facts)
            except FactsError as error:
                message, _, hint = str(error).partition("; hint: ")
                raise LawError(message, hint or "see the vocabulary", place=f"{place}, {number}") from None
            found.append(Example(verdict, facts, as_of))
    for verdict in wanted:
        if not any(example.verdict == verdict for example in found):
            raise LawError(f"no example for {verdict}", f"add examples.{verdict} = [{{...}}]", place="examples")
    return tuple(found)


def no_doubles(rules: list[Rule], errors: list[LawError]) -> None:
    """Versions of one rule must not overlap in time."""
    seen: dict[str, list[Rule]] = {}
    for rule in rules:
        for other in seen.setdefault(rule.id, []):
            if (rule.until is None or other.from_ is None or other.from_ < rule.until) and (
                other.until is None or rule.from_ is None or rule.from_ < other.until
            ):
                errors.append(
                    LawError(
                        f"overlaps in time with {other.name} of {other.file}",
                        "end the older version with until where the newer begins",
                        file=rule.file,
                        rule=rule.name,
                    )
                )
        seen[rule.id].append(rule)
