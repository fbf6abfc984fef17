"""What takes long, done before the case is locked: reading the documents and writing the papers.

Each function ends in one `acts.act`, which checks again that the case still allows it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from demur import law, paper, reading
from demur.facts import demand_from_mapping, demand_to_mapping

from . import due, matching, notices
from .acts import ActError, Done, Refused, act, in_words
from .clocks import clocks, habits, legal_day, place_of, read_all
from .lifecycle import Actor
from .lifecycle import missing as missing_for
from .models import Assessment, Case, Customer, OutboxEvent, plain
from .states import state_from_json
from .visible import visible_cases

GAG_PAPERS = ("gag", "gag-ended")
"""Roles of documents in a packet whose facts on the gag complete those of the demand."""


def read(number: str, actor: Actor, *, token: str, now: datetime | None = None) -> Done | Refused:
    """Read the documents of a case in a child process and record what they say.

    A document that cannot be read leaves a warning on itself; the case stands, and its facts are typed in.
    Raises ActError for an unknown case.
    """
    case = _open(number, "read", actor)
    if isinstance(case, Refused):
        return case
    documents, facts, clauses = [], {}, []
    for document in case.documents.select_related("original"):
        try:
            packet = reading.read(bytes(document.original.content), name=document.name)
        except reading.ReadingError as error:
            documents.append({"id": document.pk, "packet": None, "warnings": [str(error)]})
            continue
        documents.append({"id": document.pk, "packet": packet.to_wire(), "warnings": list(packet.warnings)})
        for fact in _facts(packet, document.number):
            facts.setdefault((fact["name"], fact["clause"], fact["target"]), fact)
        if not clauses and packet.documents:
            clauses = _bare_clauses(packet)
    payload = {"documents": documents, "facts": list(facts.values()), "clauses": clauses}
    return act(number, "read", actor, payload, token=token, now=now)


def _open(number: str, name: str, actor: Actor) -> Case | Refused:
    # Refuse before the work where the case refuses anyway; `act` decides again under the lock.
    case = visible_cases(actor).filter(number=number).first()
    if case is None:
        raise ActError(f"no case {number!r}; hint: look it up on the docket")
    lacking = missing_for(state_from_json(case.state), name, actor)
    return Refused(number, name, in_words(name, lacking)) if lacking else case


def _facts(packet: reading.Packet, document: int) -> list[dict[str, Any]]:
    out = []
    for index, piece in enumerate(packet.documents):
        for name, evidence in piece.facts.items():
            if index and not (piece.role in GAG_PAPERS and name.startswith("gag_")):
                continue
            out.append(
                {
                    "name": name,
                    "clause": None,
                    "target": None,
                    "value": plain(evidence.value),
                    "must_confirm": evidence.confirm,
                    "evidence": {
                        "document": document,
                        "page": evidence.page,
                        "quote": evidence.quote,
                        "confidence": evidence.confidence,
                        "boxes": plain(evidence.boxes),
                    },
                }
            )
    return out


def _bare_clauses(packet: reading.Packet) -> list[dict[str, Any]]:
    return [
        {**piece, "read": {"confidence": c.confidence, "confirm": c.confirm, "boxes": plain(c.boxes)}}
        for piece, c in zip(demand_to_mapping(packet.demand())["clauses"], packet.documents[0].clauses, strict=True)
    ]


PAPERS: Mapping[str, str] = {
    "objection": "challenge_letter",
    "court-draft": "court_draft",
    "gag-notice": "gag_notice",
    "notice": "customer_notice",
    "counsel-note": "counsel_note",
    "paper-demand": "paper_demand",
}
"""The papers that can be drafted, and the function of the paper room that writes each."""


def draft(
    number: str,
    kind: str,
    actor: Actor,
    *,
    provider: paper.Party,
    token: str,
    chosen: Collection[str] | None = None,
    today: date | None = None,
    now: datetime | None = None,
) -> Done | Refused:
    """Write a paper of this kind (see PAPERS) from the latest assessment and keep it as a draft.

    `chosen` are the rules to argue, all that hold by default. Raises ActError where there is nothing to write
    or the law library changed since the assessment.
    """
    if kind not in PAPERS:
        raise ActError(f"no paper {kind!r}; hint: one of {', '.join(PAPERS)}")
    case = _open(number, "draft", actor)
    if isinstance(case, Refused):
        return case
    at = now or datetime.now(UTC)
    kept, assessment = _assessed(case)
    write = partial(getattr(paper, PAPERS[kind]), provider=provider, today=today or at.date(), our_reference=number)
    owed = kind == "paper-demand"
    write = partial(write, **_owed(case, assessment, at)) if owed else partial(write, assessment)
    if kind != "notice" and not owed and chosen is not None:
        write = partial(write, chosen=chosen)
    if kind == "objection":
        write = partial(write, preserved=state_from_json(case.state).preserved)
    letter = write()
    if letter is None:
        raise ActError(f"no ground that holds belongs in a {kind}; hint: choose another paper")
    payload = {"kind": kind, "assessment": kept.pk, "letter": asdict(letter), "files": _rendered(letter)}
    return act(number, "draft", actor, payload, token=token, now=at)


def _assessed(case: Case) -> tuple[Assessment, law.Assessment]:
    """The latest assessment as it was kept, and made again."""
    kept = case.assessments.first()
    if kept is None:
        raise ActError("the demand was not assessed; hint: assess it first")
    assessment = law.assess(demand_from_mapping(kept.demand), kept.as_of, clocks=clocks(case.received_at))
    if assessment.library != kept.library:
        raise ActError("the law library changed since the assessment; hint: assess again, then draft")
    return kept, assessment


CONFIRMED = "emergency-confirmed"
"""The event that stops the clocks by which an authority owes the court's paper after an emergency."""


def _owed(case: Case, assessment: law.Assessment, now: datetime) -> dict[str, Any]:
    """What the demand for the court's paper rests on: the law on what the docket knows itself, that data were given in
    an emergency and no process followed; when they were given; and by when the paper is due."""
    state = state_from_json(case.state)
    given = OutboxEvent.objects.filter(act__case=case, name="paper.demanded").order_by("-pk").first()
    if state.paper != "due" or given is None:
        raise ActError("no court paper is owed; hint: it is once data were given in an emergency")
    known = {**assessment.demand.facts, "emergency_already_disclosed": True, "process_followed": False}
    found = law.assess(replace(assessment.demand, facts=known), assessment.as_of)
    held = [name for name, own in habits().items() if CONFIRMED in own.stops]
    named = sorted({f.by for f in found.holding() if f.by in held})
    running = read_all(named, known, due.happened(case, named, known), now)
    days = [legal_day(s.until, s.place) for s in running if s.until is not None and s.clock.name in named]
    return {
        "assessment": found,
        "clocks": named,
        "given_on": legal_day(given.act.at, place_of(known)),
        "reply_by": min(days, default=None),
        "only": [cell for cell in state.life if cell in state.out],
    }


def _rendered(letter: paper.Letter) -> dict[str, bytes]:
    return {"pdf": paper.render_pdf(letter), "docx": paper.render_docx(letter)}


def write_notice(
    number: str, party: str, actor: Actor, *, provider: paper.Party, token: str, now: datetime | None = None
) -> Done | Refused:
    """Write what this party of a case will be told, from the latest assessment, and seal it.

    It speaks of the party's own pieces alone. Raises ActError for an unknown case or party, where nothing was
    assessed, or where the law library changed since.
    """
    case = _open(number, "write-notice", actor)
    if isinstance(case, Refused):
        return case
    at = now or datetime.now(UTC)
    kept, assessment = _assessed(case)
    told = state_from_json(case.state).party(party)
    if told is None:
        raise ActError(f"there is no party {party!r} on this case; hint: the latest assessment names them")
    customer = Customer.objects.filter(slug=party).first()
    letter = paper.customer_notice(
        assessment, provider=provider, customer=paper.Party(customer.name) if customer else None, today=at.date(),
        only=told.cells, our_reference=number, done=notices.done_so_far(case, party),
        disclosed=notices.disclosed(state_from_json(case.state), party),
    )  # fmt: skip
    payload = {"party": party, "assessment": kept.pk, "letter": asdict(letter), "files": _rendered(letter)}
    return act(number, "write-notice", actor, payload, token=token, now=at)


def redirection(
    case: Case, party: str, *, provider: paper.Party, to: str = "", now: datetime
) -> tuple[Assessment, paper.Letter]:
    """The letter that sends the authority to this party of a case, and the assessment that it is of; nothing is done.

    It names the customer, and those above it, only as the register does. Raises ActError for an unknown party, where
    nobody is known to whom it could go, where nothing was assessed, or where the law library changed since.
    """
    kept, assessment = _assessed(case)
    state = state_from_json(case.state)
    its = state.party(party)
    if its is None:
        raise ActError(f"there is no party {party!r} on this case; hint: the latest assessment names them")
    customer = Customer.objects.filter(slug=party).first()
    bound = case.gags.filter(ended_at=None, party__in=("", party)).exclude(kind="danger").exists()
    letter = paper.redirection(
        assessment,
        provider=provider,
        recipient=paper.Party(notices.addressee(case, to)),
        to=paper.Redirected(
            _chain(customer, now.date()),
            processor=all(assessment.demand.stated_of(*c).get("provider_role") == "processor" for c in its.cells),
            whole=len(its.cells) == len(state.cells),
            silent=bound and its.notice != "told",
        ),
        today=now.date(),
        only=its.cells,
        our_reference=case.number,
        preserved=state.preserved,
        disclosed=notices.disclosed(state, party),
    )
    return kept, letter


def _chain(customer: Customer | None, day: date) -> tuple[paper.Party, ...]:
    """The customer and those above it, each with the contacts that are told first: by their office, else by name."""
    told = matching.whom_to_tell(customer, day)
    return tuple(
        paper.Party(one.name, tuple(f"{c.function or c.name}, {c.email}" for c in told if c.customer_id == one.pk))
        for one in (matching.chain(customer) if customer else ())
    )


def redirect(
    number: str,
    party: str,
    actor: Actor,
    *,
    provider: paper.Party,
    to: str = "",
    how: str = "post",
    token: str,
    now: datetime | None = None,
) -> Done | Refused:
    """Write the letter that sends the authority to this party of a case, and send it; see `redirection`."""
    case = _open(number, "redirect", actor)
    if isinstance(case, Refused):
        return case
    at = now or datetime.now(UTC)
    kept, letter = redirection(case, party, provider=provider, to=to, now=at)
    payload = {"party": party, "to": to, "how": how, "assessment": kept.pk, "letter": asdict(letter)}
    return act(number, "redirect", actor, {**payload, "files": _rendered(letter)}, token=token, now=at)
