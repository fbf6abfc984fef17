"""Writing papers from an assessment: the objection, the draft for a court, the notices, the note for counsel."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from demur.facts import Demand
from demur.law.findings import Assessment, Finding

from .argue import (
    argument,
    asked,
    by_rule,
    court_of,
    is_court,
    left_out,
    may_be_argued,
    offered,
    paper_facts,
    questions,
)
from .letter import Argument, Letter, Party, Redirected, Seal
from .words import Words, words

QUESTIONS_AT_MOST = 8
RESERVED_AT_MOST = 5


def challenge_letter(
    assessment: Assessment,
    *,
    provider: Party,
    recipient: Party | None = None,
    today: date,
    language: str = "en",
    chosen: Collection[str] | None = None,
    tell: Collection[str] = (),
    our_reference: str = "",
    preserved: bool = False,
    reply_by: date | None = None,
) -> Letter:
    """The objection to the authority.

    Each ground is a finding that holds and that the provider may raise; `chosen` (rule ids) leaves out others.
    `tell` names facts of a target that counsel lets out; by default what says something of a person is kept.
    `preserved` says that the data are being preserved. `today` and `reply_by` are legal days of the provider.
    """
    say = words(language)
    demand = assessment.demand
    argued = [f for f in assessment.holding() if may_be_argued(f) and (chosen is None or f.rule in chosen)]
    could = offered(assessment, argued) if argued else ()
    arguments = [argument(group, demand, say, tell, [n - 1 for n, _ in could]) for group in by_rule(argued)]
    unsettled = set(paper_facts()["settles_the_law"])
    open_ = [
        f
        for f in assessment.unknown()
        if may_be_argued(f) and f.strength != "policy" and not unsettled & set(f.missing)
    ]
    askable = paper_facts()["ask_authority"]
    reserve = [f for f in open_ if not set(f.missing) & set(askable) and f.strength in ("mandatory", "strong")]
    due = _day(demand, "due_on")
    return replace(
        _begin("objection", assessment, provider, recipient or authority_of(demand, say), today, language),
        our_reference=our_reference,
        asked=asked(demand, say),
        grounds=tuple(a for a in arguments if not _is_request(a)),
        requests=tuple(a for a in arguments if _is_request(a)),
        offered=could,
        withheld=tuple(range(1, len(demand.clauses) + 1)),
        preserved=preserved,
        questions=questions(open_, askable)[:QUESTIONS_AT_MOST],
        reserved=tuple(argument(g, demand, say) for g in by_rule(reserve))[:RESERVED_AT_MOST],
        costs=_cites(f for f in assessment.holding() if f.effect == "cost" and "provider" in f.who),
        reply_by=reply_by or due,
        forum=next((a.forum for a in arguments if is_court(a.forum) and not _is_request(a)), ""),
    )


def court_draft(
    assessment: Assessment,
    *,
    provider: Party,
    today: date,
    forum: str | None = None,
    language: str = "en",
    chosen: Collection[str] | None = None,
    tell: Collection[str] = (),
    our_reference: str = "",
) -> Letter | None:
    """A draft motion for counsel admitted in `forum` (the forum with the weightiest ground, if not named).

    It argues the grounds whose forum that is; None where no ground lies with a court. It is marked as a draft
    on its face, and shows what a court has already answered, as candour to the court demands.
    """
    forums = court_forums(assessment)
    if not forums or (forum is not None and forum not in forums):
        return None
    seat = forum or forums[0]
    say = words(language)
    argued = [f for f in _for_courts(assessment) if court_of(f.forum) == seat and (chosen is None or f.rule in chosen)]
    if not argued:
        return None
    demand = assessment.demand
    return replace(
        _begin("court-draft", assessment, provider, Party(seat), today, language),
        our_reference=our_reference,
        asked=asked(demand, say),
        grounds=tuple(
            argument(group, demand, say, tell, [n - 1 for n, _ in offered(assessment, argued)])
            for group in by_rule(argued)
        ),
        forum=seat,
    )


def court_forums(assessment: Assessment) -> tuple[str, ...]:
    """The courts where a ground that holds may be brought by the provider, the weightiest first."""
    return tuple(dict.fromkeys(court_of(group[0].forum) for group in by_rule(_for_courts(assessment))))


def _for_courts(assessment: Assessment) -> list[Finding]:
    return [f for f in assessment.holding() if may_be_argued(f) and f.strength != "policy" and is_court(f.forum)]


def gag_notice(
    assessment: Assessment,
    *,
    provider: Party,
    recipient: Party | None = None,
    today: date,
    language: str = "en",
    chosen: Collection[str] | None = None,
    our_reference: str = "",
) -> Letter | None:
    """The paper against the duty of non-disclosure alone, None where no ground against it holds.

    Where the ground of 18 U.S.C. 3511(b)(1) is among them it is the notice of 3511(b)(1)(A), after which the
    Government must go to court within 30 days.
    """
    say = words(language)
    argued = [
        f
        for f in assessment.holding()
        if f.against == "gag" and may_be_argued(f) and (chosen is None or f.rule in chosen)
    ]
    if not argued:
        return None
    demand = assessment.demand
    return replace(
        _begin("gag-notice", assessment, provider, recipient or authority_of(demand, say), today, language),
        our_reference=our_reference,
        grounds=tuple(argument(group, demand, say) for group in by_rule(argued)),
    )


def redirection(
    assessment: Assessment,
    *,
    provider: Party,
    recipient: Party | None = None,
    to: Redirected,
    today: date,
    language: str = "en",
    only: Collection[tuple[int, int]] | None = None,
    our_reference: str = "",
    preserved: bool = False,
    disclosed: bool = False,
    reply_by: date | None = None,
) -> Letter:
    """The letter that sends the authority to the customer, who can answer for itself.

    `only` limits it to the customer's own (clause, target). It rests on the findings that hold, whose effect is to
    redirect, and which rest on who the customer is; those that point to another channel are reserved. Where none
    holds it asks, and cites nothing. `disclosed` says that data of the customer left already.
    """
    say = words(language)
    demand = assessment.demand
    found = [f for f in assessment.holding() if f.effect == "redirect" and may_be_argued(f) and _concerns(f, only)]
    customers = set(paper_facts()["redirection"]["customer"])
    mine = [f for f in found if any(customers & set(reason.facts) for reason in f.because)]
    arguments = [argument(group, demand, say) for group in by_rule(mine)]
    return replace(
        _begin("redirection", assessment, provider, recipient or authority_of(demand, say), today, language),
        our_reference=our_reference,
        asked=asked(demand, say, only),
        redirected=to,
        grounds=tuple(a for a in arguments if not _is_request(a)),
        requests=tuple(a for a in arguments if _is_request(a)),
        reserved=tuple(argument(group, demand, say) for group in by_rule(f for f in found if f not in mine)),
        preserved=preserved,
        disclosed=disclosed,
        reply_by=reply_by or _day(demand, "due_on"),
    )


def _concerns(finding: Finding, only: Collection[tuple[int, int]] | None) -> bool:
    """Whether a finding is on the demand as a whole, or on one of these (clause, target)."""
    if only is None or finding.clause is None:
        return True
    return any(finding.clause == clause and finding.target in (None, target) for clause, target in only)


def paper_demand(
    assessment: Assessment,
    *,
    provider: Party,
    recipient: Party | None = None,
    clocks: Collection[str],
    today: date,
    given_on: date,
    reply_by: date | None = None,
    language: str = "en",
    only: Collection[tuple[int, int]] | None = None,
    our_reference: str = "",
) -> Letter:
    """The letter that asks the authority for the court's paper, after data were given in an emergency.

    It cites the findings that hold and set one of these `clocks`, by which the paper is owed; `reply_by` is the last
    day. `given_on` is the day on which the data were given, `only` the (clause, target) that left.
    """
    say = words(language)
    demand = assessment.demand
    owed = [f for f in assessment.holding() if f.by in clocks]
    return replace(
        _begin("paper-demand", assessment, provider, recipient or authority_of(demand, say), today, language),
        our_reference=our_reference,
        due_on=None,
        given_on=given_on,
        asked=asked(demand, say, only),
        grounds=tuple(argument(group, demand, say) for group in by_rule(owed)),
        reply_by=reply_by,
    )


def customer_notice(
    assessment: Assessment,
    *,
    provider: Party,
    customer: Party | None = None,
    today: date,
    language: str = "en",
    only: Collection[tuple[int, int]] | None = None,
    done: Sequence[str] = (),
    disclosed: bool = False,
    our_reference: str = "",
) -> Letter:
    """The notice to the customer, written on the first day; sealed while a gag holds or may hold.

    `only` limits it to the customer's own (clause, target), so that nobody reads another's name; give it for
    a demand that names several customers. `done` are sentences on what was done so far. It carries nothing
    privileged: no weight, no doubt, no ground that is the provider's alone.
    """
    say = words(language)
    demand = assessment.demand
    theirs = [
        f
        for f in assessment.holding()
        if f.strength != "policy"
        and f.against != "gag"  # once the notice goes out the gag is over
        and (may_be_argued(f, "customer") or may_be_argued(f, "person"))
        and (only is None or f.target is None or (f.clause, f.target) in only)
    ]
    can_tell = [f for f in assessment.unknown() if f.is_ground and f.strength != "policy"]
    return replace(
        _begin("notice", assessment, provider, customer or Party(""), today, language),
        our_reference=our_reference,
        asked=asked(demand, say, only),
        rights=tuple(argument(group, demand, say) for group in by_rule(theirs)),
        questions=questions(can_tell, paper_facts()["ask_customer"])[:QUESTIONS_AT_MOST],
        seal=seal(assessment, say, today),
        done=tuple(done),
        disclosed=disclosed,
    )


def seal(assessment: Assessment, say: Words, today: date) -> Seal | None:
    """What bars telling the customer, with its end where every bar has one; None where nothing bars it.

    A gag that is known to be absent, or to have ended, is no bar; one not known to be absent is.
    """
    facts = assessment.demand.facts
    bars: list[tuple[str, date | None]] = []
    end = _day(assessment.demand, "gag_until")
    over = facts.get("gag_expired") is True or (end is not None and end < today)
    if facts.get("gag_present") is None:
        bars.append((say("notice/bars", "gag_unknown"), None))
    elif facts["gag_present"] and not over:
        if facts.get("gag_indefinite") is True:
            bars.append((say("notice/bars", "gag_indefinite"), None))
        elif end is not None:
            bars.append((say("notice/bars", "gag_until", date=say.day(end, str(facts.get("issuer_country")))), end))
        else:
            bars.append((say("notice/bars", "gag"), None))
    for group in by_rule(f for f in assessment.findings if f.effect == "secret" and f.verdict != "fails"):
        first = group[0]
        # Whether the law backs a gag that was already counted above makes no second bar.
        if first.verdict == "unknown" and (over or bars):
            continue
        name = "finding" if first.verdict == "holds" else "finding_unknown"
        # The law behind a bar ends with the bar that rests on it.
        ends = end if first.verdict == "holds" and bars and bars[0][1] else None
        bars.append(
            (
                say("notice/bars", name, title=first.title or first.says, cites=say.listed(first.cites, "semicolon")),
                ends,
            )
        )
    if not bars:
        return None
    ends_known = [day for _, day in bars if day is not None]
    return Seal(tuple(text for text, _ in bars), max(ends_known) if len(ends_known) == len(bars) else None)


def counsel_note(
    assessment: Assessment,
    *,
    provider: Party,
    today: date,
    language: str = "en",
    chosen: Collection[str] | None = None,
    tell: Collection[str] = (),
    our_reference: str = "",
) -> Letter:
    """The privileged note that goes with the drafts: what to confirm, what is open, what was kept out and why."""
    say = words(language)
    demand = assessment.demand
    letter = challenge_letter(assessment, provider=provider, today=today, language=language, chosen=chosen, tell=tell)
    open_ = [f for f in assessment.unknown() if may_be_argued(f)]
    everything = {name for f in open_ for name in f.missing}
    askable = set(paper_facts()["ask_authority"])
    dated = [f for f in assessment.holding() if f.due is not None]
    return replace(
        letter,
        paper="counsel-note",
        recipient=Party(""),
        our_reference=our_reference,
        left_out=left_out(assessment, letter.rules, say, chosen),
        own_questions=questions(open_, everything - askable),
        more_questions=tuple(
            q for q in questions(open_, askable) if q.fact not in {asked_.fact for asked_ in letter.questions}
        ),
        dates=tuple(sorted((argument(g, demand, say) for g in by_rule(dated)), key=lambda a: a.due or date.max)),
        seal=seal(assessment, say, today),
        counts=(
            assessment.rules,
            len({f.rule for f in assessment.holding()}),
            len({f.rule for f in assessment.unknown()}),
        ),
        as_of=assessment.as_of,
    )


def authority_of(demand: Demand, say: Words) -> Party:
    """The authority as it was read, to be completed by whoever knows its address."""
    return Party(str(demand.facts.get("issuer_body") or "") or say("head", "unknown_authority"))


def _begin(paper: Any, assessment: Assessment, provider: Party, recipient: Party, today: date, language: str) -> Letter:
    demand = assessment.demand
    facts = demand.facts
    return Letter(
        paper=paper,
        language=language,
        on=today,
        sender=provider,
        recipient=recipient,
        entity=str(facts.get("served_on_entity") or "") or provider.name,
        authority=authority_of(demand, words(language)).name,
        kind=str(facts.get("kind") or ""),
        country=str(facts.get("issuer_country") or ""),
        reference=str(facts.get("reference") or ""),
        issued_on=_day(demand, "issued_on"),
        served_on=_day(demand, "served_on"),
        due_on=_day(demand, "due_on"),
        legal_basis=str(facts.get("legal_basis") or ""),
        verified=facts.get("verified") is True,
        as_of=assessment.as_of,
    )


def _day(demand: Demand, name: str) -> date | None:
    value = demand.facts.get(name)
    return value if isinstance(value, date) else None


def _cites(findings: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cite for f in findings for cite in f.cites))


def _is_request(item: Argument) -> bool:
    return item.strength == "policy"
