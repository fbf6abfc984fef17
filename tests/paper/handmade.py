"""Assessments made by hand, so that what a letter says can be told apart from what the library holds."""

from __future__ import annotations

from datetime import date
from typing import Any

from demur.facts import Clause, Demand, Target
from demur.law.findings import Assessment, Compellable, Finding, Reason

TODAY = date(2016, 3, 10)


def finding(rule: str, **given: Any) -> Finding:
    values: dict[str, Any] = {
        "rule": rule,
        "verdict": "holds",
        "against": "demand",
        "effect": "challenge",
        "force": "soft",
        "strength": "strong",
        "says": f"What {rule} says.",
        "cites": (f"Citation of {rule}",),
        "because": (Reason("true", f"fact of {rule}", ("standard_recited",)),),
        "missing": (),
        "clause": None,
        "target": None,
        "who": ("provider",),
        "forum": "none",
        "by": "none",
        "due": None,
        "stays": "no",
        "checked": "text",
        "title": f"Title of {rule}",
    }
    return Finding(**{**values, **given})


def assessment(*findings: Finding, demand: Demand | None = None, compels: tuple[Compellable, ...] = ()) -> Assessment:
    return Assessment(date(2016, 3, 9), "0" * 64, demand or nsl_demand(), findings, compels, 200, 150)


def nsl_demand(**facts: Any) -> Demand:
    return Demand(
        {
            "kind": "nsl",
            "issuer_country": "us",
            "issuer_body": "Federal Bureau of Investigation, Springfield Field Office",
            "legal_basis": "18 U.S.C. 2709",
            "served_on_entity": "Example Hosting LLC",
            "issued_on": date(2016, 3, 1),
            "served_on": date(2016, 3, 4),
            "due_on": date(2016, 3, 25),
            "reference": "NSL-16-000001",
            "gag_present": True,
            "gag_basis": "2709c",
            "gag_indefinite": True,
            "standard_recited": False,
            **facts,
        },
        (
            Clause(
                targets=(Target("jane.doe@mail.example", "email"),),
                categories=frozenset({"subscriber", "transactional", "toll_billing"}),
                period_from=date(2015, 1, 1),
                period_to=date(2016, 3, 1),
                quote="the name, address, length of service, and electronic communications transactional records",
                page=1,
            ),
        ),
    )
