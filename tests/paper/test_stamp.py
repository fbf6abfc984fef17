"""The mark of a paper that is given out: on every page, and nothing else of it changed."""

from __future__ import annotations

from io import BytesIO

import pypdfium2
from docx import Document
from handmade import TODAY, assessment, finding

from demur.paper import Party, challenge_letter, render_docx, render_pdf
from demur.paper.stamp import stamp_docx, stamp_pdf

MARK = "PRIVILEGED. Given to “Müller (Roe \\ Co)” by counsel"
LETTER = challenge_letter(assessment(finding("us.x")), provider=Party("Muster"), today=TODAY)


def test_every_page_of_a_pdf_is_marked_and_its_own_bytes_stay():
    before = render_pdf(LETTER)
    after = stamp_pdf(before, MARK)
    assert after.startswith(before)
    old, new = pypdfium2.PdfDocument(before), pypdfium2.PdfDocument(after)
    assert len(old) == len(new) > 1
    for n in range(len(new)):
        text = new[n].get_textpage().get_text_range()
        assert MARK in text
        assert old[n].get_textpage().get_text_range() in text


def test_a_docx_is_marked_in_its_header():
    document = Document(BytesIO(stamp_docx(render_docx(LETTER), MARK)))
    assert all(section.header.paragraphs[0].text == MARK for section in document.sections)
