"""Events of the docket, handed to the rooms above: each takes each event once, those that come later too.

A room registers what it takes when it is loaded (`takes`). What it makes of an event commits together with the mark
that it has it, so that a crash in between neither loses nor doubles anything. An event that nobody takes stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import IntegrityError, transaction

from .models import OutboxEvent, Taken

Taker = Callable[[OutboxEvent, datetime], None]
_takers: dict[tuple[str, str], Taker] = {}


def takes(room: str, *events: str) -> Callable[[Taker], Taker]:
    """That a room takes these events with this function, within a transaction. Raises ValueError where it does so."""

    def register(taker: Taker) -> Taker:
        for event in events:
            if _takers.setdefault((room, event), taker) is not taker:
                raise ValueError(f"{room} takes {event} already")
        return taker

    return register


def waiting(after: int = 0, limit: int = 1000) -> Iterator[tuple[str, OutboxEvent]]:
    """Each room with an event that it has not taken yet, the oldest first, at most so many of a kind.

    `after` leaves out events up to that key, of which the caller knows that they were handed over.
    """
    for room, name in list(_takers):
        rest = OutboxEvent.objects.filter(name=name, pk__gt=after).exclude(taken__by=room).select_related("act__case")
        yield from ((room, event) for event in rest.order_by("pk")[:limit])


def hand_over(room: str, event: OutboxEvent, now: datetime) -> bool:
    """Let a room take an event; False where it was taken meanwhile. What the taker raises goes through."""
    try:
        with transaction.atomic():
            Taken.objects.create(event=event, by=room, at=now)
            _takers[room, event.name](event, now)
    except IntegrityError:
        if not Taken.objects.filter(event=event, by=room).exists():
            raise
        return False
    return True
