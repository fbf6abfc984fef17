"""What bars telling a customer, what each customer was told, and the proof that it arrived."""

from __future__ import annotations

from django.db import models

from .cases import Act, Assessment, Case, Document, Original
from .registers import Contact


class Gag(models.Model):
    """A bar on telling: the lifecycle's `Bar` of the same name, with what the law asks of it.

    `kind` is gag (recorded by a person), law (found by an assessment, in the demand or in a statute) or danger (to a
    person, signed by two). `party` is the one party it silences towards, "" for all. Days are legal days of the forum.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="gags")
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=10, default="gag")
    party = models.CharField(max_length=60, blank=True)
    basis = models.CharField(max_length=200, blank=True, help_text="the statute, article or order")
    by_court = models.BooleanField(null=True)
    scope = models.CharField(max_length=200, blank=True, help_text="whom it silences, and about what")
    why = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    since = models.DateField(null=True)
    until = models.DateField(null=True, help_text="the first day without it; none where no end is known")
    review_on = models.DateField(null=True, help_text="when it is contested or reviewed next")
    ended_at = models.DateTimeField(null=True)
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["case", "name"], name="one_gag_per_name")]

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """What one party of a case will be told: written on the day of receipt, sealed until every bar has ended.

    It is written anew where an assessment found something else; the latest is the one that goes out, the earlier ones
    stay. The SHA-256 of its PDF stands in the act that wrote it, and so in the ledger.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notices")
    party = models.CharField(max_length=60)
    written_at = models.DateTimeField()
    assessment = models.ForeignKey(Assessment, null=True, on_delete=models.PROTECT)
    letter = models.JSONField()
    pdf = models.BinaryField()
    docx = models.BinaryField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"notice to {self.party}"


class Told(models.Model):
    """A party that was told of a case, as the state of the case says, where queries find it.

    `silenced` while nothing more may be said to it: a bar came later, or papers that nobody read yet.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="told")
    party = models.CharField(max_length=60, db_index=True)
    silenced = models.BooleanField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["case", "party"], name="one_telling_per_party")]

    def __str__(self) -> str:
        return f"{self.party} of {self.case}"


class Delivery(models.Model):
    """A paper on its way (a notice, a redirection, an answer), and the proof that it arrived.

    `how` is post, mail, portal or by hand; `proof` says what proves it (a message id, a tracking number), `paper` is
    the proof as a file. `receipt` is the secret a contact gives back to say that it arrived.
    """

    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="deliveries")
    number = models.PositiveIntegerField(help_text="within its case, from 1")
    party = models.CharField(max_length=60, blank=True)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT)
    to = models.CharField(max_length=254)
    how = models.CharField(max_length=20)
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    proof = models.CharField(max_length=200, blank=True)
    paper = models.ForeignKey(Original, null=True, on_delete=models.PROTECT)
    receipt = models.CharField(max_length=64, blank=True, db_index=True)
    received_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["act", "party", "contact"], name="one_delivery_per_contact")]

    def __str__(self) -> str:
        return f"{self.how} to {self.to}"


class ReminderSent(models.Model):
    """A word to the people of one role, by its key, so that nobody is told twice; `mailed_at`, once it also went out
    by e-mail."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reminders")
    key = models.CharField(max_length=200)
    role = models.CharField(max_length=20)
    says = models.CharField(max_length=300)
    at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["case", "key"], name="one_reminder_per_key")]

    def __str__(self) -> str:
        return self.key
