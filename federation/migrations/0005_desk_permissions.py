"""Who may decide on held reports and close findings is for the groups of the desk to say."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("federation", "0004_desk_rules")]

    operations = [
        migrations.AlterModelOptions(
            name="finding",
            options={"permissions": [("resolve_finding", "Can resolve a finding")]},
        ),
        migrations.AlterModelOptions(
            name="hold",
            options={
                "permissions": [("decide_hold", "Can release or reject a held report")],
                "verbose_name": "held report",
            },
        ),
        migrations.AlterModelOptions(
            name="failure",
            options={"verbose_name": "work that failed", "verbose_name_plural": "work that failed"},
        ),
    ]
