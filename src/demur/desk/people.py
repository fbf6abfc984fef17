"""Who is here: people and their roles, and the pages those roles open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse

from demur.docket import models
from demur.docket.case import COUNSEL
from demur.docket.lifecycle import Actor
from demur.docket.visible import whole_cases

from . import words


def let_in(username: str, password: str, roles: Iterable[str], name: str = "", forums: Iterable[str] = ()) -> None:
    """Let a person in with these roles, or change the roles and password of one who is; the operator does this.

    `forums` are those where counsel is admitted. Raises ValueError for an unknown role or a weak password.
    """
    chosen = list(dict.fromkeys(roles))
    known = words.table("roles")
    for role in chosen:
        if role not in known:
            raise ValueError(f"no role {role!r}; hint: one of {', '.join(known)}")
    if "customer" in chosen and len(chosen) > 1:
        raise ValueError("a customer's contact is not of the staff; hint: let them in as somebody of their own")
    first, _, last = name.partition(" ")
    with transaction.atomic():
        user, _ = get_user_model().objects.get_or_create(username=username)
        user.first_name, user.last_name = first or user.first_name, last or user.last_name
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise ValueError(f"{' '.join(error.messages).lower()} hint: choose a longer password") from None
        user.set_password(password)
        user.is_active = True
        user.save()
        models.Membership.objects.filter(user=user).exclude(role__in=chosen).delete()
        for role in chosen:
            models.Membership.objects.update_or_create(user=user, role=role, defaults={"forums": list(forums)})


def everybody() -> list[dict[str, Any]]:
    """Everybody who may sign in, with their roles and the forums where they are admitted."""
    users = get_user_model().objects.filter(is_active=True).prefetch_related("memberships").order_by("username")
    return [
        {
            "username": u.get_username(),
            "name": u.get_full_name(),
            "roles": sorted(m.role for m in u.memberships.all()),
            "forums": sorted({f for m in u.memberships.all() for f in m.forums}),
        }
        for u in users
    ]


def counsel(username: str) -> str | None:
    """The person who signs in under this name, as acts record them, where they are counsel or lead; else None."""
    held = models.Membership.objects.filter(user__username=username, user__is_active=True, role__in=COUNSEL)
    return next((str(user) for user in held.values_list("user", flat=True)), None)


def let_go(username: str) -> None:
    """Take a person's roles and their sign-in away; what they did stays under their name. Raises LookupError."""
    with transaction.atomic():
        user = get_user_model().objects.filter(username=username, is_active=True).first()
        if user is None:
            raise LookupError(f"nobody is called {username!r}; hint: see demur people list")
        models.Membership.objects.filter(user=user).delete()
        user.set_unusable_password()
        user.is_active = False
        user.save()


def names(keys: Iterable[int | None]) -> dict[int, str]:
    """What people are called, by their keys."""
    users = get_user_model().objects.filter(pk__in={k for k in keys if k})
    return {u.pk: u.get_full_name() or u.get_username() for u in users}


def name_of(person: str) -> str:
    """What the person of an act is called; the program's own name is its own."""
    return names([int(person)]).get(int(person), person) if person.isdigit() else person


def role_names(roles: frozenset[str]) -> str:
    """The roles in words, in their usual order."""
    names = words.table("roles")
    return ", ".join(name for role, name in names.items() if role in roles)


def pages_for(actor: Actor) -> list[dict[str, Any]]:
    """The pages in the frame that this person's roles open; what is counted there is what they may see."""
    from . import access

    def page(name: str, allowed: frozenset[str], **more: object) -> dict[str, Any]:
        return {"name": words.say(f"pages.{name}"), "url": reverse(name), "allowed": allowed, **more}

    if not actor.roles:
        return []
    pages = [
        page("docket", access.CASES, count=whole_cases(actor).filter(closed="").count),
        page("receive", access.RECEIVERS),
        page("precedents", access.COUNSEL),
        page("touched", access.CASES),
        page("audit", access.AUDITORS),
        page("mine", access.CUSTOMERS),
        page("customers", access.REGISTER_READERS, apart=True),
        page("authorities", access.REGISTER_READERS),
        page("law", access.STAFF, apart=True),
        page("ledger", access.STAFF),
    ]
    return [p for p in pages if p["allowed"] & actor.roles]
