"""A letter as a Word document, built in code so that its styles stand beside those of the PDF."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from .letter import Block, Letter, Sheet
from .typeset import tidy

_CALM, _QUIET, _ALARM = RGBColor(0x23, 0x41, 0x5C), RGBColor(0x55, 0x53, 0x4C), RGBColor(0x8C, 0x2F, 0x1B)


def docx_bytes(letter: Letter) -> bytes:
    """The letter as a Word document; the same letter gives the same bytes."""
    sheet = letter.sheet
    made = docx.Document()
    _styles(made, sheet)
    _head(made, sheet)
    for block in sheet.blocks:
        _docx_block(made, block)
    if sheet.signature:
        closing = made.add_paragraph(tidy(sheet.closing))
        closing.paragraph_format.space_before = Pt(18)
        closing.paragraph_format.space_after = Pt(40)
        _keep(closing)
        for line in sheet.signature:
            end = made.add_paragraph(tidy(line))
            end.paragraph_format.space_after = Pt(0)
            _keep(end)
    if sheet.after:
        _small(made.add_paragraph(), sheet.after).paragraph_format.space_before = Pt(14)
    return _saved(made, letter)


def _keep(paragraph: Any) -> None:
    paragraph.paragraph_format.keep_with_next = True


def _small(paragraph: Any, text: str) -> Any:
    run = paragraph.add_run(tidy(text))
    run.font.size, run.font.color.rgb = Pt(9.5), _QUIET
    return paragraph


def _styles(made: Any, sheet: Sheet) -> None:
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = "Georgia", Pt(10.5)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "Georgia")
    language = OxmlElement("w:lang")
    language.set(
        qn("w:val"), {"en": "en-US" if sheet.size == "us-letter" else "en-GB"}.get(sheet.language, sheet.language)
    )
    normal.element.rPr.append(language)
    normal.paragraph_format.space_after = Pt(7)
    for level, size, colour in ((1, 14, None), (2, 11, _CALM), (3, 10.5, None)):
        style = made.styles[f"Heading {level}"]
        style.font.name, style.font.size, style.font.bold = "Georgia", Pt(size), True
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            style.element.rPr.rFonts.attrib.pop(qn(f"w:{theme}"), None)
        style.font.color.rgb = colour or RGBColor(0x1C, 0x1C, 0x1A)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(14 if level < 3 else 9), Pt(4)
    section = made.sections[0]
    section.page_width, section.page_height = (
        (Mm(215.9), Mm(279.4)) if sheet.size == "us-letter" else (Mm(210), Mm(297))
    )
    section.left_margin = section.right_margin = Mm(27)
    section.top_margin = section.bottom_margin = Mm(26)


def _head(made: Any, sheet: Sheet) -> None:
    section = made.sections[0]
    if sheet.mark:
        run = section.header.paragraphs[0].add_run(tidy(sheet.mark))
        run.bold, run.font.size, run.font.color.rgb = True, Pt(8.5), _ALARM
        section.header.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
    _footer(section.footer.paragraphs[0], sheet)
    if sheet.letterhead:
        name = made.add_paragraph()
        run = name.add_run(tidy(sheet.letterhead[0]))
        run.bold, run.font.size, run.font.color.rgb = True, Pt(15), _CALM
        name.paragraph_format.space_after = Pt(0)
        _small(made.add_paragraph(), " \u00b7 ".join(sheet.letterhead[1:])).paragraph_format.space_after = Pt(16)
    for number, line in enumerate(sheet.caption):
        caption = made.add_paragraph()
        caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
        caption.add_run(tidy(line)).bold = number == 0
    if not sheet.caption:
        day = made.add_paragraph(tidy(sheet.date))
        day.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for line in sheet.recipient:
        made.add_paragraph(tidy(line)).paragraph_format.space_after = Pt(0)
    if sheet.references:
        table = made.add_table(rows=0, cols=2)
        for label, value in sheet.references:
            cells = table.add_row().cells
            cells[0].width, cells[1].width = Mm(42), Mm(114)
            for cell, text in zip(cells, (label, value), strict=True):
                _small(cell.paragraphs[0], text).paragraph_format.space_after = Pt(1)
    made.add_heading(tidy(sheet.subject), 1)
    if sheet.salutation:
        made.add_paragraph(tidy(sheet.salutation))


def _docx_block(made: Any, block: Block) -> None:
    match block.kind:
        case "heading":
            made.add_heading(tidy(block.text), 2)
        case "items":
            for line in block.lines:
                made.add_paragraph(tidy(line), style="List Bullet")
        case "mark":
            run = made.add_paragraph().add_run(tidy(block.text))
            run.bold, run.font.color.rgb = True, _ALARM
            for line in block.lines:
                made.add_paragraph(tidy(line), style="List Bullet")
        case "item":
            quote = made.add_paragraph(f"{block.number}. ")
            quote.add_run(tidy(block.text))
            for line in block.lines:
                _indent(_small(made.add_paragraph(), line))
        case "ground":
            made.add_heading(tidy(f"{block.number}. {block.text}"), 3)
            for line in (block.lead, *block.lines, block.asks):
                if line:
                    _indent(made.add_paragraph(tidy(line)))
            if block.cites:
                _indent(_small(made.add_paragraph(), block.cites))
        case "rows":
            for name, value in block.rows:
                _indent(_small(made.add_paragraph(), f"{name}: {value}")).paragraph_format.space_after = Pt(0)
        case _:
            made.add_paragraph(tidy(block.text))


def _indent(paragraph: Any) -> Any:
    paragraph.paragraph_format.left_indent = Mm(7)
    return paragraph


def _footer(paragraph: Any, sheet: Sheet) -> None:
    """The footer with the page number as fields that Word fills."""
    _small(paragraph, f"{sheet.footer} \u00b7 ")
    rest = sheet.page
    for name, field in (("{page}", "PAGE"), ("{pages}", "NUMPAGES")):
        before, _, rest = rest.partition(name)
        _small(paragraph, before)
        run = paragraph.add_run()
        run.font.size, run.font.color.rgb = Pt(9.5), _QUIET
        for kind, text in (("begin", ""), ("", field), ("end", "")):
            if kind:
                mark = OxmlElement("w:fldChar")
                mark.set(qn("w:fldCharType"), kind)
            else:
                mark = OxmlElement("w:instrText")
                mark.set(qn("xml:space"), "preserve")
                mark.text = text
            run._r.append(mark)
    _small(paragraph, rest)


_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can bear


def _saved(made: Any, letter: Letter) -> bytes:
    core = made.core_properties
    # The format holds 255 characters in each of these.
    core.title, core.author = tidy(letter.sheet.subject)[:255], tidy(letter.sender.name)[:255]
    core.language = letter.language
    core.comments = ""
    core.created = core.modified = datetime(letter.on.year, letter.on.month, letter.on.day, tzinfo=UTC)
    first = io.BytesIO()
    made.save(first)
    out = io.BytesIO()
    # The times of the entries are the only thing that would differ from one making to the next.
    with zipfile.ZipFile(first) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename, _EPOCH), old.read(entry), zipfile.ZIP_DEFLATED)
    return out.getvalue()
