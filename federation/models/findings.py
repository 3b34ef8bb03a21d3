"""Findings of the rules, the reports held because of them, and the answers and decisions about them."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from countries.models import Agency, Indicator
from federation.models.submissions import Report
from p2p_core.payloads.answers import ANSWERS


class FindingState(models.TextChoices):
    """The state of a finding."""

    OPEN = "open", "open"
    ANSWERED = "answered", "answered by the agency"
    RESOLVED = "resolved", "resolved"


class Resolution(models.TextChoices):
    """How a finding was closed."""

    ITSELF = "itself", "its cause is gone"
    REVISION = "revision", "a newer report came"
    RELEASED = "released", "the held reports were released"
    REJECTED = "rejected", "the held reports were rejected"
    COORDINATOR = "coordinator", "a coordinator closed it"


class Finding(models.Model):
    """What a rule found about one agency, in one period or in several periods in a row.

    ``facts`` are the numbers from the rule's judge. The sentence for people is made from them. If the finding is about
    one report, ``report`` is the root of this report.
    """

    rule = models.CharField(max_length=4)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False)
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, db_index=False)
    frequency = models.CharField(max_length=1)
    period = models.DateTimeField()
    last_period = models.DateTimeField()
    report = models.ForeignKey(Report, null=True, on_delete=models.PROTECT, related_name="findings")
    facts = models.JSONField()
    opened = models.DateTimeField()
    changed = models.DateTimeField()
    state = models.CharField(max_length=8, choices=FindingState.choices, default=FindingState.OPEN)
    resolution = models.CharField(max_length=11, choices=Resolution.choices, blank=True, default="")
    resolved = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=200, blank=True, default="")
    reason = models.TextField(blank=True, default="")

    class Meta:
        permissions = [("resolve_finding", "Can resolve a finding")]
        constraints = [
            # Two workers cannot open the same finding twice.
            models.UniqueConstraint(
                fields=["rule", "agency", "indicator", "frequency", "period"],
                condition=Q(resolved__isnull=True),
                name="one_open_finding",
            ),
            models.CheckConstraint(
                condition=Q(state="resolved", resolved__isnull=False) & ~Q(resolution="")
                | Q(resolved__isnull=True, resolution="") & ~Q(state="resolved"),
                name="finding_resolved_somehow",
            ),
            models.CheckConstraint(condition=Q(last_period__gte=models.F("period")), name="finding_periods"),
        ]
        indexes = [
            # An agency and a coordinator read them newest first.
            models.Index(fields=["agency", "-id"], name="finding_of_agency"),
            # The rules look up the findings of a period, to open, keep or close them.
            models.Index(fields=["agency", "indicator", "frequency", "period"], name="finding_of_period"),
        ]

    def __str__(self) -> str:
        return f"finding {self.pk} ({self.rule})"

    def place(self) -> tuple[str, int, int, str, datetime]:
        """What only one open finding can have. All add findings in this order, so that no two wait for each other."""
        return (self.rule, self.agency_id, self.indicator_id, self.frequency, self.period)


class Decision(models.TextChoices):
    """The decision on a hold."""

    RELEASED = "released", "released"
    REJECTED = "rejected", "rejected"
    SUPERSEDED = "superseded", "superseded by a newer report"


class Hold(models.Model):
    """A report that was held at receipt: why it was held, and the decision on it.

    Holds for periods in a row share one finding. This row also keeps a released value from being held again.
    """

    report = models.OneToOneField(Report, primary_key=True, on_delete=models.PROTECT, related_name="hold")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="holds")
    rule = models.CharField(max_length=4)
    facts = models.JSONField()
    since = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True, default="")
    decided = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True, default="")
    reason = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = "held report"
        permissions = [("decide_hold", "Can release or reject a held report")]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided__isnull=True, decision="") | Q(decided__isnull=False) & ~Q(decision=""),
                name="hold_decided_somehow",
            ),
        ]

    def __str__(self) -> str:
        return f"hold of report {self.report_id}"


class Answer(models.Model):
    """An agency's answer to a finding. The newest answer counts, and all answers are kept."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="answers")
    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    answer = models.CharField(max_length=13, choices=list(ANSWERS.items()))
    remark = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.answer} to finding {self.finding_id}"
