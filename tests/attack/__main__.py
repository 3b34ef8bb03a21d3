"""`make attack`: attacks the protection and prints the result. Exits with 1 if a promise does not hold."""

import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from config import embedded
from config.processes import die_with_parent

if TYPE_CHECKING:
    from tests.attack.scene import Found

#: The same in every run, so that a number that was found stays the number.
_KEY = "000102030405060708090a0b0c0d0e0f"
_HEADS = (
    "attack",
    "cells",
    "proven",
    "found",
    "nonzero",
    "guessed",
    "expected",
    "by rates",
    "claims",
    "wrong",
    "more results",
)
_SHARES = ("proven", "told", "nonzero", "guessed")


def main() -> None:
    if "MAKELEVEL" in os.environ:
        die_with_parent()
    with _database():
        from tests.attack.product import at_work
        from tests.attack.results import Size, attack_all

        began, broken = time.monotonic(), []
        _say(*_HEADS)
        with at_work():
            for row in attack_all(Size()):
                _say(row.name, *_columns(row.found), row.counted)
                broken += [f"{row.name}: {one}" for one in row.broken]
                for name, part in sorted(row.parts.items()):
                    _say(f"  {' '.join(name)}", *_columns(part), "")
        _print(f"\n{time.monotonic() - began:.0f} s")
    for one in broken:
        _print(f"BROKEN {one}")
    sys.exit(bool(broken))


@contextmanager
def _database() -> Iterator[None]:
    """A database of our own, which nobody else works on."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": "attack", "ROUNDING_KEY": _KEY}
    with tempfile.TemporaryDirectory(prefix="police2peer-attack-") as folder:
        Path(folder).chmod(0o711)
        with embedded.owned(Path(folder), durable=False):
            import django

            django.setup()
            from django.core.management import call_command
            from django.db import connection

            from countries import loader

            logging.disable(logging.INFO)
            call_command("migrate", verbosity=0)
            loader.load(by="attack")
            try:
                yield
            finally:
                connection.close()


def _columns(found: "Found | None") -> list[str]:
    if found is None:
        return [""] * (len(_HEADS) - 2)
    shares = [f"{found.share(word):.1%}" for word in _SHARES]
    claims = [str(found.total("claims")), f"{found.share('wrong', 'claims'):.1%}"]
    more = [f"{found.expected():.1%}", f"{found.share('usual'):.1%}"]
    return [str(found.total("cells")), *shares, *more, *claims]


def _say(name: str, *columns: str) -> None:
    _print(f"{name:<42}" + "".join(f"{column:>9}" for column in columns[:-1]) + f"  {columns[-1]}")


def _print(line: str) -> None:
    print(line.rstrip(), flush=True)  # noqa: T201  this is what a person at a terminal reads


if __name__ == "__main__":
    main()
