"""Who is who on a case: the customers behind its identifiers and the authority behind its letterhead, by the registers.

What the registers say stands in the act that used it, so that a case can be replayed after they have changed. A
person's word goes before theirs.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from email.utils import parseaddr
from typing import Any

from django.db.models import Q

from demur.facts import Clause, Demand, Target, Value

from .lifecycle import Cell
from .models import Authority, Case, Contact, ContractPromise, Customer, Handle, plain
from .once import Passed, last_passed, once
from .registers import READ_HANDLE

Said = frozenset[tuple[str, int | None, int | None]]
"""The facts that a person stated or confirmed: name, clause, target."""
NAMELESS = frozenset({"person", "payment", "device"})
"""Sorts of identifier that no handle of a customer stands for."""
AT_ONCE = 5000
"""How many values one question to the database holds."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the registers say of one demand on one day.

    `cells` names the customer (by its slug) of each piece that has one; `customers` the facts of their targets;
    `authority` is the slug of the issuer, or ""; `facts` are those of the demand that follow from it.
    """

    cells: Mapping[Cell, str] = field(default_factory=dict)
    customers: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    authority: str = ""
    facts: Mapping[str, Value] = field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        """What an act records of it, as plain values: whose the pieces are stands in the act's parties."""
        told = {"customers": self.customers, "authority": self.authority, "facts": self.facts}
        return {name: plain(value) for name, value in told.items() if value}


NOTHING = Known()


def known(case: Case, demand: Demand, day: date) -> Known:
    """What the registers say of this demand: customers on the day of service, promises in force on `day`.

    `demand` is the demand without the registers' word.
    """
    named = tuple(tuple((t.identifier, t.kind) for t in clause.targets) for clause in demand.clauses)
    found = once(case, ("customers", named), lambda: customers_of(demand, case.served_on))
    by_slug = {c.slug: c for c in found.values()}
    issuer = authority_of(str(demand.facts.get("issuer_body") or ""), str(demand.facts.get("issuer_country") or ""))
    facts = {**_of_authority(issuer, demand, sender_of(case) if issuer else ""), **_of_holders(found, demand)}
    return Known(
        {cell: c.slug for cell, c in found.items()},
        {slug: facts_of(c, demand, day) for slug, c in sorted(by_slug.items())},
        issuer.slug if issuer else "",
        facts,
    )


def laid_over(demand: Demand, word: Known, said: Said) -> Demand:
    """The demand with what the registers say of it, where no person said otherwise."""

    def target(place: Cell, one: Target) -> Target:
        clause, index = place
        own = {
            name: value
            for name, value in word.customers.get(word.cells.get(place, ""), {}).items()
            if not {(name, None, None), (name, clause, None), (name, clause, index)} & said
        }
        return replace(one, facts={**one.facts, **own}) if own else one

    def clause(index: int, one: Clause) -> Clause:
        return replace(one, targets=tuple(target((index, t), item) for t, item in enumerate(one.targets)))

    facts = {name: value for name, value in word.facts.items() if (name, None, None) not in said}
    return Demand({**demand.facts, **facts}, tuple(clause(c, one) for c, one in enumerate(demand.clauses)))


# ------------------------------------------------------------------ customers


def customers_of(demand: Demand, day: date) -> dict[Cell, Customer]:
    """The customer of each piece whose identifier a handle stands for, as the register now knows them.

    The closest handle counts: the address before its domain, a domain before those above it, the smallest network.
    One who was no customer any more on `day` is none.
    """
    wanted = {
        (c, t): names
        for c, clause in enumerate(demand.clauses)
        for t, target in enumerate(clause.targets)
        if (names := tuple(_names(target)))
    }
    handles = _handles({name for names in wanted.values() for name in names}, day)
    return {
        cell: handles[name]
        for cell, names in wanted.items()
        if (name := next((n for n in names if n in handles), None)) is not None
    }


def _handles(names: Iterable[tuple[str, str]], day: date) -> dict[tuple[str, str], Customer]:
    found: dict[tuple[str, str], Customer] = {}
    still = Q(customer__until=None) | Q(customer__until__gt=day)
    values = sorted({value for _, value in names})
    for start in range(0, len(values), AT_ONCE):
        # Most names are nobody's; only whose the others are is looked up with all that belongs to it.
        held = Handle.objects.filter(value__in=values[start : start + AT_ONCE]).order_by()
        some = list(held.values_list("pk", flat=True))
        asked = Handle.objects.filter(still, pk__in=some).select_related("customer__controller") if some else ()
        for handle in asked:
            found[handle.kind, handle.value] = handle.customer
    return found


def _names(target: Target) -> Iterator[tuple[str, str]]:
    """The handles (kind, value) that would stand for an identifier, the closest first."""
    said = (target.identifier or "").strip()
    if not said or target.kind in NAMELESS:
        return
    for kind in sorted(("email", "phone", "tenant", "account"), key=lambda k: k != target.kind):
        value = _as(kind, said)
        if value:
            yield kind, value
    host = re.sub(r"(?i)^[a-z][a-z0-9+.-]*://", "", said).rsplit("@", 1)[-1]
    host = re.split(r"[/?#]", host, maxsplit=1)[0]
    try:
        address = ipaddress.ip_network(said if "/" in said and "//" not in said else host.strip("[]"), strict=False)
    except ValueError:
        labels = _as("domain", re.sub(r":\d+$", "", host)).split(".")
        yield from (("domain", ".".join(labels[n:])) for n in range(len(labels) - 1))
        return
    yield from (("ip", str(address.supernet(new_prefix=n))) for n in range(address.prefixlen, -1, -1))


def _as(kind: str, said: str) -> str:
    try:
        return READ_HANDLE[kind](said)
    except ValueError:
        return ""


def facts_of(customer: Customer, demand: Demand, day: date) -> dict[str, Value]:
    """What the register tells of a target of this customer, as facts of the vocabulary; what it does not know is out.

    `day` is the one on which a contract promise must be in force.
    """
    public = customer.kind == "public_sector"
    issuer = demand.facts.get("issuer_country")
    promised = {p.name for p in promises_of(customer, day)}
    told: dict[str, Value] = {
        "customer_kind": customer.kind,
        "provider_role": customer.provider_role,
        "user_country" if customer.kind == "consumer" else "customer_country": customer.country,
        "data_country": customer.data_country,
        "keys_held_by": customer.keys_held_by,
        "customer_law_firm_or_clinic": customer.holds_secrets,
        "data_for_public_authority": True if any(c.kind == "public_sector" for c in chain(customer)) else None,
        "customer_is_foreign_state": customer.country != issuer if public and customer.country and issuer else None,
        # A promise that nobody recorded may still have been made: then it is asked for.
        "notice_promised": True if "notify-unless-barred" in promised else None,
        "contract_has_scc": True if "standard-clauses" in promised else None,
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def _of_holders(found: Mapping[Cell, Customer], demand: Demand) -> dict[str, Value]:
    """Whether the entity served is the one that holds all data asked for; else who controls them is asked for."""
    served = _plain_name(str(demand.facts.get("served_on_entity") or ""))
    whole = len(found) == sum(len(clause.targets) or 1 for clause in demand.clauses)
    holders = {_plain_name(c.holder) for c in found.values()}
    return {"served_entity_holds_data": True} if served and whole and holders == {served} else {}


def chain(customer: Customer) -> tuple[Customer, ...]:
    """The customer, and above it those for whom it processes in its turn, up to the controller."""
    found = [customer]
    while found[-1].controller is not None and found[-1].controller not in found:
        found.append(found[-1].controller)
    return tuple(found)


def whom_to_tell(customer: Customer | None, day: date) -> tuple[Contact, ...]:
    """The contacts to whom a notice or a redirection for this customer goes first, its own and its controllers'.

    A processor passes on what binds it: GDPR Art. 28(3)(a), SCC clause 15.1(a). Of each customer they are those with
    nobody below; the word goes on to the ones above where no receipt comes. Where there is none, nobody.
    """
    found: list[Contact] = []
    for one in chain(customer) if customer else ():
        active = [c for c in one.contacts.select_related("customer") if c.until is None or c.until > day]
        above = {c.above_id for c in active}
        found += [c for c in active if c.pk not in above]
    return tuple(found)


def promises_of(customer: Customer | None, day: date) -> list[ContractPromise]:
    """What was promised by contract to this customer or to all, in force on `day`."""
    own = Q(customer=None) | Q(customer=customer) if customer else Q(customer=None)
    return list(ContractPromise.objects.filter(own, Q(until=None) | Q(until__gt=day), since__lte=day))


# ------------------------------------------------------------------ authorities


def authority_of(body: str, country: str) -> Authority | None:
    """The authority whose name, or one of its other names, stands in `body`; of several the longest name counts.

    `country` is a value of the fact issuer_country; where it is not known, the name alone must decide. None where
    two could be meant.
    """
    written = f" {_plain_name(body)} "
    if not written.strip():
        return None
    candidates = Authority.objects.filter(country=country) if country else Authority.objects.all()
    best: list[tuple[int, Authority]] = []
    for authority in candidates:
        names = [_plain_name(n) for n in (authority.name, *authority.other_names)]
        lengths = [len(n) for n in names if n and f" {n} " in written]
        if lengths:
            best.append((max(lengths), authority))
    longest = max((n for n, _ in best), default=0)
    found = [a for n, a in best if n == longest]
    return found[0] if len(found) == 1 else None


def issuer_of(case: Case) -> Authority | None:
    """The authority that issued the demand of a case, as its facts name it."""
    facts = {f.name: f.value for f in case.facts.filter(name__in=("issuer_body", "issuer_country"), clause=None)}
    return authority_of(str(facts.get("issuer_body") or ""), str(facts.get("issuer_country") or ""))


def stands_in_papers(case: Case, number: str) -> bool:
    """Whether a telephone number (E.164) stands in the documents of a case as they were read, however written.

    Its last seven digits in a row, with whatever signs between them, are taken for it.
    """
    digits = re.compile(r"[\s().\-/]*".join(number[-7:]))
    return any(
        digits.search(sheet["text"])
        for document in case.documents.all()
        for piece in (document.packet or {}).get("documents", ())
        for sheet in piece.get("text", ())
    )


def _plain_name(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold()).replace("'", "").replace("’", "")
    words = re.findall(r"\w+", "".join(c for c in letters if not unicodedata.combining(c)))
    return " ".join(w for w in words if w != "the")


def _of_authority(authority: Authority | None, demand: Demand, sender: str) -> dict[str, Value]:
    if authority is None:
        return {}
    kind = demand.facts.get("kind")
    told: dict[str, Value] = {
        "authority_has_power": kind in authority.kinds if authority.kinds and kind else None,
        "sender_domain_official": _belongs(sender, authority.domains) if authority.domains and sender else None,
        "callback_only_from_demand": False if authority.call_back else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _belongs(sender: str, domains: Iterable[str]) -> bool:
    return any(sender == own or sender.endswith(f".{own}") for own in domains)


def sender_of(case: Case) -> str:
    """The domain of the address a demand was mailed from, as its header says; "" where it came otherwise."""
    for document in case.documents.all():
        for piece in (document.packet or {}).get("documents", ()):
            quote = str((piece.get("facts", {}).get("channel") or {}).get("quote") or "")
            if quote.startswith("From:"):
                address = parseaddr(quote.removeprefix("From:").strip())[1]
                return _as("domain", address.rsplit("@", 1)[-1]) if "@" in address else ""
    return ""


# ------------------------------------------------------------------ what an act used


def assessed_by(case: Case) -> Passed | None:
    """The act that assessed the case last."""
    return last_passed(case, "assess")


def used(case: Case) -> dict[str, Any]:
    """What the registers said when the case was last assessed, as that act recorded it."""
    act = assessed_by(case)
    return dict(act.payload.get("register") or {}) if act else {}
