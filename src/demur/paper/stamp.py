"""A mark at the head of every page of a finished paper: what leaves is what was seen, and the mark."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from docx import Document
from pyhanko.pdf_utils import generic, incremental_writer

SIZE, LEFT, DOWN = 7.5, 56.7, 26.0
"""The height of the mark and where it stands, in points from the left and the upper edge: in the margin."""


def stamp_pdf(pdf: bytes, mark: str) -> bytes:
    """The PDF with a mark on each page; its own bytes stay, the mark comes behind them (ISO 32000-1, 7.5.6)."""
    kinds: Any = generic
    writer: Any = incremental_writer.IncrementalPdfFileWriter(BytesIO(pdf))

    def named(**values: Any) -> Any:
        return kinds.DictionaryObject({kinds.NameObject(f"/{name}"): value for name, value in values.items()})

    font = {"Type": "/Font", "Subtype": "/Type1", "BaseFont": "/Helvetica-Bold", "Encoding": "/WinAnsiEncoding"}
    letters = writer.add_object(named(**{name: kinds.NameObject(value) for name, value in font.items()}))
    said = mark.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    for number in range(int(writer.root["/Pages"]["/Count"])):
        top = float(writer.find_page_for_modification(number)[0].get_object()["/MediaBox"][3])
        # An artifact is no part of the text: a screen reader does not stumble over it on each page.
        drawn = b"q /Artifact BMC BT /Mark %.1f Tf 0 g %.1f %.1f Td (%s) Tj ET EMC Q" % (SIZE, LEFT, top - DOWN, said)
        stream = writer.add_object(kinds.StreamObject(stream_data=drawn))
        writer.add_stream_to_page(number, stream, resources=named(Font=named(Mark=letters)))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def stamp_docx(docx: bytes, mark: str) -> bytes:
    """The DOCX with a mark at the head of each section."""
    document = Document(BytesIO(docx))
    for section in document.sections:
        section.header.paragraphs[0].insert_paragraph_before(mark).runs[0].bold = True
    out = BytesIO()
    document.save(out)
    return out.getvalue()
