"""A stranger's file cannot hurt: each hostile or broken file ends in a clear error, and the file itself is kept."""

import io
import os
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pikepdf
import pytest
from pdf_text import pdf_with_text
from PIL import Image

from demur.reading import Limits, ReadingError, read, render_page

SMALL = Limits(seconds=60, memory=1 << 30)


def pdf_with(content: bytes, media: str = "0 0 612 792", filtered: bytes = b"") -> bytes:
    """A one-page PDF written by hand, with the content stream and filter given."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [" + media.encode() + b"] /Contents 4 0 R >>",
        b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), filtered, content),
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 5\n0000000000 65535 f \n%strailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(out),
    )


def refusal(data: bytes, name: str = "demand.pdf", limits: Limits = SMALL) -> str:
    with pytest.raises(ReadingError) as caught:
        read(data, name=name, limits=limits)
    said = str(caught.value)
    assert "; hint: " in said
    assert said[0].islower() or said.startswith("PDF")
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b" \n\t "])
def test_an_empty_file_is_refused(data: bytes) -> None:
    assert "empty" in refusal(data)


def test_an_encrypted_pdf_asks_for_one_without_a_password() -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    out = io.BytesIO()
    pdf.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    assert "encrypted" in refusal(out.getvalue())


def test_a_truncated_pdf_is_broken() -> None:
    assert "broken" in refusal(pdf_with_text(["In the matter of the search"])[:150])


def test_a_zip_that_calls_itself_pdf_is_told_for_what_it_is() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "x")
    assert "ZIP" in refusal(out.getvalue())


def test_a_docx_bomb_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<a>" + b" " * (60 << 20) + b"</a>")
    assert "bomb" in refusal(out.getvalue(), "a.docx")


def test_an_unknown_type_is_refused() -> None:
    assert "no known type" in refusal(bytes(range(256)) * 10, "a.bin")


def test_a_pdf_of_ten_thousand_pages_is_refused_before_it_is_read() -> None:
    pdf = pikepdf.new()
    page = pdf.add_blank_page()
    for _ in range(9_999):
        pdf.pages.append(page)
    out = io.BytesIO()
    pdf.save(out)
    assert "10000 pages" in refusal(out.getvalue())


def test_a_stream_that_unpacks_to_more_than_memory_ends_the_child_and_not_the_parent() -> None:
    # Two layers of deflate: a few kB become 270 MB of drawing operators.
    packer = zlib.compressobj(9)
    block = b"0 0 m 1 1 l S\n" * 75_000
    inner = b"".join(packer.compress(block) for _ in range(256)) + packer.flush()
    data = pdf_with(zlib.compress(inner, 9), filtered=b"/Filter [/FlateDecode /FlateDecode]")
    assert len(data) < 100_000
    said = refusal(data, limits=Limits(seconds=60, memory=500 << 20))
    assert "bomb" in said or "no words" in said or "parser" in said or "memory" in said


def test_a_page_as_large_as_a_field_is_looked_at_in_bounds() -> None:
    data = pdf_with(b"0 0 m 10 10 l S", media="0 0 14400000 14400000")
    assert refusal(data)


def test_a_blank_page_is_no_demand() -> None:
    assert "no words" in refusal(pdf_with(b""))


def test_time_runs_out() -> None:
    assert "0.01 seconds" in refusal(pdf_with_text(["Dear Sir"]), limits=Limits(seconds=0.01))


def test_a_deeply_nested_facts_file_is_refused() -> None:
    assert refusal(b'{"kind": ' + b"[" * 200_000, "a.json")


def test_a_picture_bomb_is_refused() -> None:
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    assert "too large" in refusal(out.getvalue(), "a.png")


def test_a_file_over_the_size_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    path.write_bytes(b"a" * 3000)
    with pytest.raises(ReadingError, match="more than 0 MB"):
        read(path, limits=Limits(size=2000))
    assert path.read_bytes() == b"a" * 3000


def test_the_original_is_never_touched(tmp_path: Path) -> None:
    path = tmp_path / "demand.pdf"
    path.write_bytes(pdf_with_text(["broken"])[:200])
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    with pytest.raises(ReadingError):
        read(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert os.listdir(tmp_path) == ["demand.pdf"]


CONFINED = """
import socket, subprocess, sys
from demur.reading import confine
confine.bound(1 << 30, 5)
confine.cut_off()
def refused(act):
    try:
        act()
    except OSError:
        return True
    return False
assert refused(lambda: socket.create_connection(("127.0.0.1", 9)))
assert refused(lambda: subprocess.run(["/bin/true"]))
assert refused(lambda: __import__("os").posix_spawn("/bin/true", ["true"], {}))
assert refused(lambda: open("/tmp/demur-never", "w").write("x" * 100_000))
try:
    bytearray(2 << 30)
    raise SystemExit("memory was given")
except MemoryError:
    print("confined")
"""


def test_the_child_has_no_network_no_programs_no_files_to_write_and_little_memory() -> None:
    done = subprocess.run([sys.executable, "-c", CONFINED], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "confined\n", done.stderr


def test_the_kernel_itself_refuses_sockets_where_it_can() -> None:
    code = (
        "from demur.reading import confine; import ctypes, os\n"
        "sure = confine._seccomp()\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print(sure, libc.socket(2, 1, 0), ctypes.get_errno())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    sure, socket, fault = done.stdout.split()
    if sure == "False":
        pytest.skip("this kernel or architecture has no filter of system calls that we know")
    assert (socket, fault) == ("-1", "1")


def test_a_page_is_drawn_for_the_screen() -> None:
    png = render_page(pdf_with_text(["Dear Custodian of Records:"]), 1, 600)
    image = Image.open(io.BytesIO(png))
    assert image.width == 600
    assert image.convert("L").getextrema()[0] < 100


def test_a_page_that_does_not_exist_is_not_drawn() -> None:
    with pytest.raises(ReadingError, match="there is no page 2"):
        render_page(pdf_with_text(["Dear Custodian of Records:"]), 2)
    with pytest.raises(ReadingError, match="plain text"):
        render_page(b"Dear Custodian of Records, plain text.", 1)
