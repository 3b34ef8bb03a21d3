"""The app of the public pages, which brings their templates and their one style sheet."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """It has no models and so no migrations."""

    name = "api.site"
