"""The work list: what became stale. Messages are only hints; these rows are the work."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Work(models.Model):
    """An item must be computed again. Rows are appended and deleted, never updated.

    ``item`` packs level, period, indicator and agency into one number that sorts by
    urgency (see ``federation.worklist``), so one index serves to find, claim and delete.
    ``added`` is when the change came that made it stale. What an item makes stale in turn takes that over.
    """

    item = models.BigIntegerField()
    added = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # Levels are looked through from 0 on: nobody would ever find an item below.
            models.CheckConstraint(condition=Q(item__gte=0), name="work_can_be_claimed"),
        ]
        indexes = [
            models.Index(fields=["item"], name="work_by_urgency"),
        ]

    def __str__(self) -> str:
        return str(self.item)


class Failure(models.Model):
    """An item whose computation failed: to be tried again alone, or set aside for a person."""

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
    """One row: up to when the work that time makes has been appended."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%S}"


class WatchMark(models.Model):
    """One row: up to which version late and silent agencies have been looked for."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.version)
