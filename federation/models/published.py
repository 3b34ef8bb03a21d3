"""The combined view, protected: all that the public can ever read.

Nothing here is exact. Public code reads these tables through ``federation.published`` only.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from countries.models import Indicator
from federation.rules import panels
from federation.rules.coverage import FACTS, WAITING


class Version(models.Model):
    """A publication: its number and the time at which it became the public view.

    Both follow the order of commits; times are strictly increasing whole milliseconds.
    """

    number = models.BigIntegerField(primary_key=True)
    known_at = models.DateTimeField()

    class Meta:
        indexes = [
            # `as_of` asks which version was public at an instant.
            models.Index(fields=["-known_at"], name="version_at"),
        ]

    def __str__(self) -> str:
        return str(self.number)


class VersionCounter(models.Model):
    """One row with the last version that was given. Publishers lock it, and so wait for each other."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    last = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_version_counter")]

    def __str__(self) -> str:
        return str(self.last)


class PeriodVersion(models.Model):
    """Says that a version changed public data of a period. ETags are computed from these rows.

    The version ``is_correction`` if numbers of the period had been public before, and it changed numbers.
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, db_index=False)
    frequency = models.CharField(max_length=1)
    period = models.DateTimeField()
    version = models.BigIntegerField()
    is_correction = models.BooleanField(db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["indicator", "frequency", "period", "version"], name="one_period_version"),
        ]
        indexes = [
            # An ETag needs the newest version of a range, which is nearly always one of the last versions.
            models.Index(
                fields=["indicator", "frequency", "-version"], include=["period"], name="newest_period_versions"
            ),
            # Few versions are corrections. The list of corrections begins with the newest.
            models.Index(
                fields=["indicator", "frequency", "version", "period"],
                condition=Q(is_correction=True),
                name="correction_versions",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.period:%Y-%m-%dT%H:%M} at {self.version}"


class PublishedCell(models.Model):
    """A protected number of the combined view, from one version until another.

    The country may be a group, and both may be totals. A cell that is 0 has no row.
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, db_index=False)
    frequency = models.CharField(max_length=1)
    period = models.DateTimeField()
    country = models.SmallIntegerField()
    network = models.SmallIntegerField()
    value = models.BigIntegerField()
    version_from = models.BigIntegerField()
    version_to = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            # A series is read in order of period.
            models.UniqueConstraint(
                fields=["indicator", "frequency", "country", "network", "period", "version_from"],
                name="one_published_cell",
            ),
            # The present public view is read from this index alone, no matter how often it was revised.
            models.UniqueConstraint(
                fields=["indicator", "frequency", "country", "network", "period"],
                condition=Q(version_to__isnull=True),
                include=["value", "version_from"],
                name="one_dated_cell",
            ),
            models.CheckConstraint(condition=Q(value__gt=0), name="published_cell_positive"),
        ]
        indexes = [
            # When a period is published again, all its cells are read and compared with the new ones.
            models.Index(fields=["indicator", "frequency", "period"], name="published_cells_of_period"),
            # A series with the times of its changes also needs earlier cells, of which there are few.
            models.Index(
                fields=["indicator", "frequency", "country", "network", "period"],
                condition=Q(version_to__isnull=False),
                name="closed_cells",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.period:%Y-%m-%dT%H:%M} {self.country}/{self.network}"


class PublishedCoverage(models.Model):
    """The coverage of a period, from one version until another: which agencies are expected, and which reported.

    ``agencies``, ``states``, ``covered`` and ``owed`` are parallel: for each expected agency, its state (rule 4), and
    its seconds. An agency that covers at least a second has a figure. If the status of a period is ``O``, the period is
    not public yet: it has no cells, and ``awaited`` (also parallel) says for which agencies it waits.
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, db_index=False)
    frequency = models.CharField(max_length=1)
    period = models.DateTimeField()
    agencies_expected = models.IntegerField()
    agencies_reporting = models.IntegerField()
    #: The time that all these agencies cover, in ten-thousandths of the time that they owe. -1 if they owe none.
    share = models.SmallIntegerField()
    status = models.CharField(max_length=1)
    agencies = ArrayField(models.SmallIntegerField())
    states = ArrayField(models.CharField(max_length=9))
    covered = ArrayField(models.IntegerField())
    owed = ArrayField(models.IntegerField())
    #: Whether a break in the series was marked in the period.
    is_break = models.BooleanField()
    #: The instant from which all agencies count, if one of them owed no report for the beginning of the period.
    counted_from = models.DateTimeField(null=True)
    agencies_awaited = models.SmallIntegerField()
    awaited_until = models.DateTimeField(null=True)
    awaited = ArrayField(models.BooleanField())
    version_from = models.BigIntegerField()
    version_to = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "published coverage"
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "frequency", "period", "version_from"],
                name="one_published_coverage",
            ),
            # A series is read together with its coverage. The coverage is read from this index alone.
            models.UniqueConstraint(
                fields=["indicator", "frequency", "period"],
                condition=Q(version_to__isnull=True),
                include=FACTS,
                name="one_current_coverage",
            ),
        ]
        indexes = [
            # Few periods wait. Windows and panels end before the first one.
            models.Index(
                fields=["indicator", "frequency", "period"],
                condition=Q(version_to__isnull=True, status=WAITING),
                name="waiting_coverage",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.period:%Y-%m-%dT%H:%M}"


class PublishedSeries(models.Model):
    """A country and network that ever had a cell: `*` lists these series."""

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, db_index=False)
    frequency = models.CharField(max_length=1)
    country = models.SmallIntegerField()
    network = models.SmallIntegerField()
    first_version = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "published series"
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "frequency", "country", "network"], name="one_published_series"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.country}/{self.network}"


class PublishedPanel(models.Model):
    """The agencies that a panel adds up, from one version until another. None if there is no panel.

    They have completely reported every week (or month) of the last ``months`` ended months, from ``start`` until before
    ``end``. No row is ever removed, because later panels are compared with it.
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, db_index=False)
    months = models.SmallIntegerField()
    frequency = models.CharField(max_length=1)
    start = models.DateTimeField()
    end = models.DateTimeField()
    agencies = ArrayField(models.SmallIntegerField())
    version_from = models.BigIntegerField()
    version_to = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "months", "frequency", "version_from"], name="one_published_panel"
            ),
            models.UniqueConstraint(
                fields=["indicator", "months", "frequency"],
                condition=Q(version_to__isnull=True),
                name="one_current_panel",
            ),
            models.CheckConstraint(
                condition=Q(months__in=list(panels.MONTHS), frequency__in=["W", "M"]), name="panel_is_offered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.months} months, {self.frequency}"


class PublishedPanelPeriod(models.Model):
    """The protected numbers of a panel for a week or month over all networks, from one version until another.

    ``countries`` and ``values`` are parallel. They include groups and the total, and have no zeros. The status is ``A``
    if all figures of the panel's agencies for the period are final.
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, db_index=False)
    months = models.SmallIntegerField()
    frequency = models.CharField(max_length=1)
    period = models.DateTimeField()
    status = models.CharField(max_length=1)
    countries = ArrayField(models.SmallIntegerField())
    values = ArrayField(models.BigIntegerField())
    version_from = models.BigIntegerField()
    version_to = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "months", "frequency", "period", "version_from"], name="one_panel_period"
            ),
            models.UniqueConstraint(
                fields=["indicator", "months", "frequency", "period"],
                condition=Q(version_to__isnull=True),
                name="one_current_panel_period",
            ),
        ]
        indexes = [
            # An ETag needs the newest version of a panel.
            models.Index(fields=["indicator", "months", "frequency", "-version_from"], name="newest_panel_periods"),
        ]

    def __str__(self) -> str:
        return f"{self.months} months, {self.frequency} {self.period:%Y-%m-%d}"


class RoundingSeal(models.Model):
    """One row: the fingerprint of the rounding key, and the rounding base, with which this view is made."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    fingerprint = models.BinaryField(max_length=16)
    base = models.SmallIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_rounding_seal")]

    def __str__(self) -> str:
        return f"base {self.base}"
