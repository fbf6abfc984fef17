"""How periods of the law are counted: FRCP 6(a), FRCrimP 45(a), Regulation 1182/71, plain days, working days, hours.

Pure: a period, the moment from which it runs and the place whose calendar counts go in, the last day (or, for
hours, the last moment) comes out. The calendars are those of the `holidays` library, the zones those of tzdata.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from functools import cache, wraps
from importlib.resources import files
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from demur.law.language import moved
from demur.law.library import Clock

Moment = date | datetime
"""A legal day of the forum, or an aware moment."""
Gap = tuple[datetime, datetime]
"""A time during which a clock stood still."""
P, T = ParamSpec("P"), TypeVar("T")
ONE_DAY = timedelta(days=1)
ONE_HOUR = timedelta(hours=1)


class ClockError(ValueError):
    """A clock that cannot be counted; the message ends with a hint."""


def _on_the_calendar(count: Callable[P, T]) -> Callable[P, T]:
    """A count that raises ClockError where it runs past the first or the last day of the calendar."""

    @wraps(count)
    def counted(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return count(*args, **kwargs)
        except OverflowError:
            raise ClockError("no day is so far away; hint: look at the days that the demand names") from None

    return counted


@dataclass(frozen=True, slots=True)
class Place:
    """Whose calendar counts: a country (ISO 3166, lower case) and, where it has its own holidays, a part of it.

    `federal`: a day off of the country or of the part is a day off, as before a US district court
    (FRCP 6(a)(6)); else a part's own calendar stands alone, as before a state's court.
    """

    country: str
    part: str = ""
    federal: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The forum's time zone: that of its US state, else the country's principal one; UTC where none is known."""
        name = US_ZONES.get(self.part.lower()) if self.country == "us" else None
        return ZoneInfo(name or _zones().get(self.country, "UTC"))

    def works(self, day: date) -> bool:
        """Whether `day` is neither of the weekend nor a legal holiday there. Raises ClockError for unknown places."""
        country = self.country
        part = self.part or SEATS_OF_COURTS.get(country, "")
        return (not self.federal or _works(country, "", day)) and _works(country, part.upper(), day)

    @_on_the_calendar
    def next_working(self, day: date) -> date:
        """`day` itself if it is a working day, else the next one."""
        while not self.works(day):
            day += ONE_DAY
        return day

    @_on_the_calendar
    def last_working(self, day: date) -> date:
        """`day` itself if it is a working day, else the one before."""
        while not self.works(day):
            day -= ONE_DAY
        return day


# Forums west of the eastern zone, by the zone of their principal court seat; the others follow New York.
US_ZONES = {
    **dict.fromkeys(
        ("al", "ar", "ia", "il", "ks", "la", "mn", "mo", "ms", "nd", "ne", "ok", "sd", "tn", "tx", "wi"),
        "America/Chicago",
    ),
    **dict.fromkeys(("co", "id", "mt", "nm", "ut", "wy"), "America/Denver"),
    **dict.fromkeys(("ca", "nv", "or", "wa"), "America/Los_Angeles"),
    "az": "America/Phoenix",
    "ak": "America/Anchorage",
    "hi": "Pacific/Honolulu",
    "pr": "America/Puerto_Rico",
    "vi": "America/St_Thomas",
    "gu": "Pacific/Guam",
    "mp": "Pacific/Saipan",
    "as": "Pacific/Pago_Pago",
}

SEATS = {
    "au": "Australia/Sydney",
    "br": "America/Sao_Paulo",
    "ca": "America/Toronto",
    "de": "Europe/Berlin",
    "eu": "Europe/Brussels",
    "ru": "Europe/Moscow",
    "us": "America/New_York",
}

SEATS_OF_COURTS = {"gb": "ENG"}
"""The part whose holidays count where a country has no common ones: for the United Kingdom, England's."""


@cache
def _zones() -> Mapping[str, str]:
    text = (files("tzdata.zoneinfo") / "zone.tab").read_text("utf-8")
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            found.setdefault(country.lower(), name)
    # The table lists a country's zones from east to west or by its own habit; the seat of government decides.
    return {**found, **SEATS}


@cache
def _calendar(country: str, part: str) -> Any:
    import holidays

    if country == "eu":
        # Of the Union's own institutions no calendar is at hand; the bank holidays of its central bank stand in.
        return holidays.financial_holidays("XECB")
    try:
        return holidays.country_holidays(country.upper(), subdiv=part or None)
    except NotImplementedError:
        if part:
            return _calendar(country, "")
        raise ClockError(f"the holidays of {country!r} are not known; hint: set the due date by hand") from None


@cache
def _works(country: str, part: str, day: date) -> bool:
    # The library knows each country's weekend (Friday and Saturday in Israel) and its substituted days.
    return bool(_calendar(country, part).is_working_day(day))


@_on_the_calendar
def run_out(
    clock: Clock,
    start: Moment,
    place: Place,
    *,
    stood: tuple[Gap, ...] = (),
    extended: int = 0,
    first_day: bool = False,
) -> Moment:
    """The day (or, for hours, the UTC moment) on which a clock started at `start` runs out in `place`.

    `start` is a legal day of the forum, or an aware datetime of the event. While it `stood` still no time passed;
    `extended` adds that many of the clock's own units. A period of days ends with the last hour of the day given.
    `first_day`: the day of the event counts as the first ("beginning with the day"). Raises ClockError where
    hours are to be counted from a bare day, a unit by a rule that has no such unit, or past the calendar's end.
    """
    if clock.computed not in (HOURS if clock.unit == "hours" else DAYS):
        raise ClockError(f"{clock.name}: {clock.unit} are not counted by {clock.computed}; hint: mend the law library")
    amount = clock.amount + extended
    if clock.unit == "hours":
        if not isinstance(start, datetime):
            raise ClockError(f"{clock.name} runs in hours; hint: give the hour of the event")
        still = sum((to - since for since, to in stood), timedelta())
        return HOURS[clock.computed](start.astimezone(UTC), amount, place, still)
    day = legal_day(start, place)
    lost = sum(_days_lost(clock, since, to, place) for since, to in stood)
    if clock.unit == "days":
        return DAYS[clock.computed](day, amount + lost - first_day, place)
    months = amount * (12 if clock.unit == "years" else 1)
    last = add_months(day, months)
    # A month beginning with the 1st ends on the last; one beginning with the 31st, where there is no such day, too.
    last = last - ONE_DAY if first_day and last.day == day.day else last
    return DAYS[clock.computed](last, lost, place)


def _days_lost(clock: Clock, since: datetime, to: datetime, place: Place) -> int:
    first, last = legal_day(since, place), legal_day(to, place)
    if clock.computed != "business":
        return (last - first).days
    # A clock of working days that runs on from a day off runs on from the next working day.
    last = place.next_working(last)
    return sum(place.works(first + timedelta(n)) for n in range(1, (last - first).days + 1))


@_on_the_calendar
def legal_day(moment: Moment, place: Place) -> date:
    """The legal day in the forum on which a moment falls."""
    return moment.astimezone(place.zone).date() if isinstance(moment, datetime) else moment


@_on_the_calendar
def begin_of(moment: Moment, place: Place) -> datetime:
    """The moment itself (UTC), or the first one of a legal day."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return datetime.combine(moment, time(), place.zone).astimezone(UTC)


@_on_the_calendar
def end_of(moment: Moment, place: Place) -> datetime:
    """The moment (UTC) at which a duty due then is late: the end of a day, or the moment itself.

    Electronic filing is open until midnight in the court's zone (FRCP 6(a)(4)(A), FRCrimP 45(a)(4)(A)); a period
    of Union law ends with the last hour of its last day (Reg. 1182/71 Art. 3(2)).
    """
    return begin_of(moment if isinstance(moment, datetime) else moment + ONE_DAY, place)


@_on_the_calendar
def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last of that month where it has no such day (Reg. 1182/71 Art. 3(2)(c))."""
    year, month, on = moved(day, months=months)
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError(f"year {year}")
    return date(year, month, on)


# ------------------------------------------------------------------ days


def _federal_days(day: date, amount: int, place: Place) -> date:
    """FRCP 6(a)(1), FRCrimP 45(a)(1): the day of the event is left out, the last day must not be a day off."""
    return replace(place, federal=place.country == "us").next_working(day + timedelta(days=amount))


def _union_days(day: date, amount: int, place: Place) -> date:
    """Reg. 1182/71 Art. 3(1), (4) and (5): as the federal rule, and two days or more hold two working days at least."""
    last = place.next_working(day + timedelta(days=amount))
    if amount >= 2:
        worked = sum(place.works(day + timedelta(days=n)) for n in range(1, (last - day).days + 1))
        while worked < 2:
            last = place.next_working(last + ONE_DAY)
            worked += 1
    return last


def _calendar_days(day: date, amount: int, place: Place) -> date:
    return day + timedelta(days=amount)


def _working_days(day: date, amount: int, place: Place) -> date:
    for _ in range(amount):
        day = place.next_working(day + ONE_DAY)
    return day


DAYS: Mapping[str, Callable[[date, int, Place], date]] = {
    "frcp-6": _federal_days,
    "frcrimp-45": _federal_days,
    "eu-1182": _union_days,
    "calendar": _calendar_days,
    "business": _working_days,
}


# ------------------------------------------------------------------ hours


def _union_hours(start: datetime, amount: int, place: Place, still: timedelta) -> datetime:
    """Reg. 1182/71 Art. 3(1) and (2)(a): the hour of the event is left out; days off do not stop the count."""
    local = start.astimezone(place.zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return start - past + ONE_HOUR + timedelta(hours=amount) + still


def _federal_hours(start: datetime, amount: int, place: Place, still: timedelta) -> datetime:
    """FRCP 6(a)(2), FRCrimP 45(a)(2): begins at once; an end on a day off moves to the next working day."""
    end = (start + timedelta(hours=amount) + still).astimezone(place.zone)
    working = replace(place, federal=place.country == "us").next_working(end.date())
    return datetime.combine(working, end.timetz()).astimezone(UTC)


def _real_hours(start: datetime, amount: int, place: Place, still: timedelta) -> datetime:
    return start + timedelta(hours=amount) + still


HOURS: Mapping[str, Callable[[datetime, int, Place, timedelta], datetime]] = {
    "frcp-6": _federal_hours,
    "frcrimp-45": _federal_hours,
    "eu-1182": _union_hours,
    "hours": _real_hours,
    "calendar": _real_hours,
}
