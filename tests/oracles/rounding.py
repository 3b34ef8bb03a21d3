"""Random rounding a second time: one cell at a time, in whole numbers and fractions."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from hashlib import blake2b

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def number_of(
    secret: bytes, *, agency: int, indicator: int, country: int, network: int, period: datetime, frequency: str
) -> Fraction:
    """The number of a cell, from 0 up to 1; the agency is 0 for the first sum."""
    minutes = (period - EPOCH) // timedelta(minutes=1)
    message = b"".join(part.to_bytes(2, "little") for part in (agency, indicator, country, network))
    message += minutes.to_bytes(4, "little") + frequency.encode()
    digest = blake2b(message, digest_size=8, key=secret, person=b"p2p-cell").digest()
    return Fraction(int.from_bytes(digest, "little") // 2**11, 2**53)


def rounded(value: int, number: Fraction, base: int) -> int:
    """To a multiple of the base: away from zero with the chance of the remainder; the sign stays."""
    if value < 0:
        return -rounded(-value, number, base)
    rest = value % base
    return value - rest + (base if number < Fraction(rest, base) else 0)
