"""Two laws over the same cases: a lawyer sees for whom a change of the law, or of the library, changes what."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from demur.cli import main
from demur.law import LawError
from demur.law.compare import compare, read_cases
from demur.law.edition import standing

RULE = """
["x.a"]
title    = "A sample"
cites    = ["A statute, s. 1"]
says     = "A sample."
applies  = "kind = 'nsl'"
when     = "{when}"
against  = "clause"
effect   = "challenge"
strength = {strength}
checked  = {{ on = 2026-11-23, how = "text" }}
examples.holds   = [{{ kind = "nsl", user_is_minor = true, asks_content = true }}]
examples.fails   = [{{ kind = "cid" }}]
examples.unknown = [{{ kind = "nsl" }}]
"""
DATED = '[{ is = "arguable" }, { from = 2020-01-01, is = "strong", source = "s. 2" }]'
DAY = date(2026, 11, 25)


@pytest.fixture
def laws(tmp_path: Path) -> tuple[str, str]:
    for name, when, strength in (
        ("old", "user_is_minor", '"arguable"'),
        ("new", "user_is_minor and asks_content", DATED),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.toml").write_text(RULE.format(when=when, strength=strength), "utf-8")
    return str(tmp_path / "old"), str(tmp_path / "new")


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    folder = tmp_path / "cases"
    (folder / "2026").mkdir(parents=True)
    (folder / "2026" / "school.toml").write_text(
        'kind = "nsl"\nserved_on = 2026-11-01\nasks_content = false\n'
        "[[clauses]]\n[[clauses.targets]]\nuser_is_minor = true\n[[clauses.targets]]\nuser_is_minor = true\n"
        "[[clauses.targets]]\nuser_is_minor = false\n",
        "utf-8",
    )
    (folder / "letter.json").write_text(json.dumps({"kind": "nsl", "as_of": "2019-06-01"}), "utf-8")
    (folder / "decided.toml").write_text(
        '[first]\nas_of = 2019-06-01\nfacts = { kind = "nsl", user_is_minor = true, asks_content = true }\n'
        '[second]\nas_of = 2021-06-01\nfacts = { kind = "nsl", user_is_minor = true, asks_content = true }\n'
        '[third]\nas_of = 2021-06-01\ntransfer = true\nfacts = { importer_country = "us" }\n',
        "utf-8",
    )
    (folder / "notes.txt").write_text("not a case", "utf-8")
    return folder


def test_cases_are_read_from_files_of_either_form(cases: Path) -> None:
    found = {c.name: c.day for c in read_cases(cases)}
    assert found == {
        "2026/school": date(2026, 11, 1), "letter": date(2019, 6, 1),
        "first": date(2019, 6, 1), "second": date(2021, 6, 1), "third": date(2021, 6, 1),
    }  # fmt: skip
    assert [c.name for c in read_cases(cases / "letter.json")] == ["letter"]


def test_what_differs_is_told_for_each_case_and_identifier_on_its_own_day(laws: tuple[str, str], cases: Path) -> None:
    before, after = (standing(law, DAY, cases) for law in laws)
    found = [(d.case, d.rule, d.clause, d.target, d.before, d.after) for d in compare(read_cases(cases), before, after)]
    held, stronger = ("holds", "arguable", "soft"), ("holds", "strong", "soft")
    gone = ("fails", "", "")
    assert found == [
        ("2026/school", "x.a", 0, 0, held, gone),
        ("2026/school", "x.a", 0, 1, held, gone),
        ("second", "x.a", 0, 0, held, stronger),
    ]


def test_one_day_may_be_named_for_all(laws: tuple[str, str], cases: Path) -> None:
    before, after = (standing(law, DAY, cases) for law in laws)
    found = [d.case for d in compare(read_cases(cases / "decided.toml"), before, after, date(2022, 1, 1))]
    assert found == ["first", "second"]


def test_two_days_of_the_library_are_two_laws(tmp_path: Path) -> None:
    case = tmp_path / "warrant.toml"
    case.write_text(
        'kind = "warrant.sca"\nissuer_country = "us"\nasks_content = true\ndata_country = "ie"\nuser_country = "ie"\n',
        "utf-8",
    )
    before, after = (standing(day, DAY, tmp_path) for day in ("2014-07-01", "2019-01-01"))
    told = {d.rule: (d.before[0], d.after[0]) for d in compare(read_cases(case), before, after)}
    assert told["us.sca.2703.extraterritorial"] == ("holds", "fails")
    assert told["us.sca.2713.possession"][0] == "fails"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.toml", "kind = ", "a.toml: cannot be read: invalid value"),
        ("a.json", "{", "a.json: cannot be read: expecting"),
        ("a.json", "[1]", "a.json: is no table of facts"),
        ("a.json", "[" * 100_000, "a.json: cannot be read: neither"),
        ("a.toml", 'kond = "nsl"', "a.toml: unknown fact 'kond'; hint: did you mean"),
        ("a.toml", '[one]\nfacts = { kind = "nls" }', "a.toml: kind is 'nls'; hint: did you mean nsl"),
        ("a.txt", "x", "holds no cases; hint:"),
    ],
)
def test_a_mistake_names_its_file_and_a_hint(
    laws: tuple[str, str], tmp_path: Path, name: str, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / name).write_text(text, "utf-8")
    assert main(["law", "diff", *laws, "--cases", str(folder)]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "hint: " in told
    with pytest.raises(LawError, match="there is no file or folder"):
        read_cases(folder / "none")


def test_the_command_tells_it_in_words_and_as_json(
    laws: tuple[str, str], cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["law", "diff", *laws, "--cases", str(cases)]) == 1
    told = capsys.readouterr().out
    assert "2026/school\n  x.a: holds, arguable, soft -> fails, on 2 items or identifiers\n    A sample" in told
    assert "2 of 5 cases are judged otherwise, by 1 rule\n" in told
    assert main(["law", "diff", *laws, "--cases", str(cases), "--json"]) == 1
    (*_, last) = json.loads(capsys.readouterr().out)
    assert last == {
        "case": "second", "rule": "x.a", "title": "A sample", "clause": 0, "target": 0,
        "before": {"verdict": "holds", "strength": "arguable", "force": "soft"},
        "after": {"verdict": "holds", "strength": "strong", "force": "soft"},
    }  # fmt: skip
    assert main(["law", "diff", laws[0], laws[0], "--cases", str(cases)]) == 0
    assert "0 of 5 cases" in capsys.readouterr().out
