"""What reconciliation makes of the reports: figures, and the frozen sums of first publications."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from countries.models import Agency, Indicator


class Source(models.TextChoices):
    """Where a figure's numbers come from."""

    REPORTED = "reported", "reported"
    DERIVED = "derived", "derived"
    NONE = "none", "none: all that was reported has been withdrawn"


class Figure(models.Model):
    """An agency's reconciled numbers for a period.

    There is a row for each period about which the agency ever reported something. So the coverage can read
    ``reported_seconds`` (the time that was ever reported, including withdrawn reports). If the source is ``none``, the
    row has no numbers.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False)
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, db_index=False)
    frequency = models.CharField(max_length=1)
    period = models.DateTimeField()
    source = models.CharField(max_length=8, choices=Source.choices)
    covered_seconds = models.IntegerField()
    reported_seconds = models.IntegerField()
    final = models.BooleanField()
    held = models.BooleanField()
    total = models.BigIntegerField()
    countries = ArrayField(models.SmallIntegerField())
    networks = ArrayField(models.SmallIntegerField())
    values = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            # Publication reads all agencies' figures of a period. A sum of finer figures reads those of one agency in a
            # range of periods, and passes over few others. There is only one index, so the planner takes the right one
            # even while it has no statistics.
            models.UniqueConstraint(fields=["indicator", "frequency", "period", "agency"], name="one_figure"),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.period:%Y-%m-%dT%H:%M} ({self.source})"


class FrozenSum(models.Model):
    """The figures of all agencies in a period when it was first published. A row is never changed.

    The arrays are parallel: each position is one cell of one agency. ``seal`` shows whether the arrays were altered.
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, db_index=False)
    frequency = models.CharField(max_length=1)
    period = models.DateTimeField()
    agencies = ArrayField(models.SmallIntegerField())
    countries = ArrayField(models.SmallIntegerField())
    networks = ArrayField(models.SmallIntegerField())
    values = ArrayField(models.BigIntegerField())
    seal = models.BinaryField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["indicator", "frequency", "period"], name="one_frozen_sum"),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.period:%Y-%m-%dT%H:%M}"
