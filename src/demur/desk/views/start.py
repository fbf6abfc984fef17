"""The first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from ..access import CASES, CUSTOMERS, STAFF, open_to


@open_to(STAFF | CUSTOMERS)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The docket, the library for those who may not see cases, or a customer's own page."""
    return redirect("docket" if request.roles & CASES else "law" if request.roles & STAFF else "mine")
