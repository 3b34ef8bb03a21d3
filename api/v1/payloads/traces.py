"""Recognises what could lead to a person or a file: IP and MAC addresses, hashes, e-mail addresses.

It is asked only about texts that are not a known code already, so it may be generous.
"""

import re
from ipaddress import ip_address
from typing import Final

#: Longer texts are refused anyway; looking at their beginning keeps the time bounded.
LOOKED_AT: Final = 4096

_PATTERNS: Final = [
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        r"[^\s@]@[^\s@]",  # e-mail, or a user at a host
        r"(?<![\d.])\d{1,3}([.]\d{1,3}){3}(?![\d.])",  # IPv4, also with a port
        r"(?<![0-9a-f])[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}(?![0-9a-f])",  # MAC
        r"(?<![0-9a-f])[0-9a-f]{4}[.][0-9a-f]{4}[.][0-9a-f]{4}(?![0-9a-f])",  # MAC, with dots
        r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}",  # ids of clients and users
    )
]
_HASHES: Final = [
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        r"[0-9a-f]{16,}",  # MD4, MD5, SHA in hexadecimal
        r"[a-z2-7]{26,}",  # SHA-1 and Tiger in base 32
        r"[\w+/~-]{40,}",  # keys in base 64
    )
]
_ADDRESS_CHARACTERS: Final = re.compile(r"[0-9a-f:.]+", re.IGNORECASE)


def looks_like_trace(sent: object) -> bool:
    """Say whether a text, or any name or text in a JSON value, looks like an address, a hash or an e-mail."""
    waiting = [sent]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str) and _is_trace(item[:LOOKED_AT]):
            return True
    return False


def _is_trace(text: str) -> bool:
    return (
        any(pattern.search(text) for pattern in _PATTERNS)
        # A long word is no hash; a hash without any digit hardly exists.
        or any(re.search(r"\d", run) for pattern in _HASHES for run in pattern.findall(text))
        or any(map(_is_ipv6, _ADDRESS_CHARACTERS.findall(text)))
    )


def _is_ipv6(text: str) -> bool:
    if text.count(":") < 2:
        return False
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
