"""What an act brings beyond its click: its payload as the lifecycle sees it, as it is recorded, and what is written.

Facts, assessments, grounds and papers are made here, from what the docket itself holds: a caller says which, and
never hands in a finding, a verdict on the law, or the day.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from demur import law
from demur.facts import (
    FIRST_DAY,
    LAST_DAY,
    Demand,
    FactsError,
    Value,
    demand_from_mapping,
    demand_to_mapping,
    read_value,
    vocabulary,
)
from demur.facts.values import briefly

from . import edition, entries, lifecycle, matching, precedents, privilege, registers, silence
from .clocks import clocks, events
from .lifecycle import Actor, State
from .models import Act, Assessment, Case, CaseFact, Document, Draft, Ground, Original, plain
from .states import part_to_json, state_from_json
from .words import words

Payload = Mapping[str, Any]


class ActError(ValueError):
    """What was handed in with an act cannot be used; the message ends with a hint."""


def keep_originals(contents: Iterable[bytes]) -> list[str]:
    """Keep what files hold, each content once, and give their SHA-256 in the same order."""
    digests = [(hashlib.sha256(content).hexdigest(), content) for content in contents]
    # Two cases may bring the same file at once: who comes second finds it kept. In one order, so that neither waits
    # for the other.
    Original.objects.bulk_create(
        (Original(pk=digest, size=len(content), content=content) for digest, content in sorted(dict(digests).items())),
        ignore_conflicts=True,
    )
    return [digest for digest, _ in digests]


def keep_files(case: Case, files: list[tuple[str, bytes]], first: int = 0, warnings: Sequence[str] = ()) -> list[str]:
    """Keep files (name, bytes) on a case exactly as served, and give their SHA-256; each content is kept once.

    `first` is the number that the first of them gets, by default the next one of the case; `warnings` stand on each
    where it is not to be read for facts.
    """
    digests = keep_originals(content for _, content in files)
    first = first or case.documents.count() + 1
    Document.objects.bulk_create(
        Document(
            case=case, number=number, original_id=digest, name=clean_name(name), media_type=_media_type(name),
            warnings=[*warnings],
        )
        for number, ((name, _), digest) in enumerate(zip(files, digests, strict=True), first)
    )  # fmt: skip
    return digests


def clean_name(name: str) -> str:
    """A file's name without folders or control characters, at most 255 long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if c.isprintable())[-255:]
    return kept or "document"


def _media_type(name: str) -> str:
    if name.lower().endswith(".eml"):
        return "message/rfc822"
    if name.lower().endswith(".toml"):
        return "application/toml"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _nothing(act: Act, state: State) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An act's payload as the lifecycle takes it, as it is recorded, and what is written beside the act.

    `write` is called under the lock, with the act as recorded and the state that it made.
    """

    given: Payload
    record: Payload
    write: Callable[[Act, State], None] = _nothing


def user_of(actor: Actor) -> int | None:
    """The key of the user who acts, None for the program."""
    return int(actor.person) if actor.person.isdecimal() else None


def as_given(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    return Prepared(payload, payload)


def _prepare_read(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"documents": [{"id", "packet", "warnings"}], "facts": [...], "clauses": [...]}."""
    clauses = payload["clauses"] or case.clauses
    _clauses(clauses)
    facts: dict[tuple[str, int | None, int | None], CaseFact] = {}
    for raw in payload["facts"]:
        key = (str(raw["name"]), raw["clause"], raw["target"])
        told = {"must_confirm": bool(raw["must_confirm"]), "evidence": raw["evidence"] or {}}
        value = _checked_value(key, raw["value"], clauses)
        facts[key] = CaseFact(case=case, name=key[0], clause=key[1], target=key[2], value=value, **told)

    def write(act: Act, state: State) -> None:
        for read in payload["documents"]:
            said = {"packet": read["packet"], "warnings": read["warnings"] or []}
            Document.objects.filter(case=case, pk=read["id"]).update(**said)
        if payload["clauses"]:
            case.clauses = plain(payload["clauses"])
        taken = {(f.name, f.clause, f.target) for f in case.facts.all() if f.confirmed_at or f.evidence.get("from")}
        case.facts.filter(confirmed_at=None).exclude(evidence__has_key="from").delete()
        CaseFact.objects.bulk_create(fact for key, fact in facts.items() if key not in taken)

    sums = [entries.digest(read["packet"]) for read in payload["documents"]]
    return Prepared({}, {"packets": sums}, write)


def _prepare_confirm(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"facts": [{"name", "clause", "target", "value"}], "clauses": [...] or absent, "rest": bool}.

    Each fact named is set to its value and confirmed; `rest` confirms all others as they were read.
    """
    held = {(f.name, f.clause, f.target): f for f in case.facts.all()}
    changed = "clauses" in payload and payload["clauses"] is not None
    clauses = _clauses(payload["clauses"]) if changed else case.clauses
    sure: dict[tuple[str, int | None, int | None], Any] = {}
    for raw in payload.get("facts", ()):
        key = (str(raw.get("name")), raw.get("clause"), raw.get("target"))
        sure[key] = _checked_value(key, raw.get("value"), clauses)
        changed = changed or key not in held or held[key].value != sure[key]
    waiting = [k for k, f in held.items() if f.confirmed_at is None and k not in sure]
    unsure = any(c.get("read", {}).get("confirm") for c in clauses)
    complete = bool(payload.get("rest")) or not (waiting or unsure)
    user = user_of(actor)

    def write(act: Act, state: State) -> None:
        case.clauses = clauses
        new, known = [], []
        for (name, clause, target), value in sure.items():
            fact = held.get((name, clause, target)) or CaseFact(case=case, name=name, clause=clause, target=target)
            if fact.value != value:
                fact.evidence = {**fact.evidence, "was": fact.value} if fact.pk else {"from": "person"}
            fact.value, fact.confirmed_by_id, fact.confirmed_at = value, user, now
            (known if fact.pk else new).append(fact)
        CaseFact.objects.bulk_create(new)
        CaseFact.objects.bulk_update(known, ("evidence", "value", "confirmed_by", "confirmed_at"))
        if payload.get("rest"):
            case.facts.filter(confirmed_at=None).update(confirmed_by_id=user, confirmed_at=now)
            for clause in case.clauses:
                if "read" in clause:
                    clause["read"]["confirm"] = False

    given = {"changed": changed, "complete": complete}
    said = [{"name": n, "clause": c, "target": t, "value": v} for (n, c, t), v in sure.items()]
    return Prepared(given, {**given, "facts": said, "rest": bool(payload.get("rest"))}, write)


def set_fact(case: Case, name: str, value: Any, evidence: dict[str, Any], user: int | None, now: datetime) -> None:
    """Set a fact of the demand, confirmed by this person; the caller holds the case."""
    told = {"value": value, "evidence": evidence, "confirmed_by_id": user, "confirmed_at": now}
    if not CaseFact.objects.filter(case=case, name=name, clause=None, target=None).update(**told):
        CaseFact.objects.create(case=case, name=name, **told)


def _clauses(raw: Any) -> list[dict[str, Any]]:
    try:
        return list(demand_to_mapping(demand_from_mapping({"clauses": without_reading(raw)}))["clauses"])
    except FactsError as error:
        raise ActError(str(error)) from None


def _checked_value(key: tuple[str, int | None, int | None], raw: object, clauses: list[Any]) -> Any:
    name, clause, target = key
    try:
        value = plain(read_value(name, raw))
    except FactsError as error:
        raise ActError(str(error)) from None
    level = vocabulary()[name].level
    if level not in ("demand", "clause", "target", "disclosure"):
        raise ActError(f"{name} is a fact of a {level}; hint: record it there, not on a case")
    if clause is not None and not (isinstance(clause, int) and 0 <= clause < len(clauses)):
        raise ActError(f"there is no clause {clause}; hint: clauses count from 0 to {len(clauses) - 1}")
    if target is not None and (
        clause is None or not (isinstance(target, int) and 0 <= target < len(clauses[clause].get("targets", ())))
    ):
        raise ActError(f"there is no target {target} there; hint: targets count from 0 within a clause")
    if (level == "demand" and clause is not None) or (level == "clause" and target is not None):
        raise ActError(f"{name} is a fact of a {level}; hint: give it at that level")
    return value


MEANS = ("call-back", "second-channel")
"""How a sender is verified through a contact found independently of the demand."""


def _prepare_authenticate(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"how", "means" (see MEANS) or absent, "number" that was called back}; the fact `verified` follows.

    A number that stands in the demand verifies nothing: whoever forged the one wrote the other.
    """
    means, number = str(payload.get("means") or ""), str(payload.get("number") or "").strip()
    if means and means not in MEANS:
        raise ActError(f"no way to verify {means!r}; hint: one of {', '.join(MEANS)}")
    record = {**payload, **_called(case, means == "call-back", number)}
    user = user_of(actor)

    def write(act: Act, state: State) -> None:
        evidence = {"from": "person", "how": str(payload.get("how") or ""), "number": number}
        set_fact(case, "verified", True, evidence, user, now)

    return Prepared(payload, record, write)


def _called(case: Case, must: bool, number: str) -> dict[str, str]:
    """The authority of the register whose number was called. Raises ActError for a number that verifies nothing."""
    if must and not number:
        raise ActError("which number was called back is not said; hint: choose one of the register, or write it down")
    issuer = matching.issuer_of(case)
    if number:
        try:
            dialled = registers.phone(number)
        except ValueError as error:
            raise ActError(str(error)) from None
        held = {registers.phone(n) for n in issuer.call_back} if issuer else set()
        if dialled not in held and matching.stands_in_papers(case, dialled):
            raise ActError(f"{number} stands in the demand itself; hint: call a number found independently of it")
    return {"authority": issuer.slug} if issuer else {}


def _prepare_check(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"check", "how", "number"}: the number that was called, where the check is a call; never the demand's.

    Whoever forges an emergency writes a number of their own beside it: call-back and supervisor are called by one
    that was found independently.
    """
    number = str(payload.get("number") or "").strip()
    called = _called(case, payload.get("check") in ("call-back", "supervisor"), number)
    return Prepared(payload, {**payload, **called})


def _prepare_protest(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"reserved": {ground: reason}}: each soft ground that stands in the way, reserved in writing."""
    said = payload.get("reserved")
    reserved = {str(k): str(v).strip() for k, v in said.items()} if isinstance(said, Mapping) else {}
    given = {"reserved": reserved, "law": law_is_of(case, now)}
    return Prepared(given, given)


def _prepare_assess(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """The docket assesses the facts it holds, under the law as of service or of the day given as `as_of`."""
    as_of = day(payload["as_of"]) if payload.get("as_of") else case.served_on
    if not demand_is_known(case):
        return Prepared({}, {})
    under = _law_of_now()
    stated = demand_as_stated(case)
    word = matching.known(case, stated, as_of)
    result = law.assess(matching.laid_over(stated, word, said_of(case)), as_of, clocks=clocks(case.received_at))
    demand, gags = demand_to_mapping(result.demand), silence.on_record(case)
    findings = silence.findings_of(result, gags)
    found = tuple(ground_of(f) for f in findings if f["against"] != "info")
    cells = cells_of(result.demand)
    latest = case.assessments.first()
    same = latest is not None and (latest.demand, latest.findings) == (plain(demand), plain(findings))
    parties = parties_of(result.demand, cells, state_from_json(case.state), word.cells, same)
    bars, lay_bars = silence.lay(case, result, parties, now)
    given = {
        "grounds": found,
        "cells": cells,
        "parties": parties,
        "bars": bars,
        "suspends": asks_to_suspend(result.demand),
    }

    def write(act: Act, state: State) -> None:
        Assessment.objects.create(
            case=case,
            at=now,
            as_of=as_of,
            library=result.library,
            demand=demand,
            findings=findings,
            compels=[
                plain({"clause": c.clause, "category": c.category, "can": c.can, "rules": c.rules})
                for c in result.compels
            ],
            rules=result.rules,
            failing=result.failing,
            revision=case.revision,
        )
        write_grounds(case, state, findings)
        lay_bars()

    # The hashes make the act's entry prove the facts, the law and what it said of them.
    record = {
        "as_of": as_of,
        **under,
        "demand": entries.digest(demand),
        "findings": entries.digest(findings),
        "grounds": [part_to_json(g) for g in found],
        "cells": cells,
        "parties": [part_to_json(p) for p in parties],
        "register": word.as_record(),
        **({"gags": plain(gags)} if gags else {}),
        "bars": [part_to_json(b) for b in bars],
        "suspends": given["suspends"],
    }
    return Prepared(given, record, write)


def _law_of_now() -> dict[str, str]:
    try:
        return edition.of_now()
    except law.LawError as error:
        raise ActError(str(error)) from None


def ground_of(finding: Mapping[str, Any]) -> lifecycle.Ground:
    """A finding (as JSON) as a ground of the lifecycle."""
    return lifecycle.Ground(
        key_of(finding),
        finding["against"],
        finding["force"],
        finding["clause"],
        finding["target"],
        finding["verdict"] == "unknown",
        finding["stays"] == "yes",
    )


def cells_of(demand: Demand) -> tuple[lifecycle.Cell, ...]:
    """The pieces of a demand; a clause that names no target is one piece."""
    return tuple((c, t) for c, clause in enumerate(demand.clauses) for t in range(max(1, len(clause.targets))))


SUSPENDING = ("eu.dsa9",)
"""Kinds of instrument that ask the provider to act against an account or content, not to hand data out."""


def asks_to_suspend(demand: Demand) -> bool:
    """Whether the demand is an order to suspend, block or remove, and asks for no data besides.

    Such an order is carried out, under the same promises as a release. One that asks for data as well is handled as
    a demand for data: what goes out is what must be guarded.
    """
    acts_only = demand.facts.get("kind") in SUSPENDING or demand.facts.get("suspension_demanded") is True
    return acts_only and not any(
        asked is True and name.startswith("asks_")
        for clause in demand.clauses
        for name, asked in clause.all_facts().items()
    )


def parties_of(
    demand: Demand,
    cells: tuple[lifecycle.Cell, ...],
    state: State,
    customers: Mapping[lifecycle.Cell, str],
    same: bool = True,
) -> tuple[lifecycle.Party, ...]:
    """Whose data each piece is: the customer (its slug) that the register names, else all of one kind together.

    What was done towards a party stays done; but a notice that waits sealed is to be written anew where the
    assessment is not the `same` as the one it was written from. An organisation that is not itself suspected is where
    the authority is sent (promise 3). Where the provider decides over some of a party's pieces alone, it decides over
    none of them.
    """
    found: dict[str, lifecycle.Party] = {}
    for clause, target in cells:
        facts = demand.stated_of(clause, target)
        kind = str(facts.get("customer_kind") or "customer")
        name = customers.get((clause, target), kind)
        redirect = kind in silence.ORGANISATIONS and facts.get("customer_suspected") is not True
        controller = facts.get("provider_role") == "controller"
        party = found.get(name) or lifecycle.Party(name, controller=controller)
        found[name] = replace(
            party,
            cells=(*party.cells, (clause, target)),
            controller=party.controller and controller,
            redirect="due" if redirect else party.redirect,
        )
    for name, party in found.items():
        before = state.party(name)
        if before is not None:
            redirected = "done" if before.redirect == "done" else party.redirect
            found[name] = replace(
                party,
                notice="none" if before.notice == "sealed" and not same else before.notice,
                voice=before.voice,
                stance=before.stance,
                redirect=redirected,
            )
    return tuple(found.values())


def write_grounds(case: Case, state: State, findings: list[dict[str, Any]]) -> None:
    """Keep one row for each ground ever opened on the case; its answer is the state's."""
    held = {g.key: g for g in case.grounds.all()}
    answers = {g.key: g.answer for g in state.grounds}
    fields = ("rule", "against", "force", "strength", "unknown", "answer", "finding")
    new, known = [], []
    for finding in findings:
        key = key_of(finding)
        if key not in answers:
            continue
        row = held.pop(key, None) or Ground(case=case, key=key)
        row.rule, row.against, row.force = finding["rule"], finding["against"], finding["force"]
        row.strength, row.unknown = finding["strength"], finding["verdict"] == "unknown"
        row.answer, row.finding = answers[key], finding
        (known if row.pk else new).append(row)
    for key, row in held.items():
        if row.answer != answers[key]:
            row.answer = answers[key]
            known.append(row)
    Ground.objects.bulk_create(new)
    Ground.objects.bulk_update(known, fields)


def day(raw: object) -> date:
    """A day as a date or as text. Raises ActError for what is neither, or a day that no act can mean."""
    try:
        on = raw if isinstance(raw, date) else date.fromisoformat(raw if isinstance(raw, str) else "")
    except ValueError:
        raise ActError(f"{briefly(raw)} is no date; hint: write a date as 2026-11-23") from None
    on = on.date() if isinstance(on, datetime) else on
    if not FIRST_DAY <= on <= LAST_DAY:
        raise ActError(f"{on} is no day for this; hint: give one from {FIRST_DAY} to {LAST_DAY}")
    return on


def key_of(finding: Mapping[str, Any]) -> str:
    """The key of a finding's ground: `rule`, `rule@clause` or `rule@clause.target`, counted from 0; `rule@gag:name`."""
    if finding.get("gag"):
        return f"{finding['rule']}@gag:{finding['gag']}"[:160]
    if finding["clause"] is None:
        return str(finding["rule"])
    where = f"{finding['rule']}@{finding['clause']}"
    return where if finding["target"] is None else f"{where}.{finding['target']}"


def without_reading(clauses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Clauses in the form of a facts file, without what the reading noted on them under `read`."""
    return [{k: v for k, v in clause.items() if k != "read"} for clause in clauses]


def demand_is_known(case: Case) -> bool:
    """Whether there is anything to assess: a fact beyond those of the receipt, or a clause."""
    return bool(case.clauses) or case.facts.exclude(name__in=("served_on", "channel")).exists()


def demand_of(case: Case, day: date | None = None) -> Demand:
    """The demand as the case now knows it, the registers included; promises in force on `day` (of service)."""
    stated = demand_as_stated(case)
    return matching.laid_over(stated, matching.known(case, stated, day or case.served_on), said_of(case))


def demand_as_stated(case: Case) -> Demand:
    """The demand as its papers and people state it: clauses with the facts of each level laid over them."""
    whole: dict[str, Any] = {}
    clauses = [{**c, "targets": [dict(t) for t in c.get("targets", ())]} for c in without_reading(case.clauses)]
    for fact in case.facts.all():
        if fact.clause is None:
            whole[fact.name] = fact.value
        elif fact.clause < len(clauses):
            clause = clauses[fact.clause]
            if fact.target is None:
                clause[fact.name] = fact.value
            elif fact.target < len(clause["targets"]):
                clause["targets"][fact.target][fact.name] = fact.value
    if clauses:
        whole["clauses"] = clauses
    return demand_from_mapping(whole)


def said_of(case: Case) -> matching.Said:
    """The facts that a person stated or confirmed, or the receipt itself tells: they go before the registers."""
    return frozenset(
        (f.name, f.clause, f.target)
        for f in case.facts.all()
        if f.value is not None and (f.confirmed_at is not None or f.evidence.get("from"))
    )


def _prepare_draft(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"kind", "assessment", "letter", "files": {"pdf", "docx"}}; see `draft`, which makes it."""
    latest = case.assessments.first()
    if latest is not None and payload.get("assessment") != latest.pk:
        raise ActError("the case was assessed again meanwhile; hint: draft from the new assessment")

    def write(act: Act, state: State) -> None:
        written(case, str(payload["kind"]), actor, payload, now).save()

    given = {"kind": payload.get("kind")}
    return Prepared(given, {**given, "assessment": payload.get("assessment")}, write)


def written(case: Case, kind: str, actor: Actor, payload: Payload, now: datetime) -> Draft:
    """A letter (payload: {"assessment", "letter", "files"}) as the case will keep it, under its next number."""
    return Draft(
        case=case,
        number=case.drafts.count() + 1,
        kind=kind,
        at=now,
        by_id=user_of(actor),
        assessment_id=payload["assessment"],
        letter=plain(payload["letter"]),
        **payload["files"],
    )


def _prepare_documents(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"files": [(name, bytes)], "event", "on"}; what came later joins the papers of the case.

    Where the paper is an event for a clock (see clocks.toml) it says which, and on which day.
    """
    if payload.get("event") and payload["event"] not in events():
        raise ActError(f"no event {payload['event']!r}; hint: one of those in clocks.toml")
    if payload.get("on"):
        day(payload["on"])
    files = list(payload.get("files") or ())
    sums = [hashlib.sha256(content).hexdigest() for _, content in files]
    said = {k: v for k, v in payload.items() if k != "files"} | {"documents": sums}
    return Prepared(said, said, lambda act, state: keep_files(case, files) and None)


def named_document(case: Case, payload: Payload) -> Document | None:
    """The document of the case whose number the payload gives under "document". Raises ActError for no such one."""
    number = payload.get("document")
    if number is None:
        return None
    found = case.documents.filter(number=number).first()
    if found is None:
        raise ActError(f"there is no document {number} on this case; hint: give its number within the case")
    return found


def shown(case: Case, payload: Payload) -> tuple[Payload, Callable[[], Document | None]]:
    """The payload with the hashes of the paper that shows it, and what keeps that paper and gives it.

    It comes as "files": [(name, bytes)], or as "document", the number of one on the case already.
    """
    paper, files = named_document(case, payload), list(payload.get("files") or ())
    sums = [hashlib.sha256(content).hexdigest() for _, content in files] or ([paper.original_id] if paper else [])

    def keep() -> Document | None:
        # Who brings it has read it: it shows what they record, and tells no fact of the demand.
        keep_files(case, files, warnings=[words()["papers"]["shown"]])
        return case.documents.filter(original_id=sums[-1]).last() if files else paper

    return {**{k: v for k, v in payload.items() if k != "files"}, "documents": sums}, keep


def under_the_law_of_today(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """The payload, and whether the law was taken as of today (promise 1): the docket looks itself."""
    given = {**payload, "law": law_is_of(case, now)}
    return Prepared(given, given)


def gags_judged(act: Act | None) -> dict[str, dict[str, Value]]:
    """The silences on record that an assessment judged, as its act recorded their facts."""
    said = act.payload.get("gags", {}) if act else {}
    return {gag: {name: read_value(name, raw) for name, raw in facts.items()} for gag, facts in said.items()}


def gags_moved(case: Case) -> bool:
    """Whether people recorded or moved a silence since the latest assessment: it may be too long, or endless."""
    return silence.on_record(case) != gags_judged(matching.assessed_by(case))


def law_is_of(case: Case, now: datetime) -> bool:
    """Whether the last assessment was made by the library of now, as of a day that is today somewhere.

    And by what the registers say now: a customer found, or moved, meanwhile has grounds and a voice of its own.
    """
    latest = case.assessments.first()
    if latest is None or latest.library != law.library().version or registers_moved(case, latest.as_of):
        return False
    return (now - timedelta(hours=12)).date() <= latest.as_of <= (now + timedelta(hours=14)).date()


def registers_moved(case: Case, as_of: date) -> bool:
    """Whether the registers say otherwise now than when the case was last assessed (as of that day)."""
    word = matching.known(case, demand_as_stated(case), as_of)
    held = {cell: p.name for p in state_from_json(case.state).parties for cell in p.cells}
    used = matching.used(case)
    named = {cell: slug for cell, slug in held.items() if slug in used.get("customers", {})}
    return word.as_record() != used or dict(word.cells) != named


def _prepare_challenge(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"grounds": [keys], "form"}; where known "forum", "filed_on", "letter" (number of the draft filed).

    Only what the provider itself may raise.
    """
    keys = _texts(payload.get("grounds"))
    on = _checked(payload, "filed_on", now, case.served_on)
    for ground in Ground.objects.filter(case=case, key__in=keys):
        if "provider" not in ground.finding["who"]:
            who = ", ".join(ground.finding["who"])
            raise ActError(f"{ground.key} is not the provider's to raise; hint: it belongs to {who}")
    forum = str(payload.get("forum") or "")
    letter = payload.get("letter") or None
    if letter is not None and not case.drafts.filter(number=letter).exists():
        raise ActError(f"there is no letter {letter}; hint: draft it first, or leave it out")
    given = {
        "grounds": keys,
        "form": payload.get("form"),
        "forum": forum,
        "filed_on": on,
        "law": law_is_of(case, now),
        "letter": letter,
    }
    return Prepared(given, given, lambda act, state: precedents.file(act, keys, str(given["form"]), forum, on))


def _prepare_outcome(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"ground", "result"}; where known "forum", "decided_on", "cost", "currency", "said", and the ruling
    itself (see `shown`), which a hard ground wants. The forum is the one it was filed with where none is named.
    """
    filed = precedents.last(case, str(payload.get("ground")))
    on = _checked(payload, "decided_on", now, filed.filed_on if filed else case.served_on)
    try:
        cost, currency = precedents.minor_units(payload.get("cost"), str(payload.get("currency") or ""))
    except precedents.PrecedentError as error:
        raise ActError(str(error)) from None
    payload, keep = shown(case, payload)
    forum, said = (str(payload.get(name) or "").strip() for name in ("forum", "said"))
    forum = forum or (filed.forum if filed else "")
    given = {**{name: payload.get(name) for name in ("ground", "result", "documents")}, "forum": forum}
    ruling = precedents.Ruling(str(given["result"]), on, forum, cost, currency, said)
    court = filed is not None and lifecycle.FORMS[filed.form].court
    told = {"court": court, "decided_on": on, "cost": cost, "currency": currency, "said": said}

    def write(act: Act, state: State) -> None:
        keep()
        precedents.decide(act, str(given["ground"]), ruling)

    return Prepared(given, {**given, **told}, write)


def _prepare_appeal(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"ground", and where known "forum", "filed_on"}."""
    filed = precedents.last(case, str(payload.get("ground")))
    forum = str(payload.get("forum") or "")
    on = _checked(payload, "filed_on", now, (filed.decided_on or filed.filed_on) if filed else case.served_on)
    ground = str(payload.get("ground") or "")
    given = {"ground": ground, "forum": forum, "filed_on": on}
    return Prepared(given, given, lambda act, state: precedents.appeal(act, ground, forum, on))


def _checked(payload: Payload, name: str, now: datetime, first: date) -> date:
    """The day under this name, today by default; besides, that the payload names no judge."""
    try:
        precedents.without_persons(payload)
        return precedents.day(payload.get(name), now.date(), first=min(first, now.date()), last=now.date())
    except precedents.PrecedentError as error:
        raise ActError(str(error)) from None


def _prepare_given_out(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"what", "to", "why"}: the privileged paper that is given out, to whom, and why."""
    held = [paper.what for paper in privilege.papers_of(case)]
    if payload.get("what") not in held:
        what, near = payload.get("what"), ", ".join(held) or "assess first"
        raise ActError(f"{what!r} is no privileged paper of this case; hint: {near}")
    given = {name: str(payload.get(name) or "").strip() for name in ("what", "to", "why")}
    return Prepared(given, given)


def _prepare_close(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"reason"}; of a demand that was withdrawn nothing is before a forum any more."""
    gone = payload.get("reason") == "withdrawn"
    return Prepared(payload, payload, lambda act, state: precedents.withdraw(act, now.date()) if gone else None)


def _texts(raw: object) -> list[str]:
    if not isinstance(raw, list | tuple) or not all(isinstance(item, str) for item in raw):
        return []
    return [str(item) for item in raw]


def _prepare_emergency(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"cells": [[clause, target]]}: the least that would save the life."""
    try:
        cells = tuple((int(c), int(t)) for c, t in payload.get("cells") or ())
    except (TypeError, ValueError):
        raise ActError("the pieces are not pairs of clause and target; hint: [[0, 0]], counted from 0") from None
    given = {**payload, "cells": cells}
    return Prepared(given, given)


def _prepare_test(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"facts": {name: value}}, facts of the disclosure: chapter V and Arts 28 and 48 GDPR applied to it."""
    facts = payload.get("facts") or {}
    for name in facts:
        if name not in vocabulary() or vocabulary()[name].level != "disclosure":
            raise ActError(f"{name} is no fact of a disclosure; hint: such as recipient_country")
    told = {name: _checked_value((name, None, None), raw, case.clauses) for name, raw in facts.items()}
    under = _law_of_now()
    demand = demand_of(case)
    read = {name: read_value(name, raw) for name, raw in told.items()}
    demand = Demand({**demand.facts, **read}, demand.clauses)
    result = law.assess(demand, now.date())
    findings = [f.as_json() for f in result.findings if f.against == "disclosure"]
    found = tuple(ground_of(f) for f in findings)
    at = now
    user = user_of(actor)

    def write(act: Act, state: State) -> None:
        for name, value in told.items():
            set_fact(case, name, value, {"from": "person"}, user, at)
        write_grounds(case, state, findings)

    record = {
        "facts": told,
        "as_of": now.date(),
        **under,
        "demand": demand_to_mapping(demand),
        "grounds": [part_to_json(g) for g in found],
    }
    return Prepared({"grounds": found}, record, write)


def _prepare_proof(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"maps": bool, "how", "by"}: the verdict, and of a check by hand who made it and how, in writing."""
    if not actor.roles & lifecycle.SELF and not (payload.get("how") and payload.get("by")):
        raise ActError("who checked it, and how, is not said; hint: write both, they stand beside the verdict")
    return as_given(case, actor, payload, now)


LAWFUL = tuple(
    name
    for name, spec in lifecycle.ACTS.items()
    if any(c.name == "law-of-today" for c in spec.guard) and name != "challenge"
)
PREPARE: Mapping[str, Callable[[Case, Actor, Payload, datetime], Prepared]] = {
    "read": _prepare_read,
    "confirm": _prepare_confirm,
    "authenticate": _prepare_authenticate,
    "assess": _prepare_assess,
    "draft": _prepare_draft,
    "add-document": _prepare_documents,
    "record-paper": _prepare_documents,
    "challenge": _prepare_challenge,
    "record-outcome": _prepare_outcome,
    "appeal": _prepare_appeal,
    "close": _prepare_close,
    "disclose-privileged": _prepare_given_out,
    "claim-emergency": _prepare_emergency,
    "check-emergency": _prepare_check,
    "prove": _prepare_proof,
    "test-disclosure": _prepare_test,
    **dict.fromkeys(LAWFUL, under_the_law_of_today),
    "protest": _prepare_protest,
}
"""What an act brings beyond its payload: the payload as the lifecycle sees it, and what is written beside it."""
