"""Loads countries, networks, indicators, population and help services from the files that come with the project."""

from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandParser

from countries import loader


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--overwrite", action="store_true", help="Bring rows that were changed here back to what the files say."
        )

    def handle(self, *, overwrite: bool, **_: Any) -> None:
        sources = loader.sources()
        for file, done in loader.load(by="command load_reference", overwrite=overwrite).items():
            kept = f", {done.kept} that differ kept as they are here" if done.kept else ""
            self.stdout.write(f"{file} ({sources[file].date}): {done.added} rows added, {done.changed} changed{kept}")
