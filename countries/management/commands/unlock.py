"""Lets a user who is locked out of the desk try again at once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from countries.accounts import guessing


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *, name: str, **_: Any) -> None:
        guessing.unlock(name)
