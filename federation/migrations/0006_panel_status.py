"""Whether a panel's numbers for a period are final, and the index that its ETags are read from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("federation", "0005_desk_permissions")]

    operations = [
        migrations.AddField(
            model_name="publishedpanelperiod",
            name="status",
            field=models.CharField(default="P", max_length=1),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="publishedpanelperiod",
            index=models.Index(
                fields=["indicator", "months", "frequency", "-version_from"], name="newest_panel_periods"
            ),
        ),
    ]
