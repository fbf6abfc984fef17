"""What the program does by itself: once for each cause, whatever else goes wrong."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from postgres import anew

from demur import law
from demur.docket import chores, clocks, due, outbox
from demur.docket.acts import DEMUR, ActError, Done, act
from demur.docket.models import Assessment, Case, Notice, OutboxEvent, ReminderSent, Taken, Visit
from demur.docket.standing import first_due
from demur.docket.worker import Worker, last_turn, retry_in, told, waiting
from demur.ledger import verify

from . import road
from .conftest import NOW, token
from .served import CONSUMER, EPOC, ORDER, WARRANT, acted, at_work, do, ready, serve, state

HERE = Path(__file__).parent
db = pytest.mark.django_db


# ------------------------------------------------------------------------------------------- what time brings


@db
def test_a_demand_is_read_assessed_and_its_notice_written_on_the_day_of_receipt(office, worker):
    case = serve(office, WARRANT)
    at_work(worker)
    assert acted(case) == ["receive", "read", "assess", "write-notice"]
    assert Notice.objects.get().written_at.date() == NOW.date()
    assert state(case).assessed == "current"


@db
def test_a_duty_falls_due_in_the_night_of_the_forum_and_again_after_an_extension(office, worker):
    case = serve(office, WARRANT)
    at_work(worker)
    at_work(worker, datetime(2026, 12, 2, 4, 59, tzinfo=UTC))  # the first of December, 23:59 in New York
    assert not state(case).due
    at_work(worker, datetime(2026, 12, 2, 5, 1, tzinfo=UTC))
    assert state(case).due
    given = do(case, "extend", office["ana"], datetime(2026, 12, 3, tzinfo=UTC), until="2026-12-15")
    assert not given.state.due
    assert Case.objects.get(number=case).due_on == date(2026, 12, 15)
    at_work(worker, datetime(2026, 12, 15, 12, tzinfo=UTC))
    assert not state(case).due
    at_work(worker, datetime(2026, 12, 16, 12, tzinfo=UTC))
    at_work(worker, datetime(2026, 12, 17, 12, tzinfo=UTC))
    assert acted(case).count("fall-due") == 2


@db
def test_a_stay_stops_the_time_and_ends_by_itself_on_its_day(office, worker):
    case = serve(office, WARRANT)
    at_work(worker)
    do(case, "stay", office["carl"], NOW + timedelta(days=1), why="the court stayed it", until="2026-12-10")
    at_work(worker, datetime(2026, 12, 5, tzinfo=UTC))
    assert (state(case).due, state(case).stay) == (False, True)
    at_work(worker, datetime(2026, 12, 11, 12, tzinfo=UTC))
    assert not state(case).stay


@db
def test_an_answer_that_does_not_come_is_overdue_once(office, worker):
    case = ready(office, worker, WARRANT)
    key = next(g.key for g in state(case).grounds if g.unknown)
    with pytest.raises(ActError, match="has passed"):
        do(case, "ask", office["ana"], ground=key, until="2026-11-01")
    do(case, "ask", office["ana"], ground=key, until="2026-11-30")
    at_work(worker, datetime(2026, 11, 30, 12, tzinfo=UTC))
    assert state(case).ground(key).answer == "asked"
    at_work(worker, datetime(2026, 12, 1, 12, tzinfo=UTC))
    at_work(worker, datetime(2026, 12, 2, 12, tzinfo=UTC))
    assert state(case).ground(key).answer == "overdue"
    assert acted(case).count("answer-overdue") == 1


@db
def test_other_law_makes_it_assess_again_by_itself(office, worker):
    case = serve(office, WARRANT)
    at_work(worker)
    kept = Assessment.objects.get(case__number=case)
    kept.findings[0]["verdict"] = "unknown"
    kept.library = "an older one"
    kept.save()
    Visit.objects.update(library="an older one")
    at_work(worker)
    assert acted(case)[-3:-1] == ["law-changed", "assess"]
    (touched,) = Case.objects.get(number=case).acts.get(name="law-changed").payload["rules"]
    assert (touched["before"], touched["after"]) == ("unknown", "holds")
    assert Assessment.objects.first().library == law.library().version


@db
def test_a_library_that_says_the_same_of_a_case_leaves_its_signatures_alone(office, worker):
    case = ready(office, worker, WARRANT)
    do(case, "assess", office["ana"], as_of=NOW.date().isoformat())
    do(case, "refuse", office["carl"], why="see the grounds")
    Assessment.objects.update(library="an older one")
    Visit.objects.update(library="an older one")
    before = acted(case)
    at_work(worker)
    assert (acted(case), state(case).refused) == (before, True)


def told_to(case: str) -> str:
    """How the notice of the one party stands."""
    return state(case).parties[0].notice


@db
def test_law_that_comes_into_force_after_the_assessment_silences_before_anybody_is_told(office, worker):
    # Regulation (EU) 2023/1543 applies from 18 August 2026; its Art. 13 forbids the addressee to tell the person.
    served, later = datetime(2026, 8, 17, 9, tzinfo=UTC), datetime(2026, 8, 20, 9, tzinfo=UTC)
    facts = {**EPOC, "issued_on": date(2026, 8, 14)}
    case = serve(office, facts, CONSUMER, now=served, on=served.date())
    at_work(worker, served)
    do(case, "confirm", office["ana"], served, rest=True)
    at_work(worker, served)
    assert (state(case).bars, told_to(case)) == ((), "sealed")
    do(case, "authenticate", office["ana"], later, how="called back")
    at_work(worker, later)
    assert state(case).bar("eu.eev.13").active
    assert told_to(case) == "sealed"
    assert "law-changed" in acted(case)


@db
def test_the_program_acts_only_where_its_cause_is_so(office, worker):
    case = serve(office, ORDER)
    at_work(worker)
    do(case, "set-gag-end", office["carl"], gag="demand", until="2027-01-10", document=1)
    do(case, "stay", office["carl"], why="the court stayed it", until="2026-12-10")
    untrue = {"fall-due": {}, "law-changed": {}, "end-gag": {"gag": "demand", "why": "x"},
              "review-gag": {"gag": "demand"}, "end-stay": {"why": "x"}}  # fmt: skip
    for name, said in untrue.items():
        with pytest.raises(ActError, match="hint:"):
            act(case, name, DEMUR, said, token=token(), now=NOW)
    assert acted(case) == ["receive", "read", "assess", "write-notice", "set-gag-end", "stay"]


@db
def test_the_paper_owed_after_an_emergency_is_chased_until_it_is_there(worker):
    people = road.let_in()
    case = road.go(people, "", 0, token()).case
    steps = [name for name, _, _ in road.ROAD]
    for step in range(1, steps.index("release") + 1):
        assert isinstance(road.go(people, case, step, token()), Done), steps[step]
    name = "edr.confirmation.5-working-days"

    def chased() -> list[str]:
        return list(ReminderSent.objects.filter(key__startswith=name).order_by("pk").values_list("role", flat=True))

    # Five working days from Monday 23 November, Thanksgiving not among them: Tuesday 1 December is the last.
    assert _clock(case, name, NOW).until == date(2026, 12, 1)
    at_work(worker, datetime(2026, 12, 1, 20, tzinfo=UTC))
    assert chased() == []
    at_work(worker, datetime(2026, 12, 2, 20, tzinfo=UTC))
    assert chased() == ["counsel"]
    at_work(worker, datetime(2026, 12, 8, 20, tzinfo=UTC))
    assert chased() == ["counsel", "lead"]
    for step in range(steps.index("deliver"), steps.index("record-paper") + 1):
        assert isinstance(road.go(people, case, step, token()), Done), steps[step]
    assert not _clock(case, name, datetime(2026, 12, 8, 20, tzinfo=UTC)).live


# ------------------------------------------------------------------------------------------- clocks of a case


def _clock(case: str, name: str, now: datetime) -> clocks.ClockState:
    return next(s for s in due.states(Case.objects.get(number=case), now) if s.clock.name == name)


@db
def test_a_defective_certificate_stands_still_until_it_is_clarified(office, worker):
    case = ready(office, worker, EPOC)
    running = _clock(case, "eu.eev.10-days", NOW)
    assert (running.state, running.until) == ("running", date(2026, 11, 30))
    do(case, "assess", office["ana"], as_of="2026-11-24")
    key = next(g.key for g in state(case).grounds if g.against in ("demand", "clause", "target") and g.answer == "open"
               and "provider" in Case.objects.get(number=case).grounds.get(key=g.key).finding["who"])  # fmt: skip
    asked = datetime(2026, 11, 24, 9, tzinfo=UTC)
    do(case, "challenge", office["carl"], asked, grounds=[key], form="clarification")
    assert _clock(case, "eu.eev.10-days", asked + timedelta(days=1)).state == "paused"
    answer = [("answer.toml", b'reference = "clarified"\n')]
    later = datetime(2026, 11, 26, 9, tzinfo=UTC)
    do(case, "add-document", office["ana"], later, files=answer, event="clarified")
    again = _clock(case, "eu.eev.10-days", later + timedelta(days=1))
    assert again.state == "running"
    assert again.until > date(2026, 11, 30)
    with pytest.raises(ActError, match="no event"):
        do(case, "add-document", office["ana"], later, files=answer, event="something")


@db
def test_a_preservation_lapses_when_its_defect_notice_stays_without_an_answer(office, worker):
    case = ready(office, worker, {**EPOC, "kind": "eu.epoc-pr"})
    do(case, "assess", office["ana"], as_of="2026-11-23")
    rows = Case.objects.get(number=case).grounds
    key = next(g.key for g in state(case).grounds if g.against in ("demand", "clause", "target") and g.answer == "open"
               and "provider" in rows.get(key=g.key).finding["who"])  # fmt: skip
    do(case, "challenge", office["carl"], NOW, grounds=[key], form="clarification")
    named = {s.clock.name: s.state for s in due.states(Case.objects.get(number=case), NOW + timedelta(days=12))}
    assert named["eu.eev.11.5.5-days"] == "run-out"
    assert named["eu.eev.60-days"] == "lapsed"


@db
def test_what_was_produced_is_due_no_more(office, worker):
    case = serve(office, WARRANT)
    at_work(worker)
    row = Case.objects.get(number=case)
    assert first_due(row, NOW).on == date(2026, 12, 1)
    row.acts.filter(name="read").update(name="release")
    states = {s.clock.name: s.state for s in due.states(row, NOW)}
    assert states["return-date"] == "stopped"


# ------------------------------------------------------------------------------------------- reminders and events


@db
def test_each_reminder_goes_to_its_roles_once_and_higher_as_the_day_comes_near(office, worker):
    case = serve(office, WARRANT)
    at_work(worker)
    for day in range(24, 30):
        at_work(worker, datetime(2026, 11, day, 20, tzinfo=UTC))
    at_work(worker, datetime(2026, 12, 1, 20, tzinfo=UTC))
    at_work(worker, datetime(2026, 12, 2, 20, tzinfo=UTC))
    told = [
        r.role for r in ReminderSent.objects.filter(case__number=case, key__startswith="return-date").order_by("pk")
    ]
    assert told[0] == "analyst"
    assert told[-2:] == ["counsel", "lead"]
    assert len(told) == len(set(ReminderSent.objects.values_list("key", flat=True)) & set(
        ReminderSent.objects.filter(key__startswith="return-date").values_list("key", flat=True)
    ))  # fmt: skip


@db
def test_each_room_takes_each_event_once_and_a_later_room_takes_the_old_ones(office, worker, monkeypatch):
    monkeypatch.setattr(outbox, "_takers", dict(outbox._takers))
    serve(office, WARRANT)
    at_work(worker)
    assert not OutboxEvent.objects.filter(name="case.assessed", taken__isnull=False).exists()
    seen: list[str] = []
    outbox.takes("redress", "case.assessed", "case.received")(lambda event, now: seen.append(event.name))
    at_work(worker)
    at_work(worker)
    assert seen == ["case.assessed", "case.received"]
    assert Taken.objects.filter(by="redress").count() == 2


@db
def test_what_a_room_made_of_an_event_goes_with_its_mark(office, worker, monkeypatch):
    monkeypatch.setattr(outbox, "_takers", dict(outbox._takers))
    case = serve(office, WARRANT)

    def fails(event: OutboxEvent, now: datetime) -> None:
        ReminderSent.objects.create(case=event.act.case, key="half", role="lead", says="", at=now)
        raise RuntimeError("someone@muster.example")

    outbox.takes("redress", "case.received")(fails)
    assert worker.turn(NOW) == 1
    assert not ReminderSent.objects.filter(key="half").exists()
    assert not Taken.objects.filter(by="redress").exists()
    assert worker.turn(NOW) == 0  # not yet tried again
    assert worker.turn(NOW + retry_in(1)) == 1
    assert acted(case)[-1] == "write-notice"


# ------------------------------------------------------------------------------------------- what goes wrong


@db
def test_one_bad_case_is_left_for_a_while_and_the_rest_goes_on(office, worker, monkeypatch, caplog):
    bad, good = serve(office, WARRANT), serve(office, WARRANT)
    plain = chores.CHORES

    def falls(case: Case, state: object, now: datetime) -> None:
        if case.number == bad:
            raise RuntimeError("the content of somebody's mail")

    monkeypatch.setattr(chores, "CHORES", (falls, *plain))
    assert worker.turn(NOW) == 1
    assert (acted(bad), acted(good)[-1]) == (["receive"], "write-notice")
    assert bad in caplog.text
    assert "somebody" not in caplog.text
    assert worker.turn(NOW + timedelta(seconds=29)) == 0
    assert worker.turn(NOW + timedelta(seconds=31)) == 1
    assert Visit.objects.get(case__number=bad).again_at == NOW + timedelta(seconds=31) + retry_in(2)
    monkeypatch.setattr(chores, "CHORES", plain)
    at_work(worker, NOW + timedelta(minutes=5))
    assert acted(bad)[-1] == "write-notice"
    assert Visit.objects.get(case__number=bad).failures == 0


@db
def test_it_notes_that_it_is_at_work_once_a_minute_and_only_after_a_whole_turn(worker, monkeypatch):
    assert last_turn(NOW) == (None, True)
    for seconds, noted in ((0, 0), (59, 0), (60, 60), (90, 60)):
        at_work(worker, NOW + timedelta(seconds=seconds))
        assert last_turn(NOW) == (NOW + timedelta(seconds=noted), False)
    # Another worker may be at work as well: the last note of any counts.
    at_work(Worker(worker.data), NOW + timedelta(minutes=5))
    monkeypatch.setattr(worker, "_hand_over", lambda now: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        worker.turn(NOW + timedelta(hours=1))
    assert last_turn(NOW + timedelta(minutes=15)) == (NOW + timedelta(minutes=5), False)
    assert last_turn(NOW + timedelta(minutes=16)) == (NOW + timedelta(minutes=5), True)


def test_it_waits_longer_each_time_but_never_more_than_an_hour():
    assert [retry_in(n).total_seconds() for n in (1, 2, 3, 50)] == [30, 60, 120, 3600]


def test_an_error_is_logged_without_what_it_holds():
    with pytest.raises(ValueError, match="secret") as caught:
        raise ValueError("secret")
    assert re.fullmatch(r"ValueError at test_worker\.py:\d+", told(caught.value))
    assert told(ActError("no date; hint: write one")) == "no date; hint: write one"


@db
def test_a_case_that_needs_nothing_is_not_visited(office, worker):
    serve(office, WARRANT)
    at_work(worker)
    assert not waiting(NOW).exists()
    assert waiting(NOW + timedelta(hours=13)).exists()


@db
def test_many_demands_are_read_a_few_at_a_time_and_none_is_forgotten(office, worker, monkeypatch):
    monkeypatch.setattr("demur.docket.worker.READ_AT_ONCE", 2)
    cases = [serve(office, WARRANT) for _ in range(5)]
    read = []
    for _ in range(4):
        at_work(worker)
        read.append(sum("read" in acted(c) for c in cases))
    assert read == [2, 4, 5, 5]


@db
def test_a_visit_that_stops_after_so_many_steps_goes_on_in_the_next_turn(office, worker, monkeypatch):
    whole, cut = serve(office, WARRANT), serve(office, WARRANT)
    chores.visit(whole, NOW)
    monkeypatch.setattr(chores, "STEPS", 1)
    came = []
    while waiting(NOW).filter(number=cut).exists():
        at_work(worker)
        came.append(acted(cut))
    assert came[-1] == acted(whole)
    assert [len(acts) for acts in came] == [2, 3, 4, 4]


# ------------------------------------------------------------------------------------------- the ledger


@db
def test_the_ledger_is_published_at_its_pace_and_what_was_missed_is_made_good(tmp_path):
    worker = Worker(tmp_path)
    at_work(worker)
    at_work(worker, NOW + timedelta(minutes=9))
    assert _leaves(worker) == 64
    at_work(worker, NOW + timedelta(minutes=10))
    assert _leaves(worker) == 128
    at_work(worker, NOW + timedelta(minutes=55))
    assert _leaves(worker) == 64 * 6
    at_work(worker, NOW + timedelta(minutes=60))
    assert _leaves(worker) == 64 * 7
    assert verify(str(worker.data / "ledger")).sound


def _leaves(worker: Worker) -> int:
    return int((worker.data / "ledger" / "checkpoint").read_text("utf-8").splitlines()[1])


@db
def test_a_second_worker_leaves_the_post_and_the_ledger_to_the_first(office, worker):
    with worker._alone() as alone:
        assert alone
        at_work(Worker(worker.data))
        assert not (worker.data / "ledger" / "checkpoint").exists()
    at_work(Worker(worker.data))
    assert _leaves(worker) == 64


# ------------------------------------------------------------------------------------------- killed and started again


def test_the_command_works_until_it_is_killed_and_goes_on_where_it_stood(tmp_path):
    here = anew(tmp_path)
    command = [sys.executable, "-m", "demur.cli", "worker"]
    running = subprocess.Popen([*command, "--every", "0.2"], env=here)
    _until(tmp_path / "ledger" / "checkpoint")
    running.send_signal(signal.SIGKILL)
    assert running.wait(20) == -signal.SIGKILL
    assert subprocess.run([*command, "--once"], env=here, timeout=120, check=False).returncode == 0
    assert verify(str(tmp_path / "ledger")).sound
    (tmp_path / "worker.lock").unlink()
    polite = subprocess.Popen([*command, "--every", "0.2"], env=here)
    _until(tmp_path / "worker.lock")
    polite.terminate()
    assert polite.wait(60) == 0


def _until(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.1)
    pytest.fail(f"{path.name} did not come")
