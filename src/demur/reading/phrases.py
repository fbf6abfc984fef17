"""Finds phrases in text that may have been misread: a few wrong letters, lost spaces, broken lines.

Text and phrase are reduced to a skeleton of letters and digits in which what recognisers confuse is one (0 and O,
1, l and I, rn and m); the skeleton of the phrase is then searched in that of the text, in scans also with one letter
in nine wrong. "..." in a phrase stands for up to 160 letters of anything.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_GAP = 160
_SAME = str.maketrans(
    {"0": "o", "1": "l", "i": "l", "|": "l", "5": "s", "8": "b", "ß": "s", "ł": "l", "ø": "o", "đ": "d"}
)


@lru_cache(maxsize=8192)
def skeleton(phrase: str) -> str:
    """The phrase without case, spaces, marks and accents, look-alikes folded."""
    return _skeleton(phrase)[0]


def _skeleton(text: str) -> tuple[str, list[int], list[int]]:
    # The letters, and where in the text each begins and ends: the m of a folded rn is two wide.
    letters: list[str] = []
    where: list[int] = []
    ends: list[int] = []
    for at, char in enumerate(text):
        if char.isascii():
            if not (char.isalnum() or char == "|"):
                continue
            plain = char.lower()
        else:
            plain = "".join(c for c in unicodedata.normalize("NFKD", char.lower()) if c.isalnum())
        for c in plain.translate(_SAME):
            if c == "n" and letters and letters[-1] == "r" and ends[-1] == at:
                letters[-1], ends[-1] = "m", at + 1
                continue
            letters.append(c)
            where.append(at)
            ends.append(at + 1)
    return "".join(letters), where, ends


@dataclass(frozen=True, slots=True)
class Hit:
    """A stretch of the text that matches a phrase; `sure` is 1 for every letter right, less for each wrong one."""

    start: int
    end: int
    sure: float


class Finder:
    """A text prepared for finding phrases; `loose` allows wrong letters, as a scan needs."""

    def __init__(self, text: str, loose: bool) -> None:
        self._text = text
        self._bones, self._where, self._ends = _skeleton(text)
        self._loose = loose

    def first(self, phrase: str, start: int = 0, end: int | None = None) -> Hit | None:
        """The first place of the phrase at or after `start` and before `end`."""
        return next(self.all(phrase, start, end), None)

    def all(self, phrase: str, start: int = 0, end: int | None = None) -> Iterator[Hit]:
        """Every place of the phrase, in order."""
        lo, hi = self._bone(start), len(self._bones) if end is None else self._bone(end)
        parts = [(p, skeleton(p)) for p in phrase.split("...")]
        if not all(bones for _, bones in parts):
            return
        while (found := self._chain(parts, lo, hi)) is not None:
            first, last, wrong = found
            sure = 1.0 - wrong / sum(len(bones) for _, bones in parts) * 2
            yield Hit(self._where[first], self._ends[last - 1], max(0.1, sure))
            lo = max(last, first + 1)

    def _bone(self, at: int) -> int:
        from bisect import bisect_left

        return bisect_left(self._where, at)

    def _chain(self, parts: list[tuple[str, str]], lo: int, hi: int) -> tuple[int, int, int] | None:
        while True:
            head = self._part(*parts[0], lo, hi)
            if head is None:
                return None
            first, last, wrong = head
            for phrase, part in parts[1:]:
                tail = self._part(phrase, part, last, min(hi, last + _GAP + len(part) + 4))
                if tail is None:
                    break
                last, wrong = tail[1], wrong + tail[2]
            else:
                return first, last, wrong
            lo = first + 1

    def _part(self, phrase: str, part: str, lo: int, hi: int) -> tuple[int, int, int] | None:
        at = lo
        exact: tuple[int, int, int] | None = None
        while (at := self._bones.find(part, at, hi)) >= 0:
            if self._stands_alone(at, at + len(part)):
                exact = (at, at + len(part), 0)
                break
            at += 1
        # Numbers tell one provision from the next: a phrase with digits is found only as it is.
        exactly = not self._loose or any(c.isdigit() for c in phrase)
        wrong = 0 if exactly or len(part) < 11 else min(6, len(part) // 9)
        if (exact is not None and exact[0] == lo) or not wrong:
            return exact
        near = self._near(part, wrong, lo, exact[0] if exact else hi)
        return near or exact

    def _stands_alone(self, first: int, last: int) -> bool:
        # Letters next to the hit that belong to the same word: allowed is a plural, and in scans a lost space.
        before = self._where[first] - 1
        after = self._ends[last - 1]
        text = self._text
        tolerant = self._loose and last - first >= 12
        if before >= 0 and text[before].isalnum() and not tolerant:
            return False
        if after < len(text) and text[after].isalnum() and not tolerant:
            tail = text[after : after + 2].lower()
            return last - first >= 5 and tail[:1] == "s" and not tail[1:].isalnum()
        return True

    def _begins_word(self, at: int) -> bool:
        before = self._where[at] - 1
        return before < 0 or not self._text[before].isalnum()

    def _near(self, part: str, wrong: int, lo: int, hi: int) -> tuple[int, int, int] | None:
        # With k wrong letters, one of k + 1 pieces of the phrase is right: look only where one is.
        size = len(part) // (wrong + 1)
        best: tuple[int, int, int] | None = None
        for k in range(wrong + 1):
            piece = part[k * size : (k + 1) * size]
            at = lo
            while (at := self._bones.find(piece, at, hi)) >= 0:
                first = max(lo, at - k * size - wrong)
                last = min(hi, at - k * size + len(part) + wrong)
                hit = _align(part, self._bones[first:last], wrong)
                if hit is not None and (len(part) >= 24 or self._begins_word(first + hit[0])):
                    found = (first + hit[0], first + hit[1], hit[2])
                    if (
                        best is None
                        or found[0] < best[0] - wrong
                        or (found[2] < best[2] and found[0] <= best[0] + wrong)
                    ):
                        best = found
                    break
                at += 1
        return best


def _align(part: str, window: str, wrong: int) -> tuple[int, int, int] | None:
    """Where `part` lies in `window` with the fewest edits, at most `wrong` (Sellers' algorithm)."""
    if _fewest(part, window) > wrong:
        return None
    row = [(0, j) for j in range(len(window) + 1)]
    for i, a in enumerate(part, 1):
        last, row = row, [(i, 0)]
        for j, b in enumerate(window, 1):
            row.append(
                min(
                    (last[j - 1][0] + (a != b), last[j - 1][1]),
                    (last[j][0] + 1, last[j][1]),
                    (row[j - 1][0] + 1, row[j - 1][1]),
                )
            )
    edits, end = min((cell[0], j) for j, cell in enumerate(row))
    return (row[end][1], end, edits) if edits <= wrong and end > row[end][1] else None


def _fewest(part: str, window: str) -> int:
    """The fewest edits with which `part` occurs in `window`, by Myers' bit vectors (J. ACM 46(3), 1999)."""
    places: dict[str, int] = {}
    for i, c in enumerate(part):
        places[c] = places.get(c, 0) | 1 << i
    full, top = (1 << len(part)) - 1, 1 << (len(part) - 1)
    up, down, edits = full, 0, len(part)
    fewest = edits
    for c in window:
        same = places.get(c, 0)
        across = (((same & up) + up) ^ up) | same
        more, less = down | ~(across | up), up & across
        if more & top:
            edits += 1
        elif less & top:
            edits -= 1
        more, less = more << 1, less << 1
        up, down = (less | ~((same | down) | more)) & full, more & (same | down) & full
        fewest = min(fewest, edits)
    return fewest


def distance(a: str, b: str) -> int:
    """The number of letters to change, drop or add to make `a` of `b`."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(last[j - 1] + (x != y), last[j] + 1, row[j - 1] + 1))
    return row[-1]
