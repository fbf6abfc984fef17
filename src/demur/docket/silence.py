"""Which silences an assessment shows: that of the demand itself, and those that a statute imposes without being asked.

Each becomes a bar on the case together with the assessment that found it, so that none is forgotten because nobody
recorded it. What is not known yet is no bar, for a bar excuses from telling the customer before anything leaves;
it is a reason not to tell anybody before it is known (`notices.look`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from demur import law
from demur.facts import Demand, Value, vocabulary

from .clocks import place_of
from .counting import Place, legal_day, run_out
from .lifecycle import Bar, Party
from .models import Case, Gag

OWN = "demand"
"""The name of the bar for the silence that the demand itself, or an order with it, imposes."""
REVIEW = "x.gag.12-months"
"""The clock after which a silence without a near end is contested again."""
ORGANISATIONS = ("enterprise", "public_sector")


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence as the demand or the law imposes it. `last` is its last day in the forum, None where none is known."""

    name: str
    basis: str
    scope: str = ""
    party: str = ""
    last: date | None = None
    by_court: bool | None = None

    @property
    def bar(self) -> Bar:
        """The bar that it is in the lifecycle."""
        return Bar(self.name, "certain" if self.last else "none", party=self.party)


def silences(found: law.Assessment, parties: tuple[Party, ...], last: date | None) -> tuple[Silence, ...]:
    """The silences that hold; `last` is the last day of the demand's own, where that is certain.

    A rule of secrecy that rests on the demand's own silence makes no second bar.
    """
    facts = found.demand.facts
    bars: dict[str, Silence] = {}
    if facts.get("gag_present") is True and facts.get("gag_expired") is not True:
        court = facts.get("gag_by_court")
        bars[OWN] = Silence(OWN, basis_of(facts), last=last, by_court=court if isinstance(court, bool) else None)
    for finding in found.holding():
        if finding.effect != "secret":
            continue
        rule = law.library().by_id[finding.rule][-1]
        rests = rests_on_own(rule.id)
        if rests and OWN in bars:
            continue
        for party in _silenced(found.demand, parties) if rule.silences == "person" else ("",):
            name = f"{rule.id}@{party}" if party else rule.id
            bars[name] = Silence(name, "; ".join(finding.cites)[:200], finding.title, party, last if rests else None)
    return tuple(bars.values())


def rests_on_own(rule: str) -> bool:
    """Whether a rule of secrecy is the law behind the demand's own silence, and imposes none besides."""
    versions = law.library().by_id.get(rule, ())
    return any(name.startswith("gag_") for version in versions for name in version.facts)


def _silenced(demand: Demand, parties: tuple[Party, ...]) -> tuple[str, ...]:
    """The parties who are not to be told where the law silences towards the person only: not the controllers."""
    persons = tuple(p.name for p in parties if not _is_controller(demand, p))
    return persons if len(persons) < len(parties) else ("",)


def _is_controller(demand: Demand, party: Party) -> bool:
    def so(clause: int, target: int) -> bool:
        facts = demand.stated_of(clause, target)
        return facts.get("customer_kind") in ORGANISATIONS and facts.get("provider_role") == "processor"

    return all(so(*cell) for cell in party.cells)


def basis_of(facts: Mapping[str, Value]) -> str:
    """The law that the demand's own silence rests on, in words; "" where it is not known."""
    basis = facts.get("gag_basis")
    return "" if basis is None else vocabulary()["gag_basis"].values.get(str(basis), str(basis))


def certain_end(case: Case) -> date | None:
    """The last day of the demand's own silence, once a person confirmed it."""
    sure = {f.name: f.value for f in case.facts.all() if f.clause is None and f.confirmed_at is not None}
    return date.fromisoformat(sure["gag_until"]) if sure.get("gag_until") and not sure.get("gag_indefinite") else None


def on_record(case: Case) -> dict[str, dict[str, Value]]:
    """The silences that people recorded or moved and that have not ended, each as the facts that tell of a gag.

    Those that the law laid are told by the facts of the demand itself.
    """
    return {gag.name: _told(gag) for gag in case.gags.all() if gag.kind == "gag" and gag.ended_at is None}


def _told(gag: Gag) -> dict[str, Value]:
    said = {words.casefold(): code for code, words in vocabulary()["gag_basis"].values.items()}
    last = gag.until - timedelta(days=1) if gag.until else None
    known: dict[str, Value | None] = {
        "gag_present": True,
        "gag_basis": said.get(gag.basis.casefold()),
        "gag_by_court": gag.by_court,
        "gag_until": last,
        "gag_days": (gag.until - gag.since).days if gag.until and gag.since else None,
        "gag_indefinite": gag.until is None,
    }
    return {name: value for name, value in known.items() if value is not None}


def findings_of(
    found: law.Assessment, gags: Mapping[str, Mapping[str, Value]], under: law.Library | None = None
) -> list[dict[str, Any]]:
    """The findings of an assessment as JSON, and behind them those against each silence on record, marked `gag`.

    What it takes to find the demand's own silence too long finds any other so: each is judged by its own length, basis
    and court. Only what holds, and is not found of the demand itself already: what is unknown of a silence on record
    is asked of whoever records it.
    """
    told = [f.as_json() for f in found.findings]
    held = {f.rule for f in found.holding()}
    others = {name: value for name, value in found.demand.facts.items() if not name.startswith("gag_")}
    for gag, facts in sorted(gags.items()):
        own = found.demand.facts if gag == OWN else others
        again = law.assess(Demand({**own, **facts}, found.demand.clauses), found.as_of, under)
        for finding in again.holding():
            if finding.against == "gag" and finding.clause is None and not (gag == OWN and finding.rule in held):
                told.append({**finding.as_json(), "gag": gag})
    return told


def unsettled(case: Case) -> bool:
    """Whether people confirmed another end of the demand's own silence than the bar that the law laid has."""
    row = case.gags.filter(name=OWN, kind="law", ended_at=None).first()
    latest = case.assessments.first()
    if (
        row is None
        or latest is None
        or latest.demand.get("gag_present") is not True
        or latest.demand.get("gag_expired")
    ):
        return False
    return row.until != first_day_without(certain_end(case))


def review_day(since: date, until: date | None, place: Place) -> date | None:
    """When a silence that began on `since` is contested again; None where its end (the first day without) is near."""
    day = run_out(law.library().clocks[REVIEW], since, place)
    on = day if isinstance(day, date) else None
    return None if until is not None and on is not None and until <= on else on


def lay(
    case: Case, found: law.Assessment, parties: tuple[Party, ...], now: datetime
) -> tuple[tuple[Bar, ...], Callable[[], None]]:
    """The bars that an assessment lays on the case, and what writes their rows.

    A bar that the law laid follows what people confirm of its end, until a person ends, moves or extends it; from
    then on it is theirs. None is laid for a silence that a person recorded.
    """
    place = place_of(found.demand.facts)
    today = legal_day(now, place)
    held = {gag.name: gag for gag in case.gags.all()}
    bars: list[Bar] = []
    rows: list[Gag] = []
    for silence in silences(found, parties, certain_end(case)):
        row = held.get(silence.name)
        until = first_day_without(silence.last)
        if row is None:
            if silence.name == OWN and any(g.kind == "gag" and g.basis in ("", silence.basis) for g in held.values()):
                continue
            row = Gag(case=case, name=silence.name, kind="law", recorded_at=now, since=case.served_on)
        else:
            over = row.ended_at is not None and until is not None and until <= today
            if row.kind != "law" or over or (row.until == until and row.ended_at is None):
                continue
        row.basis, row.scope, row.party = silence.basis, silence.scope, silence.party
        row.by_court, row.until, row.ended_at = silence.by_court, until, None
        row.review_on = review_day(case.served_on, until, place)
        bars.append(silence.bar)
        rows.append(row)

    def write() -> None:
        for row in rows:
            row.save()

    return tuple(bars), write


def first_day_without(last: date | None) -> date | None:
    """The day after the last day of a silence."""
    return None if last is None else last + timedelta(days=1)
