"""Gives each publication its version: a number and a time. Their order is the order of commits.

A publisher computes first, then takes the next version, writes, and as its last statement stores the version's time.
Taking a version locks the one counter row until the commit. So the publisher that takes a version first also commits
first.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from countries import registry
from federation.database import clock, cursor, rows_of, statement
from federation.errors import RoundingKeyMismatchError
from federation.models.published import RoundingSeal
from federation.rules import rounding


@contextmanager
def new_version() -> Iterator[int]:
    """Take the next version, and store its time after the ``with`` block, which writes the data."""
    with cursor() as c:
        c.execute("UPDATE federation_versioncounter SET last = last + 1 RETURNING last")
        [(version,)] = c.fetchall()
    yield version
    with cursor() as c:
        c.execute(statement("versions_stamp"), [version])
    # The version has the database's time. If another clock contradicts it, this raises, and all is rolled back.
    clock.agreed()


def leap() -> None:
    """Raise both counters above every version ever given, after an earlier state of the database was restored.

    The versions after that state are lost, but readers and caches still have their numbers in ETags, so no number may
    be given again. The new value is the time in microseconds since 1970. It is above every number ever given, because
    fewer than a million versions are made in a second.
    """
    [(version,)] = rows_of("versions_leap")
    registry.raise_version(version)


def check_rounding() -> None:
    """Raise RoundingKeyMismatchError if this process has another rounding key or base than the published view.

    The first process stores its base and the fingerprint of its key. Another key would round each cell a second time,
    and two roundings narrow down the exact value.
    """
    fingerprint, base = _mine()
    seal, _ = RoundingSeal.objects.get_or_create(id=1, defaults={"fingerprint": fingerprint, "base": base})
    if (bytes(seal.fingerprint), seal.base) != (fingerprint, base):
        raise RoundingKeyMismatchError


def rounding_agrees() -> bool:
    """Whether this process has the rounding key and base of the published view. True if there is no such view yet."""
    seal = RoundingSeal.objects.first()
    return seal is None or (bytes(seal.fingerprint), seal.base) == _mine()


def _mine() -> tuple[bytes, int]:
    return rounding.fingerprint(settings.ROUNDING_KEY), settings.ROUNDING_BASE
