"""The registers: customers, what was promised them, and the authorities that write; kept as records.

A record is one table of a file (TOML or JSON), and the same for a page's form: it is read and checked whole, written
whole, and each change commits together with its entry in the ledger (promise 6). A bad record changes nothing.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from demur.facts import FactsError, read_value, vocabulary
from demur.facts.values import briefly, suggest

from . import entries
from .lifecycle import Actor
from .models import (
    Authority,
    Contact,
    ContractPromise,
    Customer,
    Delivery,
    Handle,
    Membership,
    RegisterChange,
    fit,
    plain,
)
from .words import roles_in_words, words

EDITORS = frozenset({"lead", "counsel", "privacy-officer", "operator"})
"""Who may change a register; an analyst reads it."""
HANDLES = ("domain", "tenant", "account", "email", "phone", "ip")
TABLES = ("customers", "authorities", "promises")
"""The tables of a register's file: `promises` are those made to every customer."""

Record = dict[str, Any]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong at one place of what was handed in: ("customers", 0, "kind") counts from 0."""

    at: Path
    what: str


class RegisterError(ValueError):
    """What was handed in cannot be kept; nothing was changed. Each flaw ends with a hint."""

    def __init__(self, *flaws: Flaw) -> None:
        self.flaws = flaws
        super().__init__("; ".join(f.what for f in flaws))


class _Wrong(ValueError):
    """One value that cannot be; the message ends with a hint."""


# ------------------------------------------------------------------ reading one value


def _text(limit: int) -> Callable[[object], str]:
    def read(raw: object) -> str:
        if not isinstance(raw, str):
            raise _Wrong("it is no text; hint: write it in quotes")
        said = " ".join(fit(raw).split())
        if len(said) > limit:
            raise _Wrong(f"it is longer than {limit} letters; hint: make it shorter")
        return said

    return read


def _of_fact(name: str) -> Callable[[object], str]:
    def read(raw: object) -> str:
        try:
            return str(read_value(name, raw) or "")
        except FactsError as error:
            raise _Wrong(str(error).split(" is ", 1)[-1]) from None

    return read


def _among(names: Iterable[str]) -> Callable[[object], str]:
    known = tuple(names)

    def read(raw: object) -> str:
        if raw not in known:
            raise _Wrong(f"{briefly(raw)} is not known; hint: {suggest(raw, known)}")
        return str(raw)

    return read


def _day(raw: object) -> str | None:
    if raw in (None, ""):
        return None
    try:
        return (raw if isinstance(raw, date) else date.fromisoformat(str(raw))).isoformat()[:10]
    except ValueError:
        raise _Wrong(f"{briefly(raw)} is no date; hint: write a date as 2026-11-23") from None


def _flag(raw: object) -> bool | None:
    if raw in (None, "") or isinstance(raw, bool):
        return None if raw in (None, "") else bool(raw)
    if isinstance(raw, str) and raw.lower() in ("true", "yes", "false", "no"):
        return raw.lower() in ("true", "yes")
    raise _Wrong(f"{briefly(raw)} is neither true nor false; hint: leave it out while nobody knows")


def _hours(raw: object) -> int:
    if (isinstance(raw, int) and not isinstance(raw, bool)) or (
        isinstance(raw, str) and re.fullmatch("[0-9]{1,4}", raw.strip())
    ):
        hours = int(raw)
        if 1 <= hours <= 24 * 30:
            return hours
    raise _Wrong(f"{briefly(raw)} is no number of hours; hint: from 1 to 720")


def _email(raw: object) -> str:
    said = _text(254)(raw).lower()
    try:
        validate_email(said)
    except ValidationError:
        raise _Wrong(f"{briefly(said)} is no e-mail address; hint: name@example.org") from None
    return said


def _slug(raw: object) -> str:
    said = _text(60)(raw)
    taken = ("customer", "new", "promises", *vocabulary()["customer_kind"].values)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", said):
        raise _Wrong(
            f"{briefly(said)} is no short name; hint: small letters, digits and single hyphens, as muster-gmbh"
        )
    if said in taken:
        raise _Wrong(f"{briefly(said)} has a meaning of its own; hint: take another short name")
    return said


def domain(raw: object) -> str:
    """A mail or host domain in small letters and ASCII (IDNA). Raises ValueError with a hint."""
    said = _text(253)(raw).lower().strip(".").removeprefix("@")
    try:
        said = said.encode("idna").decode("ascii")
    except UnicodeError:
        said = ""
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    # One label alone (com) would take everybody's identifiers.
    if not re.fullmatch(rf"{label}(\.{label})+", said):
        raise _Wrong(f"{briefly(raw)} is no domain; hint: such as muster.example")
    return said


def phone(raw: object) -> str:
    """A telephone number in international form, plus and digits (E.164). Raises ValueError with a hint."""
    written = _text(40)(raw)
    said = "+" + re.sub(r"[^0-9]", "", written) if written.startswith("+") else ""
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", said):
        raise _Wrong(f"{briefly(raw)} is no number in international form; hint: such as +1 202 555 0100")
    return said


def network(raw: object) -> str:
    """An IP address or network, as a network: 192.0.2.7/32. Raises ValueError with a hint."""
    try:
        return str(ipaddress.ip_network(_text(50)(raw), strict=False))
    except ValueError:
        raise _Wrong(f"{briefly(raw)} is no IP address or network; hint: such as 192.0.2.0/24") from None


def name_of_account(raw: object) -> str:
    """A tenant's or an account's name as it is compared: in small letters. Raises ValueError with a hint."""
    return _text(254)(raw).casefold()


READ_HANDLE: Mapping[str, Callable[[object], str]] = {
    "domain": domain, "tenant": name_of_account, "account": name_of_account, "email": _email, "phone": phone,
    "ip": network,
}  # fmt: skip
"""How a handle of each kind is written, so that the same thing is always the same text."""


def _texts(read: Callable[[object], str]) -> Callable[[object], list[str]]:
    def read_all(raw: object) -> list[str]:
        if not isinstance(raw, list | tuple):
            raise _Wrong("it is no list; hint: write it in square brackets")
        return list(dict.fromkeys(said for item in raw if (said := read(item))))

    return read_all


def _dialled(raw: object) -> str:
    phone(raw)
    return _text(40)(raw)


# ------------------------------------------------------------------ reading one record


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: how it is read, whether it must be there, and what it is where nobody says."""

    read: Callable[[object], Any]
    needed: bool = False
    default: Any = ""


def _fields(table: str) -> Mapping[str, Field]:
    return {"customers": CUSTOMER, "authorities": AUTHORITY, "promises": PROMISE}[table]


PROMISE: Mapping[str, Field] = {
    "name": Field(_among(words()["promises"]), needed=True),
    "source": Field(_text(200), needed=True),
    "since": Field(_day, needed=True),
    "until": Field(_day, default=None),
}
CONTACT: Mapping[str, Field] = {
    "name": Field(_text(120), needed=True),
    "email": Field(_email, needed=True),
    "function": Field(_text(60)),
    "wait_hours": Field(_hours, default=24),
    "above": Field(_email),
    "user": Field(_text(150)),
    "until": Field(_day, default=None),
}
CUSTOMER: Mapping[str, Field] = {
    "slug": Field(_slug, needed=True),
    "name": Field(_text(200), needed=True),
    "kind": Field(_of_fact("customer_kind"), needed=True),
    "country": Field(_of_fact("customer_country")),
    "provider_role": Field(_of_fact("provider_role"), default="processor"),
    "data_country": Field(_of_fact("data_country")),
    "holder": Field(_text(200)),
    "keys_held_by": Field(_of_fact("keys_held_by")),
    "holds_secrets": Field(_flag, default=None),
    "controller": Field(_text(60)),
    "until": Field(_day, default=None),
}
AUTHORITY: Mapping[str, Field] = {
    "slug": Field(_slug, needed=True),
    "name": Field(_text(200), needed=True),
    "other_names": Field(_texts(_text(200)), default=()),
    "country": Field(_of_fact("issuer_country"), needed=True),
    "body": Field(_of_fact("issuer_role")),
    "addresses": Field(_texts(_text(300)), default=()),
    "domains": Field(_texts(domain), default=()),
    "call_back": Field(_texts(_dialled), default=()),
    "kinds": Field(_texts(_of_fact("kind")), default=()),
    "source": Field(_text(300)),
    "checked_on": Field(_day, default=None),
}


def _read(fields: Mapping[str, Field], raw: object, at: Path, flaws: list[Flaw], also: Sequence[str] = ()) -> Record:
    if not isinstance(raw, Mapping):
        flaws.append(Flaw(at, "it is no table; hint: give each entry as a table of its own"))
        return {}
    for name in raw.keys() - fields.keys() - set(also):
        near = suggest(name, (*fields, *also))
        flaws.append(Flaw((*at, str(name)), f"{str(name)[:80]} is no field here; hint: {near}"))
    out: Record = {}
    for name, field in fields.items():
        given = raw.get(name)
        try:
            out[name] = field.default if given in (None, "", []) else field.read(given)
        except _Wrong as error:
            flaws.append(Flaw((*at, name), f"{name}: {error}"))
            out[name] = field.default
            continue
        if field.needed and not out[name]:
            flaws.append(Flaw((*at, name) if name in raw else at, f"{name} is missing; hint: every entry has one"))
    since, until = out.get("since"), out.get("until")
    if since and until and until <= since:
        flaws.append(Flaw((*at, "until"), "until: it ends before it began; hint: until is the first day without it"))
    return {k: list(v) if isinstance(v, tuple) else v for k, v in out.items()}


def _read_customer(raw: object, at: Path, flaws: list[Flaw]) -> Record:
    out = _read(CUSTOMER, raw, at, flaws, ("handles", "contacts", "promises"))
    if not isinstance(raw, Mapping) or not out:
        return {}
    out["handles"] = _read_handles(raw.get("handles") or {}, (*at, "handles"), flaws)
    for name, fields in (("contacts", CONTACT), ("promises", PROMISE)):
        rows = raw.get(name) or []
        if not isinstance(rows, list | tuple):
            flaws.append(Flaw((*at, name), f"{name}: it is no list of tables; hint: [[customers.{name}]]"))
            rows = []
        out[name] = [_read(fields, row, (*at, name, i), flaws) for i, row in enumerate(rows)]
    _check_contacts(out["contacts"], (*at, "contacts"), flaws)
    return out


def _order(promise: Record) -> tuple[str, ...]:
    return (promise["since"], promise["name"], promise["source"])


def _read_handles(raw: object, at: Path, flaws: list[Flaw]) -> dict[str, list[str]]:
    if not isinstance(raw, Mapping):
        flaws.append(Flaw(at, 'handles: it is no table; hint: handles = { domain = ["muster.example"] }'))
        return {}
    out: dict[str, list[str]] = {}
    for kind, values in raw.items():
        if kind not in HANDLES:
            flaws.append(Flaw(at, f"handles: {briefly(kind)} is not known; hint: {suggest(kind, HANDLES)}"))
            continue
        try:
            out[kind] = sorted(_texts(READ_HANDLE[kind])(values))
        except _Wrong as error:
            flaws.append(Flaw(at, f"handles, {kind}: {error}"))
    return {kind: out[kind] for kind in HANDLES if out.get(kind)}


def _check_contacts(contacts: list[Record], at: Path, flaws: list[Flaw]) -> None:
    above = {c.get("email"): c.get("above") for c in contacts}
    if len(above) < len(contacts):
        flaws.append(Flaw(at, "contacts: one address stands twice; hint: give each contact once"))
    for i, contact in enumerate(contacts):
        seen, here = {contact.get("email")}, contact.get("above")
        if here and here not in above:
            flaws.append(Flaw((*at, i, "above"), f"above: no contact {here} here; hint: name one of this customer"))
        while here in above:
            if here in seen:
                flaws.append(Flaw((*at, i, "above"), "above: it leads in a circle; hint: let one stand at the top"))
                break
            seen.add(here)
            here = above[here]


# ------------------------------------------------------------------ keeping records


def put(given: Mapping[str, Any], actor: Actor, now: datetime) -> tuple[str, ...]:
    """Keep every record of `given` (tables as in a file), each whole, and give the short names of what changed.

    A record replaces the one of its short name; `promises` replaces all promises made to every customer. What is not
    named stays. `now` is UTC. Raises RegisterError, having changed nothing.
    """
    if not actor.roles & EDITORS:
        raise RegisterError(Flaw((), f"your roles do not change the registers; hint: {roles_in_words(EDITORS)}"))
    clean = read_tables(given)
    try:
        with transaction.atomic():
            flaws = [*_cross_checked(clean)]
            if flaws:
                raise RegisterError(*flaws)
            return tuple(_put(clean, actor, now))
    except IntegrityError:
        # On a database where two may write at once, another took a handle or a short name between look and write.
        raise RegisterError(Flaw((), "somebody else changed the register meanwhile; hint: try again")) from None


def _put(clean: Mapping[str, list[Record]], actor: Actor, now: datetime) -> Iterable[str]:
    # In one order, so that the same record is always the same bytes.
    for record in clean.get("customers", []):
        record["contacts"].sort(key=lambda c: c["email"])
        record["promises"].sort(key=_order)
    clean.get("promises", []).sort(key=_order)
    yield from _put_customers(clean.get("customers", []), actor, now)
    for record in clean.get("authorities", []):
        yield from _put_authority(record, actor, now)
    if "promises" in clean and clean["promises"] != promises_to_all():
        ContractPromise.objects.filter(customer=None).delete()
        ContractPromise.objects.bulk_create(ContractPromise(**p) for p in clean["promises"])
        yield _recorded("promises", "", clean["promises"], actor, now)


def read_tables(given: Mapping[str, Any]) -> dict[str, list[Record]]:
    """The tables of a register's file, each record read and put in one form. Raises RegisterError with every flaw."""
    flaws: list[Flaw] = []
    clean: dict[str, list[Record]] = {}
    for name, rows in given.items():
        if name not in TABLES:
            flaws.append(Flaw((name,), f"{name[:80]} is no register; hint: {suggest(name, TABLES)}"))
        elif not isinstance(rows, list | tuple):
            flaws.append(Flaw((name,), f"{name} is no list of tables; hint: begin each entry with [[{name}]]"))
        else:
            read = _read_customer if name == "customers" else _reader(_fields(name))
            clean[name] = [read(row, (name, i), flaws) for i, row in enumerate(rows)]
    for name, rows in clean.items():
        slugs = [r.get("slug") for r in rows]
        flaws += [
            Flaw((name, i, "slug"), f"slug: {slug!r} stands twice; hint: give each entry once")
            for i, slug in enumerate(slugs)
            if slug and slug in slugs[:i]
        ]
    for i, record in enumerate(clean.get("authorities", [])):
        if record.get("call_back") and not record.get("source"):
            what = "call_back: where the number was looked up is not said; hint: name the source, never the letter"
            flaws.append(Flaw(("authorities", i, "call_back"), what))
    if flaws:
        raise RegisterError(*flaws)
    return clean


def _reader(fields: Mapping[str, Field]) -> Callable[[object, Path, list[Flaw]], Record]:
    return lambda raw, at, flaws: _read(fields, raw, at, flaws)


def _cross_checked(clean: Mapping[str, list[Record]]) -> Iterable[Flaw]:
    """What one record asks of others: controllers that exist and go in no circle, handles of one customer, accounts."""
    customers = clean.get("customers", [])
    above = {c.slug: c.controller.slug if c.controller else "" for c in Customer.objects.select_related("controller")}
    above |= {c["slug"]: c["controller"] for c in customers}
    mine = {c["slug"] for c in customers}
    owner = {
        (h.kind, h.value): h.customer.slug
        for h in Handle.objects.select_related("customer")
        if h.customer.slug not in mine
    }
    accounts = set(
        Membership.objects.filter(role="customer").values_list(f"user__{get_user_model().USERNAME_FIELD}", flat=True)
    )
    told: dict[str, set[str]] = {}
    for slug, address in Delivery.objects.filter(contact__customer__slug__in=mine).values_list(
        "contact__customer__slug", "contact__email"
    ):
        told.setdefault(slug, set()).add(address)
    for i, record in enumerate(customers):
        at: Path = ("customers", i)
        here, seen = record["controller"], {record["slug"]}
        if here and here not in above:
            yield Flaw((*at, "controller"), f"controller: no customer {here!r}; hint: {suggest(here, above)}")
        while here:
            if here in seen:
                yield Flaw((*at, "controller"), "controller: it leads in a circle; hint: let one stand at the top")
                break
            seen.add(here)
            here = above.get(here, "")
        for kind, values in record["handles"].items():
            for value in values:
                other = owner.setdefault((kind, value), record["slug"])
                if other != record["slug"]:
                    what = f"handles, {kind}: {value} belongs to {other}; hint: take it away there first"
                    yield Flaw((*at, "handles"), what)
        named = {c["email"] for c in record["contacts"]}
        for address in told.get(record["slug"], set()) - named:
            what = f"contacts: {address} was written to and stays on record; hint: give the day until when instead"
            yield Flaw((*at, "contacts"), what)
        for n, contact in enumerate(record["contacts"]):
            if contact["user"] and contact["user"] not in accounts:
                what = f"user: {contact['user']!r} signs in as no customer contact; hint: let them in with that role"
                yield Flaw((*at, "contacts", n, "user"), what)


def _put_customers(records: list[Record], actor: Actor, now: datetime) -> Iterable[str]:
    before = {c.slug: record_of(c) for c in Customer.objects.filter(slug__in=[r["slug"] for r in records])}
    new = [r for r in records if before.get(r["slug"]) != r]
    kept: dict[str, Customer] = {}
    for record in new:
        own = {k: record[k] for k in CUSTOMER if k not in ("slug", "controller")}
        kept[record["slug"]], _ = Customer.objects.update_or_create(slug=record["slug"], defaults=own)
        Handle.objects.filter(customer=kept[record["slug"]]).delete()
    for record in new:
        customer = kept[record["slug"]]
        customer.controller = Customer.objects.get(slug=record["controller"]) if record["controller"] else None
        customer.save(update_fields=["controller"])
        Handle.objects.bulk_create(
            Handle(customer=customer, kind=k, value=v) for k, values in record["handles"].items() for v in values
        )
        _put_contacts(customer, record["contacts"])
        customer.promises.all().delete()
        ContractPromise.objects.bulk_create(ContractPromise(customer=customer, **p) for p in record["promises"])
        yield _recorded("customer", customer.slug, record, actor, now)


def _put_contacts(customer: Customer, records: list[Record]) -> None:
    users = {
        u.get_username(): u
        for u in get_user_model().objects.filter(username__in=[r["user"] for r in records if r["user"]])
    }
    kept = {}
    for record in records:
        own = {k: record[k] for k in ("name", "function", "wait_hours", "until")}
        kept[record["email"]], _ = Contact.objects.update_or_create(
            customer=customer, email=record["email"], defaults={**own, "user": users.get(record["user"]), "above": None}
        )
    for record in records:
        if record["above"]:
            Contact.objects.filter(pk=kept[record["email"]].pk).update(above=kept[record["above"]])
    customer.contacts.exclude(email__in=kept).delete()


def _put_authority(record: Record, actor: Actor, now: datetime) -> Iterable[str]:
    before = Authority.objects.filter(slug=record["slug"]).first()
    if before is None or authority_record(before) != record:
        own = {k: v for k, v in record.items() if k != "slug"}
        Authority.objects.update_or_create(slug=record["slug"], defaults=own)
        yield _recorded("authority", record["slug"], record, actor, now)


def _recorded(register: str, slug: str, record: Any, actor: Actor, now: datetime) -> str:
    entry = entries.append(
        f"register.{register}",
        {
            "register": register,
            "slug": slug,
            "record": hashlib.sha256(entries.canonical(record)).hexdigest(),
            "person": actor.person,
            "at": now.isoformat(),
        },
    )
    RegisterChange.objects.create(
        register=register, slug=slug, at=now, person=actor.person, record=record, entry_id=entry
    )
    return slug or register


# ------------------------------------------------------------------ giving records back


def record_of(customer: Customer) -> Record:
    """The record of a customer, as `put` takes it."""
    row: Record = {k: plain(getattr(customer, k)) for k in CUSTOMER if k != "controller"}
    row["controller"] = customer.controller.slug if customer.controller else ""
    handles: dict[str, list[str]] = {}
    for handle in customer.handles.all():
        handles.setdefault(handle.kind, []).append(handle.value)
    row["handles"] = {k: sorted(handles[k]) for k in HANDLES if k in handles}
    row["contacts"] = [
        {
            **{k: plain(getattr(c, k)) for k in ("name", "email", "function", "wait_hours")},
            "above": c.above.email if c.above else "",
            "user": c.user.get_username() if c.user else "",
            "until": plain(c.until),
        }
        for c in customer.contacts.select_related("above", "user").order_by("email")
    ]
    row["promises"] = sorted((_promise(p) for p in customer.promises.all()), key=_order)
    return {k: row[k] for k in (*CUSTOMER, "handles", "contacts", "promises")}


def _promise(promise: ContractPromise) -> Record:
    return {k: plain(getattr(promise, k)) for k in PROMISE}


def promises_to_all() -> list[Record]:
    """The promises made to every customer, as records."""
    return sorted((_promise(p) for p in ContractPromise.objects.filter(customer=None)), key=_order)


def authority_record(authority: Authority) -> Record:
    """The record of an authority, as `put` takes it."""
    return {k: plain(getattr(authority, k)) for k in AUTHORITY}


def everything() -> dict[str, list[Record]]:
    """All records, in the form of a file."""
    customers = Customer.objects.prefetch_related("handles", "promises").select_related("controller")
    return {
        "customers": [record_of(c) for c in customers],
        "authorities": [authority_record(a) for a in Authority.objects.all()],
        "promises": promises_to_all(),
    }
