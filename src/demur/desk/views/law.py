"""The law library: browse, search, one rule with its reasons, examples and history."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from demur.docket.precedents import argued
from demur.facts import FactsError, demand_from_mapping, vocabulary
from demur.law.language import params_of
from demur.law.library import Library, Rule, library, mentions, sources_of, version_of

from .. import plain, tables, words
from ..access import COUNSEL, STAFF, open_to

COLUMNS = (
    "rule", "title", "place", "statute", "cites", "against", "effect", "force", "strength", "by", "from", "until",
    "checked", "checked_on",
)  # fmt: skip
PER_PAGE = 40


def _today() -> date:
    return timezone.now().date()


def statute(rule: Rule) -> str:
    """The statute a rule's file stands for, as its path names it."""
    return rule.file.split("/", 1)[-1].removesuffix(".toml")


def place_name(place: str) -> str:
    """A folder of the library in words."""
    return str(words.table("places").get(place, place.upper()))


def _row(rule: Rule, day: date) -> dict[str, Any]:
    in_force = rule.in_force(day)
    return {
        "rule": rule.id,
        "name": rule.name,
        "title": rule.title,
        "says": rule.says,
        "place": rule.place,
        "statute": statute(rule),
        "cites": list(rule.cites),
        "against": rule.against,
        "effect": rule.effect,
        "effect_words": words.say(f"effects.{rule.effect}"),
        "force": rule.force_on(day) if in_force else None,
        "strength": rule.strength_on(day) if in_force else None,
        "by": rule.by,
        "from": rule.from_.isoformat() if rule.from_ else None,
        "until": rule.until.isoformat() if rule.until else None,
        "checked": rule.checked,
        "checked_on": rule.checked_on.isoformat(),
        "in_force": in_force,
    }


def _chosen(request: HttpRequest, shelf: Library) -> list[Rule]:
    place, file, find = (request.GET.get(k, "").strip() for k in ("place", "statute", "q"))
    rules = [r for r in shelf.rules if (not place or r.place == place) and (not file or r.file == file)]
    parts = find.lower().split()
    if parts:
        rules = [r for r in rules if all(p in _haystack(r) for p in parts)]
    return sorted(rules, key=lambda r: (r.file, r.id, r.from_ or date.min))


def _haystack(rule: Rule) -> str:
    return " ".join((rule.id, rule.title, rule.says, *rule.cites, *rule.facts, rule.effect)).lower()


@open_to(STAFF)
@require_safe
def shelf(request: HttpRequest, form: str = "") -> HttpResponse:
    """All rules, by place and statute, or those that a search finds."""
    held = library()
    day = _today()
    rules = _chosen(request, held)
    if form:
        return tables.answer(form, "rules", COLUMNS, (_row(r, day) for r in rules))
    counts = Counter(r.file for r in held.rules)
    places: dict[str, list[dict[str, Any]]] = {}
    for file, number in sorted(counts.items()):
        place, _, name = file.partition("/")
        places.setdefault(place, []).append({"file": file, "name": name.removesuffix(".toml"), "count": number})
    order = list(words.table("places"))
    try:
        start = max(0, int(request.GET.get("after", "0")))
    except ValueError:
        start = 0
    told = {
        "places": [
            (place_name(p), p, files, sum(f["count"] for f in files))
            for p, files in sorted(places.items(), key=lambda item: order.index(item[0]) if item[0] in order else 99)
        ],
        "rows": [_row(r, day) for r in rules[start : start + PER_PAGE]],
        "found": len(rules),
        "total": len(held.rules),
        "version": held.version,
        "q": request.GET.get("q", ""),
        "place": request.GET.get("place", ""),
        "statute": request.GET.get("statute", ""),
        "after": start + PER_PAGE if start + PER_PAGE < len(rules) else None,
        "start": start,
        "recheck": sum(r.checked == "recheck" for r in held.rules),
        "drafts": bool(request.roles & COUNSEL),
        "query": request.GET.urlencode(),
    }
    if request.htmx and request.htmx.target == "rules":
        return render(request, "desk/law/rules.html", told)
    return render(request, "desk/law/shelf.html", told)


@open_to(STAFF)
@require_safe
def rule(request: HttpRequest, identity: str, form: str = "") -> HttpResponse:
    """One rule: what it says, how it reads, what it was tested on, how its strength changed."""
    held = library()
    versions = held.by_id.get(identity)
    if not versions:
        raise Http404
    day = _today()
    shown = next((v for v in reversed(versions) if v.name == request.GET.get("version", "")), None)
    shown = shown or next((v for v in reversed(versions) if v.in_force(day)), versions[-1])
    if form == "json":
        return JsonResponse({"versions": [_whole(v, day) for v in versions]}, json_dumps_params={"indent": 1})
    if form:
        raise Http404
    known = vocabulary()
    terms = _terms(shown, held)
    told = {
        "rule": shown,
        "row": _row(shown, day),
        "place_name": place_name(shown.place),
        "statute": statute(shown),
        "reads": plain.in_words(shown.test),
        "terms": terms,
        "params": [
            (param, list(zip(param.values.steps, param.values.sources, strict=True)))
            for name, param in held.params.items()
            if name in params_of(shown.test)
        ],
        "raised": raised(shown, held),
        "versions": [(v, v.name == shown.name, v.in_force(day)) for v in reversed(versions)],
        "beside": [(name, held.by_id[name][-1].title, why) for name, why in shown.beside.items() if name in held.by_id],
        "examples": [example_told(e) for e in shown.examples],
        "facts": [known[f] for f in shown.facts if f in known],
        "decided": argued().get(shown.id, ()),
        "library": held.version,
        "sha256": _sha256(held.version).get(shown.file, ""),
        "drafts": bool(request.roles & COUNSEL),
    }
    return render(request, "desk/law/rule.html", told)


def _terms(rule: Rule, held: Library) -> list[tuple[str, str]]:
    """The shared terms that a rule names, and those that they name in turn."""
    found: dict[str, str] = {}
    texts = [rule.applies, rule.when]
    while texts:
        text = texts.pop()
        for name, body in held.term_texts.items():
            if name not in found and mentions(text, name):
                found[name] = body
                texts.append(body)
    return list(found.items())


@cache
def _sha256(version: str) -> dict[str, str]:
    """The SHA-256 of each file of the library in use; empty where those on disk are already of another version."""
    sources = sources_of()
    same = version_of(sources) == version
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sources.items()} if same else {}


def raised(rule: Rule, held: Library) -> dict[str, Any]:
    """How a rule is raised, in words: against what, by whom, by which clock, with which effect on the duty; and its
    force and strength through time, the latest first, each with why it changed."""
    return {
        "against": words.say(f"against.{rule.against}"),
        "effect": words.say(f"effects.{rule.effect}"),
        "who": [words.say(f"who.{w}") for w in rule.who],
        "stays": words.say(f"stays.{rule.stays}"),
        "clock": held.clocks.get(rule.by),
        "forces": [(start, words.say(f"forces.{value}")) for start, value in reversed(rule.force.steps)],
        "strengths": [
            (start or rule.from_, value, words.say(f"strengths.{value}"), source)
            for (start, value), source in reversed(list(zip(rule.strength.steps, rule.strength.sources, strict=True)))
        ],
        "checked": words.say(f"checked.{rule.checked}"),
    }


def example_told(example: Any) -> dict[str, Any]:
    """An example in words: its verdict, its day, and each fact as a sentence."""
    known = vocabulary()
    try:
        demand = demand_from_mapping(example.facts)
        told = {**demand.facts}
        for clause in demand.clauses:
            told |= {k: v for k, v in clause.facts.items() if v is not None}
            for target in clause.targets:
                told |= target.facts
            if clause.categories is not None:
                told |= {f"asks_{c}": True for c in clause.categories}
    except FactsError:
        told = {k: v for k, v in example.facts.items() if k in known}
    facts = [
        known[name].sentence(plain.shown(value) if isinstance(value, date) else value)
        for name, value in told.items()
        if name in known and value is not None
    ]
    return {"verdict": example.verdict, "as_of": example.as_of, "facts": facts}


def _whole(rule: Rule, day: date) -> dict[str, Any]:
    """A rule in full, as plain values."""

    def dated(steps: Any) -> list[dict[str, Any]]:
        return [{"from": start.isoformat() if start else None, "is": value} for start, value in steps]

    return {
        **{c: _row(rule, day)[c] for c in COLUMNS},
        "version": rule.version,
        "says": rule.says,
        "applies": rule.applies,
        "when": rule.when,
        "strengths": dated(rule.strength.steps),
        "forces": dated(rule.force.steps),
        "who": list(rule.who),
        "stays": rule.stays,
        "forum": rule.forum,
        "facts": list(rule.facts),
        "address": reverse("rule", args=[rule.id]),
    }


@open_to(STAFF)
@require_safe
def figures(request: HttpRequest, form: str = "") -> HttpResponse:
    """The dated parameters and the clocks that rules point to."""
    held = library()
    rows = [
        {
            "name": p.name,
            "means": p.means,
            "from": start.isoformat() if start else None,
            "value": list(value) if isinstance(value, tuple) else value,
            "source": source,
        }
        for p in held.params.values()
        for (start, value), source in zip(p.values.steps, p.values.sources, strict=True)
    ]
    if form:
        return tables.answer(form, "figures", ("name", "means", "from", "value", "source"), rows)
    return render(
        request, "desk/law/figures.html", {"rows": rows, "clocks": sorted(held.clocks.values(), key=lambda c: c.name)}
    )
