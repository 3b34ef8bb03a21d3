"""How the registry's commands refuse: with one line on standard error and exit code 1."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management import CommandError

from countries.registry import Refused


@contextmanager
def as_command_errors() -> Iterator[None]:
    try:
        yield
    except Refused as error:
        raise CommandError(str(error)) from error
    except ValidationError as error:
        sentences = []
        for field, messages in error.message_dict.items():
            name = "" if field == NON_FIELD_ERRORS else f"{field.replace('_', ' ').capitalize()}: "
            sentences += [name + message for message in messages]
        raise CommandError(" ".join(sentences)) from error


def parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is not a date such as 2026-01-31.") from error
