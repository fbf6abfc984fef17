"""Opens a stranger's file by what its bytes are, not by what it is called, into parts that have pages.

Runs only in the child process. A part gives each page as text where it has a good text layer, and as a picture.
"""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any, Protocol
from xml.etree import ElementTree

from demur.facts import Demand, FactsError, OutOfBounds, demand_from_mapping, read_value, vocabulary

from .sheets import Cell, plain_rows

Rows = tuple[tuple[Cell, ...], ...]


class Trouble(Exception):
    """The file cannot be read; the message is for the user and ends with a hint."""


class Part(Protocol):
    """A file with pages."""

    name: str

    def __len__(self) -> int: ...

    def rows(self, page: int) -> Rows | None:
        """The page's own text, None where it must be recognised from its picture. Pages count from 0."""

    def picture(self, page: int, dpi: float) -> Any:
        """The page as grey values, None where it has no picture."""

    def notes(self) -> list[str]:
        """What a person should know of this file."""


@dataclass
class Opened:
    """What a file turned out to be: parts with pages, an e-mail's headers, or a demand given as facts."""

    parts: list[Part] = field(default_factory=list)
    mail: EmailMessage | None = None
    demand: Demand | None = None
    warnings: list[str] = field(default_factory=list)


def open_file(data: bytes, name: str, limits: dict[str, Any]) -> Opened:
    """Tell what the bytes are, and open them. Raises Trouble."""
    head = data[:1024]
    if b"%PDF-" in head:
        from .pdf import PdfPart

        return Opened([PdfPart(data, name, limits)])
    if head.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"GIF8")) or head[8:12] == b"WEBP":
        from .pictures import ImagePart

        return Opened([ImagePart(data, name, limits)])
    if head.startswith(b"PK\x03\x04"):
        return Opened([TextPart(name, _docx(data))])
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Trouble("the file is an old Office or Outlook file; hint: save it as .eml, .docx or PDF")
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")):
        raise Trouble("the file is an archive; hint: unpack it and read the files one by one")
    text = _decode(data)
    if text is None:
        raise Trouble("the file is of no known type; hint: give a PDF, a picture, .eml, .docx, text, or facts as TOML")
    left_out: list[str] = []
    demand = _facts(text, name, left_out)
    if demand is not None:
        return Opened(demand=demand, warnings=left_out)
    if _is_mail(text, name):
        return _mail(data, limits)
    return Opened([TextPart(name, text)])


class TextPart:
    """Plain text; a form feed begins a page."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.letters = name, len(text)
        self._pages = [p for p in text.split("\f") if p.strip()] or [text]

    def __len__(self) -> int:
        return len(self._pages)

    def rows(self, page: int) -> Rows | None:
        return plain_rows(self._pages[page])

    def picture(self, page: int, dpi: float) -> Any:
        return None

    def notes(self) -> list[str]:
        return []


def _decode(data: bytes) -> str | None:
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        odd = sum(1 for c in text[:5000] if ord(c) < 32 and c not in "\t\n\r\f")
        return text if odd < 0.02 * len(text[:5000]) else None
    return None


def _facts(text: str, name: str, left_out: list[str]) -> Demand | None:
    """The demand that a facts file states; None where the text is no facts file."""
    suffix = name.lower().rpartition(".")[2]
    try:
        if suffix == "json" or (suffix != "toml" and text.lstrip().startswith("{")):
            raw = json.loads(text)
        elif suffix == "toml":
            raw = tomllib.loads(text)
        else:
            return None
    except (ValueError, RecursionError) as fault:
        if suffix in ("json", "toml"):
            raise Trouble(f"the facts are not valid {suffix.upper()}: {fault}; hint: correct that place") from None
        return None
    if not isinstance(raw, dict):
        raise Trouble('the facts are not a table; hint: write name = value lines, or {"kind": "nsl"}')
    try:
        return demand_from_mapping(_possible(raw, left_out))
    except FactsError as fault:
        raise Trouble(str(fault)) from None


def _possible(raw: dict[str, Any], left_out: list[str]) -> dict[str, Any]:
    """The facts without the days and numbers that cannot be: those stay unknown, and the rest is read."""
    found: dict[str, Any] = {}
    for name, value in raw.items():
        if isinstance(value, list):
            found[name] = [_possible(part, left_out) if isinstance(part, dict) else part for part in value]
        elif possible(name, value, left_out):
            found[name] = value
    return found


def possible(name: str, value: object, left_out: list[str]) -> bool:
    """Whether a fact can have such a value; where a day or a number is beyond all bounds, a warning says so."""
    try:
        if name in vocabulary():
            read_value(name, value)
    except OutOfBounds as fault:
        left_out.append(f"left unknown: {fault}")
        return False
    except FactsError:
        pass  # said when the whole is read
    return True


_HEADERS = ("from", "to", "subject", "date", "received", "return-path", "message-id", "mime-version", "delivered-to",
            "content-type", "dkim-signature", "authentication-results", "reply-to", "cc", "x-mailer")  # fmt: skip


def _is_mail(text: str, name: str) -> bool:
    names = []
    for line in text.lstrip().splitlines()[:60]:
        if line[:1] in (" ", "\t"):
            continue
        head, colon, _ = line.partition(":")
        if not colon or not head.replace("-", "").isalnum() or " " in head:
            break
        names.append(head.lower())
    known = {n for n in names if n in _HEADERS}
    return len(known) >= (2 if name.lower().endswith(".eml") else 3) and "from" in known


def _mail(data: bytes, limits: dict[str, Any]) -> Opened:
    """Open an e-mail: its body, then each attachment, also those of an e-mail that is attached."""
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(data.lstrip())
    opened = Opened(mail=message)
    opened.parts.append(TextPart("", _body(message)))
    for number, (name, payload) in enumerate(_attachments(message), 1):
        if number > 50:
            opened.warnings.append("only the first 50 attachments were opened")
            break
        if not payload.strip(b"\0 \t\r\n"):
            opened.warnings.append(f"attachment {name} is empty")
            continue
        try:
            inner = open_file(payload, name, limits)
        except Trouble as trouble:
            opened.warnings.append(f"attachment {name}: {trouble}")
            continue
        if inner.demand is not None:
            opened.warnings.append(f"attachment {name} is a file of facts, which is not taken from an e-mail")
        for part in inner.parts:
            part.name = part.name or name
            opened.parts.append(part)
        opened.warnings += inner.warnings
    return opened


def _attachments(message: EmailMessage) -> Iterator[tuple[str, bytes]]:
    body = message.get_body(("plain", "html"))
    for part in _leaves(message):
        if part is body:
            continue
        name = part.get_filename() or ""
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], EmailMessage):
                yield name or "forwarded.eml", inner[0].as_bytes()
            continue
        if part.get_content_disposition() != "attachment" and part.get_content_type().startswith("text/"):
            continue  # the other form of the body
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield name or "attachment", payload


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts of a message; one that is forwarded is a part of its own and is not looked into."""
    if message.get_content_type() == "message/rfc822" or not message.is_multipart():
        yield message
        return
    for part in message.iter_parts():
        if isinstance(part, EmailMessage):
            yield from _leaves(part)


def _body(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        text = str(body.get_content())
    except (LookupError, ValueError):
        raw = body.get_payload(decode=True)
        text = raw.decode("latin-1") if isinstance(raw, bytes) else ""
    return _strip_html(text) if body.get_content_type() == "text/html" else text


def _strip_html(text: str) -> str:
    from html.parser import HTMLParser

    class Words(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.out: list[str] = []
            self.silent = 0

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            self.silent += tag in ("script", "style", "head")
            if tag in ("p", "br", "div", "tr", "li", "h1", "h2", "h3", "table"):
                self.out.append("\n")

        def handle_endtag(self, tag: str) -> None:
            self.silent -= tag in ("script", "style", "head") and self.silent > 0
            if tag in ("p", "div", "h1", "h2", "h3", "table"):
                self.out.append("\n")

        def handle_data(self, data: str) -> None:
            if not self.silent:
                self.out.append(" ".join(data.split(" ")))

    words = Words()
    words.feed(text)
    return "".join(words.out)


_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def _docx(data: bytes) -> str:
    """The text of a DOCX file: paragraphs as lines, table cells parted by tabs, page breaks as form feeds."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if "word/document.xml" not in archive.namelist():
                raise Trouble("the file is a ZIP archive but no DOCX; hint: unpack it and read the files one by one")
            wanted = [n for n in archive.namelist() if n.startswith("word/header")] + ["word/document.xml"]
            total = sum(archive.getinfo(n).file_size for n in wanted)
            if total > 50 << 20:
                raise Trouble("the DOCX file unpacks to more than 50 MB; hint: it may be a bomb")
            return "\n".join(_docx_part(archive.read(name)) for name in wanted)
    except (zipfile.BadZipFile, ElementTree.ParseError, EOFError, NotImplementedError, RuntimeError, OSError):
        raise Trouble("the file is a broken or encrypted DOCX; hint: ask for a PDF") from None


def _docx_part(xml: bytes) -> str:
    if b"<!DOCTYPE" in xml[:2000]:
        raise Trouble("the DOCX file declares entities, which Word never does; hint: it may be a bomb")
    root = ElementTree.fromstring(xml)
    lines: list[str] = []

    def paragraph(p: ElementTree.Element) -> str:
        words = []
        for node in p.iter():
            if node.tag == _W + "t":
                words.append(node.text or "")
            elif node.tag == _W + "tab":
                words.append("\t")
            elif node.tag == _W + "br":
                words.append("\f" if node.get(_W + "type") == "page" else "\n")
        return "".join(words)

    def walk(node: ElementTree.Element) -> None:
        for child in node:
            if child.tag == _W + "p":
                lines.append(paragraph(child))
            elif child.tag == _W + "tr":
                cells = (" ".join(paragraph(p) for p in cell.iter(_W + "p")) for cell in child.iter(_W + "tc"))
                lines.append("\t".join(cells))
            else:
                walk(child)

    walk(root)
    return "\n".join(lines)
