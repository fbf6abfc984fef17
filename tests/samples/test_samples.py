"""The samples: they are there, they are of their kind, and nobody can take them for real."""

from __future__ import annotations

import email
import email.policy
import re
import tomllib
from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from demur.facts import demand_from_mapping, vocabulary
from demur.samples import Sample, render

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    return render(tmp_path_factory.mktemp("samples"), TODAY)


def text_of(data: bytes) -> str:
    return "\n".join(p.get_textpage().get_text_range() for p in pypdfium2.PdfDocument(data))


def words_of(sample: Sample) -> str:
    data = sample.path.read_bytes()
    if sample.form == "eml":
        mail = email.message_from_bytes(data, policy=email.policy.default)
        body = mail.get_body()
        assert body is not None
        attached = "".join(text_of(part.get_content()) for part in mail.iter_attachments())
        return "\n".join([*(f"{k}: {v}" for k, v in mail.items()), body.get_content(), attached])
    return data.decode() if sample.form == "facts" else text_of(data)


def test_every_main_kind_is_there(samples: list[Sample]) -> None:
    kinds = {s.kind for s in samples}
    assert kinds >= {
        "nsl", "warrant.sca", "warrant.state", "order.2703d", "subpoena.gj", "subpoena.admin", "preserve.2703f",
        "edr", "eu.epoc", "eu.epoc-pr", "uk.copo", "foreign.order",
    }  # fmt: skip
    assert {s.form for s in samples} == {"pdf", "scan", "eml", "facts"}
    for sample in samples:
        assert sample.kind in vocabulary()["kind"].values
        assert sample.customer_kind in vocabulary()["customer_kind"].values
        assert sample.path.stat().st_size > 500
        assert sample.served_on <= TODAY


def test_every_sample_says_that_it_is_one_on_every_page(samples: list[Sample]) -> None:
    for sample in samples:
        if sample.form == "scan":
            continue
        assert "SAMPLE" in words_of(sample)
        if sample.form == "pdf":
            for page in pypdfium2.PdfDocument(sample.path):
                assert "SAMPLE" in page.get_textpage().get_text_range()


def test_nothing_in_them_leads_to_anybody(samples: list[Sample]) -> None:
    for sample in samples:
        text = words_of(sample)
        for host in re.findall(r"[\w.+-]+@([\w.-]+\w)", text):
            assert host.endswith(".example"), host
        for ip in re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", text):
            assert ip.startswith(("192.0.2.", "198.51.100.", "203.0.113.")), ip
        for number in re.findall(r"\(\d{3}\) (\d{3}-\d{4})", text):
            assert number.startswith("555-01"), number


def test_the_scan_is_an_image_of_the_letter_and_no_text(samples: list[Sample]) -> None:
    letter, scan = (next(s for s in samples if s.name == n) for n in ("01-nsl", "02-nsl-scan"))
    assert len(pypdfium2.PdfDocument(scan.path)) == len(pypdfium2.PdfDocument(letter.path))
    assert words_of(scan).strip() == ""
    page = pypdfium2.PdfDocument(scan.path)[0]
    assert page.get_size() == pytest.approx((612, 792), abs=1)
    dark = sum(1 for v in page.render(scale=1, grayscale=True).to_numpy().ravel() if v < 110)
    assert dark > 3000, "print is to be seen on it"


def test_the_packet_holds_the_warrant_its_attachments_and_the_order_of_silence(samples: list[Sample]) -> None:
    text = words_of(next(s for s in samples if s.name == "03-warrant-with-gag"))
    assert text.index("SEARCH AND SEIZURE WARRANT") < text.index("ATTACHMENT B") < text.index("2705(b)")


def test_the_mails_carry_their_headers_and_papers(samples: list[Sample]) -> None:
    forged, mailed = (
        email.message_from_bytes(s.path.read_bytes(), policy=email.policy.default) for s in samples if s.form == "eml"
    )
    assert "spf=fail" in forged["Authentication-Results"]
    assert forged["From"].addresses[0].domain != forged["Reply-To"].addresses[0].domain
    assert "dmarc=pass" in mailed["Authentication-Results"]
    assert [p.get_filename() for p in mailed.iter_attachments()] == ["SW-2026-00417.pdf"]


def test_the_facts_are_facts(samples: list[Sample]) -> None:
    sample = next(s for s in samples if s.form == "facts")
    demand = demand_from_mapping(tomllib.loads(sample.path.read_text("utf-8")))
    assert demand.facts["kind"] == "warrant.sca"
    assert demand.clauses[0].targets[0].facts["data_country"] == "ie"


def test_the_same_day_gives_the_same_bytes_and_another_day_other_dates(samples: list[Sample], tmp_path: Path) -> None:
    again = render(tmp_path / "again", TODAY)
    assert [s.path.read_bytes() for s in again] == [s.path.read_bytes() for s in samples]
    later = render(tmp_path / "later", date(2027, 2, 1))
    assert "January 24, 2027" in words_of(later[0])
    assert later[0].served_on == date(2027, 1, 28)


def test_no_date_is_left_unset(samples: list[Sample]) -> None:
    for sample in samples:
        assert not re.search(r"<(us|eu|iso|slash|dots|mail|year) [+-]?\d+>", words_of(sample))
