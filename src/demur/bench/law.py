"""The law engine alone: loading the library, and one assessment of one clause and target with explanation."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import date

from demur.facts import Demand, demand_from_mapping
from demur.law import assess, library
from demur.law.codegen import truth

from . import Row, median_time, row

DAY = date(2026, 11, 23)


def sample() -> Demand:
    """A warrant as it comes, with the gaps it usually has: about a fifth of what rules ask is unknown."""
    return demand_from_mapping(
        {
            "kind": "warrant.sca", "issuer_country": "us", "issuer_level": "federal", "issuer_role": "magistrate",
            "signed": True, "dated": True, "verified": True, "judge_approved": True, "served_on": "2026-11-20",
            "issued_on": "2026-11-18", "due_on": "2026-12-04", "gag_present": True, "gag_basis": "2705b",
            "gag_by_court": True, "gag_indefinite": True, "legal_basis_stated": True, "offence_stated": True,
            "criminal_proceedings": True, "provider_country": "us", "served_entity_holds_data": True,
            "clauses": [
                {
                    "categories": ["content", "subscriber", "traffic", "everything"],
                    "targets": [{"identifier": "a@example.org", "kind": "email", "data_country": "ie",
                                 "customer_kind": "enterprise", "gdpr_applies": True, "provider_role": "processor"}],
                }
            ],
        }
    )  # fmt: skip


def bench() -> list[Row]:
    """Load cold and from cache, and the assessment, beside a bare start of Python and a walk of the same trees."""
    law = library()
    demand = sample()
    found = assess(demand, DAY, law)
    seconds = median_time(lambda: assess(demand, DAY, law), loops=200)
    facts = {**demand.facts, **demand.clauses[0].all_facts(), **demand.clauses[0].targets[0].facts, "as_of": DAY}
    params = {n: frozenset(v) if isinstance(v, tuple) else v for n, v in law.params_on(DAY).items()}
    tests = [rule.test for rule in law.rules if rule.in_force(DAY)]
    walk = median_time(lambda: [truth(test, facts, params) for test in tests], loops=20)
    share = len(found.unknown()) / max(1, found.rules)
    per_rule = seconds / found.rules * 1e6
    beside = "walk of the same trees, no explanation"
    return [
        row("assess: one clause, one target, explained", seconds * 1e3, "ms", beside, walk * 1e3, "<= 1 ms",
            seconds <= 1e-3, rules=found.rules, holding=len(found.holding()), unknown_share=share),
        row("assess: a rule", per_rule, "µs/rule", beside, walk / found.rules * 1e6, "<= 2 µs", per_rule <= 2,
            rules=found.rules, unknown_share=share),
        *_loading(),
    ]  # fmt: skip


def _loading() -> list[Row]:
    with tempfile.TemporaryDirectory() as cache:
        env = {**os.environ, "XDG_CACHE_HOME": cache}

        def start(code: str) -> None:
            subprocess.run([sys.executable, "-c", code], check=True, env=env)

        load = "from demur.law import load; load()"
        floor = median_time(lambda: start("import demur.law"))
        cold = median_time(lambda: start("from demur.law import load; load(cached=False)")) - floor
        start(load)
        warm = median_time(lambda: start(load)) - floor
    beside = "python with the engine imported"
    return [
        row("load the library, cold", cold, "s", beside, floor, "<= 1 s", cold <= 1),
        row("load the library, cached", warm, "s", beside, floor, "<= 0.15 s", warm <= 0.15),
    ]
