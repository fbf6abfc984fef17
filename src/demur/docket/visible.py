"""Who sees what of which case: the one place that says so, for every page, report, search, export and message.

A gag lets a provider speak to those who are needed to comply, to its lawyers, and to nobody else (18 U.S.C.
2709(c)(2) and 2705(b); Regulation (EU) 2023/1543, Art. 13(4)). So the response team sees every case whole; to all
others a gagged case does not exist, and neither does one of which it is not known yet whether it is gagged.
`docs/threat-model.md` gives the reasons role by role.

`secrecy` is pure; `acts` keeps its answer beside the case (`Case.gagged`, `Case.privacy_due`, `Told`), so that
`visible_cases` is one query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from .case import CUSTOMER, PRIVACY, RELEASER, SELF, TEAM, Actor, State
from .lifecycle import missing
from .models import Act, Case, Told

M = TypeVar("M", bound=Model)
Sight = Literal["whole", "sealed", "hidden"]
"""What someone sees of a case: all that their role may see; that it exists, its number and its duties, and nothing
of its content; or nothing, so that it cannot be told from a case that does not exist."""

SEE_ALL = TEAM | RELEASER | SELF
"""Those who answer demands: no gag silences the provider towards them."""
PRIVACY_ACTS = ("sign-conflict-privacy", "test-disclosure")
"""The acts for which the privacy officer is needed to comply; besides, the second signature under a danger."""
_PRIVACY_OFFICER = Actor("whoever it is", PRIVACY)
_NONE = Q(pk__in=())


@dataclass(frozen=True, slots=True)
class Secrecy:
    """What the docket keeps of a case's secrecy.

    `gagged`: whether it must not be told of, or may turn out so. `privacy_due`: whether the privacy officer is needed
    for an act. `told`: each party that was told, and whether nothing more may be said to it.
    """

    gagged: bool
    privacy_due: bool
    told: Mapping[str, bool]


def secrecy(state: State, gag_present: bool | None, statute: bool) -> Secrecy:
    """The secrecy of a case: `gag_present` is that fact of the demand; `statute`, whether a rule that imposes silence
    by itself (effect `secret`) holds or is unknown in the current assessment."""
    told = {p.name: _silenced(state, p.name, gag_present) for p in state.parties if p.notice == "told"}
    return Secrecy(_gagged(state, gag_present, statute, told), _privacy_due(state), told)


def bears_on_secrecy(before: State, after: State) -> bool:
    """Whether two states differ in anything that secrecy rests on, facts and findings being the same."""
    return _rests_on(before) != _rests_on(after)


def _rests_on(s: State) -> tuple[object, ...]:
    return s.confirmed, s.assessed, s.bars, {p.name: p.notice == "told" for p in s.parties}, _privacy_due(s)


def _gagged(s: State, gag_present: bool | None, statute: bool, told: Mapping[str, bool]) -> bool:
    # A paper that nobody read and confirmed may hold a gag; a bar half signed may yet bar.
    if not s.confirmed or any(not b.ended for b in s.bars):
        return True
    if s.parties and len(told) == len(s.parties):
        return any(told.values())
    return bool(s.bars) or s.assessed != "current" or gag_present is not False or statute


def _silenced(s: State, party: str, gag_present: bool | None) -> bool:
    # What was told, was told after the last look; only what came later can silence.
    bars = any(not b.ended and (b.party in ("", party) or s.party(b.party) is None) for b in s.bars)
    unrecorded = not s.bars and gag_present is True
    return not s.confirmed or bars or unrecorded


def _privacy_due(s: State) -> bool:
    half_signed = any(b.signed for b in s.bars) and not missing(s, "sign-danger", _PRIVACY_OFFICER)
    return half_signed or any(not missing(s, act, _PRIVACY_OFFICER) for act in PRIVACY_ACTS)


def secrecy_of(case: Case, state: State) -> Secrecy:
    """The secrecy of a case in this state, with what its rows say of the gag; `acts` asks after each act."""
    gag = next((f.value for f in case.facts.all() if f.name == "gag_present" and f.clause is None), None)
    latest = case.assessments.first() if state.assessed == "current" else None
    statute = latest is not None and any(f["effect"] == "secret" for f in latest.findings)
    return secrecy(state, gag, statute)


# ------------------------------------------------------------------------------------------- who sees what


def _whole(actor: Actor) -> Q:
    seen = _NONE
    if actor.roles & PRIVACY:
        # Whoever acted on a case knows it, and is bound like those who still work on it.
        own = Act.objects.filter(case=OuterRef("pk"), person=actor.person)
        seen |= Q(gagged=False) | Q(privacy_due=True) | Exists(own)
    if actor.roles & CUSTOMER:
        seen |= _told(actor, silenced=False)
    return seen


def _sealed(actor: Actor) -> Q:
    seen = _NONE
    if "auditor" in actor.roles:
        seen |= Q(gagged=False)
    if actor.roles & CUSTOMER:
        # They know that it exists; a gag that came later lets nothing more be said.
        seen |= _told(actor)
    return seen


def _told(actor: Actor, **more: bool) -> Q:
    return Q(pk__in=Told.objects.filter(party=actor.party, **more).values("case"))


def whole_cases(actor: Actor) -> QuerySet[Case]:
    """The cases whose content this person may be shown, as far as their role goes."""
    return _seen(actor, _whole(actor))


def visible_cases(actor: Actor) -> QuerySet[Case]:
    """The cases that are not hidden from this person: what every count, list, search and message starts from."""
    return _seen(actor, _whole(actor) | _sealed(actor))


def _seen(actor: Actor, by: Q) -> QuerySet[Case]:
    return Case.objects.all() if actor.roles & SEE_ALL else Case.objects.filter(by)


def privileged_to(actor: Actor, case: Case) -> bool:
    """Whether this person may see on the screen what is privileged of a case that they see: assessments, reasons,
    drafts. The response team may; and so may the privacy officer while an act of theirs is wanted on it, since a
    signature holds for what was before the signer's eyes."""
    return bool(actor.roles & SEE_ALL) or (bool(actor.roles & PRIVACY) and case.privacy_due)


def rows(model: type[M], actor: Actor) -> QuerySet[M]:
    """The rows of a table on cases (documents, drafts, outcomes ...) that this person may be shown."""
    held: QuerySet[M] = model._default_manager.all()
    return held if actor.roles & SEE_ALL else held.filter(case__in=whole_cases(actor))


def sight(actor: Actor, case: Case) -> Sight:
    """What this person sees of this case; of several roles, the one that sees most counts."""
    for level, cases in (("whole", whole_cases(actor)), ("sealed", visible_cases(actor))):
        if cases.filter(pk=case.pk).exists():
            return level
    return "hidden"
