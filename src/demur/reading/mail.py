"""What an e-mail's headers tell of a demand that came by it. Headers are the sender's word, and weigh little."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from demur.facts import read_value

from .values import Document, Evidence

_FAILED = re.compile(r"\b(?:spf|dkim|dmarc)\s*=\s*(?:fail|softfail|permerror|policy)\b", re.I)
_PASSED = re.compile(r"\bdmarc\s*=\s*pass\b", re.I)


def add_headers(
    readings: list[Document], message: EmailMessage, data: bytes, keys: Mapping[str, str]
) -> list[Document]:
    """Give each demand the channel and the sender's authentication; the mail's own text becomes the cover, unless it
    is itself the demand."""
    channel = Evidence("email", 0.95, None, _header(message, "From"))
    authenticated = _authentication(message, data, keys)
    carries = len(readings) > 1
    out = []
    for i, reading in enumerate(readings):
        if i == 0 and carries and any(r.role in ("demand", "gag") for r in readings[1:]):
            reading = replace(reading, role="email", clauses=())
        facts = dict(reading.facts)
        if reading.role not in ("attachment", "cover"):
            facts["channel"] = channel
            if authenticated:
                facts["sender_auth_failed"] = authenticated
        day = _sent(message)
        if "issued_on" not in facts and i == 0 and day:
            facts["issued_on"] = day
        out.append(replace(reading, facts=facts))
    return out


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(f"{name}: {message[name] or ''}".split())[:300]
    except (ValueError, IndexError, AttributeError, TypeError):
        return name  # a header so broken that its parser fails


def _sent(message: EmailMessage) -> Evidence | None:
    try:
        day = parsedate_to_datetime(str(message["Date"])).date()
        read_value("issued_on", day)  # a day beyond all bounds dates nothing
    except (ValueError, TypeError, IndexError, AttributeError):
        return None
    return Evidence(day, 0.5, None, _header(message, "Date"), (), confirm=True)


def _authentication(message: EmailMessage, data: bytes, keys: Mapping[str, str]) -> Evidence | None:
    """Whether SPF, DKIM or DMARC failed: by a key known beforehand, else as a header says, which anyone may have
    written (RFC 8601 section 7.1)."""
    if keys and message["DKIM-Signature"]:
        verdict = _dkim(data, keys)
        if verdict is not None:
            return Evidence(not verdict, 0.9, None, "DKIM signature checked with a key known beforehand")
    try:
        said = [str(h) for h in message.get_all("Authentication-Results", [])]
    except (ValueError, IndexError, AttributeError, TypeError):
        return None
    if not said:
        return None
    quote = " ".join(f"Authentication-Results: {said[0]}".split())[:300]
    if any(_FAILED.search(h) for h in said):
        return Evidence(True, 0.6, None, quote, (), confirm=True)
    if _PASSED.search(said[0]):
        return Evidence(False, 0.3, None, quote, (), confirm=True)
    return None


def _dkim(data: bytes, keys: Mapping[str, str]) -> bool | None:
    import dkim

    asked: list[str] = []

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        plain = name.decode("ascii", "replace").rstrip(".")
        asked.append(plain)
        record = keys.get(plain)
        return record.encode() if record else None

    try:
        good = bool(dkim.verify(data, dnsfunc=look_up))
    except (dkim.DKIMException, ValueError, TypeError):
        return None
    return good if any(name in keys for name in asked) else None
