"""Loads countries, networks, indicators, population and help services from the files that come with the project."""

from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandParser

from countries import loader
from countries.actors import ActorKind, name_without_account


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--overwrite",
            action="store_true",
            help="Also overwrite rows that were changed here with those of the files.",
        )

    def handle(self, *, overwrite: bool, **_: Any) -> None:
        sources = loader.sources()
        for file, done in loader.load(
            by=name_without_account(ActorKind.COMMAND, "load_reference"), overwrite=overwrite
        ).items():
            kept = f", {done.kept} kept although they differ" if done.kept else ""
            self.stdout.write(f"{file} ({sources[file].date}): {done.added} rows added, {done.changed} changed{kept}")
