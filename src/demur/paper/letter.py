"""A paper before it has words: who writes what to whom, and on which findings each part rests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Paper = Literal["objection", "court-draft", "gag-notice", "notice", "counsel-note", "redirection", "paper-demand"]
Part = Literal["demand", "gag", "request"]


class PaperError(ValueError):
    """The paper cannot be written or set; the message ends with a hint."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who writes or is written to: a name, the lines of an address, and who signs for it.

    `signer` and `role` stay empty where a person is to fill them in by hand.
    """

    name: str
    lines: tuple[str, ...] = ()
    signer: str = ""
    role: str = ""
    contact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """One item of the demand as it stands in a letter; `number` counts from 1, `page` is that of the document."""

    number: int
    quote: str
    page: int | None
    categories: tuple[str, ...]
    targets: tuple[str, ...]
    period_from: date | None
    period_to: date | None


@dataclass(frozen=True, slots=True)
class Argument:
    """One paragraph of argument: one rule, with every place of the demand it was found to hit.

    `because` are the facts that may be told; `kept` those held back, since they say something of a person.
    `told` names the facts of a target that `because` lets out. `where` is the words for the places hit; `partly`
    says that the instrument can still reach a part of what is asked there.
    """

    rule: str
    title: str
    says: str
    cites: tuple[str, ...]
    because: tuple[str, ...]
    kept: tuple[str, ...]
    told: tuple[str, ...]
    where: str
    part: Part
    effect: str
    force: str
    strength: str
    forum: str
    due: date | None
    stays: str
    checked: str
    answered: str
    who: tuple[str, ...]
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A fact that is missing, the question that asks for it, and the rules that wait for the answer."""

    fact: str
    text: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A holding ground that the letter does not argue, and why (a key of the words of the note for counsel)."""

    argument: Argument
    why: Literal["left_chosen", "left_who", "left_scope"]


@dataclass(frozen=True, slots=True)
class Seal:
    """Why a notice may not go out yet; `until` is the day after which it may, None where no end is known."""

    bars: tuple[str, ...]
    until: date | None


@dataclass(frozen=True, slots=True)
class Redirected:
    """To whom a demand is sent on, and what may be said of it.

    `chain` is the customer, and above it those for whom it processes in its turn, up to the controller; empty where
    no register names the customer. `processor` says that the provider processes these data for it. `whole`: all that
    the demand asks is the customer's. `silent`: a duty of non-disclosure holds, and the customer was told nothing.
    """

    chain: tuple[Party, ...] = ()
    processor: bool = False
    whole: bool = True
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A paper as a value: everything it says, none of it set yet. `sheet` gives it its words."""

    paper: Paper
    language: str
    on: date
    sender: Party
    recipient: Party
    entity: str
    authority: str
    kind: str
    country: str
    reference: str = ""
    our_reference: str = ""
    issued_on: date | None = None
    served_on: date | None = None
    due_on: date | None = None
    legal_basis: str = ""
    asked: tuple[Asked, ...] = ()
    grounds: tuple[Argument, ...] = ()
    requests: tuple[Argument, ...] = ()
    offered: tuple[tuple[int, tuple[str, ...]], ...] = ()
    withheld: tuple[int, ...] = ()
    preserved: bool = False
    questions: tuple[Question, ...] = ()
    reserved: tuple[Argument, ...] = ()
    costs: tuple[str, ...] = ()
    reply_by: date | None = None
    forum: str = ""
    seal: Seal | None = None
    rights: tuple[Argument, ...] = ()
    done: tuple[str, ...] = ()
    disclosed: bool = False
    redirected: Redirected | None = None
    given_on: date | None = None
    verified: bool = False
    left_out: tuple[LeftOut, ...] = ()
    own_questions: tuple[Question, ...] = ()
    more_questions: tuple[Question, ...] = ()
    dates: tuple[Argument, ...] = ()
    counts: tuple[int, int, int] = (0, 0, 0)
    as_of: date | None = None

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that stand behind an argument of this paper, in the order of the paper."""
        return tuple(a.rule for a in (*self.grounds, *self.requests))

    @property
    def sheet(self) -> Sheet:
        """The paper in its words, ready to be set."""
        from .compose import compose

        return compose(self)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The body as plain blocks of text; nothing in them is markup, so escape them as any text."""
        return self.sheet.blocks


BlockKind = Literal["heading", "para", "items", "item", "ground", "mark", "rows", "caption"]


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of the body.

    heading, para, mark: `text`. items: `lines`. item: a numbered piece of the demand, `number`, `text` (its
    words, quoted) and `lines`. ground: `number`, `text` (title), `lead` (what the law says, or ""), `lines`
    (why it holds here), `cites` and `asks`; `rule` is the id of its rule. rows: `rows` of label and text.
    caption: `lines`.
    """

    kind: BlockKind
    text: str = ""
    number: str = ""
    lead: str = ""
    lines: tuple[str, ...] = ()
    cites: str = ""
    asks: str = ""
    rule: str = ""
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper in its words: what every form of it (PDF, DOCX, text) shows, in reading order."""

    paper: Paper
    language: str
    size: Literal["a4", "us-letter"]
    on: date
    letterhead: tuple[str, ...]
    mark: str
    stamp: str
    date: str
    recipient: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    caption: tuple[str, ...]
    subject: str
    salutation: str
    blocks: tuple[Block, ...]
    closing: str
    signature: tuple[str, ...]
    signature_label: str
    after: str
    footer: str
    page: str
