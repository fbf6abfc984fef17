"""What a case looks like from outside: counted by rules, and what the return date brings if nothing is decided."""

from __future__ import annotations

import pytest

from demur.docket.lifecycle import Ground, State
from demur.docket.standing import NEXT, at_return, open_rules

READY = State(received=True, authentic="yes", known="confirmed", assessed="current", cells=((0, 0), (0, 1)))
SOFT = Ground("soft", "demand", "soft")
HARD = Ground("hard@0.1", "target", "hard", 0, 1)
BARS = Ground("bars@0", "disclosure", "hard", 0)


def test_a_rule_counts_once_however_many_identifiers_it_is_against():
    against = [Ground(f"rule@0.{n}", "target", "hard", 0, n, unknown=True) for n in range(500)]
    assert open_rules(against) == (0, 1)
    known = Ground("rule@0.500", "target", "hard", 0, 500)
    assert open_rules([*against, known, SOFT]) == (2, 0)
    assert open_rules([SOFT, Ground("won", "demand", "hard", answer="fell")]) == (1, 0)


@pytest.mark.parametrize(
    ("changes", "brings"),
    [
        ({"known": "read"}, {"unready": 2}),
        ({"refused": True}, {"refused": 2}),
        ({"stay": True}, {"stayed": 2}),
        ({}, {"compelled": 2}),
        ({"grounds": (SOFT,)}, {"protest": 2}),
        ({"grounds": (HARD,)}, {"compelled": 1, "hard": 1}),
        ({"grounds": (SOFT, HARD)}, {"protest": 1, "hard": 1}),
        ({"grounds": (BARS,)}, {"conflict": 2}),
        ({"grounds": (BARS, SOFT)}, {"mixed": 2}),
        ({"out": frozenset({(0, 0)})}, {"compelled": 1}),
    ],
)
def test_what_the_return_date_brings_if_nothing_is_decided(changes, brings):
    assert dict(at_return(READY.but(**changes))) == brings


def test_there_is_always_a_next_step():
    """Whatever state a case is in, one of the steps is its own."""
    assert NEXT[-1][0] == "close"
    assert NEXT[-1][1](State())
