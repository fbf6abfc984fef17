"""Setting a Typst template with data: tagged PDF, with the compiler's own fonts, from memory."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, date, datetime, time
from functools import cache
from threading import Lock
from typing import Any

import typst

from .letter import PaperError

ARCHIVAL: tuple[Any, ...] = ("a-2a", "ua-1")
"""PDF/A-2a (ISO 19005-2, which includes 2b) and PDF/UA-1 (ISO 14289-1)."""

_setting = Lock()  # one compiler, one document at a time: its caches are what makes the second letter fast
_NOT_SHOWN = re.compile(r"could not be displayed|codepoint")


@cache
def _compiler() -> typst.Compiler:
    # Only the fonts inside the wheel, so that a letter looks the same, and is as fast, on every machine.
    return typst.Compiler(font_paths=typst.Fonts(include_system_fonts=False), ignore_system_fonts=True)


def typeset(template: bytes, data: Any, *, on: date, standards: tuple[Any, ...] = ARCHIVAL) -> bytes:
    """Set `template` with `data` (JSON values, read by the template from `sys.inputs.data`) as a PDF dated `on`.

    Data never become source: they arrive as strings, so markup and code in them are printed, not run. What the
    fonts cannot show is printed as its code point, so that nothing is lost without a trace. The same input
    gives the same bytes. Raises PaperError where the template cannot be set.
    """
    clean = _each_text(data, tidy)
    try:
        return _set(template, clean, on, standards)
    except typst.TypstError as error:
        if not _NOT_SHOWN.search(error.message):
            raise _failed(error) from None
    try:
        return _set(template, _each_text(clean, _spelled_out), on, standards)
    except typst.TypstError as error:
        raise _failed(error) from None


def _failed(error: typst.TypstError) -> PaperError:
    return PaperError(f"the paper could not be set: {error.message}; hint: check the template and its data")


def _set(template: bytes, data: Any, on: date, standards: tuple[Any, ...]) -> bytes:
    with _setting:
        made = _compiler().compile(
            input=template,
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            pdf_standards=list(standards),
            timestamp=datetime.combine(on, time(), UTC),
        )
    if not isinstance(made, bytes):
        raise PaperError("the paper came out as several files; hint: a template sets one document")
    return made


def _each_text(data: Any, change: Any) -> Any:
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {key: _each_text(value, change) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_each_text(value, change) for value in data]
    return data


# Characters that would reorder or hide what stands beside them (Trojan Source, CVE-2021-42574), and those that
# PDF/UA forbids.
_HIDING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff\u2028\u2029")
_SPACES = {"\t": " ", "\r": "\n", "\v": "\n", "\f": "\n"}


def tidy(text: str) -> str:
    """The text without control, direction and half characters; line ends become plain."""
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for char in unicodedata.normalize("NFC", text.replace("\r\n", "\n")):
        char = _SPACES.get(char, char)
        if char == "\n" or not (char in _HIDING or unicodedata.category(char) in ("Cc", "Cs", "Cn")):
            kept.append(char)
    return "".join(kept)


def _spelled_out(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c if c.isascii() or _shows(c) else f"[U+{ord(c):04X}]" for c in text)


_PROBE = b'#set document(title: "x")\n#set text(lang: "en")\n#json(bytes(sys.inputs.data))'


@cache
def _shows(char: str) -> bool:
    # Whether the compiler's fonts have the character: asked of the compiler, once for each.
    try:
        _set(_PROBE, f"a{char}", date(2000, 1, 1), ARCHIVAL)
    except typst.TypstError:
        return False
    return True
