"""The desk lists the submissions of all agencies, newest first."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("federation", "0006_panel_status")]

    operations = [
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["-received", "-id"], name="submission_newest"),
        ),
    ]
