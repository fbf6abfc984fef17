"""Who is here: the roles of a signed-in person, and the pages those roles open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse

from demur.docket import models

from . import words


def roles_of(user: AbstractBaseUser | AnonymousUser) -> frozenset[str]:
    """The roles this person holds; none for one who was let in without any."""
    if not user.is_authenticated:
        return frozenset()
    return frozenset(models.Membership.objects.filter(user=user).values_list("role", flat=True))


def let_in(username: str, password: str, roles: Iterable[str], name: str = "", forums: Iterable[str] = ()) -> None:
    """Let a person in with these roles, or change the roles and password of one who is; the operator does this.

    `forums` are those where counsel is admitted. Raises ValueError for an unknown role or a weak password.
    """
    chosen = list(dict.fromkeys(roles))
    known = words.table("roles")
    for role in chosen:
        if role not in known:
            raise ValueError(f"no role {role!r}; hint: one of {', '.join(known)}")
    first, _, last = name.partition(" ")
    with transaction.atomic():
        user, _ = get_user_model().objects.get_or_create(username=username)
        user.first_name, user.last_name = first or user.first_name, last or user.last_name
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise ValueError(f"{' '.join(error.messages).lower()} hint: choose a longer password") from None
        user.set_password(password)
        user.save()
        models.Membership.objects.filter(user=user).exclude(role__in=chosen).delete()
        for role in chosen:
            models.Membership.objects.update_or_create(user=user, role=role, defaults={"forums": list(forums)})


def role_names(roles: frozenset[str]) -> str:
    """The roles in words, in their usual order."""
    names = words.table("roles")
    return ", ".join(name for role, name in names.items() if role in roles)


def pages_for(roles: frozenset[str]) -> list[dict[str, Any]]:
    """The pages in the frame that these roles may open."""
    from . import access

    def page(name: str, allowed: frozenset[str], **more: object) -> dict[str, Any]:
        return {"name": words.say(f"pages.{name}"), "url": reverse(name), "allowed": allowed, **more}

    if not roles:
        return []
    pages = [
        page("docket", access.CASES, count=models.Case.objects.filter(closed="").count),
        page("receive", access.RECEIVERS),
        page("law", access.STAFF, apart=True),
        page("ledger", access.STAFF),
    ]
    return [p for p in pages if p["allowed"] & roles]
