"""The first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from ..access import AUDITORS, CASES, CUSTOMERS, STAFF, open_to


@open_to(STAFF | CUSTOMERS)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The docket, an auditor's page, the library for those who may not see cases, or a customer's own page."""
    first = (("docket", CASES), ("audit", AUDITORS), ("law", STAFF), ("mine", CUSTOMERS))
    return redirect(next(page for page, allowed in first if request.roles & allowed))
