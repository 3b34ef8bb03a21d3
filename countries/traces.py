"""Recognises what could lead to a person or a file: IP and MAC addresses, hashes, e-mail addresses.

Pure Python. It is asked only about texts that are not a known code already, so it may be generous.
"""

import re
import unicodedata
from typing import Final

#: Longer texts are refused anyway; looking at their beginning keeps the time bounded.
LOOKED_AT: Final = 4096

_ADDRESSES: Final = [
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        r"[^\s@]@[^\s@]",  # e-mail, or a user at a host
        r"(?<!\d)\d{1,3}([.]\d{1,3}){3}(?!\d)",  # IPv4, also with a port or at the end of a sentence
        r"[0-9a-f]::|::[0-9a-f]",  # IPv6, shortened
        r"([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}",  # IPv6 in full
        r"(?<![0-9a-f])[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}(?![0-9a-f])",  # MAC
        r"(?<![0-9a-f])[0-9a-f]{4}[.][0-9a-f]{4}[.][0-9a-f]{4}(?![0-9a-f])",  # MAC, with dots
    )
]
#: Of clients and users.
_ID: Final = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_HASHES: Final = [
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        r"[0-9a-f]{16,}",  # MD4, MD5, SHA in hexadecimal
        r"[a-z2-7]{26,}",  # SHA-1 and Tiger in base 32
        r"[\w+/~-]{40,}",  # keys in base 64
    )
]


def is_trace(text: str) -> bool:
    """Say whether the beginning of a text looks like an address, a hash or an e-mail."""
    seen = _plain(text[:LOOKED_AT])
    return (
        is_address(seen)
        or bool(_ID.search(seen))
        # A long word is no hash; a hash without any digit hardly exists.
        or any(re.search(r"\d", run) for pattern in _HASHES for run in pattern.findall(seen))
    )


def is_address(text: str) -> bool:
    """Say the same of addresses and e-mails only, where something random, such as a UUID, is what should stand."""
    seen = _plain(text[:LOOKED_AT])
    return any(pattern.search(seen) for pattern in _ADDRESSES)


def _plain(text: str) -> str:
    """Return a text in plain digits and letters: wide ones, those of other scripts and unseen marks hide nothing."""
    if text.isascii():
        return text
    seen = (one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    return "".join(str(unicodedata.decimal(one, one)) for one in seen)
