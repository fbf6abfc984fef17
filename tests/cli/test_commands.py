"""The commands as a user runs them: what they print, how they fail, which exit code they leave."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FACTS = """
kind = "nsl"
issuer_country = "us"
issued_on = 2019-01-31
gag_present = true
[[clauses]]
categories = ["subscriber", "transactional"]
[[clauses.targets]]
identifier = "a@example.org"
kind = "email"
"""


def demur(*arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "demur.cli", *arguments], capture_output=True, input=stdin, timeout=120
    )


@pytest.fixture
def facts(tmp_path: Path) -> str:
    path = tmp_path / "facts.toml"
    path.write_text(FACTS, "utf-8")
    return str(path)


def test_assess_prints_the_shape_that_others_rely_on(facts: str) -> None:
    done = demur("assess", facts, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["as_of"] == "2019-01-31"
    assert told["facts"]["kind"] == "nsl"
    keys = {
        "rule", "verdict", "against", "effect", "force", "strength", "says", "cites", "because", "missing", "clause",
        "target", "who", "forum", "by", "due", "stays",
    }  # fmt: skip
    for finding in told["findings"]:
        assert keys <= set(finding)
    verdicts = [finding["verdict"] for finding in told["findings"]]
    assert verdicts == sorted(verdicts, key=["holds", "unknown"].index)
    assert verdicts[0] == "holds"


def test_assess_takes_the_law_of_the_day_named(facts: str) -> None:
    early = json.loads(demur("assess", facts, "--json", "--as-of", "2005-05-19").stdout)
    late = json.loads(demur("assess", facts, "--json", "--as-of", "2019-01-31").stdout)
    assert {f["rule"] for f in early["findings"]} != {f["rule"] for f in late["findings"]}


def test_assess_reads_facts_from_standard_input() -> None:
    done = demur("assess", "-", "--json", stdin=b'{"kind": "nsl", "issuer_country": "us"}')
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["facts"]["kind"] == "nsl"


@pytest.mark.parametrize("name", ["letter.pdf", "letter.docx"])
def test_assess_writes_the_letter(facts: str, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    assert demur("assess", facts, "--letter", str(out)).returncode == 0
    assert out.read_bytes()[:4] == (b"%PDF" if name.endswith("pdf") else b"PK\x03\x04")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("knd = 'nsl'", "unknown fact 'knd'"),
        ("kind = ", "the facts file cannot be read"),
        ("kind = 'nsl'\n[[clauses]]\ncategories = 3", "categories is not a list"),
    ],
)
def test_bad_facts_are_refused_with_a_hint_and_no_traceback(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, "utf-8")
    done = demur("assess", str(path))
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert "hint:" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("arguments", [("assess", "nowhere.toml"), ("read", "."), ("law", "show", "us.nsl.scoop")])
def test_what_is_not_there_is_said_with_a_hint(arguments: tuple[str, ...]) -> None:
    done = demur(*arguments)
    assert done.returncode == 2
    assert "hint:" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_law_list_show_and_check(tmp_path: Path) -> None:
    rules = json.loads(demur("law", "list", "--json").stdout)
    assert len(rules) >= 150
    shown = json.loads(demur("law", "show", rules[0]["id"], "--json").stdout)
    assert shown[0]["cites"] == rules[0]["cites"]
    assert demur("law", "check").returncode == 0
    (tmp_path / "bad.toml").write_text('["x.y"]\ntitle = "no more than a title"\n', "utf-8")
    done = demur("law", "check", str(tmp_path))
    assert done.returncode == 1
    assert b"bad.toml: x.y" in done.stdout


def test_a_wrong_command_is_wrong_input() -> None:
    assert demur("asses").returncode == 2
    assert demur().returncode == 2


def test_people_are_let_in_listed_and_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMUR_DATA", str(tmp_path / "data"))
    add = ("people", "add", "ana", "--full-name", "Ana Lind", "--role", "counsel", "--forum", "Court A")
    weak = demur(*add, stdin=b"short\n")
    assert weak.returncode == 2
    assert b"hint:" in weak.stderr
    assert b"Traceback" not in weak.stderr
    assert demur(*add, stdin=b"a long demo password\n").returncode == 0
    (ana,) = json.loads(demur("people", "list", "--json").stdout)
    assert ana == {"username": "ana", "name": "Ana Lind", "roles": ["counsel"], "forums": ["Court A"]}
    assert demur("people", "remove", "ana").returncode == 0
    assert json.loads(demur("people", "list", "--json").stdout) == []
    assert demur("people", "remove", "ana").returncode == 2
