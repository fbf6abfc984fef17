"""Deadlines: each period of the law counted as its own rule says, paused, extended, lapsed, and told in time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from demur import law
from demur.docket.clocks import (
    ClockError,
    ClockState,
    Extended,
    Happened,
    Paused,
    Place,
    Resumed,
    Started,
    Stopped,
    clocks,
    clocks_of,
    due_list,
    end_of,
    events,
    habit,
    habits,
    place_of,
    read,
    read_all,
    run_out,
    turns_of,
)
from demur.docket.counting import legal_day
from demur.docket.lifecycle import ROLES
from demur.docket.reminders import reminders
from demur.facts import demand_from_mapping, vocabulary
from demur.law.library import Clock

LIBRARY = law.library()
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
GERMANY, FEDERAL, CALIFORNIA = Place("de"), Place("us"), Place("us", "ca")
NAMED = {rule.by for rule in LIBRARY.rules}


def clock(amount: int, unit: str, computed: str) -> Clock:
    """A period as the library gives them."""
    return Clock("a clock", "", "", "served_on", amount, unit, computed, "", then="it is late")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def place(text: str) -> Place:
    country, _, part = text.partition("-")
    return Place(country, part)


# ------------------------------------------------------------------------------------- the library's clocks


@pytest.mark.parametrize("name", sorted(LIBRARY.clocks))
def test_every_clock_counts_its_worked_examples(name: str) -> None:
    kept = LIBRARY.clocks[name]
    assert kept.examples, "a clock without a worked example"
    for start, end, where in kept.examples:
        assert run_out(kept, start, place(where), first_day=habit(name).first_day) == end


def test_at_least_sixty_deadlines_say_their_source_and_what_follows() -> None:
    assert len(LIBRARY.clocks) >= 60
    assert [c.name for c in LIBRARY.clocks.values() if not (c.source and c.then and c.says)] == []


def test_every_clock_is_named_by_a_rule_or_started_by_the_docket() -> None:
    assert [n for n in LIBRARY.clocks if n not in NAMED and n != "return-date" and not habit(n).case] == []
    assert NAMED - {*LIBRARY.clocks, "none", "return-date", "before-disclosure"} == set()


def test_every_clock_runs_from_a_date_fact_or_an_event_of_the_docket() -> None:
    words = vocabulary()
    dates = {name for name in (f.name for f in words.facts.values()) if words[name].type == "date"}
    assert [c.name for c in LIBRARY.clocks.values() if c.runs_from not in dates | set(events())] == []
    assert [c.name for c in LIBRARY.clocks.values() if c.sooner and c.sooner not in dates] == []
    # A clock that runs from a fact would start in every case, were it not bound to the facts it belongs to.
    assert [n for n, h in habits().items() if h.case and LIBRARY.clocks[n].runs_from in dates and not h.where] == []


def test_habits_speak_of_clocks_events_and_facts_that_exist() -> None:
    assert set(habits()) <= set(LIBRARY.clocks)
    for name, own in habits().items():
        used = {*own.pauses, *own.resumes, *own.extends, *own.stops}
        assert used <= set(events()), name
        assert not own.lapses or own.lapses in LIBRARY.clocks, name
        assert bool(own.extends) == bool(own.extension), name
        assert bool(own.pauses) == bool(own.resumes), name
        assert not own.extends or own.source, f"{name}: an extension without its source"
        assert own.whose in ("provider", "authority", "court", "customer", "term"), name
        for where, to in (*own.gives_way, *(((own.where, ""),) if own.where else ())):
            assert to in {"", *LIBRARY.clocks}
            for fact, value in where.items():
                known = vocabulary()[fact]
                for one in value if isinstance(value, list) else [value]:
                    assert isinstance(one, bool) if known.type == "bool" else one in known.values, (name, fact)


# ------------------------------------------------------------------------------------- counting: corner cases


def test_a_federal_court_in_a_state_keeps_the_holidays_of_both() -> None:
    fortnight = clock(14, "days", "frcp-6")
    # California keeps no Columbus Day (11 October 2027), the federal courts there do: FRCP 6(a)(6)(A).
    assert run_out(fortnight, date(2027, 9, 27), CALIFORNIA) == date(2027, 10, 12)
    # The Friday after Thanksgiving is the State's own: FRCP 6(a)(6)(C).
    assert run_out(fortnight, date(2026, 11, 13), CALIFORNIA) == date(2026, 11, 30)
    assert run_out(fortnight, date(2026, 11, 13), FEDERAL) == date(2026, 11, 27)
    assert run_out(clock(1, "days", "business"), date(2027, 10, 8), CALIFORNIA) == date(2027, 10, 11)


def test_a_holiday_on_a_weekend_is_kept_on_the_day_observed() -> None:
    # 4 July 2026 is a Saturday, kept on Friday the 3rd; New Year 2028 a Saturday, kept in the year before.
    assert run_out(clock(3, "days", "frcp-6"), date(2026, 6, 30), FEDERAL) == date(2026, 7, 6)
    assert run_out(clock(1, "days", "frcrimp-45"), date(2027, 12, 30), FEDERAL) == date(2028, 1, 3)


def test_federal_hours_begin_at_once_and_move_past_days_off_at_the_same_hour() -> None:
    three_days = clock(72, "hours", "frcp-6")
    wednesday = datetime(2026, 12, 23, 14, 20, tzinfo=NEW_YORK)
    assert run_out(three_days, wednesday, FEDERAL) == datetime(2026, 12, 28, 14, 20, tzinfo=NEW_YORK)
    # 72 hours across the change of 14 March 2027: an hour later by the clock on the wall (2009 committee note).
    friday = datetime(2027, 3, 12, 9, 0, tzinfo=NEW_YORK)
    assert run_out(three_days, friday, FEDERAL) == datetime(2027, 3, 15, 10, 0, tzinfo=NEW_YORK)


def test_the_last_day_ends_at_midnight_in_the_courts_zone() -> None:
    assert end_of(date(2026, 12, 28), CALIFORNIA) == datetime(2026, 12, 29, 8, 0, tzinfo=UTC)
    assert end_of(date(2026, 12, 28), GERMANY) == datetime(2026, 12, 28, 23, 0, tzinfo=UTC)
    assert legal_day(at("2026-12-29T05:00:00+00:00"), CALIFORNIA) == date(2026, 12, 28)


def test_a_period_of_union_law_holds_two_working_days() -> None:
    # Art. 3(5): from Thursday 24 December, two days end on Saturday; Monday alone would be one working day.
    assert run_out(clock(2, "days", "eu-1182"), date(2026, 12, 24), GERMANY) == date(2026, 12, 29)
    assert run_out(clock(1, "days", "eu-1182"), date(2026, 12, 24), GERMANY) == date(2026, 12, 28)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 12, 31), 2, date(2027, 3, 1)),  # no 31 February: the 28th, a Sunday, then Monday
        (date(2027, 12, 29), 2, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
    ],
)
def test_months_end_on_the_same_day_or_the_last_of_the_month(start: date, months: int, end: date) -> None:
    assert run_out(clock(months, "months", "eu-1182"), start, GERMANY) == end


def test_the_next_full_hour_is_that_of_the_forum() -> None:
    # Kolkata is five and a half hours ahead: 10:10 there is 04:40 UTC, and the next full hour 05:30 UTC.
    end = run_out(clock(1, "hours", "eu-1182"), at("2026-11-23T10:10:00+05:30"), Place("in"))
    assert end == at("2026-11-23T12:00:00+05:30")
    # An event on the hour lies within that hour, which is not counted.
    assert run_out(clock(8, "hours", "eu-1182"), at("2026-11-23T17:00:00+01:00"), GERMANY) == at(
        "2026-11-24T02:00:00+01:00"
    )


def test_working_days_follow_the_weekend_of_the_place() -> None:
    # Thursday 19 November 2026: in Israel Friday and Saturday are the weekend, and Sunday works.
    assert run_out(clock(1, "days", "business"), date(2026, 11, 19), Place("il")) == date(2026, 11, 22)
    assert run_out(clock(1, "days", "business"), date(2026, 11, 19), GERMANY) == date(2026, 11, 20)


def test_a_fixed_return_date_does_not_move() -> None:
    assert clocks()("us.frcrimp17.return", {"issuer_country": "us", "due_on": date(2026, 12, 26)}) == date(2026, 12, 26)


def test_an_unknown_calendar_and_hours_from_a_bare_day_are_refused_with_a_hint() -> None:
    with pytest.raises(ClockError, match="hint"):
        run_out(clock(3, "days", "business"), date(2026, 11, 23), Place("zz"))
    with pytest.raises(ClockError, match="hint"):
        run_out(clock(8, "hours", "eu-1182"), date(2026, 11, 23), GERMANY)
    with pytest.raises(ClockError, match="hint"):
        run_out(clock(8, "hours", "business"), RECEIVED, GERMANY)


# ------------------------------------------------------------------------------------- counting: properties

PLACES = st.sampled_from([Place("us"), Place("us", "ca"), Place("us", "tx"), Place("de"), Place("fr"), Place("eu")])
DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))
MOMENTS = st.integers(0, 9 * 366 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
ROLLING = st.sampled_from(["frcp-6", "frcrimp-45", "eu-1182"])
COUNTED = st.sampled_from(["frcp-6", "frcrimp-45", "eu-1182", "calendar", "business"])
UNITS = st.sampled_from(["days", "months", "years"])
FEW = settings(max_examples=150, deadline=None)


@FEW
@given(ROLLING, UNITS, DAYS, st.integers(1, 100), PLACES)
def test_a_period_that_rolls_never_ends_on_a_day_off(how: str, unit: str, start: date, n: int, where: Place) -> None:
    amount = n if unit == "days" else 1 + n % 30 if unit == "months" else 1 + n % 3
    end = run_out(clock(amount, unit, how), start, where)
    assert isinstance(end, date)
    assert where.works(end)
    assert end > start
    if how.startswith("fr"):
        assert Place("us").works(end) or where.country != "us"


@FEW
@given(COUNTED, DAYS, st.integers(0, 60), st.integers(1, 120), PLACES)
def test_a_later_start_or_a_longer_period_never_ends_sooner(
    how: str, start: date, later: int, amount: int, where: Place
) -> None:
    def end(day: date, length: int) -> date:
        return run_out(clock(length, "days", how), day, where)  # type: ignore[return-value]

    assert end(start + timedelta(later), amount) >= end(start, amount)
    assert end(start, amount + 1) >= end(start, amount)
    assert end(start, amount) >= start + timedelta(amount)


@FEW
@given(st.sampled_from(["calendar", "hours", "eu-1182", "frcp-6"]), MOMENTS, st.integers(1, 120), PLACES)
def test_clocks_of_hours_count_real_hours_whatever_the_wall_clock_does(
    how: str, start: datetime, amount: int, where: Place
) -> None:
    end = run_out(clock(amount, "hours", how), start, where)
    assert isinstance(end, datetime)
    real = end - start
    if how in ("calendar", "hours"):
        assert real == timedelta(hours=amount)
    elif how == "eu-1182":
        # The hour of the event is left out: between nothing and one full hour more, ending on a full hour.
        assert timedelta(hours=amount) < real <= timedelta(hours=amount + 1)
        assert (end.astimezone(where.zone).minute, end.second, end.microsecond) == (0, 0, 0)
    else:
        assert real >= timedelta(hours=amount)
        assert where.works(end.astimezone(where.zone).date())


PAUSES = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000)), max_size=3)


@FEW
@given(COUNTED | st.just("hours"), MOMENTS, st.integers(1, 90), PAUSES, PLACES)
def test_a_pause_never_shortens_a_clock_and_gives_back_what_it_took(
    how: str, start: datetime, amount: int, pauses: list[tuple[int, int]], where: Place
) -> None:
    kept = clock(amount, "hours" if how == "hours" else "days", how)
    turns: list[Started | Paused | Resumed] = [Started(start)]
    now = start
    for run, stand in pauses:
        turns += [Paused(now + timedelta(minutes=run)), Resumed(now + timedelta(minutes=run + stand))]
        now += timedelta(minutes=run + stand)
    plain, paused = read(kept, [Started(start)], start, where), read(kept, turns, now, where)
    assert plain.late is not None
    assert paused.late is not None
    assert paused.late >= plain.late
    if how == "hours":
        assert paused.late - plain.late <= timedelta(minutes=sum(stand for _, stand in pauses))
        if paused.state == "running":
            assert paused.late - plain.late == timedelta(minutes=sum(stand for _, stand in pauses))


@FEW
@given(COUNTED, MOMENTS, st.integers(1, 20), st.integers(0, 40), PLACES)
def test_a_clock_is_over_exactly_when_its_last_day_has_ended(
    how: str, start: datetime, amount: int, days: int, where: Place
) -> None:
    kept = clock(amount, "days", how)
    now = start + timedelta(days=days)
    state = read(kept, [Started(start)], now, where)
    assert state.until == run_out(kept, start, where)
    assert (state.state == "run-out") == (now >= end_of(state.until, where))  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------- the life of a clock

TEN_DAYS = LIBRARY.clocks["eu.eev.10-days"]
RECEIVED = at("2026-11-23T16:40:00+01:00")


def test_a_defective_production_order_stands_still_until_it_is_clarified() -> None:
    turns = [Started(RECEIVED), Paused(RECEIVED + timedelta(days=2), "defect-notice")]
    waiting = read(TEN_DAYS, turns, RECEIVED + timedelta(days=30), GERMANY)
    assert waiting.state == "paused"
    assert not waiting.overdue
    assert waiting.says == "stands still since 2026-11-25: the authority was told what is defective in the certificate"
    # Clarified on Thursday 3 December: eight days stood still, so 3 December becomes the 11th.
    running = read(TEN_DAYS, [*turns, Resumed(at("2026-12-03T09:00:00+01:00"))], at("2026-12-04T00:00:00Z"), GERMANY)
    assert (running.state, running.until) == ("running", date(2026, 12, 11))
    assert running.says == "runs until 2026-12-11"


def test_what_comes_after_the_end_changes_nothing_but_can_still_be_done_late() -> None:
    after = at("2026-12-05T10:00:00+01:00")
    late = [Paused(after), Extended(after, 10)]
    state = read(TEN_DAYS, [Started(RECEIVED), *late], after + timedelta(days=1), GERMANY)
    assert (state.state, state.until, state.overdue) == ("run-out", date(2026, 12, 3), True)
    assert state.says.startswith("ran out on 2026-12-03: the data are due")
    done = read(TEN_DAYS, [Started(RECEIVED), *late, Stopped(after, "produced")], after, GERMANY)
    assert (done.state, done.late_stop, done.overdue) == ("stopped", True, False)
    assert done.says == "ended on 2026-12-05: the data were produced"


def test_turns_that_are_still_to_come_do_not_count_yet() -> None:
    turns = [Started(RECEIVED), Stopped(RECEIVED + timedelta(days=3), "produced")]
    assert read(TEN_DAYS, turns, RECEIVED - timedelta(hours=1), GERMANY).state == "waiting"
    assert read(TEN_DAYS, turns, RECEIVED + timedelta(days=1), GERMANY).state == "running"
    assert read(TEN_DAYS, turns, RECEIVED + timedelta(days=3), GERMANY).state == "stopped"


def test_a_second_start_does_not_move_a_clock_that_runs_but_begins_one_that_ended() -> None:
    again = RECEIVED + timedelta(days=5)
    assert read(TEN_DAYS, [Started(RECEIVED), Started(again)], again, GERMANY).until == date(2026, 12, 3)
    turns = [Started(RECEIVED), Stopped(RECEIVED + timedelta(days=1), "withdrawn"), Started(again)]
    renewed = read(TEN_DAYS, turns, again, GERMANY)
    assert (renewed.state, renewed.until, renewed.begun) == ("running", date(2026, 12, 8), again.astimezone(UTC))


def test_working_days_paused_over_a_weekend_run_on_from_monday() -> None:
    five = clock(5, "days", "business")
    friday = at("2026-11-27T10:00:00+01:00")
    turns = [Started(date(2026, 11, 20)), Paused(friday), Resumed(friday + timedelta(days=1))]
    assert read(five, turns, friday + timedelta(days=1), GERMANY).until == date(2026, 11, 30)


EPOC = {"kind": "eu.epoc", "issuer_country": "fr", "served_country": "de", "served_on": date(2026, 11, 23)}
PRESERVE = {**EPOC, "kind": "eu.epoc-pr"}


def states(named: list[str], facts: dict[str, object], happened: list[Happened], now: str) -> dict[str, ClockState]:
    return {s.clock.name: s for s in read_all(named, facts, happened, at(now))}  # type: ignore[arg-type]


def test_a_preservation_lapses_five_days_after_an_unanswered_defect_notice() -> None:
    told = Happened(at("2026-12-21T11:00:00+01:00"), "defect-notice")
    before = states(["eu.eev.60-days"], PRESERVE, [told], "2026-12-28T12:00:00+01:00")
    assert before["eu.eev.60-days"].state == "running"
    # Five days end on Saturday 26 December: the notice may be answered until the end of Monday the 28th.
    after = states(["eu.eev.60-days"], PRESERVE, [told], "2026-12-29T00:00:00+01:00")["eu.eev.60-days"]
    assert (after.state, after.until) == ("lapsed", date(2026, 12, 28))
    assert after.says == "lapsed on 2026-12-28: no answer came: the addressee is free of the duty to preserve"
    clarified = Happened(at("2026-12-28T17:00:00+01:00"), "clarified")
    kept = states(["eu.eev.60-days"], PRESERVE, [told, clarified], "2026-12-29T00:00:00+01:00")
    assert kept["eu.eev.60-days"].state == "running"


def test_a_preservation_is_extended_once_by_thirty_days_and_only_in_time() -> None:
    once = Happened(at("2027-01-15T10:00:00+01:00"), "preservation-extended")
    again = Happened(at("2027-02-10T10:00:00+01:00"), "preservation-extended")
    extended = states(["eu.eev.60-days"], PRESERVE, [once, again], "2027-02-11T00:00:00Z")
    # 90 days from 23 November end on Sunday 21 February.
    assert extended["eu.eev.60-days"].until == date(2027, 2, 22)
    late = states(["eu.eev.60-days"], PRESERVE, [again], "2027-02-11T00:00:00Z")["eu.eev.60-days"]
    assert (late.state, late.until) == ("run-out", date(2027, 1, 22))


def test_a_us_preservation_runs_ninety_days_more_on_each_renewed_request() -> None:
    facts = {"kind": "preserve.2703f", "issuer_country": "us", "served_on": date(2026, 11, 23)}
    renewed = [Happened(at(f"{day}T12:00:00+00:00"), "preservation-renewed") for day in ("2027-02-20", "2027-05-20")]
    hold = states(["us.2703f.90-days"], facts, renewed[:1], "2027-02-21T12:00:00Z")["us.2703f.90-days"]
    assert (hold.state, hold.until) == ("running", date(2027, 5, 22))
    twice = states(["us.2703f.90-days"], facts, renewed, "2027-05-21T12:00:00Z")["us.2703f.90-days"]
    assert twice.until == date(2027, 8, 20)


def test_a_letter_or_a_stay_turns_the_one_clock_it_names() -> None:
    facts = {"kind": "cid", "issuer_country": "us", "served_on": date(2026, 11, 23)}
    named = ["us.ftc.20-days", "us.frcp45.14-days"]
    longer = Happened(at("2026-11-30T12:00:00Z"), "extended", clock="us.ftc.20-days", amount=10)
    found = states(named, facts, [longer], "2026-12-01T12:00:00Z")
    assert found["us.ftc.20-days"].until == date(2026, 12, 23)
    assert found["us.frcp45.14-days"].until == date(2026, 12, 7)


def test_the_return_date_cuts_a_period_short_however_it_was_given() -> None:
    facts = {"kind": "cid", "issuer_country": "us", "served_on": date(2026, 11, 23)}
    for own in ({"due_on": date(2026, 12, 1)}, {"due_days": 8}):
        assert clocks()("us.ftc.20-days", {**facts, **own}) == date(2026, 12, 1)
        found = states(["us.ftc.20-days", "return-date"], {**facts, **own}, [], "2026-11-24T12:00:00Z")
        listed = due_list(found.values())
        assert [(s.clock.name, s.until) for s in listed] == [
            ("return-date", date(2026, 12, 1)),
            ("us.ftc.20-days", date(2026, 12, 1)),
        ]
    assert clocks()("us.ftc.20-days", {**facts, "due_on": date(2027, 3, 1)}) == date(2026, 12, 14)


def test_an_emergency_leaves_eight_hours_for_what_otherwise_has_ten_days() -> None:
    emergency = {**EPOC, "emergency_claimed": True}
    names = {c.name for c in clocks_of(["eu.eev.10-days"], emergency)}
    assert names >= {"eu.eev.8-hours", "eu.eev.12.96-hours"}
    assert not names & {"eu.eev.10-days", "eu.eev.12.10-days"}
    assert clocks(at("2026-11-23T17:10:00+01:00"))("eu.eev.10-days", emergency) == date(2026, 11, 24)
    assert clocks()("eu.eev.10-days", EPOC) == date(2026, 12, 3)
    assert clocks()("eu.eev.10-days", PRESERVE) is None, "a preservation order has no ten days"


def test_the_moment_of_receipt_counts_only_on_the_day_of_service() -> None:
    emergency = {**EPOC, "emergency_claimed": True}
    # Served on Monday, filed on Wednesday: the eight hours did not wait for the filing.
    assert clocks(at("2026-11-25T17:10:00+01:00"))("eu.eev.8-hours", emergency) == date(2026, 11, 23)
    exact = Happened(at("2026-11-23T17:10:00+01:00"), "served_on")
    found = states(["eu.eev.8-hours"], emergency, [exact], "2026-11-23T18:00:00+01:00")["eu.eev.8-hours"]
    assert found.until == at("2026-11-24T02:00:00+01:00")
    assert found.says == "runs until 2026-11-24 02:00 CET"


def test_the_calendar_is_the_enforcing_states_for_union_law_and_the_issuers_else() -> None:
    assert place_of(EPOC, "eu.eev.10-days") == Place("de")
    assert place_of(EPOC, "eu.eev.17.10-days") == Place("fr")
    assert place_of({**EPOC, "served_country": None, "provider_country": "ie"}, "eu.eev.10-days") == Place("ie")
    assert place_of({"issuer_country": "us", "issuer_state": "ca"}) == CALIFORNIA
    # Received on 16 March 2027: the tenth day is Good Friday, a day off in Germany and none in France.
    assert clocks()("eu.eev.10-days", {**EPOC, "served_on": date(2027, 3, 16)}) == date(2027, 3, 30)
    swapped = {**EPOC, "served_on": date(2027, 3, 16), "issuer_country": "de", "served_country": "fr"}
    assert clocks()("eu.eev.10-days", swapped) == date(2027, 3, 26)


def test_the_docket_starts_its_own_clocks_where_they_belong() -> None:
    urgent = {"kind": "uk.ipa.cd", "urgent_procedure": True, "issued_on": date(2026, 11, 23)}
    assert {c.name for c in clocks_of([], urgent)} >= {"uk.ipa.cd.3-days"}
    assert "uk.ipa.cd.1-month" not in {c.name for c in clocks_of([], urgent)}
    ordinary = {"kind": "uk.ipa.cd", "issued_on": date(2026, 11, 23)}
    assert "uk.ipa.cd.1-month" in {c.name for c in clocks_of([], ordinary)}
    assert not {c.name for c in clocks_of([], {"kind": "subpoena.gj"})} & {"uk.ipa.cd.1-month", "eu.eev.12.10-days"}


def test_a_case_clock_waits_for_its_event_and_stops_with_its_answer() -> None:
    given_up = Happened(at("2026-11-25T12:00:00-08:00"), "emergency-answered")
    facts = {"kind": "edr", "issuer_country": "us", "issuer_state": "ca"}
    name = "us.ca.1546.1h.3-court-days"
    assert states([name], facts, [], "2026-11-26T12:00:00Z")[name].state == "waiting"
    found = states([name], facts, [given_up], "2026-11-26T12:00:00Z")[name]
    assert (found.state, found.until) == ("running", date(2026, 12, 2))
    answered = Happened(at("2026-12-01T12:00:00-08:00"), "emergency-confirmed")
    assert states([name], facts, [given_up, answered], "2026-12-09T12:00:00Z")[name].state == "stopped"


def test_the_event_gives_the_hour_that_the_fact_lacks() -> None:
    served = Happened(at("2026-11-23T17:10:00+01:00"), "served_on")
    kept = LIBRARY.clocks["eu.eev.8-hours"]
    assert turns_of(kept, EPOC, []) == (Started(date(2026, 11, 23)),)
    assert turns_of(kept, EPOC, [served]) == (Started(served.at),)


def test_a_warrant_served_in_time_stops_its_clock_and_one_served_late_says_so() -> None:
    warrant = {"kind": "warrant.sca", "issuer_country": "us", "issued_on": date(2026, 11, 2)}
    name = "us.r41.14-days"
    for day, late in ((date(2026, 11, 16), False), (date(2026, 11, 17), True)):
        found = states([], {**warrant, "served_on": day}, [], "2026-11-18T12:00:00Z")[name]
        assert (found.state, found.until, found.late_stop) == ("stopped", date(2026, 11, 16), late)


def test_what_is_due_comes_first_and_what_ended_is_left_out() -> None:
    facts = {
        "kind": "cid", "issuer_country": "us", "issued_on": date(2026, 11, 9), "served_on": date(2026, 11, 16),
        "due_on": date(2026, 12, 11),
    }  # fmt: skip
    named = ["us.ftc.20-days", "return-date", "us.frcp45.14-days", "us.2703f.90-days", "us.3733j.20-days"]
    happened = [
        Happened(at("2026-11-20T12:00:00Z"), "paused", clock="us.3733j.20-days"),
        Happened(at("2026-11-20T12:00:00Z"), "process-followed"),
    ]
    listed = due_list(states(named, facts, happened, "2026-12-02T12:00:00Z").values())
    assert [(s.clock.name, s.state) for s in listed] == [
        ("us.frcp45.14-days", "run-out"),
        ("us.ftc.20-days", "running"),
        ("return-date", "running"),
        ("us.3733j.20-days", "paused"),
    ]


def test_the_law_itself_gives_findings_their_days() -> None:
    served = {"kind": "warrant.sca", "issuer_country": "us", "served_on": date(2026, 12, 11)}
    demand = demand_from_mapping({**served, "clauses": [{"categories": ["content"]}]})
    assessment = law.assess(demand, date(2026, 12, 11), clocks=clocks())
    days = {f.due for f in assessment.findings if f.by == "us.2703h.14-days"}
    assert days == {date(2026, 12, 28)}


# ------------------------------------------------------------------------------------- reminders


def test_reminders_go_up_the_ladder_as_the_end_comes_near() -> None:
    state = read(TEN_DAYS, [Started(RECEIVED)], RECEIVED, GERMANY)
    told = reminders(state, RECEIVED)
    # The last day is Thursday 3 December; seven days before is Thursday, three is Monday, one Wednesday.
    assert [(r.at.astimezone(BERLIN).strftime("%a %d %H:%M"), r.to_role) for r in told if r.left > timedelta()] == [
        ("Thu 26 09:00", "analyst"),
        ("Mon 30 09:00", "analyst"),
        ("Mon 30 09:00", "counsel"),
        ("Wed 02 09:00", "counsel"),
        ("Wed 02 09:00", "lead"),
    ]
    assert [(r.to_role, r.left) for r in told if r.left <= timedelta()] == [
        ("counsel", timedelta()),
        ("lead", timedelta()),
    ]


def test_a_reminder_never_falls_on_a_day_when_nobody_is_there() -> None:
    # Due on Monday 28 December: one day before is Sunday, then Christmas; so it goes out on Thursday the 24th.
    state = read(TEN_DAYS, [Started(date(2026, 12, 16))], at("2026-12-16T12:00:00Z"), GERMANY)
    last = [r for r in reminders(state, state.begun or RECEIVED) if r.to_role == "lead" and r.left > timedelta()]
    assert [r.at for r in last] == [datetime(2026, 12, 24, 9, 0, tzinfo=BERLIN)]
    # An office in New York works on its own days and hours.
    told = reminders(state, state.begun or RECEIVED, FEDERAL)
    assert [r.at for r in told if r.to_role == "lead" and r.left > timedelta()] == [
        datetime(2026, 12, 24, 9, 0, tzinfo=NEW_YORK)
    ]


def test_eight_hours_are_told_at_once_and_again_four_and_one_before() -> None:
    kept = LIBRARY.clocks["eu.eev.8-hours"]
    received = at("2026-11-23T17:10:00+01:00")
    told = reminders(read(kept, [Started(received)], received, GERMANY), received)
    assert [(r.at.astimezone(BERLIN).strftime("%H:%M"), r.to_role) for r in told] == [
        ("17:10", "analyst"),
        ("17:10", "counsel"),
        ("22:00", "counsel"),
        ("22:00", "lead"),
        ("01:00", "lead"),
        ("02:00", "counsel"),
        ("02:00", "lead"),
    ]


def test_reminders_that_were_overtaken_are_not_sent() -> None:
    now = at("2026-12-02T12:00:00+01:00")
    told = reminders(read(TEN_DAYS, [Started(RECEIVED)], now, GERMANY), now)
    assert {r.to_role for r in told if r.at <= now} == {"counsel", "lead"}
    assert all(r.at >= datetime(2026, 12, 2, 9, 0, tzinfo=BERLIN) for r in told)


def test_a_moved_end_is_told_anew_and_a_clock_that_stands_still_tells_nobody() -> None:
    pause = Paused(RECEIVED + timedelta(days=2), "defect-notice")
    still = read(TEN_DAYS, [Started(RECEIVED), pause], RECEIVED + timedelta(days=3), GERMANY)
    assert reminders(still, RECEIVED + timedelta(days=3)) == ()
    before = {r.key for r in reminders(read(TEN_DAYS, [Started(RECEIVED)], RECEIVED, GERMANY), RECEIVED)}
    on = RECEIVED + timedelta(days=4)
    after = {r.key for r in reminders(read(TEN_DAYS, [Started(RECEIVED), pause, Resumed(on)], on, GERMANY), on)}
    assert after
    assert not before & after


@FEW
@given(st.sampled_from(sorted(LIBRARY.clocks)), MOMENTS, st.integers(0, 200))
def test_whoever_asks_again_gets_the_same_reminders(name: str, start: datetime, hours: int) -> None:
    kept = LIBRARY.clocks[name]
    assume(kept.amount > 0)
    now = start + timedelta(hours=hours)
    state = read(kept, [Started(start)], now, GERMANY)
    told = reminders(state, now)
    assert {r.to_role for r in told} <= set(ROLES)
    assert len({r.key for r in told}) == len(told)
    assert list(told) == sorted(told, key=lambda r: r.at)
    assert len({r.at for r in told if r.at <= now}) <= 1
    # What is announced for later is what is sent later, word for word but for the state it tells.
    if state.state == "running" and told and told[-1].at > now:
        later = reminders(read(kept, [Started(start)], told[-1].at, GERMANY), told[-1].at)
        assert told[-1].key in {r.key for r in later}
