"""What the program does by itself: once for each cause, whatever else goes wrong."""

from __future__ import annotations

import pytest

from demur.docket.models import Notice

from .conftest import NOW
from .served import WARRANT, acted, at_work, serve, state

pytestmark = pytest.mark.django_db


def test_a_demand_is_read_assessed_and_its_notice_written_on_the_day_of_receipt(office, worker):
    case = serve(office, WARRANT)
    at_work(worker)
    assert acted(case) == ["receive", "read", "assess", "write-notice"]
    assert Notice.objects.get().written_at.date() == NOW.date()
    assert state(case).assessed == "current"
