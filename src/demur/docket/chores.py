"""What the program does for a case by itself: read, assess, note what time has brought, write and send notices, remind.

Each chore looks at the case anew and does what is due, through the acts. An act's token is made of its cause, so
that however often, and by however many workers, a cause is seen, it is acted on once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from demur import law
from demur.paper import Party

from . import acts, brings, clerk, due, duties, gags, newlaw, notices, silence
from .acts import DEMUR, Done, Refused
from .clocks import place_of
from .counting import ONE_DAY, Place, begin_of
from .lifecycle import State, is_ready, is_signed
from .models import Case, OutboxEvent, ReminderSent
from .once import read_once
from .outbox import takes
from .reminders import Reminder, reminders, said_of, told_events
from .states import state_from_json
from .words import words

STEPS = 20
"""How many acts one visit brings on a case, about: typesetting takes a while, and other cases wait."""
AT_MOST = timedelta(hours=12)
"""The longest time between two visits to an open case."""
Chore = Callable[[Case, State, datetime], object]


def token_of(case: Case, act: str, cause: object) -> str:
    """The token of an act of the program: the same for the same cause."""
    return hashlib.sha256(f"{case.number} {act} {cause}".encode()).hexdigest()


def do(case: Case, act: str, cause: object, now: datetime, **payload: Any) -> Done | Refused:
    """Perform an act of the program on a case. Raises ActError."""
    return acts.act(case.number, act, DEMUR, payload, token=token_of(case, act, cause), now=now)


def provider() -> Party:
    """The provider as its letters name it."""
    return Party(settings.PROVIDER, tuple(settings.PROVIDER_LINES))


def office() -> Place | None:
    """Where the team works, for its hours and holidays; None for the forum's."""
    country, _, part = settings.OFFICE.partition("-")
    return Place(country, part) if country else None


# ------------------------------------------------------------------------------------------- one chore each


def unread(case: Case) -> list[int]:
    """The documents that nobody read yet, by number."""
    return list(case.documents.filter(packet__isnull=True, warnings=[]).values_list("number", flat=True))


def read(case: Case, state: State, now: datetime) -> None:
    """Read the documents of a case where one of them waits to be read."""
    waiting = unread(case)
    if waiting and not state.closed:
        clerk.read(case.number, DEMUR, token=token_of(case, "read", waiting), now=now)


def note_law(case: Case, state: State, now: datetime) -> Done | Refused | None:
    """The law of today says otherwise than the assessment: another library, or another day. None where it does not."""
    if state.assessed != "current" or not newlaw.otherwise(case, now):
        return None
    latest = case.assessments.first()
    cause = f"{law.library().version} {newlaw.today_of(case, now)} {latest.pk if latest else ''}"
    return do(case, "law-changed", cause, now)


def assess(case: Case, state: State, now: datetime) -> None:
    """Assess what was read, as of the day of the last assessment or of service: the facts may still be unconfirmed.

    As of today where the law says otherwise now, or where a silence was recorded, moved or has ended: it may be too
    long today. It is assessed again, too, once people confirmed when its silence ends (only then is that end
    certain), and under a new library that finds the same, where no signature would fall.
    """
    if not state.read or not brings.demand_is_known(case):
        return
    moved = brings.gags_moved(case)
    anew = due.libraries_differ(case) and not is_signed(state)
    if state.assessed != "current" or silence.unsettled(case) or moved or anew:
        latest = case.assessments.first()
        today = latest is None or moved or newlaw.otherwise(case, now)
        day = newlaw.today_of(case, now) if today else latest.as_of
        do(case, "assess", case.revision, now, **({"as_of": day.isoformat()} if latest else {}))


def assess_today(case: Case, state: State, now: datetime) -> None:
    """Nobody is told under the law of yesterday: a silence may have come into force since."""
    free = any(p.notice == "sealed" and not state.silenced(p.name) for p in state.parties)
    if free and is_ready(state) and not brings.law_is_of(case, now) and not notices.look(case, now):
        today = newlaw.today_of(case, now)
        do(case, "assess", f"to tell on {today} {case.revision}", now, as_of=today.isoformat())


def note_overdue(case: Case, state: State, now: datetime) -> None:
    """Answers that were asked for and did not come in time."""
    for ground in duties.overdue_asks(case, now):
        do(case, "answer-overdue", f"{ground} {duties.asked_until(case, ground)}", now, ground=ground)


def note_due(case: Case, state: State, now: datetime) -> None:
    """A duty to produce whose time is over."""
    fallen = [] if state.due else due.fallen(case, now)
    if fallen:
        do(case, "fall-due", f"{fallen[0].clock.name} {fallen[0].late}", now)


def end_stay(case: Case, state: State, now: datetime) -> None:
    """A stay whose last day has passed."""
    if state.stay and duties.stay_is_over(case, now):
        do(case, "end-stay", duties.stay_until(case), now, why=words()["by_itself"]["stay"])


def end_gags(case: Case, state: State, now: datetime) -> None:
    """Silences whose last day has passed."""
    today = gags.today_of(case, now)
    for gag in case.gags.filter(until__lte=today, ended_at=None):
        bar = state.bar(gag.name)
        if bar is not None and bar.end == "certain":
            do(case, "end-gag", f"{gag.name} {gag.until}", now, gag=gag.name, why=words()["by_itself"]["gag"])


def review_gags(case: Case, state: State, now: datetime) -> None:
    """Silences whose review day has come: their grounds are open again."""
    for gag in case.gags.filter(review_on__lte=gags.today_of(case, now), ended_at=None):
        bar = state.bar(gag.name)
        if bar is not None and bar.active:
            do(case, "review-gag", f"{gag.name} {gag.review_on}", now, gag=gag.name)


def write_notices(case: Case, state: State, now: datetime) -> None:
    """The notice of the next party that was not told and has none, or one that does not say all that was done since."""
    latest = case.assessments.first()
    if state.assessed != "current" or latest is None or due.libraries_differ(case):
        return
    for party in (p for p in state.parties if p.notice != "told"):
        if party.notice == "none" or notices.is_outdated(case, state, party.name):
            token = token_of(case, "write-notice", f"{party.name} {latest.pk} {notices.done_so_far(case, party.name)}")
            done = clerk.write_notice(case.number, party.name, DEMUR, provider=provider(), token=token, now=now)
            if isinstance(done, Done):
                return


def send_notices(case: Case, state: State, now: datetime) -> None:
    """Notices that wait sealed, once nothing bars them and the last look finds nothing."""
    if not is_ready(state) or notices.look(case, now):
        return
    for party in state.parties:
        notice = notices.notice_of(case, party.name)
        free = party.notice == "sealed" and not state.silenced(party.name)
        if free and notice is not None and not notices.is_outdated(case, state, party.name):
            do(case, "notify", f"{party.name} {notice.pk}", now, party=party.name)


def remind(case: Case, state: State, now: datetime) -> None:
    """The reminders that are due, each once."""
    for reminder in _reminders(case, now):
        if reminder.at <= now:
            says = f"{law.library().clocks[reminder.clock].says}: {reminder.says}"
            tell(case, reminder.key, reminder.to_role, says, now)


def mirror(case: Case, state: State, now: datetime) -> None:
    """The first duty moves with time while a clock stands still: bring the docket's order up to date."""
    before = (case.due_on, case.due_label)
    acts.mirror_due(case, now)
    if (case.due_on, case.due_label) != before:
        Case.objects.filter(pk=case.pk, revision=case.revision).update(due_on=case.due_on, due_label=case.due_label)


CHORES: tuple[Chore, ...] = (
    read, end_gags, review_gags, note_law, assess, note_overdue, note_due, end_stay, write_notices, assess_today,
    send_notices, remind, mirror,
)  # fmt: skip
"""What is looked at in a visit, in this order, and from the first again whenever one has changed the case."""


def visit(number: str, now: datetime, may_read: bool = True) -> Case:
    """Do what is due on a case at `now` (UTC), and give it as it was last looked at. What a chore raises goes through.

    What comes next depends on the case alone, so a visit that was broken off goes on where it stood. After so many
    steps it is left for the next turn: the case given is then older than the one on record.
    """
    for _ in range(STEPS):
        case = Case.objects.get(number=number)
        if case.closed:
            break
        state = state_from_json(case.state)
        with read_once(case):
            if not any(_moves(chore, case, state, now) for chore in CHORES if may_read or chore is not read):
                break
    return case


def _moves(chore: Chore, case: Case, state: State, now: datetime) -> bool:
    chore(case, state, now)
    return not Case.objects.filter(pk=case.pk, revision=case.revision).exists()


# ------------------------------------------------------------------------------------------- reminders


def tell(case: Case, key: str, role: str, says: str, now: datetime) -> None:
    """Keep a word to the people of a role, once."""
    ReminderSent.objects.get_or_create(
        case=case, key=key[:200], defaults={"role": role, "says": says[:300], "at": now}
    )  # fmt: skip


@takes("staff", *told_events())
def tell_staff(event: OutboxEvent, now: datetime) -> None:
    """Tell the people whom an event concerns."""
    roles, says = said_of(event.name)
    for role in roles:
        tell(event.act.case, f"event {event.pk} {role}", role, says, now)


def _reminders(case: Case, now: datetime) -> Iterator[Reminder]:
    where = office()
    for state in due.states(case, now):
        yield from reminders(state, now, where)


# ------------------------------------------------------------------------------------------- when to come again


def again_at(case: Case, now: datetime) -> datetime:
    """When something may be due on the case next, if nobody acts on it until then."""
    return min((at for at in _moments(case, now) if at > now), default=now + AT_MOST)


def _moments(case: Case, now: datetime) -> Iterator[datetime]:
    yield now + AT_MOST
    state = state_from_json(case.state)
    for clock in due.states(case, now):
        if clock.late is not None:
            yield clock.late
        yield from (reminder.at for reminder in reminders(clock, now, office()))
    place = place_of(gags.facts_of(case))
    for gag in case.gags.filter(ended_at=None):
        yield from (begin_of(day, place) for day in (gag.until, gag.review_on) if day)
        yield gag.recorded_at + notices.DANGER_WAITS
    days: list[date | None] = [duties.asked_until(case, g.key) for g in case.grounds.filter(answer="asked")]
    days.append(duties.stay_until(case) if state.stay else None)
    yield from (begin_of(day + ONE_DAY, place) for day in days if day)
