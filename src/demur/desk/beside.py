"""What the provider's own precedents tell beside a ground, in words: how often it won, and on how little that rests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from demur.docket import precedents
from demur.docket.lifecycle import Actor
from demur.docket.precedents import MINOR_DIGITS, RULED, Record

from . import words

SHOWN = 3
"""How many decided cases stand beside a ground; the rule's page has all."""
OUTCOMES = ("won", "narrowed", "lost")


def line(record: Record) -> str:
    """A record in one line; "" for none."""
    parts = []
    if record.ruled:
        parts.append(words.say("precedents.won", won=record.won, of=record.ruled, **counts(record)))
        if (interval := record.interval) is None:
            parts.append(words.say("precedents.few"))
        else:
            rate = round(record.won * 100 / record.ruled)
            parts.append(words.say("precedents.rate", rate=rate, low=interval[0], high=interval[1]))
    for result in ("withdrawn", ""):
        if record.results[result]:
            parts.append(words.say(f"precedents.{result or 'pending'}", n=record.results[result]))
    if record.median_days is not None:
        parts.append(words.count(f"precedents.{'took' if record.ruled == 1 else 'median'}", record.median_days))
    parts += costs(record)
    return " · ".join(parts)


def counts(record: Record) -> dict[str, int]:
    """How many of each result a forum gave."""
    return {result: record.results[result] for result in RULED}


def money(amount: int, currency: str) -> str:
    """An amount in minor units as people write it: 1,250.50."""
    digits = MINOR_DIGITS.get(currency, 2)
    value = Decimal(amount).scaleb(-digits)
    return f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.{digits}f}"


def costs(record: Record) -> list[str]:
    """What it cost, from the least to the most, for each currency."""
    return [
        f"{currency} {money(low, currency)}" + (f" to {money(high, currency)}" if high != low else "")
        for currency, (low, high) in sorted(record.cost.items())
    ]


def of_grounds(rules: Iterable[str], actor: Actor) -> dict[str, dict[str, Any]]:
    """What stands beside the grounds of these rules: the provider's own record, by form, and decided cases."""
    wanted = set(rules)
    found = precedents.records(actor, rules=wanted)
    whole, told = precedents.by_rule(found), {}
    for rule in wanted:
        mine = {place: record for place, record in found.items() if place[0] == rule}
        decided = [c for c in precedents.argued().get(rule, ()) if c.outcome in OUTCOMES]
        told[rule] = {
            "own": line(whole[rule]) if rule in whole else "",
            "forms": [(form_name(form), line(record)) for form, record in precedents.by_form(mine).items()],
            "decided": decided[:SHOWN],
            "more": max(0, len(decided) - SHOWN),
        }
    return told


def form_name(form: str) -> str:
    """A form of challenge in words."""
    return words.say(f"challenges.{form}")


def form_choices(choices: Iterable[tuple[str, str]], rules: Iterable[str], actor: Actor) -> list[tuple[str, str]]:
    """The forms of a challenge as they are chosen, each with how often it won on these rules."""
    won = precedents.by_form(precedents.records(actor, rules=set(rules)))
    return [(form, f"{name} · {_short(won[form])}" if form in won else name) for form, name in choices]


def _short(record: Record) -> str:
    if not record.ruled:
        return words.say("precedents.pending", n=record.results[""])
    return words.say("precedents.short", won=record.won, of=record.ruled)


def table(found: Mapping[precedents.Place, Record]) -> list[dict[str, Any]]:
    """The rows of the precedents page, one for each rule, form and forum."""
    return [
        {
            "rule": rule,
            "form": form_name(form),
            "forum": forum,
            "line": line(record),
            "record": record,
        }
        for (rule, form, forum), record in found.items()
    ]
