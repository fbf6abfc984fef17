"""One case as one screen: what was read, which grounds stand, what is asked, what may be done, what stands between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from django.urls import reverse

from demur import law
from demur.docket import models, privilege, silence, standing, visible
from demur.docket.lifecycle import Actor, Bar, releasable
from demur.facts import CATEGORIES, Demand, demand_from_mapping, vocabulary
from demur.law.codegen import TRUE
from demur.law.engine import facts_at
from demur.law.explain import explainer
from demur.law.library import library

from . import beside, doing, known, papers, people, says, words

ASKED_FIRST = 3
"""How many questions stand open on top; the rest wait behind a line."""
ASSESSED = ("assessed", "answered", "compelled")
"""The promises whose state tells of the assessment."""
CONFIDENT = 0.8
"""Below this a reading is drawn as doubtful."""


def key_of(name: str, clause: int | None, target: int | None) -> str:
    """A fact's place on the case as one word: `name`, `name-0`, `name-0-1`."""
    return "-".join(str(part) for part in (name, clause, target) if part is not None)


# ------------------------------------------------------------------ what was read


def facts_of(case: models.Case) -> list[dict[str, Any]]:
    """Every fact of the case with its words, where it was read, and whether someone must look at it."""
    names = people.names(f.confirmed_by_id for f in case.facts.all())
    return [_fact(f, names) for f in case.facts.all()]


def _fact(fact: models.CaseFact, names: dict[int, str]) -> dict[str, Any]:
    evidence = fact.evidence
    confidence = evidence.get("confidence")
    return {
        "key": key_of(fact.name, fact.clause, fact.target),
        "name": fact.name,
        "clause": fact.clause,
        "target": fact.target,
        "value": fact.value,
        "words": says.value_words(fact.name, fact.value),
        "says": says.sentence(fact.name, fact.value),
        "where": _where(fact),
        "page": evidence.get("page"),
        "document": evidence.get("document"),
        "quote": evidence.get("quote") or "",
        "confidence": None if confidence is None else round(confidence * 100),
        "doubt": fact.must_confirm or (confidence is not None and confidence < CONFIDENT),
        "must_confirm": fact.must_confirm,
        "confirmed": fact.confirmed_at is not None,
        "confirmed_by": names.get(fact.confirmed_by_id or 0, ""),
        "by_hand": evidence.get("from") == "person",
        "of_docket": evidence.get("from") == "docket",
        "evidence": evidence,
        "input": doing.fact_input(fact.name, fact.value),
    }


def _where(fact: models.CaseFact) -> str:
    if fact.clause is None:
        return ""
    if fact.target is None:
        return words.say("case.of-clause", clause=fact.clause + 1)
    return words.say("case.of-target", clause=fact.clause + 1, target=fact.target + 1)


def clauses_of(case: models.Case, confirmed: bool) -> list[dict[str, Any]]:
    """What the demand asks, piece by piece, with the places it was read from; none is doubtful once `confirmed`."""
    out = []
    for index, clause in enumerate(case.clauses):
        read = clause.get("read", {})
        targets = clause.get("targets", [])
        out.append(
            {
                "key": f"clause-{index}",
                "index": index,
                "number": index + 1,
                "quote": clause.get("quote", ""),
                "page": clause.get("page"),
                "categories": says.categories(clause.get("categories")),
                "chosen": clause.get("categories"),
                "targets": [t.get("identifier") or words.say("case.redacted") for t in targets],
                "identifiers": "\n".join(t.get("identifier") or "" for t in targets),
                "period": _period(clause),
                "period_from": clause.get("period_from") or "",
                "period_to": clause.get("period_to") or "",
                "evidence": {"page": clause.get("page"), "quote": clause.get("quote", ""), **read},
                "doubt": not confirmed and (bool(read.get("confirm")) or read.get("confidence", 1) < CONFIDENT),
            }
        )
    return out


def _period(clause: dict[str, Any]) -> str:
    start, end = clause.get("period_from"), clause.get("period_to")
    if start and end:
        return words.say(
            "case.from-to", start=says.day(date.fromisoformat(start)), end=says.day(date.fromisoformat(end))
        )
    if start:
        return words.say("case.from", start=says.day(date.fromisoformat(start)))
    if end:
        return words.say("case.until", end=says.day(date.fromisoformat(end)))
    return words.say("case.open-period") if clause.get("period_open") else ""


def category_choices() -> list[tuple[str, str]]:
    """Every category of data with its words."""
    return [(c, vocabulary()[f"asks_{c}"].means) for c in CATEGORIES]


# ------------------------------------------------------------------ grounds and questions


def grounds_of(
    case: models.Case, latest: models.Assessment | None, offered: doing.Doing, told: dict[str, list[str]]
) -> list[dict[str, Any]]:
    """The grounds against this demand, one entry a rule: what became of each, and what may be done at it.

    `told` is what was done at each ground so far.
    """
    drafted = _drafted(case)
    shown: dict[tuple[str, str], dict[str, Any]] = {}
    for row in doing.ground_rows(case):
        entry = shown.setdefault((row.rule, row.finding["verdict"]), _ground(row.finding))
        entry["keys"][row.key] = doing.subject_words(row.finding)
        entry["pieces"].append((row.finding["clause"], row.finding["target"]))
        entry["answers"].append(row.answer)
    for entry in shown.values():
        keys = entry["keys"]
        entry["subjects"] = _subjects(entry.pop("pieces"), latest.demand.get("clauses", ()) if latest else ())
        settled = {a for a in entry["answers"] if a != "open"}
        entry["open"] = sum(a == "open" for a in entry["answers"])
        entry["settled"] = [docket_answer(a) for a in sorted(settled)]
        entry["drafted"] = drafted.get(entry["rule"])
        entry["told"] = list(dict.fromkeys(line for key in keys for line in told.get(key, ())))
        entry["acts"] = offered.at("ground", list(keys), {k: w or words.say("against.demand") for k, w in keys.items()})
    return list(shown.values())


def _ground(finding: dict[str, Any]) -> dict[str, Any]:
    due = date.fromisoformat(finding["due"]) if finding["due"] else None
    return {
        "rule": finding["rule"],
        "title": finding["title"] or finding["says"],
        "says": finding["says"],
        "verdict": finding["verdict"],
        "strength": finding["strength"],
        "force": finding["force"],
        "against": words.say(f"against.{finding['against']}"),
        "cites": finding["cites"],
        "effect": words.say(f"effects.{finding['effect']}"),
        "because": _lines(finding),
        "forum": finding["forum"],
        "due": says.day(due) if due else "",
        "stays": words.say(f"stays.{finding['stays']}"),
        "recheck": finding["checked"] == "recheck",
        "answered": finding["answered"],
        "mine": "provider" in finding["who"],
        "who": ", ".join(words.say(f"who.{w}") for w in finding["who"]),
        "keys": {},
        "pieces": [],
        "answers": [],
    }


def _lines(finding: dict[str, Any]) -> list[dict[str, Any]]:
    # Each line once; where the rule is undecided, what is missing matters, and the questions ask for it.
    lines = [r for r in finding["because"] if finding["verdict"] == "holds" or r["state"] == "unknown"]
    return [r for i, r in enumerate(lines) if not r["facts"] or r not in lines[:i]]


def _subjects(pieces: list[tuple[int | None, int | None]], clauses: Sequence[dict[str, Any]]) -> list[str]:
    """What a ground stands against, in as few words as say it: an item whose every identifier is meant says so once."""
    targets = {n: len(clause.get("targets", ())) for n, clause in enumerate(clauses)}
    meant: dict[int, set[int]] = {}
    for clause, target in pieces:
        if clause is not None:
            meant.setdefault(clause, set()).update(() if target is None else (target,))
    whole = [c for c, named in meant.items() if len(named) == targets.get(c) and len(named) > 1]
    if len(whole) > 1 and len(whole) == len(clauses):
        return [words.say("case.of-everything")]
    found: list[str] = []
    for clause, named in sorted(meant.items()):
        if clause in whole:
            found.append(words.say("case.of-every-target", clause=clause + 1))
        elif named:
            found += [words.say("case.of-target", clause=clause + 1, target=t + 1) for t in sorted(named)]
        else:
            found.append(words.say("case.of-clause", clause=clause + 1))
    return found


def docket_answer(answer: str) -> str:
    """What became of a ground, in words."""
    return words.say(f"answers.{answer}")


def _drafted(case: models.Case) -> dict[str, int]:
    found: dict[str, int] = {}
    for draft in case.drafts.all():
        for part in ("grounds", "requests"):
            for argument in draft.letter.get(part, ()):
                found.setdefault(argument["rule"], draft.number)
    return found


def informs(latest: models.Assessment | None) -> list[dict[str, Any]]:
    """What the law says besides grounds: deadlines, costs, shields, duties to notify."""
    shown: dict[str, dict[str, Any]] = {}
    for finding in latest.findings if latest else ():
        if finding["against"] == "info" and finding["verdict"] == "holds":
            shown.setdefault(finding["rule"], _ground(finding))
    return list(shown.values())


def questions_of(
    case: models.Case, latest: models.Assessment | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The unknown facts as questions: those that decide most, and the rest. One answer stands for every identifier."""
    if latest is None:
        return [], []
    asked: dict[tuple[str, int | None], dict[str, Any]] = {}
    demand = demand_from_mapping(latest.demand)
    for question in law.ask(law.assess(demand, latest.as_of)):
        one = _asked_of_item(demand, question) if question.fact == law.CATEGORIES else _asked_of_all(question)
        entry = asked.setdefault((question.fact, one.get("index")), {**one, "settling": set(), "helping": set()})
        entry["settling"] |= set(question.settles)
        entry["helping"] |= set(question.helps)
    for entry in asked.values():
        settling, helping = entry.pop("settling"), entry.pop("helping")
        entry["settles"] = (
            words.count("case.settles", len(settling)) if settling else words.count("case.helps", len(helping))
        )
    found = list(asked.values())
    return found[:ASKED_FIRST], found[ASKED_FIRST:]


def _asked_of_all(question: law.Question) -> dict[str, Any]:
    fact = vocabulary()[question.fact]
    return {
        "name": fact.name,
        "ask": question.text,
        "input": doing.fact_input(fact.name, None),
        "type": fact.type,
        "each": fact.level in ("clause", "target"),
    }


def _asked_of_item(demand: Demand, question: law.Question) -> dict[str, Any]:
    """The question what an item asks for, with what is known of it."""
    facts = facts_at(demand, date.min, question.clause)
    item = words.say("case.of-clause", clause=question.clause + 1) if question.clause is not None else ""
    return {
        "name": question.fact,
        "ask": f"{question.text} ({item})" if len(demand.clauses) > 1 else question.text,
        "index": question.clause,
        "chosen": [c for c in CATEGORIES if facts.get(f"asks_{c}")],
        "type": "categories",
    }


# ------------------------------------------------------------------ what does not stand, and why


def others_of(latest: models.Assessment) -> list[dict[str, Any]]:
    """The rules in force that neither hold nor are open, each with what makes it fail; those that apply come first.

    A rule on clauses or targets failed for each of them; the reasons are those of the first.
    """
    demand = demand_from_mapping(latest.demand)
    held = library()
    params = {n: frozenset(v) if isinstance(v, tuple) else v for n, v in held.params_on(latest.as_of).items()}
    means = {name: param.means for name, param in held.params.items()}
    clause = 0 if demand.clauses else None
    target = 0 if demand.clauses and demand.clauses[0].targets else None
    facts = {
        "demand": facts_at(demand, latest.as_of),
        "clause": facts_at(demand, latest.as_of, clause),
        "target": facts_at(demand, latest.as_of, clause, target),
    }
    stand = {f["rule"] for f in latest.findings}
    out = []
    for rule in held.rules:
        if rule.id in stand or rule.level not in facts or not rule.in_force(latest.as_of):
            continue
        own = facts[rule.level]
        lines = explainer(rule.test, means=means)(own, params).lines
        applies = explainer(rule.guard, means=means)(own, params).value == TRUE
        why = list(dict.fromkeys(line.text for line in lines if line.state == "false" and line.facts))
        out.append({"rule": rule.id, "title": rule.title, "cites": list(rule.cites), "applies": applies, "why": why})
    return sorted(out, key=lambda o: not o["applies"])


# ------------------------------------------------------------------ whose data, and what bars telling


def parties_of(case: models.Case, offered: doing.Doing, told: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Whose data is asked for: whether each was told and the authority sent to it, and what may be done."""
    letters = _redirections(case) if offered.actor.roles & visible.SEE_ALL else {}
    return [
        {
            "name": says.party(p.name),
            "pieces": len(p.cells),
            "notice": words.say(f"notices.{p.notice}"),
            "redirect": words.say(f"redirects.{p.redirect}"),
            "voice": words.say(f"voices.{p.voice}") if p.voice else "",
            "stance": words.say(f"stances.{p.stance}") if p.stance else "",
            "done": p.notice == "told" and p.redirect != "due",
            "told": told.get(p.name, []),
            "letters": letters.get(p.name, []),
            "acts": offered.at("party", [p.name], {}),
        }
        for p in offered.state.parties
    ]


def _redirections(case: models.Case) -> dict[str, list[dict[str, Any]]]:
    """The letters by which the authority was sent to each party, and when each was recorded as sent."""
    found: dict[str, list[dict[str, Any]]] = {}
    for way in models.Delivery.objects.filter(act__case=case, act__name="redirect").select_related("act"):
        number = way.act.payload.get("letter")
        if number:
            paper = privilege.Privileged("letter", number)
            line = {"number": number, "what": paper.what, "forms": paper.forms, "to": way.to, "sent_at": way.sent_at}
            found.setdefault(way.party, []).append(line)
    return found


def bars_of(case: models.Case, offered: doing.Doing, told: dict[str, list[str]]) -> list[dict[str, Any]]:
    """What bars telling the customer: each gag and each danger to a person, and what may be done at it."""
    rows = {g.name: g for g in case.gags.all()}
    return [_bar(b, rows.get(b.name), offered, told) for b in offered.state.bars]


def _bar(bar: Bar, row: models.Gag | None, offered: doing.Doing, told: dict[str, list[str]]) -> dict[str, Any]:
    until, review = (row.until, row.review_on) if row else (None, None)
    return {
        "name": words.say("forms.own-silence") if bar.name == silence.OWN else (row and row.scope) or bar.name,
        "basis": row.basis if row else "",
        "towards": says.party(bar.party) if bar.party else "",
        "end": words.say(f"bars.{bar.end}"),
        "until": says.day(until) if until and not bar.ended else "",
        "review": says.day(review) if review and not bar.ended else "",
        "why": row.why if row else "",
        "active": bar.active,
        "told": told.get(bar.name, []),
        "acts": offered.at("gag", [bar.name], {}),
    }


# ------------------------------------------------------------------ the whole


def whole(
    case: models.Case,
    actor: Actor,
    document: int | None,
    page: int | None,
    today: date,
    typed: doing.Typed | None = None,
) -> dict[str, Any]:
    """Everything that the case page shows this person; `typed` is a form that came in and could not be used."""
    state = standing.state_of(case)
    privileged = visible.privileged_to(actor, case)
    latest = case.assessments.first() if privileged else None
    facts = facts_of(case)
    by_name = {f["name"]: f["value"] for f in facts if f["clause"] is None}
    clauses = clauses_of(case, state.confirmed)
    documents = list(case.documents.all())
    shown = next((d for d in documents if d.number == document), documents[0] if documents else None)
    marked = [(f["key"], f["says"], f["evidence"], f["doubt"] and not f["confirmed"]) for f in facts]
    marked += [(c["key"], c["quote"], {**c["evidence"], "document": _document_of(facts)}, c["doubt"]) for c in clauses]
    sheet = None
    if shown is not None:
        here = [m for m in marked if m[2].get("document") in (shown.number, None) and m[2].get("page")]
        sheet = papers.sheet(shown, page, here)
    step = standing.next_step(case, datetime.now(UTC))
    due = standing.due(case)
    first, rest = questions_of(case, latest)
    moments = standing.timeline(case)
    told = doing.histories(moments if privileged else ())
    offered = doing.Doing(case, actor, step, typed)
    grounds, parties, bars = (
        grounds_of(case, latest, offered, told),
        parties_of(case, offered, told),
        bars_of(case, offered, told),
    )
    groups = offered.groups()
    own = beside.of_grounds((g["rule"] for g in grounds), actor)
    for ground in grounds:
        ground["precedent"] = own[ground["rule"]]
    told_of = known.about(case, actor)
    whose = [c["name"] for c in told_of["customers"]] or [_customer(by_name)]
    waiting = [f for f in facts if not f["confirmed"] and not f["of_docket"]]
    return {
        "case": case,
        "state": state,
        "title": says.kind_name(by_name.get("kind")),
        "sub": " · ".join(str(x) for x in (says.calm(by_name.get("issuer_body") or ""), *whose) if x),
        "documents": documents,
        "sheet": sheet,
        "look": [f for f in waiting if f["doubt"]],
        "clear": [f for f in waiting if not f["doubt"]],
        "sure": [f for f in facts if f["confirmed"] or f["of_docket"]],
        "facts_read": len(facts),
        "waiting": len(waiting),
        "doubtful": sum(f["doubt"] for f in waiting),
        "clauses": clauses,
        "categories": category_choices(),
        "latest": latest,
        "grounds": grounds,
        "holding": sum(g["verdict"] == "holds" for g in grounds),
        "informs": informs(latest),
        "asked": first,
        "asked_more": rest,
        "privileged": privileged,
        "outside": words.say("privileged.outside"),
        "between": _between(case, privileged),
        "then": _then(case, state, due, today, privileged),
        "parties": parties,
        "known": told_of,
        "bars": bars,
        "groups": groups,
        "may_act": any(g["able"] for g in groups),
        "may_not": any(g["wanting"] for g in groups),
        "others_may": offered.others(),
        "leaving": doing.pieces_of(case, state, releasable(state)) if state.cells and privileged else {},
        "next": next((a for g in groups for a in g["able"] if a["name"] == step.act), None),
        "typed": offered.typed,
        "due": {"on": due.on, "words": says.due_words(due.on, today), "label": label(due, privileged),
                "urgency": says.urgency(due.on, today)} if due else None,
        "duties": _duties(case, today, privileged),
        "step": step,
        "timeline": moments,
        "drafts": [
            (d, words.say(f"papers.{d.kind}")) for d in (case.drafts.select_related("by") if privileged else ())
        ],
        "others": latest.failing if latest else 0,
        "library_changed": latest is not None and latest.library != library().version,
        "here": reverse("case", args=[case.number]),
    }  # fmt: skip


def _document_of(facts: list[dict[str, Any]]) -> int | None:
    return next((f["document"] for f in facts if f["document"]), None)


def _customer(by_name: dict[str, Any]) -> str:
    kind = by_name.get("customer_kind")
    return says.value_words("customer_kind", kind) if kind else ""


def label(due: standing.Due, privileged: bool) -> str:
    """What falls due; the rule of law that says so is part of the assessment, and privileged."""
    return due.label if privileged or due.source == "fact" else words.say("privileged.a-duty")


def _duties(case: models.Case, today: date, privileged: bool) -> list[tuple[dict[str, Any], str, str]]:
    return [
        ({"on": d.on, "label": label(d, privileged)}, says.due_words(d.on, today), says.urgency(d.on, today))
        for d in standing.duties(case)
    ]


def _between(case: models.Case, privileged: bool) -> list[standing.Standing]:
    """The promises; how many grounds hold or wait is privileged."""
    told = standing.standing(case)
    return told if privileged else [replace(s, line="") if s.name in ASSESSED else s for s in told]


def _then(
    case: models.Case, state: standing.State, due: standing.Due | None, today: date, privileged: bool
) -> list[str]:
    """What happens at the return date if nothing is decided: what stays, what lapses, what may then be signed."""
    if case.closed:
        return []
    if state.authentic == "forged":
        return [words.say("then.forged")]
    if due is None:
        return [words.say("then.no-day")]
    late = due.on < today
    lines = [words.say("then.late" if late else "then.due", day=says.day(due.on), label=label(due, privileged))]
    if not privileged:
        return lines
    lines += [words.count(f"then.{name}", n) for name, n in standing.at_return(state)]
    lapsing = standing.open_rules(g for g in state.grounds if g.key in _due_by(case, due.on) and g.answer == "open")[0]
    return lines + ([words.count("then.lapse", lapsing)] if lapsing else [])


def _due_by(case: models.Case, day: date) -> frozenset[str]:
    due = ((r.key, r.finding["due"]) for r in case.grounds.all())
    return frozenset(key for key, on in due if on and date.fromisoformat(on) <= day)
