"""Recognises what could lead to a person or a file: IP and MAC addresses, hashes, e-mail addresses.

It checks only texts that are not a known code, so it may find too much rather than too little.
Texts that people write at the desk must not contain control characters either: XML forbids them.
"""

import re
import unicodedata
from typing import Final

#: Characters. Longer texts are refused; only their beginning is searched, so that the time is bounded.
LOOKED_AT: Final = 4096

#: What XML 1.0 does not allow, and the control characters that it does allow, except tabs and ends of lines.
_CONTROL: Final = re.compile(r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

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
#: Ids of clients and of users.
_ID: Final = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_HASHES: Final = [
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        r"[0-9a-f]{16,}",  # MD4, MD5, SHA in hexadecimal
        r"[a-z2-7]{26,}",  # SHA-1 and Tiger in base 32
    )
]
_KEYS: Final = re.compile(r"[\w+/~-]{40,}", re.ASCII)  # in base 64


def refusal(text: str, *, is_link: bool = False) -> str:
    """Why a text that a person wrote is refused, and what to do. Empty if it is accepted."""
    control = control_character(text)
    if control:
        return f"Remove the control character U+{ord(control):04X}."
    if len(text) > LOOKED_AT:
        return f"Use at most {LOOKED_AT} characters, not {len(text)}."
    if is_trace(text, is_link=is_link):
        return "This looks like an address, a hash or an e-mail. Leave it out: it could not be taken back later."
    return ""


def control_character(text: str) -> str:
    """The first control character that XML forbids. Empty if there is none."""
    found = _CONTROL.search(text)
    return found[0] if found else ""


def is_trace(text: str, *, is_link: bool = False) -> bool:
    """Whether the beginning of a text looks like an address, a hash or an e-mail.

    In a link to a page, words and numbers joined by hyphens are no key.
    """
    seen = _plain(text[:LOOKED_AT])
    patterns = _HASHES if is_link else [*_HASHES, _KEYS]
    return (
        is_address(seen)
        or bool(_ID.search(seen))
        # A long word is no hash; a hash without any digit hardly exists.
        or any(re.search(r"\d", run) for pattern in patterns for run in pattern.findall(seen))
    )


def is_address(text: str) -> bool:
    """The same for addresses and e-mails only, for fields in which a random text such as a UUID is valid."""
    seen = _plain(text[:LOOKED_AT])
    return any(pattern.search(seen) for pattern in _ADDRESSES)


def _plain(text: str) -> str:
    """A text with plain digits and letters instead of wide and foreign ones, and without invisible marks."""
    if text.isascii():
        return text
    seen = (one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    return "".join(str(unicodedata.decimal(one, one)) for one in seen)


def looks_like_trace(sent: object) -> bool:
    """Whether a text, or any name or text in a JSON value, looks like an address, a hash or an e-mail."""
    waiting = [sent]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str) and is_trace(item):
            return True
    return False
