"""Signed notes (c2sp.org/signed-note) and the three kinds of signature a ledger meets.

| type | what | signed |
|---|---|---|
| 0x01 | Ed25519, by the log | the note's text |
| 0x04 | Ed25519 cosignature, by a witness (c2sp.org/tlog-cosignature) | a time line and the text |
| 0x06 | ML-DSA-44 cosignature, by the log or a witness | origin, size, root, time and the signer's name |
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from .errors import LedgerError

ED25519 = 0x01
COSIGNATURE = 0x04
ML_DSA_44 = 0x06
PUBLIC_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
SIGNATURE_BYTES = {ED25519: 64, COSIGNATURE: 8 + 64, ML_DSA_44: 8 + 2420}
SEED_BYTES = 32
MAX_SIGNATURES = 100
MAX_NOTE_BYTES = 1_000_000


def key_id(name: str, type_: int, public: bytes) -> bytes:
    """The four bytes that name a key in a signature line."""
    return sha256(name.encode() + b"\n" + bytes([type_]) + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name: whose signature it is."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The key's id, four bytes."""
        return key_id(self.name, self.type, self.public)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read a vkey: `name+id+base64(type || public key)`. Raises LedgerError."""
        type_, name, material = _parse_key(text.strip(), "a verifier key")
        if len(material) != PUBLIC_BYTES[type_]:
            raise LedgerError(f"the key of {name} has the wrong length; hint: copy the whole line")
        key = cls(name, type_, material)
        if text.strip().split("+", 2)[1].lower() != key.id.hex():
            raise LedgerError(f"the key of {name} does not match its id; hint: copy the whole line again")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_b64(bytes([self.type]) + self.public)}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether `signature` (without the key id) is this key's over the note text."""
        if len(signature) != SIGNATURE_BYTES[self.type]:
            return False
        try:
            if self.type == ML_DSA_44:
                message = subtree_message(self.name, int.from_bytes(signature[:8], "big"), text)
                MLDSA44PublicKey.from_public_bytes(self.public).verify(signature[8:], message)
            else:
                key = Ed25519PublicKey.from_public_bytes(self.public)
                if self.type == COSIGNATURE:
                    stamp = int.from_bytes(signature[:8], "big")
                    key.verify(signature[8:], cosignature_message(stamp, text))
                else:
                    key.verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private key with its name. `seed` is the 32-byte seed of Ed25519 or ML-DSA-44."""

    name: str
    type: int
    seed: bytes

    @classmethod
    def generate(cls, name: str, type_: int = ED25519) -> SignerKey:
        """A fresh key. Raises LedgerError for a name that no note may carry."""
        check_name(name)
        private: Ed25519PrivateKey | MLDSA44PrivateKey
        private = MLDSA44PrivateKey.generate() if type_ == ML_DSA_44 else Ed25519PrivateKey.generate()
        return cls(name, type_, private.private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> SignerKey:
        """Read what `secret` wrote. Raises LedgerError."""
        prefix = "PRIVATE+KEY+"
        if not text.startswith(prefix):
            raise LedgerError("this is no signing key; hint: it begins with PRIVATE+KEY+")
        type_, name, seed = _parse_key(text.strip().removeprefix(prefix), "a signing key")
        if len(seed) != SEED_BYTES:
            raise LedgerError(f"the signing key of {name} has the wrong length; hint: copy the whole line")
        return cls(name, type_, seed)

    def secret(self) -> str:
        """The key as one line, in the form that Go's note package uses. Keep it secret."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier().id.hex()}+{_b64(bytes([self.type]) + self.seed)}"

    def __repr__(self) -> str:
        return f"SignerKey(name={self.name!r}, type={self.type})"

    def verifier(self) -> VerifierKey:
        """The public half."""
        if self.type == ML_DSA_44:
            public = MLDSA44PrivateKey.from_seed_bytes(self.seed).public_key().public_bytes_raw()
        else:
            public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, self.type, public)

    def sign(self, text: str, now: float | None = None) -> str:
        """A signature line over the note text. `now`, in POSIX seconds, stamps a cosignature."""
        stamp = int(time.time() if now is None else now)
        if self.type == ML_DSA_44:
            message = subtree_message(self.name, stamp, text)
            signature = stamp.to_bytes(8, "big") + MLDSA44PrivateKey.from_seed_bytes(self.seed).sign(message)
        else:
            key = Ed25519PrivateKey.from_private_bytes(self.seed)
            if self.type == COSIGNATURE:
                signature = stamp.to_bytes(8, "big") + key.sign(cosignature_message(stamp, text))
            else:
                signature = key.sign(text.encode())
        return f"— {self.name} {_b64(self.verifier().id + signature)}\n"


def kept_keys(path: Path, name: str, types: Sequence[int]) -> list[SignerKey]:
    """The signing keys in a file, a line each; made on first use, one of each type, under this name.

    The file is readable by its owner alone. Raises LedgerError where it cannot be read.
    """
    try:
        return [SignerKey.parse(line) for line in path.read_text("utf-8").splitlines()]
    except FileNotFoundError:
        made = [SignerKey.generate(name, type_) for type_ in types]
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Under another name first, then linked: never half a key, and of two that come at once one wins.
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("".join(key.secret() + "\n" for key in made))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
        return kept_keys(path, name, types)


def cosignature_message(stamp: int, text: str) -> bytes:
    """What an Ed25519 cosignature signs (tlog-cosignature, "Ed25519 signed message")."""
    return f"cosignature/v1\ntime {stamp}\n{text}".encode()


def subtree_message(cosigner: str, stamp: int, text: str) -> bytes:
    """What an ML-DSA-44 cosignature signs (tlog-cosignature, "ML-DSA-44 signed message"), from a checkpoint's text.

    Raises ValueError where the text is no checkpoint.
    """
    origin, size, root = text.split("\n")[:3]
    name, log = cosigner.encode(), origin.encode()
    if not 0 < len(name) < 256 or not 0 < len(log) < 256:
        raise ValueError("names have 1 to 255 bytes")
    return b"".join(
        (
            b"subtree/v1\n\x00",
            bytes([len(name)]) + name,
            stamp.to_bytes(8, "big"),
            bytes([len(log)]) + log,
            bytes(8),
            int(size).to_bytes(8, "big"),
            base64.b64decode(root, validate=True),
        )
    )


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: name, key id (four bytes), and the signature after it."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"— {self.name} {_b64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, with its final newline, and its signature lines."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: str | bytes) -> Note:
        """Split a note. Raises LedgerError where it is malformed; no signature is checked here."""
        if len(data) > MAX_NOTE_BYTES:
            raise LedgerError(f"a note of {len(data)} bytes; hint: at most {MAX_NOTE_BYTES}")
        try:
            whole = data if isinstance(data, str) else data.decode()
        except UnicodeDecodeError:
            raise LedgerError("the note is not UTF-8; hint: is this a checkpoint?") from None
        if any(ord(c) < 0x20 and c != "\n" for c in whole):
            raise LedgerError("the note has control characters; hint: is this a checkpoint?")
        text, blank, lines = whole.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise LedgerError("the note has no signatures; hint: a note is text, a blank line, and signature lines")
        return cls(text + "\n", parse_signatures(lines))

    def __str__(self) -> str:
        return self.text + "\n" + "".join(str(s) for s in self.signatures)

    def signed_by(self, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
        """The known keys that signed; signatures of others are passed over.

        Raises LedgerError where a known key's signature is false: then the whole note is rejected.
        """
        known = {(key.name, key.id): key for key in keys}
        found: list[VerifierKey] = []
        for line in self.signatures:
            key = known.get((line.name, line.key_id))
            if key is None or key in found:
                continue
            if not key.verifies(self.text, line.signature):
                raise LedgerError(f"the signature of {key.name} is false; hint: this text is not what it signed")
            found.append(key)
        return tuple(found)

    def with_signatures(self, lines: Sequence[Signature]) -> Note:
        """The note with more signatures, each key once; a later one of a key replaces its earlier one."""
        kept = {(s.name, s.key_id): s for s in (*self.signatures, *lines)}
        return Note(self.text, tuple(kept.values()))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Read signature lines, each ending in a newline. Raises LedgerError."""
    found = []
    for line in lines.removesuffix("\n").split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or not name_is_fit(parts[1]):
            raise LedgerError(f"no signature line: {line[:60]!r}; hint: it reads '— name base64'")
        blob = _unb64(parts[2], "a signature")
        if len(blob) < 5:
            raise LedgerError(f"the signature of {parts[1]} is too short; hint: copy the whole line")
        found.append(Signature(parts[1], blob[:4], blob[4:]))
    if len(found) > MAX_SIGNATURES:
        raise LedgerError(f"a note with {len(found)} signatures; hint: at most {MAX_SIGNATURES}")
    return tuple(found)


def signed(text: str, keys: Iterable[SignerKey], now: float | None = None) -> Note:
    """The text signed by these keys. Raises LedgerError for a text that no note may carry."""
    return Note.parse(text + "\n" + "".join(key.sign(text, now) for key in keys))


def name_is_fit(name: str) -> bool:
    """Whether a key may have this name: not empty, no white space, no plus sign."""
    return bool(name) and "+" not in name and not any(c.isspace() for c in name)


def check_name(name: str) -> None:
    """Raises LedgerError for a name that no key may have."""
    if not name_is_fit(name):
        raise LedgerError(f"{name!r} is no name for a key; hint: like example.com/log, without spaces or plus")


def _parse_key(text: str, what: str) -> tuple[int, str, bytes]:
    parts = text.split("+", 2)
    if len(parts) != 3 or not name_is_fit(parts[0]):
        raise LedgerError(f"this is not {what}: {text[:60]!r}; hint: it reads name+id+base64")
    material = _unb64(parts[2], what)
    if not material or material[0] not in PUBLIC_BYTES:
        raise LedgerError(f"{what} of {parts[0]} has an unknown type; hint: Ed25519, cosignature/v1 or ML-DSA-44")
    return material[0], parts[0], material[1:]


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unb64(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise LedgerError(f"{what} is not base64; hint: copy the whole line") from None
