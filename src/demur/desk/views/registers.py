"""The registers of customers and authorities: lists, one entry, and plain forms, each of which makes one record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from demur.docket import matching, models, registers
from demur.docket.registers import EDITORS, Flaw, Record, RegisterError
from demur.docket.words import words as docket_words
from demur.facts import vocabulary

from .. import people, says, tables, words
from ..access import REGISTER_READERS, open_to

PER_PAGE = 50
SPARE = 1
"""How many empty rows a form has beyond those that are filled; an empty form has one more."""
CHANGES = 8
"""How many changes of an entry are shown."""

CUSTOMER_COLUMNS = (
    "slug", "name", "kind", "country", "provider_role", "data_country", "holder", "keys_held_by", "controller",
    "handles", "contacts", "until",
)  # fmt: skip
AUTHORITY_COLUMNS = (
    "slug", "name", "other_names", "country", "body", "domains", "call_back", "kinds", "source", "checked_on",
)  # fmt: skip

CHOICES: Mapping[str, str] = {
    "kind": "customer_kind", "country": "customer_country", "provider_role": "provider_role",
    "data_country": "data_country", "keys_held_by": "keys_held_by", "body": "issuer_role",
}  # fmt: skip
"""The fact whose values a field offers."""
PLACES = frozenset({"country", "data_country"})
DAYS = frozenset({"until", "since", "checked_on"})
LISTS = frozenset({"other_names", "addresses", "domains", "call_back", *(f"handles-{k}" for k in registers.HANDLES)})
"""Fields of several values, one a line."""
NEEDED = frozenset({("", "name"), ("", "kind"), ("authority", "name"), ("authority", "country")})
ROWS: Mapping[str, Mapping[str, registers.Field]] = {"contacts": registers.CONTACT, "promises": registers.PROMISE}


def _today() -> date:
    return timezone.now().date()


def _may_change(request: HttpRequest) -> bool:
    return bool(request.roles & EDITORS)


# ------------------------------------------------------------------ fields of a form


def _field(name: str, value: Any, flaws: Iterable[Flaw], prefix: str = "", part: str = "") -> dict[str, Any]:
    """One field as its template draws it; `part` is which table it is of, for its words."""
    options, helps = _options(name, part), words.table("helps-of-registers")
    kind = (
        "lines" if prefix + name in LISTS else "choice" if options else "date" if name in DAYS
        else "number" if name == "wait_hours" else "line"
    )  # fmt: skip
    return {
        "id": f"{prefix}{name}",
        "kind": kind,
        "label": words.either(f"fields-of-registers.{part}-{name}", f"fields-of-registers.{name}"),
        "help": helps.get(f"{part}-{name}", helps.get(name, "")),
        "options": options,
        "value": "\n".join(value or ()) if kind == "lines" else "" if value is None else str(value),
        "needed": (part, name) in NEEDED and not prefix,
        "wrong": [f.what for f in flaws],
    }  # fmt: skip


def _options(name: str, part: str) -> list[tuple[str, str]]:
    blank = [("", words.say("registers.not-known"))]
    if name == "holds_secrets":
        return [*blank, ("True", words.say("case.yes")), ("False", words.say("case.no"))]
    if name == "name" and part == "promises":
        return [("", words.say("registers.choose")), *docket_words()["promises"].items()]
    if name == "controller":
        return [("", words.say("registers.no-controller")), *models.Customer.objects.values_list("slug", "name")]
    if name == "user":
        found = models.Membership.objects.filter(role="customer").values_list("user", flat=True)
        names = people.names(found)
        usernames = dict(models.Membership.objects.filter(role="customer").values_list("user", "user__username"))
        return [("", words.say("registers.no-user")), *((usernames[pk], names[pk]) for pk in usernames)]
    if name not in CHOICES:
        return []
    values = vocabulary()[CHOICES[name]].values.items()
    return [*blank, *(sorted(values, key=lambda v: v[1]) if name in PLACES else values)]


def _at(flaws: Iterable[Flaw], *path: str | int) -> list[Flaw]:
    return [f for f in flaws if f.at[2:] == path]


def _rows(name: str, records: list[Record], flaws: Iterable[Flaw]) -> list[list[dict[str, Any]]]:
    fields = ROWS[name]
    filled = [*records, *({} for _ in range(SPARE + (not records)))]
    return [
        [_field(f, row.get(f, fields[f].default), _at(flaws, name, i, f), f"{name}-{i}-", name) for f in fields]
        for i, row in enumerate(filled)
    ]


def _typed(post: QueryDict, fields: Iterable[str], prefix: str = "") -> Record:
    out: Record = {}
    for name in fields:
        raw = post.get(f"{prefix}{name}", "").strip()
        lines = [line.strip() for line in raw.splitlines() if line.strip()]
        out[name] = lines if prefix + name in LISTS else raw
    return {k: v for k, v in out.items() if v not in ("", [])}


def _typed_rows(post: QueryDict, name: str) -> list[Record]:
    found = [_typed(post, ROWS[name], f"{name}-{i}-") for i in range(400) if f"{name}-{i}-name" in post]
    # A row is there once it says who or what; hours alone are the form's own.
    return [row for row in found if row.keys() - {"wait_hours"}]


def _other_flaws(flaws: Iterable[Flaw], shown: Iterable[dict[str, Any]]) -> list[str]:
    told = {what for f in shown for what in f["wrong"]}
    return [f.what for f in flaws if f.what not in told]


# ------------------------------------------------------------------ customers


@open_to(REGISTER_READERS)
@require_safe
def customers(request: HttpRequest, form: str = "") -> HttpResponse:
    """Every customer, searched, and as data."""
    find = request.GET.get("q", "").strip()[:200]
    held = models.Customer.objects.select_related("controller").prefetch_related("handles")
    held = held.annotate(told=Count("contacts", distinct=True)).order_by("name")
    for part in find.split()[:8]:
        named = Q(name__icontains=part) | Q(slug__icontains=part) | Q(handles__value__icontains=part)
        held = held.filter(pk__in=models.Customer.objects.filter(named).values("pk"))
    if form:
        return tables.answer(form, "customers", CUSTOMER_COLUMNS, (_customer_row(c) for c in held))
    page = Paginator(held, PER_PAGE).get_page(request.GET.get("page"))
    told = {
        "rows": [_customer_row(c) for c in page.object_list],
        "page": page,
        "q": find,
        "any": bool(page.object_list) or models.Customer.objects.exists(),
        "to_all": [_promise(p, _today()) for p in models.ContractPromise.objects.filter(customer=None)],
        "may_change": _may_change(request),
        "query": request.GET.urlencode(),
    }
    return render(request, "desk/registers/customers.html", told)


def _customer_row(customer: models.Customer) -> dict[str, Any]:
    return {
        "slug": customer.slug,
        "name": customer.name,
        "kind": customer.kind,
        "kind_words": _value("customer_kind", customer.kind),
        "country": customer.country,
        "country_words": _value("customer_country", customer.country),
        "provider_role": customer.provider_role,
        "role_words": _value("provider_role", customer.provider_role),
        "data_country": customer.data_country,
        "data_words": _value("data_country", customer.data_country),
        "holder": customer.holder,
        "keys_held_by": customer.keys_held_by,
        "keys_words": _value("keys_held_by", customer.keys_held_by),
        "controller": customer.controller.slug if customer.controller else "",
        "controller_name": customer.controller.name if customer.controller else "",
        "handles": [h.value for h in customer.handles.all()],
        "contacts": customer.told,  # type: ignore[attr-defined]
        "until": customer.until.isoformat() if customer.until else None,
        "left": customer.until is not None and customer.until <= _today(),
    }


def _value(fact: str, value: str) -> str:
    return says.value_words(fact, value).removeprefix("a ").removeprefix("an ").removeprefix("the ") if value else ""


def _promise(promise: models.ContractPromise, day: date) -> dict[str, Any]:
    return {
        "words": docket_words()["promises"][promise.name],
        "source": promise.source,
        "since": promise.since,
        "until": promise.until,
        "to_all": promise.customer_id is None,
        "in_force": promise.since <= day and (promise.until is None or promise.until > day),
    }


@open_to(REGISTER_READERS)
@require_safe
def customer(request: HttpRequest, slug: str) -> HttpResponse:
    """One customer: its data, whom to tell, what was promised, and the changes of its record."""
    held = get_object_or_404(models.Customer.objects.annotate(told=Count("contacts", distinct=True)), slug=slug)
    promised = models.ContractPromise.objects.filter(Q(customer=held) | Q(customer=None))
    told = {
        "customer": held,
        "row": _customer_row(held),
        "handles": [(words.say(f"handle-kinds.{h.kind}"), h.value) for h in held.handles.all()],
        "tree": _tree(list(held.contacts.select_related("user")), _today()),
        "first": [c.name for c in matching.whom_to_tell(held, _today())],
        "chain": matching.chain(held)[1:],
        "below": held.processors.all(),
        "promises": [_promise(p, _today()) for p in promised],
        "changes": _changes("customer", slug),
        "may_change": _may_change(request),
    }
    return render(request, "desk/registers/customer.html", told)


def _tree(contacts: list[models.Contact], day: date, above: int | None = None, depth: int = 0) -> list[dict[str, Any]]:
    """Contacts as a tree, those told first at the bottom: each line with how deep it stands."""
    out: list[dict[str, Any]] = []
    for contact in contacts:
        if contact.above_id == above:
            gone = contact.until is not None and contact.until <= day
            out.append({"contact": contact, "depth": depth, "gone": gone})
            out += _tree(contacts, day, contact.pk, depth + 1)
    return out


def _changes(register: str, slug: str) -> list[dict[str, Any]]:
    # Where in the ledger an entry stands, and when it got there, would tell how many others waited before it.
    found = models.RegisterChange.objects.filter(register=register, slug=slug)[:CHANGES]
    return [{"at": c.at, "who": people.name_of(c.person)} for c in found]


@open_to(EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def change_customer(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Add a customer, or change all of one; what cannot be kept stays in the form as it was typed."""
    held = get_object_or_404(models.Customer, slug=slug) if slug else None
    record: Record = registers.record_of(held) if held else {}
    flaws: tuple[Flaw, ...] = ()
    if request.method == "POST":
        record = _typed(request.POST, (f for f in registers.CUSTOMER if f != "slug"))
        record["slug"] = slug or slugify(request.POST.get("slug", "") or record.get("name", ""))[:60]
        record["handles"] = _typed(request.POST, registers.HANDLES, "handles-")
        record |= {name: _typed_rows(request.POST, name) for name in ROWS}
        try:
            if not slug and models.Customer.objects.filter(slug=record["slug"]).exists():
                taken = words.say("registers.slug-taken", slug=record["slug"])
                raise RegisterError(Flaw(("customers", 0, "slug"), taken))
            registers.put({"customers": [record]}, request.actor, timezone.now())
        except RegisterError as error:
            flaws = error.flaws
        else:
            messages.success(request, words.say("registers.kept", name=record.get("name", "")))
            return redirect("customer", record["slug"])
    own = [_field(f, record.get(f, registers.CUSTOMER[f].default), _at(flaws, f)) for f in registers.CUSTOMER]
    handles = record.get("handles", {})
    told = {
        "held": held,
        "own": [f for f in own if not (held and f["id"] == "slug")],
        "handles": [_field(kind, handles.get(kind), (), "handles-", "handles") for kind in registers.HANDLES],
        "handle_flaws": [f.what for f in _at(flaws, "handles")],
        **{name: _rows(name, record.get(name, []), flaws) for name in ROWS},
    }
    shown = [*own, *(f for name in ROWS for row in told[name] for f in row)]
    told["flaws"] = [w for w in _other_flaws(flaws, shown) if w not in told["handle_flaws"]]
    told["wrong"] = len(flaws)
    return render(request, "desk/registers/change-customer.html", told, status=400 if flaws else 200)


@open_to(EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def change_promises(request: HttpRequest) -> HttpResponse:
    """What was promised to every customer."""
    records, flaws = registers.promises_to_all(), ()
    if request.method == "POST":
        records = _typed_rows(request.POST, "promises")
        try:
            registers.put({"promises": records}, request.actor, timezone.now())
        except RegisterError as error:
            flaws = tuple(Flaw((*f.at[:1], 0, *f.at), f.what) for f in error.flaws)
        else:
            messages.success(request, words.say("registers.kept-promises"))
            return redirect("customers")
    rows = _rows("promises", records, flaws)
    told = {"promises": rows, "wrong": len(flaws), "flaws": _other_flaws(flaws, (f for row in rows for f in row)),
            "changes": _changes("promises", "")}  # fmt: skip
    return render(request, "desk/registers/promises.html", told, status=400 if flaws else 200)


# ------------------------------------------------------------------ authorities


@open_to(REGISTER_READERS)
@require_safe
def authorities(request: HttpRequest, form: str = "") -> HttpResponse:
    """Every authority, searched, and as data."""
    find = request.GET.get("q", "").strip()[:200]
    held = models.Authority.objects.all()
    for part in find.split()[:8]:
        held = held.filter(
            Q(name__icontains=part)
            | Q(other_names__icontains=part)
            | Q(domains__icontains=part)
            | Q(slug__icontains=part)
        )
    rows = [_authority_row(a) for a in held]
    if form:
        return tables.answer(form, "authorities", AUTHORITY_COLUMNS, rows)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    told = {
        "rows": page.object_list,
        "page": page,
        "q": find,
        "any": bool(rows) or models.Authority.objects.exists(),
        "may_change": _may_change(request),
        "query": request.GET.urlencode(),
    }
    return render(request, "desk/registers/authorities.html", told)


def _authority_row(authority: models.Authority) -> dict[str, Any]:
    return {
        **registers.authority_record(authority),
        "country_words": _value("issuer_country", authority.country),
        "body_words": _value("issuer_role", authority.body),
        "kind_words": [says.kind_name(k) for k in authority.kinds],
    }


@open_to(REGISTER_READERS)
@require_safe
def authority(request: HttpRequest, slug: str) -> HttpResponse:
    """One authority: its names, where it writes from, what it may issue, and the number to call back."""
    held = get_object_or_404(models.Authority, slug=slug)
    told = {
        "authority": held,
        "row": _authority_row(held),
        "changes": _changes("authority", slug),
        "may_change": _may_change(request),
    }
    return render(request, "desk/registers/authority.html", told)


@open_to(EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def change_authority(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Add an authority, or change all of one."""
    held = get_object_or_404(models.Authority, slug=slug) if slug else None
    record: Record = registers.authority_record(held) if held else {}
    flaws: tuple[Flaw, ...] = ()
    if request.method == "POST":
        record = _typed(request.POST, (f for f in registers.AUTHORITY if f not in ("slug", "kinds")))
        record["slug"] = slug or slugify(request.POST.get("slug", "") or record.get("name", ""))[:60]
        record["kinds"] = request.POST.getlist("kinds")
        try:
            if not slug and models.Authority.objects.filter(slug=record["slug"]).exists():
                taken = words.say("registers.slug-taken", slug=record["slug"])
                raise RegisterError(Flaw(("authorities", 0, "slug"), taken))
            registers.put({"authorities": [record]}, request.actor, timezone.now())
        except RegisterError as error:
            flaws = error.flaws
        else:
            messages.success(request, words.say("registers.kept", name=record.get("name", "")))
            return redirect("authority", record["slug"])
    own = [
        _field(f, record.get(f, registers.AUTHORITY[f].default), _at(flaws, f), "", "authority")
        for f in registers.AUTHORITY
        if f != "kinds"
    ]
    chosen = set(record.get("kinds", ()))
    told = {
        "held": held,
        "own": [f for f in own if not (held and f["id"] == "slug")],
        "kinds": [(k, says.kind_name(k), k in chosen) for k in vocabulary()["kind"].values],
        "flaws": _other_flaws(flaws, own),
        "wrong": len(flaws),
    }
    return render(request, "desk/registers/change-authority.html", told, status=400 if flaws else 200)
