"""What the guide to writing rules shows is what the tools say: its files are written and its commands run."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from demur.cli import main
from demur.law import library
from demur.law.draft import read_draft

GUIDE = (Path(__file__).parents[2] / "docs" / "writing-rules.md").read_text("utf-8")
FILES = re.findall(r"```toml\n# (\S+)\n(.*?)```", GUIDE, re.DOTALL)
COMMANDS = re.findall(r"```console\n\$ demur (.*?)\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    slip, without = tmp_path / "my-law-with-a-slip", tmp_path / "my-law-without"
    shutil.copytree(tmp_path / "my-law", slip)
    (slip / "us" / "sca.toml").write_text(
        dict(FILES)["my-law/us/sca.toml"].replace("data_country in", "data_countri in")
    )
    (without / "us").mkdir(parents=True)
    whole = dict(FILES)["my-law/us/sca.toml"]
    (without / "us" / "sca.toml").write_text(whole[: whole.index('["us.sca.2703h.comity"]')])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_guide_shows_files_and_commands() -> None:
    assert [name for name, _ in FILES] == ["my-law/us/sca.toml", "cases/warrant-for-london.toml"]
    assert len(COMMANDS) == 4


@pytest.mark.parametrize(("command", "shown"), COMMANDS, ids=[c for c, _ in COMMANDS])
def test_each_command_says_what_the_guide_shows(
    folder: Path, command: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(shlex.split(command))
    told = capsys.readouterr().out
    pattern = ".*".join(re.escape(part) for part in shown.split("...\n"))
    assert re.fullmatch(pattern, told, re.DOTALL), told


def test_the_worked_rule_is_sound_on_the_drafting_form_too() -> None:
    text = dict(FILES)["my-law/us/sca.toml"]
    rule = text[text.index('["us.sca.2703h.comity"]') :]
    assert read_draft(rule, library()).sound


def test_every_key_of_a_rule_is_explained() -> None:
    from demur.law.library import KEYS

    table = GUIDE.partition("## The keys")[2].partition("## The language")[0]
    explained = {
        name
        for line in table.splitlines()
        for name in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")
    }
    assert explained == KEYS
