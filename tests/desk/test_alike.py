"""The case page names decided cases with like facts, to the response team alone."""

from __future__ import annotations

import pytest

from demur.docket.models import Assessment, Case

HEADING = "Decided cases with like facts"


def _page(client, case) -> str:
    return client.get(f"/cases/{case.number}/").content.decode()


@pytest.mark.parametrize("who", ["ana", "carl", "lea", "rita"])
def test_the_team_sees_cases_like_this_one_with_outcome_and_citation(sign_in, assessed, who):
    page = _page(sign_in(who), assessed)
    _, _, part = page.partition(HEADING)
    assert part
    assert part.count("% alike") <= 3
    assert "Merrill: silence eleven years on" in part
    assert ">won<" in part
    assert "the type of instrument" in part


def test_privacy_officer_does_not(sign_in, assessed):
    Case.objects.update(gagged=False)
    page = _page(sign_in("paul"), assessed)
    assert assessed.number in page
    assert HEADING not in page


def test_nothing_is_like_a_case_that_nobody_assessed(sign_in, read_case):
    assert HEADING not in _page(sign_in("carl"), read_case)


@pytest.mark.parametrize("demand", [{}, {"kind": "nsl", "no_such_fact": True}])
def test_a_case_with_little_in_common_or_another_vocabulary_names_none(sign_in, assessed, demand):
    from demur.desk.alike import alike
    from demur.docket.lifecycle import Actor

    latest = Assessment.objects.first()
    latest.demand = demand
    assert alike(latest, Actor("1", frozenset({"counsel"}))) == []
