"""The letter: from an assessment to a PDF, in process, beside setting an empty page."""

from __future__ import annotations

from demur.law import assess
from demur.paper import Party, challenge_letter, render_docx, render_pdf

from . import Row, law, median_time, row


def bench() -> list[Row]:
    """Compose and set the challenge letter of the sample demand; the first one, which warms the fonts, apart."""
    import typst

    found = assess(law.sample(), law.DAY)
    party = Party("Example Cloud Ltd", ("1 Example Street", "Dublin"))

    def letter() -> bytes:
        return render_pdf(challenge_letter(found, provider=party, today=law.DAY))

    letter()
    seconds = median_time(letter, loops=5)
    empty = median_time(lambda: typst.compile(b"page", font_paths=[]), loops=3)
    docx = median_time(lambda: render_docx(challenge_letter(found, provider=party, today=law.DAY)), loops=2)
    beside = "an empty page, fresh compiler"
    return [
        row("letter as PDF", seconds * 1e3, "ms", beside, empty * 1e3, "<= 50 ms", seconds <= 0.05),
        row("letter as DOCX", docx * 1e3, "ms", beside, empty * 1e3, "<= 100 ms", docx <= 0.1),
    ]
