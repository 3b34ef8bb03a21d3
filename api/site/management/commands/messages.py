"""Brings the catalogues of the pages' languages up to date with their texts, and says what is left to translate."""

from typing import Any

from django.core.management import BaseCommand

from api.site import catalogues


class Command(BaseCommand):
    help = __doc__

    def handle(self, **_: Any) -> None:
        for language in catalogues.languages():
            new, gone = catalogues.bring_up_to_date(language)
            left = sum(not all(catalogues.forms(entry)) for entry in catalogues.catalogue(language) if entry.id)
            self.stdout.write(f"{language}: {new} new, {gone} gone, {left} to translate")
