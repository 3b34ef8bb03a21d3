"""The evidence of signed submissions; like the audit trail, it is never changed or removed."""

import django.db.models.deletion
from django.db import migrations, models

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON federation_signature
    FOR EACH STATEMENT EXECUTE FUNCTION federation_refuse_change();
"""

class Migration(migrations.Migration):

    dependencies = [
        ('countries', '0005_signing_keys'),
        ('federation', '0007_submission_newest'),
    ]

    operations = [
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('submission', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to='federation.submission')),
                ('base', models.TextField()),
                ('signature', models.BinaryField(max_length=64)),
                ('base_digest', models.BinaryField(max_length=32)),
                ('key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', db_index=False, to='countries.signingkey')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('base_digest',), name='one_use_of_signature')],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER append_only ON federation_signature"),
    ]
