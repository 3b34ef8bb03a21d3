"""The words of the pages in other languages: which there are in the sources, and which in the catalogues.

Django's ``makemessages`` needs the programs of GNU gettext, which a machine with Python alone has not. Babel reads and
writes the same files.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from countries import loader

_HERE: Final = Path(__file__).parent
_LINE: Final = 120
#: What Django marks texts with, beside what everybody does.
_KEYWORDS: Final = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
}

Text = str | tuple[str, ...]


def languages() -> list[str]:
    """Return the languages that have a catalogue: all but that of the sources."""
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def texts() -> list[Text]:
    """Return each text of the pages once, those with a plural as a pair: out of code, templates and reference data."""
    sources = sorted(file for file in _HERE.rglob("*") if file.suffix in {".py", ".html"})
    found = [message for file in sources for message in _extracted(file)]
    return list(dict.fromkeys([*found, *loader.texts()]))


def _extracted(file: Path) -> Iterator[Text]:
    code = file.read_text()
    if file.suffix == ".html":
        code = templatize(code, origin=str(file))
    for _, text, _, _ in extract("python", BytesIO(code.encode()), _KEYWORDS):
        yield text


def catalogue(language: str) -> Catalog:
    """Read the catalogue of a language."""
    with _file(language).open("rb") as file:
        return read_po(file, locale=language)


def bring_up_to_date(language: str) -> tuple[int, int]:
    """Give a language the texts that are new, take what is gone from it, and return how many were."""
    found = catalogue(language)
    before = {entry.id for entry in found if entry.id}
    template = Catalog(creation_date=found.creation_date)
    for message in texts():
        template.add(message)
    found.update(template, no_fuzzy_matching=True)
    found.header_comment = "# The words of the public pages, brought up to date by: make messages"
    with _file(language).open("wb") as file:
        write_po(file, found, width=_LINE, no_location=True, ignore_obsolete=True)
    after = {entry.id for entry in found if entry.id}
    return len(after - before), len(before - after)


def forms(entry: Message) -> tuple[str, ...]:
    """Return the translations of a text: one, or one for each form of the plural; what is missing is empty."""
    return entry.string if isinstance(entry.string, tuple) else (str(entry.string),)


def _file(language: str) -> Path:
    return _HERE / "locale" / language / "LC_MESSAGES" / "django.po"
