"""From a letter to its sheet: the same words for PDF, DOCX and the screen. The words stand in `words/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import pairwise
from string import ascii_lowercase

from demur.facts import vocabulary

from .argue import is_court
from .letter import Argument, Asked, Block, Letter, Party, Redirected, Seal, Sheet
from .words import Words, words

TO_AUTHORITY = ("objection", "gag-notice", "redirection", "paper-demand")
"""The papers that go to the authority itself: they name its own reference."""
US_PAPER = ("us", "ca", "pr")
"""Countries whose authorities use US Letter paper; all others get A4 (ISO 216)."""


def compose(letter: Letter) -> Sheet:
    """The paper in its words."""
    say = words(letter.language)
    body = _BODIES[letter.paper](letter, say)
    court = letter.paper == "court-draft"
    note = letter.paper == "counsel-note"
    sealed = letter.paper == "notice" and letter.seal is not None
    signer = letter.sender.signer or say("head", "unsigned_name")
    role = letter.sender.role or say("head", "unsigned_role")
    if court:
        signature: tuple[str, ...] = (say("court-draft", "signature_role", entity=letter.entity),)
    else:
        signature = () if note else (signer, role, letter.sender.name)
    mark = say(letter.paper, "mark") if court or note else (say("notice", "mark_sealed") if sealed else "")
    return Sheet(
        paper=letter.paper,
        language=letter.language,
        size="us-letter" if letter.country in US_PAPER and letter.paper != "notice" else "a4",
        on=letter.on,
        letterhead=() if court else (letter.sender.name, *letter.sender.lines),
        mark=mark,
        stamp=say("court-draft", "stamp") if court else say("notice", "stamp_sealed") if sealed else "",
        date=say.day(letter.on, letter.country),
        recipient=() if court or note else _lines(letter.recipient),
        references=_references(letter, say),
        caption=_caption(letter, say) if court else (),
        subject=_subject(letter, say),
        salutation=_salutation(letter, say),
        blocks=tuple(body),
        closing=say(letter.paper, "closing") if signature else "",
        signature=signature,
        signature_label=say("head", "signature"),
        after=say("court-draft", "service") if court else "",
        footer=" \u00b7 ".join(x for x in (letter.sender.name, letter.our_reference or letter.reference) if x),
        page=say("head", "page", page="{page}", pages="{pages}"),
    )


# ------------------------------------------------------------------ the head


def _lines(party: Party) -> tuple[str, ...]:
    return tuple(x for x in (party.name, *party.lines) if x)


def _what(letter: Letter, say: Words) -> str:
    means = vocabulary()["kind"].values.get(letter.kind, say("instrument", "default"))
    bare = means.removeprefix("an ").removeprefix("a ")
    return say("instrument", letter.kind) if say.has("instrument", letter.kind) else bare


def _instrument(letter: Letter, say: Words) -> str:
    what = _what(letter, say)
    if letter.issued_on:
        return say("name", "instrument_dated", what=what, date=say.day(letter.issued_on, letter.country))
    return say("name", "instrument", what=what)


def _references(letter: Letter, say: Words) -> tuple[tuple[str, str], ...]:
    if letter.paper == "court-draft":
        return ()
    what = _what(letter, say)
    days = {"issued": letter.issued_on, "served": letter.served_on, "due": letter.due_on}
    dated = {name: say.day(day, letter.country) if day else "" for name, day in days.items()}
    rows = {
        "your_reference": letter.reference if letter.paper in TO_AUTHORITY else "",
        "our_reference": letter.our_reference,
        "instrument": what[:1].upper() + what[1:],
        "basis": letter.legal_basis if letter.paper != "notice" else "",
        **dated,
    }
    if letter.paper == "notice":  # told in the body, in words
        rows = {"our_reference": letter.our_reference}
    return tuple((say("head", name), text) for name, text in rows.items() if text)


def _caption(letter: Letter, say: Words) -> tuple[str, ...]:
    number = (
        say("court-draft", "caption_number", number=letter.reference)
        if letter.reference
        else say("court-draft", "caption_number_unknown")
    )
    return (
        _court(letter, say),
        say("court-draft", "caption_re", what=_instrument(letter, say)),
        number,
        say("court-draft", "movant", entity=letter.entity),
    )


def _court(letter: Letter, say: Words) -> str:
    """The court by its name where the issuer is the court; else the words of the law for it."""
    if letter.forum == say("court-draft", "issuing") and is_court(letter.authority):
        return letter.authority
    return _sentence(letter.forum)


def _subject(letter: Letter, say: Words) -> str:
    if letter.paper == "gag-notice":
        return say("gag-notice", "subject" + _form(letter, say), what=_what(letter, say))
    if letter.paper == "court-draft" and letter.country != "us":
        return say("court-draft", "subject_default", what=_what(letter, say))
    return say(letter.paper, "subject", what=_what(letter, say))


def _salutation(letter: Letter, say: Words) -> str:
    if letter.paper == "notice":
        name = letter.recipient.signer or letter.recipient.name
        return say("notice", "salutation", customer=name) if name else say("notice", "salutation_unknown")
    return say(letter.paper, "salutation") if say.has(letter.paper, "salutation") else ""


# ------------------------------------------------------------------ parts of a body


def _heading(text: str) -> Block:
    return Block("heading", text)


def _para(text: str) -> Block:
    return Block("para", text)


def _items(lines: Iterable[str]) -> Block:
    return Block("items", lines=tuple(lines))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _day(letter: Letter, day: date, say: Words) -> str:
    return say.day(day, letter.country)


def _demanded(letter: Letter, say: Words, heading: str) -> list[Block]:
    blocks = [_heading(heading)]
    shown = [a for a in letter.asked if a.quote or a.categories or a.targets]
    if not shown:
        return [*blocks, _para(say("name", "no_clause"))]
    quoted: dict[tuple[str, int | None], int] = {}
    for item in shown:
        first = quoted.setdefault((item.quote, item.page), item.number)
        if not item.quote:
            text = say("name", "no_quote")
        elif first != item.number:
            text = say("name", "same_quote", n=first)
        else:
            text = say("name", "quote", quote=item.quote)
        blocks.append(Block("item", text, number=str(item.number), lines=_told_of(item, letter, say)))
    return blocks


def _told_of(item: Asked, letter: Letter, say: Words) -> tuple[str, ...]:
    start = _day(letter, item.period_from, say) if item.period_from else ""
    end = _day(letter, item.period_to, say) if item.period_to else ""
    if start and end:
        period = say("name", "period_between", a=start, b=end)
    elif start:
        period = say("name", "period_from", a=start)
    else:
        period = say("name", "period_to", b=end) if end else ""
    return tuple(
        text
        for text in (
            say("name", "asks", what=say.listed(item.categories)) if item.categories else "",
            say("name", "about", targets=say.listed(item.targets)) if item.targets else "",
            say("name", "period", period=period) if period else "",
            _sentence(say("name", "page", page=item.page)) + "." if item.page else "",
        )
        if text
    )


def _ground(item: Argument, number: object, say: Words, *, asks: bool, contrary: bool = False) -> Block:
    because = list(item.because)
    if item.kept:
        because.append(say("name", "kept"))
    lines = []
    if because:
        lines.append(say("ground", "because", list=say.listed(because, "semicolon")))
    elif item.where:
        lines.append(say("ground", "where", where=item.where))
    if contrary and item.answered:
        lines.append(say("ground", "contrary", text=item.answered))
    table = "asks/gag" if item.part == "gag" else "asks/policy" if item.part == "request" else "asks"
    ask = "void_partly" if item.partly and table == "asks" else item.effect
    return Block(
        "ground",
        _full_stop(_sentence(item.title)),
        number=str(number),
        lead=_full_stop(_sentence(item.says)) if item.says else "",
        lines=tuple(_full_stop(line) for line in lines),
        cites=say("ground", "cites", list=say.listed(item.cites, "semicolon")),
        asks=say(table, ask, where=item.where) if asks else "",
        rule=item.rule,
    )


def _full_stop(text: str) -> str:
    return text if text.endswith((".", "?", "!", ":", ";", ")")) and not text.endswith(").") else text.rstrip(".") + "."


def _grounds(letter: Letter, say: Words, *, asks: bool = True, contrary: bool = False) -> list[Block]:
    """The grounds under their headings, numbered through."""
    blocks: list[Block] = []
    number = 0
    table = letter.paper
    for part, key in (("demand", "grounds"), ("gag", "gag")):
        found = [g for g in letter.grounds if g.part == part]
        if not found:
            continue
        if part == "demand" and len(letter.grounds) == 1:
            key = "grounds_one"
        blocks.append(_heading(say.either(table, key, "grounds")))
        for item in found:
            number += 1
            blocks.append(_ground(item, number, say, asks=asks, contrary=contrary))
    return blocks


def _entity(letter: Letter, key: str, say: Words, table: str) -> str:
    return say(table, key, what=_instrument(letter, say), entity=letter.entity)


def _numbers(letter: Letter, numbers: tuple[int, ...], say: Words) -> str:
    if not numbers or len(numbers) >= len(letter.asked):
        return say("name", "demand")
    if len(numbers) == 1:
        return say("name", "clause", n=numbers[0])
    return say("name", "clauses", list=say.listed(map(str, numbers)))


# ------------------------------------------------------------------ the bodies


def _objection(letter: Letter, say: Words) -> list[Block]:
    table = "objection"
    opening = (
        "opening" if letter.grounds
        else "opening_ask" if letter.questions
        else "opening_policy" if letter.requests
        else "opening_none"
    )  # fmt: skip
    blocks = [_para(_entity(letter, opening, say, table))]
    if say.has("objection/opens", letter.kind):
        blocks.append(_para(say("objection/opens", letter.kind)))
    blocks += _demanded(letter, say, say(table, "demanded"))
    blocks += _grounds(letter, say)
    if letter.requests:
        blocks += [_heading(say(table, "requests")), _para(say(table, "requests_lead"))]
        blocks += [_ground(r, n, say, asks=True) for n, r in zip(ascii_lowercase, letter.requests, strict=False)]
    where = _numbers(letter, letter.withheld, say)
    blocks += [
        _heading(say(table, "withheld")),
        _para(
            say("objection/withholds", letter.kind)
            if say.has("objection/withholds", letter.kind)
            else say(table, "withheld_all" if letter.grounds else "withheld_none", where=where)
        ),
    ]
    if letter.preserved:
        blocks.append(_para(say(table, "preserved", where=where)))
    if letter.grounds:
        blocks += _offer(letter, say)
    if letter.questions:
        blocks += [
            _heading(say(table, "questions")),
            _para(say(table, "questions_lead")),
            _items(q.text for q in letter.questions),
        ]
    blocks += [_heading(say(table, "reserved")), _para(say(table, "reserved_all"))]
    if letter.reserved:
        open_ = [f"{_no_stop(r.title)} ({r.cites[0]})" if r.cites else _no_stop(r.title) for r in letter.reserved]
        blocks.append(_para(say(table, "reserved_open", list=say.listed(open_, "semicolon"))))
    if letter.costs:
        blocks.append(_para(say(table, "reserved_cost", list=say.listed(letter.costs, "semicolon"))))
    if letter.forum:
        blocks.append(_para(say(table, "court")))
    return [*blocks, _heading(say(table, "reply")), *_reply(letter, say)]


def _offer(letter: Letter, say: Words) -> list[Block]:
    heading = _heading(say("objection", "offered"))
    if not letter.offered:
        return [heading, _para(say("objection", "offered_none"))]
    lines = [say("objection", "offered_item", n=n, what=say.listed(names)) for n, names in letter.offered]
    return [heading, _para(say("objection", "offered_lead")), _items(lines)]


def _reply(letter: Letter, say: Words) -> list[Block]:
    first = _reply_by(letter, say, "objection")
    return [_para(" ".join([first, say("objection", "reply_stay")] if letter.grounds else [first]))]


def _reply_by(letter: Letter, say: Words, table: str) -> str:
    if letter.reply_by is None:
        return say(table, "reply_soon")
    key = "reply_by" if letter.reply_by > letter.on else "reply_lapsed"
    return say(table, key, date=_day(letter, letter.reply_by, say))


def _redirection(letter: Letter, say: Words) -> list[Block]:
    table, to = "redirection", letter.redirected or Redirected()
    where = say("name", "demand") if to.whole else say(table, "part")
    blocks = [
        _para(_entity(letter, "opening" if to.whole else "opening_part", say, table)),
        *_demanded(letter, say, say(table, "demanded")),
        _heading(say(table, "whose")),
        *_whose(to, say),
    ]
    if letter.grounds:
        blocks += [_heading(say(table, "grounds" if len(letter.grounds) > 1 else "grounds_one"))]
        blocks += [_ground(g, n, say, asks=False) for n, g in enumerate(letter.grounds, 1)]
    if letter.requests:
        blocks += [_heading(say(table, "requests")), _para(say(table, "requests_lead"))]
        blocks += [_ground(r, n, say, asks=False) for n, r in zip(ascii_lowercase, letter.requests, strict=False)]
    blocks += [
        _heading(say(table, "withheld")),
        _para(say(table, "withheld_rest" if letter.disclosed else "withheld_all", where=where)),
    ]
    if letter.preserved:
        blocks.append(_para(say(table, "preserved", where=where)))
    if to.silent:
        blocks.append(_para(say(table, "silent")))
    blocks += [_heading(say(table, "reserved")), _para(say(table, "reserved_all"))]
    if letter.reserved:
        other = [_no_stop(r.title) + (f" ({say.listed(r.cites)})" if r.cites else "") for r in letter.reserved]
        blocks.append(_para(say(table, "reserved_other", list=say.listed(other, "semicolon"))))
    return [*blocks, _heading(say(table, "reply")), _para(_reply_by(letter, say, table))]


def _whose(to: Redirected, say: Words) -> list[Block]:
    """Who answers for the data, from the customer up, and how each is reached."""
    table = "redirection"
    if not to.chain:
        return [_para(" ".join([say(table, "whose_processor" if to.processor else "whose_other"), say(table, "send")]))]
    names = [party.name for party in to.chain]
    said = [say(table, "named_processor" if to.processor else "named_other", customer=names[0])]
    said += [say(table, "above", below=low, above=high) for low, high in pairwise(names)]
    if len(names) > 1:
        said.append(say(table, "send_above", customer=names[0], above=say.listed(names[1:])))
    else:
        said.append(say(table, "send_named", customer=names[0]))
    known = [(party.name, "\n".join(party.lines)) for party in to.chain if party.lines]
    return [_para(" ".join(said)), *([_para(say(table, "contact")), Block("rows", rows=tuple(known))] if known else [])]


def _paper_demand(letter: Letter, say: Words) -> list[Block]:
    table = "paper-demand"
    given = _day(letter, letter.given_on or letter.on, say)
    by = say(table, "ask_by", date=_day(letter, letter.reply_by, say)) if letter.reply_by else ""
    blocks = [
        _para(say(table, "opening", what=_instrument(letter, say), given=given)),
        *_demanded(letter, say, say(table, "demanded")),
        _heading(say(table, "asked")),
        _para(say(table, "ask", by=by or say(table, "ask_soon"))),
        _items((say(table, "ask_paper"), say(table, "ask_confirmation"))),
    ]
    if letter.reply_by and letter.reply_by <= letter.on:
        blocks.append(_para(say(table, "lapsed", date=_day(letter, letter.reply_by, say))))
    if letter.grounds:
        blocks += [_heading(say(table, "grounds"))]
        blocks += [_ground(g, n, say, asks=False) for n, g in enumerate(letter.grounds, 1)]
    return [*blocks, _heading(say(table, "next")), _para(say(table, "weighed")), _para(say(table, "reserved"))]


def _no_stop(text: str) -> str:
    return text.rstrip(".")


def _court_draft(letter: Letter, say: Words) -> list[Block]:
    table = "court-draft"
    served = say(table, "served", date=_day(letter, letter.served_on, say)) if letter.served_on else ""
    blocks = [
        Block("mark", say(table, "for_counsel", forum=letter.forum)),
        _heading(say(table, "introduction")),
        _para(say(table, "opening", entity=letter.entity, what=_instrument(letter, say), served=served)),
        *_demanded(letter, say, say(table, "demanded")),
        *_grounds(letter, say, asks=False, contrary=True),
    ]
    stays = [cite for g in letter.grounds if g.stays == "yes" for cite in g.cites]
    if stays:
        blocks.append(_para(say(table, "stays", list=say.listed(dict.fromkeys(stays), "semicolon"))))
    relief = dict.fromkeys(
        say(
            "court-draft/relief_by",
            "gag" if g.part == "gag" else "void_partly" if g.partly else g.effect,
            where=g.where,
        )
        for g in letter.grounds
    )
    lines = [*relief, *([say(table, "relief_stay")] if _wants_stay(letter) else []), say(table, "relief_other")]
    return [
        *blocks,
        _heading(say(table, "relief")),
        _para(say(table, "relief_lead", entity=letter.entity)),
        _items(lines),
    ]


def _wants_stay(letter: Letter) -> bool:
    return any(g.part != "gag" and g.stays != "yes" for g in letter.grounds)


def _gag_notice(letter: Letter, say: Words) -> list[Block]:
    table = "gag-notice"

    form = _form(letter, say)
    return [
        _para(_entity(letter, "opening" + form, say, table)),
        *_grounds(letter, say),
        _heading(say(table, "next")),
        _para(_entity(letter, "ask" + form, say, table)),
        _para(say(table, "scope")),
    ]


def _form(letter: Letter, say: Words) -> str:
    # A statute's own form of notice is used only where a ground that cites the statute holds.
    cited = [cite for g in letter.grounds for cite in g.cites]
    forms = say.tables["gag-notice"]["forms"]
    return next((f"_{form}" for law, form in forms.items() if any(law in cite for cite in cited)), "")


def _notice(letter: Letter, say: Words) -> list[Block]:
    table = "notice"
    blocks: list[Block] = []
    if letter.seal:
        blocks += _sealed(letter.seal, letter, say)
    served = say(table, "served", date=_day(letter, letter.served_on, say)) if letter.served_on else ""
    facts = [say(table, "which", what=_instrument(letter, say), served=served)]
    if letter.legal_basis:
        facts.append(say(table, "basis", basis=letter.legal_basis))
    facts.append(
        say(table, "due", date=_day(letter, letter.due_on, say)) if letter.due_on else say(table, "due_unknown")
    )
    blocks += [
        _para(say(table, "opening", authority=letter.authority)),
        _para(" ".join(facts)),
        *_demanded(letter, say, say(table, "demanded")),
        _heading(say(table, "did")),
        _para(
            " ".join([say(table, "did_disclosed" if letter.disclosed else "did_nothing_out"), say(table, "did_check")])
        ),
    ]
    if letter.done:
        blocks.append(_items(letter.done))
    blocks.append(_heading(say(table, "can")))
    if letter.rights:
        blocks.append(_para(say(table, "can_lead")))
        for n, right in enumerate(letter.rights, 1):
            lines = [say(table, "can_forum", forum=right.forum)] if right.forum else []
            if right.due and right.due >= letter.on:
                lines.append(say(table, "can_due", date=_day(letter, right.due, say)))
            blocks.append(
                Block(
                    "ground",
                    _full_stop(_sentence(right.title)),
                    number=str(n),
                    lead=_full_stop(_sentence(right.says)) if right.says else "",
                    lines=tuple(lines),
                    cites=say.listed(right.cites, "semicolon"),
                    rule=right.rule,
                )
            )
    else:
        blocks.append(_para(say(table, "can_none")))
    blocks.append(_para(say(table, "can_keep")))
    if letter.questions:
        blocks += [
            _heading(say(table, "can_tell")),
            _para(say(table, "can_tell_lead")),
            _items(q.text for q in letter.questions),
        ]
    contact = letter.sender.contact or letter.sender.lines
    return [
        *blocks,
        _heading(say(table, "contact")),
        _para(say(table, "contact_lines", name=letter.sender.name, lines=say("join", "comma").join(contact))),
    ]


def _sealed(seal: Seal, letter: Letter, say: Words) -> list[Block]:
    goes = say("notice", "seal_until", date=_day(letter, seal.until, say)) if seal.until else say("notice", "seal_open")
    return [Block("mark", f"{say('notice', 'seal')}. {goes}", lines=seal.bars)]


def _counsel_note(letter: Letter, say: Words) -> list[Block]:
    table = "counsel-note"
    rules, holds, unknown = letter.counts
    as_of = letter.as_of or letter.on
    blocks = [
        _para(
            say(
                table,
                "opening",
                what=_instrument(letter, say),
                as_of=_day(letter, as_of, say),
                rules=rules,
                holds=holds,
                unknown=unknown,
            )
        ),
        *([] if letter.verified else [Block("mark", say(table, "unverified"))]),
        _heading(say(table, "grounds")),
    ]
    argued = (*letter.grounds, *letter.requests)
    if not argued:
        blocks.append(_para(say(table, "none")))
    for n, item in enumerate(argued, 1):
        blocks += [
            Block(
                "ground",
                _full_stop(_sentence(item.title)),
                number=str(n),
                cites=say.listed(item.cites, "semicolon"),
                rule=item.rule,
            )
        ]
        blocks.append(Block("rows", rows=_weights(item, letter, say)))

    def listing(key: str, lead: str, lines: Iterable[str]) -> None:
        found = tuple(lines)
        if found:
            blocks.append(_heading(say(table, key)))
            if lead:
                blocks.append(_para(say(table, lead)))
            blocks.append(_items(found))

    def named(item: Argument) -> str:
        return say(
            table, "rule_item", title=_no_stop(item.title), rule=item.rule, cites=say.listed(item.cites, "semicolon")
        )

    listing("confirm", "confirm_lead", (named(a) for a in argued if a.checked == "recheck"))
    listing("contrary", "contrary_lead", (f"{_no_stop(a.title)}: {a.answered}" for a in argued if a.answered))
    means = vocabulary()
    listing("told", "told_lead", _by_text(((means[f].means, a.rule) for a in argued for f in a.told), say))
    listing("kept", "kept_lead", _by_text(((text, a.rule) for a in argued for text in a.kept), say))
    listing("left", "", (f"{named(x.argument)}: {_why(x.why, x.argument, say)}" for x in letter.left_out))
    listing(
        "open", "open_lead", (say(table, "by", text=q.text, rules=", ".join(q.rules)) for q in letter.own_questions)
    )
    listing(
        "more", "more_lead", (say(table, "by", text=q.text, rules=", ".join(q.rules)) for q in letter.more_questions)
    )
    listing(
        "deadlines", "",
        (
            say(table, "deadline_item", date=_day(letter, a.due, say), title=_no_stop(a.title), rule=a.rule)
            for a in letter.dates if a.due
        ),
    )  # fmt: skip
    listing("seal", "", letter.seal.bars if letter.seal else ())
    return blocks


def _by_text(pairs: Iterable[tuple[str, str]], say: Words) -> list[str]:
    """One line for each text, with the rules it stands for."""
    found: dict[str, list[str]] = {}
    for text, rule in pairs:
        found.setdefault(text, []).append(rule)
    return [say("counsel-note", "by", text=_sentence(text), rules=", ".join(rules)) for text, rules in found.items()]


def _why(why: str, item: Argument, say: Words) -> str:
    return say("counsel-note", why, who=say.listed(say("who", w) for w in item.who))


def _weights(item: Argument, letter: Letter, say: Words) -> tuple[tuple[str, str], ...]:
    table = "counsel-note"
    rows: Mapping[str, str] = {
        "ground_rule": item.rule,
        "ground_weight": say(
            table, "ground_weight_line", force=say("force", item.force), strength=say("strength", item.strength)
        ),
        "ground_effect": say("effect", item.effect),
        "ground_where": item.where,
        "ground_forum": item.forum,
        "ground_due": _day(letter, item.due, say) if item.due else "",
        "ground_stays": say("stays", item.stays),
    }
    return tuple((say(table, key), text) for key, text in rows.items() if text)


_BODIES: Mapping[str, Callable[[Letter, Words], list[Block]]] = {
    "objection": _objection,
    "court-draft": _court_draft,
    "gag-notice": _gag_notice,
    "notice": _notice,
    "counsel-note": _counsel_note,
    "redirection": _redirection,
    "paper-demand": _paper_demand,
}
