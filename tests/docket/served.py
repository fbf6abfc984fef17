"""A demand on its way through the docket with the worker at work: what the tests of gags, notices and worker share."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from demur.docket import acts
from demur.docket.acts import Done, Refused
from demur.docket.models import Case
from demur.docket.states import state_from_json
from demur.docket.worker import Worker

from .conftest import NOW, token

WARRANT = {
    "kind": "warrant.sca", "issuer_country": "us", "issuer_level": "federal", "signed": True,
    "issued_on": date(2026, 11, 9), "due_on": date(2026, 12, 1), "gag_present": False,
}  # fmt: skip
ORDER = {**WARRANT, "gag_present": True, "gag_basis": "2705b", "gag_by_court": True, "gag_until": date(2027, 1, 10)}
EPOC = {
    "kind": "eu.epoc", "issuer_country": "fr", "issued_on": date(2026, 11, 9), "gag_present": False,
    "served_country": "ie", "provider_country": "ie",
}  # fmt: skip
CONSUMER = {"identifier": "someone@muster.example", "kind": "email", "customer_kind": "consumer",
            "provider_role": "controller"}  # fmt: skip
COMPANY = {"identifier": "boss@firma.example", "kind": "email", "customer_kind": "enterprise",
           "provider_role": "processor"}  # fmt: skip


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def paper(facts: dict[str, Any], *targets: dict[str, Any]) -> bytes:
    """A demand as a facts file, for content of these targets."""
    named = ", ".join(_toml(t) for t in targets or (CONSUMER,))
    clause = f'[[clauses]]\ncategories = ["content"]\nquote = "all content"\npage = 1\ntargets = [{named}]\n'
    return ("".join(f"{k} = {_toml(v)}\n" for k, v in facts.items()) + "\n" + clause).encode()


def serve(
    office, facts: dict[str, Any], *targets: dict[str, Any], now: datetime = NOW, on: date = date(2026, 11, 20)
) -> str:
    """Receive a demand as the desk does, and give the number of its case; nothing was read yet."""
    files = [("demand.toml", paper(facts, *targets))]
    done = acts.receive(files, served_on=on, actor=office["ana"], token=token(), now=now)
    assert isinstance(done, Done)
    return done.case


def do(case: str, name: str, actor, now: datetime = NOW, **payload: Any) -> Done | Refused:
    """One act of a person."""
    return acts.act(case, name, actor, payload, token=token(), now=now)


def state(case: str):
    """The case's state."""
    return state_from_json(Case.objects.get(number=case).state)


def sure(case: str, office, now: datetime = NOW) -> None:
    """The sender verified and every fact confirmed as it was read."""
    assert isinstance(do(case, "authenticate", office["ana"], now, how="called the number in the register"), Done)
    assert isinstance(do(case, "confirm", office["ana"], now, rest=True), Done)


def ready(office, worker: Worker, facts: dict[str, Any] = WARRANT, *targets: dict[str, Any]) -> str:
    """A demand served, read, sure, and assessed, with the worker at work on it; gives the number of its case."""
    case = serve(office, facts, *targets)
    at_work(worker)
    sure(case, office)
    at_work(worker)
    return case


def acted(case: str) -> list[str]:
    """The acts of the case, in time."""
    return list(Case.objects.get(number=case).acts.values_list("name", flat=True))


def at_work(worker: Worker, now: datetime = NOW) -> None:
    """One turn in which nothing fails."""
    assert worker.turn(now) == 0
