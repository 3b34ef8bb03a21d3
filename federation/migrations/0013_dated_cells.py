"""What is public now is read with its dates from one index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("federation", "0012_closed_cells")]

    operations = [
        migrations.RunSQL(
            'CREATE UNIQUE INDEX CONCURRENTLY "one_dated_cell" ON "federation_publishedcell" '
            '("indicator_id", "frequency", "country", "network", "period") INCLUDE ("value", "version_from") '
            'WHERE "version_to" IS NULL',
            'DROP INDEX CONCURRENTLY "one_dated_cell"',
            state_operations=[
                migrations.AddConstraint(
                    model_name="publishedcell",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(version_to__isnull=True),
                        fields=("indicator", "frequency", "country", "network", "period"),
                        include=("value", "version_from"),
                        name="one_dated_cell",
                    ),
                ),
            ],
        ),
    ]
