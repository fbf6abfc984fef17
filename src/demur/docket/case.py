"""A case as a value: its grounds, bars and parties, and what may leave.

Pure: no clock, no database, no law. `State` is frozen; `but`, `on_ground` and the like give another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

ROLES = (
    "analyst", "counsel", "lead", "releaser", "privacy-officer", "auditor", "operator",
    "customer", "officer", "claimant", "demur",
)  # fmt: skip
"""The roles of a person towards a case; `demur` is the program acting by itself (doors, clocks, notices)."""

TEAM = frozenset({"analyst", "counsel", "lead"})
COUNSEL = frozenset({"counsel", "lead"})
LEAD = frozenset({"lead"})
PRIVACY = frozenset({"privacy-officer"})
RELEASER = frozenset({"releaser"})
CUSTOMER = frozenset({"customer"})
SELF = frozenset({"demur"})

Payload = Mapping[str, Any]
Cell = tuple[int, int]
"""A clause and one of its targets, both counted from 0: the smallest piece of data that may leave or stay."""

SETTLED = frozenset({"decided", "cured", "waived", "reserved"})
"""The answers after which a ground no longer stands in the way."""
ANSWERED = SETTLED | {"fell"}
"""The answers that end a ground; `fell`: it won, and what it stood against cannot be compelled."""
CHECKS = frozenset({"call-back", "second-factor", "supervisor"})
"""What must be checked before an emergency is believed."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person and the roles they hold; `person` is the same value for the same human being, always.

    `forums` are those where counsel is admitted; `party` is the party on a case that a customer speaks for.
    """

    person: str
    roles: frozenset[str]
    forums: frozenset[str] = frozenset()
    party: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """A finding (holding or unknown) and what became of it.

    `key` is the rule's id with its subject: `rule`, `rule@clause`, `rule@clause.target`, counted from 0, or
    `rule@gag:name`. `stays`: raising it stays the duty by law. `signed`: who signed the first half of its waiver or
    reservation. `court`: it was last filed with a court. `left`: counsel wrote why it is not raised.
    """

    key: str
    against: str
    force: str
    clause: int | None = None
    target: int | None = None
    unknown: bool = False
    stays: bool = False
    answer: str = "open"
    signed: str = ""
    court: bool = False
    left: bool = False

    @property
    def answered(self) -> bool:
        """Whether it was decided, cured, waived or reserved, or won."""
        return self.answer in ANSWERED

    @property
    def stand(self) -> str:
        """How it stands in the way of a production: not (""), soft, hard, forbids (another law bars it) or fell.

        A ground against a gag, a key use or a transfer stops no production. One against the disclosure that is
        still unknown is what the disclosure test asks; it stops there, not before.
        """
        if self.against not in ("demand", "clause", "target", "disclosure") or self.answer in SETTLED:
            return ""
        if self.answer == "fell":
            return "fell"
        if self.against == "disclosure":
            return "" if self.unknown else "forbids" if self.force == "hard" else "soft"
        return self.force

    @property
    def unraised(self) -> str:
        """What it is against where it holds, and nobody raised it or wrote why not: gag, data, or "" where not."""
        if self.unknown or self.left or self.answer != "open":
            return ""
        return "gag" if self.against == "gag" else "data" if stops(self) else ""

    def covers(self, cell: Cell) -> bool:
        """Whether it stands against this piece: one against the whole demand does against each."""
        return self.clause in (None, cell[0]) and self.target in (None, cell[1])


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar on telling the customer: a gag, or a recorded danger to a person (which two people must sign).

    `end`: none (nobody knows when it ends), certain (a day is known), past; `unsigned` until the second signature.
    `party`: the one party that it keeps from being told, all where it names none. `danger`: a danger to a person.
    `signed`: who signed the first half of its beginning, or of its early end; only a danger takes two.
    """

    name: str
    end: Literal["none", "certain", "past", "unsigned"] = "none"
    signed: str = ""
    party: str = ""
    danger: bool = False

    @property
    def active(self) -> bool:
        """Whether it bars now."""
        return self.end in ("none", "certain")

    @property
    def ended(self) -> bool:
        """Whether its end is certain and past."""
        return self.end == "past"


@dataclass(frozen=True, slots=True)
class Party:
    """A customer whose data is asked for, or the person where there is no customer; `cells` are its pieces.

    `redirect`: no (a person, or itself suspected), due, done. `controller`: the provider itself decides over this
    data. `voice`: instructs (it decides, and told its processor to disclose) or consents (the provider decides, and
    it agreed). `stance`: joined the challenge beside the provider, or leads it in its place.
    """

    name: str
    cells: tuple[Cell, ...] = ()
    controller: bool = False
    redirect: Literal["no", "due", "done"] = "no"
    notice: Literal["none", "sealed", "told"] = "none"
    voice: Literal["", "instructs", "consents"] = ""
    stance: Literal["", "joined", "leads"] = ""


@dataclass(frozen=True, slots=True)
class State:
    """Where a case stands. `cells` are all pieces of the demand; each belongs to one of `parties`.

    Papers: `declared` compelled, `protest`, `conflict_lead` and `conflict_privacy` (who signed), `refused`;
    and the production: `planned`, `proof` (the prover's verdict), `tested` (the disclosure test), `approvals`.
    """

    received: bool = False
    closed: str = ""
    authentic: Literal["unknown", "yes", "forged"] = "unknown"
    known: Literal["nothing", "read", "confirmed"] = "nothing"
    assessed: Literal["no", "current", "stale"] = "no"
    suspends: bool = False
    preserved: bool = False
    due: bool = False
    stay: bool = False
    cells: tuple[Cell, ...] = ()
    grounds: tuple[Ground, ...] = ()
    bars: tuple[Bar, ...] = ()
    parties: tuple[Party, ...] = ()
    declared: bool = False
    protest: bool = False
    conflict_lead: str = ""
    conflict_privacy: str = ""
    refused: bool = False
    planned: bool = False
    proof: bool = False
    tested: bool = False
    approvals: frozenset[str] = frozenset()
    out: frozenset[Cell] = frozenset()
    undelivered: bool = False
    emergency: frozenset[str] = frozenset()
    life: tuple[Cell, ...] = ()
    paper: Literal["", "due", "in"] = ""
    breach: bool = False

    # -------------------------------------------------------------------- looking

    @property
    def read(self) -> bool:
        """Whether every document served was read, or its facts typed in."""
        return self.known != "nothing"

    @property
    def confirmed(self) -> bool:
        """Whether people confirmed all facts."""
        return self.known == "confirmed"

    @property
    def gags(self) -> tuple[Bar, ...]:
        """The bars on telling the customer."""
        return self.bars

    def ground(self, key: str) -> Ground | None:
        """The ground with this key."""
        return next((g for g in self.grounds if g.key == key), None)

    def bar(self, name: str) -> Bar | None:
        """The bar with this name."""
        return next((b for b in self.bars if b.name == name), None)

    def party(self, name: str) -> Party | None:
        """The party with this name."""
        return next((p for p in self.parties if p.name == name), None)

    def owner(self, cell: Cell) -> Party | None:
        """The party whose data this piece is."""
        return next((p for p in self.parties if cell in p.cells), None)

    def stands(self, cell: Cell) -> frozenset[str]:
        """How the grounds stand in the way of this piece; empty where none does."""
        return frozenset(g.stand for g in self.grounds if g.covers(cell)) - {""}

    def soft_open(self) -> frozenset[str]:
        """The keys of the soft grounds that stand in the way: what a release under protest reserves."""
        return frozenset(g.key for g in self.grounds if g.stand == "soft")

    def unraised(self) -> frozenset[str]:
        """What the grounds are against that hold and were neither raised nor left with a reason: data, gag."""
        return frozenset(g.unraised for g in self.grounds) - {""}

    def barred(self) -> bool:
        """Whether anything now bars telling any customer."""
        return any(b.active for b in self.bars)

    def silenced(self, party: str) -> bool:
        """Whether anything now bars telling this party; a bar for a party that is no longer on the case bars all."""
        return any(b.active and (b.party in ("", party) or self.party(b.party) is None) for b in self.bars)

    def stayed(self) -> bool:
        """Whether a stay runs: by order, or because a ground that stays by law is before its forum."""
        return self.stay or any(g.stays and g.answer == "pending" for g in self.grounds)

    # -------------------------------------------------------------------- changing

    def but(self, **changes: Any) -> State:
        """This state with other values."""
        return replace(self, **changes)

    def adding(self, **members: frozenset[Any]) -> State:
        """This state with members added to its sets."""
        return replace(self, **{name: getattr(self, name) | more for name, more in members.items()})

    def on_ground(self, key: str, **changes: Any) -> State:
        """This state with one ground changed."""
        return replace(self, grounds=tuple(replace(g, **changes) if g.key == key else g for g in self.grounds))

    def settling(self, key: str, answer: str) -> State:
        """This state with one ground answered outside a forum."""
        return replace(self, grounds=tuple(settled(g, answer) if g.key == key else g for g in self.grounds))

    def on_bar(self, name: str, **changes: Any) -> State:
        """This state with one bar changed."""
        return replace(self, bars=tuple(replace(b, **changes) if b.name == name else b for b in self.bars))

    def on_party(self, name: str, **changes: Any) -> State:
        """This state with one party changed."""
        return replace(self, parties=tuple(replace(p, **changes) if p.name == name else p for p in self.parties))

    def with_bar(self, bar: Bar) -> State:
        """This state with a bar added, in place of one of its name."""
        return replace(self, bars=(*(b for b in self.bars if b.name != bar.name), bar))

    def contested_anew(self) -> State:
        """This state with every ground against a gag that was settled open again: a silence is never at rest."""
        return replace(self, grounds=tuple(anew(g) for g in self.grounds))

    def found(self, grounds: tuple[Ground, ...], disclosure_only: bool = False) -> State:
        """This state after an assessment found these grounds (see `met`), all or those against the disclosure."""
        new = {g.key: g for g in grounds}
        old = {g.key: g for g in self.grounds}
        untouched = {k for k, g in old.items() if disclosure_only and g.against != "disclosure"}
        kept = (old[k] if k in untouched else met(old.get(k), new.get(k)) for k in sorted(old.keys() | new.keys()))
        return replace(self, grounds=tuple(g for g in kept if g is not None))


NEW = State()


def met(old: Ground | None, new: Ground | None) -> Ground | None:
    """What becomes of a ground when an assessment finds it (or, `new` being None, no longer finds it).

    What won stays won. What is no longer found is cured; what is found anew, or now holds where it was unknown,
    or hardened, is open again, since its old answer was to less; what is before its forum stays there.
    """
    if old is None or new is None:
        return new if old is None else old if old.answer == "fell" else settled(old, "cured")
    if old.answer == "fell" or ((old.unknown, old.force) == (new.unknown, new.force) and old.answer != "cured"):
        return old
    return replace(new, answer="pending", court=old.court) if old.answer == "pending" else new


def settled(ground: Ground, answer: str) -> Ground:
    """A ground that was answered outside a forum: what was half signed, filed or left of it counts no more."""
    return replace(ground, answer=answer, signed="", court=False, left=False)


def anew(ground: Ground) -> Ground:
    """A ground against a gag when the gag is reviewed: what was decided, waived or reserved is open again."""
    again = ground.against == "gag" and ground.answer in ("decided", "waived", "reserved")
    return settled(ground, "open") if again else ground


# ------------------------------------------------------------------------------------------- what may leave


def is_ready(s: State) -> bool:
    """Whether the case may be answered: open, the sender verified, all facts confirmed and assessed as they stand."""
    return s.received and not s.closed and s.authentic == "yes" and s.confirmed and s.assessed == "current"


def reason(s: State, cell: Cell) -> str:
    """Why this piece may leave, or "": compelled, instructed, emergency, under protest, in conflict of laws.

    Compelled: every ground against it was answered, counsel declared so, and no court stayed it. Instructed (or
    consented to) and emergency are voluntary and need no compulsion, but no law that forbids them either. Protest
    and conflict need a duty that bites.
    """
    if cell in s.out:
        return ""
    stands = s.stands(cell)
    if not stands and s.declared and not s.stay:
        return "compelled"
    if "forbids" not in stands:
        owner = s.owner(cell)
        if owner is not None and owner.voice:
            return "instructed"
        if cell in s.life and "granted" in s.emergency and owner is not None and owner.controller:
            return "emergency"
    if stands == {"soft"} and s.protest and s.due and not s.stayed():
        return "protest"
    if stands == {"forbids"} and s.conflict_lead and s.conflict_privacy and s.due and not s.stayed():
        return "conflict"
    return ""


def releasable(s: State) -> tuple[tuple[Cell, str], ...]:
    """The (clause, target, reason) set of promise 4: what plan, collector and prover all take."""
    if not is_ready(s) or s.refused:
        return ()
    return tuple((cell, why) for cell in s.cells if (why := reason(s, cell)))


def told_first(s: State, cell: Cell) -> bool:
    """Promise 3 for one piece: its party was told, and the authority sent to it; or a bar forbids it for now.

    Under a bar the notice must be written and sealed, so that it can go out by itself.
    """
    owner = s.owner(cell)
    if owner is None:
        return False
    if owner.notice == "told" and owner.redirect != "due":
        return True
    return owner.notice != "none" and s.silenced(owner.name)


def stops(ground: Ground) -> bool:
    """Whether a ground is one against the production: one against a gag, a key use or a transfer is not."""
    return ground.against in ("demand", "clause", "target", "disclosure")


def is_signed(s: State) -> bool:
    """Whether anything stands that an assessment would void."""
    return any(getattr(s, name) != EMPTY[name] for name in PAPERS)


EMPTY: Mapping[str, Any] = {f.name: f.default for f in fields(State)}
PLAN = ("planned", "proof", "tested", "approvals")
PAPERS = ("declared", "protest", "conflict_lead", "conflict_privacy", "refused", *PLAN)
