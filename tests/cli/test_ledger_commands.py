"""The ledger as strangers use it: a witness in a process of its own, receipts, recounts, and the one-file verifier."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

import demur.ledger.verifier as verifier
from demur.cli import main
from demur.docket import acts, entries
from demur.docket.models import Membership
from demur.ledger import LedgerError, SqlStore, Stored, TileFolder, verify_database

OFFICE = """
import sys, django
from datetime import date
django.setup()
from django.core.management import call_command
from demur.docket import acts
call_command("migrate", verbosity=0, skip_checks=True)
from django.contrib.auth import get_user_model
from demur.docket.models import Membership
for name, role in (("carl", "counsel"), ("ana", "analyst")):
    user, _ = get_user_model().objects.get_or_create(username=name)
    Membership.objects.get_or_create(user=user, role=role)
for n in range(int(sys.argv[1])):
    acts.receive([("demand.pdf", b"bytes %d" % n)], served_on=date(2026, 11, 12), actor=acts.DEMUR, token=f"token-{n}")
"""
PUBLISH = """
import django
from datetime import UTC, datetime
django.setup()
from django.conf import settings
from demur.docket import entries
try:
    print(entries.publish(settings.DATA, now=datetime.now(UTC)))
except ValueError as error:
    sys.exit(str(error))
"""


DECIDED = ("--by", "carl", "--to", "Muster Audit", "--why", "the yearly audit")


class Provider:
    """A provider's data folder, and the commands run on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.env = {
            **{name: value for name, value in os.environ.items() if name != "DEMUR_DATABASE_URL"},
            "DEMUR_DATA": str(data),
            "DJANGO_SETTINGS_MODULE": "demur.desk.settings",
        }

    def python(self, *arguments: str, **env: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, *arguments], env={**self.env, **env}, capture_output=True, text=True, timeout=60
        )

    def demur(self, *arguments: str, **env: str) -> subprocess.CompletedProcess:
        return self.python("-m", "demur.cli", *arguments, **env)

    def publish(self, **env: str) -> subprocess.CompletedProcess:
        return self.python("-c", "import sys\n" + PUBLISH, **env)


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Provider:
    """Five demands taken in and published."""
    made = Provider(tmp_path_factory.mktemp("provider"))
    opened = made.python("-c", OFFICE, "5")
    assert opened.returncode == 0, opened.stderr
    published = made.publish()
    assert published.stdout == "1\n", published.stderr
    return made


@pytest.fixture
def witness(provider: Provider, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    """A witness of the provider's log in a process of its own, and the lines that name it in a policy."""
    process = subprocess.Popen(
        [sys.executable, "-m", "demur.cli", "witness", str(provider.data / "ledger" / "keys"), "--name",
         "witness.example/w1", "--port", "0"],
        env={**provider.env, "DEMUR_DATA": str(tmp_path)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines = [process.stdout.readline() for _ in range(4)]
    yield "".join(lines), process
    process.kill()
    process.wait()


def alone(*arguments: str) -> subprocess.CompletedProcess:
    """The verifier as a stranger runs it: the one file, in a folder where nothing of Demur can be imported."""
    return subprocess.run(
        [sys.executable, "-I", verifier.__file__, *arguments], capture_output=True, text=True, timeout=60
    )


def test_a_witness_cosigns_what_is_published_and_a_stranger_checks_it(provider, witness, tmp_path):
    lines, process = witness
    policy = tmp_path / "policy"
    logs = "".join(f"log {key}\n" for key in (provider.data / "ledger" / "keys").read_text().splitlines())
    policy.write_text(logs + lines)
    before = alone(str(provider.data / "ledger"), "--policy", str(policy))
    assert before.returncode == 1
    assert "have not all cosigned" in before.stdout
    published = provider.publish(DEMUR_WITNESSES=str(policy))
    assert published.stdout == "1\n", published.stderr
    after = alone(str(provider.data / "ledger"), "--policy", str(policy))
    assert (after.returncode, after.stderr) == (0, "")
    assert "witness.example/w1 (Ed25519 witness)" in after.stdout
    assert "witness.example/w1 (ML-DSA-44)" in after.stdout
    assert provider.demur("ledger", "verify", str(provider.data / "ledger"), "--policy", str(policy)).returncode == 0

    # It answers no more: nothing unwitnessed is published, and what was sealed goes out once it is back.
    process.send_signal(signal.SIGKILL)
    process.wait()
    size = json.loads(provider.python("-c", SIZE, str(provider.data)).stdout)
    refused = provider.publish(DEMUR_WITNESSES=str(policy))
    assert refused.returncode == 1
    assert "the quorum both is not met" in refused.stderr
    assert json.loads(provider.python("-c", SIZE, str(provider.data)).stdout) == size
    caught_up = provider.publish()
    assert caught_up.stdout == "2\n", caught_up.stderr
    assert alone(str(provider.data / "ledger")).returncode == 0


SIZE = """
import sys
from demur.ledger import Checkpoint, Note, TileFolder
print(Checkpoint.parse(Note.parse(TileFolder(sys.argv[1] + "/ledger").checkpoint()).text).size)
"""


def test_nothing_is_asked_unless_it_was_configured(provider, tmp_path):
    missing = provider.publish(DEMUR_WITNESSES=str(tmp_path / "none"))
    assert missing.returncode == 1
    assert "cannot be read; hint: see DEMUR_WITNESSES" in missing.stderr
    for text, why in (
        ("quorum none\n", "no witness of the policy has an address"),
        ("witness w nonsense http://127.0.0.1:1\nquorum w\n", "policy line 1"),
    ):
        (tmp_path / "policy").write_text(text)
        wrong = provider.publish(DEMUR_WITNESSES=str(tmp_path / "policy"))
        assert wrong.returncode == 1
        assert why in wrong.stderr


def test_a_receipt_is_made_and_checked_offline(provider, tmp_path):
    out = tmp_path / "7.tlog-proof"
    made = provider.demur("ledger", "proof", "7", "--show", "class", "-o", str(out))
    assert made.returncode == 0, made.stderr
    key = (provider.data / "ledger" / "keys").read_text().splitlines()[0]
    for checked in (provider.demur("ledger", "proof", str(out), "--key", key), alone(str(out), "--key", key)):
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "is number 7 in the ledger" in checked.stdout
        assert "class" in checked.stdout
    shown = out.read_text()
    out.write_text(shown.replace("index 7", "index 8"))
    assert provider.demur("ledger", "proof", str(out), "--key", key).returncode == 1
    assert provider.demur("ledger", "proof", "100000").returncode == 2
    assert provider.demur("ledger", "proof", str(tmp_path / "none")).returncode == 2


def test_an_auditor_recounts_what_was_opened(provider, tmp_path):
    opened = provider.demur("ledger", "open", "0", "63", *DECIDED)
    assert len(opened.stdout.splitlines()) == 64, opened.stderr
    openings = tmp_path / "openings"
    openings.write_text(opened.stdout)
    counted = provider.demur("ledger", "verify", str(provider.data / "ledger"), "--recount", str(openings))
    assert counted.returncode == 0, counted.stdout + counted.stderr
    assert "        5  act.receive\n" in counted.stdout
    assert "       59  cover" in counted.stdout
    openings.write_text("".join(opened.stdout.splitlines(keepends=True)[:10] + opened.stdout.splitlines()[11:12]))
    assert provider.demur("ledger", "verify", str(provider.data / "ledger"), "--recount", str(openings)).returncode == 1


def test_a_restored_backup_catches_up_instead_of_forking(tmp_path):
    provider = Provider(tmp_path / "data")
    assert provider.python("-c", OFFICE, "1").returncode == 0
    assert provider.publish().stdout == "1\n"
    database = provider.data / "demur.sqlite3"
    backup = database.read_bytes()
    assert provider.python("-c", OFFICE, "3").returncode == 0
    assert provider.publish().stdout == "1\n"
    database.write_bytes(backup)
    refused = provider.publish()
    assert refused.returncode == 1
    assert "an older backup was restored" in refused.stderr
    told = provider.demur("ledger", "catch-up")
    assert told.stdout == "1 epochs taken from the public folder: 0 entries found again, 64 lost\n", told.stderr
    assert provider.publish().stdout == "1\n"
    assert provider.demur("ledger", "verify", str(provider.data / "ledger")).returncode == 0
    # The log tells of it: what was taken back, and each entry that cannot be opened any more.
    openings = tmp_path / "openings"
    openings.write_text(provider.demur("ledger", "open", "0", "191", *DECIDED).stdout)
    counted = provider.demur("ledger", "verify", str(provider.data / "ledger"), "--recount", str(openings)).stdout
    assert "        1  ledger.restored\n" in counted
    assert counted.count("does not open") == 64
    assert provider.demur("ledger", "catch-up").stdout.startswith("0 epochs")


# ------------------------------------------------------------------------------- what is done to the log itself


class Own:
    """A log of five demands within this process, and the commands run on it."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data, self.capsys = data, capsys

    def demur(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, output, and what was said of errors."""
        code = main(arguments)
        return code, *self.capsys.readouterr()

    def done(self, *arguments: str) -> str:
        code, out, said = self.demur(*arguments)
        assert (code, said) == (0, "")
        return out

    def refused(self, why: str, *arguments: str) -> None:
        code, out, said = self.demur(*arguments)
        assert (code, out) == (2, "")
        assert why in said
        assert "hint:" in said

    def publish(self) -> None:
        assert entries.publish(self.data, now=datetime.now(UTC)) == 1

    def kept(self) -> list[Stored]:
        with connection.cursor() as cursor:
            return SqlStore.of(connection).entries(cursor)

    def place(self, kind: str) -> int:
        """The place of the first entry of a class."""
        return next(s.position for s in self.kept() if s.entry.class_ == kind and s.position is not None)

    def said(self, kind: str) -> list[dict | None]:
        """What the entries of a class say, None for each whose body is destroyed."""
        return [json.loads(s.entry.body or b"null") for s in self.kept() if s.entry.class_ == kind]


@pytest.fixture
def fresh(fresh_log, settings, tmp_path, capsys) -> Own:
    """An empty log."""
    settings.DATA = tmp_path / "data"
    return Own(tmp_path / "data", capsys)


@pytest.fixture
def own(fresh, django_user_model) -> Own:
    for name, role in (("carl", "counsel"), ("ana", "analyst")):
        Membership.objects.create(user=django_user_model.objects.create_user(name), role=role)
    for n in range(5):
        acts.receive([("demand.pdf", b"%d" % n)], served_on=date(2026, 11, 12), actor=acts.DEMUR, token=f"token-{n}")
    fresh.publish()
    return fresh


def test_an_opening_is_entered_with_who_decided_it_for_whom_and_why(own, django_user_model):
    for why, *arguments in (
        ("no entry at position 9999", "0", "9999", *DECIDED),
        ("9 to 3 is no span", "9", "3", *DECIDED),
        ("'ana' is no counsel", "0", "3", "--by", "ana", *DECIDED[2:]),
        ("--why says nothing", "0", "3", *DECIDED[:4], "--why", " "),
    ):
        own.refused(why, "ledger", "open", *arguments)
    assert own.said("ledger.opened") == []
    assert len(own.done("ledger", "open", "3", "9", "--bodies", *DECIDED).splitlines()) == 7
    (told,) = own.said("ledger.opened")
    assert (told["first"], told["last"], told["bodies"]) == (3, 9, True)
    carl = str(django_user_model.objects.get(username="carl").pk)
    assert (told["by"], told["to"], told["why"]) == (carl, "Muster Audit", "the yearly audit")


def test_nothing_is_shown_of_an_opening_that_could_not_be_entered(own, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise LedgerError("the disk is full; hint: make room")

    monkeypatch.setattr(entries, "append", full)
    own.refused("the disk is full", "ledger", "open", "0", "9", *DECIDED)


def test_what_an_entry_said_is_destroyed_and_still_counted(own, tmp_path, monkeypatch):
    place = str(own.place("act.receive"))
    own.refused("is a cover and says nothing", "ledger", "destroy", str(own.place("cover")), "--why", "order 7")
    own.refused("no entry at position 9999", "ledger", "destroy", "9999", "--why", "order 7")
    own.refused("--why says nothing", "ledger", "destroy", place, "--why", "")
    # Neither without the other: no destruction without its entry.
    with monkeypatch.context() as patched:
        patched.setattr(entries, "append", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            main(["ledger", "destroy", place, "--why", "order 7"])
    assert None not in own.said("act.receive")

    done = own.done("ledger", "destroy", place, "--why", "erasure, order 7")
    assert done == f"what entry {place} said is destroyed; it still counts as act.receive\n"
    own.refused("holds no body any more", "ledger", "destroy", place, "--why", "again")
    (told,) = own.said("ledger.destroyed")
    assert (told["entry"], told["class"], told["by"], told["why"]) == (
        int(place), "act.receive", "operator", "erasure, order 7",
    )  # fmt: skip
    assert own.said("act.receive").count(None) == 1
    own.refused("was destroyed", "ledger", "proof", place, "--show", "body")
    with connection.cursor() as cursor:
        database = verify_database(SqlStore.of(connection), cursor)
    assert (database.sound, database.destroyed) == (True, 1)

    # An auditor counts it as before, and is told of it: first without the entry that says why, then with it.
    ledger, openings = str(own.data / "ledger"), tmp_path / "openings"
    openings.write_text(own.done("ledger", "open", "0", "63", "--bodies", *DECIDED))
    for counted in (own.done("ledger", "verify", ledger, "--recount", str(openings)),
                    alone(ledger, "--recount", str(openings)).stdout):  # fmt: skip
        assert "63 bodies shown, 1 destroyed:" in counted
        assert "        5  act.receive\n" in counted
        assert f"note: the body of entry {place} is said to be destroyed, and no entry shown names it" in counted
    own.publish()
    openings.write_text(own.done("ledger", "open", "0", "127", "--bodies", *DECIDED))
    counted = own.done("ledger", "verify", ledger, "--recount", str(openings))
    assert "127 bodies shown, 1 destroyed:" in counted
    assert "note:" not in counted
    # Why it was done can never be destroyed.
    own.refused("is the log's own", "ledger", "destroy", str(own.place("ledger.destroyed")), "--why", "x")


def test_the_number_of_leaves_is_announced_a_week_ahead_and_entered(own, monkeypatch):
    assert own.done("ledger", "schedule").splitlines() == [
        "    64 leaves an epoch, from the beginning",
        "today 64 every 10 minutes: 9216 entries a day; 0 wait",
    ]
    today = datetime.now(UTC).date()
    soon, late = (str(today + timedelta(days=n)) for n in (5, 8))
    for why, *arguments in (
        ("from which day is not said", "--leaves", "2048"),
        ("announced too late", "--leaves", "2048", "--from", soon),
        ("is no date", "--leaves", "2048", "--from", "soon"),
        ("0 leaves are no epoch's", "--leaves", "0", "--from", late),
        ("from 1 to 65536", "--leaves", "70000", "--from", late),
        ("how many leaves is not said", "--from", late),
    ):
        own.refused(why, "ledger", "schedule", *arguments)
    assert own.said("ledger.scheduled") == []

    # Announced, and the commit failed: the same change is entered when it is asked for again.
    announced = TileFolder.put_schedule
    with monkeypatch.context() as patched:
        patched.setattr(TileFolder, "put_schedule", lambda *said: announced(*said) or 1 / 0)
        with pytest.raises(ZeroDivisionError):
            main(["ledger", "schedule", "--leaves", "2048", "--from", late])
    assert own.said("ledger.scheduled") == []
    told = own.done("ledger", "schedule", "--leaves", "2048", "--from", late)
    assert f"  2048 leaves an epoch, from {late} on\n" in told
    assert (own.data / "ledger" / "schedule").read_text() == f"0001-01-01 64\n{late} 2048\n"
    own.refused("announced already", "ledger", "schedule", "--leaves", "2048", "--from", late)
    (entered,) = own.said("ledger.scheduled")
    assert (entered["leaves"], entered["from"], entered["by"]) == (2048, late, "operator")


def test_whoever_begins_with_many_demands_begins_with_many_leaves(fresh):
    assert fresh.done("ledger", "schedule", "--leaves", "256").startswith("   256 leaves an epoch, from the beginning")
    fresh.publish()
    assert len(fresh.kept()) == 256
    fresh.refused("from which day is not said", "ledger", "schedule", "--leaves", "512")


@pytest.mark.parametrize(
    "arguments",
    [("witness", "/nonexistent"), ("witness", "/dev/null"), ("ledger", "verify", "/nonexistent"),
     ("ledger", "proof", "x", "--leaf", "zz"), ("ledger", "proof", "7"),
     ("ledger", "open", "0", "9", *DECIDED), ("ledger", "catch-up"), ("ledger", "schedule"),
     ("ledger", "destroy", "7", "--why", "it is over")],
)  # fmt: skip
def test_wrong_input_is_told_in_a_line(arguments, tmp_path):
    done = Provider(tmp_path).demur(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("demur: ")
    assert done.stderr.count("\n") == 1
    assert "hint:" in done.stderr
