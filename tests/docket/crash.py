"""Kills a process at every statement of the acts on one road, and says what was left. Run by test_crash.

python -m docket.crash ROAD [ACT...]    these acts, by default all that are killed on this road

Before each such act the database is kept. A child does the act and is killed at its first statement (or at either
side of a commit), then from the same start at its second, until one comes through. What a killed one left is looked
at, and the act sent again with the same token, as a client would that never learned the outcome. Prints one JSON line
for each act: what came of it undisturbed, and what each kill left.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from itertools import count

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.desk.settings")
django.setup()

from django.db import models  # noqa: E402

from demur.docket.models import Case  # noqa: E402
from demur.docket.replay import replay  # noqa: E402

from .kept import begin, content, go_back, keep, killed_at  # noqa: E402
from .roads import ROADS, brought, killed, let_in, take, under_small_law  # noqa: E402

Content = dict[str, tuple[int, str]]


def counts(held: Content) -> dict[str, int]:
    """How many rows each table has, and how many cases have acts missing from their line."""
    whole = Case.objects.annotate(n=models.Count("acts"), last=models.Max("acts__seq"))
    torn = whole.exclude(n=models.F("revision"), last=models.F("revision")).count()
    return {table: rows for table, (rows, _) in held.items()} | {"torn": torn}


def kill_everywhere(step: Callable[[], object]) -> dict[str, object]:
    """Kill the step at each of its statements; in the end it is done."""
    before = content()
    keep()
    left: list[dict[str, object]] = []
    for point in count(1):
        if not killed_at(point, step):
            break
        found = content()
        step()
        again = content()
        left.append({"nothing": found == before, "all": found == again, "left": counts(found), "again": counts(again)})
        go_back()
    return {"before": counts(before), "done": counts(content()), "kills": left}


def main(road: str, acts: list[str]) -> None:
    """Go the road once, killing these acts wherever they are killed on it."""
    under_small_law()
    begin()
    people = let_in()
    number = ""
    for place, one in enumerate(ROADS[road]):
        brings = brought(one, number)

        def step(place: int = place, number: str = number, brings: object = brings) -> str:
            return take(ROADS[road][place], people, number, brings, f"{road}-{place}").case

        if place in killed()[road] and (not acts or one.act in acts):
            print(json.dumps({"act": one.act, "place": place, **kill_everywhere(step)}), flush=True)
        # Done already, it only says which case it is.
        number = step()
    replay(Case.objects.get(number=number))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
