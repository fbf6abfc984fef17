"""One of several processes that act on one database at the same moment. Run by test_race.

Each line read is a list of calls; they are made one after the other, and one line answers with what came of each.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.desk.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db.models import Count  # noqa: E402

from demur.docket import acts, entries  # noqa: E402
from demur.docket.models import Act, Case, Entry, Original, OutboxEvent  # noqa: E402
from demur.docket.replay import replay  # noqa: E402

from .road import NOW, ROAD, go, let_in  # noqa: E402

people: dict[str, Any] = {}


def prepare() -> str:
    call_command("migrate", verbosity=0, skip_checks=True)
    return enter()


def enter() -> str:
    people.update(let_in())
    return "in"


def receive(token: str, *contents: str) -> dict[str, Any]:
    files = [(f"{n}.txt", content.encode()) for n, content in enumerate(contents)]
    return said(acts.receive(files, served_on=date(2026, 11, 12), actor=people["ana"], token=token, now=NOW))


def act(case: str, name: str, who: str, token: str, payload: dict[str, Any]) -> dict[str, Any]:
    try:
        return said(acts.act(case, name, people[who], payload, token=token, now=NOW))
    except acts.ActError as error:
        return {"error": str(error)}


def walk(token: str, until: str) -> str:
    """A new case, brought along the road until right before its first act of this name; its number."""
    case = ""
    for at, (name, _, _) in enumerate(ROAD):
        if name == until:
            break
        case = go(people, case, at, f"{token}-{at}").case
    return case


def said(done: acts.Done | acts.Refused) -> dict[str, Any]:
    if isinstance(done, acts.Refused):
        return {"refused": [m.name for m in done.missing]}
    return {"case": done.case, "repeated": done.repeated}


def publish() -> int:
    return entries.publish(Path(os.environ["DEMUR_DATA"]), now=NOW)


def whole() -> dict[str, int]:
    """Counts of everything, after each case was made again from its acts."""
    for case in Case.objects.all():
        assert [a.seq for a in case.acts.all()] == list(range(1, case.revision + 1))
        replay(case)
    classes = dict(Entry.objects.values_list("kind").annotate(Count("pk")))
    covers = classes.pop("cover", 0)
    return {
        "cases": Case.objects.count(), "originals": Original.objects.count(), "acts": Act.objects.count(),
        "entries": sum(classes.values()), "places": Entry.objects.exclude(index=None).count(), "covers": covers,
        "released": OutboxEvent.objects.filter(name="production.released").count(),
    }  # fmt: skip


for line in sys.stdin:
    answers = [globals()[name](*arguments) for name, *arguments in json.loads(line)]
    print(json.dumps(answers), flush=True)
