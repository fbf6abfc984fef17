"""What tests of several rooms share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


def emptied() -> None:
    """Empty the whole database, the log's own tables too: Django empties only those of its models."""
    from django.core.management import call_command
    from django.db import connection

    call_command("flush", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_entry")
        cursor.execute("DELETE FROM ledger_epoch")


@pytest.fixture
def fresh_log(transactional_db) -> Iterator[None]:
    """An empty log in a database without a transaction around the test, and nothing left of it afterwards."""
    emptied()
    yield
    emptied()
