"""Reads a whole packet in the child process: opens the file, recognises its pages, splits, reads and links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from . import mail
from .clauses import read_clauses, share_targets
from .cues import cues
from .forms import decided_by_box, forms, read_form
from .phrases import skeleton
from .recognise import Recogniser
from .segment import Piece, split
from .sources import Opened, TextPart, Trouble, open_file, possible
from .targets import named_targets
from .telling import read_facts
from .values import ClauseReading, Document, Evidence, Link, Packet, PageText

LETTERS = 5_000
"""How many letters of plain text are taken as a page, where the number of pages is bounded."""
_ORDER = ("demand", "gag", "email", "other", "notice", "cover", "attachment", "gag-ended")


def read_packet(data: bytes, name: str, limits: dict[str, Any], dkim_keys: Mapping[str, str]) -> Packet:
    """Read the file. Raises Trouble."""
    opened = open_file(data, name, limits)
    if opened.demand is not None:
        return _from_facts(opened)
    warnings = list(opened.warnings)
    parts = opened.parts
    if sum(map(len, parts)) > limits["pages"]:
        raise Trouble(f"the packet has more than {limits['pages']} pages; hint: split it, or raise the limit")
    if sum(part.letters for part in parts if isinstance(part, TextPart)) > limits["pages"] * LETTERS:
        raise Trouble(f"the text is longer than {limits['pages']} pages; hint: split it, or raise the limit")
    recogniser = Recogniser(parts, limits["ocr_pages"])
    sheets = recogniser.sheets()
    warnings += recogniser.warnings
    for part in parts:
        warnings += part.notes()
    if not any(sheet.text.strip() for _, sheet in sheets):
        raise Trouble("no words could be read on any page; hint: scan it again at 200 dpi or more")
    pieces = split(sheets)
    pieces = recogniser.look_again(pieces)
    readings = [_read_piece(piece, warnings) for piece in pieces]
    if opened.mail is not None:
        readings = mail.add_headers(readings, opened.mail, data, dkim_keys)
    signed = next((part for part in parts if getattr(part, "signatures", lambda: 0)()), None)
    if signed:
        readings = _add_electronic_signature(readings, pieces, parts.index(signed))
    documents, more = link(readings, pieces)
    return Packet(tuple(documents), tuple(dict.fromkeys(warnings + more)), "")


def _from_facts(opened: Opened) -> Packet:
    assert opened.demand is not None
    document = Document(
        role="demand",
        facts={name: Evidence(value) for name, value in opened.demand.facts.items()},
        clauses=tuple(ClauseReading(clause) for clause in opened.demand.clauses),
    )
    return Packet((document,), tuple(opened.warnings), "")


def _read_piece(piece: Piece, warnings: list[str]) -> Document:
    facts = {n: e for n, e in read_facts(piece.view).items() if possible(n, e.value, warnings)}
    if piece.role in ("attachment", "cover", "gag-ended", "notice"):
        # They speak of the demand, and are none: what tells its kind and its gag is not theirs.
        allowed = (*_PLAIN_FACTS, *_GAG_FACTS) if piece.role == "cover" else _PLAIN_FACTS
        facts = {n: e for n, e in facts.items() if n in allowed}
    if piece.role == "gag-ended":
        hit = piece.view.first(cues()["role"]["gag-ended"]["phrases"])
        if hit:
            evidence = piece.view.evidence(hit.start, hit.end, hit.sure, wide=True)
            facts["gag_expired"] = replace(evidence, value=True)
    country = facts.get("issuer_country")
    day_first = country is not None and country.value != "us"
    clauses: list[ClauseReading] = []
    if piece.role in ("demand", "attachment", "other", "gag"):
        clauses = read_clauses(piece.view, whole=piece.role == "attachment", day_first=day_first)
    kind = facts["kind"].value if "kind" in facts else None
    if kind in forms():
        told, boxed, notes = read_form(piece.view, str(kind))
        # The form prints the words of every choice: what a box decides, only its tick tells.
        facts = {n: e for n, e in facts.items() if not decided_by_box(n)} | told
        warnings += notes
        # The printed labels of all boxes stand in the text, ticked or not: only the boxes tell what is asked.
        clauses = boxed or []
    if piece.role == "gag":
        clauses = []  # what a non-disclosure order mentions is demanded elsewhere
    return Document(
        role=piece.role,
        pages=tuple(s.number for s in piece.sheets),
        facts=facts,
        clauses=tuple(clauses),
        text=tuple(PageText(s.number, s.text, s.how, round(s.score, 3), s.part) for s in piece.sheets),
    )


_FILLED = (
    "served_on_entity", "due_days", "due_on", "expires_on", "issued_on", "dated", "signed", "signature_block_complete",
    "issuer_role", "review_offered", "offence", "offence_stated",
)  # fmt: skip
"""Facts that an attachment may tell of its demand."""
_GAG_FACTS = (
    "gag_present", "gag_basis", "gag_by_court", "gag_until", "gag_days", "gag_indefinite", "gag_harm_found",
    "gag_omnibus", "gag_review_told", "gag_bars_counsel",
)  # fmt: skip
_PLAIN_FACTS = (
    *_FILLED, "reference", "language", "issuer_body", "issuer_agency", "issuer_country", "recipient_is_library",
)  # fmt: skip


def link(readings: list[Document], pieces: list[Piece]) -> tuple[list[Document], list[str]]:
    """Put the demand first, link what refers to it, and give it what its attachments and a gag order say."""
    warnings: list[str] = []
    readings = _name_the_demand(readings, pieces, warnings)
    readings = _one_spelling(readings)
    order = sorted(range(len(readings)), key=lambda i: (_ORDER.index(readings[i].role), readings[i].pages))
    place = {old: new for new, old in enumerate(order)}
    demands = [i for i in order if readings[i].role == "demand"]
    documents = dict(enumerate(readings))
    for i in range(len(readings)):
        document = documents[i]
        to = _refers_to(i, readings, demands)
        if to is None or to == i:
            continue
        how = _HOW[document.role]
        documents[i] = document = replace(document, links=(Link(place[to], how),))
        target = documents[to]
        if document.role == "attachment":
            # A warrant's attachment says whose premises are searched and by when; the date and the signature of an
            # order may stand under its schedule.
            facts = {**{n: e for n, e in document.facts.items() if n in _FILLED}, **target.facts}
            documents[to] = replace(target, facts=facts, clauses=(*target.clauses, *document.clauses))
        elif document.role == "gag":
            facts = {**target.facts, **{n: e for n, e in document.facts.items() if n in _GAG_FACTS}}
            documents[to] = replace(target, facts=facts)
        elif document.role == "cover" and "gag_present" not in target.facts:
            gag = {n: e for n, e in document.facts.items() if n in _GAG_FACTS}
            documents[to] = replace(target, facts={**gag, **target.facts})
        elif document.role == "gag-ended":
            day = document.facts.get("issued_on")
            when = f" of {day.value}" if day else ""
            warnings.append(f"a later letter{when} says that the non-disclosure duty has ended, wholly or in part")
    for d in {to for to in (_refers_to(i, readings, demands) for i in range(len(readings))) if to is not None} | set(
        demands
    ):
        about = [
            i for i in order if i == d or (readings[i].role == "attachment" and _refers_to(i, readings, demands) == d)
        ]
        named = next((t for i in sorted(about, key=lambda i: i != d) if (t := named_targets(pieces[i].view))), ())
        documents[d] = replace(documents[d], clauses=tuple(share_targets(list(documents[d].clauses), named)))
    return [documents[i] for i in order], warnings


_HOW = {
    "demand": "came with",
    "gag": "forbids to disclose",
    "gag-ended": "ends the gag of",
    "notice": "gives notice about",
    "attachment": "is attached to",
    "cover": "covers",
    "email": "carries",
    "other": "came with",
}


def _name_the_demand(readings: list[Document], pieces: list[Piece], warnings: list[str]) -> list[Document]:
    """Make sure that one document is the demand: the likeliest, where none was recognised as such."""
    roles = [r.role for r in readings]
    if "demand" in roles:
        return readings
    candidates = [i for i, r in enumerate(readings) if r.role == "gag"]
    candidates += [i for i, r in enumerate(readings) if r.role in ("other", "email")]
    if candidates and (readings[candidates[0]].role == "gag" or len(readings) == 1 or "gag-ended" not in roles):
        i = next((c for c in candidates if readings[c].role == "gag" or readings[c].clauses), candidates[0])
        if "kind" not in readings[i].facts:
            warnings.append("the kind of the demand could not be told; look at the document")
        readings = list(readings)
        readings[i] = replace(readings[i], role="demand" if readings[i].role != "gag" else "gag")
    else:
        warnings.append("no demand was found in the packet; look at the documents")
    return readings


def _refers_to(i: int, readings: list[Document], demands: list[int]) -> int | None:
    """The demand that a document refers to: the one whose number it bears, else the nearest before, else the next."""
    if not demands:
        return None
    if readings[i].role == "demand":
        return demands[0] if i != demands[0] else None
    number = _number(readings[i])
    if number:
        for d in demands:
            other = _number(readings[d])
            if other and (number.endswith(other[-6:]) or other.endswith(number[-6:])):
                return d
    if readings[i].role in ("gag-ended", "cover", "email"):
        after = [d for d in demands if readings[d].pages > readings[i].pages]
        return min(after, default=demands[0])
    before = [d for d in demands if readings[d].pages < readings[i].pages]
    return max(before, default=demands[0])


def _one_spelling(readings: list[Document]) -> list[Document]:
    """Readings of one number in several documents vote, as its places in one document do."""
    best: dict[str, Evidence] = {}
    for reading in readings:
        found = reading.facts.get("reference")
        if found and found.confidence > best.get(_number(reading), found).confidence - 1e-9:
            best[_number(reading)] = found
    out = []
    for reading in readings:
        found = reading.facts.get("reference")
        if found and found.value != best[_number(reading)].value:
            facts = {**reading.facts, "reference": replace(found, value=best[_number(reading)].value, confirm=True)}
            reading = replace(reading, facts=facts)
        out.append(reading)
    return out


def _number(document: Document) -> str:
    found = document.facts.get("reference")
    return skeleton(str(found.value)) if found else ""


def _add_electronic_signature(readings: list[Document], pieces: list[Piece], part: int) -> list[Document]:
    """The file's electronic signature covers all its pages; it signs the documents of that file."""
    out = []
    for reading, piece in zip(readings, pieces, strict=True):
        if piece.part == part and piece.role in ("demand", "gag") and "signed" not in reading.facts:
            signed = Evidence(True, 0.8, piece.sheets[0].number, "an electronic signature in the PDF", (), confirm=True)
            reading = replace(reading, facts={**reading.facts, "signed": signed})
        out.append(reading)
    return out
