"""Ends the lock of a user after wrong passwords or codes, so that they can try again at once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from countries.accounts import guessing


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *, name: str, **_: Any) -> None:
        guessing.unlock(name)
