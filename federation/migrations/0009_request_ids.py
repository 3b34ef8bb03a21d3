"""Work, submissions and logs name the requests that they go back to; workers say how they are."""

import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("federation", "0008_signatures")]

    operations = [
        migrations.AddField(
            model_name="work",
            name="requests",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), null=True, size=None),
        ),
        migrations.AddField(
            model_name="submission",
            name="request_id",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name="Early",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("thing", models.BigIntegerField()),
                (
                    "requests",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                ("added", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"indexes": [models.Index(fields=["thing"], name="early_by_thing")]},
        ),
        migrations.CreateModel(
            name="WorkerProcess",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("seen", models.DateTimeField()),
                ("sums", models.JSONField()),
            ],
        ),
    ]
