"""The witness answers as c2sp.org/tlog-witness says, never signs two trees, and forgets nothing in a crash."""

from __future__ import annotations

import base64
import http.client
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demur.ledger import (
    COSIGNATURE,
    ED25519,
    ML_DSA_44,
    BehindError,
    Checkpoint,
    ForkError,
    LedgerError,
    Note,
    SignerKey,
    verify,
)
from demur.ledger import verifier as stranger
from demur.ledger.cosign import Cosigner, WitnessAt
from demur.ledger.witness import Answer, Witness, witness_server

from .conftest import KEYS, ORIGIN, VERIFIERS, VKEYS, WITNESS_KEYS, Ledger
from .definitions import mth, proof

ENTRIES = [b"entry %d" % n for n in range(40)]
OTHERS = [b"other %d" % n for n in range(40)]


def note_of(size: int, entries: list[bytes] = ENTRIES) -> str:
    return str(Checkpoint(ORIGIN, size, mth(entries[:size])).sign(KEYS))


def request(old: int, pieces: list[bytes], note: str) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(p).decode() for p in pieces)]
    return ("\n".join(lines) + "\n\n" + note).encode()


def growth(old: int, size: int, entries: list[bytes] = ENTRIES) -> bytes:
    return request(old, proof(old, entries[:size]) if old else [], note_of(size, entries))


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path / "witness", WITNESS_KEYS, VERIFIERS)


def test_it_cosigns_a_log_that_grows_with_every_key_it_has(witness: Witness) -> None:
    for old, size in ((0, 1), (1, 1), (1, 7), (7, 8), (8, 40), (40, 40)):
        answer = witness.add_checkpoint(growth(old, size))
        assert answer.status == 200, answer
        note = Note.parse(note_of(size) + answer.body)
        assert len(note.signed_by([k.verifier() for k in WITNESS_KEYS])) == 2
        head = stranger.read_head((note_of(size) + answer.body).encode())
        assert len(head.signers([stranger.read_key(str(k.verifier())) for k in WITNESS_KEYS])) == 2
        for line in answer.body.splitlines():
            stamp = base64.b64decode(line.split(" ")[2])[4:12]
            assert int.from_bytes(stamp, "big") > 1_700_000_000


def test_another_old_size_gets_a_conflict_with_the_size(witness: Witness) -> None:
    assert witness.add_checkpoint(growth(3, 7)) == Answer(409, "0\n", "text/x.tlog.size")
    assert witness.add_checkpoint(growth(0, 7)).status == 200
    assert witness.add_checkpoint(growth(0, 7)) == Answer(409, "7\n", "text/x.tlog.size")
    assert witness.add_checkpoint(growth(3, 9)) == Answer(409, "7\n", "text/x.tlog.size")
    assert witness.add_checkpoint(growth(8, 9)) == Answer(409, "7\n", "text/x.tlog.size")


def test_a_fork_is_never_cosigned(witness: Witness) -> None:
    assert witness.add_checkpoint(growth(0, 7)).status == 200
    same_size = witness.add_checkpoint(request(7, [], note_of(7, OTHERS)))
    assert same_size.status == 409
    assert same_size.type.startswith("text/plain")
    assert witness.add_checkpoint(growth(7, 12, OTHERS)).status == 422
    assert witness.add_checkpoint(request(7, proof(7, ENTRIES[:12]), note_of(12, OTHERS))).status == 422
    assert witness.add_checkpoint(request(7, [], note_of(12))).status == 422
    assert witness.add_checkpoint(growth(7, 12)).status == 200


def test_a_proof_where_none_belongs_is_refused(witness: Witness) -> None:
    assert witness.add_checkpoint(request(0, [b"x" * 32], note_of(7))).status == 422
    assert witness.add_checkpoint(growth(0, 7)).status == 200
    assert witness.add_checkpoint(request(7, [b"x" * 32], note_of(7))).status == 422


def test_the_other_refusals_of_the_specification(witness: Witness) -> None:
    unknown = Checkpoint("other.example", 1, mth(ENTRIES[:1])).sign([SignerKey.generate("other.example")])
    assert witness.add_checkpoint(request(0, [], str(unknown))).status == 404
    stranger_signed = Checkpoint(ORIGIN, 1, mth(ENTRIES[:1])).sign([SignerKey.generate(ORIGIN)])
    assert witness.add_checkpoint(request(0, [], str(stranger_signed))).status == 403
    forged = note_of(1).replace("\n1\n", "\n2\n")
    assert witness.add_checkpoint(request(0, [], forged)).status == 403
    assert witness.add_checkpoint(growth(0, 7).replace(b"old 0", b"old 8")).status == 400
    for body in (
        b"",
        b"\xff",
        b"old 0\n",
        growth(0, 7).replace(b"old 0", b"old 00"),
        growth(0, 7).replace(b"old 0", b"old -1"),
        growth(0, 7).replace(b"old 0", b"old x"),
        request(0, [b"short"], note_of(7)),
        request(0, [b"x" * 32] * 64, note_of(7)),
        request(0, [], "no note"),
    ):
        answer = witness.add_checkpoint(body)
        assert answer.status == 400, body
        assert "hint" in answer.body


def test_it_remembers_across_a_restart(witness: Witness, tmp_path: Path) -> None:
    assert witness.add_checkpoint(growth(0, 7)).status == 200
    again = Witness(tmp_path / "witness", WITNESS_KEYS, VERIFIERS)
    assert again.add_checkpoint(growth(0, 7)).body == "7\n"


def test_of_two_at_once_one_wins(tmp_path: Path) -> None:
    """Many requests from the same old size, through two witnesses on one state: each size is cosigned in order."""
    witnesses = [Witness(tmp_path / "state", WITNESS_KEYS[:1], VERIFIERS) for _ in range(2)]
    answers: list[int] = []

    def ask(n: int) -> None:
        answers.append(witnesses[n % 2].add_checkpoint(growth(0, 5 + n)).status)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [409] * 11


def test_it_takes_only_keys_that_fit(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="0x04"):
        Witness(tmp_path, [SignerKey.generate("w.example", ED25519)], VERIFIERS)
    with pytest.raises(LedgerError, match="hint"):
        Witness(tmp_path, [], VERIFIERS)
    with pytest.raises(LedgerError, match="hint"):
        Witness(tmp_path, WITNESS_KEYS, [SignerKey.generate(ORIGIN, COSIGNATURE).verifier()])


KILLED = """
import os, sys
from pathlib import Path
from demur.ledger import folder, witness as room
from demur.ledger import SignerKey, VerifierKey
state, secret, log, stop = sys.argv[1:5]
count = 0
real = {name: getattr(os, name) for name in ("fsync", "replace", "open")}
def counted(name):
    def call(*args, **kw):
        global count
        count += 1
        if count > int(stop):
            os.kill(os.getpid(), 9)
        return real[name](*args, **kw)
    return call
os.fsync, os.replace = counted("fsync"), counted("replace")
os.rename = counted("replace")
w = room.Witness(Path(state), [SignerKey.parse(secret)], [VerifierKey.parse(log)])
answer = w.add_checkpoint(sys.stdin.buffer.read())
sys.stdout.write(answer.body)
sys.stdout.flush()
"""


def test_killed_anywhere_it_never_answers_for_what_it_did_not_keep(tmp_path: Path) -> None:
    size = 0
    answered = 0
    for stop in range(8):
        new = 3 + stop * 2
        run = subprocess.run(
            [sys.executable, "-c", KILLED, str(tmp_path / "w"), WITNESS_KEYS[0].secret(), VKEYS[0], str(stop)],
            input=growth(size, new),
            capture_output=True,
            check=False,
        )
        assert run.returncode in (0, -9), run.stderr
        kept = int(
            Witness(tmp_path / "w", WITNESS_KEYS[:1], VERIFIERS).add_checkpoint(growth(40, 40)).body.split("\n")[0]
        )
        assert kept in (size, new)
        if run.stdout:
            answered += 1
            assert kept == new
        size = kept
    assert answered


# ------------------------------------------------------------------ over HTTP


@contextmanager
def served(witness: Witness) -> Iterator[str]:
    server = witness_server(witness)
    assert server.server_address[0] == "127.0.0.1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_it_speaks_http_with_keep_alive(witness: Witness) -> None:
    with served(witness) as address:
        connection = http.client.HTTPConnection(address.removeprefix("http://"))
        for old, size in ((0, 5), (5, 6)):
            connection.request("POST", "/some/prefix/add-checkpoint", growth(old, size))
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.read().decode().startswith("— witness.example/w1 ")
        connection.request("POST", "/add-checkpoint", growth(0, 7))
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Type"], answer.read()) == (409, "text/x.tlog.size", b"6\n")
        for method, path, body, status in (
            ("GET", "/add-checkpoint", None, 404),
            ("POST", "/other", b"x", 404),
            ("POST", "/add-checkpoint", b"x" * (1 << 18) + b"x", 400),
        ):
            connection.request(method, path, body)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
        connection.close()


def test_a_log_gathers_its_witnesses_and_publishes_when_the_quorum_is_met(ledger: Ledger, tmp_path: Path) -> None:
    first = Witness(tmp_path / "first", WITNESS_KEYS[:1], VERIFIERS)
    second_key = SignerKey.generate("witness.example/w2", ML_DSA_44)
    second = Witness(tmp_path / "second", [second_key], VERIFIERS)
    text = (
        f"log {VKEYS[0]}\nwitness one {WITNESS_KEYS[0].verifier()}\nwitness two {second_key.verifier()}\n"
        "group both all one two\nquorum both\n"
    )
    policy = stranger.read_policy(text)
    with served(first) as one:
        with served(second) as two:
            known = (WitnessAt(one, (WITNESS_KEYS[0].verifier(),)), WitnessAt(two, (second_key.verifier(),)))
            for _ in range(3):
                ledger.seal()
                assert ledger.release(cosign=Cosigner(known, policy)) == 1
                assert verify(ledger.folder.path, policy=text).sound
        # The second is gone: the act goes on, publication waits.
        ledger.append("act.release")
        ledger.seal()
        with pytest.raises(LedgerError, match="quorum both is not met"):
            ledger.release(cosign=Cosigner(known, policy, timeout=1))
        assert ledger.verify(keys=(), policy=text).size == 192
        ledger.append("act.release")
        ledger.seal()
        with served(second) as two:
            known = (known[0], WitnessAt(two, known[1].keys))
            assert ledger.release(cosign=Cosigner(known, policy)) == 2
        assert ledger.verify(keys=(), policy=text).size == 320
        # Without a quorum one answer is enough.
        ledger.seal()
        assert ledger.release(cosign=Cosigner(known, timeout=1)) == 1
        assert "w1" in (ledger.folder.checkpoint() or "")


def test_a_witness_that_saw_more_tells_of_a_restored_backup(ledger: Ledger, tmp_path: Path) -> None:
    witness = Witness(tmp_path / "w", WITNESS_KEYS[:1], VERIFIERS)
    with served(witness) as address:
        cosign = Cosigner((WitnessAt(address, (WITNESS_KEYS[0].verifier(),)),))
        ledger.seal()
        ledger.release(cosign=cosign)
        before = Ledger(ledger.connection, ledger.path)
        ledger.seal()
        ledger.release(cosign=cosign)
        # Database, folder and lock all went back to an older day: the witness alone remembers.
        with ledger.transaction() as cursor:
            cursor.execute("DELETE FROM ledger_epoch WHERE number = 2")
            cursor.execute("DELETE FROM ledger_entry WHERE position >= 64")
        for name in ("checkpoint", "checkpoints/002"):
            (ledger.folder.path / name).unlink()
        first = (ledger.folder.path / "checkpoints/001").read_text()
        ledger.folder.put_checkpoint(first)
        ledger.lock.path.write_text(first)
        before.append("act.another")
        before.seal()
        with pytest.raises(ForkError, match="another root"):
            before.release(cosign=cosign)
        assert before.verify().size == 64
    big = Witness(tmp_path / "big", WITNESS_KEYS[:1], VERIFIERS)
    assert big.add_checkpoint(growth(0, 40)).status == 200
    with served(big) as address:
        small = Note.parse(note_of(30))
        with pytest.raises(BehindError, match="older backup"):
            WitnessAt(address, (WITNESS_KEYS[0].verifier(),)).cosign(small, before.folder)


def test_a_witness_of_another_key_or_no_witness_at_all_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    ledger.epoch()
    note = Note.parse(ledger.folder.checkpoint() or "")
    with served(Witness(tmp_path / "w", WITNESS_KEYS[:1], VERIFIERS)) as address:
        with pytest.raises(LedgerError, match="no key of its own"):
            WitnessAt(address, (SignerKey.generate("witness.example/w1", COSIGNATURE).verifier(),)).cosign(
                note, ledger.folder
            )
        with pytest.raises(LedgerError, match="404"):
            WitnessAt(address, ()).cosign(Note.parse(note_of(1).replace(ORIGIN, "x.example")), ledger.folder)
    with pytest.raises(LedgerError, match="cannot be reached"):
        WitnessAt(address, ()).cosign(note, ledger.folder)
    with pytest.raises(LedgerError, match="no address"):
        WitnessAt(f"file://{os.devnull}", ()).cosign(note, ledger.folder)
