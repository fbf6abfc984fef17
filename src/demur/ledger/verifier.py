"""Checks a public ledger, or a receipt from it. One file: it needs Python 3.11 and `cryptography`, nothing else.

    python verifier.py DIR-or-URL [--key VKEY ...] [--policy FILE]
    python verifier.py DIR-or-URL --recount OPENINGS [--key VKEY ...]
    python verifier.py RECEIPT.tlog-proof [--key VKEY ...] [--policy FILE] [--leaf HEX]

It shares no code with the program that writes the ledger, so that a mistake in the one is found by the other. It
reads the formats of C2SP (tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature, tlog-proof, tlog-policy) and
the hashing of RFC 6962, section 2.1. Take the keys from somewhere else than the ledger itself: a newspaper, a
contract, another reader. Exit codes: 0 sound, 1 not sound, 2 the question was wrong.
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

try:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
except ImportError:  # an older cryptography: Ed25519 alone is checked then, and the report says so
    MLDSA44PublicKey = None  # type: ignore[assignment, misc]

NOTE, WITNESS, POST_QUANTUM = 1, 4, 6
LEAF_BYTES = 65
WIDTH = 256
PROOF_HEADER = "c2sp.org/tlog-proof@v1"


class Wrong(ValueError):
    """What was given cannot be read; the message ends with a hint."""


# ------------------------------------------------------------------ keys and signed notes


@dataclass(frozen=True)
class Key:
    """A verifier key: name+id+base64(type || public key)."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.type]) + self.public).decode()}"

    def signed(self, text: str, signature: bytes) -> bool:
        """Whether the signature, without its key id, is this key's over the note text."""
        try:
            if self.type == NOTE:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
                return True
            stamp, signature = signature[:8], signature[8:]
            time = int.from_bytes(stamp, "big")
            if self.type == WITNESS:
                message = f"cosignature/v1\ntime {time}\n{text}".encode()
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            else:
                origin, size, root = text.split("\n")[:3]
                message = b"subtree/v1\n\0" + _short(self.name) + stamp + _short(origin) + bytes(8)
                message += int(size).to_bytes(8, "big") + base64.b64decode(root)
                MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError, OverflowError):
            return False
        return True


def _short(text: str) -> bytes:
    data = text.encode()
    return bytes([len(data)]) + data


def read_key(line: str) -> Key:
    """Read a vkey. Raises Wrong."""
    try:
        name, id, material = line.strip().split("+", 2)
        data = base64.b64decode(material, validate=True)
        key = Key(name, data[0], data[1:])
    except (ValueError, IndexError):
        raise Wrong(f"no verifier key: {line[:60]!r}; hint: it reads name+id+base64") from None
    if key.type not in (NOTE, WITNESS, POST_QUANTUM) or len(key.public) != (1312 if key.type == POST_QUANTUM else 32):
        raise Wrong(f"the key of {name} is of an unknown type; hint: Ed25519, cosignature/v1 or ML-DSA-44")
    if id.lower() != key.id.hex():
        raise Wrong(f"the key of {name} does not match its id; hint: copy the whole line again")
    return key


@dataclass(frozen=True)
class Head:
    """A checkpoint: the note's text, what it says, and its signature lines as (name, key id, signature)."""

    text: str
    origin: str
    size: int
    root: bytes
    lines: tuple[tuple[str, bytes, bytes], ...]

    def signers(self, keys: Iterable[Key]) -> list[Key]:
        """The keys, of those known, that signed. Raises Wrong where a known key's signature is false."""
        known = {(key.name, key.id): key for key in keys}
        found = []
        for name, id, signature in self.lines:
            key = known.get((name, id))
            if key is None or (key.type == POST_QUANTUM and MLDSA44PublicKey is None):
                continue
            if not key.signed(self.text, signature):
                raise Wrong(f"the signature of {name} is false; hint: this checkpoint is not what {name} signed")
            if key not in found:
                found.append(key)
        return found


def read_head(data: bytes) -> Head:
    """Read a signed checkpoint. Raises Wrong."""
    try:
        text, blank, signatures = data.decode().rpartition("\n\n")
        if not blank or not signatures.endswith("\n"):
            raise ValueError
        text += "\n"
        origin, size, root = text.split("\n")[:3]
        digest = base64.b64decode(root, validate=True)
        if not origin or len(digest) != 32 or str(int(size)) != size or int(size) < 0:
            raise ValueError
        lines = []
        for line in signatures[:-1].split("\n"):
            dash, name, blob = line.split(" ")
            raw = base64.b64decode(blob, validate=True)
            if dash != "\u2014" or not name or len(raw) < 5:
                raise ValueError
            lines.append((name, raw[:4], raw[4:]))
        return Head(text, origin, int(size), digest, tuple(lines))
    except (ValueError, binascii.Error):
        raise Wrong("this is no signed checkpoint; hint: origin, size, root, a blank line, signatures") from None


# ------------------------------------------------------------------ policy (c2sp.org/tlog-policy)


@dataclass(frozen=True)
class Policy:
    """Which logs are accepted, and how many of which witnesses must have cosigned."""

    logs: tuple[Key, ...] = ()
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = "none"

    def keys(self) -> list[Key]:
        return [*self.logs, *self.witnesses.values()]

    def met(self, signers: Iterable[Key]) -> bool:
        """Whether these signers make the quorum."""
        have = set(signers)

        def stands(name: str) -> bool:
            if name in self.witnesses:
                return self.witnesses[name] in have
            needed, members = self.groups[name]
            return sum(stands(member) for member in members) >= needed

        return self.quorum == "none" or stands(self.quorum)


def read_policy(text: str) -> Policy:
    """Read a policy file. Raises Wrong naming the line."""
    logs: list[Key] = []
    witnesses: dict[str, Key] = {}
    groups: dict[str, tuple[int, tuple[str, ...]]] = {}
    quorum: str | None = None
    seen: set[bytes] = set()
    members_so_far: set[str] = set()

    def new(key: Key) -> Key:
        if key.public in seen:
            raise Wrong(f"the key of {key.name} stands twice; hint: list each key once")
        seen.add(key.public)
        return key

    for number, line in enumerate(text.split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        try:
            match words:
                case []:
                    pass
                case [first, *_] if first.startswith("#"):
                    pass
                case ["log", key] | ["log", key, _]:
                    logs.append(new(read_key(key)))
                case ["witness", name, key] | ["witness", name, key, _]:
                    _fresh(name, witnesses, groups)
                    witnesses[name] = new(read_key(key))
                case ["group", name, count, *members] if members:
                    _fresh(name, witnesses, groups)
                    for member in members:
                        if member not in witnesses and member not in groups:
                            raise Wrong(f"{member} is not defined above; hint: define witnesses and groups first")
                        if member in members_so_far:
                            raise Wrong(f"{member} is a member twice; hint: a name belongs to one group")
                        members_so_far.add(member)
                    needed = {"all": len(members), "any": 1}.get(count) or (int(count) if count.isdigit() else 0)
                    if not 1 <= needed <= len(members):
                        raise Wrong(f"a group of {len(members)} cannot need {count}; hint: all, any, or a number")
                    groups[name] = (needed, tuple(members))
                case ["quorum", name]:
                    if quorum is not None:
                        raise Wrong("a second quorum; hint: give exactly one")
                    if name != "none" and name not in witnesses and name not in groups:
                        raise Wrong(f"{name} is not defined above; hint: define witnesses and groups first")
                    quorum = name
                case _:
                    raise Wrong(f"cannot be read: {line[:60]!r}; hint: log, witness, group or quorum")
        except Wrong as error:
            raise Wrong(f"policy line {number}: {error}") from None
    if quorum is None:
        raise Wrong("the policy has no quorum; hint: add a line such as quorum none")
    return Policy(tuple(logs), witnesses, groups, quorum)


def _fresh(name: str, *taken: dict[str, object] | dict[str, Key] | dict[str, tuple[int, tuple[str, ...]]]) -> None:
    if name == "none" or any(name in names for names in taken):
        raise Wrong(f"the name {name} is taken; hint: witnesses and groups share one set of names")


# ------------------------------------------------------------------ the tree (RFC 6962, 2.1)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows leaf by leaf, in little memory: the roots of its complete subtrees, and its open tiles."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[tuple[int, bytes]] = []  # (height, root), tallest first
        self.tiles: list[bytes] = [b""]  # per tile level, the hashes of the tile that is being filled

    def take(self, leaves: Sequence[bytes]) -> None:
        """Add leaves; no more than fit into the open tile of level 0."""
        hashes = [sha256(b"\0" + leaf).digest() for leaf in leaves]
        if len(self.tiles[0]) == WIDTH * 32:
            self.tiles[0] = b""
        self.tiles[0] += b"".join(hashes)
        at = 0
        while at < len(hashes):
            # The largest complete subtree that begins here.
            height = min((len(hashes) - at).bit_length(), ((self.size | 256) & -(self.size | 256)).bit_length()) - 1
            row = b"".join(hashes[at : at + (1 << height)])
            for _ in range(height):
                row = b"".join([sha256(b"\1" + row[i : i + 64]).digest() for i in range(0, len(row), 64)])
            at += 1 << height
            self.size += 1 << height
            self._put(height, row)

    def _put(self, height: int, root: bytes) -> None:
        while True:
            if height and height % 8 == 0:
                level = height // 8
                if level == len(self.tiles):
                    self.tiles.append(b"")
                if len(self.tiles[level]) == WIDTH * 32:
                    self.tiles[level] = b""
                self.tiles[level] += root
            if not self.edge or self.edge[-1][0] != height:
                break
            root = node(self.edge.pop()[1], root)
            height += 1
        self.edge.append((height, root))

    def root(self) -> bytes:
        """MTH of all leaves so far."""
        if not self.edge:
            return sha256(b"").digest()
        result = self.edge[-1][1]
        for _, left in reversed(self.edge[:-1]):
            result = node(left, result)
        return result


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to, straight from the definition of PATH. Raises Wrong."""
    if not 0 <= index < size:
        raise Wrong(f"no entry {index} in a tree of {size}; hint: this receipt is not of this checkpoint")
    if size == 1:
        if path:
            raise Wrong("the proof is too long; hint: this receipt was altered")
        return leaf
    if not path:
        raise Wrong("the proof is too short; hint: this receipt was altered")
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return node(root_of_path(leaf, index, split, path[:-1]), path[-1])
    return node(path[-1], root_of_path(leaf, index - split, size - split, path[:-1]))


# ------------------------------------------------------------------ a whole ledger


@dataclass
class VerifyReport:
    """What was checked and what is wrong; `str` tells it in plain words."""

    place: str
    origin: str = ""
    size: int = 0
    root: str = ""
    checkpoints: int = 0
    signers: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def __str__(self) -> str:
        name = self.origin or self.place
        if not self.sound:
            lines = [f"the ledger {name} is not sound:", *(f"  {p}" for p in self.problems)]
        else:
            lines = [
                f"the ledger {name} is sound: {self.size} entries, {self.checkpoints} checkpoints, each a continuation",
                f"  root       {self.root}",
                f"  signed by  {', '.join(self.signers)}",
            ]
        return "\n".join([*lines, *(f"  note: {remark}" for remark in self.remarks)])


Reader = Callable[[str], bytes | None]
"""Gives the data at a path of the ledger, None where there is nothing."""


def folder_reader(path: Path) -> Reader:
    """Reads a ledger from a folder."""

    def read(name: str) -> bytes | None:
        try:
            return (path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    return read


def url_reader(prefix: str) -> Reader:
    """Reads a ledger from the address given, and from nowhere else: no redirect is followed."""
    import urllib.error
    import urllib.request

    class Straight(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            """A redirect is an error."""

    opener = urllib.request.build_opener(Straight)

    def read(name: str) -> bytes | None:
        address = prefix.rstrip("/") + "/" + name
        try:
            with opener.open(address, timeout=30) as answer:
                return bytes(answer.read(1 << 26))
        except urllib.error.HTTPError as error:
            if error.code in (403, 404, 410):
                return None
            raise Wrong(f"{address} answers {error.code}; hint: try again later") from None
        except OSError as error:
            raise Wrong(f"{address} cannot be reached: {error}; hint: check the address") from None

    return read


def reader_of(place: str) -> Reader:
    """The reader for a folder or an http(s) address. Raises Wrong where there is neither."""
    if place.startswith(("http://", "https://")):
        return url_reader(place)
    if not Path(place).is_dir():
        raise Wrong(f"{place} is no folder; hint: give the ledger's folder or its address")
    return folder_reader(Path(place))


def number_path(number: int) -> str:
    """1234067 is x001/x234/067 (tlog-tiles)."""
    digits = f"{number:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def verify_ledger(read: Reader, place: str, keys: Sequence[Key] = (), policy: Policy | None = None) -> VerifyReport:
    """Check everything a ledger publishes, from its entries up.

    Every entry has the one length; the entries give every tile and every root; every checkpoint ever published is
    signed by the log and is a continuation of the one before; within an epoch the leaves stand in their own order;
    none stands twice; and the policy's witnesses have cosigned. Raises Wrong only where `read` cannot answer.
    """
    report = VerifyReport(place)
    latest = read("checkpoint")
    if latest is None:
        report.problems.append("there is no checkpoint; hint: is this the folder that is published?")
        return report
    try:
        head = read_head(latest)
    except Wrong as error:
        report.problems.append(f"checkpoint: {error}")
        return report
    report.origin, report.size, report.root = head.origin, head.size, base64.b64encode(head.root).decode()
    trusted = _trusted(read, keys, policy, report)
    report.signers = [_said(key) for key in _signers(head, trusted, "checkpoint", report)]
    if policy is not None:
        _quorum(head, policy, report)
    _walk(read, head, trusted, report)
    return report


def _trusted(read: Reader, keys: Sequence[Key], policy: Policy | None, report: VerifyReport) -> list[Key]:
    trusted = [*keys, *(policy.keys() if policy else ())]
    if not trusted:
        for line in (read("keys") or b"").decode(errors="replace").splitlines():
            try:
                trusted.append(read_key(line))
            except Wrong as error:
                report.problems.append(f"keys: {error}")
        if trusted:
            report.remarks.append(
                "the keys were taken from the ledger itself, so this shows that it agrees with itself; "
                "hint: give a key that you had from elsewhere with --key"
            )
    if MLDSA44PublicKey is None and any(key.type == POST_QUANTUM for key in trusted):
        report.remarks.append("ML-DSA-44 signatures were not checked; hint: install cryptography 47 or later")
    return trusted


def _said(key: Key) -> str:
    return f"{key.name} ({ {NOTE: 'Ed25519', WITNESS: 'Ed25519 witness', POST_QUANTUM: 'ML-DSA-44'}[key.type] })"


def _signers(head: Head, trusted: Sequence[Key], where: str, report: VerifyReport) -> list[Key]:
    try:
        found = head.signers(trusted)
    except Wrong as error:
        report.problems.append(f"{where}: {error}")
        return []
    if not any(key.name == head.origin for key in found):
        report.problems.append(
            f"{where}: no known key of {head.origin} signed it; hint: give the log's own key with --key"
        )
    return found


def _quorum(head: Head, policy: Policy, report: VerifyReport) -> None:
    try:
        met = policy.met(head.signers(policy.keys()))
    except Wrong:
        return  # said already
    if not met:
        report.problems.append(
            f"the witnesses {policy.quorum} have not all cosigned the checkpoint; "
            "hint: a ledger shown to witnesses cannot be shown to you alone: ask why"
        )


def _wide(read: Reader, level: int | str, number: int, width: int) -> bytes | None:
    path = f"tile/{level}/{number_path(number)}"
    data = read(f"{path}.p/{width}") if width < WIDTH else None
    return read(path) if data is None else data


def _bundle(read: Reader, number: int, size: int, report: VerifyReport) -> list[bytes] | None:
    """The leaves of an entry bundle, each of the one length and version; None, and a problem, where they are not."""
    width = min(WIDTH, size - number * WIDTH)
    name = f"tile/entries/{number_path(number)}"
    data = _wide(read, "entries", number, width)
    if data is None:
        report.problems.append(f"{name} is missing; hint: the publisher must put it back")
        return None
    stride = 2 + LEAF_BYTES
    data = data[: width * stride]
    heads = data[0::stride], data[1::stride], data[2::stride]
    if len(data) != width * stride or heads != (b"\x00" * width, b"\x41" * width, b"\x01" * width):
        report.problems.append(f"{name} is not {width} leaves of {LEAF_BYTES} bytes; hint: it was cut or altered")
        return None
    return [data[at + 2 : at + stride] for at in range(0, len(data), stride)]


def _walk(read: Reader, head: Head, trusted: Sequence[Key], report: VerifyReport) -> None:
    """Read every entry once, in order, and hold every tile and every checkpoint against them."""
    tree = Tree()
    history = History(read, head, trusted, report)
    prefixes = array("Q")
    bundle: list[bytes] = []
    while tree.size < head.size:
        base = tree.size - tree.size % WIDTH
        if tree.size == base:
            found = _bundle(read, base // WIDTH, head.size, report)
            if found is None:
                return
            bundle = found
            prefixes.frombytes(b"".join([leaf[1:9] for leaf in bundle]))
        until = min(head.size, base + WIDTH, history.size or head.size)
        leaves = bundle[tree.size - base : until - base]
        tree.take(leaves)
        history.saw(leaves)
        for level, tile in enumerate(tree.tiles):
            number = (tree.size >> 8 * level) // WIDTH - 1
            if len(tile) == WIDTH * 32 and tree.size == (number + 1) << 8 * (level + 1):
                _tile(read, tile, level, number, report)
        if tree.size == history.size and history.holds(tree):
            _partial(read, tree, bundle, head.size, report)
    if tree.root() != head.root:
        report.problems.append(
            f"the entries give another root than the checkpoint of {head.size}; "
            "hint: an entry was altered, or this checkpoint is of another tree"
        )
    _partial(read, tree, bundle, head.size, report)
    history.end(tree.size)
    _twice(prefixes, report)


def _tile(read: Reader, right: bytes, level: int, number: int, report: VerifyReport) -> None:
    data = read(f"tile/{level}/{number_path(number)}")
    if data != right:
        what = "is missing" if data is None else "does not follow from the entries"
        report.problems.append(f"tile/{level}/{number_path(number)} {what}; hint: proofs from it are worthless")


def _partial(read: Reader, tree: Tree, bundle: list[bytes], size: int, report: VerifyReport) -> None:
    """The partial tiles of the tree as it is now, unless the ledger has grown past them (tlog-tiles, partial tiles)."""
    entries = b"".join([b"\0\x41" + leaf for leaf in bundle[: tree.size % WIDTH]])
    for name, level, right in [("entries", 0, entries), *((str(n), n, tile) for n, tile in enumerate(tree.tiles))]:
        number, width = divmod(tree.size >> 8 * level, WIDTH)
        if not width or size >> 8 * level >= (number + 1) * WIDTH:
            continue
        path = f"tile/{name}/{number_path(number)}"
        data = read(f"{path}.p/{width}")
        if data is None:  # it may go once the full one is there
            data = (read(path) or b"")[: len(right)]
        problem = f"{path}.p/{width} is missing or altered; hint: the checkpoint of {tree.size} needs it"
        if data != right and problem not in report.problems:
            report.problems.append(problem)


class History:
    """The checkpoints of all epochs, met one after the other while the tree grows."""

    def __init__(self, read: Reader, head: Head, trusted: Sequence[Key], report: VerifyReport) -> None:
        self._read, self._head, self._trusted, self._report = read, head, trusted, report
        lines = (read("schedule") or b"").decode(errors="replace").splitlines()
        self._steps = {int(count) for line in lines if (count := line.partition(" ")[2]).isdigit()}
        self._number = 0
        self._last = 0  # where the last epoch ended
        self._leaf = b""
        self._ordered = True
        self._past: Head | None = None
        self._next()

    @property
    def size(self) -> int:
        """Where the next checkpoint stands, 0 after the last."""
        return self._past.size if self._past else 0

    def _next(self) -> None:
        self._past = None
        while (data := self._read(f"checkpoints/{number_path(self._number + 1)}")) is not None:
            where = f"checkpoint {self._number + 1}"
            try:
                past = read_head(data)
            except Wrong as error:
                self._number += 1
                self._report.problems.append(f"{where}: {error}")
                continue
            if past.size > self._head.size:
                return  # published since we read the latest
            self._number += 1
            _signers(past, self._trusted, where, self._report)
            if past.origin != self._head.origin:
                self._report.problems.append(f"{where} is of {past.origin}; hint: each log has its own folder")
            elif past.size <= self._last:
                self._report.problems.append(
                    f"{where} has {past.size} entries after {self._last}; hint: a log only grows"
                )
            else:
                self._past = past
                return

    def saw(self, leaves: list[bytes]) -> None:
        """These leaves belong to the epoch at hand."""
        if self._past is not None:
            self._ordered = self._ordered and self._leaf < leaves[0] and leaves == sorted(leaves)
            self._leaf = leaves[-1]

    def holds(self, tree: Tree) -> bool:
        """Whether the checkpoint at this size is of this tree; then the next one is looked at."""
        past, where = self._past, f"checkpoint {self._number}"
        assert past is not None
        same = tree.root() == past.root
        if not same:
            self._report.problems.append(
                f"{where} of {past.size} entries contradicts the entries: the log was forked or rewritten; "
                "hint: keep both, they are the proof"
            )
        if not self._ordered:
            self._report.problems.append(f"{where}: its leaves are out of order; hint: the order may tell something")
        if self._steps and past.size - self._last not in self._steps:
            self._report.problems.append(
                f"{where} adds {past.size - self._last} entries, which the schedule never announced; "
                "hint: an epoch that differs tells of its day"
            )
        self._last, self._leaf, self._ordered = past.size, b"", True
        self._next()
        return same

    def end(self, size: int) -> None:
        """Nothing comes after this size."""
        self._report.checkpoints = self._number
        if self._last != size and self._report.sound:
            self._report.problems.append(
                f"the history of checkpoints ends with {self._last} entries, before the checkpoint of {size}; "
                "hint: a past checkpoint is missing, the publisher must put it back"
            )


def _twice(prefixes: array[int], report: VerifyReport) -> None:
    """Whether a leaf stands twice: leaves are hashes, so the first 64 bits tell them apart."""
    parts = 1 + len(prefixes) // 4_000_000  # so much is held at a time
    for part in range(parts):
        here = prefixes.tolist() if parts == 1 else [x for x in prefixes if x % parts == part]
        if len(set(here)) != len(here):
            first: dict[int, int] = {}
            for index, prefix in enumerate(prefixes):
                if first.setdefault(prefix, index) != index:
                    report.problems.append(
                        f"the entries {first[prefix]} and {index} are the same; hint: one act, one entry"
                    )
                    return


# ------------------------------------------------------------------ a receipt (c2sp.org/tlog-proof)


@dataclass
class ProofReport:
    """What a receipt shows; `opened` is what its extra data opens of the leaf."""

    origin: str = ""
    index: int = 0
    size: int = 0
    leaf: bytes = b""
    opened: dict[str, str] = field(default_factory=dict)
    signers: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def __str__(self) -> str:
        if not self.sound:
            return "\n".join(["the receipt proves nothing:", *(f"  {p}" for p in self.problems)])
        lines = [
            f"the entry {self.leaf.hex()}",
            f"  is number {self.index} in the ledger {self.origin}, of {self.size} entries",
            f"  signed by  {', '.join(self.signers)}",
        ]
        return "\n".join([*lines, *(f"  {what:9}  {said}" for what, said in self.opened.items())])


def verify_proof(
    text: str, keys: Sequence[Key] = (), policy: Policy | None = None, leaf: bytes | None = None
) -> ProofReport:
    """Check a receipt offline. The leaf is the one given, or the one that the receipt carries as extra data.

    Raises Wrong where the receipt cannot be read.
    """
    lines, _, note = text.partition("\n\n")
    rows = lines.split("\n")
    if rows.pop(0) != PROOF_HEADER:
        raise Wrong(f"this is no receipt; hint: its first line is {PROOF_HEADER}")
    try:
        extra = base64.b64decode(rows.pop(0)[6:], validate=True) if rows[0].startswith("extra ") else b""
        word, index = rows.pop(0).split(" ")
        path = [base64.b64decode(row, validate=True) for row in rows]
        if word != "index" or str(int(index)) != index or any(len(piece) != 32 for piece in path) or len(path) > 63:
            raise ValueError
    except (ValueError, IndexError):
        raise Wrong("the receipt cannot be read; hint: it was cut or altered, ask for it again") from None
    head = read_head(note.encode())
    report = ProofReport(head.origin, int(index), head.size)
    opening = _opening(extra)
    report.leaf = leaf if leaf is not None else _b64(opening.get("leaf", ""))
    if not report.leaf:
        report.problems.append("it does not say which leaf it is for; hint: give it with --leaf")
        return report
    trusted = [*keys, *(policy.keys() if policy else ())]
    whole = VerifyReport("")
    report.signers = [_said(key) for key in _signers(head, trusted, "checkpoint", whole)]
    if policy is not None:
        _quorum(head, policy, whole)
    report.problems += whole.problems
    try:
        root = root_of_path(sha256(b"\0" + report.leaf).digest(), report.index, head.size, path)
        if root != head.root:
            report.problems.append("the proof does not lead to the root that was signed; hint: another leaf, or forged")
    except Wrong as error:
        report.problems.append(str(error))
    _open(report, opening)
    return report


def opens(leaf: bytes, what: str, salt: bytes, value: bytes) -> bool:
    """Whether salt and value open the leaf's commitment to "class" or "body"."""
    if len(leaf) != LEAF_BYTES or leaf[0] != 1 or len(salt) != 32:
        return False
    committed = leaf[1:33] if what == "class" else leaf[33:]
    return sha256(f"demur {what} v1\n".encode() + salt + value).digest() == committed


def _open(report: ProofReport, opening: dict[str, str]) -> None:
    for what in ("class", "body"):
        if what in opening:
            value, salt = _b64(opening[what]), _b64(opening.get(f"{what}_salt", ""))
            if not opens(report.leaf, what, salt, value):
                report.problems.append(f"the {what} shown is not the one of this leaf; hint: it was altered")
            else:
                report.opened[what] = value.decode(errors="replace")


def _opening(extra: bytes) -> dict[str, str]:
    try:
        found = json.loads(extra) if extra else {}
    except ValueError:
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def _b64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""


# ------------------------------------------------------------------ a recount by an auditor who may open leaves


@dataclass
class Recount:
    """How many entries of each class a span of the public ledger holds, by the leaves that were opened."""

    first: int = 0
    end: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    bodies: int = 0
    destroyed: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether every leaf of the span was opened, once."""
        return not self.problems

    def __str__(self) -> str:
        gone = f", {self.destroyed} destroyed" if self.destroyed else ""
        lines = [
            f"{self.end - self.first} entries, number {self.first} to {self.end - 1}, {self.bodies} bodies shown{gone}:"
        ]
        lines += [f"  {count:9}  {name}" for name, count in sorted(self.classes.items())]
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join([*lines, *(f"  not sound: {problem}" for problem in self.problems)])


def recount(read: Reader, lines: Iterable[str]) -> Recount:
    """Hold an auditor's openings, one JSON object a line, against the public leaves. Raises Wrong.

    Check the ledger itself with `verify_ledger` first: this takes its entries as they are. The span is from the
    lowest to the highest index shown; a leaf within it that is not opened, or opened falsely or twice, is a problem.
    A body said to be destroyed is counted as such, and noted where no `ledger.destroyed` that was opened names it.
    """
    head = read_head(read("checkpoint") or b"")
    bundles: dict[int, bytes] = {}
    seen: set[int] = set()
    gone: set[int] = set()
    named: set[int] = set()
    counted = Recount()

    def leaf(index: int) -> bytes:
        number = index // WIDTH
        if number not in bundles:
            bundles.clear()
            bundles[number] = _wide(read, "entries", number, min(WIDTH, head.size - number * WIDTH)) or b""
        return bundles[number][index % WIDTH * 67 + 2 : (index % WIDTH + 1) * 67]

    for number, line in enumerate(lines, 1):
        try:
            shown = json.loads(line)
            index = int(shown["index"])
        except (ValueError, KeyError, TypeError):
            raise Wrong(f"line {number} of the openings cannot be read; hint: ask for the file again") from None
        if not 0 <= index < head.size:
            raise Wrong(f"line {number} opens entry {index} of {head.size}; hint: read the latest ledger")
        if index in seen:
            counted.problems.append(f"entry {index} is opened twice; hint: it counts once")
            continue
        seen.add(index)
        name = _b64(str(shown.get("class", "")))
        if not opens(leaf(index), "class", _b64(str(shown.get("class_salt", ""))), name):
            counted.problems.append(f"entry {index} does not open; hint: ask for its class and salt")
            continue
        counted.classes[name.decode()] = counted.classes.get(name.decode(), 0) + 1
        if "body" in shown:
            if opens(leaf(index), "body", _b64(str(shown.get("body_salt", ""))), _b64(str(shown["body"]))):
                counted.bodies += 1
                if name == b"ledger.destroyed":
                    named.add(_named(_b64(str(shown["body"]))))
            else:
                counted.problems.append(f"the body of entry {index} is not what was entered; hint: it was altered")
        elif shown.get("destroyed") is True:
            gone.add(index)
    if not seen:
        raise Wrong("nothing is opened; hint: the file is empty")
    counted.first, counted.end = min(seen), max(seen) + 1
    for index in range(counted.first, counted.end):
        if index not in seen:
            counted.problems.append(f"entry {index} is not opened; hint: what is in it? ask for it")
    counted.destroyed = len(gone)
    for index in sorted(gone - named):
        counted.notes.append(
            f"the body of entry {index} is said to be destroyed, and no entry shown names it; "
            "hint: ask for the later ledger.destroyed that says why"
        )
    return counted


def _named(body: bytes) -> int:
    """The entry that a `ledger.destroyed` names, -1 for none."""
    try:
        return int(json.loads(body)["entry"])
    except (ValueError, KeyError, TypeError):
        return -1


# ------------------------------------------------------------------ the command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code."""
    import argparse

    parser = argparse.ArgumentParser(description="Check a public ledger, or a receipt from it.")
    parser.add_argument("place", metavar="DIR-or-URL-or-RECEIPT")
    parser.add_argument("--key", action="append", default=[], metavar="VKEY", help="a verifier key to insist on")
    parser.add_argument("--policy", metavar="FILE", help="logs and witnesses to insist on (c2sp.org/tlog-policy)")
    parser.add_argument("--recount", metavar="OPENINGS", help="count what an auditor was shown, by class")
    parser.add_argument("--leaf", metavar="HEX", help="the leaf that a receipt must be for")
    asked = parser.parse_args(arguments)
    try:
        keys = [read_key(line) for line in asked.key]
        policy = read_policy(Path(asked.policy).read_text("utf-8")) if asked.policy else None
        report: VerifyReport | ProofReport | Recount
        if Path(asked.place).is_file():
            leaf = bytes.fromhex(asked.leaf) if asked.leaf else None
            report = verify_proof(Path(asked.place).read_text("utf-8"), keys, policy, leaf)
        else:
            read = reader_of(asked.place)
            report = verify_ledger(read, asked.place, keys, policy)
            if asked.recount and report.sound:
                with Path(asked.recount).open(encoding="utf-8") as lines:
                    report = recount(read, lines)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(report)
    return 0 if report.sound else 1


if __name__ == "__main__":
    sys.exit(main())
