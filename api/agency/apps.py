"""The app of the agencies' pages, which brings their templates and their style sheet."""

from django.apps import AppConfig


class AgencyConfig(AppConfig):
    """It has no models and so no migrations."""

    name = "api.agency"
