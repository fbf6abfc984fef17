"""What a person may do on a case: each act as a form where it belongs, and what is refused with what it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from django.utils.functional import cached_property

from demur import law
from demur.docket import acts, models, notices, standing
from demur.docket.brings import law_is_of
from demur.docket.lifecycle import ACTS, Actor, Cell, Ground, State, missing, releasable, stops
from demur.docket.words import words as docket_words
from demur.facts import Demand, FactsError, read_value, vocabulary

from . import beside, people, says, words
from .forms import GROUPS, HERE, Field, Form, raisable

ONE_BY_ONE = 12
"""Up to how many grounds of one rule are offered one by one; beyond that they are answered together."""
AT_ONCE = 200
"""How many grounds are answered together, and how many pieces are shown or ticked, at the most."""
RESTS_ON = frozenset({"open", "pending", "fell"})
"""The answers of grounds that a refusal rests on."""
KEEPS_ITS_KIND = frozenset(("law-of-today", "not-the-first-signer", "not-barred", "last-look"))
"""Conditions that a ground, gag or party may lack and still be one that this act is for."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it came in and could not be used: what was typed, and why it was not enough."""

    act: str = ""
    about: frozenset[str] = frozenset()
    values: Mapping[str, list[str]] = field(default_factory=dict)
    field: str = ""
    says: tuple[str, ...] = ()


class Doing:
    """All forms of one case for one person; the case page asks for those of each place."""

    def __init__(self, case: models.Case, actor: Actor, step: standing.Next, typed: Typed | None = None) -> None:
        self.case, self.actor, self.step, self.typed = case, actor, step, typed or Typed()
        self.state = standing.state_of(case)
        self.grounds = {g.key: g for g in self.state.grounds}
        now = datetime.now(UTC)
        self.seen = notices.look(case, now)
        self.known = {"law": law_is_of(case, now), "looked": not self.seen}
        self.made: list[dict[str, Any]] = []
        self.wanting: dict[str, tuple[str, ...]] = {}

    # ------------------------------------------------------------------ at a ground, a gag, a party

    def at(self, place: str, keys: Sequence[str], label: Mapping[str, str]) -> dict[str, Any]:
        """The acts at these grounds (or this gag, this party): what may be done, and what is still lacking."""
        able, refused = [], []
        for name, form in HERE.items():
            if form.at != place or not ACTS[name].who & self.actor.roles:
                continue
            lacks = self._lacks(name, place, keys)
            mine = [key for key in keys if self._is_for(name, lacks[key])]
            fit = [key for key in mine if not lacks[key]][:AT_ONCE]
            if fit:
                able.append(self._entry(name, form, fit, label))
            elif mine:
                self.wanting.setdefault(name, lacks[mine[0]])
                # What the case lacks is said once, for all places.
                if KEEPS_ITS_KIND & set(lacks[mine[0]]) - {"law-of-today"}:
                    refused.append(self._lacking(name, lacks[mine[0]]))
        return {"able": able, "refused": refused}

    def _lacks(self, name: str, place: str, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
        # Grounds that are alike in all that a condition sees are asked about once, however many identifiers there are.
        alike: dict[Any, tuple[str, ...]] = {}
        found = {}
        for key in keys:
            ground = self.grounds.get(key) if place == "ground" else None
            kind = replace(ground, key="", clause=None, target=None) if ground else key
            if kind not in alike:
                alike[kind] = missing(self.state, name, self.actor, {**self.known, place: key})
            found[key] = alike[kind]
        return found

    def _is_for(self, name: str, lacks: tuple[str, ...]) -> bool:
        given = {c.name for c in ACTS[name].guard if c.given}
        return not (given - KEEPS_ITS_KIND) & set(lacks)

    # ------------------------------------------------------------------ on the case as a whole

    def groups(self) -> list[dict[str, Any]]:
        """The acts by group in the order of a case's life; call it after every place was asked."""
        lacking = dict(standing.open_acts(self.case, self.actor))
        found = []
        for group, forms in GROUPS.items():
            able, refused = [], []
            for name, form in forms.items():
                if name not in lacking or (form.when is not None and not form.when(self.case)):
                    continue
                elsewhere = [e for e in self.made if e["name"] == name]
                if elsewhere:
                    able.append({**elsewhere[0], "there": words.count(f"forms.at-{form.at}", len(elsewhere))})
                elif lacking[name]:
                    refused.append(self._lacking(name, lacking[name]))
                elif form.at:
                    refused.append(self._lacking(name, self._why_nowhere(name, form)))
                else:
                    able.append(self._entry(name, form))
            if able or refused:
                # What is over and done is no news.
                wanting = [r for r in refused if not r["over"]]
                found.append({"name": words.say(f"groups.{group}"), "able": able, "wanting": wanting})
        return found

    def _why_nowhere(self, name: str, form: Form) -> tuple[str, ...]:
        nothing = {**self.known, form.at: ""}
        return self.wanting.get(name) or missing(self.state, name, self.actor, nothing)[:1]

    def others(self) -> list[dict[str, str]]:
        """The acts that others may do, and who."""
        return [
            {"does": docket_words()["acts"][name]["does"], "who": acts.in_words(name, ("role",))[0].who}
            for name in HERE
            if not ACTS[name].who & self.actor.roles
        ]

    # ------------------------------------------------------------------ one act

    def _lacking(self, name: str, lacks: tuple[str, ...]) -> dict[str, Any]:
        told = acts.in_words(name, lacks)
        looks = docket_words()["look"]
        seen = [{"what": looks[n], "who": ""} for n in self.seen] if "last-look" in lacks else []
        return {
            "name": name,
            "does": docket_words()["acts"][name]["does"],
            "missing": [{"what": m.what, "who": m.who} for m in told] + seen,
            "over": all(m.who.startswith("nobody") for m in told),
        }

    def _entry(
        self, name: str, form: Form, keys: Sequence[str] = (), label: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        number = sum(e["name"] == name for e in self.made)
        ident = f"{name}-{number}" if form.at else name
        typed = self.typed if self.typed.act == name and (not keys or self.typed.about & set(keys)) else Typed()
        entry = {
            "name": name,
            "id": ident,
            "does": docket_words()["acts"][name]["does"],
            "form": (f"desk/case/acts/{name}.html", "desk/case/acts/act.html"),
            "about": words.table("forms").get(name, ""),
            "at": form.at,
            "chosen": [(k, (label or {}).get(k, k), not typed.act or k in typed.about) for k in keys],
            "rule": keys[0].partition("@")[0] if len(keys) > ONE_BY_ONE else "",
            "fields": [f for item in form.fields for f in self._fields(name, item, ident, typed)],
            "asks_again": form.asks_again,
            "signed": [people.name_of(p) for p in self._signed(name, keys)],
            "says": typed.says,
            "next": name == self.step.act,
            "multipart": any(f.kind == "file" for f in form.fields),
        }
        entry["bare"] = not (entry["fields"] or len(keys) > 1 or entry["about"] or entry["signed"])
        if form.at:
            self.made.append(entry)
        return entry

    def _signed(self, name: str, keys: Sequence[str]) -> list[str]:
        """Who signed the other half, or approved, before this person."""
        state = self.state
        match name:
            case "waive" | "reserve":
                halves = [g.signed for k in keys if (g := state.ground(k))]
            case "sign-danger" | "lift-danger":
                halves = [b.signed for k in keys if (b := state.bar(k))]
            case "sign-conflict-lead" | "sign-conflict-privacy":
                halves = [state.conflict_lead, state.conflict_privacy]
            case "approve" | "release" | "carry-out":
                halves = sorted(state.approvals)
            case _:
                halves = []
        return list(dict.fromkeys(h for h in halves if h))

    # ------------------------------------------------------------------ its fields

    def _fields(self, name: str, item: Field, ident: str, typed: Typed) -> list[dict[str, Any]]:
        values = typed.values.get(item.name, [])
        shown = {
            "name": item.name,
            "kind": item.kind,
            "id": f"{ident}-{item.name}",
            "label": words.either(f"fields.{name}-{item.name}", f"fields.{item.name}"),
            "help": words.table("helps").get(f"{name}-{item.name}", ""),
            "needed": item.needed,
            "value": values[-1] if values else self._first(name, item),
            "wrong": typed.field == item.name,
        }
        match item.kind:
            case "choice" | "listed" | "yesno":
                shown["choices"] = item.choices(self.case)
                if item.advised:
                    rules = {g.key.partition("@")[0] for g in self.state.grounds if raisable(g)}
                    shown["choices"] = beside.form_choices(shown["choices"], rules, self.actor)
            case "forum":
                shown["choices"] = sorted(self.actor.forums)
            case "grounds":
                shown["choices"] = self._ground_choices(item, values if typed.act else None)
            case "pieces":
                few = len(self.state.cells) <= AT_ONCE
                shown["choices"] = [
                    (f"{c + 1}.{t + 1}", piece_words(self.case, (c, t)), f"{c + 1}.{t + 1}" in values)
                    for c, t in (self.state.cells if few else ())
                ]
            case "facts":
                return self._disclosure(ident, typed)
            case "reasons":
                return self._reasons(item, ident, typed)
        return [shown]

    def _first(self, name: str, item: Field) -> str:
        """What stands in a field before anything is typed."""
        if name == "assess":
            # First as of service; once answered for, as of today, which every answer wants.
            day = datetime.now(UTC).date() if self.state.assessed == "current" else self.case.served_on
            return day.isoformat()
        known = {("record-gag", "until"): "gag_until", ("redirect", "to"): "issuer_body"}.get((name, item.name), "")
        return str(self._facts.get(known) or "")

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return {f.name: f.value for f in self.case.facts.all() if f.clause is None}

    def _ground_choices(self, item: Field, ticked: list[str] | None) -> list[tuple[str, str, bool]]:
        eligible = {g.key for g in self.state.grounds if item.among(g)}
        by_rule: dict[str, list[models.Ground]] = {}
        for row in ground_rows(self.case):
            if row.key in eligible and "provider" in row.finding["who"]:
                by_rule.setdefault(row.rule, []).append(row)
        found = []
        for rule, rows in by_rule.items():
            best = next((r for r in rows if not r.unknown), rows[0])
            usual = not best.unknown and best.strength != "policy" and stops(self.grounds.get(best.key, _NONE))
            subjects = f" ({len(rows)})" if len(rows) > 1 else ""
            unknown = f" · {words.say('verdicts.unknown')}" if best.unknown else ""
            title = best.finding["title"] or best.finding["says"]
            found.append((rule, f"{title}{subjects}{unknown}", usual if ticked is None else rule in ticked))
        return found

    def _reasons(self, item: Field, ident: str, typed: Typed) -> list[dict[str, Any]]:
        """A text for each rule whose grounds are to be given a reason."""
        titles = {r.rule: r.finding["title"] or r.finding["says"] for r in ground_rows(self.case)}
        named = dict.fromkeys(g.key.partition("@")[0] for g in self.state.grounds if item.among(g))
        return [
            {
                "name": f"{item.name}:{rule}",
                "kind": "text",
                "id": f"{ident}-{item.name}-{number}",
                "label": titles.get(rule, rule),
                "needed": True,
                "value": (typed.values.get(f"{item.name}:{rule}") or [""])[-1],
                "wrong": typed.field == item.name,
            }
            for number, rule in enumerate(named)
        ]

    def _disclosure(self, ident: str, typed: Typed) -> list[dict[str, Any]]:
        """The questions of the disclosure test that are still open, with what was typed; each answer may open more."""
        told = {k.partition(":")[2]: v[-1] for k, v in typed.values.items() if k.startswith("facts:") and v[-1]}
        asked, elsewhere = disclosure_questions(self.case, told)
        fields = []
        for name in dict.fromkeys((*told, *asked)):
            fact = vocabulary()[name]
            fields.append(
                {
                    "name": f"facts:{name}",
                    "kind": "fact",
                    "id": f"{ident}-{name}",
                    "label": fact.ask,
                    "input": fact_input(name, told.get(name)),
                    "needed": False,
                    "wrong": False,
                }
            )
        if elsewhere:
            fields.append({"kind": "note", "says": words.say("forms.ask-elsewhere"), "lines": elsewhere})
        return fields


_NONE = Ground("", "", "")


def fact_input(name: str, value: Any) -> dict[str, Any]:
    """How a fact is asked for: a choice, a date, a number or a line, with its value."""
    fact = vocabulary()[name]
    if fact.type == "bool":
        options = [("true", words.say("case.yes")), ("false", words.say("case.no")), ("", words.say("case.unknown"))]
        return {"type": "choice", "options": options, "value": "" if value is None else str(value).lower()}
    if fact.type == "enum":
        options = [(code, name) for code, name in fact.values.items()]
        return {"type": "choice", "options": [*options, ("", words.say("case.unknown"))], "value": value or ""}
    kind = {"date": "date", "int": "number"}.get(fact.type, "text")
    return {"type": kind, "value": "" if value is None else value}


def ground_rows(case: models.Case) -> list[models.Ground]:
    """The grounds of a case that were not cured, in the order of the assessment; a disclosure test's come last."""
    latest = case.assessments.first()
    order = {acts.key_of(f): n for n, f in enumerate(latest.findings)} if latest else {}
    rows = [g for g in case.grounds.all() if g.answer != "cured"]
    return sorted(rows, key=lambda g: order.get(g.key, len(order)))


def disclosure_questions(case: models.Case, told: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The facts of the disclosure that decide open rules of the test, and the questions that belong elsewhere."""
    demand = acts.demand_of(case)
    read: dict[str, Any] = {}
    for name, raw in told.items():
        try:
            read[name] = read_value(name, raw)
        except (FactsError, KeyError):
            continue
    demand = Demand({**demand.facts, **read}, demand.clauses)
    found = law.assess(demand, datetime.now(UTC).date()).unknown()
    wanted = dict.fromkeys(m for f in found if f.against == "disclosure" for m in f.missing)
    asked = [name for name in wanted if vocabulary()[name].level == "disclosure"]
    return asked, [vocabulary()[name].ask for name in wanted if name not in asked]


# ------------------------------------------------------------------ in words


def piece_words(case: models.Case, cell: Cell) -> str:
    """A piece of the demand: its item, what it asks, and of whom."""
    clause = case.clauses[cell[0]] if cell[0] < len(case.clauses) else {}
    targets = clause.get("targets", [])
    whose = targets[cell[1]].get("identifier") if cell[1] < len(targets) else ""
    asks = ", ".join(says.categories(clause.get("categories")))
    return words.say(
        "forms.piece",
        item=cell[0] + 1,
        asks=asks,
        whose=whose or words.say("case.redacted" if targets else "case.nobody"),
    )


def expand(case: models.Case, act: str, given: dict[str, Any]) -> dict[str, Any]:
    """The payload with each rule that was ticked, or given a reason, put as the grounds of it that the act is for."""
    item = next((f for f in HERE[act].fields if f.kind in ("grounds", "reasons")), None)
    if item is None or item.name not in given:
        return given
    if item.kind == "reasons":
        said = given[item.name]
        named = {g.key: g.key.partition("@")[0] for g in standing.state_of(case).grounds if item.among(g)}
        return {**given, item.name: {key: said[rule] for key, rule in named.items() if rule in said}}
    wanted = set(given[item.name])
    mine = {g.key for g in standing.state_of(case).grounds if item.among(g)}
    found = [r.key for r in ground_rows(case) if r.key in wanted or (r.rule in wanted and r.key in mine)]
    return {**given, item.name: found}


def subjects(case: models.Case, actor: Actor, act: str, chosen: list[dict[str, str]]) -> list[dict[str, str]]:
    """The grounds at which an act is done: a rule stands for all of its grounds that the act is open for."""
    if HERE[act].at != "ground":
        return chosen
    state = standing.state_of(case)
    found: list[str] = []
    for key in (c["ground"] for c in chosen):
        of_rule = [g.key for g in state.grounds if g.key.partition("@")[0] == key]
        able = [k for k in of_rule if not missing(state, act, actor, {"ground": k})][:AT_ONCE]
        found += [key] if state.ground(key) or not able else able
    return [{"ground": key} for key in dict.fromkeys(found)]


# ------------------------------------------------------------------ once more, before it is done


def foreseen(case: models.Case, act: str, after: State, about: Iterable[str]) -> dict[str, Any]:
    """What an act would let out and what it would give up: pieces with their reasons, grounds with their law."""
    before = standing.state_of(case)
    leaves = act in ("release", "carry-out", "approve")
    now, then = dict(releasable(before)), dict(releasable(after))
    pieces = now if leaves else {c: why for c, why in then.items() if c not in now}
    was = {g.key: g.answer for g in before.grounds}
    changed = [g.key for g in after.grounds if was.get(g.key, g.answer) != g.answer]
    clauses = {clause for clause, _ in pieces}
    standing_still = [
        g.key
        for g in after.grounds
        if pieces
        and g.stand
        and (g.clause is None or (g.clause in clauses if g.target is None else (g.clause, g.target) in pieces))
    ]
    rows = {r.key: r for r in ground_rows(case)}
    return {
        "leaves": leaves,
        "pieces": pieces_of(case, before, pieces.items()),
        "stays": len(before.cells) - len(pieces),
        "given_up": [_given_up(rows[k]) for k in dict.fromkeys((*changed, *standing_still)) if k in rows][:AT_ONCE],
        "rests_on": [
            _given_up(r) for r in rows.values() if act == "refuse" and was.get(r.key) in RESTS_ON and not r.unknown
        ],
        "signs": [_given_up(rows[k]) for k in about if k in rows and k not in changed],
        "fall": bool(now) and not then and not leaves,
    }


def pieces_of(case: models.Case, state: State, pieces: Iterable[tuple[Cell, str]]) -> dict[str, Any]:
    """Pieces with whose they are and why they may leave, in words; `more` is how many are not shown."""
    every = list(pieces)
    owners = {cell: p.name for p in state.parties for cell in p.cells}
    named = {name: says.party(name) for name in {owners.get(cell, "") for cell, _ in every[:AT_ONCE]} if name}
    rows = [
        {
            "words": piece_words(case, cell),
            "party": named.get(owners.get(cell, ""), ""),
            "why": docket_words()["reasons"][why],
        }
        for cell, why in every[:AT_ONCE]
    ]
    return {"rows": rows, "more": len(every) - len(rows)}


def _given_up(row: models.Ground) -> dict[str, Any]:
    return {
        "title": row.finding["title"] or row.finding["says"],
        "says": row.finding["says"],
        "cites": row.finding["cites"],
        "force": row.force,
        "where": subject_words(row.finding),
    }


def subject_words(finding: Mapping[str, Any]) -> str:
    """The item and identifier that a finding is on, or the silence; "" where it is on the whole demand."""
    if finding.get("gag"):
        return words.say("case.of-gag", gag=finding["gag"])
    if finding["clause"] is None:
        return ""
    if finding["target"] is None:
        return words.say("case.of-clause", clause=finding["clause"] + 1)
    return words.say("case.of-target", clause=finding["clause"] + 1, target=finding["target"] + 1)


# ------------------------------------------------------------------ what was done at one place


def histories(moments: Iterable[standing.Moment]) -> dict[str, list[str]]:
    """What was done at each ground, gag and party: one line an act, under its key."""
    told: dict[str, list[str]] = {}
    for m in moments:
        names = [m.payload.get(place) for place in ("ground", "gag", "party")]
        reserved = m.payload.get("reserved") or ()
        keys = [n for n in (*names, *_list(m.payload.get("grounds")), *reserved) if isinstance(n, str) and n]
        for key in keys if m.act not in ("assess", "test-disclosure") else ():
            told.setdefault(key, []).append(
                words.say("forms.moment", day=says.day(m.at.date()), what=m.what, who=m.who) + _detail(m.payload)
            )
    return told


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _detail(payload: Mapping[str, Any]) -> str:
    parts = []
    if payload.get("form"):
        parts.append(words.say(f"challenges.{payload['form']}"))
    if payload.get("forum"):
        parts.append(str(payload["forum"]))
    if payload.get("result"):
        parts.append(words.say(f"results.{payload['result']}"))
    if payload.get("until"):
        parts.append(words.say("forms.until", day=_day_words(payload["until"])))
    if payload.get("why"):
        parts.append(f"“{payload['why']}”")
    return f": {', '.join(parts)}" if parts else ""


def _day_words(raw: Any) -> str:
    try:
        return says.day(date.fromisoformat(str(raw)))
    except ValueError:
        return str(raw)
