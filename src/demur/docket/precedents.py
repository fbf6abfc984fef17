"""The provider's own precedents: what was filed on which ground, what the forum did, and what that tells the next case.

Courts are named, never judges: profiling them is forbidden in France (Code de l'organisation judiciaire,
art. L111-13), and nowhere needed. Numbers are told with how few cases they rest on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, DecimalException, InvalidOperation
from functools import cache
from math import sqrt
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Min

from demur.facts.values import briefly
from demur.law import decided

from .lifecycle import Actor
from .models import Act, Case, Ground, Outcome
from .visible import rows

WON = ("upheld", "narrowed")
RULED = (*WON, "denied")
"""What a forum decides; what the authority withdrew is counted apart, and what is pending is not counted at all."""
ISSUER = "issuing authority"
"""The forum of an objection, as rules call it."""
FEW = 10
"""Below this many decided cases no percentage is given."""
Z = 1.96
"""The quantile of the normal distribution for an interval of 95 %."""
MINOR_DIGITS: Mapping[str, int] = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "VND"), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}
"""Currencies whose minor unit is no hundredth (ISO 4217)."""
PERSON = ("judge", "judges", "justice", "magistrate", "panel", "clerk", "prosecutor", "name")
TITLED = re.compile(
    r"(?<!of )\b(?:(?:Magistrate )?Judges?|Justices?|Hon\.|Honou?rable|Richter(?:in)?|Juge|Rechter|Giudice|Jueza?"
    r"|Mr\.?|Mrs\.?|Ms\.?|Herrn?|Frau|M\.|Mme)\s+[A-Z]"
)
"""A person named by title. It cannot find every name; the words at the field ask for none."""


class PrecedentError(ValueError):
    """What was handed in on a filing or its outcome cannot be kept; the message ends with a hint."""


# ------------------------------------------------------------------------------------------- what is handed in


def without_persons(payload: Mapping[str, Any]) -> None:
    """Refuse what names a person beside a forum or an outcome. Raises PrecedentError."""
    for name in PERSON:
        if payload.get(name):
            raise PrecedentError(f"{name} would name a person; hint: name the court alone, never who sat there")
    for name in ("forum", "said"):
        if TITLED.search(str(payload.get(name) or "")):
            raise PrecedentError(f"{name} names a person; hint: name the court alone, never who sat there")


def day(raw: object, default: date, *, first: date, last: date) -> date:
    """A legal day within bounds. Raises PrecedentError."""
    try:
        on = default if raw in (None, "") else raw if isinstance(raw, date) else date.fromisoformat(str(raw))
    except ValueError:
        raise PrecedentError(f"{raw!r} is no date; hint: write a date as 2026-11-23") from None
    # A forum may be a day ahead of UTC.
    if not first <= on <= last + timedelta(days=1):
        raise PrecedentError(f"{on} cannot be; hint: a day from {first} to {last}")
    return on


def minor_units(raw: object, currency: str) -> tuple[int | None, str]:
    """An amount (such as "1250.50") in a currency (ISO 4217), in its minor unit; None where none was given.

    Raises PrecedentError.
    """
    if raw in (None, ""):
        return None, ""
    code = currency.strip().upper()
    if not re.fullmatch("[A-Z]{3}", code):
        raise PrecedentError(f"the currency is {briefly(currency)}; hint: three letters, such as EUR")
    try:
        amount = Decimal(str(raw)).scaleb(MINOR_DIGITS.get(code, 2))
        if not amount.is_finite() or amount < 0 or amount != amount.to_integral_value() or amount >= 2**53:
            raise InvalidOperation
    except DecimalException:
        raise PrecedentError(f"the cost is {briefly(raw)}; hint: an amount such as 1250.50") from None
    return int(amount), code


# ------------------------------------------------------------------------------------------- what is written


def file(act: Act, keys: Iterable[str], form: str, forum: str, on: date) -> None:
    """A challenge was filed by this act: one pending outcome a ground, before `forum`.

    A court is always named (`admitted`); what goes to no court goes to the authority, or where `forum` says.
    """
    case = act.case
    instances = Counter(Outcome.objects.filter(case=case).values_list("ground", flat=True))
    Outcome.objects.bulk_create(
        Outcome(
            case=case, ground=ground.key, rule=ground.rule, form=form, forum=forum or ISSUER,
            instance=instances[ground.key] + 1, filed=act, filed_on=on,
        )
        for ground in Ground.objects.filter(case=case, key__in=list(keys))
    )  # fmt: skip


def last(case: Case, key: str) -> Outcome | None:
    """The latest filing on a ground."""
    return Outcome.objects.filter(case=case, ground=key).order_by("-instance").first()


def appeal(act: Act, key: str, forum: str, on: date) -> None:
    """The ruling on a ground was appealed by this act: its next instance is pending."""
    before = last(act.case, key)
    if before is not None:
        Outcome.objects.create(
            case=act.case, ground=key, rule=before.rule, form=before.form, forum=forum or before.forum,
            instance=before.instance + 1, filed=act, filed_on=on,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ruling:
    """How a forum answered a ground; `cost` in minor units of `currency`, None where nobody knows it."""

    result: str
    on: date
    forum: str = ""
    cost: int | None = None
    currency: str = ""
    said: str = ""


def decide(act: Act, key: str, ruling: Ruling) -> None:
    """The latest filing on a ground was decided, as this act records."""
    outcome = last(act.case, key)
    if outcome is not None:
        outcome.result, outcome.decided_on, outcome.decided = ruling.result, ruling.on, act
        outcome.forum = ruling.forum or outcome.forum
        outcome.cost, outcome.currency, outcome.said = ruling.cost, ruling.currency, ruling.said
        outcome.save()


def withdraw(act: Act, on: date) -> None:
    """The authority withdrew the demand: nothing of it is before a forum any more."""
    Outcome.objects.filter(case=act.case, result="").update(result="withdrawn", decided=act, decided_on=on)


# ------------------------------------------------------------------------------------------- what it tells


def wilson(won: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share, by Wilson's score (J. Am. Stat. Assoc. 22 (1927) 209); `of` is not 0."""
    share, square = won / of, Z * Z / of
    middle, half = share + square / 2, Z * sqrt(share * (1 - share) / of + square / (4 * of))
    return (middle - half) / (1 + square), (middle + half) / (1 + square)


@dataclass(slots=True)
class Record:
    """What became of one argument, before one forum in one form, or over several.

    `results` counts outcomes by result ("" is pending), `days` those decided by how long they took, `cost` is the
    lowest and highest by currency, in minor units.
    """

    results: Counter[str] = field(default_factory=Counter)
    days: Counter[int] = field(default_factory=Counter)
    cost: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def ruled(self) -> int:
        """How many a forum decided: upheld, narrowed or denied."""
        return sum(self.results[r] for r in RULED)

    @property
    def few(self) -> bool:
        """Whether these are too few for a percentage."""
        return self.ruled < FEW

    @property
    def won(self) -> int:
        """How many were upheld, or narrowed the demand."""
        return sum(self.results[r] for r in WON)

    @property
    def interval(self) -> tuple[int, int] | None:
        """Between which percentages the share of what was won lies, with 95 % confidence; None for too few."""
        if self.few:
            return None
        low, high = wilson(self.won, self.ruled)
        return round(low * 100), round(high * 100)

    @property
    def median_days(self) -> int | None:
        """How many days half of those decided took at most; None before the first."""
        half, seen = -(-self.days.total() // 2), 0
        for days in sorted(self.days):
            seen += self.days[days]
            if seen >= half:
                return days
        return None

    def add(self, other: Record) -> None:
        """Count those of another record too."""
        self.results += other.results
        self.days += other.days
        for currency, (low, high) in other.cost.items():
            held = self.cost.get(currency, (low, high))
            self.cost[currency] = min(low, held[0]), max(high, held[1])


Place = tuple[str, str, str]
"""Rule, form and forum."""


def records(
    actor: Actor, *, rules: Collection[str] | None = None, rule: str = "", forum: str = ""
) -> dict[Place, Record]:
    """What became of each argument in each form before each forum, of the cases that this person may see.

    `rules` are exactly these, all by default; `rule` and `forum` keep what has this text in its name.
    """
    held = found_outcomes(actor, rule=rule, forum=forum)
    if rules is not None:
        held = held.filter(rule__in=list(rules))
    places = held.order_by().values("rule", "form", "forum")
    # One filing on ten thousand accounts is one precedent, not ten thousand.
    filings = Count("filed", distinct=True)
    found: dict[Place, Record] = {}
    for row in places.values("rule", "form", "forum", "result").annotate(number=filings):
        record = found.setdefault((row["rule"], row["form"], row["forum"]), Record())
        record.results[row["result"]] = row["number"]
    took = ExpressionWrapper(F("decided_on") - F("filed_on"), output_field=DurationField())
    for row in places.filter(result__in=RULED).values("rule", "form", "forum", took=took).annotate(number=filings):
        found[row["rule"], row["form"], row["forum"]].days[row["took"].days] = row["number"]
    costs = places.exclude(cost=None).values("rule", "form", "forum", "currency")
    for row in costs.annotate(low=Min("cost"), high=Max("cost")):
        found[row["rule"], row["form"], row["forum"]].cost[row["currency"]] = row["low"], row["high"]
    return dict(sorted(found.items()))


def found_outcomes(actor: Actor, *, rule: str = "", forum: str = "") -> Any:
    """The outcomes that this person may see, with this text in the names of rule and forum, the latest first."""
    held = rows(Outcome, actor).select_related("case").order_by("-filed_on", "-pk")
    held = held.filter(rule__icontains=rule) if rule else held
    return held.filter(forum__icontains=forum) if forum else held


def by_rule(found: Mapping[Place, Record]) -> dict[str, Record]:
    """The records of each rule, over all forms and forums."""
    return _summed(found, 0)


def by_form(found: Mapping[Place, Record]) -> dict[str, Record]:
    """The records of each form, over all rules and forums."""
    return _summed(found, 1)


def _summed(found: Mapping[Place, Record], part: int) -> dict[str, Record]:
    out: dict[str, Record] = {}
    for place, record in found.items():
        out.setdefault(place[part], Record()).add(record)
    return out


@cache
def decided_cases() -> tuple[decided.Decided, ...]:
    """The decided cases of the library, the oldest first."""
    return decided.cases()


@cache
def argued() -> Mapping[str, tuple[decided.Decided, ...]]:
    """The decided cases of the library that argue each rule, the latest first."""
    found: dict[str, list[decided.Decided]] = {}
    for case in reversed(decided_cases()):
        for rule in case.argued:
            found.setdefault(rule, []).append(case)
    return {rule: tuple(cases) for rule, cases in found.items()}
