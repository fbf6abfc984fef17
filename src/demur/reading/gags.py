"""The gag: on what it rests, how long it lasts, who imposed it, what the document says of its review."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from statistics import fmean

from .cues import View
from .dated import PERIOD, length
from .evidence import Facts, Kind, told
from .kinds import KindFound


def gag(view: View, facts: Facts, kind: Kind) -> Facts:
    """The facts that follow from a gag, or from its absence in a letter that would have to state it."""
    out: Facts = {}
    found = facts.get("gag_present")
    if found is None or found.value is not True:
        if kind and kind.kind == "nsl" and found is None and _whole(view) and _since_certificates(facts):
            # From this day an NSL forbids disclosure only where the letter itself certifies the harm (18 U.S.C.
            # 2709(c)): a whole, legible letter without that paragraph carries no gag. The paragraph would follow
            # the certificate of relevance.
            at = facts.get("certified_relevant", facts["kind"])
            out["gag_present"] = told(at, False, 0.65, confirm=True)
        return out
    until = facts.get("gag_until")
    match = next((m for m in PERIOD.finditer(view.text) if _near_gag(view, m.start())), None)
    if match and until is None:
        out["gag_days"] = told(view.evidence(match.start(), match.end(), wide=True), length(match), 0.8)
    if kind and kind.kind == "nsl":
        # The agency's own letter forbids; no court has spoken (18 U.S.C. 2709(c)(1)).
        out["gag_by_court"] = replace(found, value=False)
        if until is None and match is None:
            # An NSL's gag has no end by law; a letter that sets none leaves it so.
            out.setdefault("gag_indefinite", told(found, True, 0.85))
        if "gag_basis" not in facts:
            out["gag_basis"] = told(found, "2709c", 0.8)
        if _whole(view):
            # A letter that is whole and legible, from salutation to signature, shows what it does not say: the
            # certificate and the notice of review would stand in it.
            for name in ("gag_certified", "gag_review_told"):
                if name not in facts:
                    out[name] = told(found, False, 0.65, confirm=True)
    elif kind and found.confidence > 0.6 and _of_a_court(facts, kind):
        # The instrument is a court's own; what it forbids, the court forbids.
        out["gag_by_court"] = told(found, True, 0.85)
    if "gag_indefinite" not in facts and "gag_indefinite" not in out and (until or match):
        out["gag_indefinite"] = told(found, False, 0.9)  # an end is stated
    return out


_CERTIFICATES = date(2006, 3, 9)
"""USA PATRIOT Improvement and Reauthorization Act of 2005, Pub. L. 109-177, section 116."""


def _since_certificates(facts: Facts) -> bool:
    issued = facts.get("issued_on")
    return issued is not None and isinstance(issued.value, date) and issued.value >= _CERTIFICATES


def _of_a_court(facts: Facts, kind: KindFound) -> bool:
    role = facts.get("issuer_role")
    if kind.kind in ("ndo.2705b", "order.2703d", "pentrap", "wiretap.t3", "uk.copo"):
        return True
    return kind.kind.startswith("warrant.") and role is not None and role.value in ("judge", "magistrate", "court")


def _near_gag(view: View, at: int) -> bool:
    start, end = view.sentence(at, at)
    words = view.text[max(0, start - 200) : end].lower()
    return (
        bool(re.search(r"disclos|notif|inform|secre|confiden", words[-(end - start) - 200 :]))
        and "preserv" not in words[-(end - start) :]
    )


def _whole(view: View) -> bool:
    """Whether a letter is there from salutation to closing, each page legible."""
    sheets = view.script.sheets
    return bool(
        view.salutation
        and view.closing
        and sheets
        and fmean(s.score for s in sheets) > 0.9
        and min(s.score for s in sheets) > 0.8
    )
