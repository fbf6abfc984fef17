"""A small office with its people, and demands in each state, made by the docket's own acts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import count

import pytest
from django.test import Client

from demur.docket import acts
from demur.docket.models import Case, Membership

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PASSWORD = "a long demo password"
LETTER = """Federal Bureau of Investigation
November 9, 2026        NSL-26-512345

Pursuant to Section 2709 you are directed to provide the name, address, length of service,
and electronic communications transactional records for all services.

18 U.S.C. 2709(c) prohibits you from disclosing this letter. <script>alert(1)</script>
"""
_count = count()


def token() -> str:
    return f"desk-test-{next(_count)}"


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA = settings.STATIC_ROOT = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, and only here
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def office(db, django_user_model):
    people = {}
    for name, roles in {
        "ana": ["analyst"],
        "carl": ["counsel"],
        "lea": ["lead", "releaser"],
        "rita": ["releaser"],
        "paul": ["privacy-officer"],
        "aud": ["auditor"],
        "otto": ["operator"],
        "nora": [],
        "cust": ["customer"],
    }.items():
        user = django_user_model.objects.create_user(name, password=PASSWORD, first_name=name.capitalize())
        for role in roles:
            Membership.objects.create(user=user, role=role)
        people[name] = user
    return people


@pytest.fixture
def sign_in(office):
    def enter(name: str) -> Client:
        client = Client()
        client.force_login(office[name], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return enter


@pytest.fixture
def served(office):
    """A case as it stands right after receipt."""
    return receive(office["ana"])


def receive(user, name: str = "letter.txt", content: str = LETTER, served_on: date = date(2026, 11, 12)) -> Case:
    at = max(NOW, datetime.combine(served_on, time(9), UTC))
    done = acts.receive(
        [(name, content.encode())], served_on=served_on, actor=acts.actor_for(user), token=token(), now=at
    )
    assert isinstance(done, acts.Done)
    return Case.objects.get(number=done.case)


FACTS = (
    ("kind", "nsl", "Section 2709", 0.97, False),
    ("issuer_country", "us", "Federal Bureau of Investigation", 0.99, False),
    ("issuer_body", "Federal Bureau of Investigation", "Federal Bureau of Investigation", 0.95, False),
    ("issued_on", "2026-11-09", "November 9, 2026", 0.93, False),
    ("reference", "NSL-26-512345", "NSL-26-512345", 0.71, True),
    ("gag_present", True, "prohibits you from disclosing", 0.9, False),
    ("due_on", "2026-11-26", "", 0.85, False),
)


def take(user, case: Case, facts=FACTS) -> Case:
    """The case as read: what the reading of its letter brings, with the words where each fact stands."""
    document = case.documents.get()
    piece = {"role": "demand", "pages": [1], "facts": {}, "clauses": [], "links": [],
             "text": [{"page": 1, "text": LETTER, "how": "text", "confidence": 1.0, "part": ""}]}  # fmt: skip
    payload = {
        "documents": [{"id": document.pk, "packet": {"documents": [piece], "warnings": []}, "warnings": []}],
        "facts": [
            {"name": n, "clause": None, "target": None, "value": v, "must_confirm": must,
             "evidence": {"document": document.number, "page": 1, "quote": q, "confidence": c, "boxes": []}}
            for n, v, q, c, must in facts
        ],
        "clauses": [
            {"targets": [{"identifier": "j.doe@muster.example", "kind": "email"}],
             "categories": ["subscriber", "transactional"], "period_from": None, "period_to": None,
             "quote": "electronic communications transactional records for all services", "page": 1,
             "read": {"confidence": 0.9, "confirm": True, "boxes": []}}
        ],
    }  # fmt: skip
    done = acts.act(case.number, "read", acts.actor_for(user), payload, token=token(), now=NOW)
    assert isinstance(done, acts.Done)
    return Case.objects.get(pk=case.pk)


@pytest.fixture
def read_case(office, served):
    return take(office["ana"], served)


@pytest.fixture
def assessed(office, read_case):
    """A case confirmed and assessed."""
    actor = acts.actor_for(office["ana"])
    for act, payload in (("confirm", {"facts": [], "rest": True}), ("assess", {})):
        assert isinstance(acts.act(read_case.number, act, actor, payload, token=token(), now=NOW), acts.Done)
    return Case.objects.get(pk=read_case.pk)
