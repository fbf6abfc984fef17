"""The checks of a library: each kind of defect is found in a small bad one, and the library that ships has none."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.cli import main
from demur.facts import speaking, vocabulary
from demur.law import library
from demur.law.check import Problem, check, days_of_change, unused
from demur.law.codegen import TRUE, truth
from demur.law.language import And, Names, Node, Not, alternatives, lower
from demur.law.possible import witness

RULE = """
["{name}"]
title    = "A sample"
cites    = ["A statute, s. 1"]
says     = "A sample."
applies  = "{applies}"
when     = "{when}"
against  = "{against}"
effect   = "{effect}"
strength = "arguable"
{more}
checked  = {{ on = 2026-11-23, how = "text" }}
examples.holds   = [{holds}]
examples.fails   = [{{ kind = "cid" }}]
examples.unknown = [{{ kind = "nsl" }}]
"""


CONTENT, PLACE = '{ kind = "nsl", asks_content = true }', '{ kind = "nsl", asks_location = true }'
ONLY_CONTENT = '{ kind = "nsl", asks_content = true, asks_location = false }'
BOTH = '{ kind = "nsl", asks_content = true, asks_location = true }'
EITHER = "asks_content or asks_location"


def rule(
    name: str = "x.a", *, applies: str = "kind = 'nsl'", when: str = "asks_content", effect: str = "void",
    more: str = "", holds: str = CONTENT,
) -> str:  # fmt: skip
    against = "clause" if effect == "void" else "info"
    more = more if "from =" in more.split("force")[0] else f'from = "always"\n{more}'
    return RULE.format(name=name, applies=applies, when=when, effect=effect, against=against, more=more, holds=holds)


def steps(text: str, *dated: str) -> str:
    """The same rule with a dated strength."""
    return text.replace('"arguable"', "[" + ", ".join("{ " + d + " }" for d in dated) + "]")


def defects(folder: Path, text: str) -> list[Problem]:
    """What the check says of a library of this one file."""
    (folder / "x.toml").write_text(text, "utf-8")
    return check(folder)[1]


@pytest.mark.parametrize(
    ("text", "weight", "says"),
    [
        (rule(holds='{ kind = "nsl", asks_content = false }'), "error", "an example for holds gives fails"),
        (rule(more="from = 2020-01-01\nuntil = 2019-01-01"), "error", "ends before it begins"),
        (
            rule("x.a@1", more="until = 2020-01-02") + rule("x.a@2", more="from = 2020-01-01"),
            "error", "x.a@2: overlaps in time with x.a@1",
        ),
        (
            rule("x.a@1", more="until = 2020-01-01") + rule("x.a@2", more="from = 2020-01-03"),
            "error", "x.a@2: no version is law from 2020-01-01 to 2020-01-02",
        ),
        (
            steps(rule(more="from = 2020-01-01"), 'from = 2021-01-01, is = "arguable"'),
            "error", "is law from 2020-01-01, but its strength begins on 2021-01-01",
        ),
        (
            rule(more='from = 2020-01-01\nforce = [{ from = 2021-01-01, is = "hard" }]'),
            "error", "is law from 2020-01-01, but its force begins on 2021-01-01",
        ),
        (
            steps(rule(more="from = 2020-01-01"), 'is = "policy"', 'from = 2019-01-01, is = "arguable"'),
            "error", "its strength 'policy' lies outside its life",
        ),
        (
            steps(rule(more="until = 2020-01-01"), 'is = "policy"', 'from = 2020-01-01, is = "strong"'),
            "error", "its strength 'strong' lies outside its life",
        ),
        (
            steps(rule(), 'from = 2020-01-01, is = "policy"', 'from = 2021-01-01, is = "arguable"'),
            "warning", "nothing says why its strength changed on 2021-01-01",
        ),
        (rule(when="asks_content and not asks_content"), "error", "can hold on no facts"),
        (rule(when="served_on > issued_on and issued_on >= served_on"), "error", "can hold on no facts"),
        (
            rule(when="asks_content or (asks_location and kind = 'cid')"),
            "error", "the alternative on asks_location, kind can never be true here",
        ),
        (rule(when=EITHER), "warning", "no example reaches the alternative on asks_location"),
        (rule(when=EITHER, holds=BOTH), "warning", "no example reaches the alternative on asks_content"),
        (
            rule(when=f"signed and not ({EITHER})", holds='{ kind = "nsl", signed = true }'),
            "error", "an example for holds gives unknown",
        ),
        (
            rule(when="much") + f'[terms]\nmuch = "{EITHER}"\n',
            "warning", "much: no example of any rule reaches the alternative on asks_location",
        ),
        (rule() + '[terms]\nmuch = "asks_content"\n', "warning", "much: no rule names this term"),
        (
            rule("x.b", effect="permit") + rule("x.a", when=EITHER, holds=f"{CONTENT}, {PLACE}"),
            "warning",
            "x.b: permit meets void of x.a wherever it holds; as of 2026-11-23: kind = 'nsl', asks_content = true;",
        ),
        (
            rule("x.b", effect="notify-must") + rule("x.a", effect="secret"),
            "warning", "notify-must meets secret of x.a wherever it holds",
        ),
        (
            rule("x.b", effect="permit") + rule("x.a", when="asks_location", holds=PLACE),
            "note", "permit meets void of x.a on some facts",
        ),
        (rule(more='beside = { "x.b" = "so" }'), "warning", "beside names x.b, and the two never meet"),
        (rule() + rule("x.b", when="not not asks_content"), "warning", "x.a: holds on the very facts of x.b"),
        (
            rule(when="asks_content and as_of < date '2000-01-01'", more="from = 2001-01-01"),
            "error", "can hold on no facts",
        ),
        (rule().replace('from = "always"\n', ""), "warning", "x.a: has no first day"),
        (rule(more='from = "lately"'), "error", "'lately' is no date"),
        (rule(more='succeeds = "x.b"'), "error", "x.a: succeeds x.b, which is no other rule"),
        (
            rule("x.b", more="until = 2020-01-01") + rule(more='from = 2020-01-03\nsucceeds = "x.b"'),
            "error", "x.a: begins on 2020-01-03, while x.b ends on 2020-01-01",
        ),
        (rule("x.b", more="beside = { 'x.a' = 'so' }") + rule(more='from = 2020-01-03\nsucceeds = "x.b"'),
         "error", "x.a: begins on 2020-01-03, while x.b has no end"),
        (
            rule("x.b", more="until = 2020-01-01") + rule(more="from = 2020-01-01\nsucceeds = { 'x.b' = 'why' }"),
            "error", "x.a: meets x.b and says why not",
        ),
        (
            rule(
                when="asks_content and verified is false",
                holds='{ kind = "nsl", asks_content = true, verified = false }',
            ),
            "note", "x.a: a hard ground that holds on verified and never asks for it",
        ),
    ],
)  # fmt: skip
def test_each_defect_is_found(tmp_path: Path, text: str, weight: str, says: str) -> None:
    found = [p for p in defects(tmp_path, text) if says in str(p)]
    assert [p.weight for p in found] == [weight], [str(p) for p in defects(tmp_path, text)]
    assert found[0].hint


@pytest.mark.parametrize(
    "text",
    [
        rule(),
        rule("x.a@1", more="until = 2020-01-01") + rule("x.a@2", more="from = 2020-01-01"),
        rule(more='from = "unknown"'),
        # A rule of another name may take another's place: at once, or with the reason why not.
        rule("x.b", more="until = 2020-01-01") + rule(more='from = 2020-01-01\nsucceeds = "x.b"'),
        rule("x.b", more="until = 2020-01-01")
        + rule(more="from = 2020-01-03\nsucceeds = { 'x.b' = 'two days of grace' }"),
        rule(when=EITHER, holds=f"{CONTENT}, {PLACE}"),
        rule("x.b", effect="permit", more='beside = { "x.a" = "each is for another court" }') + rule("x.a"),
        # Opposed effects that never meet on the same facts.
        rule("x.b", effect="permit", when="asks_content and not asks_location", holds=ONLY_CONTENT)
        + rule("x.a", when="asks_location", holds=PLACE),
        # A day that the rule names parts its life.
        rule(when="asks_content and as_of < date '2000-01-01'", holds=CONTENT.replace("}", ", as_of = 1999-01-01 }"))
        .replace('kind = "cid" }', 'kind = "cid", as_of = 1999-01-01 }')
        .replace('unknown = [{ kind = "nsl"', 'unknown = [{ kind = "nsl", as_of = 1999-01-01'),
        # An event that nobody recorded has not happened: a hard ground may be silent on it.
        rule(
            when="asks_content and scope_creep is true",
            holds='{ kind = "nsl", asks_content = true, scope_creep = true }',
        ).replace('unknown = [{ kind = "nsl"', 'unknown = [{ kind = "nsl", scope_creep = true'),
        # Neither need a soft one ask.
        rule(
            when="asks_content and verified is false",
            holds='{ kind = "nsl", asks_content = true, verified = false }',
            more='force = "soft"',
        ).replace('unknown = [{ kind = "nsl"', 'unknown = [{ kind = "nsl", verified = false'),
        # What is asked for only under a condition: the condition decides in an example of unknown.
        rule(when="asks_content and (asks_content is not null or asks_location)").replace(
            'unknown = [{ kind = "nsl" }]', f"unknown = [{PLACE}]"
        ),
    ],
)
def test_a_sound_library_passes(tmp_path: Path, text: str) -> None:
    assert [str(p) for p in defects(tmp_path, text)] == []


def test_the_library_that_ships_has_neither_error_nor_warning() -> None:
    found = check()[1]
    assert [str(p) for p in found if p.weight in ("error", "warning")] == []


@pytest.mark.parametrize(
    ("read_by", "says"),
    [
        ("", "no rule reads this fact"),
        ('read_by = "docket/nowhere.py"', "is not read by docket/nowhere.py"),
        ('read_by = "docket/due.py"', "is not read by docket/due.py"),
        ('read_by = "docket/brings.py"', None),
    ],
)
def test_a_fact_is_read_by_a_rule_or_by_what_it_names(read_by: str, says: str | None) -> None:
    text = vocabulary().text.replace('read_by = "docket/brings.py"', read_by, 1)
    with speaking(text):
        found = {p.rule: p.message for p in unused(library())}
    assert found.get("suspension_demanded") == says


def test_no_hard_ground_that_ships_takes_unknown_for_no() -> None:
    assert [str(p) for p in check()[1] if "never asks for it" in p.message] == []


def test_what_takes_the_place_of_another_rule_leaves_no_day_between() -> None:
    law = library()
    taken = [(rule, name, why) for rule in law.rules for name, why in rule.succeeds.items()]
    assert {"us.nsl.gag-without-review", "us.sca.2703.extraterritorial", "eu.s2.privacy-shield"} <= {
        n for _, n, _ in taken
    }
    for rule, name, why in taken:
        last = law.by_id[name][-1]
        assert why or (last.until == rule.from_ and not any(v.in_force(last.until) for v in law.by_id[name])), rule.name


def test_every_rule_says_since_when_it_is_law() -> None:
    undated = {rule.name: rule.undated for rule in library().rules if rule.from_ is None}
    assert all(undated.values())
    assert all(name.startswith(("x.", "edr.", "n.", "eu.eev.34.")) for name, why in undated.items() if why == "always")


def test_every_rule_walks_through_time_without_gap_or_overlap() -> None:
    law = library()
    days = sorted({d + timedelta(n) for d in days_of_change(law) for n in (-1, 0)})
    for versions in law.by_id.values():
        lives = [[d for d in days if v.in_force(d)] for v in versions]
        assert all(lives), versions[0].id
        law_on = [d for d in days if any(v.in_force(d) for v in versions)]
        assert law_on == [d for d in days if law_on[0] <= d <= law_on[-1]], f"{versions[0].id} has a gap"
        for older, newer in pairwise(lives):
            assert older[-1] < newer[0], f"{versions[0].id} has two versions on one day"
        for version, life in zip(versions, lives, strict=True):
            assert all(version.strength_on(d) and version.force_on(d) in ("hard", "soft") for d in life)


def test_the_command_counts_and_lists_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.toml").write_text(rule() + rule("x.b", effect="permit"), "utf-8")
    assert main(["law", "check", str(tmp_path)]) == 0
    assert "2 rules, 6 examples: 0 errors" in capsys.readouterr().out
    assert main(["law", "check", str(tmp_path), "--warnings"]) == 0
    assert "permit meets void of x.a wherever it holds" in capsys.readouterr().out
    (tmp_path / "x.toml").write_text(rule(when="asks_contant"), "utf-8")
    assert main(["law", "check", str(tmp_path)]) == 1
    assert (
        "error: x.toml: x.a: when, column 1: unknown fact 'asks_contant'; hint: did you mean" in capsys.readouterr().out
    )


# ------------------------------------------------------------------ what a condition can hold on

NAMES = Names(vocabulary(), {"wide": lower("asks_content or asks_location", Names(vocabulary(), {}, {}))}, {"bar": 36})
DAY = date(2026, 11, 23)
CONDITIONS = (
    "asks_content", "not asks_content", "asks_content is null", "kind in ('nsl', 'cid')", "kind <> 'nsl'",
    "kind = 'nsl'", "served_on > issued_on", "issued_on >= served_on",
    "served_on <= issued_on + 3", "served_on > date '2026-11-20'",
    "as_of < served_on", "offence_max_months < param('bar')", "offence_max_months >= 36", "wide", "not wide",
    "issuer_country = user_country", "issuer_country <> 'us'", "user_country = 'us'",
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(picked=st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=5, unique=True), join=st.booleans())
def test_facts_that_are_found_make_the_conditions_true(picked: list[str], join: bool) -> None:
    nodes = [lower(text, NAMES) for text in picked]
    goal: Node = And(tuple(nodes)) if join else Not(And(tuple(Not(n) for n in nodes)))
    found = witness([goal], DAY, {"bar": 36})
    if found is not None:
        assert truth(goal, {**found, "as_of": DAY}, {"bar": 36}) == TRUE


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("asks_content and asks_content is null", False),
        ("not asks_content and asks_content is null", False),
        ("kind = 'nsl' and kind in ('cid', 'edr')", False),
        ("kind <> 'nsl' and kind in ('nsl', 'edr')", True),
        ("offence_max_months < param('bar') and offence_max_months >= 36", False),
        ("offence_max_months < param('bar') and offence_max_months >= 35", True),
        ("served_on > issued_on + 3 and served_on < issued_on + 5", True),
        ("served_on > issued_on + 3 and served_on < issued_on + 4", False),
        ("as_of > date '2026-11-23'", False),
        ("issuer_country = user_country and issuer_country = 'us' and user_country <> 'us'", False),
        ("issuer_country = user_country and served_on > issued_on and issued_on >= served_on", False),
        ("issuer_country = user_country and served_on > issued_on", True),
        ("served_on > issued_on and served_on < issued_on + 2 and issued_on >= due_on and served_on <= due_on", False),
        ("wide and not asks_content and not asks_location", False),
        ("wide and not asks_content", True),
    ],
)
def test_what_excludes_itself_is_known_to(text: str, possible: bool) -> None:
    assert (witness([lower(text, NAMES)], DAY, {"bar": 36}) is not None) is possible


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("asks_content", []),
        ("wide", []),
        ("wide or signed", [("wide", "signed")]),
        ("not (signed and verified)", [("not signed", "not verified")]),
        ("not (signed is true and verified is true)", [("not (signed is true)", "not (verified is true)")]),
        ("signed or verified and (signed or wide)", [("signed", "verified and (signed or wide)"), ("signed", "wide")]),
        ("signed or verified or gag_present", [("signed", "verified", "gag_present")]),
    ],
)  # fmt: skip
def test_the_alternatives_are_those_that_the_text_itself_names(text: str, parts: list[tuple[str, ...]]) -> None:
    assert alternatives(text, NAMES) == [tuple(lower(p, NAMES) for p in group) for group in parts]
