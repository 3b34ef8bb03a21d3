"""The app of who takes part and of reference data."""

from django.apps import AppConfig


class CountriesConfig(AppConfig):
    name = "countries"
    label = "countries"
    verbose_name = "Registry"
    default_auto_field = "django.db.models.BigAutoField"
