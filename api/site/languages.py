"""The languages of pages, and their alphabets. Only the address decides the language, so any cache may keep a page."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

#: The offer to read a page in another language, in this language.
OFFERS: Final = {
    "nb": "Denne siden på norsk",
    "sv": "Den här sidan på svenska",
    "da": "Denne side på dansk",
    "fi": "Tämä sivu suomeksi",
    "de": "Diese Seite auf Deutsch",
    "nl": "Deze pagina in het Nederlands",
    "fr": "Cette page en français",
    "es": "Esta página en español",
    "it": "Questa pagina in italiano",
    "pl": "Ta strona po polsku",
    "pt": "Esta página em português",
}
#: Letters that come after every other letter. Languages that are not listed ignore accents.
_AFTER_Z: Final = {"nb": "æøå", "da": "æøå", "sv": "åäö", "fi": "åäö"}
#: Letters that come directly after the letter that they are made of.
_AFTER_BASE: Final = {"es": "ñ", "pl": "ąćęłńóśźż"}
#: Letters that are made of other letters, although Unicode does not say so.
_MADE_OF: Final = {"æ": "ae", "ø": "o", "ł": "l", "ß": "ss", "đ": "d"}
#: Sorts after every letter of the plain alphabet.
_AFTER: Final = "~"


@dataclass(frozen=True, slots=True)
class Choice:
    """A language of a page: its name in the language itself, and the address of the page in this language."""

    code: str
    name: str
    address: str
    chosen: bool

    @property
    def offer(self) -> str:
        return OFFERS.get(self.code, "")


class LanguageOfAddress:
    """Middleware: the address chooses the language.

    No cookie, redirect or header does, unlike in Django's own middleware.
    """

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
    # The address is quoted and begins with one slash, because browsers would read a second slash as the start of a host
    # name.
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
