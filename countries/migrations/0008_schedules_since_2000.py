"""That no schedule begins before 2000: nothing can be reported of the time before."""

from datetime import date

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

#: One that also ended before 2000 owed nothing that could be reported.
ENDED = "DELETE FROM countries_schedule WHERE valid_to < '2000-01-01'"
BEGUN = "UPDATE countries_schedule SET valid_from = '2000-01-01' WHERE valid_from < '2000-01-01'"


class Migration(migrations.Migration):
    # The rows are gone through without shutting anybody out, in a transaction of its own.
    atomic = False
    dependencies = [("countries", "0007_words_of_the_desk")]

    operations = [
        AddConstraintNotValid(
            "schedule",
            models.CheckConstraint(
                condition=models.Q(valid_from__gte=date(2000, 1, 1)),
                name="countries_schedule_starts",
                violation_error_message="This is before the year 2000.",
            ),
        ),
        migrations.RunSQL(ENDED, migrations.RunSQL.noop),
        migrations.RunSQL(BEGUN, migrations.RunSQL.noop),
        ValidateConstraint("schedule", "countries_schedule_starts"),
    ]
