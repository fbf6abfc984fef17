"""Signed notes as everybody else signs them (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature)."""

from __future__ import annotations

import base64
import contextlib
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given
from hypothesis import strategies as st

from demur.ledger import COSIGNATURE, ED25519, ML_DSA_44, Checkpoint, LedgerError, Note, SignerKey, VerifierKey
from demur.ledger import verifier as stranger
from demur.ledger.note import parse_signatures, signed, subtree_message

# The worked example of Go's golang.org/x/mod/sumdb/note, the reference implementation.
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)  # fmt: skip
GO_NOTE = (
    GO_TEXT + "\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# The example of c2sp.org/tlog-cosignature.
SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501
TYPES = (ED25519, COSIGNATURE, ML_DSA_44)


def test_it_signs_and_reads_the_reference_note_byte_for_byte() -> None:
    key = SignerKey.parse(GO_SECRET)
    assert key.secret() == GO_SECRET
    assert str(key.verifier()) == GO_PUBLIC
    assert str(signed(GO_TEXT, [key])) == GO_NOTE
    assert Note.parse(GO_NOTE).signed_by([VerifierKey.parse(GO_PUBLIC)]) == (key.verifier(),)
    assert stranger.read_key(GO_PUBLIC).signed(GO_TEXT, base64.b64decode(GO_NOTE.split(" ")[-1])[4:])


def test_it_reads_the_example_of_the_specification() -> None:
    note = Note.parse(SOFA)
    assert str(note) == SOFA
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == note.text
    assert struct.unpack(">Q", note.signatures[1].signature[:8]) == (1679315147,)
    assert stranger.read_head(SOFA.encode()).size == 20852163


@pytest.mark.parametrize("type_", TYPES)
def test_every_kind_of_key_survives_being_written_down(type_: int) -> None:
    key = SignerKey.generate("example.com/log", type_)
    assert SignerKey.parse(key.secret()) == key
    assert VerifierKey.parse(str(key.verifier())) == key.verifier()
    assert str(stranger.read_key(str(key.verifier()))) == str(key.verifier())
    assert base64.b64encode(key.seed).decode() not in repr(key)


@pytest.mark.parametrize("type_", TYPES)
def test_a_signature_holds_for_its_text_its_key_and_its_name_only(type_: int) -> None:
    key, other = SignerKey.generate("example.com/log", type_), SignerKey.generate("example.com/log", type_)
    checkpoint = Checkpoint("example.com/log", 7, b"r" * 32)
    line = checkpoint.sign([key], 1_700_000_000.9).signatures[0]
    public = key.verifier()
    assert public.verifies(checkpoint.text, line.signature)
    assert stranger.read_key(str(public)).signed(checkpoint.text, line.signature)
    for text in (
        Checkpoint("example.com/log", 8, b"r" * 32).text,
        Checkpoint("example.com/log", 7, b"s" * 32).text,
        Checkpoint("example.com/lag", 7, b"r" * 32).text,
    ):
        assert not public.verifies(text, line.signature)
        assert not stranger.read_key(str(public)).signed(text, line.signature)
    assert not other.verifier().verifies(checkpoint.text, line.signature)
    for at in (0, 7, 8, 40, len(line.signature) - 1):
        broken = bytearray(line.signature)
        broken[at] ^= 1
        assert not public.verifies(checkpoint.text, bytes(broken))
        assert not stranger.read_key(str(public)).signed(checkpoint.text, bytes(broken))
    assert not public.verifies(checkpoint.text, line.signature[:-1])


def test_the_ml_dsa_message_is_the_structure_of_the_specification() -> None:
    checkpoint = Checkpoint("example.com/log", 1234, bytes(range(32)))
    expected = (
        b"subtree/v1\n\0"
        + struct.pack(">B18s", 18, b"witness.example/w1")
        + struct.pack(">Q", 1679315147)
        + struct.pack(">B15s", 15, b"example.com/log")
        + struct.pack(">QQ", 0, 1234)
        + bytes(range(32))
    )
    assert subtree_message("witness.example/w1", 1679315147, checkpoint.text) == expected
    key = SignerKey.generate("witness.example/w1", ML_DSA_44)
    line = checkpoint.sign([key], 1679315147).signatures[0]
    assert line.signature[:8] == struct.pack(">Q", 1679315147)
    # FIPS 204, pure, with the empty context, over exactly these bytes.
    MLDSA44PublicKey.from_public_bytes(key.verifier().public).verify(line.signature[8:], expected)


def test_signatures_of_strangers_are_passed_over_but_a_false_one_of_a_known_key_rejects_the_note() -> None:
    ours, theirs = SignerKey.generate("a.example"), SignerKey.generate("b.example")
    note = signed("text\n", [ours, theirs])
    assert note.signed_by([ours.verifier()]) == (ours.verifier(),)
    assert note.signed_by([]) == ()
    forged = Note("other\n", note.signatures)
    with pytest.raises(LedgerError, match=r"a\.example is false"):
        forged.signed_by([ours.verifier()])
    same_name = SignerKey.generate("a.example").verifier()
    assert note.signed_by([same_name]) == ()


@pytest.mark.parametrize(
    "broken",
    [
        "no signature\n",
        "text\n\n",
        "text\n\n— a.example\n",
        "text\n\n- a.example AAAAAAA=\n",
        "text\n\n— a.example AAAA\n",
        "text\n\n— a.example !!!!\n",
        "text\n\n— a+b AAAAAAAA\n",
        "text\n\n— a.example AAAAAAAA",
        "te\txt\n\n— a.example AAAAAAAA\n",
        b"\xff\n\n\xe2\x80\x94 a.example AAAAAAAA\n",
        "text\n\n" + "— a.example AAAAAAAA\n" * 101,
    ],
)
def test_a_malformed_note_is_refused_with_a_hint(broken: str | bytes) -> None:
    with pytest.raises(LedgerError, match="hint"):
        Note.parse(broken)


def test_a_text_with_blank_lines_ends_at_the_last_one() -> None:
    key = SignerKey.generate("a.example")
    note = signed("one\n\ntwo\n", [key])
    assert Note.parse(str(note)).text == "one\n\ntwo\n"


@pytest.mark.parametrize(
    "text", ["", "a\n", "a\n1\n", "a\n01\nx\n", "a\n-1\nx\n", "a\n1\nAAAA\n", "a\n1\n!\n", "\n1\n" + "A" * 43 + "=\n"]
)
def test_a_malformed_checkpoint_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(LedgerError, match="hint"):
        Checkpoint.parse(text)
    with pytest.raises(stranger.Wrong, match="hint"):
        stranger.read_head(f"{text}\n— a.example AAAAAAAA\n".encode())


@pytest.mark.parametrize(
    "text", ["", "a", "a+b", "a b+00000000+AAAA", "a+00000000+AA==", "a+00000000+!!", GO_PUBLIC[:-4]]
)
def test_a_malformed_key_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(LedgerError, match="hint"):
        VerifierKey.parse(text)
    with pytest.raises(stranger.Wrong, match="hint"):
        stranger.read_key(text)


def test_a_key_under_another_name_is_refused() -> None:
    with pytest.raises(LedgerError, match="does not match its id"):
        VerifierKey.parse(GO_PUBLIC.replace("PeterNeumann", "PaulNeumann"))


def test_a_later_cosignature_of_a_key_replaces_the_earlier_one() -> None:
    key = SignerKey.generate("w.example", COSIGNATURE)
    checkpoint = Checkpoint("example.com/log", 7, b"r" * 32)
    first, second = (checkpoint.sign([key], now).signatures for now in (1, 2))
    note = Note(checkpoint.text, first).with_signatures(second)
    assert note.signatures == second


@given(st.binary(max_size=300))
def test_no_bytes_make_a_reader_crash(data: bytes) -> None:
    with contextlib.suppress(LedgerError):
        Note.parse(data)
    with contextlib.suppress(stranger.Wrong):
        stranger.read_head(data)
    with contextlib.suppress(LedgerError):
        parse_signatures(data.decode("latin-1"))
