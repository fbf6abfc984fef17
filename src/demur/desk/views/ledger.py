"""The ledger: how many entries there are, what is published, and how a stranger checks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from demur.docket import models
from demur.ledger import SqlStore, TileFolder

from .. import tables
from ..access import STAFF, open_to

COLUMNS = ("entry", "at", "place", "leaf")
LATEST, EPOCHS = 100, 12


def _row(entry: models.Entry) -> dict[str, Any]:
    # Neither kind nor case: who may see those opens the case itself.
    act = getattr(entry, "act", None)
    return {
        "entry": entry.pk,
        "at": act.at if act else None,
        "place": entry.index,
        "leaf": bytes(entry.leaf).hex(),
    }


@open_to(STAFF)
@require_safe
def ledger(request: HttpRequest, form: str = "") -> HttpResponse:
    """Counts, the latest entries, and the checkpoints published."""
    entries = models.Entry.objects.select_related("act").order_by("-pk")
    if form:
        return tables.answer(
            form,
            "ledger",
            COLUMNS,
            ({**_row(e), "at": e.act.at.isoformat() if hasattr(e, "act") else None} for e in entries),
        )
    with connection.cursor() as cursor:
        epochs = SqlStore.of(connection).epochs(cursor)
    checkpoint = TileFolder(Path(settings.DATA) / "ledger").checkpoint()
    total, published = entries.count(), entries.exclude(index=None).count()
    told = {
        "total": total,
        "published": published,
        "waiting": total - published,
        "rows": [_row(e) for e in entries[:LATEST]],
        "epochs": [
            {"number": e.number, "size": e.size, "root": e.root.hex(), "at": e.sealed_at}
            for e in reversed(epochs[-EPOCHS:])
        ],
        "checkpoint": checkpoint,
    }
    return render(request, "desk/ledger/ledger.html", told)
