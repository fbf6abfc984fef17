"""What goes out by e-mail, where the operator set it up: notices to contacts, and a word to the people of a role.

One worker at a time is at the post (`worker`). A message that is sent again after a crash bears the same id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef

from . import acts, mail, notices
from .acts import DEMUR, actor_for
from .models import Case, Delivery, ReminderSent
from .states import state_from_json
from .visible import sight
from .words import words

FRESH = timedelta(days=1)
"""A reminder older than this goes out by e-mail no more: the docket shows it."""
Errand = tuple[str, Callable[[], None]]


def errands(now: datetime) -> Iterator[Errand]:
    """What is to be posted at `now` (UTC), each with a name under which it is tried again where it fails."""
    if mail.configured():
        for row in Delivery.objects.filter(how="mail", sent_at=None).select_related("act__case", "contact__customer"):
            yield f"delivery {row.pk}", partial(send, row, now)
        for word in ReminderSent.objects.filter(mailed_at=None, at__gt=now - FRESH).select_related("case"):
            yield f"reminder {word.pk}", partial(send_word, word, now)
    above = Delivery.objects.filter(act=OuterRef("act"), party=OuterRef("party"), contact=OuterRef("contact__above"))
    waiting = Delivery.objects.filter(received_at=None, contact__above__isnull=False, sent_at__isnull=False)
    for row in waiting.exclude(Exists(above)).select_related("act__case", "contact__above"):
        yield f"further {row.pk}", partial(tell_above, row, now)


def silenced(row: Delivery) -> bool:
    """Whether a bar came after the customer was told: then nothing more goes out."""
    return state_from_json(Case.objects.get(pk=row.act.case_id).state).silenced(row.party)


def send(row: Delivery, now: datetime) -> None:
    """Send a notice to a contact and record the proof. Raises OSError where it cannot be sent."""
    notice = notices.notice_of(row.act.case, row.party)
    if silenced(row) or notice is None or row.contact is None:
        return
    proof = mail.send(
        [row.to], "notice", _key("notice", row.receipt), [("notice.pdf", bytes(notice.pdf), "application/pdf")],
        name=row.contact.name, customer=row.contact.customer.name, **_confirm(row.receipt),
    )  # fmt: skip
    said = {"delivery": row.number, "proof": proof}
    acts.act(row.act.case.number, "record-delivery", DEMUR, said, token=_key("sent", row.receipt), now=now)


def _confirm(secret: str) -> dict[str, str]:
    """How a contact says that the paper arrived: by a link where people reach the desk from outside, else by answer."""
    by = words()["mail"]["confirm"]
    if settings.ORIGIN:
        return {"confirm": by["link"], "receipt": f"{settings.ORIGIN}/receipt/{secret}/"}
    return {"confirm": by["code"], "receipt": secret}


def _key(what: str, secret: str) -> str:
    return hashlib.sha256(f"{what} {secret}".encode()).hexdigest()


def tell_above(row: Delivery, now: datetime) -> None:
    """Where a contact gave no receipt in time, the notice goes to the one above."""
    contact = row.contact
    if contact is None or contact.above is None or row.sent_at is None or silenced(row):
        return
    if row.sent_at + timedelta(hours=contact.wait_hours) <= now:
        notices.tell(row.act, row.party, contact.above, now)


def send_word(word: ReminderSent, now: datetime) -> None:
    """Tell the people of a role by e-mail that a case needs them; the words are the same for every case.

    Whoever must not know of the case is not written to, and the number stands in it only for those who may see the
    whole case; where nobody of the role is left, the lead is told.
    """
    may_know = [user for user in people_of(word.role) if sight(actor_for(user), word.case) != "hidden"]
    for user in may_know or people_of("lead"):
        whole = sight(actor_for(user), word.case) == "whole"
        number = f": {word.case.number}" if whole else ""
        link = f"{settings.ORIGIN}/\n" if settings.ORIGIN else ""
        mail.send([user.email], "reminder", _key("word", f"{word.pk} {user.pk}"), number=number, link=link)
    ReminderSent.objects.filter(pk=word.pk).update(mailed_at=now)


def people_of(role: str) -> list[Any]:
    """The people who hold a role and can be reached by e-mail."""
    users = get_user_model().objects.filter(is_active=True, memberships__role=role)
    return list(users.exclude(email="").order_by("pk"))
