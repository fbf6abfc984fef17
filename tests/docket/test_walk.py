"""The promises, proven on every reachable state of a case.

The bounds: two clauses, two targets, a hard, a soft and an unknown ground and a law that forbids the disclosure, two
overlapping gags and a danger to a person, four people whose roles overlap, an organisation and a person, one
emergency. Why more of each adds nothing new:

- A rule speaks of one piece, the grounds on it, its party, the bars, and two signers. What else is on the case meets
  it only through plain parts that all pieces share (a plan, a protest, a duty) and through questions of the form "all"
  or "some". So what one more piece, ground, party or bar can do to the piece in view, some other one can do already,
  once there are enough others. `test_one_more_adds_nothing_new` checks this: what the larger world says of the parts in
  view is, set for set, what the smaller one says.
- People are compared only for being the same: who signed first against who signs now, and who approves against who
  approved. A third person with the same roles can do no more than the second; a fourth makes both halves of both
  two-person acts available to different people at once.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import pytest

from demur.docket.lifecycle import ACTS, Ground, Refusal, perform

from .mutants import caught, mutants
from .prove import broken
from .walk import Space, Walk, carry, explicit, part_of
from .worlds import ASKED, AYA, BARS, BEA, CEM, HARD, SILENCE, SOFT, STAFF, world


def told(found) -> str:
    """A broken rule with the state that shows it."""
    rule, move, state = found
    return f"{rule} is broken by {move} in " + str({p: v for p, v in state.items() if v not in (False, "", None, ())})


pytestmark = pytest.mark.walk


@pytest.fixture(scope="module")
def whole() -> Walk:
    """The walk of one clause with all that can stand against it, two targets, two gags, an emergency."""
    return Walk(world(clauses=1, grounds=(HARD, SOFT, replace(ASKED, key="asked@0.0", clause=0), BARS)))


def test_every_reachable_step_keeps_every_promise(whole):
    for found in broken(whole, whole.reached):
        pytest.fail(told(found))


@pytest.mark.slow
def test_every_reachable_step_of_the_full_bounds_keeps_every_promise():
    full = Walk(world())
    print(f"\n{full.space.count(full.reached):,} reachable states, {full.transitions():,} steps between them")
    for found in broken(full, full.reached):
        pytest.fail(told(found))


def test_every_act_can_be_done_in_some_case(whole):
    able = {m.act for m in whole.world.moves if (whole.reached & whole.guard(m)).satisfiable()}
    assert able == set(ACTS) - {"carry-out"}
    suspension = Walk(SUSPENSION)
    assert any(
        (suspension.reached & suspension.guard(m)).satisfiable() for m in SUSPENSION.moves if m.act == "carry-out"
    )


def test_every_reason_lets_something_leave(whole):
    from demur.docket.lifecycle import reason

    for why in ("compelled", "instructed", "emergency", "protest", "conflict"):
        cells = [whole.space.where(lambda s, c=c, why=why: reason(s, c) == why) for c in whole.world.cells]
        releasing = [whole.reached & whole.guard(m) for m in whole.world.moves if m.act == "release"]
        assert any((a & b).satisfiable() for a in cells for b in releasing), why


SUSPENSION = world(
    clauses=1, targets=1, parties=1, grounds=(SOFT, replace(BARS, key="forbids@0.0", target=0)), bars=(), danger="",
    emergency=False, suspends=True,
)  # fmt: skip


def test_an_order_to_suspend_is_carried_out_under_the_same_promises():
    walk = Walk(SUSPENSION)
    for found in broken(walk, walk.reached):
        pytest.fail(told(found))


def test_a_silence_is_contested_and_contested_again_under_the_same_promises():
    walk = Walk(world(clauses=1, targets=1, parties=1, grounds=(SILENCE,), bars=("gag",), danger="", emergency=False))
    for found in broken(walk, walk.reached):
        pytest.fail(told(found))
    again = [walk.guard(m) & walk.reached for m in walk.world.moves if m.act == "review-gag"]
    settled = walk.space.where(lambda s: s.ground("silence") is not None and s.ground("silence").answer == "waived")
    assert any((able & settled).satisfiable() for able in again)


# ------------------------------------------------------------------------------------------- the walk is right

SMALL = {
    "no ground": world(clauses=1, targets=1, grounds=(), bars=(), danger="", emergency=False, parties=1,
                       people=(AYA, BEA)),
    "a soft ground, two counsel": world(
        clauses=1, targets=1, grounds=(SOFT,), bars=(), danger="", emergency=False, parties=1, people=(AYA, BEA),
        acts=frozenset({"receive", "authenticate", "confirm", "assess", "law-changed", "challenge", "record-outcome",
                        "appeal", "waive", "declare-compelled", "fall-due", "protest", "plan"}),
    ),
    "two gags and a danger": world(
        clauses=1, targets=1, grounds=(), emergency=False, parties=1, people=(AYA, CEM),
        acts=frozenset({"receive", "authenticate", "confirm", "assess", "record-gag", "end-gag", "set-gag-end",
                        "extend-gag", "review-gag", "record-danger", "sign-danger", "write-notice", "notify",
                        "instruct"}),
    ),
    "an emergency on two pieces": world(
        clauses=1, targets=2, grounds=(), bars=("gag",), danger="", people=(BEA, CEM, AYA),
        acts=frozenset({"receive", "authenticate", "confirm", "assess", "claim-emergency", "check-emergency",
                        "grant-emergency", "deny-emergency", "record-gag", "write-notice", "plan", "prove",
                        "test-disclosure", "approve", "release", "record-paper"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_the_walk_counts_what_going_there_counts(name):
    walk = Walk(SMALL[name])
    states, steps = explicit(SMALL[name])
    assert (walk.space.count(walk.reached), walk.transitions()) == (len(states), steps)


ENDS = ("reject-as-forged", "close", "law-changed")


def test_the_walk_knows_every_state_that_chance_leads_to(whole):
    chance = random.Random(20261123)
    space = whole.space

    def set_of(state):
        return space.state({part: part_of(state, part) for part in space.domains})

    by_act: dict[str, list] = {}
    for move in whole.world.moves:
        by_act.setdefault(move.act, []).append(move)
    here, visited = whole.world.start, 0
    for _ in range(300):
        if here.closed or here.authentic == "forged":
            here = whole.world.start
        before = set_of(here)
        tried = [
            chance.choice(by_act[act]) for act in by_act if act not in ("reject-as-forged", "close", "law-changed")
        ]
        steps = [(m, perform(here, m.act, m.actor, m.payload)) for m in tried]
        for move, step in chance.sample(steps, 4):
            assert (before & whole.guard(move)).satisfiable() == (not isinstance(step, Refusal)), f"{move} in {here}"
        able = [(move, step) for move, step in steps if not isinstance(step, Refusal)]
        if not able:
            continue
        move, step = chance.choice(able)
        visited += 1
        here = step.state
        assert whole.image(before, move) == set_of(here), str(move)
        assert (set_of(here) & whole.reached).satisfiable()
        assert (step.entry.act, step.entry.person) == (move.act, move.actor.person)
    assert visited > 200


# ------------------------------------------------------------------------------------------- no guard is idle


@cache
def mutated_worlds() -> tuple[Walk, Walk]:
    """An order to suspend and a demand for data, small enough to walk again and again."""
    asked = replace(ASKED, key="asked@0.0", clause=0)
    return Walk(SUSPENSION), Walk(world(clauses=1, grounds=(HARD, SOFT, asked, BARS), bars=("gag",)))


@pytest.mark.parametrize(("name", "mutant"), [pytest.param(n, m, id=n) for n, m in mutants()])
def test_without_this_guard_the_walk_fails(name, mutant):
    assert any(caught(walk, mutant) for walk in mutated_worlds()), f"nothing breaks without {name}"


# ------------------------------------------------------------------------------------------- one more adds nothing


def bar_at(clause: int, target: int) -> Ground:
    return replace(BARS, key=f"forbids@{clause}.{target}", clause=clause, target=target)


def soft(number: int) -> Ground:
    return replace(SOFT, key=f"soft{number}")


TRIO = STAFF[:3]
BRIEF = frozenset({
    "receive", "authenticate", "confirm", "assess", "law-changed", "write-notice", "notify", "redirect", "instruct",
    "end-instruction", "challenge", "record-outcome", "fall-due", "declare-compelled", "sign-conflict-lead",
    "sign-conflict-privacy", "plan", "prove", "test-disclosure", "approve", "release", "record-breach", "refuse",
    "close",
})  # fmt: skip
PLAIN = {"danger": "", "emergency": False, "people": TRIO}
SIZES = {
    "grounds": (
        lambda n: world(clauses=1, grounds=(HARD, *map(soft, range(n))), bars=(), **PLAIN),
        2, {"ground:soft0", "ground:hard@0", "out:0.0", "party:org"},
    ),
    "bars": (
        lambda n: world(clauses=1, grounds=(SOFT,), bars=tuple(f"gag{i}" for i in range(n)), **PLAIN),
        2, {"ground:soft", "out:0.0", "party:org", "bar:gag0"},
    ),
    "clauses": (
        lambda n: world(clauses=n, targets=1, parties=1, grounds=tuple(bar_at(c, 0) for c in range(n)), bars=(),
                        acts=BRIEF, **PLAIN),
        4, {"ground:forbids@0.0", "out:0.0", "party:org"},
    ),
    "targets and parties": (
        lambda n: world(clauses=1, targets=n, parties=n, grounds=tuple(bar_at(0, t) for t in range(n)), bars=(),
                        acts=BRIEF, **PLAIN),
        4, {"ground:forbids@0.0", "out:0.0", "party:org"},
    ),
}  # fmt: skip


def seen_in(space: Space, shown: set[str]) -> list[str]:
    return [part for part in space.domains if ":" not in part or part in shown]


@pytest.mark.parametrize("what", [pytest.param(w, marks=[pytest.mark.slow] if SIZES[w][1] > 2 else []) for w in SIZES])
def test_one_more_adds_nothing_new(what):
    make, size, shown = SIZES[what]
    small, large = Walk(make(size)), Walk(make(size + 1))
    parts = seen_in(small.space, shown)
    less = carry(small.space.only(small.reached, parts), small.space, parts, large.space)
    more = large.space.only(large.reached, parts)
    assert large.space.count(large.reached) > small.space.count(small.reached)
    assert less == more
