"""The app of the HTTP surfaces."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """It has no models and so no migrations."""

    name = "api"
