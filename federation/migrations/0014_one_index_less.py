"""The index of what is public now that had no dates in it."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("federation", "0013_dated_cells")]

    operations = [
        migrations.RunSQL(
            'DROP INDEX CONCURRENTLY "one_current_cell"',
            'CREATE UNIQUE INDEX CONCURRENTLY "one_current_cell" ON "federation_publishedcell" '
            '("indicator_id", "frequency", "country", "network", "period") INCLUDE ("value") '
            'WHERE "version_to" IS NULL',
            state_operations=[migrations.RemoveConstraint(model_name="publishedcell", name="one_current_cell")],
        ),
    ]
