"""The reader's phrases, loaded from `cues.toml`, and where in a document they are found."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from .phrases import Finder, Hit, skeleton
from .sheets import Script
from .values import Evidence


@cache
def cues() -> Mapping[str, Any]:
    """The tables of `cues.toml`."""
    return tomllib.loads((files(__package__) / "cues.toml").read_text("utf-8"))


# A full stop ends a sentence after a small letter, a digit or a bracket, not in "U.S.C. Section" or "No. 5".
_SENTENCE = re.compile(
    r"(?<=[a-zà-ÿ\d)\]\"”'][.;:?!])(?<!\.\)[.,:])(?<!\bNo\.)(?<!\bNos\.)(?<!\bInc\.)(?<!\bMr\.)(?<!\bMs\.)\s+(?=[\W_]*[A-ZÀ-Ý\d])|\n\n+"
)


@dataclass(frozen=True, eq=False)
class View:
    """A document ready for reading: its text, its phrases' finder, and its parts."""

    script: Script
    find: Finder = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "find", Finder(self.script.text, self.script.scanned))

    @property
    def text(self) -> str:
        """All pages' text."""
        return self.script.text

    def hits(self, cue: str, start: int = 0, end: int | None = None) -> Iterator[Hit]:
        """Where a cue of `cues.toml` is found, with its marks ^ and ~ obeyed."""
        if cue.startswith("~"):
            start = max(start, self.signature)
            cue = cue[1:]
        alone = cue.startswith("^")
        cue = cue.removeprefix("^")
        for hit in self.find.all(cue, start, end):
            if not alone or self.is_line(hit, 0.6):
                yield hit

    def first(self, phrases: list[str], start: int = 0, end: int | None = None) -> Hit | None:
        """The first place of the surest phrase of a list."""
        best: Hit | None = None
        for cue in phrases:
            hit = next(self.hits(cue, start, end), None)
            if hit and (best is None or (hit.sure, -hit.start) > (best.sure, -best.start)):
                best = hit
        return best

    def is_line(self, hit: Hit, share: float) -> bool:
        """Whether the hit makes up at least `share` of the lines (or table cells) that it stands on."""
        start, end = self.line(hit.start, hit.end)
        whole = skeleton(self.text[start:end])
        return len(skeleton(self.text[hit.start : hit.end])) >= share * len(whole)

    def line(self, start: int, end: int) -> tuple[int, int]:
        """The bounds of the cells that a stretch stands on."""
        while start > 0 and self.text[start - 1] not in "\n\t":
            start -= 1
        while end < len(self.text) and self.text[end] not in "\n\t":
            end += 1
        return start, end

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """The bounds of the sentence (or paragraph, where none ends sooner) round a stretch."""
        for at, stop in self.sentences:
            if at <= start < stop:
                return at, max(stop, end)
        return start, end

    def paragraph(self, at: int) -> tuple[int, int]:
        """The bounds of the paragraph round a place: from one empty line to the next."""
        start, end = self.text.rfind("\n\n", 0, at), self.text.find("\n\n", at)
        return (start + 2 if start >= 0 else 0), (end if end >= 0 else len(self.text))

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """All sentences in order. A sentence that a page's end cuts goes on on the next page."""
        out, at = [], 0
        for gap in _SENTENCE.finditer(self.text):
            before, after = self.text[at : gap.start()], self.text[gap.end() : gap.end() + 1]
            cut = "\n\n" in gap.group() and before[-1:].isalpha() and after.islower()
            if not cut:
                out.append((at, gap.start()))
                at = gap.end()
        out.append((at, len(self.text)))
        return tuple(out)

    @cached_property
    def closing(self) -> Hit | None:
        """The last closing of a letter ("Sincerely,")."""
        found = [h for cue in cues()["begin"]["closing"] for h in self.find.all(cue) if self.is_line(h, 0.7)]
        return max(found, key=lambda h: h.start, default=None)

    @cached_property
    def signature(self) -> int:
        """Where the signature block begins: at the closing, else a dozen lines before the end."""
        if self.closing:
            return self.closing.start
        signed = [m.start() for m in re.finditer(r"(?<!\w)/?s/\s?[A-Z]", self.text)]
        if signed:
            return self.line(signed[-1], signed[-1])[0]
        at = len(self.text.rstrip())
        for _ in range(14):
            at = self.text.rfind("\n", 0, at)
            if at < 0:
                return 0
        return at

    @cached_property
    def head(self) -> int:
        """Where the first page's upper part ends: at the salutation, else a third down its text."""
        first = len(self.script.sheets[0].text) if self.script.sheets else 0
        hit = self.salutation
        return hit.start if hit else max(first // 3, min(first, 700))

    @cached_property
    def salutation(self) -> Hit | None:
        """The salutation on the first page."""
        first = len(self.script.sheets[0].text) if self.script.sheets else 0
        for cue in cues()["begin"]["salutation"]:
            for hit in self.find.all(cue, 0, first):
                start, end = self.line(hit.start, hit.end)
                if hit.start - start <= 2 and end - start < 60:
                    return hit
        return None

    def evidence(self, start: int, end: int, sure: float = 1.0, wide: bool = False) -> Evidence:
        """Where a stretch stands; `wide` quotes its sentence. `sure` lowers the recogniser's confidence."""
        if wide:
            a, b = self.sentence(start, end)
            start, end = max(a, start - 160), min(b, end + 160)
            while start > a and not self.text[start - 1].isspace():
                start -= 1
            while end < b and not self.text[end].isspace():
                end += 1
        found = self.script.evidence(start, end)
        return Evidence(None, min(0.99, found.confidence * sure), found.page, found.quote, found.boxes)
