"""Reads the facts of a document, each by the structure of letters and orders and by the phrases of `cues.toml`.

What the document does not say stays unknown. A fact is set to false only where the words deny it, or where the
document's structure does: each such place says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .cues import View, cues
from .dated import answered_within, issued, other_dates, reference
from .evidence import Facts, Kind, told
from .gags import gag
from .invoked import law, offence
from .kinds import find_kind
from .parties import issuer, served
from .phrases import Hit
from .signing import judge, signature
from .values import Evidence


def read_facts(view: View) -> Facts:
    """All facts of one document."""
    facts: Facts = {}
    kind = find_kind(view)
    if kind:
        at = view.evidence(kind.hit.start, kind.hit.end)
        facts["kind"] = told(at, kind.kind, kind.confidence)
        for name, value in cues()["kind"][kind.kind].get("implies", {}).items():
            facts[name] = told(at, value, 0.9 * kind.confidence)
    for step in _STEPS:
        for name, evidence in step(view, facts, kind).items():
            facts.setdefault(name, evidence)
    return facts


def _stated(view: View, facts: Facts, kind: Kind) -> Facts:
    """Boolean facts that a phrase states or denies."""
    out: Facts = {}
    for value, table in ((True, cues()["yes"]), (False, cues()["no"])):
        for name, phrases in table.items():
            hit = view.first(phrases)
            if hit is None or (value and _denied(view.text, hit.start)):
                continue
            out[name] = told(view.evidence(hit.start, hit.end, hit.sure, wide=True), value, 0.92)
    for name, phrases in cues()["asked"].items():
        hit = view.first(phrases)
        if hit and name not in out:
            out[name] = told(view.evidence(hit.start, hit.end, hit.sure, wide=True), True, 0.5)
    return out


def _denied(text: str, start: int) -> bool:
    before = text[max(0, start - 24) : start].lower().split()
    return any(
        word.strip(",.;") in ("no", "not", "never", "without", "kein", "keine", "aucun", "aucune")
        for word in before[-2:]
    )


def _chosen(view: View, facts: Facts, kind: Kind) -> Facts:
    """Enum facts whose values phrases tell: the surest phrase, titles before prose, decides."""
    out: Facts = {}
    for name, table in cues()["choice"].items():
        best: tuple[float, str, Hit] | None = None
        for value, phrases in table.items():
            for rank, cue in enumerate(phrases):
                hit = next(view.hits(cue), None)
                if hit is None:
                    continue
                mark = {"^": 1.0, "~": 0.95}.get(cue[0], 0.8)
                # Prose tells less the later it stands: a statute cited on page 9 is not the letterhead.
                place = 0.1 if hit.start < view.head else 0.0
                weight = mark * hit.sure + place - 0.001 * rank
                if best is None or weight > best[0]:
                    best = (weight, value, hit)
        if best:
            out[name] = told(view.evidence(best[2].start, best[2].end), best[1], min(0.95, best[0]))
    return out


def _language(view: View, facts: Facts, kind: Kind) -> Facts:
    words = re.findall(r"[^\W\d_]+", view.text.lower())
    if len(words) < 12:
        return {}
    shares = {
        code: sum(w in small for w in words) / len(words)
        for code, small in ((c, set(s)) for c, s in cues()["language"].items())
    }
    first, second = sorted(shares.values(), reverse=True)[:2]
    code = max(shares, key=lambda c: shares[c])
    if first < 0.06:
        return {}
    return {"language": Evidence(code, 0.97 if first > 1.5 * second else 0.7, view.script.sheets[0].number, "", ())}


Step = Callable[[View, Facts, Kind], Facts]
_STEPS: tuple[Step, ...] = (
    _stated,
    _chosen,
    issuer,
    issued,
    other_dates,
    answered_within,
    reference,
    gag,
    served,
    law,
    offence,
    signature,
    judge,
    _language,
)
