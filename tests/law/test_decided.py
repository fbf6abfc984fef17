"""Courts decided these challenges: the library must say what they said, and a new demand finds the cases like it."""

from __future__ import annotations

import dataclasses
import marshal
import os
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from demur.cli import main
from demur.facts import Demand, demand_from_mapping, vocabulary
from demur.law import Finding, Library, assess, decided, library
from demur.law.codegen import generate
from demur.law.decided import Decided, Likeness, cases, disagreements, like
from demur.law.language import LawError
from demur.law.library import Dated

ALL = cases()
BY_ID = {case.id: case for case in ALL}
SHARED = Path(os.environ.get("DEMUR_SHARED", Path(__file__).parents[3] / "shared"))


def without(law: Library, *ids: str) -> Library:
    """The same library as if these rules had never been written."""
    rules = tuple(rule for rule in law.rules if rule.id not in ids)
    # The generated program counts rules by their place, so it is made anew.
    source, constants = generate([(r.level, r.guard, r.test) for r in rules], vocabulary())
    program = marshal.dumps(compile(source, "<law without>", "exec"))
    return dataclasses.replace(law, version=f"without {ids}", rules=rules, program=program, constants=constants)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_the_library_agrees_with_the_court(case: Decided) -> None:
    assert list(disagreements(case, library())) == []


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_each_case_says_where_it_is_found_and_what_came_of_it(case: Decided) -> None:
    assert case.place
    assert case.court
    assert case.checked in ("text", "report")
    assert any(letter.isdigit() for cite in case.cites for letter in cite)


def test_every_case_of_the_first_list_is_there() -> None:
    path = SHARED / "cases" / "decided.toml"
    if not path.exists():
        pytest.skip("the shared cases are absent: set DEMUR_SHARED to their folder")
    listed = set(tomllib.loads(path.read_text("utf-8")))
    renamed = {"la-quadrature": "la-quadrature-2020"}
    assert {renamed.get(name, name) for name in listed} <= set(BY_ID)


def test_many_places_and_every_outcome_are_there() -> None:
    assert {"us", "eu", "gb", "de", "fr", "ch", "be", "nl", "in", "br", "ca", "au"} <= {case.place for case in ALL}
    outcomes = Counter(case.outcome for case in ALL)
    assert set(outcomes) == set(decided.OUTCOMES)
    assert sum(case.upheld for case in ALL) >= 8
    assert min(Counter(case.place for case in ALL if case.place in ("in", "br")).values()) >= 5
    assert sum(case.transfer for case in ALL) >= 10


@pytest.mark.parametrize("name", ["microsoft-ireland", "hadopi", "threema-bundesgericht", "schrems-ii", "adc-51"])
def test_a_case_fails_once_its_rule_is_gone(name: str) -> None:
    case = BY_ID[name]
    lines = list(disagreements(case, without(library(), *case.argued)))
    assert [line for line in lines if line.startswith(case.argued[0])] or "there is no rule" in lines[0]


def rewritten(law: Library, rule_id: str, **changes: object) -> Library:
    rules = tuple(dataclasses.replace(r, **changes) if r.id == rule_id else r for r in law.rules)  # type: ignore[arg-type]
    return dataclasses.replace(law, version=f"{rule_id} {sorted(changes)}", rules=rules)


def test_a_rule_that_lost_may_not_be_sold_as_strong_or_hide_the_answer() -> None:
    case = BY_ID["adc-51"]
    bold = rewritten(library(), "br.mci11", strength=Dated(((None, "strong"),), ("",)), checked="text")
    assert any("at most arguable" in line for line in disagreements(case, bold))
    silent = rewritten(library(), "br.mci11", answered="")
    assert any("does not show the court's answer" in line for line in disagreements(case, silent))


def test_a_mandatory_ground_against_an_upheld_order_is_caught() -> None:
    case = BY_ID["hadopi"]
    loud = rewritten(library(), "x.territory.no-establishment", strength=Dated(((None, "mandatory"),), ("",)))
    moved = dataclasses.replace(case, facts={**case.facts, "established_in_issuer_country": False})
    assert any("upheld" in line for line in disagreements(moved, loud))
    assert not any("upheld" in line for line in disagreements(moved, library()))


@pytest.mark.parametrize("outcome", ["narrowed", "open", "not-reached"])
def test_what_was_argued_may_not_stay_mandatory_against_an_upheld_order_whatever_the_outcome(outcome: str) -> None:
    case = dataclasses.replace(BY_ID["spencer"], outcome=outcome, upheld=True)
    assert [line for line in disagreements(case, library()) if line.startswith("ca.ip, mandatory, stands against")]
    open_ = dataclasses.replace(case, unreached={**case.unreached, "ca.ip": "the court left it open"})
    assert not [line for line in disagreements(open_, library()) if line.startswith("ca.ip,")]


def test_a_mandatory_ground_that_stays_unknown_is_told_with_its_reason_and_only_while_it_is_so() -> None:
    case = BY_ID["hadopi"]
    silent = dataclasses.replace(case, unreached={})
    assert [line for line in disagreements(silent, library()) if line.startswith("fr.privil, mandatory, is unknown")]
    stale = dataclasses.replace(case, unreached={**case.unreached, "ch.category": "no more so"})
    assert list(disagreements(stale, library())) == [
        "ch.category is said to be unreached, and nothing mandatory of it is left; hint: leave it away"
    ]


def test_a_rule_weighs_what_it_weighed_on_the_day() -> None:
    case = BY_ID["warshak"]
    assert [(one.as_of, *one.strength.values()) for one in case.also] == [
        (date(2010, 12, 13), "arguable"),
        (date(2010, 12, 14), "strong"),
    ]
    early = dataclasses.replace(case, strength={"us.4a.content-needs-warrant": "strong"})
    assert list(disagreements(early, library())) == [
        "as of 2006-05-01 us.4a.content-needs-warrant was strong; it is arguable"
    ]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_where_the_strength_of_an_argued_rule_is_dated_the_case_tells_it(case: Decided) -> None:
    law = library()
    dated = {r for r in case.argued if len({s for version in law.by_id[r] for _, s in version.strength.steps}) > 1}
    assert dated <= set(case.strength)


def test_the_same_warrant_is_judged_by_the_law_of_another_day() -> None:
    case = BY_ID["microsoft-ireland"]
    later = case.also[0]
    assert later.as_of == date(2019, 1, 1)
    wrong = dataclasses.replace(case, also=(dataclasses.replace(later, holds=("us.sca.2703.extraterritorial",)),))
    assert list(disagreements(wrong, library())) == ["as of 2019-01-01 us.sca.2703.extraterritorial must hold"]
    wrong = dataclasses.replace(case, also=(dataclasses.replace(later, fails=("eu.gdpr.48.no-agreement",)),))
    assert list(disagreements(wrong, library())) == ["as of 2019-01-01 eu.gdpr.48.no-agreement must not hold"]
    circuit, since = case.also[1:]
    assert circuit.strength["us.sca.2703.extraterritorial.2dcir"] == "strong"
    assert (since.as_of, since.facts["issuer_district"]) == (date(2018, 3, 23), "ca2")
    assert not since.holds


GOOD = """
[a-case]
title = "A case"
as_of = 2020-01-01
facts = { kind = "subpoena.gj", issuer_country = "us", asks_content = true }
argued = ["us.4a.content-needs-warrant"]
outcome = "won"
result = "quashed"
cites = ["No. 1 (2020)"]
checked = "text"
"""


@pytest.mark.parametrize(
    ("old", "new", "says", "hint"),
    [
        ("[a-case]", "[a-case", "not valid toml", "line"),
        ('outcome = "won"', 'outcome = "wun"', "'wun' is no outcome", "won"),
        ('title = "A case"\n', "", "title is missing", "add title"),
        ('argued = ["us.4a.content-needs-warrant"]', "argued = []", "argued is missing", "add argued"),
        ('checked = "text"', 'checked = "hearsay"', "checked is 'hearsay'", "text"),
        ("as_of = 2020-01-01", 'as_of = "2020"', "no date", "as_of ="),
        ("kind =", "kond =", "kond", "kind"),
        ('"subpoena.gj"', '"subpoena.grand"', "subpoena.grand", "subpoena"),
        ("asks_content = true", "tool = 'dpf'", "tool is a fact of a transfer", "move"),
        ('checked = "text"', 'checked = "text"\ntransfer = true', "not of a transfer", "transfer"),
        ('checked = "text"', 'checked = "text"\nverdict = "won"', "unknown key 'verdict'", ""),
        ('checked = "text"', 'checked = "text"\nalso = [{ as_of = 2021-01-01 }]', "demands nothing", "holds"),
        ('checked = "text"', 'checked = "text"\nalso = [{ hold = ["x"] }]', "unknown key 'hold' in also", "holds"),
        ('checked = "text"', 'checked = "text"\nstrength = { x = "strong" }', "need not be raised", "us.4a"),
        (
            'checked = "text"',
            'checked = "text"\nstrength = { "us.4a.content-needs-warrant" = "stark" }',
            "'stark' is no strength",
            "strong",
        ),
        ('checked = "text"', 'checked = "text"\nunreached = { x = "y" }', "for an order that was upheld", "upheld"),
    ],
)
def test_a_mistake_in_a_case_is_refused_with_its_place_and_a_hint(
    tmp_path: Path, old: str, new: str, says: str, hint: str
) -> None:
    assert old in GOOD
    (tmp_path / "us.toml").write_text(GOOD.replace(old, new), "utf-8")
    with pytest.raises(LawError) as caught:
        cases(tmp_path)
    text = str(caught.value).lower()
    assert "us.toml" in text
    assert says in text
    assert "hint:" in text
    assert hint in text.partition("hint:")[2]


def test_a_case_told_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "us.toml").write_text(GOOD, "utf-8")
    (tmp_path / "world.toml").write_text(GOOD, "utf-8")
    with pytest.raises(LawError, match=r"told in us\.toml too.*hint: a case has one place"):
        cases(tmp_path)


def test_the_command_replays_a_folder_and_says_no_when_one_disagrees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "us.toml").write_text(GOOD, "utf-8")
    assert main(["law", "decided", str(tmp_path)]) == 0
    assert "1 decided cases, 1 agree, 0 do not" in capsys.readouterr().out
    (tmp_path / "us.toml").write_text(GOOD.replace("asks_content = true", "asks_content = false"), "utf-8")
    assert main(["law", "decided", str(tmp_path)]) == 1
    assert "was argued and is not raised" in capsys.readouterr().out
    (tmp_path / "us.toml").write_text(GOOD.replace('argued = ["us.4a', 'argued = ["us.4b'), "utf-8")
    assert main(["law", "decided", str(tmp_path)]) == 1
    assert "there is no rule us.4b.content-needs-warrant; hint:" in capsys.readouterr().out


# ------------------------------------------------------------------ likeness


def demand(**facts: object) -> Demand:
    return demand_from_mapping(facts)


def names(found: tuple[Likeness, ...]) -> list[str]:
    return [one.case.id for one in found]


def test_a_demand_finds_the_cases_of_its_own_kind_first() -> None:
    letter = demand(
        kind="nsl", issuer_country="us", issuer_agency="fbi", gag_present=True, gag_basis="2709c", gag_indefinite=True,
        customer_kind="enterprise", clauses=[{"categories": ["subscriber"], "targets": [{"kind": "account"}]}],
    )  # fmt: skip
    found = like(letter, ALL)
    assert len(found) == 5
    assert found[0].case.id == "microsoft-nsl-enterprise"
    assert {case.case.facts["kind"] for case in found} == {"nsl"}
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)


def test_a_swiss_order_to_a_messenger_finds_threema() -> None:
    order = demand(kind="national.order", issuer_country="ch", provider_in_class=False, capability_demanded=True)
    assert set(names(like(order, ALL, most=2))) == {"threema-bundesgericht", "proton"}


@pytest.mark.parametrize("case", [c for c in ALL if not c.transfer], ids=lambda case: case.id)
def test_a_decided_case_is_most_like_itself(case: Decided) -> None:
    found = like(demand_from_mapping(case.facts), ALL, most=1)
    assert found[0].share == 1
    assert not found[0].different
    assert case.id in names(like(demand_from_mapping(case.facts), ALL))


def test_the_share_weighs_instrument_issuer_categories_and_silence_and_shows_what_differs() -> None:
    case = dataclasses.replace(
        BY_ID["aol-state-farm"],
        facts={"kind": "nsl", "issuer_country": "us", "gag_present": True, "signed": True,
               "clauses": [{"categories": ["subscriber"]}]},
    )  # fmt: skip
    new = demand(kind="nsl", issuer_country="us", gag_present=False, signed=False, verified=True,
                 clauses=[{"categories": ["subscriber", "payment"]}])  # fmt: skip
    (found,) = like(new, [case])
    assert found.equal == ("kind", "issuer_country", "asks_subscriber")
    assert found.different == ("asks_payment", "gag_present", "signed")
    assert found.share == pytest.approx((8 + 6 + 4) / (8 + 6 + 4 + 4 + 3 + 1))


def test_what_is_unknown_on_either_side_neither_joins_nor_parts() -> None:
    case = BY_ID["glassdoor"]
    bare = like(demand(kind="subpoena.gj", issuer_country="us"), [case])[0]
    assert bare.share == 1
    assert set(bare.equal) == {"kind", "issuer_country"}


def test_what_neither_asks_makes_nothing_alike() -> None:
    other = demand(kind="uk.pace", issuer_country="gb", signed=True, clauses=[{"categories": ["payment"]}])
    assert like(other, [BY_ID["apple-edny"]]) == ()
    assert like(demand(), ALL) == ()


def test_transfers_are_never_like_a_demand() -> None:
    assert not any(one.case.transfer for one in like(demand(kind="nsl", issuer_country="us"), ALL, most=len(ALL)))


@pytest.mark.parametrize(
    ("facts", "as_of", "raised"),
    [
        ({"kind": "ndo.2705b", "gag_present": True}, date(2026, 11, 23), "us.sca.ndo.indefinite"),
        ({"kind": "nsl", "gag_present": True}, date(2026, 11, 23), "us.nsl.gag-first-amendment"),
        ({"kind": "pentrap", "gag_present": True}, date(2026, 11, 23), "us.pen.gag-indefinite"),
        ({"kind": "nsl", "gag_present": True}, date(2007, 11, 19), "x.gag.indefinite"),
        (
            {"kind": "national.order", "issuer_country": "de", "gag_present": True},
            date(2026, 11, 23),
            "x.gag.indefinite",
        ),
    ],
)
def test_silence_without_end_is_met_by_one_argument(facts: dict[str, object], as_of: date, raised: str) -> None:
    found = assess(demand(**facts, gag_indefinite=True), as_of)
    endless = {f.rule for f in found.findings if f.against == "gag" and "gag_indefinite" in _rests_on(f)}
    assert endless - {"us.doj.ndo-policy"} == {raised}  # the policy asks the department, not the court


def test_absence_from_a_country_is_argued_once() -> None:
    for country, raised in {"be": "be.territory", "ch": "x.territory.no-establishment"}.items():
        order = demand(
            kind="foreign.order", issuer_country=country, established_in_issuer_country=False, served_country="us",
            offers_in_issuer_country=True,
        )  # fmt: skip
        held = {f.rule for f in assess(order, date(2026, 11, 23)).holding() if f.effect == "redirect"}
        assert held & {"be.territory", "x.territory.no-establishment"} == {raised}


def _rests_on(finding: Finding) -> set[str]:
    return {name for reason in finding.because for name in reason.facts}
