"""Asking witnesses to cosign a checkpoint (c2sp.org/tlog-witness, client side), until the quorum is met."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .checkpoint import Checkpoint
from .errors import BehindError, ForkError, LedgerError
from .folder import TileFolder
from .note import MAX_NOTE_BYTES, Note, Signature, VerifierKey, parse_signatures
from .tiles import TileNodes
from .tree import consistency_proof
from .verifier import Policy, Wrong, read_head, read_policy

SIZE_TYPE = "text/x.tlog.size"


class _Straight(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """A redirect is an error: only the address that was given is asked."""


_OPENER = urllib.request.build_opener(_Straight)


@dataclass(frozen=True, slots=True)
class WitnessAt:
    """A witness: where it takes submissions, and its keys."""

    url: str
    keys: tuple[VerifierKey, ...]

    def cosign(self, note: Note, folder: TileFolder, timeout: float = 10) -> list[Signature]:
        """Its cosignatures of the checkpoint. The folder holds the tree that the proof is read from.

        Raises BehindError where the witness has seen more of this log than we know: a backup was restored, or
        another process signs; ForkError where it has seen another tree; LedgerError where it does not answer or
        refuses.
        """
        checkpoint = Checkpoint.parse(note.text)
        nodes = TileNodes(folder, checkpoint.size)
        old = 0
        for _ in range(3):  # the first answer tells the size; a second conflict means that another asked meanwhile
            proof = consistency_proof(old, checkpoint.size, nodes)
            lines = [f"old {old}", *(base64.b64encode(piece).decode() for piece in proof), "", str(note)]
            status, type_, body = _post(f"{self.url.rstrip('/')}/add-checkpoint", "\n".join(lines).encode(), timeout)
            if status == 200:
                return self._valid(note, body)
            if status == 422 or (status == 409 and type_ != SIZE_TYPE):
                raise ForkError(f"the witness {self.url} saw another tree of this log: {body.strip()[:200]}")
            if status != 409 or not body.strip().isdigit():
                raise LedgerError(f"the witness {self.url} answers {status}: {body.strip()[:200]}")
            old = int(body)
            if old > checkpoint.size:
                raise BehindError(
                    f"the witness {self.url} has cosigned {old} leaves, we know {checkpoint.size}: "
                    "an older backup was restored; hint: restore a newer one"
                )
        raise LedgerError(f"the witness {self.url} keeps moving; hint: does another process publish this log?")

    def _valid(self, note: Note, lines: str) -> list[Signature]:
        known = {(key.name, key.id): key for key in self.keys}
        found = []
        for line in parse_signatures(lines):
            key = known.get((line.name, line.key_id))
            if key is not None and key.verifies(note.text, line.signature):
                found.append(line)
        if not found:
            raise LedgerError(f"the witness {self.url} signed with no key of its own; hint: was its key changed?")
        return found


@dataclass(frozen=True, slots=True)
class Cosigner:
    """What `release` takes to ask witnesses, all at once; by the `policy` its quorum must be met before one is out."""

    witnesses: tuple[WitnessAt, ...]
    policy: Policy | None = None
    timeout: float = 10

    def __call__(self, note: Note, folder: TileFolder) -> Note:
        """The checkpoint with the cosignatures that were had. Raises LedgerError where the quorum is not met."""

        def ask(witness: WitnessAt) -> list[Signature] | LedgerError:
            try:
                return witness.cosign(note, folder, self.timeout)
            except LedgerError as error:
                return error

        with ThreadPoolExecutor(max(1, len(self.witnesses))) as pool:
            answers = list(pool.map(ask, self.witnesses))
        for answer in answers:
            if isinstance(answer, BehindError | ForkError):
                raise answer
        had = [line for answer in answers if isinstance(answer, list) for line in answer]
        cosigned = note.with_signatures(had)
        if self.policy is not None:
            head = read_head(str(cosigned).encode())
            if not self.policy.met(head.signers(self.policy.keys())):
                said = "; ".join(str(answer) for answer in answers if isinstance(answer, LedgerError))
                raise LedgerError(
                    f"the quorum {self.policy.quorum} is not met: {said}; hint: the checkpoint is published "
                    "when the witnesses answer again, acts go on meanwhile"
                )
        return cosigned


def cosigner(policy: str) -> Cosigner:
    """Whom to ask, from the text of a policy file: its witness lines that end in an address (c2sp.org/tlog-policy).

    The same file can be handed to whoever checks the log. Raises LedgerError where it cannot be read, or where no
    witness has an address.
    """
    try:
        rules = read_policy(policy)
    except Wrong as error:
        raise LedgerError(str(error)) from None
    keys: dict[str, list[VerifierKey]] = {}
    for words in map(str.split, policy.splitlines()):
        if words[:1] == ["witness"] and len(words) == 4:
            keys.setdefault(_address(words[3]), []).append(VerifierKey.parse(words[2]))
    if not keys:
        raise LedgerError("no witness of the policy has an address; hint: witness NAME KEY https://witness.example")
    return Cosigner(tuple(WitnessAt(url, tuple(own)) for url, own in keys.items()), rules)


def _address(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise LedgerError(f"{url} is no address of a witness; hint: it begins with https://")
    return url


def _post(url: str, body: bytes, timeout: float) -> tuple[int, str, str]:
    request = urllib.request.Request(_address(url), body, {"Content-Type": "text/plain; charset=utf-8"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.headers.get("Content-Type", ""), answer.read(MAX_NOTE_BYTES).decode()
    except urllib.error.HTTPError as error:
        with error:
            return (
                error.code,
                error.headers.get("Content-Type", ""),
                error.read(MAX_NOTE_BYTES).decode(errors="replace"),
            )
    except (OSError, ValueError) as error:
        raise LedgerError(f"the witness {url} cannot be reached: {error}; hint: check its address") from None
