"""Languages: the address alone says which one a page is in, so that any cache may keep it; and their alphabets."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

#: What comes after every other letter. The other languages ignore accents.
_AFTER_Z: Final = {"nb": "æøå", "da": "æøå", "sv": "åäö", "fi": "åäö"}
#: What comes after the letter that it is made of.
_AFTER_BASE: Final = {"es": "ñ", "pl": "ąćęłńóśźż"}
#: Letters that are made of others, though Unicode does not say so.
_MADE_OF: Final = {"æ": "ae", "ø": "o", "ł": "l", "ß": "ss", "đ": "d"}
#: Sorts after every letter of the plain alphabet.
_AFTER: Final = "~"


@dataclass(frozen=True, slots=True)
class Choice:
    """A language that a page can be read in, named in itself, and the page's address in it."""

    code: str
    name: str
    address: str
    chosen: bool


class LanguageOfAddress:
    """Middleware: no cookie, no redirect, and no header of the browser chooses, unlike in Django's own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        with translation.override(language):
            return self._get_response(request)


def choices(request: HttpRequest) -> list[Choice]:
    """All languages, with the addresses that show the same view in them."""
    here = translation.get_language()
    bare = request.path if here == settings.LANGUAGE_CODE else request.path.removeprefix(f"/{here}")
    query = request.META.get("QUERY_STRING", "")
    # Quoted, and with one slash before: what browsers take for the name of a host must not come first.
    local = f"/{quote(bare.lstrip('/'))}"
    rest = f"{local}?{query}" if query else local
    return [
        Choice(code, name, rest if code == settings.LANGUAGE_CODE else f"/{code}{rest}", code == here)
        for code, name in settings.LANGUAGES
    ]


def sort_key(name: str) -> str:
    """The key that sorts a name in the alphabet of the page's language."""
    language = translation.get_language() or "en"
    last, later = _AFTER_Z.get(language, ""), _AFTER_BASE.get(language, "")
    found = []
    for letter in unicodedata.normalize("NFC", name.casefold()):
        plain = _MADE_OF.get(letter) or unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        if letter in last:
            plain = f"{_AFTER}{last.index(letter)}"
        elif letter in later:
            plain += _AFTER
        found.append(plain)
    return "".join(found)
