"""Whatever is handed in with an act, it is done, refused, or turned down with a hint; and then nothing has changed.

Every act is tried where the roads take it: on a case that allows it, by somebody who may.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur import law
from demur.desk.doing import histories
from demur.desk.forms import HERE
from demur.docket import acts, due, standing
from demur.docket.acts import ActError, Done, Refused
from demur.docket.brings import demand_of
from demur.docket.fields import TAKES, taken
from demur.docket.lifecycle import ACTS
from demur.docket.models import Act, Case, Entry, plain

from . import roads

EXAMPLES = 12


def nested(deep: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(deep):
        found = [found]
    return found


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=12) | st.dates()
    | st.sampled_from(["", "0", "1", "small.raised", "9999-12-31", "²", "1e999999999", b"bytes", 2**64, -1])
)  # fmt: skip
JSON = st.recursive(
    LEAVES, lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=6) | st.integers(), parts)
)
NESTED = JSON | st.sampled_from(
    [nested(100), {"clauses": nested(100)}, 10**5000, "x" * 30_000, [float("nan")], datetime(2026, 11, 23, tzinfo=UTC)]
)
NAMES = st.sampled_from(sorted({name for fields in TAKES.values() for name in fields} | {"law", "event", "judge"}))


@st.composite
def mutated(draw: st.DrawFn, valid: Mapping[str, Any]) -> Any:
    """Anything at all, or what an act rightly takes with a part of it put otherwise, left out or added."""
    how = draw(st.sampled_from(["whole", "field", "field", "within", "less", "more", "more"]))
    if how == "whole":
        return draw(NESTED | st.dictionaries(NAMES, NESTED, max_size=4))
    if how == "more" or not valid:
        return {**valid, draw(NAMES | st.integers() | st.text(max_size=5)): draw(NESTED)}
    name = draw(st.sampled_from(sorted(valid)))
    if how == "less":
        return {k: v for k, v in valid.items() if k != name}
    return {**valid, name: draw(NESTED) if how == "field" else _within(draw, valid[name])}


def _within(draw: st.DrawFn, part: Any) -> Any:
    """A part with something inside it put otherwise."""
    if isinstance(part, Mapping) and part:
        name = draw(st.sampled_from(sorted(part)))
        return {**part, name: _within(draw, part[name])}
    if isinstance(part, list | tuple) and part:
        place = draw(st.integers(0, len(part) - 1))
        return [*part[:place], _within(draw, part[place]), *part[place + 1 :]]
    return draw(NESTED)


@pytest.fixture
def small_law(monkeypatch, tmp_path):
    """The small law of the roads for one test."""
    monkeypatch.setattr("django.conf.settings.DATA", tmp_path)
    with monkeypatch.context() as here:
        here.setattr(sys.modules["demur.law.library"], "HERE", Path(roads.__file__).with_name("small_law"))
        law.library.cache_clear()
        yield
    law.library.cache_clear()


def comes_of(case: str, act: str, actor, payload: Any, now: datetime) -> str:
    """What came of an act with this payload: "done" (and undone again), or why not; nothing else may be raised."""
    with transaction.atomic():
        try:
            done = acts.act(case, act, actor, payload, token="hostile", now=now)
        except ActError as error:
            return str(error)
        if isinstance(done, Refused):
            return str(done)
        assert isinstance(done, Done)
        held = Case.objects.get(number=case)
        # What was kept can be looked at: by the clocks, the next assessment, and whoever reads the case.
        due.states(held, now), demand_of(held), standing.standing(held), histories(standing.timeline(held))
        transaction.set_rollback(True)
    return "done"


def as_it_is(case: str) -> tuple[Any, ...]:
    held = Case.objects.get(number=case)
    return held.revision, held.state, held.clauses, Entry.objects.count(), Act.objects.count(), held.facts.count()


def attack(number: str, step: roads.Step, who, brings: Mapping[str, Any]) -> None:
    before = as_it_is(number)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(mutated(brings))
    def changes_nothing(payload):
        came = comes_of(number, step.act, who, payload, step.now)
        assert came == "done" or "hint:" in came
        assert as_it_is(number) == before

    changes_nothing()


@pytest.mark.django_db
@pytest.mark.parametrize("road", sorted(roads.ROADS))
def test_an_act_is_done_or_changes_nothing_whatever_is_handed_in(road, small_law):
    people, number = roads.let_in(), ""
    for place, step in enumerate(roads.ROADS[road]):
        brings = roads.brought(step, number)
        if place in roads.killed()[road] and step.act != "receive":
            attack(number, step, people[step.who], brings)
        number = roads.take(step, people, number, brings, f"{road} {place}").case


def test_between_them_the_roads_take_every_act():
    assert {step.act for steps in roads.ROADS.values() for step in steps} == set(ACTS)


@pytest.mark.parametrize("payload", [None, "abc", 5, [["why", "so"]], b"why", nested(5000)])
@pytest.mark.parametrize("act", sorted(ACTS))
def test_what_comes_with_an_act_is_a_table(act, payload):
    with pytest.raises(ActError, match="hint:"):
        taken(act, payload)


@given(st.sampled_from(sorted(ACTS)), st.dictionaries(NAMES | st.text(), NESTED, max_size=5))
def test_what_is_taken_is_fit_to_be_kept(act, payload):
    try:
        found = taken(act, payload)
    except ActError as error:
        assert len(str(error)) < 1000  # noqa: PT017
        return
    assert set(found) <= set(TAKES[act])
    assert json.dumps({k: plain(v) for k, v in found.items() if k != "files"}, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize("act", sorted(HERE))
def test_what_is_filled_in_at_the_desk_is_what_the_act_takes(act):
    form = HERE[act]
    filled = {"files" if f.kind == "file" else f.name for f in form.fields} | ({form.at} - {""})
    assert filled <= set(TAKES[act])


@pytest.mark.parametrize(("act", "field"), sorted((act, field) for act, fields in TAKES.items() for field in fields))
def test_no_field_takes_what_is_nested_without_end(act, field):
    with pytest.raises(ActError, match="hint:"):
        taken(act, {field: nested(5000)})
