"""What was filed on which ground, and what its forum did: the bank of the provider's own precedents."""

from __future__ import annotations

from django.db import models

from .cases import Act, Case


class Outcome(models.Model):
    """One ground before one forum, from filing to answer. Courts are named, judges never.

    `result` is "" while it is pending, then upheld, narrowed, denied or withdrawn. `cost` is in `currency`, in minor
    units (cents). `instance` counts appeals from 1.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="outcomes")
    ground = models.CharField(max_length=160)
    rule = models.CharField(max_length=120, db_index=True)
    form = models.CharField(max_length=40)
    forum = models.CharField(max_length=200, blank=True, db_index=True)
    instance = models.PositiveIntegerField(default=1)
    filed = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="filed")
    filed_on = models.DateField()
    decided = models.ForeignKey(Act, null=True, on_delete=models.PROTECT, related_name="decided")
    decided_on = models.DateField(null=True)
    result = models.CharField(max_length=20, blank=True, db_index=True)
    cost = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    said = models.TextField(blank=True, help_text="what the forum said, in short; privileged")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["case", "ground", "instance"], name="one_outcome_per_instance")]

    def __str__(self) -> str:
        return f"{self.ground}: {self.result or 'pending'}"
