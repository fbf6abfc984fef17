"""The provisions that a demand invokes, and the offence or purpose that it states."""

from __future__ import annotations

import re
from dataclasses import replace

from .cues import View, cues
from .evidence import Facts, Kind, told
from .phrases import skeleton
from .sheets import REDACTED

_LETTERS = r"(?:\s?\([A-Za-z0-9]{1,4}\))*"
_SECTION = r"(?:§+|[Ss]ect[il]ons?|Sec\.)?\s*"
_PROVISIONS = tuple(
    re.compile(form)
    for form in (
        # United States
        r"Title\s+\d+,?\s+Un[il]ted\s+States\s+Code(?:[,.]?\s*\(U\.?\s?S\.?\s?C\.?\))?[.,]?\s*"
        rf"{_SECTION}\d+[a-z]?{_LETTERS}",
        rf"\b\d{{1,2}}\s+U\.?\s?S\.?\s?C\.?(?:\s?A\.?)?[,.:]?\s*{_SECTION}\d+[a-z]{{0,2}}(?:-\d+)?{_LETTERS}",
        rf"Title\s+\d+,?\s+U\.?\s?S\.?\s?C\.?,?\s*(?:§+|[Ss]ections?)\s*\d+[a-z]?{_LETTERS}",
        r"Executive\s+Order\s+\d{4,5}",
        r"Fed(?:eral|\.)\s*R(?:ules?|\.)\s*(?:of\s+)?(?:Crim(?:inal|\.)|Civ(?:il|\.))\s*P(?:rocedure|\.)\s*\d+"
        r"(?:\([a-z0-9]\))*",
        r"(?:California\s+)?Penal\s+Code,?\s+(?:§+|[Ss]ections?)\s*\d+(?:\.\d+)?",
        # European Union
        r"(?:Articles?\s+\d+(?:\(\d+\))?(?:\s*(?:,|and)\s*\d+(?:\(\d+\))?)*\s+of\s+)?"
        r"(?:Regulation|Directive)\s+(?:\(EU\)\s*)?(?:No\s*)?\d{4}/\d+(?:/(?:EU|EC|JHA))?",
        # United Kingdom and other acts cited by their year
        r"(?:[Ss]ections?\s+\d+[A-Z]{0,2}(?:\(\d+\))*(?:\([a-z]\))?\s+"
        r"(?:of\s+|and\s+[Ss]chedule\s+\d+\s+(?:of|to)\s+)(?:the\s+)?)?"
        r"(?:[A-Z][a-z(][\w()]*\s+(?:(?:and|of|to|the|for|in|\(?[A-Z][a-z)][\w)]*)\s+){0,8})Act,?\s+(?:19|20)\d{2}",
        r"Schedule\s+\d+\s+(?:to|of)\s+the\s+(?:[A-Z]\w+\s+(?:and\s+)?){1,6}Act\s+\d{4}",
        r"(?i:sections?\s+\d+[A-Z]?\s+(?:of\s+)?(?:the\s+)?"
        r"(?:code\s+of\s+criminal\s+procedure|criminal\s+code|bharatiya\s+nagarik\s+suraksha\s+sanhita))"
        r"(?:,?\s+\d{4})?",
        # Germany and Austria
        r"§§?\s*\d+[a-z]?(?:\s*(?:Abs\.|Absatz)\s*\d+)?(?:\s*(?:,|i\.\s?V\.\s?m\.|und)\s*(?:§\s*)?\d+[a-z]?)*\s+"
        r"(?:StPO|TTDSG|TDDDG|TKG|StGB|BGB|AO|BKAG|PolG|[A-Z][A-Za-z]{1,6}G|ÖStPO|SPG)\b",
        # France, Spain, Italy
        r"(?:[Aa]rticles?|[Aa]rt\.)\s+(?:[LRD]\.?\s?)?\d+(?:-\d+)*(?:\s*(?:et|à|,)\s*[\d-]+)*\s+(?:et\s+suivants\s+)?"
        r"du\s+[Cc]ode\s+(?:de\s+)?[\wé]+\s+[\wé]+",
        r"(?:[Aa]rt[íi]culos?|[Aa]rt\.?)\s+\d+[\w. ]{0,12}\s+(?:de la|del|c\.p\.p\.|c\.p\.|LECrim)"
        r"(?:\s+[A-Z][\w]+(?:\s+de)?(?:\s+[A-Z]\w+)*)?",
    )
)
_MENTIONED = re.compile(
    r"(?:defined\s+(?:in|by)|meaning\s+of|violations?\s+of|offen[cs]es?\s+(?:under|of)|charged\s+with)\W*$", re.I
)


def law(view: View, facts: Facts, kind: Kind) -> Facts:
    """The provisions invoked: those of the sentence that demands, else the first of the document."""
    found: list[tuple[int, int, str]] = []
    for form in _PROVISIONS:
        for m in form.finditer(view.text):
            if any(a < m.end() and m.start() < b for a, b, _ in found) or _MENTIONED.search(
                view.text[max(0, m.start() - 40) : m.start()]
            ):
                continue
            if view.text[view.sentence(m.start(), m.end())[0] :].lstrip()[:1] in "☐□":
                continue  # a box left empty invokes nothing
            found.append((m.start(), m.end(), " ".join(m.group().split()).strip(" ,.")))
    if not found:
        return {}
    found.sort()
    demanding = view.first(cues()["demanding"]["phrases"])
    if demanding:
        a, b = view.paragraph(demanding.start)
        found = [f for f in found if a <= f[0] < b] or found
    seen: dict[str, tuple[int, int, str]] = {}
    for one in found:
        seen.setdefault(skeleton(one[2]), one)
    chosen = list(seen.values())[:5]
    evidence = view.evidence(chosen[0][0], chosen[-1][1] if chosen[-1][1] - chosen[0][0] < 400 else chosen[0][1])
    return {
        "legal_basis": told(evidence, "; ".join(c[2] for c in chosen), 0.9),
        "legal_basis_stated": told(evidence, True, 0.9),
    }


# Where the offence ends and the demand goes on.
_SAYS = re.compile(
    r"\s(?:bitten|bitte ich|wird|werden|ersuche|ist|I|we|please|requests?|seeks?|the provider|you are|is demanded"
    r"|nous)\b"
)


_CONSEQUENCE = re.compile(r"(?:treated as|shall be|constitutes?)\s+an?\s*$")


def offence(view: View, facts: Facts, kind: Kind) -> Facts:
    purpose = view.first(cues()["label"]["purpose"][:1]) if kind and kind.kind == "nsl" else None
    if purpose:
        # The statute's own words; a misread letter in them is not worth keeping.
        evidence = view.evidence(purpose.start, purpose.end, purpose.sure)
        return {
            "offence": told(evidence, cues()["label"]["purpose"][0], 0.9),
            "offence_stated": told(evidence, True, 0.9),
        }
    for label in cues()["label"]["offence"]:
        for hit in view.find.all(label):
            if view.text[hit.end : hit.end + 1].isalnum():
                continue
            form = re.match(r"[^.;:]{0,150}:\s", view.text[hit.end : hit.end + 160]) if len(label) > 20 else None
            if form:
                hit = replace(hit, end=hit.end + form.end())  # a form's label goes on to its colon
            rest = re.match(
                r"[\s:.–-]*(?P<v>[^;:\n]{4,140}?(?:\n[^\S\n]*[^;:\n]{3,80}?)?)(?=[;:]|\.\s|\.$|\n\n|\n[A-Z(\d]|$)",
                view.text[hit.end : hit.end + 300],
            )
            if _CONSEQUENCE.search(view.text[max(0, hit.start - 30) : hit.start]):
                continue  # what becomes of those who do not comply
            if not rest or REDACTED in rest["v"]:
                continue
            if re.search(r"[☐☒□]|\[\s?[xX]?\s?\]", rest["v"]):
                continue  # the choices of a form
            value = _SAYS.split(" ".join(rest["v"].split()))[0].strip(" .,")
            if len(value) < 4 or not re.search(r"[^\W\d_]{3}|§|\d{3,}", value):
                continue
            evidence = view.evidence(hit.start, hit.end + rest.end("v"), hit.sure)
            return {"offence": told(evidence, value, 0.75), "offence_stated": told(evidence, True, 0.8)}
    return {}
