"""Walks every reachable state of a case, symbolically, on the real table of acts.

A world bounds what may happen: pieces, grounds, bars, parties, people, and what each act may bring. Each part of a
state (a ground, a bar, a flag) has a small domain; a set of states is a binary decision diagram over them. What an act
asks and does is found by running the real predicates and functions of `lifecycle` on a `Seen`: a state that decides a
part only when somebody looks at it, and then once for each answer the look can have. So every path through the real
code becomes a cube of states, every condition a set, every act a relation, and the walk is the least fixed point.

`explicit` walks the same world state by state with `perform` on real states; the counts must agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from typing import Any

from oxidd.bdd import BDDFunction, BDDManager

from demur.docket.case import anew, settled
from demur.docket.lifecycle import (
    ACTS,
    EMPTY,
    NEW,
    Actor,
    ActSpec,
    Bar,
    Condition,
    Ground,
    Party,
    Payload,
    Refusal,
    State,
    met,
    perform,
)

Part = str
"""A part of a state: a field, or `ground:key`, `bar:name`, `party:name`, `out:c.t`, `emergency:check`."""


@dataclass(frozen=True)
class Move:
    """One way to act: who, with what."""

    act: str
    actor: Actor
    payload: Payload

    def __str__(self) -> str:
        return f"{self.act} by {self.actor.person} with {dict(self.payload)}"


@dataclass(frozen=True)
class World:
    """The bounds of a walk. `grounds` are the variants each ground may have when an assessment finds it."""

    cells: tuple[tuple[int, int], ...]
    grounds: Mapping[str, tuple[Ground, ...]]
    bars: tuple[str, ...]
    parties: tuple[Party, ...]
    signers: tuple[str, ...]
    moves: tuple[Move, ...]
    emergencies: tuple[tuple[tuple[int, int], ...], ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def start(self) -> State:
        """The case before receipt, with what the demand asks and whose data it is already told apart."""
        return replace(NEW, cells=self.cells, parties=self.parties, **self.fixed)


ANSWERS = ("open", "asked", "overdue", "pending", "fell", "decided", "cured", "waived", "reserved")
DOMAINS: Mapping[str, tuple[Any, ...]] = {
    "closed": ("", "forged", "withdrawn", "refused", "referred", "answered"),
    "authentic": ("unknown", "yes", "forged"),
    "known": ("nothing", "read", "confirmed"),
    "assessed": ("no", "current", "stale"),
    "paper": ("", "due", "in"),
}
CHECKS = ("claimed", "call-back", "second-factor", "supervisor", "granted")


def parts_of(world: World) -> dict[Part, tuple[Any, ...]]:
    """Every part of a state of this world, with its domain; parts that move together stand together."""
    halves = ("", *world.signers)
    either = (False, True)
    grounds = {
        f"ground:{key}": (
            None,
            *(replace(g, answer=answer, signed=half, court=court, left=left) for g in variants for answer in ANSWERS
              for half in (halves if answer in ("open", "overdue") else ("",))
              for court in (either if answer in ("pending", "fell", "decided") else (False,))
              for left in (either if answer in ("open", "asked", "overdue") else (False,))),
        )
        for key, variants in world.grounds.items()
    }  # fmt: skip
    bars = {
        f"bar:{name}": (
            None,
            *(Bar(name, end, half, party, is_danger(name)) for party in dict.fromkeys(("", party_of(name)))
              for end in ("none", "certain", "past", "unsigned")
              for half in (world.signers if end == "unsigned" else halves if is_danger(name) else ("",))),
        )
        for name in world.bars
    }  # fmt: skip
    parties = {
        f"party:{p.name}": tuple(
            replace(p, redirect=redirect, notice=notice, voice=voice, stance=stance)
            for redirect in dict.fromkeys((p.redirect, "done"))
            for notice in ("none", "sealed", "told")
            for voice in ("", "consents" if p.controller else "instructs")
            for stance in ("", "joined", "leads")
            if p.redirect != "no" or redirect == "no"
        )
        for p in world.parties
    }
    approvals = tuple(frozenset(some) for n in range(len(world.signers) + 1) for some in combinations(world.signers, n))
    flags = ("suspends", "preserved", "due", "stay", "declared", "protest", "refused", "planned", "proof", "tested",
             "undelivered", "breach")  # fmt: skip
    simple = dict.fromkeys(("received", *flags), (False, True)) | dict(DOMAINS)
    simple |= {"conflict_lead": halves, "conflict_privacy": halves, "approvals": approvals}
    simple["life"] = ((), *world.emergencies)
    order = ("received", "closed", "authentic", "known", "assessed", "suspends")
    after = ("refused", "declared", "protest", "conflict_lead", "conflict_privacy", "due", "stay", "planned", "proof",
             "tested", "approvals")  # fmt: skip
    out = {f"out:{c}.{t}": (False, True) for c, t in world.cells}
    checks = {f"emergency:{check}": (False, True) for check in CHECKS} if world.emergencies else {}
    last = ("life", "undelivered", "paper", "breach", "preserved")
    picked = {name: simple[name] for name in order} | grounds | {name: simple[name] for name in after}
    return picked | checks | out | {name: simple[name] for name in last} | parties | bars


def party_of(bar: str) -> str:
    """The party that a bar is for, by its name in these worlds: `gag@org`; "" where it silences towards all."""
    return bar.partition("@")[2]


def is_danger(bar: str) -> bool:
    """Whether a bar of these worlds is a danger to a person, by its name."""
    return bar == "danger"


def split(state: State, world: World) -> dict[Part, Any]:
    """A real state as its parts."""
    return {part: part_of(state, part) for part in parts_of(world)}


def part_of(state: State, part: Part) -> Any:
    """One part of a real state."""
    kind, _, name = part.partition(":")
    if kind == "ground":
        return state.ground(name)
    if kind == "bar":
        return state.bar(name)
    if kind == "party":
        return state.party(name)
    if kind == "out":
        return tuple(int(n) for n in name.split(".")) in state.out
    if kind == "emergency":
        return name in state.emergency
    return getattr(state, kind)


# ------------------------------------------------------------------------------------------- looking decides


class Path:
    """One path through a function: what was decided of each part by looking at it."""

    def __init__(self, domains: Mapping[Part, tuple[Any, ...]], script: Sequence[int]) -> None:
        self.domains = domains
        self.script = script
        self.taken: list[int] = []
        self.open: list[list[int]] = []
        self.allowed: dict[Part, tuple[int, ...]] = {}

    def look(self, part: Part, question: Callable[[Any], Any]) -> Any:
        """The answer to a question about a part; where it can have several, this path takes one of them."""
        domain = self.domains[part]
        answers: dict[Any, list[int]] = {}
        for index in self.allowed.get(part) or range(len(domain)):
            answers.setdefault(question(domain[index]), []).append(index)
        if len(answers) == 1:
            return next(iter(answers))
        step = len(self.taken)
        choice = self.script[step] if step < len(self.script) else 0
        if step >= len(self.script):
            self.open += [[*self.taken, other] for other in range(1, len(answers))]
        self.taken.append(choice)
        answer = list(answers)[choice]
        self.allowed[part] = tuple(answers[answer])
        return answer


def explore(
    domains: Mapping[Part, tuple[Any, ...]], run: Callable[[Path], Any]
) -> Iterator[tuple[dict[Part, tuple[int, ...]], Any]]:
    """Every path through `run`: the states it is for (as a cube), and what it gave."""
    scripts: list[list[int]] = [[]]
    while scripts:
        path = Path(domains, scripts.pop())
        result = run(path)
        scripts += path.open
        yield path.allowed, result


class Piece:
    """A ground, a bar or a party of a `Seen`: each attribute is decided when it is looked at."""

    def __init__(self, seen: Seen, part: Part) -> None:
        self._seen, self._part = seen, part

    def __getattr__(self, name: str) -> Any:
        return self._seen.ask(self._part, lambda value: getattr(value, name))


class Members:
    """A set of a `Seen`: each membership is decided when it is looked at."""

    def __init__(self, seen: Seen, kind: str) -> None:
        self._seen, self._kind = seen, kind

    def _part(self, member: Any) -> Part:
        return f"out:{member[0]}.{member[1]}" if self._kind == "out" else f"emergency:{member}"

    def __contains__(self, member: Any) -> bool:
        part = self._part(member)
        return part in self._seen.path.domains and bool(self._seen.ask(part))

    def __ge__(self, members: Iterable[Any]) -> bool:
        return all(member in self for member in members)

    def __bool__(self) -> bool:
        return any(self._seen.ask(part) for part in self._seen.path.domains if part.startswith(f"{self._kind}:"))


class Seen:
    """A state of which nothing is decided until it is looked at. It offers what `State` offers, and no more."""

    SETS = ("out", "emergency")

    def __init__(
        self,
        world: World,
        path: Path,
        made: Mapping[Part, Callable[[Any], Any]] | None = None,
        cells: tuple[tuple[int, int], ...] | None = None,
    ) -> None:
        self.world, self.path, self.made = world, path, dict(made or {})
        self.cells = world.cells if cells is None else cells

    def only(self, *cells: tuple[int, int]) -> Seen:
        """This state as if the demand had only these pieces."""
        return Seen(self.world, self.path, self.made, cells)

    def ask(self, part: Part, question: Callable[[Any], Any] = lambda value: value) -> Any:
        """The answer to a question about a part as it now is."""
        made = self.made.get(part)
        return self.path.look(part, question if made is None else lambda value: question(made(value)))

    def __getattr__(self, name: str) -> Any:
        return self.ask(name)

    # -------------------------------------------------------------------- looking, as State does

    @property
    def read(self) -> bool:
        return bool(self.ask("known", lambda v: v != "nothing"))

    @property
    def confirmed(self) -> bool:
        return bool(self.ask("known", lambda v: v == "confirmed"))

    @property
    def out(self) -> Members:
        return Members(self, "out")

    @property
    def emergency(self) -> Members:
        return Members(self, "emergency")

    @property
    def parties(self) -> tuple[Piece, ...]:
        return tuple(Piece(self, f"party:{p.name}") for p in self.world.parties)

    def _piece(self, part: Part) -> Piece | None:
        if part not in self.path.domains or self.ask(part, lambda v: v is None):
            return None
        return Piece(self, part)

    def ground(self, key: str) -> Piece | None:
        return self._piece(f"ground:{key}")

    def bar(self, name: str) -> Piece | None:
        return self._piece(f"bar:{name}")

    def party(self, name: str) -> Piece | None:
        return self._piece(f"party:{name}")

    def owner(self, cell: tuple[int, int]) -> Piece | None:
        return next((self.party(p.name) for p in self.world.parties if cell in p.cells), None)

    def stands(self, cell: tuple[int, int]) -> frozenset[str]:
        found = {
            self.ask(f"ground:{key}", lambda g: "" if g is None else g.stand)
            for key, variants in self.world.grounds.items()
            if variants[0].covers(cell)
        }
        return frozenset(found) - {""}

    def soft_open(self) -> frozenset[str]:
        keys = self.world.grounds
        return frozenset(k for k in keys if self.ask(f"ground:{k}", lambda g: g is not None and g.stand == "soft"))

    def unraised(self) -> frozenset[str]:
        keys = self.world.grounds
        found = {self.ask(f"ground:{key}", lambda g: "" if g is None else g.unraised) for key in keys}
        return frozenset(found) - {""}

    def barred(self) -> bool:
        return any(self.ask(f"bar:{name}", lambda b: b is not None and b.active) for name in self.world.bars)

    def silenced(self, party: str) -> bool:
        its = ("", party)
        bars = self.world.bars
        return any(self.ask(f"bar:{name}", lambda b: b is not None and b.active and b.party in its) for name in bars)

    def stayed(self) -> bool:
        return bool(self.ask("stay")) or any(
            self.ask(f"ground:{key}", lambda g: g is not None and g.stays and g.answer == "pending")
            for key, variants in self.world.grounds.items()
            if any(g.stays for g in variants)
        )

    # -------------------------------------------------------------------- changing, as State does

    def _with(self, changes: Mapping[Part, Callable[[Any], Any]]) -> Seen:
        made = dict(self.made)
        for part, change in changes.items():
            before = made.get(part)
            made[part] = change if before is None else _then(before, change)
        return Seen(self.world, self.path, made, self.cells)

    def but(self, **values: Any) -> Seen:
        changes: dict[Part, Callable[[Any], Any]] = {}
        for name, value in values.items():
            if name in self.SETS:
                for part in self.path.domains:
                    if part.startswith(f"{name}:"):
                        changes[part] = _always(part.partition(":")[2] in value)
            else:
                changes[name] = _always(value)
        return self._with(changes)

    def adding(self, **members: frozenset[Any]) -> Seen:
        changes: dict[Part, Callable[[Any], Any]] = {}
        for name, more in members.items():
            if name in self.SETS:
                changes |= {Members(self, name)._part(member): _always(True) for member in more}
            else:
                changes[name] = _adding(more)
        return self._with(changes)

    def on_ground(self, key: str, **values: Any) -> Seen:
        return self._with({f"ground:{key}": _replacing(values)})

    def settling(self, key: str, answer: str) -> Seen:
        return self._with({f"ground:{key}": lambda g: None if g is None else settled(g, answer)})

    def on_bar(self, name: str, **values: Any) -> Seen:
        return self._with({f"bar:{name}": _replacing(values)})

    def on_party(self, name: str, **values: Any) -> Seen:
        return self._with({f"party:{name}": _replacing(values)})

    def with_bar(self, bar: Bar) -> Seen:
        return self._with({f"bar:{bar.name}": _always(bar)})

    def contested_anew(self) -> Seen:
        return self._with({f"ground:{key}": lambda g: None if g is None else anew(g) for key in self.world.grounds})

    def found(self, grounds: tuple[Ground, ...], disclosure_only: bool = False) -> Seen:
        new = {g.key: g for g in grounds}
        return self._with(
            {
                f"ground:{key}": _meeting(new.get(key))
                for key, variants in self.world.grounds.items()
                if not disclosure_only or variants[0].against == "disclosure"
            }
        )


def _always(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def _then(first: Callable[[Any], Any], second: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: second(first(value))


def _adding(more: frozenset[Any]) -> Callable[[Any], Any]:
    return lambda value: value | more


def _replacing(values: Mapping[str, Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else replace(value, **values)


def _meeting(new: Ground | None) -> Callable[[Any], Any]:
    return lambda old: met(old, new)


# ------------------------------------------------------------------------------------------- sets of states


class Watched:
    """An actor that notes whether anybody asked who it is."""

    def __init__(self, actor: Actor) -> None:
        self._actor, self._asked = actor, False

    def __getattr__(self, name: str) -> Any:
        self._asked = True
        return getattr(self._actor, name)


class Space:
    """Sets of states of a world as decision diagrams."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.domains = parts_of(world)
        self.index = {part: {value: i for i, value in enumerate(domain)} for part, domain in self.domains.items()}
        self.manager = BDDManager(1 << 24, 1 << 22, 1)
        self.none, self.all = self.manager.false(), self.manager.true()
        self.bits: dict[Part, list[BDDFunction]] = {}
        for part, domain in self.domains.items():
            wanted = max(1, (len(domain) - 1).bit_length())
            self.bits[part] = [self.manager.var(v) for v in self.manager.add_vars(wanted)]
        self.width = sum(len(bits) for bits in self.bits.values())
        self._among: dict[tuple[Part, tuple[int, ...]], BDDFunction] = {}

    def value(self, part: Part, index: int) -> BDDFunction:
        """The states in which a part has this value."""
        found = self.all
        for place, bit in enumerate(self.bits[part]):
            found &= bit if index >> place & 1 else ~bit
        return found

    def among(self, part: Part, indexes: tuple[int, ...]) -> BDDFunction:
        """The states in which a part has one of these values."""
        found = self._among.get((part, indexes))
        if found is None:
            found = self.none
            for index in indexes:
                found |= self.value(part, index)
            self._among[part, indexes] = found
        return found

    def cube(self, allowed: Mapping[Part, tuple[int, ...]]) -> BDDFunction:
        """The states of a path."""
        found = self.all
        for part, indexes in allowed.items():
            found &= self.among(part, indexes)
        return found

    def where(self, test: Callable[[Seen], Any]) -> BDDFunction:
        """The states in which a predicate holds, by all paths through it."""
        found = self.none
        for allowed, result in explore(self.domains, lambda path: test(Seen(self.world, path))):
            if result:
                found |= self.cube(allowed)
        return found

    def number(self, f: BDDFunction) -> int:
        """The number of the variable a diagram asks first."""
        return int(f.node_var())

    def only(self, states: BDDFunction, parts: Sequence[Part]) -> BDDFunction:
        """What these states say of these parts alone."""
        return self.forget(states, [part for part in self.domains if part not in parts])

    def forget(self, states: BDDFunction, parts: Iterable[Part]) -> BDDFunction:
        """These states, whatever those parts are."""
        bits = self.all
        for part in parts:
            for bit in self.bits[part]:
                bits &= bit
        return states.exists(bits)

    def count(self, states: BDDFunction) -> int:
        """How many states."""
        return int(states.sat_count(self.width))

    def state(self, parts: Mapping[Part, Any]) -> BDDFunction:
        """The set of one state."""
        return self.cube({part: (self.index[part][value],) for part, value in parts.items()})

    def example(self, states: BDDFunction) -> dict[Part, Any]:
        """One of these states, as its parts."""
        found = {}
        for part, domain in self.domains.items():
            for index, value in enumerate(domain):
                narrowed = states & self.value(part, index)
                if narrowed.satisfiable():
                    states, found[part] = narrowed, value
                    break
        return found


def carry(states: BDDFunction, source: Space, parts: Sequence[Part], target: Space) -> BDDFunction:
    """A set that speaks only of these parts, from one space to another that has them with the same domains."""
    place = {source.number(bit): target.bits[p][i] for p in parts for i, bit in enumerate(source.bits[p])}
    done: dict[BDDFunction, BDDFunction] = {}

    def move(f: BDDFunction) -> BDDFunction:
        if not f.satisfiable() or f.valid():
            return target.none if not f.satisfiable() else target.all
        if f not in done:
            high, low = f.cofactors()
            done[f] = place[source.number(f)].ite(move(high), move(low))
        return done[f]

    return move(states)


Change = tuple[tuple[Part, tuple[tuple[int, int], ...]], ...]
"""What an act makes of parts: each with the pairs (value before, value after)."""


class OutOfBounds(Exception):
    """A move makes of a part what the bounds of the world do not know."""


class Walk:
    """The relation of each move of a world, and the states it reaches."""

    def __init__(self, world: World, table: Mapping[str, ActSpec] | None = None) -> None:
        self.world = world
        self.table = table or ACTS
        self.space = Space(world)
        self._known: dict[tuple[Any, ...], Any] = {}

    def remember(self, move: Move, key: tuple[Any, ...], find: Callable[[Any], Any]) -> Any:
        """What `find` gives for the move's actor; found once for all actors where it never asks who acts."""
        key = (*key, repr(sorted(move.payload.items(), key=str)))
        for known in (key, (*key, move.actor)):
            if known in self._known:
                return self._known[known]
        watched = Watched(move.actor)
        found = find(watched)
        self._known[(*key, move.actor) if watched._asked else key] = found
        return found

    # -------------------------------------------------------------------- what a move asks

    def condition(self, condition: Condition, move: Move) -> BDDFunction:
        """The states in which a condition holds for a move."""

        def find(actor: Any) -> BDDFunction:
            if condition.piece is None:
                return self.space.where(lambda s: condition.holds(s, actor, move.payload))
            found = self.space.none if condition.some else self.space.all
            for cell in self.world.cells:
                one = self.space.where(lambda s, c=cell: condition.piece(s, c))
                found = found | one if condition.some else found & one
            return found

        return self.remember(move, (condition,), find)

    def guard(self, move: Move, spec: ActSpec | None = None) -> BDDFunction:
        """The states in which a move is allowed."""
        spec = spec or self.table[move.act]
        if not spec.who & move.actor.roles:
            return self.space.none
        found = self.space.all
        for condition in spec.guard:
            found &= self.condition(condition, move)
        return found

    # -------------------------------------------------------------------- what a move makes

    def made(self, move: Move, before: Seen, actor: Any, spec: ActSpec | None = None) -> Seen:
        """The state after a move, its guard left aside."""
        spec = spec or self.table[move.act]
        after = spec.apply(before, actor, move.payload)
        return after.but(**{name: EMPTY[name] for name in spec.voids}) if spec.voids else after

    def effects(self, move: Move, spec: ActSpec | None = None) -> list[tuple[BDDFunction, Change]]:
        """The changes a move makes, each with the states it makes them in."""
        spec = spec or self.table[move.act]

        def find(actor: Any) -> list[tuple[BDDFunction, Change]]:
            groups: dict[Change, BDDFunction] = {}
            run = lambda path: self.made(move, Seen(self.world, path), actor, spec)  # noqa: E731
            for allowed, after in explore(self.space.domains, run):
                change = tuple(sorted((part, self._pairs(part, make)) for part, make in after.made.items()))
                groups[change] = groups.get(change, self.space.none) | self.space.cube(allowed)
            return [(states, change) for change, states in groups.items()]

        return self.remember(move, ("effects", move.act, spec.apply, spec.voids), find)

    def _pairs(self, part: Part, make: Callable[[Any], Any]) -> tuple[tuple[int, int], ...]:
        # Over the whole domain: a value the guard keeps out may have no image here, and is then left out.
        index = self.space.index[part]
        pairs = []
        for i, value in enumerate(self.space.domains[part]):
            target = index.get(make(value))
            if target is not None:
                pairs.append((i, target))
        return tuple(pairs)

    def image(self, states: BDDFunction, move: Move, spec: ActSpec | None = None) -> BDDFunction:
        """The states after a move from any of these."""
        space = self.space
        found = space.none
        able = states & self.guard(move, spec)
        if not able.satisfiable():
            return found
        for where, change in self.effects(move, spec):
            now = able & where
            if not now.satisfiable():
                continue
            for part, pairs in change:
                then = space.none
                covered = space.among(part, tuple(i for i, _ in pairs))
                lost = now & ~covered
                if lost.satisfiable():
                    raise OutOfBounds(f"{move}: {part} leaves its domain from {space.example(lost)[part]}")
                by_target: dict[int, list[int]] = {}
                for i, target in pairs:
                    by_target.setdefault(target, []).append(i)
                for target, sources in by_target.items():
                    mine = space.forget(now & space.among(part, tuple(sources)), (part,))
                    then |= mine & space.value(part, target)
                now = then
            found |= now
        return found

    @cached_property
    def start(self) -> BDDFunction:
        """The set of the one state before receipt."""
        return self.space.state(split(self.world.start, self.world))

    @cached_property
    def reached(self) -> BDDFunction:
        """Every reachable state."""
        return self.close(self.start)

    def close(self, states: BDDFunction, spec: ActSpec | None = None) -> BDDFunction:
        """These states and all that can be reached from them; `spec` stands in for the act of its name."""
        moves = [m for m in self.world.moves if self.guard(m, self._for(m, spec)).satisfiable()]
        rounds = 0
        while True:
            before, rounds = states, rounds + 1
            for move in moves:
                states |= self.image(states, move, self._for(move, spec))
            if states == before:
                self.rounds = rounds
                return states

    @staticmethod
    def _for(move: Move, spec: ActSpec | None) -> ActSpec | None:
        return spec if spec is not None and spec.name == move.act else None

    def transitions(self) -> int:
        """How many steps there are: pairs of a reachable state and a move allowed in it."""
        return sum(self.space.count(self.reached & self.guard(move)) for move in self.world.moves)


# ------------------------------------------------------------------------------------------- one by one


def explicit(world: World) -> tuple[set[State], int]:
    """Every reachable state and the number of steps, by `perform` on real states; only for small worlds."""
    seen, todo, steps = {world.start}, [world.start], 0
    while todo:
        state = todo.pop()
        for move in world.moves:
            step = perform(state, move.act, move.actor, move.payload)
            if isinstance(step, Refusal):
                continue
            steps += 1
            # The order in which bars were recorded is no part of where a case stands.
            after = replace(step.state, bars=tuple(sorted(step.state.bars, key=lambda b: b.name)))
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return seen, steps
