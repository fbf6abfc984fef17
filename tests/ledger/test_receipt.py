"""Receipts (c2sp.org/tlog-proof) and recounts: what an auditor may see, and what nobody can pretend."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from demur.ledger import LedgerError, Note, receipt, verifier, verify_receipt
from demur.ledger.audit import open_span
from demur.ledger.receipt import format_proof
from demur.ledger.tree import leaf_hash

from .conftest import KEYS, VKEYS, WITNESS_KEYS, Ledger
from .definitions import mth, path


def filled(ledger: Ledger, epochs: int = 5) -> int:
    for n in range(250):
        ledger.append(f"act.{n % 3}", b"body %d" % n)
    size = 0
    for _ in range(epochs):
        size = ledger.epoch().size
    return size


def test_a_receipt_proves_its_entry_offline(ledger: Ledger) -> None:
    size = filled(ledger)
    cursor = ledger.connection.cursor()
    for position in (0, 1, 63, 64, 255, 256, size - 1):
        stored = ledger.store.at(cursor, position)
        shown = verify_receipt(receipt(stored, ledger.folder, ("class", "body")), keys=VKEYS)
        assert shown.sound, str(shown)
        assert (shown.index, shown.size, shown.leaf) == (position, size, stored.entry.leaf)
        assert shown.opened == {"class": stored.entry.class_, "body": (stored.entry.body or b"").decode()}
        closed = verify_receipt(receipt(stored, ledger.folder), keys=VKEYS)
        assert closed.sound
        assert closed.opened == {}


def test_a_receipt_has_the_form_of_the_specification() -> None:
    entries = [b"%d" % n for n in range(5)]
    from demur.ledger import Checkpoint

    note = Checkpoint(KEYS[0].name, 5, mth(entries)).sign(KEYS[:1])
    text = format_proof(
        4, 5, lambda level, index: mth(entries[index << level : (index + 1) << level]), note, b"\0extra"
    )
    lines = text.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra " + base64.b64encode(b"\0extra").decode()
    assert lines[2] == "index 4"
    assert [base64.b64decode(line) for line in lines[3:4]] == path(4, entries)
    assert lines[4] == ""
    assert "\n".join(lines[5:]) == str(note)
    assert verify_receipt(text, keys=VKEYS, leaf=b"4").sound
    assert not verify_receipt(text, keys=VKEYS, leaf=b"3").sound


def test_no_altered_receipt_passes(ledger: Ledger) -> None:
    filled(ledger)
    stored = ledger.store.at(ledger.connection.cursor(), 77)
    text = receipt(stored, ledger.folder, ("class", "body"))
    ours = {k.name.encode(): k for k in KEYS}
    assert ours
    chance = random.Random(6962)
    head = text.index("— ")  # beyond it are signatures, of which unknown ones are passed over
    for _ in range(300):
        at = chance.randrange(head)
        broken = text[:at] + chr(ord(text[at]) ^ chance.choice([1, 2, 4, 8])) + text[at + 1 :]
        try:
            report = verify_receipt(broken, keys=VKEYS)
        except LedgerError:
            continue
        # Base64 of the extra data may change in ways that leave the JSON the same, or open less: never something else.
        assert not report.sound or (report.leaf == stored.entry.leaf and report.index == 77)
        assert report.opened.get("class", stored.entry.class_) == stored.entry.class_


def test_a_receipt_with_another_body_is_refused(ledger: Ledger) -> None:
    filled(ledger)
    stored = ledger.store.at(ledger.connection.cursor(), 3)
    text = receipt(stored, ledger.folder, ("class", "body"))
    extra = text.split("\n")[1][6:]
    told = json.loads(base64.b64decode(extra))
    for what in ("class", "body"):
        lie = {**told, what: base64.b64encode(b"act.harmless").decode()}
        forged = text.replace(extra, base64.b64encode(json.dumps(lie).encode()).decode())
        assert f"the {what} shown is not" in str(verify_receipt(forged, keys=VKEYS))


def test_a_receipt_carries_the_witnesses_who_saw_it(ledger: Ledger) -> None:
    filled(ledger)
    note = Note.parse(ledger.folder.checkpoint() or "")
    cosigned = str(note) + "".join(key.sign(note.text) for key in WITNESS_KEYS)
    ledger.folder.put_checkpoint(cosigned)
    text = receipt(ledger.store.at(ledger.connection.cursor(), 9), ledger.folder)
    policy = f"log {VKEYS[0]}\nwitness w {WITNESS_KEYS[1].verifier()}\nquorum w\n"
    assert verify_receipt(text, policy=policy).sound
    bare = text.replace(cosigned, str(note))
    assert "cosigned" in str(verify_receipt(bare, policy=policy))


def test_what_waits_has_no_receipt_yet(ledger: Ledger) -> None:
    id = ledger.append("act.release")
    cursor = ledger.connection.cursor()
    with pytest.raises(LedgerError, match="ask again later"):
        receipt(ledger.store.get(cursor, id), ledger.folder)
    ledger.seal()
    with pytest.raises(LedgerError, match="ask again later"):
        receipt(ledger.store.get(cursor, id), ledger.folder)
    ledger.release()
    assert verify_receipt(receipt(ledger.store.get(cursor, id), ledger.folder), keys=VKEYS).sound


def test_a_destroyed_body_cannot_be_shown_but_its_class_can(ledger: Ledger) -> None:
    id = ledger.append("act.disclose", b"whose data it was")
    ledger.epoch()
    with ledger.transaction() as cursor:
        ledger.store.destroy_body(cursor, id)
    stored = ledger.store.get(ledger.connection.cursor(), id)
    with pytest.raises(LedgerError, match="destroyed"):
        receipt(stored, ledger.folder, ("body",))
    assert verify_receipt(receipt(stored, ledger.folder, ("class",)), keys=VKEYS).opened == {"class": "act.disclose"}


@pytest.mark.parametrize("text", ["", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v1\nindex 01\n\nx", "hello"])
def test_a_malformed_receipt_is_refused(text: str) -> None:
    with pytest.raises(LedgerError, match="hint"):
        verify_receipt(text, keys=VKEYS)


def test_a_proof_longer_or_shorter_than_its_tree_is_refused() -> None:
    leaf = leaf_hash(b"x")
    for index, size, proof in ((0, 1, [leaf]), (0, 2, []), (0, 2, [leaf, leaf]), (2, 2, [leaf])):
        with pytest.raises(verifier.Wrong, match="hint"):
            verifier.root_of_path(leaf, index, size, proof)


# ------------------------------------------------------------------ an auditor's recount


DESTROYED = "ledger.destroyed"


def gone(ledger: Ledger) -> list[int]:
    """The places of what was destroyed."""
    held = ledger.store.entries(ledger.connection.cursor())
    return sorted(s.position for s in held if s.entry.body is None and s.position is not None)


def test_an_auditor_recounts_a_span_by_class(ledger: Ledger, tmp_path: Path) -> None:
    size = filled(ledger)
    for id in (1, 2, 3):
        with ledger.transaction() as cursor:
            ledger.store.destroy_body(cursor, id)
    cursor = ledger.connection.cursor()
    shown = list(open_span(ledger.store, cursor, 0, size, bodies=True))
    counted = verifier.recount(verifier.folder_reader(ledger.folder.path), shown)
    assert counted.sound
    assert counted.classes == {"act.0": 84, "act.1": 83, "act.2": 83, "cover": 320 - 250}
    assert counted.bodies == 320 - 3
    # What is destroyed is counted, and noted where no entry shown says so.
    assert counted.destroyed == 3
    assert len(counted.notes) == 3
    for place in gone(ledger)[:2]:
        ledger.append(DESTROYED, json.dumps({"entry": place}).encode())
    ledger.append(DESTROYED, b"[]")
    size = ledger.epoch().size
    again = list(open_span(ledger.store, cursor, 0, size, bodies=True))
    counted = verifier.recount(verifier.folder_reader(ledger.folder.path), again)
    assert (counted.destroyed, len(counted.notes)) == (3, 1)
    assert f"the body of entry {gone(ledger)[2]} is said to be destroyed" in str(counted)
    # The same with the one file.
    (tmp_path / "openings").write_text("".join(shown))
    alone = tmp_path / "verifier.py"
    shutil.copy(verifier.__file__, alone)
    command = [sys.executable, str(alone), str(ledger.folder.path), "--key", VKEYS[0], "--recount"]
    done = subprocess.run([*command, str(tmp_path / "openings")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "320 entries, number 0 to 319" in done.stdout


def test_a_recount_finds_what_is_left_out_counted_twice_or_renamed(ledger: Ledger) -> None:
    filled(ledger)
    read = verifier.folder_reader(ledger.folder.path)
    shown = list(open_span(ledger.store, ledger.connection.cursor(), 10, 60))
    assert verifier.recount(read, shown).sound
    assert "entry 30 is not opened" in str(verifier.recount(read, shown[:20] + shown[21:]))
    assert "opened twice" in str(verifier.recount(read, [*shown, shown[4]]))
    other = json.loads(shown[7])
    other["class"] = base64.b64encode(b"cover").decode() if base64.b64decode(other["class"]) != b"cover" else "eA=="
    assert "does not open" in str(verifier.recount(read, [*shown[:7], json.dumps(other), *shown[8:]]))
    moved = {**json.loads(shown[7]), "index": 18}
    assert "does not open" in str(verifier.recount(read, [*shown[:7], *shown[9:], json.dumps(moved)]))
    for line in ("{}", "no json", '{"index": 100000}'):
        with pytest.raises(verifier.Wrong, match="hint"):
            verifier.recount(read, [line])
    with pytest.raises(verifier.Wrong, match="nothing"):
        verifier.recount(read, [])


def test_a_leaf_lost_with_a_backup_stays_unopened_and_the_recount_says_so(ledger: Ledger) -> None:
    from demur.ledger.restore import lost_entry

    ledger.epoch()
    cursor = ledger.connection.cursor()
    leaf = ledger.store.at(cursor, 5).entry
    lost = lost_entry(leaf.leaf)
    cursor.execute(
        "UPDATE ledger_entry SET class = ?, class_salt = ?, body = NULL, body_salt = NULL WHERE position = 5",
        (lost.class_, lost.class_salt),
    )
    shown = list(open_span(ledger.store, cursor, 0, 64))
    assert "entry 5 does not open" in str(verifier.recount(verifier.folder_reader(ledger.folder.path), shown))
