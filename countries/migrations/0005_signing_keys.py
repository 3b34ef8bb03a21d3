"""The keys with which agencies sign what they send, and which agencies must."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('countries', '0004_networks'),
    ]

    operations = [
        migrations.AddField(
            model_name='agency',
            name='signature_required',
            field=models.BooleanField(default=False, help_text="Submissions that are not signed with one of the agency's keys are refused."),
        ),
        migrations.CreateModel(
            name='SigningKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('keyid', models.CharField(max_length=60, unique=True)),
                ('public_key', models.CharField(max_length=44, unique=True)),
                ('created', models.DateTimeField()),
                ('expires', models.DateTimeField(blank=True, null=True)),
                ('revoked', models.DateTimeField(blank=True, null=True)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signing_keys', to='countries.agency')),
            ],
            options={
                'ordering': ['-created'],
                'permissions': [('revoke_signingkey', 'Can revoke a signing key')],
            },
        ),
    ]
