"""The first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from ..access import CASES, STAFF, open_to


@open_to(STAFF)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The docket, or the library for those who may not see cases."""
    return redirect("docket" if request.roles & CASES else "law")
