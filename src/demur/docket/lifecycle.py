"""The life of a case: the acts as one table of who may, what must be true, what it makes, what follows.

Pure: no clock, no database, no law. What the world says (a reading, an assessment, an outcome, that a day has
passed) comes in as the payload of an act. `perform` is the only function that makes a new state.

A signature holds for what was before the signer's eyes: an act that may change what can leave voids the papers
signed before it (`voids`), so that a plan is always a plan of what is releasable now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .case import (
    ANSWERED,
    CHECKS,
    COUNSEL,
    CUSTOMER,
    EMPTY,
    LEAD,
    NEW,
    PAPERS,
    PLAN,
    PRIVACY,
    RELEASER,
    ROLES,
    SELF,
    TEAM,
    Actor,
    Bar,
    Cell,
    Ground,
    Party,
    Payload,
    State,
    is_ready,
    is_signed,
    met,
    reason,
    releasable,
    stops,
    told_first,
)
from .conditions import (
    CLOSINGS,
    FORMS,
    RESULTS,
    Condition,
    Form,
    a_ground_stands,
    admitted,
    admitted_again,
    all_checked,
    all_map,
    all_told,
    asks_data,
    asks_suspension,
    assessed_now,
    bar_active,
    bar_certain,
    bar_endless,
    check_new,
    competent,
    customer_first,
    customer_not_challenging,
    danger_active,
    danger_half_signed,
    delivery_named,
    documents_given,
    duty_bites,
    each_reasoned,
    each_reserved,
    end_shown,
    findings_given,
    form_fits,
    form_known,
    gag_named,
    gag_unrecorded,
    has_joined,
    has_not_spoken,
    has_spoken,
    how_verified,
    is_claimed,
    is_leading,
    is_live,
    is_new,
    is_open,
    is_pending,
    is_planned,
    is_preserved,
    is_stayed,
    is_undelivered,
    is_unknown_open,
    its_own_data,
    kind_given,
    last_look,
    law_of_today,
    laws_conflict,
    lead_unsigned,
    may_end,
    no_breach_yet,
    no_danger,
    no_emergency,
    not_approved_by_you,
    not_barred,
    not_declared,
    not_due,
    not_granted,
    not_joined,
    not_leading,
    not_planned,
    not_preserved,
    not_protested,
    not_proven,
    not_refused,
    not_stayed,
    not_tested,
    not_the_danger_signer,
    not_the_first_signer,
    not_the_lead_signer,
    not_the_privacy_signer,
    note_named,
    nothing_on_its_way,
    only_soft_open,
    own_party,
    paper_is_due,
    paper_not_due,
    party_sealed,
    party_told,
    party_untold,
    pieces_given,
    privacy_unsigned,
    proof_given,
    proven,
    provider_decides,
    raisable,
    ready,
    reason_known,
    recipient_given,
    redirect_due,
    reservable,
    result_known,
    rules_named,
    something_compelled,
    something_out,
    something_releasable,
    test_complete,
    tested,
    two_approved,
    until_given,
    unverified,
    waivable,
    was_asked,
    was_read,
    was_received,
    was_ruled,
    why_given,
)


@dataclass(frozen=True, slots=True)
class Event:
    """What other rooms may take from the outbox: its class, and a body without anything personal."""

    name: str
    body: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger is told of an act (promise 6): every step has one."""

    act: str
    person: str


@dataclass(frozen=True, slots=True)
class ActSpec:
    """One act: who may, what must be true, what it makes of the state, which papers it voids, what follows."""

    name: str
    who: frozenset[str]
    guard: tuple[Condition, ...]
    apply: Callable[[State, Actor, Payload], State]
    voids: tuple[str, ...] = ()
    follows: Callable[[State, Payload], tuple[Event, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """An act performed: the new state, its entry for the ledger, and the events that follow."""

    state: State
    entry: Entry
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act refused: the names of the conditions that are missing."""

    act: str
    conditions: tuple[str, ...]


def perform(
    state: State, act: str, actor: Actor, payload: Payload, table: Mapping[str, ActSpec] | None = None
) -> Step | Refusal:
    """Perform one act, or say which conditions are missing.

    Raises KeyError for an act that the table does not know.
    """
    spec = (table or ACTS)[act]
    if not spec.who & actor.roles:
        return Refusal(act, ("role",))
    lacking = tuple(c.name for c in spec.guard if not c.holds(state, actor, payload))
    if lacking:
        return Refusal(act, lacking)
    after = spec.apply(state, actor, payload)
    if spec.voids:
        after = after.but(**{name: EMPTY[name] for name in spec.voids})
    events = spec.follows(state, payload) if spec.follows else ()
    return Step(after, Entry(act, actor.person), events)


def missing(state: State, act: str, actor: Actor, known: Payload = MappingProxyType({})) -> tuple[str, ...]:
    """What is still lacking for this act by this person, before all is filled in; `known` is what is given already."""
    spec = ACTS[act]
    if not spec.who & actor.roles:
        return ("role",)
    return tuple(c.name for c in spec.guard if (not c.given or c.given in known) and not c.holds(state, actor, known))


# ------------------------------------------------------------------------------------------- what acts make


def _confirm(s: State, a: Actor, p: Payload) -> State:
    complete = "confirmed" if p.get("complete") else "read"
    if complete == "confirmed" and not p.get("changed"):
        return s.but(known=complete)
    return _outdated(s.but(known=complete)) if p.get("changed") else _void(s.but(known=complete))


def _void(s: State) -> State:
    return s.but(**{name: EMPTY[name] for name in PAPERS})


def _outdated(s: State) -> State:
    # What was assessed, signed and planned before no longer covers the facts.
    s = _void(s)
    return s.but(assessed="stale") if s.assessed != "no" else s


def _record_gag(s: State, a: Actor, p: Payload) -> State:
    return s.with_bar(Bar(str(p["gag"]), "certain" if p.get("until") else "none", party=str(p.get("party") or "")))


def _challenge(s: State, a: Actor, p: Payload) -> State:
    for key in p["grounds"]:
        s = s.on_ground(key, answer="pending", signed="", court=FORMS[p["form"]].court, left=False)
    return s


def _protest(s: State, a: Actor, p: Payload) -> State:
    # Each ground was reserved in writing, which is a reason as well why it is not raised first.
    for key in s.soft_open():
        ground = s.ground(key)
        if ground is not None and ground.answer != "pending":
            s = s.on_ground(key, left=True)
    return s.but(protest=True)


def _leave(s: State, a: Actor, p: Payload) -> State:
    for key in p["grounds"]:
        s = s.on_ground(key, left=True)
    return s


def _outcome(s: State, a: Actor, p: Payload) -> State:
    ground, answer = s.ground(p["ground"]), RESULTS[p["result"]]
    if answer == "decided" and ground is not None and ground.force == "hard" and not ground.court:
        # Only the competent court's ruling answers a hard ground (promise 2): it is still there to be raised.
        answer = "open"
    s = s.on_ground(p["ground"], answer=answer)
    # A narrowed demand is another demand: its facts are confirmed and assessed anew.
    return _outdated(s.but(known="read")) if p["result"] == "narrowed" else s


def _lift_danger(s: State, a: Actor, p: Payload) -> State:
    danger = s.bar(p["gag"])
    if danger is not None and danger.signed:
        return s.on_bar(p["gag"], end="past", signed="")
    return s.on_bar(p["gag"], signed=a.person)


def _lifted(s: State, p: Payload) -> tuple[Event, ...]:
    danger = s.bar(p["gag"])
    return (Event("gag.ended"),) if danger is not None and danger.signed else ()


def _sign_waiver(s: State, a: Actor, p: Payload) -> State:
    ground = s.ground(p["ground"])
    if ground is not None and ground.signed:
        return s.settling(p["ground"], "waived")
    return s.on_ground(p["ground"], signed=a.person)


def _sign_reservation(s: State, a: Actor, p: Payload) -> State:
    ground = s.ground(p["ground"])
    if ground is not None and (ground.force == "soft" or ground.signed):
        return s.settling(p["ground"], "reserved")
    return s.on_ground(p["ground"], signed=a.person)


def _test(s: State, a: Actor, p: Payload) -> State:
    after = s.found(p["grounds"], disclosure_only=True)
    if all(after.stands(cell) == s.stands(cell) for cell in s.cells):
        return after.but(tested=True)
    # The test found a bar, or that one is gone: what was planned is no longer what may leave.
    return _void(after)


def _release(s: State, a: Actor, p: Payload) -> State:
    after = s.but(undelivered=True)
    for cell in s.cells:
        why = reason(s, cell)
        if why:
            after = after.adding(out=frozenset({cell}))
        if why == "emergency":
            # Data given in an emergency is owed a court's paper afterwards.
            after = after.but(paper="due")
    return after


def _released(s: State, p: Payload) -> tuple[Event, ...]:
    leaving = releasable(s)
    events = [Event("production.released", (("pieces", leaving),))]
    # Promise 5: while a gag covers the key holder no ticket issues; what leaves is ciphertext and a statement.
    events.append(Event("ciphertext.only" if s.barred() else "ticket.wanted", (("pieces", leaving),)))
    if any(why == "conflict" for _, why in leaving):
        events.append(Event("redress.opened", (("because", "conflict"),)))
    if any(why == "emergency" for _, why in leaving):
        events.append(Event("paper.demanded"))
    return tuple(events)


def tells(*names: str) -> Callable[[State, Payload], tuple[Event, ...]]:
    """Events without a body."""
    return lambda s, p: tuple(Event(name) for name in names)


def set_to(**changes: Any) -> Callable[[State, Actor, Payload], State]:
    """The state with these values."""
    return lambda s, a, p: s.but(**changes)


def party_to(**changes: Any) -> Callable[[State, Actor, Payload], State]:
    """The state with the party named in the payload changed."""
    return lambda s, a, p: s.on_party(p["party"], **changes)


def ground_to(**changes: Any) -> Callable[[State, Actor, Payload], State]:
    """The state with the ground named in the payload changed."""
    return lambda s, a, p: s.on_ground(p["ground"], **changes)


def bar_to(**changes: Any) -> Callable[[State, Actor, Payload], State]:
    """The state with the bar named in the payload changed."""
    return lambda s, a, p: s.on_bar(p["gag"], **changes)


def _assess(s: State, a: Actor, p: Payload) -> State:
    new = {name: p[name] for name in ("cells", "parties", "suspends") if name in p}
    s = s.found(p["grounds"]).but(assessed="current", **new)
    # A silence that the law or the demand imposes bars from here on, whether or not anybody thought of recording it.
    # An assessment lays bars and moves the end of its own; people, or a certain end that has passed, end them.
    for bar in p.get("bars", ()):
        s = s.with_bar(bar)
    return s


ACTS: Mapping[str, ActSpec] = {
    spec.name: spec
    for spec in (
        # ---- what comes first: receipt, verification, preservation, gags, facts
        ActSpec("receive", TEAM | SELF, (is_new, documents_given), set_to(received=True), (), tells("case.received")),
        ActSpec(
            "add-document", TEAM | SELF, (is_live, documents_given), lambda s, a, p: _outdated(s.but(known="nothing"))
        ),
        ActSpec("read", TEAM | SELF, (is_open,), lambda s, a, p: _outdated(s.but(known="read"))),
        ActSpec(
            "authenticate", TEAM, (is_live, unverified, how_verified), set_to(authentic="yes"), (),
            tells("case.authenticated"),
        ),
        ActSpec("reject-as-forged", TEAM, (is_live, why_given), set_to(authentic="forged", undelivered=False), PAPERS,
                tells("case.forged")),
        ActSpec("confirm", TEAM, (is_live,), _confirm),
        ActSpec("preserve", TEAM, (is_live, not_preserved), set_to(preserved=True)),
        ActSpec("end-preservation", COUNSEL, (is_open, is_preserved), set_to(preserved=False)),
        ActSpec("record-gag", TEAM | SELF, (is_live, gag_named, gag_unrecorded), _record_gag, (),
                tells("gag.recorded")),
        # What ends a silence lets the customer be told by itself: counsel says so, and shows the paper.
        ActSpec("set-gag-end", COUNSEL, (is_live, bar_endless, until_given, documents_given), bar_to(end="certain")),
        # More silence is asked for in writing: nobody extends a gag by telephone.
        ActSpec("extend-gag", TEAM, (is_live, bar_certain, until_given, documents_given), lambda s, a, p: s),
        ActSpec("review-gag", SELF, (is_live, bar_active), lambda s, a, p: s.contested_anew(), (),
                tells("gag.reviewed")),
        ActSpec("end-gag", COUNSEL | SELF, (is_live, bar_active, no_danger, end_shown, why_given),
                bar_to(end="past", signed=""), (), tells("gag.ended")),
        ActSpec(
            "record-danger", COUNSEL | PRIVACY, (is_live, gag_named, gag_unrecorded, why_given, until_given),
            lambda s, a, p: s.with_bar(Bar(str(p["gag"]), "unsigned", a.person, danger=True)),
        ),
        ActSpec(
            "sign-danger", COUNSEL | PRIVACY, (is_live, danger_half_signed, not_the_danger_signer),
            bar_to(end="certain", signed=""),
        ),
        ActSpec("lift-danger", COUNSEL | PRIVACY, (is_live, danger_active, not_the_danger_signer, why_given),
                _lift_danger, (), _lifted),
        ActSpec("assess", TEAM | SELF, (is_live, was_read, findings_given), _assess, PAPERS, tells("case.assessed")),
        ActSpec("law-changed", SELF, (is_live, assessed_now), lambda s, a, p: _outdated(s)),
        # ---- the customer first
        # It may be written anew for as long as it waits, so that it says what was done meanwhile.
        ActSpec("write-notice", TEAM | SELF, (is_live, party_untold), party_to(notice="sealed")),
        ActSpec(
            "notify", COUNSEL | SELF, (ready, law_of_today, not_barred, party_sealed, last_look),
            party_to(notice="told"), (),
            tells("customer.told"),
        ),
        ActSpec("redirect", TEAM, (ready, redirect_due, law_of_today), party_to(redirect="done"), (),
                tells("authority.redirected")),
        ActSpec("record-delivery", TEAM | SELF, (was_received, delivery_named, proof_given), lambda s, a, p: s),
        ActSpec("instruct", CUSTOMER, (is_live, own_party, party_told, its_own_data, has_not_spoken),
                party_to(voice="instructs"), PAPERS),
        ActSpec("consent", CUSTOMER, (is_live, own_party, party_told, provider_decides, has_not_spoken),
                party_to(voice="consents"), PAPERS),
        ActSpec("end-instruction", CUSTOMER, (is_live, own_party, has_spoken), party_to(voice=""), PAPERS),
        ActSpec("join", CUSTOMER, (is_live, own_party, party_told, not_joined), party_to(stance="joined"), (),
                tells("customer.joined")),
        ActSpec("leave", CUSTOMER, (is_live, own_party, has_joined), party_to(stance="")),
        ActSpec("take-over", CUSTOMER, (is_live, own_party, party_told, not_leading), party_to(stance="leads"), (),
                tells("customer.leads")),
        ActSpec("give-back", CUSTOMER, (is_live, own_party, is_leading), party_to(stance="")),
        # ---- every ground answered
        ActSpec("draft", TEAM, (is_live, assessed_now, kind_given), lambda s, a, p: s),
        ActSpec("disclose-privileged", COUNSEL, (was_received, recipient_given, why_given), lambda s, a, p: s),
        ActSpec("ask", TEAM, (ready, is_unknown_open, until_given), ground_to(answer="asked")),
        ActSpec("answer-overdue", SELF, (is_live, was_asked), ground_to(answer="overdue")),
        ActSpec(
            "challenge", COUNSEL, (ready, law_of_today, raisable, form_known, form_fits, admitted), _challenge, PAPERS,
            tells("challenge.filed"),
        ),
        ActSpec(
            "record-outcome", COUNSEL, (is_live, is_pending, result_known, competent), _outcome, PAPERS,
            tells("challenge.decided"),
        ),
        ActSpec("appeal", COUNSEL, (is_live, was_ruled, admitted_again), ground_to(answer="pending"), PAPERS),
        ActSpec("waive", COUNSEL, (ready, law_of_today, waivable, not_the_first_signer,
                                   customer_not_challenging, why_given), _sign_waiver, PAPERS),
        ActSpec("reserve", COUNSEL, (ready, law_of_today, reservable, not_the_first_signer, why_given),
                _sign_reservation, PAPERS),
        ActSpec("leave-unchallenged", COUNSEL, (ready, law_of_today, raisable, why_given), _leave),
        ActSpec("refuse", COUNSEL, (ready, law_of_today, a_ground_stands, not_refused, why_given),
                lambda s, a, p: _void(s).but(refused=True), (), tells("case.refused")),
        # ---- the duty
        ActSpec("fall-due", SELF, (is_live, not_due), set_to(due=True), (), tells("duty.due")),
        ActSpec("extend", TEAM, (is_live, until_given), set_to(due=False), PAPERS),
        ActSpec("stay", COUNSEL, (is_live, not_stayed, why_given), set_to(stay=True), PAPERS),
        ActSpec("end-stay", COUNSEL | SELF, (is_live, is_stayed, why_given), set_to(stay=False), PLAN),
        ActSpec("declare-compelled", COUNSEL, (ready, law_of_today, something_compelled, not_declared),
                set_to(declared=True), PLAN),
        ActSpec("protest", COUNSEL, (ready, law_of_today, duty_bites, only_soft_open, not_protested, each_reserved),
                _protest, PLAN),
        ActSpec(
            "sign-conflict-lead", LEAD,
            (ready, law_of_today, duty_bites, laws_conflict, lead_unsigned, not_the_privacy_signer, why_given),
            lambda s, a, p: s.but(conflict_lead=a.person), PLAN,
        ),
        ActSpec(
            "sign-conflict-privacy", PRIVACY,
            (ready, law_of_today, duty_bites, laws_conflict, privacy_unsigned, not_the_lead_signer, why_given),
            lambda s, a, p: s.but(conflict_privacy=a.person), PLAN,
        ),
        # ---- the emergency path: voluntary
        ActSpec("claim-emergency", TEAM | SELF, (is_live, no_emergency, pieces_given),
                lambda s, a, p: s.but(emergency=frozenset({"claimed"}), life=tuple(p["cells"]))),
        ActSpec("check-emergency", TEAM, (is_live, is_claimed, check_new, how_verified),
                lambda s, a, p: s.adding(emergency=frozenset({str(p["check"])}))),
        ActSpec("grant-emergency", COUNSEL, (ready, law_of_today, all_checked, not_granted, why_given),
                lambda s, a, p: s.adding(emergency=frozenset({"granted"})), PLAN),
        ActSpec("deny-emergency", COUNSEL, (is_live, is_claimed, why_given),
                set_to(emergency=frozenset(), life=()), PLAN),
        ActSpec("record-paper", TEAM, (paper_is_due, documents_given), set_to(paper="in")),
        ActSpec("write-off-paper", LEAD, (paper_is_due, why_given), set_to(paper="in")),
        # ---- what may leave
        ActSpec("plan", TEAM, (ready, not_refused, something_releasable, not_planned), set_to(planned=True), (),
                lambda s, p: (Event("production.planned", (("pieces", releasable(s)),)),)),
        ActSpec("prove", TEAM | SELF, (is_planned, asks_data, not_proven, all_map), set_to(proof=True)),
        ActSpec("test-disclosure", COUNSEL | PRIVACY | SELF, (is_planned, not_tested, test_complete),
                _test),
        ActSpec("approve", RELEASER, (proven, tested, not_approved_by_you),
                lambda s, a, p: s.adding(approvals=frozenset({a.person}))),
        ActSpec("release", RELEASER | SELF, (asks_data, two_approved, customer_first, law_of_today), _release, PLAN,
                _released),
        ActSpec("carry-out", RELEASER | SELF, (asks_suspension, two_approved, customer_first, law_of_today),
                _release, PLAN,
                lambda s, p: (Event("suspension.carried-out", (("pieces", releasable(s)),)),)),
        ActSpec("deliver", TEAM | SELF, (is_undelivered, how_verified), set_to(undelivered=False), (),
                tells("production.delivered")),
        ActSpec("record-breach", LEAD | PRIVACY, (something_out, no_breach_yet, why_given), set_to(breach=True), (),
                tells("redress.opened")),
        # ---- the end
        ActSpec(
            "close", COUNSEL,
            (is_open, reason_known, may_end, each_reasoned, nothing_on_its_way, paper_not_due, all_told),
            lambda s, a, p: s.but(closed=str(p["reason"])), (), tells("case.closed"),
        ),
        # What is over is judged by the law of its day; new law on that day is no end to it, but somebody's work.
        ActSpec("note-new-law", SELF, (was_received, rules_named), lambda s, a, p: s, (),
                lambda s, p: (Event("law.touched", (("rules", p["rules"]),)),)),
        ActSpec("settle-new-law", COUNSEL | PRIVACY, (was_received, note_named, why_given), lambda s, a, p: s),
    )
}  # fmt: skip

__all__ = [
    "ACTS", "ANSWERED", "CHECKS", "CLOSINGS", "EMPTY", "FORMS", "NEW", "RESULTS", "ROLES", "ActSpec", "Actor", "Bar",
    "Cell", "Condition", "Entry", "Event", "Form", "Ground", "Party", "Refusal", "State", "Step", "is_ready",
    "is_signed", "met", "missing", "perform", "reason", "releasable", "stops", "told_first",
]  # fmt: skip
