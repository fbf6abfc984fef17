"""What the worker remembers: which room took which event, when a case needs it again, and when it was last at work."""

from __future__ import annotations

from django.db import models

from .cases import Case, OutboxEvent


class Taken(models.Model):
    """That a room has taken an event from the outbox; written in the transaction of what it made of it."""

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="taken")
    by = models.CharField(max_length=40, help_text="the room")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "by"], name="each_event_taken_once")]

    def __str__(self) -> str:
        return f"{self.event} by {self.by}"


class Visit(models.Model):
    """The worker's last look at a case: at which revision and under which law, and when it must look again.

    `failures` counts looks in a row that went wrong; the time to the next one doubles with each.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="visit")
    revision = models.PositiveIntegerField()
    library = models.CharField(max_length=64)
    again_at = models.DateTimeField(db_index=True)
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.case} at {self.revision}"


class LastTurn(models.Model):
    """When any worker last came through a whole turn, to about a minute; one row, none before the first turn."""

    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at}"
