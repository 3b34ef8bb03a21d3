"""Characters that PostgreSQL can store and XML 1.0 cannot write, not even escaped."""

import re
from typing import Final

_UNWRITABLE: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def writable(text: str) -> str:
    """The text with U+FFFD instead of each such character, so that every format can contain it."""
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
