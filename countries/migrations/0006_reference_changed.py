"""When the reference data changed last."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('countries', '0005_signing_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='referenceversion',
            name='changed',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
    ]
