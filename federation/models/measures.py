"""The metrics that worker processes write."""

from django.db import models


class WorkerProcess(models.Model):
    """A process that reconciles and publishes: when it last reported, and the sums of its measurements.

    If a process has not reported for a while, its row is added to the row ``past``. So no sum ever becomes smaller.
    """

    name = models.CharField(max_length=100, primary_key=True)
    seen = models.DateTimeField()
    #: By how many seconds its host's clock is ahead of the database's.
    clock_ahead = models.FloatField(db_default=0)
    sums = models.JSONField()

    def __str__(self) -> str:
        return self.name
