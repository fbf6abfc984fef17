"""The one way to change a case.

`act` locks the case, checks the guard, writes what the act brings, appends the ledger entry and the events, and
commits: all in one transaction, so a crash anywhere leaves either the whole act or nothing. A client's `token`
makes a repeated call return the first one's result. What takes long (reading, typesetting) runs before the
transaction and comes in as the payload; what the act makes of the case is worked out before it as well, and again
under the lock only where the case moved meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from demur.facts import FactsError, read_value

from . import brings, duties, entries, gags, lifecycle, notices, touched
from .brings import ActError, Prepared, as_given, demand_of, keep_files, key_of
from .customers import speaks_for
from .due import MOVING, moves
from .fields import taken
from .lifecycle import ACTS, Actor, Refusal, State, Step, missing, perform
from .models import (
    Act,
    Case,
    CaseFact,
    Ground,
    Membership,
    OutboxEvent,
    Told,
    fit,
    plain,
)
from .once import PASSED, Passed, passed, read_once
from .states import state_from_json, state_to_json
from .turns import in_turn
from .visible import bears_on_secrecy, secrecy_of, visible_cases
from .words import roles_in_words, words

Payload = Mapping[str, Any]
PREPARE = {**brings.PREPARE, **gags.PREPARE, **notices.PREPARE, **duties.PREPARE, **touched.PREPARE}


@dataclass(frozen=True, slots=True)
class Done:
    """An act that stands: the case's new state, and whether this call repeated an earlier one."""

    case: str
    act: str
    seq: int
    state: State
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """One condition that is missing, in plain words, and who can meet it."""

    name: str
    what: str
    who: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An act that the case does not allow now, and why."""

    case: str
    act: str
    missing: tuple[Missing, ...]

    def __str__(self) -> str:
        return "; ".join(f"{m.what}; hint: {m.who}" for m in self.missing)


AT_ONCE = 500
"""How many grounds one statement to the database names."""
BESIDE = ("clauses", "due_on", "due_label", "gagged", "privacy_due")
"""What stands on a case beside its state."""
DEMUR = Actor("demur", frozenset({"demur"}))
"""The program acting by itself."""


def actor_for(user: Any, party: str = "") -> Actor:
    """The signed-in user as an actor, with the roles and forums of their memberships.

    A customer's contact speaks for one customer at a time: `party` where they may speak for it, else the only one.
    """
    held = list(Membership.objects.filter(user=user))
    forums = frozenset(forum for m in held for forum in m.forums)
    # Nobody signs in as the program itself.
    roles = frozenset(m.role for m in held) - lifecycle.SELF
    mine = [*speaks_for(user, datetime.now(UTC).date())] if roles & lifecycle.CUSTOMER else []
    return Actor(str(user.pk), roles, forums, party if party in mine else mine[0] if len(mine) == 1 else "")


def in_words(act: str, conditions: tuple[str, ...]) -> tuple[Missing, ...]:
    """Missing conditions of an act in plain words, each with who can meet it."""
    table = words()["conditions"]
    roles = roles_in_words(ACTS[act].who)
    return tuple(Missing(name, table[name]["missing"], table[name]["who"].format(roles=roles)) for name in conditions)


def act(
    number: str, name: str, actor: Actor, payload: Payload, *, token: str, now: datetime | None = None
) -> Done | Refused:
    """Perform one act on the case with this number. `now` is UTC, by default this moment.

    Raises ActError for an unknown case or act, a payload that cannot be used, or a token that stands for
    another act.
    """
    if name not in ACTS or name == "receive":
        raise ActError(f"no act {name!r}; hint: one of {', '.join(a for a in ACTS if a != 'receive')}")
    number, token, at = fit(number), _short(token), now or datetime.now(UTC)
    cases = visible_cases(actor).filter(number=number).order_by()
    ahead = _ahead(cases, name, actor, payload, at)

    def do() -> Done | Refused:
        if ahead is not None and _still(ahead):
            return _write(ahead, token)
        case = cases.select_for_update().first()
        if case is None:
            raise ActError(f"no case {number!r}; hint: look it up on the docket")
        state = state_from_json(case.state)
        made = _earlier(token, number, name, actor, state) or _made(case, state, name, actor, payload, at)
        if isinstance(made, _Made):
            _still(made)  # it does: the case is locked
            return _write(made, token)
        return made

    return _once(token, number, name, actor, do)


@dataclass(frozen=True, slots=True)
class _Made:
    """What an act makes of a case as it stood, before anything is written: the act to keep, its entry's body and the
    state, whether days move, and what was read for all that."""

    case: Case
    before: State
    prepared: Prepared
    step: Step
    act: Act
    body: dict[str, Any]
    state: dict[str, Any]
    moves: bool
    rows: Mapping[str, Any]


def _ahead(cases: QuerySet[Case], name: str, actor: Actor, payload: Payload, now: datetime) -> _Made | None:
    # The work is done before the case is locked, so that others need not wait for it. It counts only where the case
    # did not move meanwhile; and that an act cannot be done is decided under the lock.
    try:
        case = cases.get()
        made = _made(case, state_from_json(case.state), name, actor, payload, now)
    except (Case.DoesNotExist, ActError):
        return None
    return made if isinstance(made, _Made) else None


def _short(token: str) -> str:
    # A token is as long as its caller likes; what is kept is short, and no two are alike.
    if len(token) <= 64 and token.isprintable():
        return token
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _once(token: str, number: str, name: str, actor: Actor, do: Callable[[], Done | Refused]) -> Done | Refused:
    """Do it in one transaction; where another call with the same token was faster, that one's result is the answer."""
    try:
        with in_turn(), transaction.atomic():
            return do()
    except IntegrityError:
        earlier = _earlier(token, number, name, actor, None)
        if earlier is None:
            raise
        return earlier


def _still(made: _Made) -> bool:
    """Lock the case and move it on, where it still stands as it was read."""
    case = made.case
    moved = {"state": made.state, "closed": made.step.state.closed, "revision": case.revision + 1}
    if not Case.objects.filter(pk=case.pk, revision=case.revision).update(**moved):
        return False
    for name, value in moved.items():
        setattr(case, name, value)
    return True


def _write(made: _Made, token: str) -> Done:
    case, before, state, act = made.case, made.before, made.step.state, made.act
    was = {name: getattr(case, name) for name in BESIDE}
    _keep(act, made.body, made.step.events, token)
    made.prepared.write(act, state)
    mirror_answers(case, before, state)
    # What the act did not write still stands as it was read.
    written = MOVING.get(act.name, ())
    rows = {name: read for name, read in made.rows.items() if name not in written}
    if PASSED in rows:
        told = frozenset(event.name for event in made.step.events)
        rows[PASSED] += (Passed(act.seq, act.name, act.at, act.payload, told),)
    secret = act.name in MOVING or bears_on_secrecy(before, state)
    if made.moves or secret:
        with read_once(case, rows):
            if made.moves:
                mirror_due(case, act.at)
            if secret:
                mirror_secrecy(case, before, state)
    changed = [name for name, value in was.items() if value != getattr(case, name)]
    if changed:
        case.save(update_fields=changed)
    return Done(case.number, act.name, act.seq, state)


def _made(case: Case, state: State, name: str, actor: Actor, payload: Payload, now: datetime) -> _Made | Refused:
    # What the case itself lacks is said first: who may not act learns nothing of what the payload would have met.
    lacking = missing(state, name, actor)
    if lacking:
        return Refused(case.number, name, in_words(name, lacking))
    given = taken(name, payload)
    with read_once(case) as rows:
        prepared = PREPARE.get(name, as_given)(case, actor, given, now)
        step = perform(state, name, actor, prepared.given)
        if isinstance(step, Refusal):
            return Refused(case.number, name, in_words(name, step.conditions))
        after = state_to_json(step.state)
        kept, body = _unkept(case, case.revision + 1, name, actor, plain(dict(prepared.record)), after, now)
        days = moves(name, kept.payload, [event.name for event in step.events])
        if days:
            passed(case)
    return _Made(case, state, prepared, step, kept, body, after, days, rows)


def foresee(
    case: Case, name: str, actor: Actor, payloads: Sequence[Payload], now: datetime | None = None
) -> State | Refused:
    """The state that one act with each of these payloads would make of a case; nothing is done. Raises ActError."""
    state = state_from_json(case.state)
    for payload in payloads:
        made = _made(case, state, name, actor, payload, now or datetime.now(UTC))
        if isinstance(made, Refused):
            return made
        state = made.step.state
    return state


def _earlier(token: str, number: str, name: str, actor: Actor, state: State | None) -> Done | None:
    found = Act.objects.filter(person=actor.person, token=token).select_related("case").first()
    if found is None:
        return None
    if (found.case.number, found.name) != (number or found.case.number, name):
        raise ActError("this token stands for another act; hint: make a new token for each act")
    return Done(found.case.number, name, found.seq, state or state_from_json(found.case.state), repeated=True)


def _unkept(
    case: Case, seq: int, name: str, actor: Actor, payload: dict[str, Any], state: dict[str, Any], now: datetime
) -> tuple[Act, dict[str, Any]]:
    """An act as the case will keep it, and the body of its entry in the ledger."""
    roles = sorted(actor.roles)
    body = {
        "case": case.number,
        "seq": seq,
        "act": name,
        "person": actor.person,
        "at": now.isoformat(),
        "roles": roles,
        "payload": entries.digest(payload),
        "state": entries.digest(state),
    }
    return Act(case=case, seq=seq, name=name, person=actor.person, roles=roles, at=now, payload=payload), body


def _keep(act: Act, body: dict[str, Any], events: Iterable[lifecycle.Event], token: str) -> None:
    act.token, act.entry_id = token, entries.append(f"act.{act.name}", body, urgent=act.name == "release")
    act.save(force_insert=True)
    OutboxEvent.objects.bulk_create(OutboxEvent(act=act, name=e.name, body=dict(e.body)) for e in events)


def mirror_answers(case: Case, before: State, after: State) -> None:
    """Write the answers that changed beside the grounds, where queries find them."""
    old = {g.key: g.answer for g in before.grounds}
    changed: dict[str, list[str]] = {}
    for ground in after.grounds:
        if ground.key in old and old[ground.key] != ground.answer:
            changed.setdefault(ground.answer, []).append(ground.key)
    for answer, keys in changed.items():
        for start in range(0, len(keys), AT_ONCE):
            Ground.objects.filter(case=case, key__in=keys[start : start + AT_ONCE]).update(answer=answer)


def mirror_due(case: Case, now: datetime) -> None:
    """Write on the case what falls due first, where the docket is ordered by it."""
    from .standing import due

    first = due(case, now)
    case.due_on, case.due_label = (first.on, first.label[:120]) if first else (None, "")


def mirror_secrecy(case: Case, before: State, after: State) -> None:
    """Write beside the case who may see it, where queries find it."""
    now = secrecy_of(case, after)
    case.gagged, case.privacy_due = now.gagged, now.privacy_due
    if not now.told and not any(p.notice == "told" for p in before.parties):
        return
    # Whoever was told stays told; with no data in the case any more, they learn nothing more of it.
    held = dict(case.told.values_list("party", "silenced"))
    for party, silenced in (dict.fromkeys(held, True) | dict(now.told)).items():
        if party not in held:
            Told.objects.create(case=case, party=party, silenced=silenced)
        elif held[party] != silenced:
            case.told.filter(party=party).update(silenced=silenced)


# ------------------------------------------------------------------------------------------- receive


def receive(
    files: list[tuple[str, bytes]],
    *,
    served_on: date,
    channel: str = "",
    served_on_entity: str = "",
    actor: Actor,
    token: str,
    now: datetime | None = None,
) -> Done | Refused:
    """Open a case with files (name, bytes) exactly as served; nothing is parsed, so no file is ever lost.

    `served_on` is the legal day of service, `channel` a value of the fact `channel` or "", and `served_on_entity`
    whom it was served on where that is known: for a demand that a sub-processor passes on, that sub-processor, which
    must tell the provider as the provider its customer (GDPR Art. 28(4), SCC clause 9(b)). Raises ActError.
    """
    at = now or datetime.now(UTC)
    given = taken(
        "receive",
        {"files": files, "served_on": served_on, "channel": channel, "served_on_entity": served_on_entity},
    )
    files, channel, served_on = given.get("files", []), given.get("channel", ""), brings.day(given.get("served_on"))
    if channel:
        try:
            read_value("channel", channel)
        except FactsError as error:
            raise ActError(str(error)) from None
    entity = " ".join(given.get("served_on_entity", "").split())
    if channel == "subprocessor" and not entity:
        raise ActError("which sub-processor passed it on is not said; hint: name the company that was served")
    if served_on > at.date() and (served_on - at.date()).days > 1:
        raise ActError(f"served on {served_on}, which is not yet; hint: give the day it arrived")
    payload = {
        "documents": [hashlib.sha256(content).hexdigest() for _, content in files],
        "served_on": served_on,
        "channel": channel,
        **({"served_on_entity": entity} if entity else {}),
    }
    token = _short(token)

    def do() -> Done | Refused:
        step = perform(lifecycle.NEW, "receive", actor, payload)
        if isinstance(step, Refusal):
            return Refused("", "receive", in_words("receive", step.conditions))
        case = Case.objects.create(
            received_at=at,
            served_on=served_on,
            channel=channel,
            state=state_to_json(step.state),
            revision=1,
        )
        keep_files(case, files, first=1)
        known = {"served_on": served_on, "channel": channel, "served_on_entity": entity}
        CaseFact.objects.bulk_create(
            CaseFact(case=case, name=name, value=plain(value), evidence={"from": "docket"})
            for name, value in known.items()
            if value
        )
        recorded, body = _unkept(case, case.revision, "receive", actor, plain(payload), case.state, at)
        _keep(recorded, body, step.events, token)
        return Done(case.number, "receive", recorded.seq, step.state)

    return _once(token, "", "receive", actor, do)


__all__ = [
    "DEMUR", "ActError", "Done", "Missing", "Refused", "act", "actor_for", "demand_of", "foresee", "in_words", "key_of",
    "receive",
]  # fmt: skip
