"""The app of agencies, accounts and reference data."""

from django.apps import AppConfig


class CountriesConfig(AppConfig):
    name = "countries"
    verbose_name = "Registry"
