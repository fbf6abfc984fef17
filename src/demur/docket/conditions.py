"""What must be true before an act: every condition of the lifecycle, by name.

The words of each (what is missing, who can meet it) stand in `words.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .case import CHECKS, SELF, Actor, Bar, Cell, Ground, Party, Payload, State, is_ready, reason, told_first


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must be true before an act; its words (what is missing, who can meet it) are in words.toml.

    `given` names what the act brings that the condition is on; "" is one on the case alone. Where `piece` is given,
    the condition is on the pieces of the demand: that it holds for all of them, or (`some`) for at least one.
    """

    name: str
    holds: Callable[[State, Actor, Payload], bool]
    given: str = ""
    piece: Callable[[State, Cell], bool] | None = None
    some: bool = False


# ------------------------------------------------------------------------------------------- conditions

on_case = Condition


def given(name: str, what: str, holds: Callable[[State, Actor, Payload], bool] | None = None) -> Condition:
    """A condition on what the act brings under the name `what`; by itself, that it brings it at all."""
    return Condition(name, holds or (lambda s, a, p: p.get(what) not in (None, "", [], ())), given=what)


def each_piece(name: str, holds: Callable[[State, Cell], bool]) -> Condition:
    """A condition on every piece of the demand."""
    return Condition(name, lambda s, a, p: all(holds(s, cell) for cell in s.cells), piece=holds)


def some_piece(name: str, holds: Callable[[State, Cell], bool]) -> Condition:
    """A condition on at least one piece of the demand."""
    return Condition(name, lambda s, a, p: any(holds(s, cell) for cell in s.cells), piece=holds, some=True)


def ground_is(test: Callable[[Ground], bool]) -> Callable[[State, Actor, Payload], bool]:
    """That the ground named in the payload is on the case and passes a test."""
    return lambda s, a, p: (g := s.ground(p.get("ground", ""))) is not None and test(g)


def each_ground_is(test: Callable[[Ground], bool]) -> Callable[[State, Actor, Payload], bool]:
    """That all grounds named in the payload (at least one) are on the case and pass a test."""
    return lambda s, a, p: (
        bool(p.get("grounds")) and all((g := s.ground(key)) is not None and test(g) for key in p["grounds"])
    )


def bar_is(test: Callable[[Bar], bool]) -> Callable[[State, Actor, Payload], bool]:
    """That the bar named in the payload is on the case and passes a test."""
    return lambda s, a, p: (b := s.bar(p.get("gag", ""))) is not None and test(b)


def party_is(test: Callable[[Party], bool]) -> Callable[[State, Actor, Payload], bool]:
    """That the party named in the payload is on the case and passes a test."""
    return lambda s, a, p: (o := s.party(p.get("party", ""))) is not None and test(o)


is_new = on_case("is-new", lambda s, a, p: not s.received)
is_open = on_case("is-open", lambda s, a, p: s.received and not s.closed)
was_received = on_case("was-received", lambda s, a, p: s.received)
is_live = on_case("is-live", lambda s, a, p: s.received and not s.closed and s.authentic != "forged")
ready = on_case("ready", lambda s, a, p: is_ready(s))
unverified = on_case("not-verified-yet", lambda s, a, p: s.authentic != "yes")
was_read = on_case("was-read", lambda s, a, p: s.read)
assessed_now = on_case("assessed-now", lambda s, a, p: s.assessed == "current")
not_preserved = on_case("not-preserved", lambda s, a, p: not s.preserved)
is_preserved = on_case("is-preserved", lambda s, a, p: s.preserved)
not_due = on_case("not-due-yet", lambda s, a, p: not s.due)
not_stayed = on_case("not-stayed", lambda s, a, p: not s.stay)
is_stayed = on_case("is-stayed", lambda s, a, p: s.stay)
duty_bites = on_case("duty-bites", lambda s, a, p: s.due and not s.stayed())
not_declared = on_case("not-declared", lambda s, a, p: not s.declared)
something_compelled = some_piece("something-compelled", lambda s, c: c not in s.out and not s.stands(c))
not_protested = on_case("not-protested", lambda s, a, p: not s.protest)
only_soft_open = some_piece("only-soft-open", lambda s, c: c not in s.out and s.stands(c) == {"soft"})
laws_conflict = some_piece("laws-conflict", lambda s, c: c not in s.out and s.stands(c) == {"forbids"})
lead_unsigned = on_case("lead-unsigned", lambda s, a, p: not s.conflict_lead)
privacy_unsigned = on_case("privacy-unsigned", lambda s, a, p: not s.conflict_privacy)
not_the_privacy_signer = on_case("not-the-other-signer", lambda s, a, p: s.conflict_privacy != a.person)
not_the_lead_signer = on_case("not-the-other-signer", lambda s, a, p: s.conflict_lead != a.person)
not_refused = on_case("not-refused", lambda s, a, p: not s.refused)
a_ground_stands = some_piece("a-ground-stands", lambda s, c: bool(s.stands(c)))
not_planned = on_case("not-planned", lambda s, a, p: not s.planned)
is_planned = on_case("is-planned", lambda s, a, p: s.planned)
something_releasable = some_piece("something-releasable", lambda s, c: bool(reason(s, c)))
asks_data = on_case("asks-data", lambda s, a, p: not s.suspends)
asks_suspension = on_case("asks-suspension", lambda s, a, p: s.suspends)
not_proven = on_case("not-proven", lambda s, a, p: not s.proof)
not_tested = on_case("not-tested", lambda s, a, p: not s.tested)
proven = on_case("proven", lambda s, a, p: s.proof or s.suspends)
tested = on_case("tested", lambda s, a, p: s.tested)
not_approved_by_you = on_case("not-approved-by-you", lambda s, a, p: a.person not in s.approvals)
two_approved = on_case("two-approved", lambda s, a, p: len(s.approvals) >= 2)


customer_first = each_piece("customer-first", lambda s, c: not reason(s, c) or told_first(s, c))
is_undelivered = on_case("is-undelivered", lambda s, a, p: s.undelivered)
something_out = on_case("something-out", lambda s, a, p: bool(s.out))
no_breach_yet = on_case("no-breach-yet", lambda s, a, p: not s.breach)
no_emergency = on_case("no-emergency", lambda s, a, p: not s.emergency)
is_claimed = on_case("is-claimed", lambda s, a, p: bool(s.emergency))
all_checked = on_case("all-checked", lambda s, a, p: s.emergency >= CHECKS)
not_granted = on_case("not-granted", lambda s, a, p: "granted" not in s.emergency)
paper_is_due = on_case("paper-is-due", lambda s, a, p: s.paper == "due")
nothing_on_its_way = on_case("nothing-on-its-way", lambda s, a, p: not s.planned and not s.undelivered)
paper_not_due = on_case("paper-not-due", lambda s, a, p: s.paper != "due")

documents_given = given("document-given", "documents")
how_verified = given("how-verified", "how")
delivery_named = given("delivery-named", "delivery")
proof_given = given("proof-given", "proof")
why_given = given("why-given", "why")
law_of_today = given("law-of-today", "law", lambda s, a, p: p.get("law") is True)
findings_given = given("findings-given", "grounds", lambda s, a, p: "grounds" in p)
recipient_given = given("recipient-given", "to")
kind_given = given("kind-given", "kind")
rules_named = given("new-law-named", "rules")
note_named = given("new-law-note-named", "touched")
gag_named = given("gag-named", "gag")
gag_unrecorded = given("gag-not-recorded", "gag", lambda s, a, p: s.bar(p.get("gag", "")) is None)
until_given = given("until-given", "until")
bar_endless = given("gag-endless", "gag", bar_is(lambda b: b.end == "none"))
bar_certain = given("gag-has-an-end", "gag", bar_is(lambda b: b.end == "certain"))
bar_active = given("gag-active", "gag", bar_is(lambda b: b.active))
danger_active = given("danger-active", "gag", bar_is(lambda b: b.active and b.danger))
no_danger = given(
    "no-danger", "gag", lambda s, a, p: bool(a.roles & SELF) or (b := s.bar(p.get("gag", ""))) is None or not b.danger
)
end_shown = given(
    "gag-end-shown",
    "documents",
    lambda s, a, p: (
        bool(p.get("documents")) if not a.roles & SELF else (b := s.bar(p.get("gag", ""))) is None or b.end == "certain"
    ),
)
danger_half_signed = given("danger-half-signed", "gag", bar_is(lambda b: b.end == "unsigned"))
not_the_danger_signer = given(
    "not-the-first-signer", "gag", lambda s, a, p: (b := s.bar(p.get("gag", ""))) is None or b.signed != a.person
)
is_unknown_open = given("ground-to-ask", "ground", ground_is(lambda g: g.unknown and g.answer == "open"))
was_asked = given("ground-asked", "ground", ground_is(lambda g: g.answer == "asked"))
raisable = given("grounds-open", "grounds", each_ground_is(lambda g: g.answer in ("open", "asked", "overdue")))
form_known = given("form-known", "form", lambda s, a, p: p.get("form") in FORMS)
form_fits = given(
    "form-fits",
    "form",
    lambda s, a, p: (
        p.get("form") not in FORMS
        or all((g := s.ground(k)) is None or FORMS[p["form"]].fits(g) for k in p.get("grounds", ()))
    ),
)
admitted = given(
    "admitted",
    "form",
    lambda s, a, p: p.get("form") not in FORMS or not FORMS[p["form"]].court or p.get("forum") in a.forums,
)
is_pending = given("ground-pending", "ground", ground_is(lambda g: g.answer == "pending"))
was_ruled = given("ground-ruled", "ground", ground_is(lambda g: g.answer in ("decided", "fell")))
result_known = given("result-known", "result", lambda s, a, p: p.get("result") in RESULTS)
competent = given(
    "competent",
    "result",
    lambda s, a, p: (
        RESULTS.get(p.get("result", "")) != "decided"
        or (g := s.ground(p.get("ground", ""))) is None
        or g.force == "soft"
        or not g.court
        or (bool(p.get("forum")) and bool(p.get("documents")))
    ),
)
admitted_again = given(
    "admitted",
    "ground",
    lambda s, a, p: (g := s.ground(p.get("ground", ""))) is None or not g.court or p.get("forum") in a.forums,
)
each_reserved = given(
    "each-reserved",
    "reserved",
    lambda s, a, p: s.soft_open() <= {key for key, why in dict(p.get("reserved") or {}).items() if why},
)
waivable = given(
    "ground-soft", "ground", ground_is(lambda g: g.force == "soft" and not g.unknown and g.answer == "open")
)
reservable = given("ground-overdue", "ground", ground_is(lambda g: g.unknown and g.answer == "overdue"))
not_the_first_signer = given(
    "not-the-first-signer",
    "ground",
    lambda s, a, p: (g := s.ground(p.get("ground", ""))) is None or g.signed != a.person,
)
customer_not_challenging = on_case("customer-not-challenging", lambda s, a, p: not any(o.stance for o in s.parties))
party_untold = given("party-untold", "party", party_is(lambda o: o.notice != "told"))
party_sealed = given("notice-sealed", "party", party_is(lambda o: o.notice == "sealed"))
not_barred = given("not-barred", "party", lambda s, a, p: not s.silenced(p.get("party", "")))
last_look = given("last-look", "looked", lambda s, a, p: p.get("looked") is True)
redirect_due = given("redirect-due", "party", party_is(lambda o: o.redirect == "due"))
own_party = given("own-party", "party", lambda s, a, p: p.get("party") == a.party)
party_told = given("party-told", "party", party_is(lambda o: o.notice == "told"))
its_own_data = given("its-own-data", "party", party_is(lambda o: not o.controller))
provider_decides = given("provider-decides", "party", party_is(lambda o: o.controller))
has_not_spoken = given("has-not-spoken", "party", party_is(lambda o: o.voice == ""))
has_spoken = given("has-spoken", "party", party_is(lambda o: o.voice != ""))
not_joined = given("not-joined", "party", party_is(lambda o: o.stance == ""))
has_joined = given("has-joined", "party", party_is(lambda o: o.stance == "joined"))
not_leading = given("not-leading", "party", party_is(lambda o: o.stance != "leads"))
is_leading = given("is-leading", "party", party_is(lambda o: o.stance == "leads"))
pieces_given = given(
    "pieces-given", "cells", lambda s, a, p: bool(p.get("cells")) and all(c in s.cells for c in p["cells"])
)
check_new = given("check-new", "check", lambda s, a, p: p.get("check") in CHECKS and p["check"] not in s.emergency)
all_map = given("verdict-good", "maps", lambda s, a, p: p.get("maps") is True)
test_complete = given(
    "test-complete", "grounds", lambda s, a, p: "grounds" in p and all(not g.unknown for g in p["grounds"])
)
reason_known = given("reason-known", "reason", lambda s, a, p: p.get("reason") in CLOSINGS)
may_end = given("may-end", "reason", lambda s, a, p: _may_end(s, p.get("reason", "")))
each_reasoned = given(
    "each-reasoned", "reason", lambda s, a, p: not (UNREASONED.get(p.get("reason", ""), frozenset()) & s.unraised())
)
all_told = given(
    "all-told", "reason", lambda s, a, p: p.get("reason") == "forged" or all(o.notice == "told" for o in s.parties)
)


@dataclass(frozen=True, slots=True)
class Form:
    """A form of challenge: whether it goes to a court (and counsel must be admitted there), and what it attacks."""

    court: bool
    gag: bool = False

    def fits(self, ground: Ground) -> bool:
        """Whether a ground belongs in this form: those against a gag in those for gags, the others elsewhere."""
        return (ground.against == "gag") == self.gag


FORMS: Mapping[str, Form] = {
    "objection": Form(court=False),
    "clarification": Form(court=False),
    "motion-to-quash": Form(court=True),
    "motion-to-modify": Form(court=True),
    "comity-motion": Form(court=True),
    "scc-review": Form(court=True),
    "e-evidence-17": Form(court=False),
    "data-act-32": Form(court=False),
    "referral": Form(court=False),
    "gag-notice": Form(court=False, gag=True),
    "gag-challenge": Form(court=True, gag=True),
}

RESULTS: Mapping[str, str] = {"upheld": "fell", "withdrawn": "fell", "denied": "decided", "narrowed": "decided"}
"""How a forum, or the authority itself, answered a ground, and what becomes of it."""

CLOSINGS = ("forged", "withdrawn", "refused", "referred", "answered")
"""Why a case may be closed."""
UNREASONED: Mapping[str, frozenset[str]] = {
    "answered": frozenset({"data", "gag"}),
    **dict.fromkeys(("refused", "referred"), frozenset({"gag"})),
}
"""What may not be left unraised without a reason, by why a case closes: a refusal raises what stands against it."""


def _may_end(s: State, why: str) -> bool:
    if why == "forged" or s.authentic == "forged":
        return why == "forged" and s.authentic == "forged"
    if why == "withdrawn":
        return True
    if why in ("refused", "referred"):
        return s.refused
    # Answered in full: nothing open, and nothing owed that has not left.
    return s.assessed == "current" and all("fell" in s.stands(cell) or cell in s.out for cell in s.cells)
