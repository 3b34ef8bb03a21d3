"""Random rounding with cell keys a second time: one cell at a time, in whole numbers and fractions.

SipHash-2-4 as the paper writes it (Aumasson and Bernstein, 2012), for messages of any length.
"""

import struct
from fractions import Fraction

_MASK = 2**64 - 1
_FREQUENCY_NUMBER = {"N": 1, "H": 2, "D": 3, "M": 4}


def siphash(secret: bytes, message: bytes) -> int:
    k0, k1 = struct.unpack("<QQ", secret)
    v: list[int] = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    padded = message + bytes(-(len(message) + 1) % 8) + bytes([len(message) % 256])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        _sip_round(v)
        _sip_round(v)
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(4):
        _sip_round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _sip_round(v: list[int]) -> None:
    v[0] = (v[0] + v[1]) & _MASK
    v[2] = (v[2] + v[3]) & _MASK
    v[1] = _rotated(v[1], 13) ^ v[0]
    v[3] = _rotated(v[3], 16) ^ v[2]
    v[0] = _rotated(v[0], 32)
    v[2] = (v[2] + v[1]) & _MASK
    v[0] = (v[0] + v[3]) & _MASK
    v[1] = _rotated(v[1], 17) ^ v[2]
    v[3] = _rotated(v[3], 21) ^ v[0]
    v[2] = _rotated(v[2], 32)


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _MASK


def record_key(
    secret: bytes, *, indicator: int, agency: int, frequency: str, minute: int, country: int, network: int
) -> int:
    """All parts at once in one message: agency and minute, then the rest, little-endian."""
    message = struct.pack("<IIHHHH", agency, minute, _FREQUENCY_NUMBER[frequency], network, country, indicator)
    return siphash(secret, message)


def rounded(value: int, key: int, base: int) -> int:
    """Up with the chance of the remainder; the chance is drawn with the upper 53 bits of the key."""
    rest = value % base
    up = Fraction(key >> 11, 2**53) < Fraction(rest, base)
    return value - rest + base * up
