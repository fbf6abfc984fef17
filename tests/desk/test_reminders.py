"""Reminders on the pages: what waits for whom, and nothing that was settled, is old, or is not theirs to see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from demur.docket import acts
from demur.docket.models import Case, ReminderSent

from .conftest import token


@pytest.fixture
def now():
    return timezone.now()


def remind(case, role, says, at, key=""):
    return ReminderSent.objects.create(case=case, key=key or f"{role} {says}", role=role, says=says, at=at)


def rows(client):
    return client.get("/reminders.json").json()["reminders"]


def page(client, address="/docket/"):
    return client.get(address).content.decode()


def test_many_words_of_one_case_are_one_line_with_what_is_to_do(sign_in, read_case, now):
    for hours, says in enumerate(("a demand was received", "seven days are left", "three days are left")):
        remind(read_case, "analyst", says, now - timedelta(hours=9 - hours))
    shown = page(sign_in("ana"))
    assert shown.count('<li><a class="nowrap"') == 1
    assert "Three days are left" in shown
    assert "(and 2 earlier)" in shown
    assert "next: " in shown
    found = rows(sign_in("ana"))
    assert [row["says"] for row in found] == ["three days are left", "seven days are left", "a demand was received"]
    assert {row["case"] for row in found} == {read_case.number}
    assert all(row["next"] for row in found)
    assert "three days are left; seven days are left" in page(sign_in("ana"), f"/cases/{read_case.number}/")


def test_a_word_is_for_its_role_alone(sign_in, read_case, now):
    remind(read_case, "counsel", "a silence was recorded", now)
    assert rows(sign_in("ana")) == []
    assert "You were reminded" not in page(sign_in("ana"))
    assert len(rows(sign_in("carl"))) == 1


def test_a_word_is_settled_once_somebody_of_its_role_acted_since(sign_in, office, read_case, now):
    remind(read_case, "analyst", "a demand was received", now - timedelta(hours=1))
    remind(read_case, "counsel", "a silence was recorded", now - timedelta(hours=1))
    done = acts.act(read_case.number, "preserve", acts.actor_for(office["ana"]), {}, token=token(), now=now)
    assert isinstance(done, acts.Done)
    assert rows(sign_in("ana")) == []
    assert len(rows(sign_in("carl"))) == 1


def test_old_words_and_closed_cases_are_no_noise(sign_in, read_case, now):
    remind(read_case, "analyst", "long ago", now - timedelta(days=15))
    assert rows(sign_in("ana")) == []
    remind(read_case, "analyst", "today", now)
    assert len(rows(sign_in("ana"))) == 1
    Case.objects.filter(pk=read_case.pk).update(closed="withdrawn")
    assert rows(sign_in("ana")) == []


def test_whom_a_case_is_hidden_from_is_reminded_of_nothing_of_it(sign_in, read_case, now):
    remind(read_case, "privacy-officer", "a disclosure is to be made good", now)
    assert read_case.gagged
    assert rows(sign_in("paul")) == []
    Case.objects.filter(pk=read_case.pk).update(gagged=False)
    assert len(rows(sign_in("paul"))) == 1


@pytest.mark.parametrize("name", ["aud", "otto", "cust", "nora"])
def test_who_sees_no_case_sees_no_reminder(sign_in, read_case, name):
    assert sign_in(name).get("/reminders.json").status_code == 403


def test_the_docket_shows_a_few_lines_and_keeps_the_others_behind_one(sign_in, office, now):
    cases = Case.objects.bulk_create(
        Case(received_at=now, served_on=now.date(), state={"received": True}) for _ in range(8)
    )
    for case in cases:
        remind(case, "analyst", "a demand was received", now)
    shown = page(sign_in("ana"))
    assert "3 more cases" in shown
    assert shown.count("next: ") >= 5
