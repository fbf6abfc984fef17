"""Who may open which page: nobody, unless the page says which roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from demur.docket import acts, customers
from demur.docket.lifecycle import Actor
from demur.docket.registers import EDITORS

from . import people

View = TypeVar("View", bound=Callable[..., Any])

RESPONSE_TEAM = frozenset({"analyst", "counsel", "lead", "releaser"})
"""Who sees what is privileged: assessments, reasons, drafts."""
COUNSEL = frozenset({"counsel", "lead"})
RECEIVERS = frozenset({"analyst", "counsel", "lead"})
CASES = RESPONSE_TEAM | {"privacy-officer"}
STAFF = CASES | {"auditor", "operator"}
REGISTER_READERS = EDITORS | {"analyst"}
"""Who reads the registers of customers and authorities; the editors change them."""
AUDITORS = frozenset({"auditor"})
"""Who checks that the promises are kept: of cases they see what `visible` calls sealed."""
CUSTOMERS = frozenset({"customer"})
"""Contacts of customers: their own page, and nothing of the staff's."""
STRANGERS = frozenset({"stranger"})
"""Whoever holds a link: pages that open without signing in."""
NOBODY = Actor("", frozenset())


def open_to(roles: frozenset[str]) -> Callable[[View], View]:
    """Mark a view with the roles that may open it; without the mark nobody may."""

    def mark(view: View) -> View:
        view.open_to = roles  # type: ignore[attr-defined]
        return view

    return mark


def open_to_strangers(view: View) -> View:
    """Mark a view that opens without signing in."""
    view.login_required = False  # type: ignore[attr-defined]
    return open_to(STRANGERS)(view)


class DefaultDeny:
    """Refuse every view that does not say who may open it, and everyone who is not named there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor, request.roles, request.customers = NOBODY, NOBODY.roles, {}
        response = self.get_response(request)
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            # What a signed-in person saw is not kept for the next one at the same machine.
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: object) -> HttpResponse | None:
        if request.user.is_authenticated:
            request.actor = acts.actor_for(request.user, request.session.get("party", ""))
            request.roles = request.actor.roles
            if request.roles & CUSTOMERS:
                request.customers = customers.speaks_for(request.user, timezone.now().date())
        if getattr(view, "login_required", True) is False:  # sign-in itself
            return None
        if not request.user.is_authenticated:
            if request.htmx:
                response = HttpResponse(status=401)
                response["HX-Refresh"] = "true"
                return response
            return redirect_to_login(request.get_full_path())
        # allauth's pages are about one's own account alone: any role may open them.
        default = STAFF | CUSTOMERS if view.__module__.startswith("allauth.") else frozenset()
        if not request.roles & getattr(view, "open_to", default):
            raise PermissionDenied
        return None


class NoSignUp(DefaultAccountAdapter):
    """People are let in by the operator; nobody signs up."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The docket, for whoever sees cases; all others come to the first page that their role opens."""
        roles = acts.actor_for(request.user).roles
        if roles & CASES or not roles:
            return str(super().get_login_redirect_url(request))
        return reverse("mine" if roles <= CUSTOMERS else "home")

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False


def frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page shows: who is here, in which roles, and how many open cases they see."""
    actor = getattr(request, "actor", NOBODY)
    return {"roles": actor.roles, "role_names": people.role_names(actor.roles), "pages": people.pages_for(actor)}
