"""The order of names in the alphabet of the page's language."""

import unicodedata
from typing import Final

from django.utils import translation

# What comes after every other letter. The languages that are not here pass over accents.
_AFTER_Z: Final = {"nb": "æøå", "da": "æøå", "sv": "åäö", "fi": "åäö"}
# What comes after the letter that it is made of.
_AFTER_THEIRS: Final = {"es": "ñ", "pl": "ąćęłńóśźż"}
# Letters that are made of others, though Unicode does not say so.
_MADE_OF: Final = {"æ": "ae", "ø": "o", "ł": "l", "ß": "ss", "đ": "d"}
#: Sorts after every letter of the plain alphabet.
_AFTER: Final = "~"


def place_of(name: str) -> str:
    """Return what a name is sorted by."""
    language = translation.get_language() or "en"
    last, later = _AFTER_Z.get(language, ""), _AFTER_THEIRS.get(language, "")
    return "".join(_place_of(letter, last, later) for letter in unicodedata.normalize("NFC", name.casefold()))


def _place_of(letter: str, last: str, later: str) -> str:
    if letter in last:
        return f"{_AFTER}{last.index(letter)}"
    plain = _MADE_OF.get(letter) or unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return f"{plain}{_AFTER}" if letter in later else plain
