"""Whoever reads a series with its dates needs what was public before, which is little."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("federation", "0009_worker_processes")]

    operations = [
        AddIndexConcurrently(
            model_name="publishedcell",
            index=models.Index(
                condition=models.Q(version_to__isnull=False),
                fields=["indicator", "frequency", "country", "network", "period"],
                name="closed_cells",
            ),
        ),
    ]
