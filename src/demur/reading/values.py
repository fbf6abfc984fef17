"""What a reading hands on: packets, documents, evidence. All frozen; to and from plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, cast, get_args

from demur.facts import Clause, Demand, Value, demand_from_mapping, demand_to_mapping, read_value

Box = tuple[float, float, float, float]
"""Left, top, right, bottom of a place on a page, as fractions 0..1 of its width and height from the top left."""

Role = Literal["demand", "gag-ended", "gag", "notice", "attachment", "cover", "email", "other"]
"""What a document is in its packet; `gag-ended` is a later letter by which a gag was lifted."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A value with where it was read.

    `confidence` is 0..1; `page` counts from 1 through the packet, None where the value stands on no page (an
    e-mail header, a facts file); `quote` is what is written there, its white space collapsed; `boxes` are the places
    to mark, empty for plain text. `confirm` is true where a person must compare the value with the page: always for
    identifiers read by OCR.
    """

    value: Value
    confidence: float = 1.0
    page: int | None = None
    quote: str = ""
    boxes: tuple[Box, ...] = ()
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class ClauseReading:
    """A clause of the demand with where it was read; its quote and page stand in the clause itself."""

    clause: Clause
    confidence: float = 1.0
    boxes: tuple[Box, ...] = ()
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of one page as read: `how` is "text" (its own text layer), "ocr", "image" (could not be read) or
    "empty". `part` names the file inside an e-mail that the page is of, else it is empty; `confidence` is that of the
    recogniser, 1 for a text layer."""

    page: int
    text: str
    how: str
    confidence: float = 1.0
    part: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """That a document refers to another of its packet: `to` is its index in `Packet.documents`."""

    to: int
    how: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a packet. `pages` count from 1 through the packet."""

    role: Role
    pages: tuple[int, ...] = ()
    facts: Mapping[str, Evidence] = field(default_factory=dict)
    clauses: tuple[ClauseReading, ...] = ()
    text: tuple[PageText, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Packet:
    """Documents served together, the demand itself first; `sha256` is that of the bytes received."""

    documents: tuple[Document, ...]
    warnings: tuple[str, ...]
    sha256: str

    def demand(self) -> Demand:
        """The demand as read from the first document, values only."""
        if not self.documents:
            return Demand()
        first = self.documents[0]
        return Demand(
            {name: e.value for name, e in first.facts.items() if e.value is not None},
            tuple(c.clause for c in first.clauses),
        )

    def as_json(self) -> dict[str, Any]:
        """The packet as `demur read --json` prints it."""
        return {
            "documents": [
                {
                    "role": document.role,
                    "pages": list(document.pages),
                    "facts": {name: _evidence_json(e) for name, e in document.facts.items()},
                    "clauses": [_clause_json(c) for c in document.clauses],
                    "links": [{"to": link.to, "how": link.how} for link in document.links],
                }
                for document in self.documents
            ],
            "warnings": list(self.warnings),
        }

    def to_wire(self) -> dict[str, Any]:
        """The whole packet with its text, as the child process sends it."""
        out = self.as_json()
        for plain, document in zip(out["documents"], self.documents, strict=True):
            plain["text"] = [
                {"page": t.page, "text": t.text, "how": t.how, "confidence": t.confidence, "part": t.part}
                for t in document.text
            ]
        out["sha256"] = self.sha256
        return out

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Packet:
        """Read what the child sent, checking every value against the vocabulary.

        Raises KeyError, TypeError or ValueError where it is not a packet: the child parsed a stranger's file, so
        what it says is believed only as far as it has the right form.
        """
        documents = tuple(_document(d) for d in data["documents"])
        for document in documents:
            if any(not 0 <= link.to < len(documents) for link in document.links):
                raise ValueError("a link leads to no document")
        return cls(documents, tuple(str(w) for w in data["warnings"]), str(data["sha256"]))


def _plain(value: Value) -> bool | int | str | None:
    return value.isoformat() if isinstance(value, date) else value


def _evidence_json(e: Evidence) -> dict[str, Any]:
    return {
        "value": _plain(e.value),
        "confidence": round(e.confidence, 3),
        "page": e.page,
        "quote": e.quote,
        "boxes": [[round(v, 4) for v in box] for box in e.boxes],
        "confirm": e.confirm,
    }


def _clause_json(c: ClauseReading) -> dict[str, Any]:
    plain: dict[str, Any] = demand_to_mapping(Demand({}, (c.clause,)))["clauses"][0]
    plain["confidence"] = round(c.confidence, 3)
    plain["boxes"] = [[round(v, 4) for v in box] for box in c.boxes]
    plain["confirm"] = c.confirm
    return plain


def _document(data: Mapping[str, Any]) -> Document:
    if data["role"] not in get_args(Role):
        raise ValueError("a document has no known role")
    return Document(
        role=cast(Role, data["role"]),
        pages=tuple(int(p) for p in data["pages"]),
        facts={str(name): _evidence(str(name), e) for name, e in data["facts"].items()},
        clauses=tuple(_clause(c) for c in data["clauses"]),
        text=tuple(
            PageText(int(t["page"]), str(t["text"]), str(t["how"]), float(t["confidence"]), str(t["part"]))
            for t in data["text"]
        ),
        links=tuple(Link(int(link["to"]), str(link["how"])) for link in data["links"]),
    )


def _evidence(name: str, e: Mapping[str, Any]) -> Evidence:
    return Evidence(
        value=read_value(name, e["value"]),
        confidence=_fraction(e["confidence"]),
        page=None if e["page"] is None else int(e["page"]),
        quote=str(e["quote"]),
        boxes=_boxes(e["boxes"]),
        confirm=bool(e["confirm"]),
    )


def _clause(c: Mapping[str, Any]) -> ClauseReading:
    body = {name: value for name, value in c.items() if name not in ("confidence", "boxes", "confirm")}
    (clause,) = demand_from_mapping({"clauses": [body]}).clauses
    return ClauseReading(clause, _fraction(c["confidence"]), _boxes(c["boxes"]), bool(c["confirm"]))


def _boxes(raw: Any) -> tuple[Box, ...]:
    return tuple(
        (_fraction(box[0]), _fraction(box[1]), _fraction(box[2]), _fraction(box[3])) for box in raw if len(box) == 4
    )


def _fraction(raw: Any) -> float:
    return min(1.0, max(0.0, float(raw)))
