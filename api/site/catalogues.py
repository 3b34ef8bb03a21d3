"""The texts of the pages in other languages: those in the sources, and those in the catalogues.

Django's ``makemessages`` needs GNU gettext, which is not part of Python. Babel reads and writes the same files.
"""

from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

import p2p_core
from countries import loader
from federation import notifications
from federation.published import terms
from p2p_core.payloads.payload_codes import PAYLOAD_CODES
from p2p_core.rules import rulebook

_HERE: Final = Path(__file__).parent
#: The folders with the texts of pages, of files and of mails. The core has the sentences of findings, and the advice.
_FOLDERS: Final = (_HERE.parent, Path(p2p_core.__file__).parent, Path(notifications.__file__).parent)
#: The texts of the terms that pages and files translate.
_OF_TERMS: Final = [terms.PANEL_ERROR, terms.ROUNDING_ERROR, terms.INCOMPARABLE, terms.INVENTED]
#: The texts of the rules that agencies see, and those of the codes of faults.
_OF_THE_CORE: Final = [
    *(
        text
        for rule in rulebook.RULES.values()
        if rule.about not in rulebook.ABOUT_NO_AGENCY
        for text in (rule.name, rule.advice)
    ),
    *(text for code in PAYLOAD_CODES.values() for text in (code.title, code.advice)),
]
_LINE: Final = 120
#: Names that mark texts in Django and in the core, beside the usual functions.
_KEYWORDS: Final = DEFAULT_KEYWORDS | {
    "Advice": None,
    "gettext_lazy": None,
    "gettext_noop": None,
}

Text = str | tuple[str, ...]


def languages() -> list[str]:
    """Those that have a catalogue: all but the language of the sources."""
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def texts() -> list[Text]:
    """Each text of the code, the templates, the core and the reference data once; one with a plural is a pair."""
    found: list[Text] = []
    files = (file for folder in _FOLDERS for file in folder.rglob("*"))
    for file in sorted(file for file in files if file.suffix in {".py", ".html"}):
        code = file.read_text()
        if file.suffix == ".html":
            code = templatize(code, origin=str(file))
        found += [text for _, text, _, _ in extract("python", BytesIO(code.encode()), _KEYWORDS)]
    return list(dict.fromkeys([*found, *_OF_TERMS, *_OF_THE_CORE, *loader.texts()]))


def catalogue(language: str) -> Catalog:
    with _file(language).open("rb") as file:
        return read_po(file, locale=language)


def bring_up_to_date(language: str) -> tuple[int, int]:
    """Add new texts to a catalogue and remove old ones; return how many of each."""
    found = catalogue(language)
    before = {entry.id for entry in found if entry.id}
    template = Catalog(creation_date=found.creation_date)
    for message in texts():
        template.add(message)
    found.update(template, no_fuzzy_matching=True)
    found.header_comment = "# The words of the pages, brought up to date by: make messages"
    with _file(language).open("wb") as file:
        write_po(file, found, width=_LINE, no_location=True, ignore_obsolete=True)
    after = {entry.id for entry in found if entry.id}
    return len(after - before), len(before - after)


def forms(entry: Message) -> tuple[str, ...]:
    """The translations of a text: one, or one for each form of the plural; a missing one is empty."""
    return entry.string if isinstance(entry.string, tuple) else (str(entry.string),)


def _file(language: str) -> Path:
    return _HERE / "locale" / language / "LC_MESSAGES" / "django.po"
