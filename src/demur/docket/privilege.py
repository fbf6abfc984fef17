"""What of a case is privileged, and the one way in which it leaves: counsel's act `disclose-privileged`.

The response team sees it on the screen. As a file it is handed to the counsel who recorded that act, of the paper
named in it, and to nobody else. A letter that went to its forum with a challenge, or to the authority with a
redirection, is no longer privileged: the act that sent it names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.db.models import Exists, OuterRef, Q, QuerySet

from .case import COUNSEL, Actor
from .models import Act, Case, Outcome

Kind = Literal["assessment", "others", "letter", "outcomes"]
FORMS: Mapping[Kind, tuple[str, ...]] = {
    "assessment": ("json", "csv"),
    "others": ("json", "csv"),
    "letter": ("pdf", "docx"),
    "outcomes": ("json", "csv"),
}
"""The kinds of privileged paper, and the forms in which each is handed out."""
SENT_BY = ("challenge", "redirect")
"""The acts that send a letter; their payload names it as `letter`."""
OUTWARD = ("paper-demand",)
"""The kinds of letter that say nothing of an assessment beyond what is asked: to give one out is to send it."""
GIVEN = "disclose-privileged"


@dataclass(frozen=True, slots=True)
class Privileged:
    """A privileged paper of a case. `number` is that of the act that made an assessment, or of a letter on its case."""

    kind: Kind
    number: int = 0

    @property
    def what(self) -> str:
        """Its name in the act that gives it out."""
        return f"{self.kind}-{self.number}" if self.number else self.kind

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms of its file."""
        return FORMS[self.kind]


def papers_of(case: Case) -> tuple[Privileged, ...]:
    """Every privileged paper of a case, the latest first."""
    assessed = case.assessments.order_by("-pk").values_list("revision", flat=True)
    found = [Privileged("assessment", seq) for seq in assessed]
    if found:
        found.insert(1, Privileged("others", found[0].number))
    found += [Privileged("letter", n) for n in case.drafts.order_by("-number").values_list("number", flat=True)]
    return (*found, Privileged("outcomes")) if case.outcomes.exists() else tuple(found)


def given_out(case: Case, what: str, actor: Actor) -> Act | None:
    """The latest act by which this person, who is counsel, gave this paper of the case out."""
    if not actor.roles & COUNSEL:
        return None
    return case.acts.filter(name=GIVEN, person=actor.person, payload__what=what).order_by("-seq").first()


def sent(case: Case, letter: int) -> bool:
    """Whether this letter of the case was sent by an act of counsel, so that it is privileged no more."""
    given = case.acts.filter(name=GIVEN, payload__what=Privileged("letter", letter).what)
    outward = given.exists() and case.drafts.filter(number=letter, kind__in=OUTWARD).exists()
    return outward or case.acts.filter(name__in=SENT_BY, payload__letter=letter).exists()


def given_outcomes(outcomes: QuerySet[Outcome], actor: Actor) -> QuerySet[Outcome]:
    """Of these outcomes those that this person, who is counsel, gave out as they now stand."""
    if not actor.roles & COUNSEL:
        return outcomes.none()
    mine = Act.objects.filter(name=GIVEN, person=actor.person, payload__what="outcomes", case=OuterRef("case"))
    filed, decided = (Exists(mine.filter(seq__gt=OuterRef(f"{act}__seq"))) for act in ("filed", "decided"))
    return outcomes.filter(filed, Q(decided=None) | Q(decided))
