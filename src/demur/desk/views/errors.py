"""Pages for what goes wrong: plain, and telling nothing of the inside."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token

from .. import words


def _page(status: int, key: str) -> HttpResponse:
    # Rendered without the request: an error page asks no database who is there.
    told = {"status": status, "title": words.say(f"errors.{key}"), "then": words.say(f"errors.{key}-then")}
    return HttpResponse(render_to_string("desk/error.html", told), status=status)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(400, "e400")


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _page(403, "e403")


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _page(404, "e404")


@requires_csrf_token
def failed(request: HttpRequest) -> HttpResponse:
    """500."""
    return _page(500, "e500")


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its token."""
    return _page(403, "csrf")
