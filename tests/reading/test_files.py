"""A demand is read as it arrives: text, PDF, scan, e-mail, picture, DOCX, facts; through the child process."""

import io
import json
import zipfile
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from pdf_text import pdf_with_text, scan
from PIL import Image

from demur.reading import Packet, ReadingError, read
from demur.reading.mail import add_headers
from demur.reading.packet import read_packet
from demur.reading.pdf import PdfPart, is_good
from demur.reading.values import Document

HERE = Path(__file__).parent
LIMITS = {"size": 1 << 26, "pages": 300, "ocr_pages": 60, "seconds": 900, "memory": 4 << 30, "pixels": 40_000_000}
LETTER = (HERE / "texts" / "nsl-packet.txt").read_text("utf-8").split("\f")[1:3]
SUBPOENA = (HERE / "texts" / "admin.txt").read_text("utf-8")


def here(data: bytes, name: str = "") -> Packet:
    return read_packet(data, name, LIMITS, {})


@pytest.fixture(scope="module")
def mixed() -> Packet:
    """A letter whose first page has its text layer, while the second was scanned: the one page of OCR in the fast
    tests, through the child process."""
    pdf = pikepdf.open(io.BytesIO(pdf_with_text([LETTER[0]])))
    with pikepdf.open(io.BytesIO(scan(pdf_with_text([LETTER[1]])))) as second:
        pdf.pages.append(second.pages[0])
        out = io.BytesIO()
        pdf.save(out)
    return read(out.getvalue(), name="letter.pdf")


def test_a_page_with_text_is_taken_as_it_is_and_a_scanned_one_is_recognised(mixed: Packet) -> None:
    assert [t.how for d in mixed.documents for t in d.text] == ["text", "ocr"]


def test_both_pages_are_one_demand(mixed: Packet) -> None:
    (document,) = mixed.documents
    values = {n: e.value for n, e in document.facts.items()}
    assert document.role == "demand"
    assert values["kind"] == "nsl"
    assert values["issued_on"] == date(2016, 9, 12)
    assert values["reference"] == "NSL-16-400123"
    assert (values["gag_present"], values["gag_certified"], values["due_days"]) == (True, True, 21)


def test_what_was_read_by_ocr_is_marked_on_its_page_and_identifiers_are_to_be_confirmed(mixed: Packet) -> None:
    facts = mixed.documents[0].facts
    assert facts["due_days"].page == 2
    assert facts["due_days"].boxes
    assert all(0 <= v <= 1 for box in facts["due_days"].boxes for v in box)
    assert facts["reference"].confirm
    named = [c for c in mixed.documents[0].clauses if any(t.identifier for t in c.clause.targets)]
    assert named
    assert all(c.confirm for c in named)


def test_the_json_has_the_form_that_the_command_promises(mixed: Packet) -> None:
    plain = json.loads(json.dumps(mixed.as_json()))
    assert set(plain) == {"documents", "warnings"}
    document = plain["documents"][0]
    assert {"role", "pages", "facts", "clauses"} <= set(document)
    assert set(document["facts"]["kind"]) == {"value", "confidence", "page", "quote", "boxes", "confirm"}
    assert {"targets", "categories", "period_from", "period_to", "quote", "page"} <= set(document["clauses"][0])
    assert document["facts"]["issued_on"]["value"] == "2016-09-12"
    assert len(mixed.sha256) == 64


def test_boxes_lie_where_the_words_are() -> None:
    packet = here(pdf_with_text([SUBPOENA]), "a.pdf")
    (box,) = packet.documents[0].facts["reference"].boxes
    page = pypdfium2.PdfDocument(pdf_with_text([SUBPOENA]))[0]
    width, height = page.get_size()
    inside = page.get_textpage().get_text_bounded(
        box[0] * width - 1, (1 - box[3]) * height - 1, box[2] * width + 1, (1 - box[1]) * height + 1
    )
    assert inside.strip() == "HSI-SF-2025-00219"


def test_boxes_stay_in_place_on_a_page_that_is_turned() -> None:
    pdf = pikepdf.open(io.BytesIO(pdf_with_text([SUBPOENA])))
    straight = here(pdf_with_text([SUBPOENA])).documents[0].facts["reference"].boxes[0]
    pdf.pages[0].Rotate = 180
    out = io.BytesIO()
    pdf.save(out)
    part = PdfPart(out.getvalue(), "", LIMITS)
    cells = [c for row in part.rows(0) or () for c in row if "00219" in c.text]
    assert cells
    assert cells[0].box
    assert abs(cells[0].box[1] - (1 - straight[3])) < 0.02


def mail(*attachments: tuple[str, bytes], body: str = "Please find attached a subpoena.", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Carla Voss <voss@agency.example>"
    message["To"] = "legal@provider.example"
    message["Subject"] = "Subpoena"
    message["Date"] = "Mon, 14 Apr 2025 09:00:00 +0000"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    for name, data in attachments:
        message.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return message.as_bytes()


def test_an_email_carries_its_demand() -> None:
    packet = here(mail(("subpoena.pdf", pdf_with_text([SUBPOENA]))), "a.eml")
    demand, cover = packet.documents
    assert (demand.role, cover.role) == ("demand", "email")
    assert cover.links[0].to == 0
    assert demand.facts["kind"].value == "subpoena.admin"
    assert demand.facts["channel"].value == "email"
    assert demand.text[0].part == "subpoena.pdf"


def test_an_email_may_itself_be_the_demand() -> None:
    packet = here(mail(body=(HERE / "texts" / "edr.txt").read_text("utf-8")), "a.eml")
    assert [d.role for d in packet.documents] == ["demand"]
    assert packet.documents[0].facts["kind"].value == "edr"


def test_a_forwarded_email_is_opened_once() -> None:
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = "a@b.example", "c@d.example", "Fwd: Subpoena"
    outer.set_content("For your attention.")
    outer.add_attachment(message_from_bytes(mail(("s.pdf", pdf_with_text([SUBPOENA]))), policy=policy.default))
    packet = here(outer.as_bytes(), "a.eml")
    assert [t.part for d in packet.documents for t in d.text if d.role == "demand"] == ["s.pdf"]


def test_a_broken_attachment_is_told_and_does_not_hide_the_others() -> None:
    packet = here(mail(("broken.pdf", b"%PDF-1.4 nothing"), ("subpoena.pdf", pdf_with_text([SUBPOENA]))), "a.eml")
    assert packet.documents[0].facts["kind"].value == "subpoena.admin"
    assert any("broken.pdf" in w and "hint" in w for w in packet.warnings)


def test_what_a_header_says_of_the_sender_weighs_little() -> None:
    failed = here(mail(body=SUBPOENA, Authentication_Results="mx; spf=fail; dkim=none; dmarc=fail"), "a.eml")
    passed = here(mail(body=SUBPOENA, Authentication_Results="mx; spf=pass; dkim=pass; dmarc=pass"), "a.eml")
    silent = here(mail(body=SUBPOENA), "a.eml")
    told = failed.documents[0].facts["sender_auth_failed"]
    assert (told.value, told.confirm) == (True, True)
    assert passed.documents[0].facts["sender_auth_failed"].confidence < 0.5
    assert "sender_auth_failed" not in silent.documents[0].facts


def test_a_dkim_signature_is_checked_only_against_a_key_known_beforehand() -> None:
    import base64

    import dkim
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = base64.b64encode(
        key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    ).decode()
    data = mail(body=SUBPOENA).replace(b"\n", b"\r\n")
    signed = dkim.sign(data, b"s1", b"agency.example", pem, include_headers=[b"from", b"subject", b"date"]) + data
    keys = {"s1._domainkey.agency.example": f"v=DKIM1; k=rsa; p={public}"}
    known = read_packet(signed, "a.eml", LIMITS, keys).documents[0].facts["sender_auth_failed"]
    assert (known.value, known.confidence) == (False, 0.9)
    forged = read_packet(
        signed.replace(b"requested not to disclose", b"requested nor to disclose"), "a.eml", LIMITS, keys
    )
    assert forged.documents[0].facts["sender_auth_failed"].value is True
    assert "sender_auth_failed" not in read_packet(signed, "a.eml", LIMITS, {}).documents[0].facts


def test_headers_so_broken_that_they_cannot_be_parsed_do_no_harm() -> None:
    data = b"From: \xff\xfe<<>>\r\nTo: x\r\nSubject: =?utf-8?q?=ff?=\r\nDate: never\r\n\r\n" + SUBPOENA.encode()
    assert here(data, "a.eml").documents[0].facts["kind"].value == "subpoena.admin"
    assert add_headers([], EmailMessage(), b"", {}) == []


def test_html_mail_is_read_without_its_scripts() -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "x"
    lines = "".join(f"<p>{line}</p>" for line in SUBPOENA.splitlines())
    message.set_content(f"<html><head><style>p{{}}</style></head><script>evil()</script>{lines}</html>", subtype="html")
    document = here(message.as_bytes(), "a.eml").documents[0]
    assert document.facts["reference"].value == "HSI-SF-2025-00219"
    assert "evil" not in document.text[0].text


def test_a_docx_is_read() -> None:
    body = "".join(f"<w:p><w:r><w:t>{line.replace('&', '&amp;')}</w:t></w:r></w:p>" for line in SUBPOENA.splitlines())
    name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{name}"><w:body>{body}</w:body></w:document>')
    assert here(out.getvalue(), "a.docx").documents[0].facts["kind"].value == "subpoena.admin"


def test_facts_are_taken_as_they_are_given() -> None:
    toml = 'kind = "nsl"\nissued_on = 2020-01-02\n[[clauses]]\ncategories = ["subscriber"]\n'
    packet = read(toml.encode(), name="a.toml")
    assert packet.documents[0].facts["kind"].confidence == 1.0
    assert packet.demand().facts == {"kind": "nsl", "issued_on": date(2020, 1, 2)}
    assert read(b'{"kind": "nsl"}', name="a.json").demand().facts == {"kind": "nsl"}


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b'kind = "nls"', "a.toml", "did you mean nsl"),
        (b'knd = "nsl"', "a.toml", "unknown fact"),
        (b'kind = "nsl', "a.toml", "not valid TOML"),
        (b"[1]", "a.json", "not a table"),
    ],
)
def test_wrong_facts_are_refused_with_the_place_and_a_hint(data: bytes, name: str, said: str) -> None:
    with pytest.raises(ReadingError, match=said):
        read(data, name=name)


def test_a_bad_text_layer_is_known() -> None:
    assert is_good("You are hereby directed to provide to the Federal Bureau of Investigation the name and address.")
    assert not is_good("\ue001\ue002 \ufffd\ufffd \ue003\ue004 \ufffd\ufffd\ufffd \ue005 \ue006\ue007 \ue008")
    assert not is_good("~|_ .;' `^ #@ }{ ][ ~~ ;;; ..' ''` ^^ ||| // \\\\ `` ,,")
    assert not is_good("Case 1:05")


def test_an_identifier_under_a_black_box_stays_hidden() -> None:
    text = "You are hereby directed to produce subscriber information for the account below:\n\nAccount:\nsecret.person@mail.example\n\nFile No. NSL-16-400123"  # noqa: E501
    pdf = pikepdf.open(io.BytesIO(pdf_with_text([text])))
    page = pdf.pages[0]
    plain = here(pdf_with_text([text]))
    place = next(c.boxes for c in plain.documents[0].clauses)
    assert "secret.person" in plain.documents[0].text[0].text
    cell = next(
        c.box for row in PdfPart(pdf_with_text([text]), "", LIMITS).rows(0) or () for c in row if "secret" in c.text
    )
    assert place
    assert cell
    width, height = 612, 792
    x, y = cell[0] * width - 2, (1 - cell[3]) * height - 2
    page.contents_add(
        f"q 0 g {x} {y} {(cell[2] - cell[0]) * width + 4} {(cell[3] - cell[1]) * height + 4} re f Q".encode()
    )
    out = io.BytesIO()
    pdf.save(out)
    document = here(out.getvalue()).documents[0]
    assert "secret.person" not in document.text[0].text
    assert [t.identifier for c in document.clauses for t in c.clause.targets] == [None]


def test_a_picture_of_a_page_has_its_size(tmp_path: Path) -> None:
    from demur.reading.pictures import ImagePart

    out = io.BytesIO()
    Image.new("L", (3400, 4400), 255).save(out, "TIFF", save_all=True, append_images=[Image.new("L", (10, 10))])
    part = ImagePart(out.getvalue(), "", LIMITS)
    assert len(part) == 2
    assert part.picture(0, 200).shape == (2200, 1700)


def test_the_wire_is_checked_like_any_strangers_word() -> None:
    packet = here(SUBPOENA.encode(), "a.txt")
    good = packet.to_wire()
    for break_it in (
        lambda d: d["documents"][0].update(role="boss"),
        lambda d: d["documents"][0]["facts"].update(unheard={"value": 1}),
        lambda d: d["documents"][0]["facts"]["kind"].update(value="nothing"),
        lambda d: d["documents"][0].update(links=[{"to": 7, "how": "x"}]),
        lambda d: d.pop("warnings"),
    ):
        wire = json.loads(json.dumps(good))
        break_it(wire)
        with pytest.raises((KeyError, TypeError, ValueError)):
            Packet.from_wire(wire)
    assert isinstance(Packet.from_wire(good).documents[0], Document)
