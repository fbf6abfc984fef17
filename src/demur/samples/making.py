"""Making the sample demands from their data: PDF, scan, e-mail, facts."""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pypdfium2
from PIL import Image

from demur.paper import typeset

Form = Literal["pdf", "scan", "eml", "facts"]
MARKED = "SAMPLE. Invented for demonstration; not a real demand."
FIRST_DAY = date(2026, 11, 23)
"""The day the samples are set around unless another is given."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample demand as a file, and what is true of it.

    `kind` is a value of the fact `kind`; `served_on` the legal day of service; `customer` the customer whose data
    are asked for, `customer_kind` a value of the fact of that name; `provider` the entity served.
    """

    name: str
    title: str
    kind: str
    form: Form
    path: Path
    served_on: date
    customer: str
    customer_kind: str
    provider: str


def render(folder: Path, today: date = FIRST_DAY) -> list[Sample]:
    """Write all samples into `folder` (made if absent), dated around `today`; the same day gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_make(name, folder, today) for name in names()]


@cache
def names() -> tuple[str, ...]:
    """The names of the samples, in order."""
    found = (p.name for p in (files(__package__) / "demands").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def _make(name: str, folder: Path, today: date) -> Sample:
    text = (files(__package__) / "demands" / f"{name}.toml").read_text("utf-8")
    data = tomllib.loads(_dated(text, today))
    if "same_as" in data:
        first = (files(__package__) / "demands" / f"{data['same_as']}.toml").read_text("utf-8")
        data = {**tomllib.loads(_dated(first, today)), **data}
    form: Form = data["makes"]
    path = folder / f"{name}.{_ENDS[form]}"
    path.write_bytes(_FORMS[form](data, today))
    return Sample(
        name=name,
        title=data["title"],
        kind=data["kind"],
        form=form,
        path=path,
        served_on=today + timedelta(data["served"]),
        customer=data["customer"],
        customer_kind=data["customer_kind"],
        provider=data["provider"],
    )


# ------------------------------------------------------------------ dates

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS: Mapping[str, Callable[[date], str]] = {
    "us": lambda d: f"{_MONTHS[d.month - 1]} {d.day}, {d.year}",
    "eu": lambda d: f"{d.day} {_MONTHS[d.month - 1]} {d.year}",
    "iso": lambda d: d.isoformat(),
    "slash": lambda d: f"{d.month:02}/{d.day:02}/{d.year}",
    "dots": lambda d: f"{d.day:02}.{d.month:02}.{d.year}",
    "mail": lambda d: format_datetime(datetime.combine(d, time(14, 7, 52), UTC)),
    "year": lambda d: f"{d.year % 100:02}",
}


def _dated(text: str, today: date) -> str:
    """The text with each <us -5> and its like replaced by the day so many days from today."""
    return re.sub(
        rf"<({'|'.join(_DAYS)}) ([+-]?\d+)>",
        lambda m: _DAYS[m[1]](today + timedelta(int(m[2]))),
        text,
    )


# ------------------------------------------------------------------ forms


def _pdf(data: Mapping[str, Any], today: date) -> bytes:
    packet = {"title": data["title"], "author": data["author"], "marked": MARKED, "documents": data["documents"]}
    return typeset(_template(), packet, on=today, standards=())


@cache
def _template() -> bytes:
    return (files(__package__) / "demand.typ").read_bytes()


def _scan(data: Mapping[str, Any], today: date) -> bytes:
    """The same pages as a scanner leaves them: images only, grey, a little turned, with noise and faint print."""
    chance = np.random.default_rng(20260)
    pages = []
    for page in pypdfium2.PdfDocument(_pdf(data, today)):
        sheet = page.render(scale=200 / 72, grayscale=True).to_pil()
        sheet = sheet.rotate(float(chance.uniform(-0.9, 0.9)), Image.Resampling.BICUBIC, fillcolor=255)
        grey = np.asarray(sheet, dtype=np.float32) * 0.82 + 34  # faint toner
        grey += chance.normal(0, 9, grey.shape)
        specks = chance.random(grey.shape) < 0.0006
        grey[specks] = chance.uniform(30, 160, int(specks.sum()))
        pages.append(Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)))
    out = io.BytesIO()
    moment = datetime.combine(today, time(), UTC).timetuple()
    pages[0].save(
        out, "PDF", save_all=True, append_images=pages[1:], resolution=200, quality=60,
        creationDate=moment, modDate=moment,
    )  # fmt: skip
    return out.getvalue()


def _eml(data: Mapping[str, Any], today: date) -> bytes:
    mail = EmailMessage(policy=SMTP)
    for name, value in data["headers"]:
        mail[name] = value
    mail["X-Sample"] = MARKED
    mail.set_content(data["body"], cte="quoted-printable")
    for attached in data.get("attachments", []):
        packet = {"title": attached["title"], "author": data["author"], "documents": attached["documents"]}
        mail.add_attachment(_pdf(packet, today), maintype="application", subtype="pdf", filename=attached["file"])
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_sample_{number}_7d2f")
    return mail.as_bytes()


def _facts(data: Mapping[str, Any], today: date) -> bytes:
    text: str = data["facts"]
    return f"# {MARKED}\n{text}".encode()


_ENDS: Mapping[Form, str] = {"pdf": "pdf", "scan": "pdf", "eml": "eml", "facts": "toml"}
_FORMS: Mapping[Form, Callable[[Mapping[str, Any], date], bytes]] = {
    "pdf": _pdf,
    "scan": _scan,
    "eml": _eml,
    "facts": _facts,
}
