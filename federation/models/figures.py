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

    A row stands for each period of which the agency ever reported something, so that
    ``reported_seconds`` (time ever reported, withdrawn reports included) is there for the
    coverage; with source ``none`` it holds no numbers.
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
            # Publication reads all agencies' figures of a period; rolling up reads one agency's
            # in a range of periods, which passes over few others. One index, so that the planner
            # takes the right one also while it has no statistics.
            models.UniqueConstraint(fields=["indicator", "frequency", "period", "agency"], name="one_figure"),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.period:%Y-%m-%dT%H:%M} ({self.source})"


class FrozenSum(models.Model):
    """The figures of all agencies in a period as they were when it was first published; never changed.

    The arrays are parallel, a cell of an agency each. ``seal`` shows whether they were altered.
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
