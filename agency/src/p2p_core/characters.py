"""Characters that PostgreSQL stores and that XML 1.0 has no way to write, not even escaped."""

import re
from typing import Final

_UNWRITABLE: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def writable(text: str) -> str:
    """A text with U+FFFD in place of each of them, so that every form can hold it."""
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
