"""Whatever file a command is given: it ends with exit code 2 and one clear line that tells what to do."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest

from demur.cli import main

BRACKETS = b"[" * 100_000 + b"]" * 100_000
FILES = {
    "empty": b"",
    "blank.toml": b" \n\n",
    "binary": bytes(range(256)) * 40,
    "noise": random.Random(7).randbytes(20_000),
    "nul": b"kind = \0",
    "latin.toml": 'kind = "nsl" # é\n'.encode("latin-1"),
    "latin.json": '{"kind": "é"}'.encode("latin-1"),
    "nested.json": b'{"clauses": ' + BRACKETS + b"}",
    "nested.toml": b"clauses = " + BRACKETS,
    "cut.json": b'{"kind": "nsl", "clauses": [{"targets": ["a@b',
    "cut.toml": b'kind = "nsl"\n[[clauses]]\ncategories = ["con',
    "cut.parquet": b"PAR1" + b"\0" * 60,
    "list.json": b"[1, 2]",
    "digits.json": b'{"due_days": ' + b"9" * 6000 + b"}",
    "digits.toml": b"provider_users = 0x" + b"f" * 60_000,
    "far.toml": b'kind = "nsl"\ndue_on = 9999-12-31\n',
    "key.json": b'{"' + b"k" * 200_000 + b'": true}',
    "folder.toml": None,
    "loop": None,
    "missing.json": None,
}
TEXTS = ("latin.toml", "latin.json", "digits.toml", "far.toml", "list.json")
"""Files in which `demur read` finds a text, or facts of which it leaves one unknown."""
COMMANDS = {
    "assess": ("assess", "{}"),
    "read": ("read", "{}", "--json"),
    "sweep": ("law", "sweep", "{}"),
    "sweep since": ("law", "sweep", "{rows}", "--rows-since", "{}"),
    "sweep changed": ("law", "sweep", "{rows}", "--changed-since", "{}"),
    "diff": ("law", "diff", "{}", "2026-01-01"),
    "diff cases": ("law", "diff", "2020-01-01", "2026-01-01", "--cases", "{}"),
    "diff rows": ("law", "diff", "2020-01-01", "2026-01-01", "--rows", "{}"),
    "decided": ("law", "decided", "{}"),
    "verify": ("ledger", "verify", "{}"),
    "policy": ("ledger", "verify", "{folder}", "--policy", "{}"),
    "proof": ("ledger", "proof", "{}"),
    "receipt policy": ("ledger", "proof", "{receipt}", "--policy", "{}"),
    "import": ("register", "import", "{}"),
    "replay": ("law", "replay", "{}"),
}
SLOW_TO_TRY = ("noise", "nul", "list.json")
"""Left out where a command would start a process for each."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    import polars

    place = tmp_path_factory.mktemp("hostile")
    for name, content in FILES.items():
        if content is not None:
            (place / name).write_bytes(content)
    (place / "folder.toml").mkdir()
    (place / "loop").symlink_to("loop")
    polars.DataFrame({"id": ["a"], "kind": ["nsl"]}).write_parquet(place / "rows")
    return place


def told(capsys) -> str:
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def run(command: str, folder: Path, name: str) -> int:
    known = {"rows": folder / "rows", "folder": folder / "folder.toml", "receipt": folder / "noise"}
    return main([part.format(folder / name, **known) for part in COMMANDS[command]])


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_file_that_cannot_be_used_is_refused_in_a_line(command, name, folder, capsys):
    if command == "read" and name in SLOW_TO_TRY:
        return
    code, said = run(command, folder, name), told(capsys)
    if code == 0:
        assert (command, name) in {("read", text) for text in TEXTS}
    elif code == 1:
        assert (command, name) == ("verify", "folder.toml")  # a folder without a checkpoint is a ledger that is unsound
    else:
        assert code == 2
        assert said.startswith("demur: ")
        assert "hint:" in said
        assert len(said) < 1500
        # Of a register every mistake is told, each on its line, after the word that nothing was changed.
        assert said.count("\n") == 1 or command == "import"


@pytest.mark.parametrize("command", ["assess", "read", "proof"])
def test_a_file_of_fifty_megabytes_is_refused_at_once(command, tmp_path, capsys):
    with (tmp_path / "huge").open("wb") as file:
        for _ in range(50):
            file.write(b"a line of the text that goes on and on\n" * 26_000)
    assert main([part.format(tmp_path / "huge") for part in COMMANDS[command]]) == 2
    assert "hint:" in told(capsys)


@pytest.mark.parametrize("command", ["assess", "read", "policy", "diff cases", "sweep changed"])
@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ELOOP, errno.ENAMETOOLONG])
def test_a_file_that_the_system_does_not_give_is_refused_in_a_line(command, number, folder, monkeypatch, capsys):
    def refuse(path, *_, **__):
        raise OSError(number, os.strerror(number), str(path))

    (folder / "readable.toml").write_text('kind = "nsl"\n', "utf-8")
    (folder / "law").mkdir(exist_ok=True)
    (folder / "law" / "rules.toml").write_text("", "utf-8")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(Path, "read_text", refuse)
    assert run(command, folder, "law" if command == "sweep changed" else "readable.toml") == 2
    assert told(capsys).count("hint:") == 1


@pytest.mark.parametrize("out", ["folder.toml", "missing/letter.pdf"])
def test_a_letter_that_cannot_be_written_is_told_in_a_line(out, folder, capsys):
    (folder / "nsl.toml").write_text('kind = "nsl"\nissuer_country = "us"\nissued_on = 2019-01-31\n', "utf-8")
    assert main(["assess", str(folder / "nsl.toml"), "--letter", str(folder / out)]) == 2
    assert "hint:" in told(capsys)


def test_half_a_letter_in_a_fact_is_shown_by_a_mark(tmp_path, capsys):
    (tmp_path / "a.json").write_text('{"kind": "nsl", "reference": "\\ud800", "issuer_body": "\\udfff"}', "utf-8")
    assert main(["assess", str(tmp_path / "a.json"), "--json"]) == 0
    assert "\ufffd" in capsys.readouterr().out
