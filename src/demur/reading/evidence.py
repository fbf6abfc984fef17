"""What the readers of facts share: a fact with its evidence, lines, words of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from demur.facts import Value

from .cues import View, cues
from .kinds import KindFound
from .phrases import skeleton
from .values import Evidence

Facts = dict[str, Evidence]
Kind = KindFound | None


def told(evidence: Evidence, value: Value, sure: float = 1.0, confirm: bool | None = None) -> Evidence:
    """The evidence with its value; `sure` lowers its confidence, below 0.75 a person confirms it."""
    confidence = min(0.99, evidence.confidence * sure)
    return replace(
        evidence, value=value, confidence=confidence, confirm=confidence < 0.75 if confirm is None else confirm
    )


def lines(text: str, at: int = 0) -> list[tuple[int, int]]:
    """The bounds of the lines from `at` on."""
    out = []
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        out.append((at, end))
        at = end + 1
    return out


def has_word(text: str, table: str) -> bool:
    """Whether the text has a word of the table of names."""
    words = set(re.sub(r"[^\w\s]", " ", text.replace(".", "") if table == "company" else text).lower().split())
    return any(word in words if " " not in word else word in text.lower() for word in cues()["names"][table])


def day_first(facts: Mapping[str, Evidence]) -> bool:
    """Whether 03/04/2021 is the third of April where the issuer is."""
    country = facts.get("issuer_country")
    return country is not None and country.value not in ("us", "ph", "fm")


def after_label(view: View, label: str) -> Evidence | None:
    """What follows a form's label on its line, or stands in the next cell or on the next line."""
    for cue in cues()["label"][label]:
        for hit in view.find.all(cue):
            start, end = view.line(hit.start, hit.end)
            if skeleton(view.text[start : hit.start]) and not re.fullmatch(
                r"\W*(?:\d{1,2}|[a-z])?[.)]?\W*", view.text[start : hit.start]
            ):
                continue
            rest = view.text[hit.end : end]
            if ":" not in rest[:4] and len(skeleton(rest)) > 0:
                continue
            at = hit.end + (len(rest) - len(rest.lstrip(" :.…\t")))
            if at >= end:
                step = re.match(r"[\s:.…]*", view.text[end:])
                at = end + (step.end() if step else 0)
                end = view.line(at, at)[1]
            value = " ".join(view.text[at:end].split()).strip(" .:…_")
            if 2 <= len(value) <= 120 and re.search(r"[^\W\d_]{2}", value):
                return told(view.evidence(at, end), value, 0.85 * hit.sure)
    return None
