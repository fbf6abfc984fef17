"""The papers as files: what they contain, how they are marked up, and that no text of a demand becomes code."""

from __future__ import annotations

import io
import zipfile

import docx
import pikepdf
import pypdfium2
import pytest
from handmade import TODAY, assessment, finding, nsl_demand
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.facts import Clause, Demand, Target
from demur.law.findings import Reason
from demur.paper import (
    PaperError,
    Party,
    challenge_letter,
    counsel_note,
    court_draft,
    customer_notice,
    gag_notice,
    render_docx,
    render_pdf,
    to_text,
    typeset,
)

PROVIDER = Party("Example Hosting LLC", ("100 Main Street",), "A. Counsel", "General Counsel")
HOSTILE = (
    '#panic("typst code ran")',
    '#read("/etc/passwd")',
    "$ integral_0^1 x dif x $",
    '"; #eval("1+1") //',
    "*bold* _emph_ = heading\n== another",
    "<script>alert(1)</script> & <b>",
    "{0.__class__} {entity} {{}} %s ${x} {{ 7*7 }} {% raw %}",
    "\\u{41} \\ // comment /* open",
    "@label <label> `raw` ```typ #x```",
    "a\x00b\x1bc\x07",
    "abc\u202edcba\u2066x",
    "\ufeffbom\u2028line",
    "lone \ud800 half",
    "日本語 한국어 中文 😀 \ue000",
    "a" * 3000,
    "Ünïcödé Ελληνικά Кириллица עברית",
)


def pdf_text(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def papers(a):
    made = {
        "objection": challenge_letter(a, provider=PROVIDER, today=TODAY),
        "court-draft": court_draft(a, provider=PROVIDER, today=TODAY),
        "gag-notice": gag_notice(a, provider=PROVIDER, today=TODAY),
        "notice": customer_notice(a, provider=PROVIDER, today=TODAY),
        "counsel-note": counsel_note(a, provider=PROVIDER, today=TODAY),
    }
    return {name: letter for name, letter in made.items() if letter is not None}


@pytest.mark.parametrize("name", ["objection", "court-draft", "gag-notice", "notice", "counsel-note"])
def test_every_paper_is_an_archival_tagged_pdf(nsl, name: str) -> None:
    data = render_pdf(papers(nsl)[name])
    with pikepdf.open(io.BytesIO(data)) as pdf:
        meta = pdf.open_metadata()
        assert meta["pdfaid:part"] == "2"
        assert meta["pdfaid:conformance"] == "A"
        assert meta["pdfuaid:part"] == "1"
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en"
        tags = str(structure(pdf.Root.StructTreeRoot))
        assert "/H1" in tags
        assert "/P" in tags
        fonts = {str(f.BaseFont) for page in pdf.pages for f in page.Resources.Font.values()}
        assert fonts
        assert all("Libertinus" in f or "DejaVu" in f for f in fonts)
        assert meta["dc:title"] == papers(nsl)[name].sheet.subject


def structure(node: pikepdf.Object) -> list:
    kids = node.get("/K", [])
    kids = list(kids) if isinstance(kids, pikepdf.Array) else [kids]
    return [str(node.get("/S", "")), [structure(k) for k in kids if isinstance(k, pikepdf.Dictionary)]]


def test_the_pdf_says_what_the_letter_says(nsl) -> None:
    letter = challenge_letter(nsl, provider=PROVIDER, today=TODAY)
    text = " ".join(pdf_text(render_pdf(letter)).split())
    for part in (
        "NSL-16-000001",
        "A national security letter reaches four things only",
        "18 U.S.C. 2709(b)(1)",
        "electronic communication transactional records",
        "March 25, 2016",
        "Reservation of rights",
        "A. Counsel",
        "Page 1 of",
    ):
        assert part in text, part
    assert text.index("reaches four things") < text.index("may be set aside"), "hard ones first"


def test_pdf_docx_and_text_say_the_same(nsl) -> None:
    for letter in papers(nsl).values():
        word = docx.Document(io.BytesIO(render_docx(letter)))
        in_word = " ".join(" ".join(p.text for p in word.paragraphs).split())
        in_pdf = " ".join(pdf_text(render_pdf(letter)).split()).replace("\ufffe", "-")
        in_text = " ".join(to_text(letter).split())
        for block in letter.blocks:
            for part in (block.text, block.lead, block.asks, *block.lines):
                assert part in in_word
                assert part in in_text
        for block in letter.blocks:
            if block.kind == "heading":
                assert block.text in in_pdf


def test_a_draft_is_marked_on_every_page(nsl) -> None:
    long = tuple(
        finding(f"r{n}", forum="issuing court", title=f"Ground {n}", says="It says so at length. " * 20)
        for n in range(20)
    )
    draft = court_draft(assessment(*long), provider=PROVIDER, today=TODAY)
    assert draft is not None
    document = pypdfium2.PdfDocument(render_pdf(draft))
    assert len(document) > 2
    for page in document:
        assert "DRAFT for counsel admitted in the forum" in page.get_textpage().get_text_range()
    word = docx.Document(io.BytesIO(render_docx(draft)))
    assert "DRAFT for counsel" in word.sections[0].header.paragraphs[0].text


def test_a_short_letter_fits_one_page() -> None:
    demand = Demand(nsl_demand().facts, nsl_demand().clauses)
    a = assessment(
        finding("a", title="The demand is not signed", says="An unsigned demand binds nobody."), demand=demand
    )
    letter = gag_notice(assessment(finding("g", against="gag"), demand=demand), provider=PROVIDER, today=TODAY)
    assert letter is not None
    assert len(pypdfium2.PdfDocument(render_pdf(letter))) == 1
    assert len(pypdfium2.PdfDocument(render_pdf(challenge_letter(a, provider=PROVIDER, today=TODAY)))) <= 2


def hostile_letter(text: str):
    demand = Demand(
        {**nsl_demand().facts, "issuer_body": text, "served_on_entity": text, "reference": text, "legal_basis": text},
        (Clause(targets=(Target(text),), categories=frozenset({"content"}), quote=text, page=1),),
    )
    a = assessment(
        finding("h", against="clause", clause=0, title=text, says=text, cites=(text,), forum="court of " + text,
                because=(Reason("true", text, ("standard_recited",)),)),
        demand=demand,
    )  # fmt: skip
    party = Party(text, (text,), text, text)
    return challenge_letter(a, provider=party, recipient=party, today=TODAY), a, party


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_printed_and_not_run(text: str) -> None:
    letter, a, party = hostile_letter(text)
    for paper in (letter, court_draft(a, provider=party, today=TODAY), customer_notice(a, provider=party, today=TODAY)):
        assert paper is not None
        shown = pdf_text(render_pdf(paper))
        assert "root:" not in shown
        docx.Document(io.BytesIO(render_docx(paper)))
        assert to_text(paper)
    shown = "".join(pdf_text(render_pdf(letter)).split())
    if text.isascii() and text.isprintable() and len(text) < 100:
        assert "".join(text.split()) in shown


def test_what_the_fonts_lack_is_spelled_out() -> None:
    letter, _, _ = hostile_letter("日本 and é")
    shown = "".join(pdf_text(render_pdf(letter)).split())
    assert "[U+65E5][U+672C]andé" in shown


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_set(text: str) -> None:
    letter, _, _ = hostile_letter(text)
    assert render_pdf(letter).startswith(b"%PDF")
    docx.Document(io.BytesIO(render_docx(letter)))


def test_the_same_letter_gives_the_same_bytes(nsl) -> None:
    letter = challenge_letter(nsl, provider=PROVIDER, today=TODAY)
    assert render_pdf(letter) == render_pdf(letter)
    first = render_docx(letter)
    assert first == render_docx(letter)
    assert all(e.date_time[0] == 1980 for e in zipfile.ZipFile(io.BytesIO(first)).infolist())


def test_a_broken_template_is_refused_with_a_hint() -> None:
    with pytest.raises(PaperError, match="hint:"):
        typeset(b"#panic(1)", {}, on=TODAY)


def test_an_unknown_language_is_refused_with_a_hint(nsl) -> None:
    with pytest.raises(PaperError, match=r"no letters in language 'xx'; hint: one of en"):
        challenge_letter(nsl, provider=PROVIDER, today=TODAY, language="xx")


def test_a_us_authority_gets_us_paper_and_dates_and_a_european_one_its_own(nsl) -> None:
    us = challenge_letter(nsl, provider=PROVIDER, today=TODAY)
    assert us.sheet.size == "us-letter"
    assert us.sheet.date == "March 10, 2016"
    de = challenge_letter(assessment(demand=nsl_demand(issuer_country="de")), provider=PROVIDER, today=TODAY)
    assert de.sheet.size == "a4"
    assert de.sheet.date == "10 March 2016"
