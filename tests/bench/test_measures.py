"""Every measure of the sweep does its work; how fast it is, `demur bench sweep` says."""

from __future__ import annotations

import pytest

from demur.bench.sweep import DAY, NARROW, TASKS, random_rows
from demur.law import library
from demur.law.edition import edition, facts_read


@pytest.mark.parametrize("task", sorted(t for t in TASKS if "openfisca" not in t))
def test_each_measure_runs_on_rows_of_its_kind(task: str) -> None:
    facts = NARROW if task == "narrow" else facts_read(edition(library(), DAY)) - {"as_of"}
    rows = random_rows(sorted(facts), 500)
    work, beside, columns = TASKS[task](rows.lazy(), 20)
    assert work()
    assert beside().height == 1
    assert 0 < columns < rows.width


@pytest.mark.peers
@pytest.mark.parametrize("task", ["openfisca", "openfisca-narrow"])
def test_openfisca_counts_what_the_sweep_counts(task: str) -> None:
    facts = NARROW if task.endswith("narrow") else facts_read(edition(library(), DAY)) - {"as_of"}
    rows = random_rows(sorted(facts), 2000)
    work, beside, _ = TASKS[task](rows.lazy(), 300)
    assert [(count.holds, count.unknown) for count in work()] == beside()
