"""Reading a scan: seconds a page from file to facts, in the confined child, beside the recogniser alone."""

from __future__ import annotations

import io
import time

from demur.law import assess
from demur.paper import Party, challenge_letter, render_pdf
from demur.reading import read

from . import Row, law, median_time, row


def scan() -> tuple[bytes, int]:
    """A letter of the project's own, printed and scanned: an image-only PDF, and its number of pages."""
    import pypdfium2
    from PIL import Image

    letter = challenge_letter(assess(law.sample(), law.DAY), provider=Party("Example Cloud Ltd"), today=law.DAY)
    document = pypdfium2.PdfDocument(render_pdf(letter))
    pages: list[Image.Image] = []
    for number in range(min(3, len(document))):
        picture = document[number].render(scale=200 / 72).to_pil().convert("L")
        pages.append(picture.rotate(0.4, fillcolor=255, expand=False))
    out = io.BytesIO()
    pages[0].save(out, "PDF", resolution=200, save_all=True, append_images=pages[1:])
    return out.getvalue(), len(pages)


def bench() -> list[Row]:
    """Whole reading of a scanned letter, a page of it, beside the recogniser on the same pages in this process."""
    import numpy
    import pypdfium2

    from demur.reading.ocr import recognise

    data, pages = scan()
    seconds = median_time(lambda: read(data, name="scan.pdf")) / pages
    document = pypdfium2.PdfDocument(data)
    pictures = [numpy.asarray(document[n].render(scale=200 / 72).to_pil().convert("L")) for n in range(pages)]
    recognise(pictures[0])
    start = time.perf_counter()
    for picture in pictures:
        recognise(picture)
    floor = (time.perf_counter() - start) / pages
    beside = "the recogniser alone"
    return [row("read a scanned page", seconds, "s/page", beside, floor, "<= 8 s", seconds <= 8, pages=pages)]
