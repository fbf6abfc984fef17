"""A witness (c2sp.org/tlog-witness): it cosigns a log's checkpoint only if the log did nothing but grow.

A customer, a regulator or an association runs one. It keeps, for each log it knows, the last checkpoint it
cosigned, and nothing else. Before it answers, the new one is on the disk; checking the old and keeping the new is
one step under a lock, so that no two requests can both win.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .checkpoint import Checkpoint
from .errors import LedgerError
from .folder import write_durably
from .note import COSIGNATURE, ED25519, ML_DSA_44, Note, SignerKey, VerifierKey, kept_keys
from .tree import EMPTY_ROOT, verify_consistency

MAX_PROOF_LINES = 63
MAX_BODY_BYTES = 1 << 18
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the witness says to one request."""

    status: int
    body: str
    type: str = PLAIN


class Witness:
    """Cosigns checkpoints of the logs it was given keys of. `state` is a folder that is its own.

    `keys` are of the cosignature types (Ed25519 0x04, ML-DSA-44 0x06). Raises LedgerError for other keys.
    """

    def __init__(self, state: Path | str, keys: Sequence[SignerKey], logs: Sequence[VerifierKey]) -> None:
        if not keys or any(key.type not in (COSIGNATURE, ML_DSA_44) for key in keys):
            raise LedgerError("a witness signs cosignatures; hint: make its key with type 0x04 or 0x06")
        if any(log.type not in (ED25519, ML_DSA_44) for log in logs):
            raise LedgerError("a log's key is of a type no log signs with; hint: Ed25519 or ML-DSA-44")
        self._state = Path(state)
        self._keys = tuple(keys)
        self._logs: Mapping[str, list[VerifierKey]] = {
            log.name: [k for k in logs if k.name == log.name] for log in logs
        }
        self._held = threading.Lock()

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer one `add-checkpoint` request (tlog-witness, "add-checkpoint"), checks in the order of the text."""
        try:
            old, proof, note, checkpoint = _read(body)
        except LedgerError as error:
            return _no(400, str(error))
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            return _no(404, f"no log {checkpoint.origin}; hint: ask the witness to take its key")
        try:
            signed = note.signed_by(keys)
        except LedgerError as error:
            return _no(403, str(error))
        if not signed:
            return _no(403, f"no known key of {checkpoint.origin} signed this; hint: was the log's key changed?")
        if old > checkpoint.size:
            return _no(400, f"the old size {old} is above {checkpoint.size}; hint: a log only grows")
        with self._locked(checkpoint.origin) as path:
            last = _last(path, checkpoint.origin)
            if old != last.size:
                return Answer(409, f"{last.size}\n", "text/x.tlog.size")
            if old == checkpoint.size and last.root != checkpoint.root:
                return _no(409, f"another root of {old} leaves was cosigned before; hint: the log was forked")
            # A proof from the empty tree is empty; so is one of a tree to itself.
            if not verify_consistency(old, checkpoint.size, proof, last.root, checkpoint.root):
                return _no(422, f"the proof does not lead from {old} to {checkpoint.size} leaves; hint: a fork?")
            if checkpoint != last:
                write_durably(path, str(note).encode())
            return Answer(200, "".join(key.sign(checkpoint.text) for key in self._keys))

    @contextmanager
    def _locked(self, origin: str) -> Iterator[Path]:
        path = self._state / sha256(origin.encode()).hexdigest()
        self._state.mkdir(parents=True, exist_ok=True)
        with self._held, path.with_suffix(".held").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield path


def _last(path: Path, origin: str) -> Checkpoint:
    try:
        return Checkpoint.parse(Note.parse(path.read_bytes()).text)
    except FileNotFoundError:
        return Checkpoint(origin, 0, EMPTY_ROOT)


def _read(body: bytes) -> tuple[int, list[bytes], Note, Checkpoint]:
    try:
        head, _, rest = body.decode().partition("\n\n")
        first, *lines = head.split("\n")
        word, _, size = first.partition(" ")
        if word != "old" or not size.isascii() or not size.isdigit() or str(int(size)) != size:
            raise ValueError
        proof = [base64.b64decode(line, validate=True) for line in lines]
        if len(proof) > MAX_PROOF_LINES or any(len(piece) != 32 for piece in proof):
            raise ValueError
    except (ValueError, binascii.Error):
        raise LedgerError("the request cannot be read; hint: old size, proof lines, a blank line, checkpoint") from None
    note = Note.parse(rest)
    return int(size), proof, note, Checkpoint.parse(note.text)


def _no(status: int, why: str) -> Answer:
    return Answer(status, f"{why}\n")


def witness_server(witness: Witness, port: int = 0, host: str = "127.0.0.1") -> ThreadingHTTPServer:
    """A server for this witness, not yet running; `port` 0 takes a free one. Put a TLS proxy before it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > MAX_BODY_BYTES:
                self.close_connection = True
                self._say(_no(400, "the request has no length, or is too long; hint: at most 256 KiB"))
                return
            body = self.rfile.read(int(length))
            if not self.path.endswith("/add-checkpoint"):
                self._say(_no(404, "no such address; hint: POST to /add-checkpoint"))
                return
            try:
                answer = witness.add_checkpoint(body)
            except OSError as error:
                answer = _no(503, f"the checkpoint could not be kept: {error.strerror}; hint: try again later")
            self._say(answer)

        def do_GET(self) -> None:
            self._say(_no(404, "a witness has nothing to read; hint: POST to /add-checkpoint"))

        def _say(self, answer: Answer) -> None:
            data = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass  # Who asks what is nobody's business; failures are in the answer.

    return ThreadingHTTPServer((host, port), Handler)


def run(folder: Path, logs: str, *, name: str, port: int) -> None:
    """Serve a witness on 127.0.0.1 until it is stopped; `folder` is its own, `logs` holds a verifier key a line.

    It prints the lines that a policy names it with. Raises LedgerError where a key or the port cannot be used.
    """
    lines = [line for line in logs.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise LedgerError("no log to witness; hint: a file of verifier keys, as a ledger publishes it under `keys`")
    keys = kept_keys(folder / "keys", name, (COSIGNATURE, ML_DSA_44))
    witness = Witness(folder / "seen", keys, [VerifierKey.parse(line) for line in lines])
    try:
        server = witness_server(witness, port)
    except OSError as error:
        raise LedgerError(f"port {port} cannot be used: {error.strerror}; hint: choose another with --port") from None
    address = f"http://127.0.0.1:{server.server_port}"
    for label, key in zip(("ed25519", "ml-dsa-44"), keys, strict=True):
        print(f"witness {label} {key.verifier()} {address}")
    print("group both all ed25519 ml-dsa-44\nquorum both", flush=True)
    with server:
        server.serve_forever()
