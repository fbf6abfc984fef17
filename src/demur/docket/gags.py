"""What bars telling: how a gag or a danger is recorded, moved, extended in writing, reviewed and ended.

A day given as the end of a silence is its last day; the docket keeps the first day without it, and nothing is said
on the last day itself. Days are those of the issuing authority's forum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from demur.facts import Value

from . import brings, silence
from .brings import ActError, Payload, Prepared, named_document, shown
from .clocks import place_of
from .counting import legal_day
from .lifecycle import SELF, Actor, State
from .models import Act, Case, Document, Gag, plain
from .states import state_from_json

Prepare = Callable[[Case, Actor, Payload, datetime], Prepared]


def facts_of(case: Case) -> Mapping[str, Value]:
    """The facts of the demand as its papers and people state them: silence is no matter of the registers."""
    return brings.demand_as_stated(case).facts


def today_of(case: Case, now: datetime) -> date:
    """The legal day in the forum of the issuing authority."""
    return legal_day(now, place_of(facts_of(case)))


def gag_of(case: Case, payload: Payload) -> Gag | None:
    """The row of the bar that the payload names."""
    return Gag.objects.filter(case=case, name=str(payload.get("gag") or "")).first()


def day_in(payload: Payload, name: str) -> date | None:
    """The day under this name in the payload, None where there is none. Raises ActError for what is no date."""
    return brings.day(payload[name]) if payload.get(name) else None


def day_to_come(case: Case, payload: Payload, name: str, now: datetime) -> date | None:
    """As `day_in`, and that this day has not passed in the forum; it may be today. Raises ActError."""
    day = day_in(payload, name)
    if day is not None and day < today_of(case, now):
        raise ActError(f"{day} has passed; hint: give a day that is still to come")
    return day


def _record_gag(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"gag", "until", "endless", "basis", "by_court", "scope", "why", "since", "review_on", "party",
    "document"}; all but the name may be left out, and what the papers say of the demand's own silence fills it.

    A last day is taken from the papers only where a person confirmed it, the gag is the demand's own, and nothing
    says that it is `endless`: a second gag must not inherit the end of the first.
    """
    facts = facts_of(case)
    said = str(payload.get("basis") or "")
    basis = silence.basis_of(facts)
    rows = list(case.gags.all())
    own = said in ("", basis) and not any(g.name == silence.OWN or g.basis in ("", basis) for g in rows)
    last = day_in(payload, "until") or (silence.certain_end(case) if own and not payload.get("endless") else None)
    court = payload.get("by_court")
    if court is None and own:
        court = facts.get("gag_by_court")
    party = str(payload.get("party") or "")
    if party and not any(p.name == party for p in state_from_json(case.state).parties):
        raise ActError(f"there is no party {party!r} on this case; hint: leave it out for a silence towards all")
    row = Gag(
        case=case,
        name=str(payload.get("gag") or "")[:160],
        party=party,
        basis=(said or (basis if own else ""))[:200],
        by_court=court if isinstance(court, bool) else None,
        scope=str(payload.get("scope") or "")[:200],
        why=str(payload.get("why") or ""),
        document=named_document(case, payload),
    )
    return _kept(case, row, payload, last, now)


def _kept(case: Case, row: Gag, payload: Payload, last: date | None, now: datetime) -> Prepared:
    """A bar as it is recorded: since when, until when, and when it is looked at again."""
    row.recorded_at = now
    row.since = day_in(payload, "since") or case.served_on
    row.until = silence.first_day_without(last)
    row.review_on = day_in(payload, "review_on") or silence.review_day(row.since, row.until, place_of(facts_of(case)))
    given = {**_said(payload), "gag": row.name, "until": plain(last), "party": row.party, "basis": row.basis}
    return Prepared(given, given, lambda act, state: row.save())


def _said(payload: Payload) -> dict[str, object]:
    return {k: plain(v) for k, v in payload.items() if k != "files"}


def _record_danger(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"gag", "why", "until", "party"}: a danger to a person, until a day to come; it bars once two signed."""
    row = Gag(case=case, name=str(payload.get("gag") or "")[:160], kind="danger", why=str(payload.get("why") or ""))
    return _kept(case, row, payload, day_to_come(case, payload, "until", now), now)


def _sign_danger(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"gag"}: the second signature; from today on the danger bars."""

    def write(act: Act, state: State) -> None:
        case.gags.filter(name=payload["gag"]).update(since=today_of(case, now))

    return Prepared(payload, _said(payload), write)


def _set_end(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"gag", "until", and the paper (see `brings.shown`)}: the last day of a silence that had none."""
    payload, keep = shown(case, payload)
    return _moved(case, payload, day_in(payload, "until"), keep)


def _extend(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"gag", "until", and the paper (see `brings.shown`)}.

    More silence is asked for in writing: the paper stays with the case, and the new last day is a later one.
    """
    payload, keep = shown(case, payload)
    last, row = day_in(payload, "until"), gag_of(case, payload)
    until = silence.first_day_without(last)
    if row is not None and row.until and until and until <= row.until:
        raise ActError(f"the silence lasts until {row.until} already; hint: give the later day that the paper names")
    return _moved(case, payload, last, keep)


def _moved(case: Case, payload: Payload, last: date | None, keep: Callable[[], Document | None]) -> Prepared:
    """A bar whose last day a person set: from now on it is theirs, and no assessment moves it."""
    given = {**_said(payload), "until": plain(last)}

    def write(act: Act, state: State) -> None:
        row = gag_of(case, payload)
        if row is None:
            return
        row.document = keep() or row.document
        row.until = silence.first_day_without(last)
        row.review_on = silence.review_day(row.since or case.served_on, row.until, place_of(facts_of(case)))
        row.kind = "gag" if row.kind == "law" else row.kind
        row.save()

    return Prepared(given, given, write)


def _end(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"gag", "why", and the paper (see `brings.shown`)}.

    The program needs no paper, and ends a silence only once its last day has passed in the forum.
    """
    payload, keep = shown(case, payload)
    row = gag_of(case, payload)
    by_itself = actor.roles <= SELF
    if by_itself and row is not None and (row.until is None or row.until > today_of(case, now)):
        raise ActError(f"{row.name} has not ended; hint: a silence ends by itself only after its last day")

    def write(act: Act, state: State) -> None:
        if row is not None:
            row.ended_at, row.review_on, row.document = now, None, keep() or row.document
            row.kind = row.kind if by_itself or row.kind != "law" else "gag"
            row.save()

    return Prepared(payload, _said(payload), write)


def _lift_danger(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"gag", "why"}: the danger is over before its day; two people sign that, as they signed the danger."""

    def write(act: Act, state: State) -> None:
        bar = state.bar(str(payload.get("gag")))
        if bar is not None and bar.ended:
            case.gags.filter(name=bar.name).update(ended_at=now, review_on=None)

    return Prepared(payload, _said(payload), write)


def _review(case: Case, actor: Actor, payload: Payload, now: datetime) -> Prepared:
    """payload: {"gag"}: its review day has come; the next one is counted from today."""
    row = gag_of(case, payload)
    today = today_of(case, now)
    if row is None or row.review_on is None or row.review_on > today:
        raise ActError("its review day has not come; hint: the docket contests a silence again by itself")
    held = row

    def write(act: Act, state: State) -> None:
        held.review_on = silence.review_day(today, held.until, place_of(facts_of(case)))
        held.save()

    return Prepared(payload, _said(payload), write)


PREPARE: Mapping[str, Prepare] = {
    "record-gag": _record_gag,
    "record-danger": _record_danger,
    "sign-danger": _sign_danger,
    "lift-danger": _lift_danger,
    "set-gag-end": _set_end,
    "extend-gag": _extend,
    "end-gag": _end,
    "review-gag": _review,
}
"""What the acts on bars bring and write."""
