"""The way in: hands a stranger's bytes to a child process, and takes back a checked, frozen packet."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import demur

from .values import Packet


class ReadingError(ValueError):
    """The file cannot be read; the message says why and ends with a hint. The file itself is never changed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one reading may cost.

    `size` is that of the file in bytes; `pages` of the packet; `ocr_pages` of them that may be scans; `seconds` of
    wall-clock time; `memory` of address space in bytes (a page under recognition takes about 1 GB); `pixels`
    of one page.
    """

    size: int = 64 << 20
    pages: int = 300
    ocr_pages: int = 60
    seconds: float = 900.0
    memory: int = 3 << 30
    pixels: int = 40_000_000


def read(
    source: str | os.PathLike[str] | bytes,
    *,
    name: str | None = None,
    limits: Limits | None = None,
    dkim_keys: Mapping[str, str] | None = None,
) -> Packet:
    """Read a demand: a PDF, a scan, an e-mail, a text, a DOCX file, or facts as TOML or JSON.

    `name` is the file's name, which only helps to tell its type. `dkim_keys` are DNS TXT records known beforehand,
    by their names (`selector._domainkey.example.gov`); without them no DKIM signature is checked, since nothing is
    asked of the network. Raises ReadingError for a file that is empty, of an unknown type, broken, encrypted, or over
    the limits, and OSError for a path that cannot be opened.
    """
    limits = limits or Limits()
    data, name = _bytes(source, name, limits)
    task = {"do": "read", "name": name, "limits": asdict(limits), "dkim_keys": dict(dkim_keys or {})}
    answer = json.loads(_in_child(task, data, limits))
    answer["sha256"] = sha256(data).hexdigest()
    try:
        return Packet.from_wire(answer)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ReadingError("the reading is not in the form of a packet; hint: the file may be hostile") from None


def render_page(
    source: str | os.PathLike[str] | bytes,
    page: int,
    width: int = 1000,
    *,
    name: str | None = None,
    limits: Limits | None = None,
) -> bytes:
    """A page of the packet, counted from 1, as a PNG picture `width` pixels wide.

    Raises ReadingError as `read` does, and where there is no such page or the page is plain text.
    """
    limits = limits or Limits()
    data, name = _bytes(source, name, limits)
    task = {"do": "render", "name": name, "limits": asdict(limits), "page": page, "width": max(50, min(width, 4000))}
    png = _in_child(task, data, limits)
    if not png.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ReadingError("the page did not come back as a picture; hint: the file may be hostile")
    return png


def _bytes(source: str | os.PathLike[str] | bytes, name: str | None, limits: Limits) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        data, name = source, name or ""
    else:
        path = Path(source)
        with path.open("rb") as file:
            data = file.read(limits.size + 1)
        name = name or path.name
    if not data.strip(b"\0 \t\r\n"):
        raise ReadingError("the file is empty; hint: ask the sender for it again")
    if len(data) > limits.size:
        raise ReadingError(f"the file has more than {limits.size >> 20} MB; hint: split it, or raise the limit")
    return data, name


def _in_child(task: Mapping[str, Any], data: bytes, limits: Limits) -> bytes:
    # The child gets a bare environment: no secret of the parent's can leak through a parser's fault.
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(demur.__file__).parent.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "1",
    }
    try:
        done = subprocess.run(
            [sys.executable, "-sP", "-m", "demur.reading.child"],
            input=json.dumps(task).encode() + b"\n" + data,
            capture_output=True,
            timeout=limits.seconds,
            env=environment,
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ReadingError(
            f"reading took more than {limits.seconds:g} seconds; hint: split the file, or raise the limit"
        ) from None
    if done.returncode == 0:
        return done.stdout
    if done.returncode == 2:
        raise ReadingError(_said(done.stdout))
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise ReadingError("reading was stopped: it took too much time or memory; hint: the file may be a bomb")
    raise ReadingError("the file made its parser fail; hint: print it to a new PDF and read that, or type the facts")


def _said(stdout: bytes) -> str:
    try:
        return str(json.loads(stdout)["error"])[:500]
    except (ValueError, KeyError, TypeError):
        return "the file could not be read; hint: ask the sender for it again"
