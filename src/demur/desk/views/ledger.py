"""The ledger's page: what the public log shows, and how a stranger checks it.

Nothing else: how many acts wait for the next epoch, and when each was done, would tell of a case that must not be
told of (promise 6). Each epoch has the same number of leaves whatever was done.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from demur.docket import models
from demur.ledger import Checkpoint, Note, SqlStore, TileFolder

from .. import tables
from ..access import STAFF, open_to

COLUMNS = ("epoch", "size", "root", "sealed_at")
LATEST, EPOCHS = 64, 12


def _epochs(checkpoint: str | None) -> Iterator[dict[str, Any]]:
    """The published epochs, the latest first; one that is sealed but not yet public is none."""
    size = Checkpoint.parse(Note.parse(checkpoint).text).size if checkpoint else 0
    with connection.cursor() as cursor:
        sealed = SqlStore.of(connection).epochs(cursor)
    for epoch in reversed(sealed):
        if epoch.size <= size:
            yield {"epoch": epoch.number, "size": epoch.size, "root": epoch.root.hex(), "at": epoch.sealed_at}


@open_to(STAFF)
@require_safe
def ledger(request: HttpRequest, form: str = "") -> HttpResponse:
    """The published epochs, the leaves of the latest, and its checkpoint."""
    checkpoint = TileFolder(Path(settings.DATA) / "ledger").checkpoint()
    epochs = list(_epochs(checkpoint))
    if form:
        return tables.answer(form, "ledger", COLUMNS, ({**e, "sealed_at": e["at"].isoformat()} for e in epochs))
    size = epochs[0]["size"] if epochs else 0
    public = models.Entry.objects.filter(index__lt=size).order_by("-index")[:LATEST]
    told = {
        "size": size,
        "rows": [{"place": e.index, "leaf": bytes(e.leaf).hex()} for e in public],
        "epochs": epochs[:EPOCHS],
        "checkpoint": checkpoint,
    }
    return render(request, "desk/ledger/ledger.html", told)
