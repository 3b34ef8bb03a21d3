"""What agencies sent: submissions and the reports in them.

Nothing here is ever overwritten. A revision is a new row; only a report's state moves.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from countries.models import Agency, Indicator, SigningKey


class ReportStatus(models.TextChoices):
    """The status that the agency gives its report."""

    FINAL = "A", "final"
    PROVISIONAL = "P", "provisional"


class ReportState(models.TextChoices):
    """The state of a report among the reports for the same period."""

    CURRENT = "current", "current"
    SUPERSEDED = "superseded", "superseded"
    HELD = "held", "held"
    REJECTED = "rejected", "rejected"


class Outcome(models.TextChoices):
    """What became of a report when it was received."""

    CURRENT = "current", "current"
    UNCHANGED = "unchanged", "unchanged"
    SUPERSEDED = "superseded", "superseded"
    HELD = "held", "held"
    WITHDRAWN = "withdrawn", "withdrawn"


class Submission(models.Model):
    """One HTTP request that carried one or many reports; all of it was stored, or none."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False)
    received = models.DateTimeField()
    prepared = models.DateTimeField()
    media = models.CharField(max_length=4)
    body_digest = models.BinaryField(max_length=32)
    report_count = models.IntegerField()
    observation_count = models.IntegerField()
    outcomes = models.JSONField()

    class Meta:
        indexes = [
            # An agency reads its own submissions, newest first.
            models.Index(fields=["agency", "-received", "-id"], name="submission_of_agency"),
            # The desk reads those of all, newest first.
            models.Index(fields=["-received", "-id"], name="submission_newest"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Signature(models.Model):
    """The evidence that a submission was signed: all that is needed to verify it again at any time.

    The base is the text that was signed (RFC 9421, section 2.5): each covered part of the request with its value,
    and by which key. The database itself refuses to change or remove a row.
    """

    submission = models.OneToOneField(Submission, primary_key=True, on_delete=models.PROTECT)
    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, related_name="+", db_index=False)
    base = models.TextField()
    signature = models.BinaryField(max_length=64)
    base_digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            # A signed text is accepted once: of two at the same time, one waits for the other and is refused.
            # The digest is of the base, not of the signature, so that no other writing of a signature passes for new.
            models.UniqueConstraint(fields=["base_digest"], name="one_use_of_signature"),
        ]

    def __str__(self) -> str:
        return f"signature of submission {self.submission_id}"


class IdempotencyKey(models.Model):
    """A key that an agency has used, by its digest; `federation.intake` says for how long.

    The unique constraint makes a twin at the same time wait for the first to commit.
    """

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, db_index=False)
    key_digest = models.BinaryField(max_length=32)
    body_digest = models.BinaryField(max_length=32)
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE)
    created = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "key_digest"], name="one_use_of_idempotency_key"),
        ]
        indexes = [
            # Old keys are deleted.
            models.Index(fields=["created"], name="idempotency_key_age"),
        ]

    def __str__(self) -> str:
        return f"key of submission {self.submission_id}"


class Report(models.Model):
    """What one agency says of one indicator for one period: all its observations.

    The cells are parallel arrays, sorted by country and network, without zeros.
    An unchanged report has no arrays and points to the report that it equals.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="reports")
    position = models.IntegerField()
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False)
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, db_index=False)
    frequency = models.CharField(max_length=1)
    period = models.DateTimeField()
    status = models.CharField(max_length=1, choices=ReportStatus.choices)
    withdrawn = models.BooleanField()
    prepared = models.DateTimeField()
    received = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ReportState.choices)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    digest = models.BinaryField(max_length=16)
    equals = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    total = models.BigIntegerField()
    countries = ArrayField(models.SmallIntegerField())
    networks = ArrayField(models.SmallIntegerField())
    # Four bytes a value keep a report of 200 cells in its row: PostgreSQL compresses what is larger, which takes long.
    values = ArrayField(models.IntegerField())

    class Meta:
        constraints = [
            # Two submissions for one period can not both win.
            models.UniqueConstraint(
                fields=["agency", "indicator", "frequency", "period"],
                condition=Q(state="current"),
                # The values with which a report's level is compared are read from this index alone.
                include=["total", "withdrawn"],
                name="one_current_report",
            ),
            # Of several held reports for one key the newest waits for a decision; it replaced the others.
            models.UniqueConstraint(
                fields=["agency", "indicator", "frequency", "period"],
                condition=Q(state="held"),
                name="one_held_report",
            ),
            models.CheckConstraint(condition=Q(frequency__in=["N", "H", "D", "M"]), name="report_frequency"),
            models.CheckConstraint(condition=Q(total__gte=0), name="report_total_not_negative"),
            models.CheckConstraint(
                condition=Q(countries__len=F("networks__len")) & Q(networks__len=F("values__len")),
                name="report_arrays_parallel",
            ),
        ]
        indexes = [
            # Coverage asks whether an agency ever reported a period, in any state of the report.
            models.Index(fields=["indicator", "agency", "frequency", "period"], name="reports_for_period"),
            # Few are not used; the desk lists them, and a figure asks whether one is held.
            models.Index(
                fields=["agency", "indicator", "frequency", "period"],
                condition=Q(state__in=["held", "rejected"]),
                name="reports_not_used",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.period:%Y-%m-%dT%H:%M} ({self.state})"
