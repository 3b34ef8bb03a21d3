"""The app of the public pages, which brings their templates and their one style sheet."""

from django.apps import AppConfig

from api.site.templatetags import assets


class SiteConfig(AppConfig):
    """It has no models and so no migrations."""

    name = "api.site"

    def ready(self) -> None:
        assets.files()
