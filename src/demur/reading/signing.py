"""The signature under a document: whether there is one, and whose."""

from __future__ import annotations

import re

from .cues import View, cues
from .evidence import Facts, Kind, has_word, lines, told
from .values import Evidence

_CONTACT = re.compile(r"@\w|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}|\+\d[\d\s().-]{6,}|\btel|\bphone|\bfon\b", re.I)
_SIGNED = re.compile(
    r"/s/|(?<!\w)s/\s?[A-Z]|digitally\s+signed\s+by|electronically\s+signed|elektronisch\s+signiert"
    r"|signé\s+électroniquement",
    re.I,
)


def signature(view: View, facts: Facts, kind: Kind) -> Facts:
    """Whether the document is signed, by whom, and of what rank."""
    out: Facts = {}
    text, begin = view.text, view.signature
    typed = _SIGNED.search(text, begin) or _SIGNED.search(text)
    inked = next((s for s in reversed(view.script.sheets) if s.ink and not s.ink_hidden), None)
    if typed:
        out["signed"] = told(view.evidence(*view.line(typed.start(), typed.end())), True, 0.85)
    elif inked and inked.ink:
        out["signed"] = Evidence(True, 0.8, inked.number, "", (inked.ink,), confirm=False)
    for name in ("junior", "acting", "senior"):
        cue = view.first(cues()["rank"][name], begin) if kind and kind.kind == "nsl" else None
        if cue is not None and len(text[slice(*view.line(cue.start, cue.end))]) < 60:
            # 18 U.S.C. 2709(b); one who acts for that officer needs a look at the designation.
            sure = 0.6 if name == "acting" else 0.9
            out["certifier_senior"] = told(view.evidence(cue.start, cue.end, cue.sure), name != "junior", sure)
            break
    block = [(a, b) for a, b in lines(text, begin) if text[a:b].strip()][:9]
    ranked = [(a, b) for a, b in block if _has_rank(text[a:b]) and len(text[a:b]) < 80]
    named = [
        (a, b)
        for a, b in block[bool(view.closing) :]
        if _NAME.fullmatch(_without_rank(text[a:b])) and not has_word(text[a:b], "authority")
    ]
    contact = _CONTACT.search(text, begin, block[-1][1] if block else begin)
    if ranked and named and contact:
        out["signature_block_complete"] = told(view.evidence(named[0][0], max(named[0][1], ranked[0][1])), True, 0.8)
    return out


_NAME = re.compile(r"\W*(?:[A-ZÀ-Ý][\w.'’-]*\s+){1,4}[A-ZÀ-Ý][\w.'’-]+(?:\s+I{1,3})?\W*")


def _has_rank(line: str) -> bool:
    low = line.lower()
    return any(rank in low for rank in cues()["names"]["rank"])


def _without_rank(line: str) -> str:
    words = re.sub(r"/?s/", "", line).replace(",", " ").split()
    return " ".join(w for w in words if w.lower().strip(".") not in cues()["names"]["rank"])


def judge(view: View, facts: Facts, kind: Kind) -> Facts:
    """A judge's own signature under an order or a warrant."""
    role = facts.get("issuer_role")
    signed = facts.get("signed")
    if role and signed and signed.value and role.value in ("judge", "magistrate", "investigating_judge"):
        return {"judge_approved": told(role, True, 0.85)}
    if kind and kind.kind == "nsl":
        # A national security letter is issued by the Bureau alone; the statute knows no judge (18 U.S.C. 2709(b)).
        return {"judge_approved": told(facts["kind"], False, 0.9)}
    return {}
