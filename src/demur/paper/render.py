"""A letter in the form it leaves in: PDF, DOCX or plain text."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

from .letter import Block, Letter
from .typeset import tidy, typeset

WIDTH = 88  # characters a line of plain text


@cache
def _template(name: str) -> bytes:
    return (files(__package__) / "templates" / name).read_bytes()


def render_pdf(letter: Letter) -> bytes:
    """The letter as a tagged PDF (PDF/A-2a, PDF/UA-1). The same letter gives the same bytes."""
    sheet = letter.sheet
    data: dict[str, Any] = asdict(sheet)
    data["on"] = [sheet.on.year, sheet.on.month, sheet.on.day]
    data["author"] = letter.sender.name
    return typeset(_template("letter.typ"), data, on=sheet.on)


# ------------------------------------------------------------------ text


def to_text(letter: Letter) -> str:
    """The letter as plain text, as it reads on a screen."""
    sheet = letter.sheet
    head = [sheet.mark, *sheet.letterhead, "", sheet.date, "", *sheet.recipient, *sheet.caption, ""]
    head += [f"{name}: {value}" for name, value in sheet.references]
    body = [line for block in sheet.blocks for line in _block_text(block)]
    end = [sheet.closing, "", *sheet.signature, "", sheet.after]
    text = "\n".join(
        [*head, "", sheet.subject, "=" * min(len(sheet.subject), WIDTH), "", sheet.salutation, *body, "", *end]
    )
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return tidy(text).strip() + "\n"


def _block_text(block: Block) -> list[str]:
    def wrapped(text: str, indent: str = "", first: str | None = None) -> str:
        return textwrap.fill(text, WIDTH, initial_indent=indent if first is None else first, subsequent_indent=indent)

    match block.kind:
        case "heading":
            return ["", block.text, "-" * min(len(block.text), WIDTH)]
        case "items":
            return [wrapped(line, "  ", "- ") for line in block.lines]
        case "mark":
            return ["", wrapped(block.text, "   ", "!  "), *(wrapped(line, "     ", "   - ") for line in block.lines)]
        case "item":
            return [
                "",
                wrapped(block.text, "   ", f"{block.number}. "),
                *(wrapped(x, "   ") for x in block.lines),
            ]
        case "ground":
            parts = [x for x in (block.lead, *block.lines, block.asks, block.cites) if x]
            return ["", wrapped(block.text, "   ", f"{block.number}. "), *(wrapped(x, "   ") for x in parts)]
        case "rows":
            return [wrapped(f"{name}: {value}", "     ", "   ") for name, value in block.rows]
        case "caption":
            return list(block.lines)
        case _:
            return ["", wrapped(block.text)]


def render_docx(letter: Letter) -> bytes:
    """The letter as a Word document for counsel to work on. The same letter gives the same bytes."""
    from .word import docx_bytes  # slow to load, and most letters are never asked for in this form

    return docx_bytes(letter)
