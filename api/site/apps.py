"""The app of the public pages, which brings their templates and their one style sheet."""

from django.apps import AppConfig

from api.site.templatetags import assets


class SiteConfig(AppConfig):
    """Has no models, and so no migrations. Looks up the files of scripts and styles when the process starts."""

    name = "api.site"

    def ready(self) -> None:
        assets.files()
