"""A small office: five people with their roles, and a demand as facts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from demur.docket import acts
from demur.docket.models import Membership
from demur.docket.worker import Worker

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SUBPOENA = b"""
kind = "subpoena.admin"
issuer_country = "us"
issuer_agency = "dea"
issuer_level = "federal"
signed = true
issued_on = 2026-11-09
due_on = 2026-12-01
gag_present = true
reference = "S-26-000001"

[[clauses]]
categories = ["subscriber", "content"]
quote = "the content of all messages"
page = 1
targets = [{ identifier = "someone@muster.example", kind = "email", customer_kind = "enterprise" }]
"""

_tokens = count()


def token() -> str:
    return f"token-{next(_tokens)}"


@pytest.fixture(scope="session")
def _data(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(autouse=True)
def _own_data(settings, _data):
    settings.DATA = _data


@pytest.fixture
def office(db, django_user_model):
    people = {}
    for name, roles in {
        "ana": ["analyst"],
        "carl": ["counsel"],
        "olga": ["counsel", "releaser"],
        "lea": ["lead", "releaser"],
        "paul": ["privacy-officer"],
        "aud": ["auditor"],
    }.items():
        user = django_user_model.objects.create_user(name)
        for role in roles:
            Membership.objects.create(user=user, role=role)
        people[name] = acts.actor_for(user)
    return people


@pytest.fixture
def case(office):
    """A case as it stands right after receipt."""
    done = acts.receive(
        [("subpoena.toml", SUBPOENA)], served_on=date(2026, 11, 12), actor=office["ana"], token=token(), now=NOW
    )
    assert isinstance(done, acts.Done)
    return done.case


@pytest.fixture
def worker(db, tmp_path):
    """The worker, over a data folder of its own; it publishes seldom, so that days can pass quickly."""
    return Worker(tmp_path, timedelta(days=1000))
