"""A case: its documents, facts, assessments, grounds, drafts, acts and their entries and events."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.db import models

from demur.facts.values import whole

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def random_number() -> str:
    """A case number: three groups of four letters, 60 random bits; it counts nothing and tells no order."""
    letters = "".join(secrets.choice(CROCKFORD) for _ in range(12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


class Membership(models.Model):
    """A role that a person holds; for counsel, the forums where they are admitted."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20)
    forums = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="one_membership_per_role")]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"


class Case(models.Model):
    """One demand from service to closing.

    `state` is the fold of the case's acts (`lifecycle.State` as JSON), kept so that nobody must replay them;
    `clauses` are what the demand asks, in the form of a facts file; `revision` counts the acts; `gagged` and
    `privacy_due` are its secrecy (`visible`), which pages ask through `visible.visible_cases`.
    """

    number = models.CharField(max_length=14, unique=True, default=random_number)
    received_at = models.DateTimeField()
    served_on = models.DateField(help_text="the legal day of service, in the forum's zone")
    channel = models.CharField(max_length=40, blank=True)
    state = models.JSONField(default=dict)
    clauses = models.JSONField(default=list)
    revision = models.PositiveIntegerField(default=0)
    closed = models.CharField(max_length=20, blank=True, db_index=True)
    due_on = models.DateField(null=True, db_index=True, help_text="the first day on which a duty falls due")
    due_label = models.CharField(max_length=120, blank=True)
    gagged = models.BooleanField(default=True, db_index=True, help_text="or it is not known yet that it is not")
    privacy_due = models.BooleanField(default=False, help_text="the privacy officer is needed for an act")

    class Meta:
        ordering = [models.F("due_on").asc(nulls_last=True), "received_at", "pk"]

    def __str__(self) -> str:
        return self.number


class Original(models.Model):
    """The bytes of a file exactly as it was served; named by their SHA-256."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveBigIntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.sha256


class Document(models.Model):
    """One file of a case. `packet` is what the reading made of it; None until it was read.

    Addresses and evidence name it by its `number` within the case: a key of the table would count all documents.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="documents")
    number = models.PositiveIntegerField(help_text="within its case, from 1")
    original = models.ForeignKey(Original, on_delete=models.PROTECT)
    name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=100)
    packet = models.JSONField(null=True)
    warnings = models.JSONField(default=list)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="documents_in_one_line")]

    def __str__(self) -> str:
        return self.name


class CaseFact(models.Model):
    """One fact of a case, of the demand (no clause), of a clause, or of a target; indexes count from 0.

    `value` None is unknown. `evidence` is where it was read: document, page, quote, confidence.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="facts")
    name = models.CharField(max_length=60)
    clause = models.IntegerField(null=True)
    target = models.IntegerField(null=True)
    value = models.JSONField(null=True)
    evidence = models.JSONField(default=dict)
    must_confirm = models.BooleanField(default=False)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "name", "clause", "target"], name="one_value_per_fact", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.name


class Assessment(models.Model):
    """All law in force on `as_of` applied to the facts of the case, as they stood at its `revision`."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="assessments")
    at = models.DateTimeField()
    as_of = models.DateField()
    library = models.CharField(max_length=64)
    demand = models.JSONField()
    findings = models.JSONField()
    compels = models.JSONField(default=list)
    rules = models.PositiveIntegerField()
    failing = models.PositiveIntegerField()
    revision = models.PositiveIntegerField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.case} as of {self.as_of}"


class Ground(models.Model):
    """A finding against something, and what became of it; `answer` mirrors the case's state, for queries."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="grounds")
    key = models.CharField(max_length=160)
    rule = models.CharField(max_length=120, db_index=True)
    against = models.CharField(max_length=20)
    force = models.CharField(max_length=4)
    strength = models.CharField(max_length=10)
    unknown = models.BooleanField()
    answer = models.CharField(max_length=20, db_index=True)
    finding = models.JSONField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["case", "key"], name="one_ground_per_finding")]

    def __str__(self) -> str:
        return self.key


class Draft(models.Model):
    """A paper that Demur wrote, before anybody signs it; named by its `number` within the case. Privileged."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="drafts")
    number = models.PositiveIntegerField(help_text="within its case, from 1")
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT)
    assessment = models.ForeignKey(Assessment, null=True, on_delete=models.PROTECT)
    letter = models.JSONField()
    pdf = models.BinaryField()
    docx = models.BinaryField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="drafts_in_one_line")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.case}"


class Entry(models.Model):
    """One entry of the ledger, committed with its act; `index` is its place in the log once an epoch published it.

    The table is the ledger's own (`demur.ledger.store`): Django only looks. The leaf is a commitment to a kind and a
    body, each with a salt of its own; what it commits to stays here.
    """

    kind = models.TextField(db_column="class")
    class_salt = models.BinaryField()
    body = models.BinaryField(null=True)
    body_salt = models.BinaryField(null=True)
    leaf = models.BinaryField()
    urgent = models.BooleanField()
    index = models.BigIntegerField(null=True, db_column="position")

    class Meta:
        managed = False
        db_table = "ledger_entry"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"entry {self.pk}"


class Act(models.Model):
    """One guarded step of a case, with its entry in the ledger.

    `token` makes the same click count once; it is its person's own, so that nobody's tells of another's act.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="acts")
    seq = models.PositiveIntegerField()
    name = models.CharField(max_length=40)
    person = models.CharField(max_length=64)
    roles = models.JSONField(default=list)
    at = models.DateTimeField()
    token = models.CharField(max_length=80)
    payload = models.JSONField(default=dict)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="act")

    class Meta:
        ordering = ["case", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["case", "seq"], name="acts_in_one_line"),
            models.UniqueConstraint(fields=["person", "token"], name="one_act_per_token"),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.seq} {self.name}"


class OutboxEvent(models.Model):
    """What an act gives to other rooms: each takes it once (`Taken`), those that come later too."""

    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="events")
    name = models.CharField(max_length=60)
    body = models.JSONField(default=dict)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


def plain(value: Any) -> Any:
    """A value as JSON can hold it: sets sorted, tuples as lists, dates as ISO text."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(v) for v in value)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def fit(value: Any) -> Any:
    """The value with every text in it fit for any database and for UTF-8: no NUL, no half of a surrogate pair."""
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        return whole(value.replace("\0", "\ufffd"))
    if isinstance(value, dict):
        return {fit(k): fit(v) for k, v in value.items()}
    if isinstance(value, list):
        return [fit(v) for v in value]
    return tuple(fit(v) for v in value) if type(value) is tuple else value
