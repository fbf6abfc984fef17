"""What customers are told: the notice of each party, the last look before it goes out, and how it gets there.

A notice is written as soon as the demand was assessed, and written anew whenever an assessment finds something else,
so that what waits sealed is always what the case now says. It goes out once every bar has ended, after a last look
that the docket takes itself, under the lock of the case.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from . import brings, mail, matching, silence
from .brings import ActError, Payload, Prepared
from .gags import Prepare
from .lifecycle import Actor, State
from .models import Act, Case, Contact, Customer, Delivery, Notice, plain
from .once import passed
from .states import state_from_json
from .words import words

DANGER_WAITS = timedelta(hours=48)
"""How long a danger to a person that one person signed holds a notice back while it waits for the second."""


def look(case: Case, now: datetime) -> tuple[str, ...]:
    """The last look: what on the docket may yet bar telling, by name (the words are in words.toml); () for nothing."""
    return tuple(_found(case, now))


def _found(case: Case, now: datetime) -> Iterator[str]:
    if case.documents.filter(packet__isnull=True, warnings=[]).exists():
        yield "unread"
    if any(f.name.startswith("gag_") and f.confirmed_at is None for f in case.facts.all()):
        yield "unconfirmed"
    latest = case.assessments.first()
    facts = latest.demand if latest else {}
    if facts.get("gag_present") is None:
        yield "gag-unknown"
    secret = [f for f in (latest.findings if latest else ()) if f["effect"] == "secret" and f["verdict"] == "unknown"]
    if any(not silence.rests_on_own(f["rule"]) for f in secret):
        yield "secrecy-unknown"
    half = [b.name for b in state_from_json(case.state).bars if b.end == "unsigned"]
    if case.gags.filter(name__in=half, recorded_at__gt=now - DANGER_WAITS).exists():
        yield "danger-half-signed"


def done_so_far(case: Case, party: str) -> tuple[str, ...]:
    """What was done on the case, in sentences for this party, each with its day (UTC)."""
    said = words()["done"]
    return tuple(
        said[act.name].format(day=act.at.date().isoformat())
        for act in passed(case)
        if act.name in said and act.payload.get("party") in (None, "", party)
    )


def disclosed(state: State, party: str) -> bool:
    """Whether data of this party left."""
    its = state.party(party)
    return its is not None and any(cell in state.out for cell in its.cells)


def is_outdated(case: Case, state: State, party: str) -> bool:
    """Whether more was done since the notice of this party was written than it says."""
    notice = notice_of(case, party)
    if notice is None:
        return True
    said = notice.letter.get("disclosed", False), tuple(notice.letter.get("done", ()))
    return said != (disclosed(state, party), done_so_far(case, party))


def notice_of(case: Case, party: str) -> Notice | None:
    """The notice that is or was to go out to this party: the latest one written."""
    return case.notices.filter(party=party).defer("pdf", "docx").last()


def _write(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"party", "assessment", "letter", "files": {"pdf", "docx"}}; `clerk.write_notice` makes it."""
    files = payload.get("files") or {}
    latest = case.assessments.first()
    if latest is None or payload.get("assessment") != latest.pk:
        raise ActError("the notice is not of the latest assessment; hint: assess, then write it")
    sums = _sums(files)

    def write(act: Act, state: State) -> None:
        Notice.objects.create(
            case=case,
            party=payload["party"],
            written_at=now,
            assessment=latest,
            letter=plain(payload["letter"]),
            **files,
        )

    given = {"party": payload.get("party")}
    return Prepared(given, {**given, "revision": latest.revision, **sums}, write)


def _sums(files: Mapping[str, bytes]) -> dict[str, str]:
    """What an act's record says of a paper's files."""
    return {name: hashlib.sha256(files[name]).hexdigest() for name in ("pdf", "docx")}


def _notify(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"party"}; the docket takes the last look itself, whoever says that they did."""
    name = str(payload.get("party") or "")
    waiting = notice_of(case, name)
    # It may lack what was done an hour ago; that nothing has left it must not say once something has.
    true = waiting is None or waiting.letter.get("disclosed", False) == disclosed(state_from_json(case.state), name)
    looked, lawful = true and not look(case, now), brings.law_is_of(case, now)
    given = {**{k: plain(v) for k, v in payload.items()}, "looked": looked, "law": lawful}

    def write(act: Act, state: State) -> None:
        if waiting is not None:
            waiting.told_at = now
            waiting.save(update_fields=["told_at"])
        customer = Customer.objects.filter(slug=name).first()
        first = matching.whom_to_tell(customer, now.date())
        for contact in first:
            tell(act, name, contact, now)
        if not first:
            _deliver(act, party=name, to=customer.name if customer else name, how="hand", at=now)

    return Prepared(given, given, write)


def tell(sent: Act, party: str, contact: Contact, now: datetime) -> None:
    """Put the notice on its way to a contact: by e-mail where the operator set it up, else by a person's hand."""
    if not Delivery.objects.filter(act=sent, party=party, contact=contact).exists():
        how = "mail" if mail.configured() else "hand"
        secret = secrets.token_urlsafe(24)
        _deliver(sent, party=party, contact=contact, to=contact.email, how=how, at=now, receipt=secret)


def _deliver(act: Act, **delivery: Any) -> None:
    number = Delivery.objects.filter(act__case=act.case_id).count() + 1
    Delivery.objects.create(act=act, number=number, **delivery)


def addressee(case: Case, to: object = "") -> str:
    """Whom a letter to the authority is addressed to: as given, else as the demand is signed. Raises ActError."""
    name = " ".join(str(to or brings.demand_as_stated(case).facts.get("issuer_body") or "").split())
    if not name:
        raise ActError("whom the letter goes to is not known; hint: name the authority as it signed the demand")
    return name[:254]


def _redirect(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"party", "to", "how"}, and with the letter that `clerk.redirect` writes: {"assessment", "letter",
    "files": {"pdf", "docx"}}. Without it the caller has a letter of its own.

    The authority is sent to the customer by a letter, which a person posts. A processor answers for its controllers,
    so the record names them all, from the customer up; and it names the letter, which is privileged no more.
    """
    said = {k: v for k, v in payload.items() if k not in ("assessment", "letter", "files")}
    prepared = brings.under_the_law_of_today(case, actor, said, now)
    customer = Customer.objects.filter(slug=str(payload.get("party") or "")).first()
    refers = {"refers_to": [c.slug for c in matching.chain(customer)]} if customer else {}
    to, how = addressee(case, payload.get("to")), str(payload.get("how") or "post")[:20]
    named, keep = _letter(case, actor, payload, now) if payload.get("letter") else ({}, None)

    def write(act: Act, state: State) -> None:
        if keep is not None:
            keep()
        _deliver(act, party=str(payload["party"]), to=to, how=how, at=now)

    return Prepared(prepared.given, {**prepared.record, "to": to, "how": how, **refers, **named}, write)


def _letter(case: Case, actor: Actor, payload: Payload, now: datetime) -> tuple[dict[str, Any], Callable[[], object]]:
    """The letter of an act as its record names it, by its number on the case and its hashes; and what keeps it."""
    latest = case.assessments.first()
    if latest is None or payload.get("assessment") != latest.pk:
        raise ActError("the case was assessed again meanwhile; hint: look at the letter once more")
    row = brings.written(case, "redirection", actor, payload, now)
    return {"letter": row.number, **_sums(payload["files"])}, row.save


def _record_delivery(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"delivery": its number within the case, "proof", "received", "files": [(name, bytes)]}."""
    number = payload.get("delivery")
    row = None if number is None else Delivery.objects.filter(act__case=case, number=number).first()
    if number is not None and row is None:
        raise ActError(f"there is no delivery {number} on this case; hint: give its number within the case")
    papers = [content for _, content in payload.get("files") or ()]
    sums = [hashlib.sha256(content).hexdigest() for content in papers]
    said = {k: plain(v) for k, v in payload.items() if k != "files"} | ({"papers": sums} if sums else {})

    def write(act: Act, state: State) -> None:
        if row is None:
            return
        # A contact's receipt waits for no case: look at the delivery as it now is.
        held = Delivery.objects.select_for_update().get(pk=row.pk)
        held.sent_at = held.sent_at or now
        held.proof = str(payload["proof"])[:200]
        held.received_at = held.received_at or (now if payload.get("received") else None)
        for digest in brings.keep_originals(papers):
            held.paper_id = digest
        held.save()

    return Prepared(said, said, write)


PREPARE: Mapping[str, Prepare] = {
    "write-notice": _write,
    "notify": _notify,
    "redirect": _redirect,
    "record-delivery": _record_delivery,
}
"""What the acts on notices bring and write."""
