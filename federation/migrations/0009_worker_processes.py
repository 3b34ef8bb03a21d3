"""Workers say how they are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("federation", "0008_signatures")]

    operations = [
        migrations.CreateModel(
            name="WorkerProcess",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("seen", models.DateTimeField()),
                ("sums", models.JSONField()),
            ],
        ),
    ]
