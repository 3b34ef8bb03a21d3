"""How the registry's commands say no: one line on standard error and exit code 1."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management import CommandError

from countries.registry import Refused


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turns what the registry refuses into a message of the command."""
    try:
        yield
    except Refused as error:
        raise CommandError(str(error)) from error
    except ValidationError as error:
        raise CommandError(" ".join(_sentences(error))) from error


def _sentences(error: ValidationError) -> Iterator[str]:
    for field, messages in error.message_dict.items():
        name = "" if field == NON_FIELD_ERRORS else f"{field.replace('_', ' ').capitalize()}: "
        yield from (name + message for message in messages)


def day(text: str) -> date:
    """A calendar day given on the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is not a date such as 2026-01-31.") from error
