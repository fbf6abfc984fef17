"""Of what people were reminded, where it still waits for their role: one line a case, on the docket and on the case.

A word to a role is settled once somebody of that role acted on the case after it: whoever acted had the case before
their eyes, and where a clock still runs, its next mark brings a new word.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from demur.docket import models
from demur.docket.lifecycle import Actor
from demur.docket.standing import next_step
from demur.docket.visible import rows

FRESH = timedelta(days=14)
"""How long a word stands on the pages."""
AT_ONCE = 5
"""Of how many cases the docket shows the line at once; the others wait behind one."""
COLUMNS = ("case", "at", "to", "says", "next_who", "next")


def waiting(actor: Actor, now: datetime, case: models.Case | None = None) -> list[models.ReminderSent]:
    """The words to this person's roles that nobody of the role has settled, the newest first; on one case, or on all
    open ones that they may see. `now` is UTC."""
    sent = rows(models.ReminderSent, actor).filter(role__in=actor.roles, at__gt=now - FRESH, case__closed="")
    sent = sent.filter(case=case) if case is not None else sent
    words = list(sent.select_related("case").order_by("-at", "-pk"))
    acted = _acted(words)
    return [word for word in words if not any(at > word.at for at in acted.get((word.case_id, word.role), ()))]


def _acted(words: Iterable[models.ReminderSent]) -> dict[tuple[int, str], list[datetime]]:
    """When people of each role acted on each of these cases."""
    found: dict[tuple[int, str], list[datetime]] = {}
    cases = {word.case_id for word in words}
    since = min((word.at for word in words), default=None)
    if since is None:
        return found
    for case, at, roles in models.Act.objects.filter(case__in=cases, at__gt=since).values_list("case", "at", "roles"):
        for role in roles:
            found.setdefault((case, role), []).append(at)
    return found


def lines(words: Iterable[models.ReminderSent]) -> list[dict[str, Any]]:
    """The words by case, the newest first: what was said last, what was said before, and what is to do next."""
    found: dict[int, dict[str, Any]] = {}
    for word in words:
        line = found.setdefault(word.case_id, {"case": word.case, "said": [], "at": word.at})
        if word.says not in line["said"]:
            line["said"].append(word.says)
    shown = list(found.values())
    for line in shown[:AT_ONCE]:
        line["step"] = next_step(line["case"])
    return shown


def table(words: Iterable[models.ReminderSent]) -> list[dict[str, Any]]:
    """Every word as a row of data."""
    words = list(words)
    steps = {word.case_id: next_step(word.case) for word in {word.case_id: word for word in words}.values()}
    return [
        {
            "case": word.case.number,
            "at": word.at.isoformat(),
            "to": word.role,
            "says": word.says,
            "next_who": steps[word.case_id].who,
            "next": steps[word.case_id].what,
        }
        for word in words
    ]
