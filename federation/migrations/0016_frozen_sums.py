"""Keeps what was first published of each period; record keys go, and windows, which are sums of published cells."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# Of minutes nothing is kept for long.
FACTS = """
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON federation_frozensum
    FOR EACH STATEMENT EXECUTE FUNCTION federation_refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON federation_frozensum
    FOR EACH ROW WHEN (OLD.frequency <> 'N') EXECUTE FUNCTION federation_refuse_change();
"""
DROP_FACTS = """
DROP TRIGGER append_only ON federation_frozensum;
DROP TRIGGER keep ON federation_frozensum;
"""


class Migration(migrations.Migration):
    dependencies = [("countries", "0008_schedules_since_2000"), ("federation", "0015_clocks")]

    operations = [
        migrations.DeleteModel("PublishedWindow"),
        migrations.DeleteModel("CombinedFigure"),
        migrations.RemoveField(model_name="figure", name="keys"),
        migrations.CreateModel(
            name="FrozenSum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("frequency", models.CharField(max_length=1)),
                ("period", models.DateTimeField()),
                (
                    "agencies",
                    django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None),
                ),
                (
                    "countries",
                    django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None),
                ),
                (
                    "networks",
                    django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None),
                ),
                ("values", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("seal", models.BinaryField(max_length=16)),
                (
                    "indicator",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="countries.indicator"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["indicator", "frequency", "period"], name="one_frozen_sum")
                ],
            },
        ),
        migrations.RunSQL(FACTS, DROP_FACTS),
    ]
