"""The ledger as strangers use it: a witness in a process of its own, receipts, recounts, and the one-file verifier."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import demur.ledger.verifier as verifier

OFFICE = """
import sys, django
from datetime import date
django.setup()
from django.core.management import call_command
from demur.docket import acts
call_command("migrate", verbosity=0, skip_checks=True)
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
    opened = provider.demur("ledger", "open", "0", "63")
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
    openings.write_text(provider.demur("ledger", "open", "0", "191").stdout)
    counted = provider.demur("ledger", "verify", str(provider.data / "ledger"), "--recount", str(openings)).stdout
    assert "        1  ledger.restored\n" in counted
    assert counted.count("does not open") == 64
    assert provider.demur("ledger", "catch-up").stdout.startswith("0 epochs")


@pytest.mark.parametrize(
    "arguments",
    [("witness", "/nonexistent"), ("witness", "/dev/null"), ("ledger", "verify", "/nonexistent"),
     ("ledger", "proof", "x", "--leaf", "zz"), ("ledger", "proof", "7"), ("ledger", "open", "0", "9"),
     ("ledger", "catch-up")],
)  # fmt: skip
def test_wrong_input_is_told_in_a_line(arguments, tmp_path):
    done = Provider(tmp_path).demur(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("demur: ")
    assert done.stderr.count("\n") == 1
    assert "hint:" in done.stderr
