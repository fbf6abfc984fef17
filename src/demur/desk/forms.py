"""The forms of the acts: which fields each takes, where on the case it stands, and what was typed as a payload.

One table; no act has code of its own. The words of a field are in `words/forms.toml` under [fields] (`act-field`, or
`field` for those that read alike everywhere), what an act is about under [forms].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from demur.docket import brings, clerk, matching, models, privilege
from demur.docket.acts import ActError
from demur.docket.clocks import events
from demur.docket.lifecycle import CHECKS, CLOSINGS, FORMS, RESULTS, Ground
from demur.docket.standing import state_of
from demur.docket.words import words as docket_words

from . import privileged, says, words

Kind = Literal[
    "line", "text", "date", "money", "choice", "listed", "forum", "tick", "file", "grounds", "pieces", "facts",
    "reasons", "yesno",
]  # fmt: skip
"""`listed`: a line, with what the docket knows offered for it. `reasons`: a text for each rule that may be named."""
Choices = Callable[[models.Case], list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a person writes or chooses; `name` is what the payload calls it.

    `choices` are those of a choice on this case; `among` are the grounds that may be ticked, or given a reason; where
    it is `advised`, each form of challenge says how often it won on these grounds.
    """

    name: str
    kind: Kind = "text"
    needed: bool = True
    choices: Choices = lambda case: []
    among: Callable[[Ground], bool] = lambda ground: False
    advised: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """How an act is done at the desk: what is filled in, and at what it stands ("" is the case as a whole).

    `asks_again`: before it is done the desk shows what it lets out or gives up, and asks once more. `when`: it is
    offered only on a case that has any of these.
    """

    fields: tuple[Field, ...] = ()
    at: Literal["", "ground", "gag", "party"] = ""
    asks_again: bool = False
    when: Choices | None = None


def _named(part: str, *codes: str) -> Choices:
    return lambda case: [(code, words.say(f"{part}.{code}")) for code in codes]


def _closings(case: models.Case) -> list[tuple[str, str]]:
    return [(code, docket_words()["closings"][code]) for code in CLOSINGS]


def _checks_left(case: models.Case) -> list[tuple[str, str]]:
    return [(code, words.say(f"checks.{code}")) for code in sorted(CHECKS - state_of(case).emergency)]


def _on_their_way(case: models.Case) -> list[tuple[str, str]]:
    sent = models.Delivery.objects.filter(act__case=case, received_at=None)
    return [
        (
            str(d.number),
            words.say("forms.delivery", to=d.to, how=words.say(f"ways.{d.how}"), day=says.day(d.at.date())),
        )
        for d in sent
    ]


def _happenings(case: models.Case) -> list[tuple[str, str]]:
    return [("", words.say("forms.no-event")), *events().items()]


def _parties(case: models.Case) -> list[tuple[str, str]]:
    known = [(p.name, says.party(p.name)) for p in state_of(case).parties]
    return [("", words.say("forms.everybody")), *(known if len(known) > 1 else ())]


def _yes_or_no(case: models.Case) -> list[tuple[str, str]]:
    return [(code, words.say(f"case.{name}")) for code, name in (("", "not-known"), ("yes", "yes"), ("no", "no"))]


def _documents(case: models.Case) -> list[tuple[str, str]]:
    return [("", words.say("forms.no-document")), *((str(d.number), d.name) for d in case.documents.all())]


def _numbers(case: models.Case) -> list[tuple[str, str]]:
    authority = matching.issuer_of(case)
    return [(number, number) for number in authority.call_back] if authority else []


def _letters(case: models.Case) -> list[tuple[str, str]]:
    none = ("", words.say("forms.no-letter"))
    drafts = (privilege.Privileged("letter", d.number) for d in case.drafts.all())
    return [*((str(p.number), privileged.name_of(p, case)) for p in drafts), none]


def _papers(case: models.Case) -> list[tuple[str, str]]:
    owed = state_of(case).paper == "due"
    return [(kind, words.say(f"papers.{kind}")) for kind in clerk.PAPERS if owed or kind != "paper-demand"]


def _new_law(case: models.Case) -> list[tuple[str, str]]:
    notes = case.touched.filter(settled=None)
    counted = ((n, len({one["rule"] for one in n.rules})) for n in notes)
    return [(str(n.number), words.count("touched.note", rules, day=says.day(n.at.date()))) for n, rules in counted]


def _privileged(case: models.Case) -> list[tuple[str, str]]:
    return [(p.what, privileged.name_of(p, case)) for p in privilege.papers_of(case)]


WHY = Field("why")
HOW = Field("how", "line")
UNTIL = Field("until", "date")
FILE = Field("document", "file")
TOWARDS = Field("party", "choice", needed=False, choices=_parties)
FORUM = Field("forum", "forum", needed=False)
FILED_ON = Field("filed_on", "date", needed=False)


def raisable(ground: Ground) -> bool:
    return ground.answer in ("open", "asked", "overdue")


GROUPS: Mapping[str, Mapping[str, Form]] = {
    "first": {
        "read": Form(),
        "add-document": Form(
            (FILE, Field("event", "choice", needed=False, choices=_happenings), Field("on", "date", needed=False))
        ),
        "authenticate": Form(
            (
                Field("means", "choice", choices=_named("means", *brings.MEANS)),
                Field("number", "listed", needed=False, choices=_numbers),
                HOW,
            )
        ),
        "reject-as-forged": Form((WHY,)),
        "assess": Form((Field("as_of", "date"),)),
        "preserve": Form(),
        "end-preservation": Form(),
    },
    "silence": {
        "record-gag": Form(
            (
                Field("gag", "line"),
                Field("basis", "line", needed=False),
                Field("by_court", "yesno", needed=False, choices=_yes_or_no),
                TOWARDS,
                Field("scope", "line", needed=False),
                Field("since", "date", needed=False),
                Field("until", "date", needed=False),
                Field("endless", "tick", needed=False),
                Field("review_on", "date", needed=False),
                Field("document", "choice", needed=False, choices=_documents),
            )
        ),
        "set-gag-end": Form((UNTIL, FILE), at="gag"),
        "extend-gag": Form((UNTIL, FILE), at="gag"),
        "end-gag": Form((WHY, FILE), at="gag"),
        "record-danger": Form((Field("gag", "line"), TOWARDS, UNTIL, WHY)),
        "sign-danger": Form(at="gag"),
        "lift-danger": Form((WHY,), at="gag"),
    },
    "customer": {
        "write-notice": Form(at="party"),
        "notify": Form(at="party"),
        "redirect": Form(
            (
                Field("to", "line"),
                Field("how", "choice", choices=_named("ways", "post", "mail", "portal", "hand")),
            ),
            at="party",
            asks_again=True,
        ),
        "record-delivery": Form(
            (
                Field("delivery", "choice", choices=_on_their_way),
                Field("proof", "line"),
                Field("received", "tick", needed=False),
                Field("document", "file", needed=False),
            )
        ),
    },
    "grounds": {
        "draft": Form((Field("kind", "choice", choices=_papers),)),
        "challenge": Form(
            (
                Field("grounds", "grounds", among=raisable),
                Field("form", "choice", choices=_named("challenges", *FORMS), advised=True),
                FORUM,
                FILED_ON,
                Field("letter", "choice", needed=False, choices=_letters),
            )
        ),
        "ask": Form((UNTIL,), at="ground"),
        "record-outcome": Form(
            (
                Field("result", "choice", choices=_named("results", *RESULTS)),
                FORUM,
                Field("document", "file", needed=False),
                Field("decided_on", "date", needed=False),
                Field("cost", "money", needed=False),
                Field("currency", "line", needed=False),
                Field("said", needed=False),
            ),
            at="ground",
        ),
        "appeal": Form((FORUM, FILED_ON), at="ground"),
        "waive": Form((WHY,), at="ground", asks_again=True),
        "reserve": Form((WHY,), at="ground", asks_again=True),
        "leave-unchallenged": Form((Field("grounds", "grounds", among=raisable), WHY)),
        "refuse": Form((WHY,), asks_again=True),
        "disclose-privileged": Form(
            (Field("what", "choice", choices=_privileged), Field("to", "line"), WHY), asks_again=True
        ),
    },
    "duty": {
        "extend": Form((UNTIL,)),
        "stay": Form((WHY, Field("until", "date", needed=False))),
        "end-stay": Form((WHY,)),
        "declare-compelled": Form(asks_again=True),
        "protest": Form((Field("reserved", "reasons", among=lambda g: g.stand == "soft"),), asks_again=True),
        "sign-conflict-lead": Form((WHY,), asks_again=True),
        "sign-conflict-privacy": Form((WHY,), asks_again=True),
    },
    "emergency": {
        "claim-emergency": Form((Field("cells", "pieces"), WHY)),
        "check-emergency": Form(
            (
                Field("check", "choice", choices=_checks_left),
                Field("number", "listed", needed=False, choices=_numbers),
                HOW,
            )
        ),
        "grant-emergency": Form((WHY,), asks_again=True),
        "deny-emergency": Form((WHY,)),
        "record-paper": Form((FILE,)),
        "write-off-paper": Form((WHY,)),
    },
    "leaving": {
        "plan": Form(),
        "prove": Form((Field("maps", "tick"), HOW, Field("by", "line"))),
        "test-disclosure": Form((Field("facts", "facts", needed=False),)),
        "approve": Form(asks_again=True),
        "release": Form(asks_again=True),
        "carry-out": Form(asks_again=True),
        "deliver": Form((HOW,)),
        "record-breach": Form((WHY,)),
    },
    "end": {
        "close": Form((Field("reason", "choice", choices=_closings),)),
        "settle-new-law": Form((Field("touched", "choice", choices=_new_law), WHY), when=_new_law),
    },
}
"""The acts as they are offered, by group, in the order of a case's life."""

HERE: Mapping[str, Form] = {name: form for group in GROUPS.values() for name, form in group.items()}
ELSEWHERE = frozenset({"receive", "confirm"})
"""Acts of the team that have a place of their own: the door, and beside each fact."""


class Unfilled(ActError):
    """A field was left empty or makes no sense; `field` is its name."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field


def payload_of(form: Form, request: HttpRequest) -> dict[str, Any]:
    """What was filled in, as the docket takes it. Raises Unfilled, naming the first field that cannot be used."""
    given: dict[str, Any] = {}
    for field in form.fields:
        value = _value(field, request)
        if value not in (None, "", [], {}):
            given[field.name if field.kind != "file" else "files"] = value
        elif field.needed:
            raise Unfilled(field.name, words.say(f"unfilled.{field.kind}"))
    return given


def _value(field: Field, request: HttpRequest) -> Any:
    raw = request.POST.get(field.name, "").strip()
    match field.kind:
        case "tick":
            return True if raw else None
        case "yesno":
            return {"yes": True, "no": False}.get(raw)
        case "date":
            return _day(field, raw) if raw else ""
        case "money":
            return _money(field, raw) if raw else ""
        case "grounds":
            return request.POST.getlist(field.name)
        case "pieces":
            return [_cell(field, cell) for typed in request.POST.getlist(field.name) for cell in typed.split()]
        case "facts" | "reasons":
            asked = [
                (k.partition(":")[2], v.strip()) for k, v in request.POST.items() if k.startswith(f"{field.name}:")
            ]
            empty = field.kind == "reasons" and not all(value for _, value in asked)
            return {} if empty else {name: value for name, value in asked if value}
        case "file":
            return [(f.name, f.read()) for f in request.FILES.getlist(field.name) if isinstance(f, UploadedFile)]
        case _:
            return raw


def _day(field: Field, raw: str) -> str:
    try:
        return date.fromisoformat(raw).isoformat()
    except ValueError:
        raise Unfilled(field.name, words.say("unfilled.no-day", raw=raw)) from None


def _money(field: Field, raw: str) -> str:
    try:
        amount = Decimal(raw)
    except InvalidOperation:
        raise Unfilled(field.name, words.say("unfilled.no-money", raw=raw)) from None
    if not amount.is_finite() or amount < 0:
        raise Unfilled(field.name, words.say("unfilled.no-money", raw=raw))
    return str(amount)


def _cell(field: Field, raw: str) -> list[int]:
    # People count items and identifiers from 1.
    clause, _, target = raw.partition(".")
    if not (clause.isdecimal() and target.isdecimal() and len(raw) < 20):
        raise Unfilled(field.name, words.say("unfilled.pieces"))
    return [int(clause) - 1, int(target) - 1]


def about_of(form: Form, request: HttpRequest) -> list[dict[str, str]]:
    """At what the act is done, once for each ground, gag or party chosen. Raises Unfilled where none was."""
    if not form.at:
        return [{}]
    chosen = list(dict.fromkeys(v for v in request.POST.getlist(form.at) if v))
    if not chosen:
        raise Unfilled(form.at, words.say(f"unfilled.{form.at}"))
    return [{form.at: key} for key in chosen]
