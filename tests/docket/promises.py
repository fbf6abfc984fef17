"""The promises of the docket, said again without looking at its table: how each part of a case may change, and why.

A rule is given one step (before, move, after) and says whether it is kept. It speaks of one part at a time, so that
nothing may change in a way that no rule allows. The numbers are those of the promises in the design.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from demur.docket.lifecycle import EMPTY, FORMS, Ground, reason

from .walk import Move, Part, Seen, Walk

TEAM = {"analyst", "counsel", "lead"}
COUNSEL = {"counsel", "lead"}
RECORDS = {
    "read", "add-document", "confirm", "draft", "assess", "leave-unchallenged", "release", "carry-out",
    "disclose-privileged", "extend", "extend-gag", "review-gag", "record-delivery", "write-notice", "note-new-law",
    "settle-new-law",
}  # fmt: skip
"""Acts that may leave the state as it is: they record something (a fact, a paper, a reason)."""
AFTER_FORGED = {
    "close",
    "disclose-privileged",
    "end-preservation",
    "note-new-law",
    "read",
    "record-delivery",
    "record-paper",
    "write-off-paper",
    "record-breach",
    "settle-new-law",
}
AFTER_CLOSING = {"record-breach", "record-delivery", "disclose-privileged", "note-new-law", "settle-new-law"}
ON_CASE = ("open", "asked", "overdue", "pending", "fell", "decided", "cured", "waived", "reserved")


class Step:
    """One move on one path, looked at from outside."""

    def __init__(self, walk: Walk, move: Move, actor: Any, before: Seen, spec: Any = None) -> None:
        self.walk, self.move, self.act, self.payload, self.before = walk, move, move.act, move.payload, before
        self.actor, self.spec = actor, spec or walk.table[move.act]

    @cached_property
    def after(self) -> Seen:
        """The state after it."""
        return self.walk.made(self.move, self.before, self.actor, self.spec)

    def pair(self, part: Part) -> tuple[Any, Any]:
        """A part before and after."""
        make = self.after.made.get(part, lambda v: v)
        return self.before.path.look(part, lambda v: (v, make(v)))  # type: ignore[no-any-return]

    def changed(self, part: Part) -> bool:
        """Whether a part changes."""
        make = self.after.made.get(part)
        return make is not None and bool(self.before.path.look(part, lambda v: v != make(v)))

    def is_(self, *roles: str) -> bool:
        """Whether the actor holds one of these roles."""
        return bool(self.actor.roles & set(roles))

    def says(self, *names: str) -> bool:
        """Whether the act came with each of these."""
        return all(self.payload.get(name) for name in names)


def open_case(s: Any) -> bool:
    """Received, not closed, not forged."""
    return bool(s.received) and s.closed == "" and s.authentic != "forged"


def answerable(s: Any) -> bool:
    """Promise 1: received, sender verified, facts confirmed, all law in force applied to them as they stand."""
    return open_case(s) and s.authentic == "yes" and s.known == "confirmed" and s.assessed == "current"


def lawful(step: Step) -> bool:
    """Promise 1 for an answer: and the law was taken as of today."""
    return answerable(step.before) and step.payload.get("law") is True


def against(s: Seen, cell: tuple[int, int]) -> set[str]:
    """What stands against a piece, read off the answers themselves: soft, hard, bar (another law), won."""

    def kind(g: Ground | None) -> str:
        if g is None or g.against == "gag" or g.answer in ("decided", "cured", "waived", "reserved"):
            return ""
        if g.answer == "fell":
            return "won"
        if g.against == "disclosure":
            return "" if g.unknown else "bar"
        return g.force

    covering = [
        k for k, v in s.world.grounds.items() if v[0].clause in (None, cell[0]) and v[0].target in (None, cell[1])
    ]
    return {s.ask(f"ground:{key}", kind) for key in covering} - {""}


def standing_soft(s: Seen) -> list[str]:
    """The soft grounds that stand in the way of something, read off their answers."""

    def so(g: Ground | None) -> bool:
        return (
            g is not None and g.force == "soft" and g.answer in ("open", "asked", "overdue", "pending")
            and g.against != "gag" and not (g.against == "disclosure" and g.unknown)
        )  # fmt: skip

    return [key for key in s.world.grounds if s.ask(f"ground:{key}", so)]


def bites(s: Seen) -> bool:
    """A duty has fallen due and no stay runs, neither by order nor by law."""
    pending = (
        s.ask(f"ground:{k}", lambda g: g is not None and g.stays and g.answer == "pending") for k in s.world.grounds
    )
    return bool(s.due) and not s.stay and not any(pending)


def silent(s: Seen, party: str = "") -> bool:
    """Something bars telling this party (any, by default) now: a bar that has not ended, a danger once two signed."""

    def bars(v: Any) -> bool:
        return v is not None and v.end in ("none", "certain") and (not party or v.party in ("", party))

    return any(s.ask(f"bar:{b}", bars) for b in s.world.bars)


# ------------------------------------------------------------------------------------------- part by part


def ground(step: Step, key: str, v: Ground | None, w: Ground | None) -> bool:
    """Promise 2: each ground is answered, and only by what may answer it."""
    found = {g.key for g in step.payload.get("grounds", ()) if isinstance(g, Ground)}
    by_law = step.act in ("assess", "test-disclosure")
    if w is None:
        return False
    if v is None or (v.unknown, v.force) != (w.unknown, w.force):
        before_court = w.answer == "pending" and v is not None and v.court
        plain = not w.signed and not w.left and w.court == before_court
        return by_law and key in found and w.answer in ("open", "pending") and plain
    if w.left and not v.left:
        said = step.says("why") if step.act == "leave-unchallenged" else reserved(step, key)
        still = (v.answer, v.signed, v.court) == (w.answer, w.signed, w.court) and v.answer in RAISABLE
        return still and said and step.is_(*COUNSEL) and lawful(step)
    if w.signed and w.signed != v.signed:
        return (
            step.act in ("waive", "reserve") and w.signed == step.actor.person and w.answer == v.answer
            and step.is_(*COUNSEL) and step.says("why") and lawful(step)
            and not (step.act == "waive" and any(p.stance for p in step.before.parties))
        )  # fmt: skip
    two = bool(v.signed) and v.signed != step.actor.person
    signed = step.is_(*COUNSEL) and step.says("why") and lawful(step)
    a, b = v.answer, w.answer
    if b == "waived":
        challenging = any(p.stance for p in step.before.parties)
        return a == "open" and v.force == "soft" and not v.unknown and two and signed and not challenging
    if b == "reserved":
        return a == "overdue" and v.unknown and (two or v.force == "soft") and signed
    if b == "decided":
        ruled = step.payload.get("result") in ("denied", "narrowed") and step.is_(*COUNSEL)
        court = v.force == "soft" or (v.court and step.says("forum", "documents"))
        return a == "pending" and ruled and court and step.act == "record-outcome"
    if b == "fell":
        return a == "pending" and step.payload.get("result") in ("upheld", "withdrawn") and step.is_(*COUNSEL)
    if b == "cured":
        return by_law and key not in found and a != "fell"
    if b == "pending" and a in ("fell", "decided"):
        return step.act == "appeal" and step.is_(*COUNSEL) and (not v.court or admitted(step)) and w.court == v.court
    if b == "pending":
        form = FORMS.get(step.payload.get("form", ""))
        fits = form is not None and form.gag == (v.against == "gag")
        court = form is not None and w.court == form.court and (not form.court or admitted(step))
        return a in RAISABLE and fits and court and step.is_(*COUNSEL) and lawful(step)
    if b == "asked":
        return a == "open" and v.unknown and step.is_(*TEAM) and step.says("until") and answerable(step.before)
    if b == "overdue":
        return a == "asked" and step.is_("demur")
    if a == "pending" and b == "open":
        lost = step.payload.get("result") in ("denied", "narrowed") and step.is_(*COUNSEL)
        return step.act == "record-outcome" and lost and v.force == "hard" and not v.court
    if step.act == "review-gag":
        return b == "open" and v.against == "gag" and a in ("decided", "waived", "reserved") and step.is_("demur")
    return by_law and key in found and a == "cured"


RAISABLE = ("open", "asked", "overdue")


def admitted(step: Step) -> bool:
    """Whether the actor is admitted before the forum named."""
    return step.payload.get("forum") in step.actor.forums


def reserved(step: Step, key: str) -> bool:
    """Whether a release under protest reserves this ground in writing."""
    return step.act == "protest" and bool((step.payload.get("reserved") or {}).get(key))


def bar(step: Step, v: Any, w: Any) -> bool:
    """Promise 3: what bars telling the customer is recorded with its end, and ends only when that is certain."""
    if w is None or not open_case(step.before):
        return False
    if v is None and w.end == "unsigned":
        return w.signed == step.actor.person and step.is_(*COUNSEL, "privacy-officer") and step.says("why", "until")
    if step.act == "assess":
        return w in step.payload.get("bars", ()) and w.active and step.is_(*TEAM, "demur")
    if v is None:
        return w.end == ("certain" if step.says("until") else "none") and step.is_(*TEAM, "demur")
    if v.end == "unsigned":
        two = v.signed != step.actor.person and step.is_(*COUNSEL, "privacy-officer")
        return w.end == "certain" and two and step.act == "sign-danger"
    two_may = step.is_(*COUNSEL, "privacy-officer") and step.says("why") and v.danger
    if w.signed and w.signed != v.signed:
        return v.end == w.end == "certain" and two_may and w.signed == step.actor.person
    if w.end == "past":
        by_itself = step.is_("demur") and v.end == "certain"
        lifted = step.is_(*COUNSEL) and step.says("documents") and not v.danger
        over = two_may and bool(v.signed) and v.signed != step.actor.person
        return v.end != "past" and step.says("why") and (by_itself or lifted or over)
    return (v.end, w.end) == ("none", "certain") and step.says("until", "documents") and step.is_(*COUNSEL)


def party(step: Step, v: Any, w: Any) -> bool:
    """Promise 3: the customer is told once nothing bars it, after a last look; it speaks only for itself."""
    if v.notice != w.notice:
        if w.notice == "sealed":
            return v.notice == "none" and step.is_(*TEAM, "demur") and open_case(step.before)
        looked = step.payload.get("looked") is True and not silent(step.before, v.name)
        return v.notice == "sealed" and looked and step.is_(*COUNSEL, "demur") and answerable(step.before)
    if v.redirect != w.redirect:
        return (v.redirect, w.redirect) == ("due", "done") and step.is_(*TEAM) and lawful(step)
    own = step.is_("customer") and step.actor.party == v.name and open_case(step.before)
    if v.voice != w.voice and w.voice not in ("", "consents" if v.controller else "instructs"):
        return False
    if v.stance == "leads" and w.stance != "leads":
        return own and step.act == "give-back" and not w.stance
    return own and (v.notice == "told" or (not w.voice and not w.stance))


def leaves(step: Step, cell: tuple[int, int]) -> bool:
    """Promises 2, 3 and 4 for one piece that leaves."""
    s = step.before
    owner = next(p for p in step.walk.world.parties if cell in p.cells)
    its = s.party(owner.name)
    why = reason(s, cell)
    grounds = against(s, cell)
    kept = {
        "compelled": lambda: not grounds and s.declared and not s.stay,
        "protest": lambda: grounds == {"soft"} and s.protest and bites(s),
        "conflict": lambda: (
            grounds == {"bar"} and bites(s) and s.conflict_lead and s.conflict_privacy
            and s.conflict_lead != s.conflict_privacy
        ),
        "instructed": lambda: "bar" not in grounds and its.voice and its.notice == "told",
        "emergency": lambda: (
            "bar" not in grounds and owner.controller and cell in s.life
            and all(check in s.emergency for check in ("call-back", "second-factor", "supervisor", "granted"))
        ),
    }  # fmt: skip
    if why not in kept or not kept[why]():
        return False
    told = its.notice == "told" and its.redirect != "due"
    if not told and not (
        silent(s, owner.name) and its.notice != "none"
    ):  # once told, a later gag still excuses the redirection
        return False
    if len(s.approvals) < 2 or not s.tested or not (s.proof or s.suspends):
        return False
    if s.suspends != (step.act == "carry-out"):
        return False
    return lawful(step) and step.is_("releaser", "demur")


def signed_paper(step: Step) -> bool:
    """A paper that lets something leave: by counsel or above, with a reason, under the law of today."""
    return step.is_(*COUNSEL) and lawful(step)


def some_piece(s: Seen, test: Callable[[set[str]], bool]) -> bool:
    """Whether a piece that has not left stands so."""
    return any(cell not in s.out and test(against(s, cell)) for cell in s.world.cells)


def field(step: Step, name: str, v: Any, w: Any) -> bool:
    """How each plain part may change."""
    s = step.before
    rules: dict[str, Callable[[], bool]] = {
        "received": lambda: w is True and step.is_(*TEAM, "demur") and step.says("documents"),
        "authentic": lambda: (
            open_case(s) and step.is_(*TEAM)
            and ((w == "yes" and v == "unknown" and step.says("how")) or (w == "forged" and step.says("why")))
        ),
        "known": lambda: (
            s.received and s.closed == ""
            and {
                "nothing": step.act == "add-document" and step.says("documents") and step.is_(*TEAM, "demur"),
                "read": step.is_(*TEAM, "demur"),
                "confirmed": step.act == "confirm" and step.is_(*TEAM) and s.authentic != "forged",
            }[w]
        ),
        "assessed": lambda: (
            w == "stale" or (w == "current" and step.act == "assess" and s.known != "nothing" and open_case(s))
        ),
        "preserved": lambda: step.is_(*(TEAM if w else COUNSEL)) and s.received and s.closed == "",
        "due": lambda: open_case(s) and (step.is_("demur") if w else step.is_(*TEAM) and step.says("until")),
        "stay": lambda: (
            open_case(s) and step.says("why") and (step.is_(*COUNSEL) or (not w and step.is_("demur")))
        ),
        "declared": lambda: signed_paper(step) and some_piece(s, lambda g: not g),
        "protest": lambda: (
            signed_paper(step) and bites(s) and some_piece(s, lambda g: g == {"soft"})
            and all(reserved(step, key) for key in standing_soft(s))
        ),
        "conflict_lead": lambda: (
            lawful(step) and step.is_("lead") and w == step.actor.person != s.conflict_privacy and step.says("why")
            and bites(s) and some_piece(s, lambda g: g == {"bar"})
        ),
        "conflict_privacy": lambda: (
            lawful(step) and step.is_("privacy-officer") and w == step.actor.person != s.conflict_lead
            and step.says("why") and bites(s) and some_piece(s, lambda g: g == {"bar"})
        ),
        "refused": lambda: (
            signed_paper(step) and step.says("why") and any(against(s, cell) for cell in s.world.cells)
        ),
        "planned": lambda: answerable(s) and not s.refused and step.is_(*TEAM) and any(
            reason(s, cell) for cell in s.world.cells
        ),
        "proof": lambda: (
            s.planned and step.payload.get("maps") is True and not s.suspends and step.is_(*TEAM, "demur")
        ),
        "tested": lambda: (
            s.planned and step.is_(*COUNSEL, "privacy-officer", "demur")
            and "grounds" in step.payload and not any(g.unknown for g in step.payload["grounds"])
        ),
        "approvals": lambda: (
            s.planned and (s.proof or s.suspends) and s.tested and step.is_("releaser")
            and w == v | {step.actor.person} != v
        ),
        "undelivered": lambda: (
            step.act in ("release", "carry-out", "reject-as-forged")
            or (not w and step.says("how") and step.is_(*TEAM, "demur") and open_case(s))
        ),
        "paper": lambda: (
            (w == "due" and step.act in ("release", "carry-out"))
            or (w == "in" and v == "due" and (
                (step.says("documents") and step.is_(*TEAM)) or (step.says("why") and step.is_("lead"))))
        ),
        "life": lambda: (w == () and step.is_(*COUNSEL)) or (
            step.is_(*TEAM, "demur") and v == () and all(cell in s.world.cells for cell in w)
        ),
        "breach": lambda: any(cell in s.out for cell in s.world.cells) and step.says("why")
        and step.is_("lead", "privacy-officer"),
        "closed": lambda: closing(step, w),
        "suspends": lambda: False,
    }  # fmt: skip
    if name in rules:
        if w == EMPTY.get(name) and name in SIGNED:
            return True  # a signature may always fall; whether it had to is `a_plan_is_of_what_may_leave`
        return rules[name]()
    check = name.partition(":")[2]  # emergency:check
    if not w:
        return step.is_(*COUNSEL) and step.says("why") and open_case(s)
    if check == "claimed":
        return step.is_(*TEAM, "demur") and step.says("cells") and open_case(s)
    claimed = bool(s.ask("emergency:claimed"))
    if check == "granted":
        checks = all(s.ask(f"emergency:{c}") for c in ("call-back", "second-factor", "supervisor"))
        return claimed and checks and signed_paper(step) and step.says("why")
    return claimed and step.is_(*TEAM) and step.payload.get("check") == check and step.says("how") and open_case(s)


SIGNED = {
    "declared",
    "protest",
    "conflict_lead",
    "conflict_privacy",
    "refused",
    "planned",
    "proof",
    "tested",
    "approvals",
}


def silently_left(s: Seen, against: str) -> bool:
    """Whether a ground that holds (against a gag, or the data) was neither raised nor given a reason in writing."""

    def so(g: Ground | None) -> bool:
        return (
            g is not None and not g.unknown and g.answer == "open" and not g.left
            and (g.against == "gag") == (against == "gag")
        )  # fmt: skip

    return any(s.ask(f"ground:{key}", so) for key in s.world.grounds)


def closing(step: Step, why: str) -> bool:
    """A case ends when nothing is open, nothing is on its way, nothing is owed and everybody was told."""
    s = step.before
    if not step.is_(*COUNSEL) or s.planned or s.undelivered or s.paper == "due":
        return False
    if (why == "forged") != (s.authentic == "forged"):
        return False
    if why == "forged":
        return True
    if any(p.notice != "told" for p in s.parties):
        return False
    if why in ("refused", "referred"):
        return bool(s.refused) and not silently_left(s, "gag")
    if why == "answered":
        if silently_left(s, "gag") or silently_left(s, "data"):
            return False
        return s.assessed == "current" and all(cell in s.out or "won" in against(s, cell) for cell in s.world.cells)
    return why == "withdrawn"


# ------------------------------------------------------------------------------------------- of the whole step

Rule = Callable[[Step], bool]


def nothing_before_receipt_or_after_the_end(step: Step) -> bool:
    """A case lives from receipt to closing; what was forged only ends; harm can be found at any time."""
    s = step.before
    if not s.received:
        return step.act == "receive"
    if s.closed != "":
        return step.act in AFTER_CLOSING
    return s.authentic != "forged" or step.act in AFTER_FORGED


def answers_come_after_assessment(step: Step) -> bool:
    """Promise 1."""
    if step.act in ("challenge", "leave-unchallenged", "waive", "reserve", "refuse", "redirect", "notify",
                    "declare-compelled",
                    "protest", "sign-conflict-lead", "sign-conflict-privacy", "grant-emergency"):  # fmt: skip
        return lawful(step)
    return step.act not in ("plan", "ask") or answerable(step.before)


def what_changes_the_facts_outdates_the_assessment(step: Step) -> bool:
    """Promise 1: law is applied to the facts as they stand."""
    p = step.payload
    changes = step.act in ("add-document", "read", "law-changed") or p.get("changed") or p.get("result") == "narrowed"
    return not changes or step.after.assessed != "current"


def an_act_does_something(step: Step) -> bool:
    """A click that would change nothing is refused, and says so."""
    return step.act in RECORDS or any(step.changed(part) for part in step.after.made)


def a_record_says_what_it_must(step: Step) -> bool:
    """What only records: a draft has its kind, a ground left alone its reason, an assessment its findings."""
    s = step.before
    if step.act == "draft":
        return step.says("kind") and step.before.assessed == "current" and step.is_(*TEAM)
    if step.act == "note-new-law":
        return step.says("rules") and step.is_("demur")
    if step.act == "settle-new-law":
        return step.says("touched", "why") and step.is_(*COUNSEL, "privacy-officer")
    if step.act == "disclose-privileged":
        return step.says("to", "why") and step.is_(*COUNSEL) and step.before.received
    if step.act == "protest":
        return all(reserved(step, key) for key in standing_soft(s))
    if step.act == "leave-unchallenged":
        open_ = all(
            (g := step.before.ground(k)) is not None and g.answer in ("open", "asked", "overdue")
            for k in step.payload.get("grounds", ())
        )
        return step.says("why", "grounds") and step.is_(*COUNSEL) and open_
    if step.act == "extend-gag":
        its_end = s.ask(f"bar:{step.payload.get('gag')}", lambda b: b and b.end) if step.says("gag") else None
        return step.says("until", "documents") and step.is_(*TEAM) and its_end == "certain"
    if step.act == "review-gag":
        barring = step.says("gag") and s.ask(f"bar:{step.payload['gag']}", lambda b: b is not None and b.active)
        return bool(barring) and step.is_("demur")
    if step.act == "write-notice":
        told = s.ask(f"party:{step.payload.get('party')}", lambda p: p.notice == "told") if step.says("party") else True
        return not told and step.is_(*TEAM, "demur")
    if step.act == "record-delivery":
        return step.says("delivery", "proof") and step.is_(*TEAM, "demur")
    if step.act == "assess":
        return "grounds" in step.payload and step.before.known != "nothing" and step.is_(*TEAM, "demur")
    if step.act == "confirm":
        return step.is_(*TEAM)
    if step.act == "read":
        return step.is_(*TEAM, "demur")
    if step.act == "add-document":
        return step.says("documents") and step.is_(*TEAM, "demur")
    if step.act == "law-changed":
        return step.is_("demur")
    if step.act in ("release", "carry-out"):
        return step.is_("releaser", "demur") and step.before.planned
    return True


WHOLE: tuple[Rule, ...] = (
    nothing_before_receipt_or_after_the_end,
    answers_come_after_assessment,
    what_changes_the_facts_outdates_the_assessment,
    an_act_does_something,
    a_record_says_what_it_must,
)


def a_plan_is_of_what_may_leave(step: Step, cell: tuple[int, int]) -> bool:
    """Promise 4: while a plan stands, what may leave does not change; what was signed was signed for just that."""
    if not step.before.planned or not step.after.planned:
        return True
    kept = answerable(step.after) and not step.after.refused
    return kept and reason(step.before, cell) == reason(step.after, cell)


def approvals_are_of_a_plan(step: Step) -> bool:
    """Promise 4: verdict, test and approvals belong to one plan and fall with it."""
    if step.after.planned:
        return True
    return not step.after.approvals and not step.after.proof and not step.after.tested


def approvals_are_spent(step: Step) -> bool:
    """Promise 4: two people release once; what leaves next needs two again."""
    return not step.after.planned and not step.after.approvals


def signatures_fall_with_what_they_were_for(step: Step) -> bool:
    """A protest or a conflict was signed for a duty that bites; without one, or with new grounds, it is void."""
    s, t = step.before, step.after
    if step.act in ("assess", "read", "add-document", "challenge", "record-outcome", "appeal", "extend", "stay"):
        return not (t.declared or t.protest or t.conflict_lead or t.conflict_privacy or t.refused) and s is not None
    return True


def events_are_told(step: Step) -> bool:
    """Promises 5 and 7: what keys and redress rest on is told when data leaves, and when harm is found."""
    events = step.spec.follows(step.before, step.payload) if step.spec.follows else ()
    names = [e.name for e in events]
    if step.act == "record-breach":
        return names == ["redress.opened"]
    if step.act != "release":
        return "production.released" not in names and "ticket.wanted" not in names
    pieces = dict(dict(next(e.body for e in events if e.name == "production.released"))["pieces"])
    conflict = "conflict" in pieces.values()
    ticket, cipher = "ticket.wanted" in names, "ciphertext.only" in names
    return (
        ticket != cipher and cipher == silent(step.before)
        and ("redress.opened" in names) == conflict
        and ("paper.demanded" in names) == ("emergency" in pieces.values())
    )  # fmt: skip


# ------------------------------------------------------------------------------------------- every rule for a move


def rules_for(walk: Walk, move: Move, spec: Any = None) -> Iterator[tuple[str, Callable[[Seen, Any], bool]]]:
    """Each rule that a move must keep, with a name, as a test of the state before it (and of who acts)."""
    world = walk.world

    def step(s: Seen, actor: Any) -> Step:
        return Step(walk, move, actor, s, spec)

    leaving = move.act in ("release", "carry-out")
    touched = _touched(walk, move, spec)
    for rule in WHOLE:
        if not (leaving and rule is an_act_does_something):
            yield rule.__name__, lambda s, a, rule=rule: rule(step(s, a))
    if {"planned", "approvals", "proof", "tested"} & touched and not leaving:
        yield "approvals_are_of_a_plan", lambda s, a: approvals_are_of_a_plan(step(s, a))
    yield "signatures_fall", lambda s, a: leaving or signatures_fall_with_what_they_were_for(step(s, a))
    yield "events_are_told", lambda s, a: events_are_told(step(s, a))
    if leaving:
        yield "approvals_are_spent", lambda s, a: approvals_are_spent(step(s.only(*world.cells[:1]), a))
    for cell in world.cells:
        name = f"out:{cell[0]}.{cell[1]}"
        if name in touched:
            # Each piece leaves for reasons of its own: look at this one alone.
            def leaves_rightly(s: Seen, a: Any, cell: Any = cell, name: str = name) -> bool:
                one = step(s.only(cell), a)
                return not one.changed(name) or leaves(one, cell)

            yield f"leaves {cell}", leaves_rightly
        if not leaving:
            yield f"plan {cell}", lambda s, a, cell=cell: a_plan_is_of_what_may_leave(step(s, a), cell)
    for part in sorted(touched):
        if part.startswith("out:"):
            continue

        def changes_rightly(s: Seen, a: Any, part: str = part) -> bool:
            one = step(s.only(*world.cells[:1]) if leaving and part in SIGNED else s, a)
            v, w = one.pair(part)
            if v == w:
                return True
            kind, _, name = part.partition(":")
            if kind == "ground":
                return ground(one, name, v, w)
            if kind == "bar":
                return bar(one, v, w)
            if kind == "party":
                return party(one, v, w)
            return field(one, part, v, w)

        yield part, changes_rightly


def _touched(walk: Walk, move: Move, spec: Any) -> set[Part]:
    return {part for _, change in walk.effects(move, spec) for part, pairs in change if any(i != j for i, j in pairs)}
