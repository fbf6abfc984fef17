"""Pages for tests, drawn by typst: with a text layer, or as the scan of one."""

import io
from functools import cache

import pypdfium2
import typst
from PIL import Image, ImageFilter


@cache
def _compile(source: str) -> bytes:
    return bytes(typst.compile(source.encode(), format="pdf"))


def pdf_with_text(pages: list[str], size: int = 11) -> bytes:
    """A PDF whose pages show the texts, line by line, with a text layer."""

    def lines(page: str) -> str:
        return "\n".join(
            f"#text({_quoted(line)}) #linebreak()" if line.strip() else "#v(9pt)" for line in page.splitlines()
        )

    body = "\n#pagebreak()\n".join(lines(page) for page in pages)
    return _compile(f'#set page(paper: "us-letter", margin: 2.2cm)\n#set text(size: {size}pt)\n{body}')


def _quoted(line: str) -> str:
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'


def scan(pdf: bytes, dpi: int = 200, turn: float = 0.4, blur: float = 0.6) -> bytes:
    """The PDF as a scanner would give it: pictures only, slightly turned and soft."""
    document = pypdfium2.PdfDocument(pdf)
    pictures = []
    for page in document:
        image = page.render(scale=dpi / 72).to_pil().convert("L")
        image = image.rotate(turn, fillcolor=255, expand=False, resample=Image.Resampling.BICUBIC)
        pictures.append(image.filter(ImageFilter.GaussianBlur(blur)))
    out = io.BytesIO()
    pictures[0].save(out, "PDF", save_all=True, append_images=pictures[1:], resolution=dpi)
    return out.getvalue()
