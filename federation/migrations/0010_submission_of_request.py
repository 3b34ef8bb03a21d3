"""The desk finds a submission by its request. The table is large, so nobody may wait for the index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("federation", "0009_request_ids")]

    operations = [
        AddIndexConcurrently(
            "submission",
            models.Index(
                condition=models.Q(("request_id__isnull", False)), fields=["request_id"], name="submission_of_request"
            ),
        ),
    ]
