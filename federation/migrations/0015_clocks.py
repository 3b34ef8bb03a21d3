"""How far workers' clocks are ahead, and that nothing is on the work list which nobody could take off."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

#: Of periods before 1970: no worker ever saw them.
UNSEEN = "DELETE FROM federation_work WHERE item < 0"


class Migration(migrations.Migration):
    # The rows are gone through without shutting anybody out, in a transaction of its own.
    atomic = False
    dependencies = [("federation", "0014_one_index_less")]

    operations = [
        migrations.AddField("workerprocess", "clock_ahead", models.FloatField(db_default=0)),
        AddConstraintNotValid(
            "work", models.CheckConstraint(condition=models.Q(item__gte=0), name="work_can_be_claimed")
        ),
        migrations.RunSQL(UNSEEN, migrations.RunSQL.noop),
        ValidateConstraint("work", "work_can_be_claimed"),
    ]
