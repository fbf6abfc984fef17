"""Who issued a demand, and on whom it was served."""

from __future__ import annotations

import re
from dataclasses import replace

from demur.facts import vocabulary

from .cues import View, cues
from .dates import find_dates
from .evidence import Facts, Kind, after_label, has_word, lines, told
from .phrases import Hit, skeleton
from .sheets import REDACTED, print_size, usual_size
from .values import Evidence

_CAPTION = re.compile(
    r"(?im)^[^\n]{0,20}\b(united\s*states\s*district\s*court)\b(?:\s*(?:for\s*)?the\s*|\s+)?"
    r"((?:[a-z]+ern\s*)?(?:middle\s*)?district\s*of\s*[a-z .]+)?"
)
_STATE_COURT = (
    r"(?i)\b(?:superior court of|supreme court of|circuit court of|district court of|people of|state of"
    r"|commonwealth of)\s+(?:the\s+state\s+of\s+)?"
)


def issuer(view: View, facts: Facts, kind: Kind) -> Facts:
    """The issuing body, its court district, state and country."""
    out: Facts = {}
    # A court's caption or a letterhead: the lines above the address or the case's title.
    caption = next((m for m in _CAPTION.finditer(view.text) if view.is_line(Hit(m.start(1), m.end(), 1.0), 0.6)), None)
    if caption:
        name = " ".join(caption.group().split())
        evidence = view.evidence(caption.start(), caption.end())
        out["issuer_body"] = told(evidence, name, 0.9)
        place = skeleton(caption[2] or "")
        states = [(s, circuit) for circuit, names in cues()["circuit"].items() for s in names]
        fits = [(s, circuit) for s, circuit in states if place and place.endswith(skeleton(s))]
        if fits:
            out["issuer_district"] = told(evidence, max(fits, key=lambda fit: len(fit[0]))[1], 0.9)
    state = re.search(_STATE_COURT + "(" + "|".join(_states()) + r")\b", view.text)
    if state and (facts.get("issuer_level") is None or facts["issuer_level"].value != "federal"):
        out["issuer_state"] = told(view.evidence(state.start(), state.end()), _states()[state[1].lower()], 0.85)
    if "issuer_body" not in out:
        heads = _letterhead(view)
        if heads:
            start, end = heads[0][0], heads[-1][1]
            out["issuer_body"] = told(
                view.evidence(start, end), ", ".join(view.text[a:b].strip() for a, b in heads), 0.85
            )
    if "issuer_body" not in out:
        for a, b in lines(view.text[: view.head], 0):
            line = view.text[a:b].strip()
            if 5 < len(line) < 70 and has_word(line, "authority") and ":" not in line:
                out["issuer_body"] = told(
                    view.evidence(a, b), re.sub(r"(?i)^in the\s+", "", " ".join(line.split())), 0.75
                )
                break
    label = after_label(view, "issuing_authority")
    if label:
        out["issuer_body"] = label
    country = after_label(view, "issuing_state")
    if country:
        code = _country(str(country.value))
        if code:
            out["issuer_country"] = replace(country, value=code)
            facts.pop("issuer_country", None)  # the form's own field goes before a guess from its words
    return out


def _states() -> dict[str, str]:
    names = {n.lower().removeprefix("the "): code for code, n in vocabulary()["issuer_state"].values.items()}
    return names


def _country(words: str) -> str | None:
    want = skeleton(words)
    for code, name in vocabulary()["issuer_country"].values.items():
        if skeleton(name.removeprefix("the ")) in (want, want.removeprefix("the")):
            return code
    inside = [
        c
        for c, n in vocabulary()["issuer_country"].values.items()
        if len(n) > 4 and skeleton(n.removeprefix("the ")) in want
    ]
    return inside[0] if len(inside) == 1 else None


def _letterhead(view: View) -> list[tuple[int, int]]:
    """The lines of an authority's name at the top of the first page."""
    out = []
    for cue in cues()["begin"]["head"]:
        for hit in view.hits(cue, 0, view.head):
            line = view.line(hit.start, hit.end)
            if line not in out:
                out.append(line)
            break
    out.sort()
    return out[:2]


def served(view: View, facts: Facts, kind: Kind) -> Facts:
    """The entity addressed, and what its name tells of it."""
    found = _in_address(view) or _after_to(view) or _in_text(view)
    if not found:
        return {}
    evidence = found
    name = str(evidence.value)
    out = {"served_on_entity": evidence}
    words = {w.strip(".,").lower() for w in name.split()}
    # The name alone says that it may be a library; whether it gives patrons access to the internet is to be confirmed.
    if words & set(cues()["names"]["library"]):
        out["recipient_is_library"] = told(evidence, True, 0.7, confirm=True)
    elif words & set(cues()["names"]["archive"]):
        out["recipient_is_library"] = told(evidence, True, 0.5, confirm=True)
    return out


_STREET = re.compile(
    r"^\W*(?:\d{1,6}[\w-]*\s+\S+|P\.?\s?O\.?\s?Box\b|\d\s\d+\s|one\s+\w+\s+(?:way|place|plaza|park))"
    r"|^\W*\+?[\d\s().-]{6,}$|\b[A-Z]{2}\s+\d{5}\b"
    r"|\b(?:street|avenue|parkway|road|boulevard|straße|strasse|suite|floor|drive|lane|rue|way|loop)\b\.?\s*\d*\s*$"
    r"|\bsuite\s+\d+",
    re.I,
)


def _in_address(view: View) -> Evidence | None:
    """The entity in the address block: the lines above the salutation, below the letterhead and the date."""
    hit = view.salutation
    if hit is None:
        return None
    sheet = view.script.sheets[0]
    lines: list[tuple[int, int, str]] = []
    usual = usual_size(c for _, _, c in sheet.spans)
    left = next((c.box[0] for a, b, c in sheet.spans if a <= hit.start < b and c.box), None)
    for a, b, cell in reversed([s for s in sheet.spans if s[1] <= hit.start]):
        if left is not None and cell.box and cell.box[0] - left > 0.25:
            continue  # the right-hand column is the sender's
        text = cell.text.strip()
        if re.match(r"(?i)\W*(?:re|subject|betreff|objet|case|aktenzeichen|via|sent by)\b\s*[:.]", text):
            continue
        if next(find_dates(text), None) or re.match(r"(?i)\W*(?:in reply|file no|our ref)", text) or len(lines) > 9:
            break
        if len(text) > 70:
            break
        if cell.box and print_size(cell) < 0.7 * usual:
            continue  # the small print of a letterhead
        lines.append((a, b, text))
    return _choose(view, lines[::-1])


def _choose(view: View, block: list[tuple[int, int, str]]) -> Evidence | None:
    """The entity among the lines of an address: a company's style tells it; else the first line that is no person's
    name or office, no street and no place."""
    names = [one for one in block if _is_entity(one[2])]
    if not names:
        return None
    company = [n for n in names if has_word(n[2], "company")]
    a, b, text = (company or names)[0]
    return told(view.evidence(a, b), _entity(text), 0.92 if company else 0.85)


_TO = re.compile(r"(?m)^\W*(?:\d\.\s*)?(?:TO|To|An|À)\b[^\S\n]*(?:\([^)\n]*\))?[^\S\n]*[,:]?[^\S\n]*(?P<rest>[^\n\t]*)")


def _after_to(view: View) -> Evidence | None:
    """The entity under "To:" on a form: on its line or the next lines, the first cell of each."""
    first = len(view.script.sheets[0].text)
    for match in _TO.finditer(view.text, 0, first):
        start, end = match.span("rest")
        block = [(start, end, view.text[start:end].strip())]
        for a, b in lines(view.text[:first], view.line(end, end)[1] + 1)[:4]:
            cell = view.text[a:b].split("\t")[0]
            if not cell.strip():
                break
            block.append((a, a + len(cell), cell.strip()))
        block = [(a, b, re.split(r",\s*(?=\d|P\.?O\.? )", t)[0]) for a, b, t in block if t and not t[0].islower()]
        if any(has_word(t, "company") for _, _, t in block):
            return _choose(view, [one for one in block if len(one[2]) < 80])
    return None


def _is_entity(text: str) -> bool:
    if REDACTED in text or _STREET.search(text) or not re.search(r"[A-Za-zÀ-ÿ]{2}", text):
        return False
    if re.search(r"\d{4}", text) or len(re.findall(r"\d", text)) > 5:
        return False  # a number, not a name
    first = text.split()[0].strip(".:,").lower()
    if first in cues()["names"]["person"]:
        return False
    return has_word(text, "company") or (
        not has_word(text, "office") and not re.fullmatch(r"[^\d,]+,\s*[^\d,]+", text.strip(" .,"))
    )


def _entity(text: str) -> str:
    plain = re.sub(
        r"^(?:the\s+)?custodian\s+of\s+records\b,?\s*(?:of|for|at)?\s*", "", " ".join(text.split()), flags=re.I
    )
    return (plain or text).strip(" ,;:")


_STYLE = r"(?:Inc\.?|LLC|L\.L\.C\.|Ltd\.?|Corp\.?|Limited|GmbH)"
_SERVED = (
    re.compile(
        r"(?:owned,?\s+maintained,?\s+controlled,?\s+or\s+)?operated\s+by\s+"
        rf"(?P<v>[A-Z][^\n,;]{{1,60}}?(?:,?\s+{_STYLE})?)(?=[,;.\n]|\s+(?:a|an|at|headquartered|\()\b)"
    ),
    re.compile(r"[Ii]nformation\s+to\s+be\s+disclosed\s+by\s+(?P<v>[A-Z][^\n;(]{1,50}?)(?=\s*(?:\(|\n|$|,?\s+to\s))"),
    re.compile(r"(?m)^\W*(?:TO|To|Addressee|AN|An|À|A)\s*:\s*(?P<v>[^\n\t]{2,90})$"),
    re.compile(r"(?m)^\W*(?:Addressee|Service provider concerned)[^\n:]{0,40}:\s*(?P<v>[^\n\t]{2,90})$"),
    re.compile(
        r"(?:la société|the company|(?:die )?Firma|la empresa|la società)\s+"
        r"(?P<v>[A-ZÀ-Ý][\w.&'’ -]{1,50}?)(?=\s+(?:de|to|um|à|shall|must|auf)\b|[,;.\n])"
    ),
    re.compile(r"(?i:search\s+the\s+records\s+of):?\s+(?P<v>[A-Z][^\n;:(]{2,60}?)(?=,\s*\d|\n|$)"),
    re.compile(r"[Cc]ustodian\s+of\s+[Rr]ecords,?\s+(?P<v>[A-Z][^\n\t;:(]{2,50})"),
    re.compile(
        rf"(?:ORDERED|ordered|order)\b[^;]{{0,80}}?\bthat\s+(?P<v>[A-Z][\w.&' -]{{1,40}}?(?:,?\s{_STYLE})?)"
        r"\s+(?:shall|must)"
    ),
)
"""Where a form or an order names the one who must answer."""


def _in_text(view: View) -> Evidence | None:
    for form in _SERVED:
        for match in form.finditer(view.text):
            value = _entity(match["v"])
            value = re.split(r",\s*(?=\d|P\.?O\.? )", value.removesuffix(" (the"))[0].strip(" ,")
            if (
                REDACTED in value
                or len(value) < 2
                or value.lower() in ("you", "the provider", "any peace officer", "provider")
            ):
                continue
            if has_word(value, "office") and not has_word(value, "company"):
                continue
            return told(view.evidence(match.start("v"), match.end("v")), value, 0.8)
    return None
