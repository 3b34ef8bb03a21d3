"""The app of who takes part and of reference data."""

from django.apps import AppConfig


class CountriesConfig(AppConfig):
    name = "countries"
    verbose_name = "Registry"
