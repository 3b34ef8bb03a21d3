"""An observation as a row, for the references. Its table is made by `bench.flat`, never by a migration."""

from typing import ClassVar

from django.db import models


class FlatRow(models.Model):
    """One count of one report."""

    pk = models.CompositePrimaryKey("report", "country", "network")
    report = models.IntegerField()
    country = models.SmallIntegerField()
    network = models.SmallIntegerField()
    value = models.BigIntegerField()

    class Meta:
        app_label = "bench"
        db_table = "bench_flat"
        managed = False

    objects: ClassVar[models.Manager["FlatRow"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.report} {self.country}/{self.network}"
