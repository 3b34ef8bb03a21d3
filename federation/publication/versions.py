"""Draws the versions of the public view, so that their numbers and times follow commits.

A publisher does its arithmetic first, draws a version, writes, and stamps the version's
time as its last statement. Drawing locks the one counter row until the commit, so a version
is never drawn before another and committed after it.
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
    """Draw the next version, and stamp it with its time after the block that writes it."""
    with cursor() as c:
        c.execute("UPDATE federation_versioncounter SET last = last + 1 RETURNING last")
        [(version,)] = c.fetchall()
    yield version
    with cursor() as c:
        c.execute(statement("versions_stamp"), [version])
    # The stamp is the database's time. If the clocks contradict it, the transaction is rolled back.
    clock.agreed()


def leap() -> None:
    """Raise both counters above every number ever drawn, after the database has gone back to an earlier state.

    Later versions are gone, but readers and caches hold their numbers in ETags. Nobody draws a million versions a
    second, so microseconds since 1970 are above all of them, however old the state and however often it is restored.
    """
    [(version,)] = rows_of("versions_leap")
    registry.raise_version(version)


def check_rounding() -> None:
    """Refuse to go on unless this process rounds as the published view is rounded.

    The first process seals its key and base. A second key would round each cell a second time, and two roundings narrow
    down the exact value.
    """
    fingerprint, base = _mine()
    seal, _ = RoundingSeal.objects.get_or_create(id=1, defaults={"fingerprint": fingerprint, "base": base})
    if (bytes(seal.fingerprint), seal.base) != (fingerprint, base):
        raise RoundingKeyMismatchError


def rounding_agrees() -> bool:
    """Whether this process rounds as the published view is rounded, if there is one yet."""
    seal = RoundingSeal.objects.first()
    return seal is None or (bytes(seal.fingerprint), seal.base) == _mine()


def _mine() -> tuple[bytes, int]:
    return rounding.fingerprint(settings.ROUNDING_KEY), settings.ROUNDING_BASE
