"""How far workers' clocks are ahead, and that nothing is on the work list which nobody could take off."""

from django.db import migrations, models

#: Of periods before 1970: no worker ever saw them.
UNSEEN = "DELETE FROM federation_work WHERE thing < 0"


class Migration(migrations.Migration):
    dependencies = [("federation", "0014_one_index_less")]

    operations = [
        migrations.AddField("workerprocess", "clock_ahead", models.FloatField(db_default=0)),
        migrations.RunSQL(UNSEEN, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "work", models.CheckConstraint(condition=models.Q(thing__gte=0), name="work_can_be_claimed")
        ),
    ]
