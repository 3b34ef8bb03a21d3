"""What agencies sent: submissions and the reports in them.

Nothing here is ever overwritten, except the state of a report. A revision is a new row.
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
    """One HTTP request that carried one or more reports. Either all of it was stored, or nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False)
    received = models.DateTimeField()
    prepared = models.DateTimeField()
    media = models.CharField(max_length=4)
    body_digest = models.BinaryField(max_length=32)
    report_count = models.IntegerField()
    observation_count = models.IntegerField()
    outcomes = models.JSONField()
    # Whether a person sent it on the pages of the agency, and no program.
    from_pages = models.BooleanField()

    class Meta:
        indexes = [
            # An agency reads its own submissions, newest first.
            models.Index(fields=["agency", "-received", "-id"], name="submission_of_agency"),
            # The desk reads the submissions of all agencies, newest first.
            models.Index(fields=["-received", "-id"], name="submission_newest"),
            # An agency reads those with a report of one outcome. In the first index, rare ones are far apart.
            *(
                models.Index(
                    fields=["agency", "-received", "-id"],
                    condition=Q(outcomes__has_key=outcome),
                    name=f"submission_{outcome}",
                )
                for outcome in Outcome.values
            ),
            # Few are sent by people. The programs of an agency may send one each minute.
            models.Index(
                fields=["agency", "-received", "-id"], condition=Q(from_pages=True), name="submission_from_pages"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Signature(models.Model):
    """The evidence that a submission was signed: everything that is needed to verify the signature again at any time.

    The base is the text that was signed (RFC 9421, section 2.5). It has each covered part of the request with its
    value, and names the key. The database itself refuses to change or remove a row.
    """

    submission = models.OneToOneField(Submission, primary_key=True, on_delete=models.PROTECT)
    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, related_name="+", db_index=False)
    base = models.TextField()
    signature = models.BinaryField(max_length=64)
    base_digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            # A signed text is accepted once. If it comes twice at the same time, one waits for the other and is
            # refused. The digest is of the base and not of the signature. Otherwise another spelling of the same
            # signature would count as new.
            models.UniqueConstraint(fields=["base_digest"], name="one_use_of_signature"),
        ]

    def __str__(self) -> str:
        return f"signature of submission {self.submission_id}"


class IdempotencyKey(models.Model):
    """The digest of a key that an agency has used. `federation.intake` says for how long it is kept.

    If a second request with the same key comes at the same time, the unique constraint makes it wait until the first
    commits.
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
    """What one agency says about one indicator for one period: all its observations.

    The cells are parallel arrays, sorted by country and network, without zeros. An unchanged report has no arrays and
    points to the report that it equals.
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
    # With four bytes for each value, a report of 200 cells stays in its row. PostgreSQL compresses larger rows, which
    # takes long.
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
            # If several reports for one key were held, only the newest waits for a decision. It replaced the others.
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
            # Few reports are not used. The desk lists these, and a figure needs to know whether a report is held.
            models.Index(
                fields=["agency", "indicator", "frequency", "period"],
                condition=Q(state__in=["held", "rejected"]),
                name="reports_not_used",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.period:%Y-%m-%dT%H:%M} ({self.state})"
