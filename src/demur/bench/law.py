"""The law engine: loading the library, one assessment with explanation, decided cases, and five engines on one law.

The unknown costs most, since it is explained: the figure for a rule is taken on one demand as it comes, and on random
demands of which ever more is unknown, each of them assessed once, so that nothing was met before as a whole.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import date

from demur.facts import Clause, Demand, Target, Value, demand_from_mapping
from demur.law import Library, assess, library
from demur.law.codegen import truth
from demur.law.decided import cases, disagreements
from demur.law.edition import edition, facts_read
from demur.law.language import AS_OF

from . import Row, engines, median_time, row

DAY = date(2026, 11, 23)
DEMANDS = 60
UNKNOWN_FACTS = (0.1, 0.5, 0.98)
"""Shares of facts that nobody knows: with them about 3, 20 and 40 in a hundred rules are unknown."""
BESIDE = "walk of the same trees, no explanation"


def sample() -> Demand:
    """A warrant as it comes, with the gaps it usually has: about three in a hundred rules are unknown."""
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


def random_demands(law: Library, number: int, unknown: float, seed: int) -> list[Demand]:
    """Demands of one clause and one target with random facts, of which this share is unknown."""
    from .sweep import random_rows, spelled

    facts = sorted(facts_read(edition(law, DAY)) - {AS_OF})
    rows = spelled(random_rows(facts, number, unknown=unknown, seed=seed)).drop("id")
    known = (
        {name: value for name, value in facts.items() if value is not None} for facts in rows.iter_rows(named=True)
    )
    return [Demand(facts, (Clause((Target(),)),)) for facts in known]


def bench() -> list[Row]:
    """The assessment beside a walk of the same trees, loading beside a bare start of Python, and what must agree."""
    law = library()
    demand = sample()
    found = assess(demand, DAY, law)
    seconds = median_time(lambda: assess(demand, DAY, law), loops=200)
    walk = median_time(lambda: _walk(law, [demand]), loops=20)
    share = len(found.unknown()) / found.rules
    return [
        row(f"assess: one demand as it comes, {share:.0%} unknown", seconds * 1e3, "ms", BESIDE, walk * 1e3, "<= 1 ms",
            seconds <= 1e-3, rules=found.rules, holding=len(found.holding()), unknown_share=share),
        _a_rule(f"one demand as it comes, {share:.0%} unknown", seconds / found.rules, walk / found.rules, share),
        *(_random(law, unknown) for unknown in UNKNOWN_FACTS),
        *_loading(),
        _decided(law),
        *engines.bench(),
    ]  # fmt: skip


def _random(law: Library, unknown: float) -> Row:
    """Each run on demands of its own, after one on others, as in an office that works all day."""
    pools = [random_demands(law, DEMANDS, unknown, seed) for seed in range(6)]
    found = [assess(demand, DAY, law) for demand in pools[0]]
    rules, share = found[0].rules, sum(len(f.unknown()) for f in found) / sum(f.rules for f in found)
    fresh = iter(pools[1:])
    seconds = median_time(lambda: [assess(demand, DAY, law) for demand in next(fresh)]) / DEMANDS
    walk = median_time(lambda: _walk(law, pools[0][:5])) / 5
    return _a_rule(f"random demands, {share:.0%} unknown", seconds / rules, walk / rules, share)


def _a_rule(name: str, seconds: float, walk: float, share: float) -> Row:
    return row(f"assess: a rule, {name}", seconds * 1e6, "µs/rule", BESIDE, walk * 1e6, "<= 2 µs", seconds <= 2e-6,
               unknown_share=share)  # fmt: skip


def _decided(law: Library) -> Row:
    """In how many decided cases the library says what the court said."""
    known = cases()
    agree = sum(not any(disagreements(case, law)) for case in known)
    return row("law decided: cases the library agrees with", agree, "cases", "decided cases", len(known), "all",
               agree == len(known))  # fmt: skip


def _walk(law: Library, demands: list[Demand]) -> None:
    params = {n: frozenset(v) if isinstance(v, tuple) else v for n, v in law.params_on(DAY).items()}
    tests = [rule.test for rule in law.rules if rule.in_force(DAY)]
    for demand in demands:
        clause = demand.clauses[0]
        facts: dict[str, Value] = {**demand.facts, **clause.all_facts(), **clause.targets[0].facts, AS_OF: DAY}
        for test in tests:
            truth(test, facts, params)


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
