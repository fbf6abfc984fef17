"""Decided cases with facts like those of a case: what a court said the last time, for the response team alone."""

from __future__ import annotations

from typing import Any

from demur.docket import models, precedents
from demur.docket.lifecycle import Actor
from demur.facts import FactsError, demand_from_mapping, vocabulary
from demur.law.decided import like

from .access import RESPONSE_TEAM

SHOWN, NAMED = 3, 4
LEAST = 0.5
"""A case that shares less than half of what is known of both is not shown."""


def alike(latest: models.Assessment | None, actor: Actor) -> list[dict[str, Any]]:
    """The decided cases most like the facts that were assessed last, the likest first, with what parts them."""
    if latest is None or not actor.roles & RESPONSE_TEAM:
        return []
    try:
        demand = demand_from_mapping(latest.demand)
    except FactsError:  # assessed under a vocabulary that had other facts
        return []
    known = vocabulary()
    return [
        {
            "case": one.case,
            "share": round(one.share * 100),
            "equal": [known[name].means.removeprefix("whether ") for name in one.equal[:NAMED]],
            "different": [known[name].means.removeprefix("whether ") for name in one.different[:NAMED]],
        }
        for one in like(demand, precedents.decided_cases(), SHOWN)
        if one.share >= LEAST
    ]
