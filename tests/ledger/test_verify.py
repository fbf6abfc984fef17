"""A stranger with the public files catches every lie: each file of a sound ledger is altered in turn."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur.ledger import Checkpoint, LedgerError, Note, SignerKey, verify
from demur.ledger import verifier as stranger
from demur.ledger.tiles import pack, unpack
from demur.ledger.tree import leaf_hash

from .conftest import KEYS, ORIGIN, VKEYS, WITNESS_KEYS, Ledger
from .definitions import mth


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A public folder with full and partial tiles on two levels."""
    from .conftest import sqlite_connection

    path = tmp_path_factory.mktemp("published")
    ledger = Ledger(sqlite_connection(path / "docket.sqlite3"), path)
    with ledger.transaction() as cursor:
        ledger.store.create(cursor)
    for n in range(300):
        ledger.append(f"act.{n}")
    for _ in range(6):
        ledger.epoch()
    return ledger.folder.path


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    shutil.copytree(published, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_sound_ledger_is_said_to_be_sound(published: Path) -> None:
    report = verify(published, keys=VKEYS)
    assert report.sound
    assert str(report).startswith(f"the ledger {ORIGIN} is sound: 384 entries, 6 checkpoints")
    assert report.signers == [f"{ORIGIN} (Ed25519)", f"{ORIGIN} (ML-DSA-44)"]


def test_without_a_key_it_says_that_it_took_the_ledgers_own(published: Path) -> None:
    report = verify(published)
    assert report.sound
    assert "taken from the ledger itself" in str(report)


def test_every_file_counts(published: Path, tmp_path: Path) -> None:
    """One bit changed in any file, or any file missing, is found (what is only for a first look aside)."""
    names = sorted(str(p.relative_to(published)) for p in published.rglob("*") if p.is_file() and p.name != ".held")
    for name in names:
        if name in ("keys", "schedule"):
            continue
        place = tmp_path / name.replace("/", "_")
        shutil.copytree(published, place)
        data = bytearray((place / name).read_bytes())
        data[len(data) // 3] ^= 1
        (place / name).write_bytes(data)
        assert not verify(place, keys=VKEYS).sound, name
        (place / name).unlink()
        report = verify(place, keys=VKEYS)
        assert not report.sound, name
        assert all("hint" in problem for problem in report.problems)
        shutil.rmtree(place)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_altered_byte_goes_unseen(published: Path, data: st.DataObject) -> None:
    names = [p for p in sorted(published.rglob("*")) if p.is_file() and p.name not in ("keys", "schedule", ".held")]
    chosen = data.draw(st.sampled_from(names))
    original = chosen.read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    altered = bytearray(original)
    altered[at] ^= data.draw(st.integers(1, 255))
    real = stranger.folder_reader(published)

    def read(name: str) -> bytes | None:
        return bytes(altered) if published / name == chosen else real(name)

    report = stranger.verify_ledger(read, "altered", [stranger.read_key(k) for k in VKEYS])
    # A signature line of a name or key id that nobody knows is passed over, as the specification demands.
    untouched = stranger.verify_ledger(real, "", [stranger.read_key(k) for k in VKEYS])
    assert not report.sound or len(report.signers) < len(untouched.signers) or b"\xe2\x80\x94" in original


def forge(copy: Path, change: Callable[[list[bytes]], None]) -> list[bytes]:
    """Rewrite the entries and every tile and checkpoint, as one who holds the keys could."""
    from demur.ledger import TileFolder

    folder = TileFolder(copy)
    leaves = folder.leaves(0, 384, 384)
    change(leaves)
    for path in (copy / "tile").rglob("*"):
        if path.is_file():
            path.unlink()
    folder.extend(0, leaves)
    folder.put_checkpoint(str(Checkpoint(ORIGIN, len(leaves), mth(leaves)).sign(KEYS)))
    return leaves


def test_a_log_rewritten_by_its_own_publisher_contradicts_its_history(copy: Path) -> None:
    def change(leaves: list[bytes]) -> None:
        leaves[5] = b"\x01" + b"x" * 64

    forge(copy, change)
    report = verify(copy, keys=VKEYS)
    assert "forked or rewritten" in str(report)


def test_an_entry_twice_and_an_epoch_out_of_order_are_found(copy: Path) -> None:
    def change(leaves: list[bytes]) -> None:
        leaves[370] = leaves[3]

    leaves = forge(copy, change)
    for number in range(1, 7):
        size = number * 64
        note = Checkpoint(ORIGIN, size, mth(leaves[:size])).sign(KEYS)
        (copy / f"checkpoints/{number:03}").write_text(str(note))
    said = str(verify(copy, keys=VKEYS))
    assert "the entries 3 and 370 are the same" in said
    assert "out of order" in said


def test_a_leaf_of_another_length_is_found(copy: Path) -> None:
    bundle = copy / "tile/entries/001.p/128"
    leaves = unpack(bundle.read_bytes())
    bundle.write_bytes(pack([*leaves[:-1], leaves[-1] + b"!"]))
    assert "not 128 leaves of 65 bytes" in str(verify(copy, keys=VKEYS))


def test_a_checkpoint_of_a_smaller_tree_with_a_longer_history_is_not_hidden(copy: Path) -> None:
    shutil.copy(copy / "checkpoints/004", copy / "checkpoint")
    assert verify(copy, keys=VKEYS).checkpoints == 4
    (copy / "checkpoints/003").unlink()
    assert "a past checkpoint is missing" in str(verify(copy, keys=VKEYS))


def test_a_key_of_somebody_else_does_not_make_a_ledger_sound(published: Path) -> None:
    report = verify(published, keys=[str(SignerKey.generate(ORIGIN).verifier())])
    assert "no known key" in str(report)


def test_a_place_that_is_none_is_a_wrong_question(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="hint"):
        verify(tmp_path / "nowhere")
    with pytest.raises(LedgerError, match="hint"):
        verify(tmp_path, keys=["no key"])
    with pytest.raises(LedgerError, match="quorum"):
        verify(tmp_path, policy="log\n")
    assert "no checkpoint" in str(verify(tmp_path))


def policy_for(quorum: str) -> str:
    one, two = (key.verifier() for key in WITNESS_KEYS)
    return (
        f"# who must have seen it\nlog {VKEYS[0]} https://ledger.example\n\nwitness one {one}\n"
        f"\twitness two {two}\ngroup both all one two\ngroup some 1 both\nquorum {quorum}\n"
    )


def test_a_quorum_is_insisted_on(copy: Path) -> None:
    assert verify(copy, policy=policy_for("none")).sound
    for quorum in ("one", "both", "some"):
        assert "cosigned" in str(verify(copy, policy=policy_for(quorum)))
    note = Note.parse((copy / "checkpoint").read_text())
    seen = {1: ("one",), 2: ("one", "both", "some")}
    for count in (1, 2):
        lines = [key.sign(note.text) for key in WITNESS_KEYS[:count]]
        (copy / "checkpoint").write_text(str(note) + "".join(lines))
        for quorum in ("one", "both", "some"):
            assert verify(copy, policy=policy_for(quorum)).sound == (quorum in seen[count]), (count, quorum)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum x\n",
        "quorum none\nquorum none\n",
        f"log {VKEYS[0]}\nlog {VKEYS[0]}\nquorum none\n",
        "group g 1\nquorum g\n",
        "group g 1 x\nquorum g\n",
        f"witness none {WITNESS_KEYS[0].verifier()}\nquorum none\n",
        f"witness w {WITNESS_KEYS[0].verifier()}\ngroup g 2 w\nquorum g\n",
        f"witness w {WITNESS_KEYS[0].verifier()}\ngroup g 0 w\nquorum g\n",
        f"witness w {WITNESS_KEYS[0].verifier()}\ngroup g all w w\nquorum g\n",
        f"witness w {WITNESS_KEYS[0].verifier()}\nwitness w {WITNESS_KEYS[1].verifier()}\nquorum w\n",
        "nonsense\nquorum none\n",
    ],
    # The keys are new in every run; the names of the tests must not be.
    ids=range(12),
)
def test_a_malformed_policy_is_refused(text: str) -> None:
    with pytest.raises(stranger.Wrong, match="hint"):
        stranger.read_policy(text)


# ------------------------------------------------------------------ the one file, alone


def test_the_verifier_stands_alone(published: Path, copy: Path, tmp_path: Path) -> None:
    """One file, copied away, in a Python that cannot see this project."""
    alone = tmp_path / "elsewhere" / "verifier.py"
    alone.parent.mkdir()
    shutil.copy(Path(stranger.__file__), alone)
    (alone.parent / "demur.py").write_text("raise ImportError('the verifier imports the project')")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", str(alone), *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=alone.parent, check=False)

    sound = run(str(published), "--key", VKEYS[0], "--key", VKEYS[1])
    assert (sound.returncode, sound.stderr) == (0, "")
    assert "is sound: 384 entries" in sound.stdout
    (copy / "tile/entries/000").write_bytes(b"")
    assert run(str(copy)).returncode == 1
    wrong = run(str(tmp_path / "nowhere"))
    assert wrong.returncode == 2
    assert "hint" in wrong.stderr
    source = alone.read_text()
    assert "import demur" not in source
    assert "from demur" not in source
    assert "from ." not in source


def test_a_ledger_is_checked_at_its_address(published: Path, copy: Path) -> None:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            if self.path.startswith("/moved/"):
                self.send_response(302)
                self.send_header("Location", self.path.removeprefix("/moved"))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                super().do_GET()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(published)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        report = verify(address, keys=VKEYS)
        assert report.sound, str(report)
        assert report.size == 384
        with pytest.raises(LedgerError, match="302"):
            verify(address + "/moved", keys=VKEYS)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    with pytest.raises(LedgerError, match="cannot be reached"):
        verify(address, keys=VKEYS)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=8))
def test_the_verifier_grows_the_tree_of_the_definition(steps: list[int]) -> None:
    entries = [n.to_bytes(2, "big") for n in range(sum(steps))]
    tree = stranger.Tree()
    for step in steps:
        end = tree.size + step
        while tree.size < end:  # never across a tile, as when bundles are read
            until = min(end, tree.size - tree.size % 256 + 256)
            tree.take(entries[tree.size : until])
        assert tree.size == end
        assert tree.root() == mth(entries[:end])
        hashes = b"".join(leaf_hash(e) for e in entries[(end - 1) // 256 * 256 : end])
        assert tree.tiles[0] == hashes
        whole = [mth(entries[at : at + 256]) for at in range(0, end - 255, 256)]
        assert (tree.tiles[1] if len(tree.tiles) > 1 else b"") == b"".join(whole)
