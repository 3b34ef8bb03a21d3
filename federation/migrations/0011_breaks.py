"""Breaks are published with their period, with vintages."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('federation', '0009_worker_processes'),
    ]

    operations = [
        migrations.AddField(
            model_name='publishedcoverage',
            name='is_break',
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
