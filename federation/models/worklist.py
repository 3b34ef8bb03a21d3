"""The work list: the results that became stale. Messages are only hints: these rows are the work."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Work(models.Model):
    """An item must be computed again. Rows are appended and deleted, never updated.

    ``item`` packs level, period, indicator and agency into one number that sorts by urgency (see
    ``federation.worklist``), so one index serves to find, claim and delete. ``added`` is the time of the change that
    made the item stale. If the item makes other items stale, they get the same time.
    """

    item = models.BigIntegerField()
    added = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # Workers look for items from level 0 on, so nobody would ever find an item with a level below 0.
            models.CheckConstraint(condition=Q(item__gte=0), name="work_can_be_claimed"),
        ]
        indexes = [
            models.Index(fields=["item"], name="work_by_urgency"),
        ]

    def __str__(self) -> str:
        return str(self.item)


class Failure(models.Model):
    """An item whose computation failed. It is tried again alone, or set aside for a person."""

    item = models.BigIntegerField(primary_key=True)
    attempts = models.SmallIntegerField()
    reason = models.TextField()
    since = models.DateTimeField()
    retry_at = models.DateTimeField(null=True, help_text="If empty, the item was set aside.")

    class Meta:
        verbose_name = verbose_name_plural = "work that failed"

    def __str__(self) -> str:
        return f"{self.item}: {self.reason}"


class ClockMark(models.Model):
    """One row: the time up to which beat has appended the work that becomes due with time."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%S}"


class WatchMark(models.Model):
    """One row: the version up to which late and silent agencies have been looked for."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.version)
