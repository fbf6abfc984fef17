"""New law that touches what is over: work for a person, until it is settled."""

from __future__ import annotations

from django.db import models

from .cases import Act, Case


class Touched(models.Model):
    """That rules say otherwise now of a case that is closed, or of what left it; open until an act settles it.

    `rules` are lines with rule, before, after (verdicts; before is null where it was not asked then) and on how many
    pieces; privileged, like any finding. `library` is the version of the law that was in use when it was noted.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="touched")
    number = models.PositiveIntegerField(help_text="within its case, from 1")
    at = models.DateTimeField(db_index=True)
    library = models.CharField(max_length=64)
    rules = models.JSONField()
    noted = models.OneToOneField(Act, on_delete=models.PROTECT, related_name="noted_law")
    settled = models.OneToOneField(Act, null=True, on_delete=models.PROTECT, related_name="settled_law")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="notes_of_new_law_in_one_line")]

    def __str__(self) -> str:
        return f"new law {self.number} on {self.case}"
