"""The app of the API and the pages."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Has no models, and so no migrations."""

    name = "api"
