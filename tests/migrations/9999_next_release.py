"""A column more in a table that grows: it needs the strongest lock, for a moment."""

from pkgutil import iter_modules

from django.db import migrations, models

from federation.migrations import __path__ as released


class Migration(migrations.Migration):
    dependencies = [("federation", max(module.name for module in iter_modules(released)))]
    operations = [migrations.AddField("report", "note", models.TextField(null=True))]
