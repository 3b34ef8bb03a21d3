"""Every page in every language: each text is marked for translation, and none stays English."""

import html
import re

import pytest
from babel import Locale
from django.conf import settings
from django.utils import translation

from api import caching
from api.site import catalogues
from api.site.languages import OFFERS
from tests.contract.site.test_frame import EMBEDDED, PAGES

ADDRESSES = [*PAGES, *EMBEDDED, "/?indicator=HELP_VISITS&window=P1D", "/?window=day&day=2020-01-01", "/nowhere/"]
ENGLISH = Locale("en", "GB")
#: What stands on the pages without being a text of theirs: names and indicators that there are, and written times.
NAMES = set(
    re.findall(
        r"\w+",
        f"{[*ENGLISH.territories.values()]} {[*ENGLISH.languages.values()]} {[*dict(settings.LANGUAGES).values()]}"
        f" {[*ENGLISH.months['format']['wide'].values()]} {[*ENGLISH.months['format']['abbreviated'].values()]}"
        " Police2Peer Federation UTC Kripos Ruritania Help in nb de en API PNG SVG CSV JSON curl Python R pandas SDMX"
        " Turtle LD RDF XML CC BY"
        f" {[*OFFERS.values()]}"
        " Downloads of police files Completed downloads A download is not a person and not an offence",
    )
)


def words(page):
    """Return the words of a page that a reader meets or is told by a screen reader; code and addresses are no text."""
    for unread in ("head", "script", "code", "defs"):
        page = re.sub(rf"<{unread}\b.*?</{unread}>", " ", page, flags=re.DOTALL)
    told = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', page)
    return re.sub(r"https?://\S+", " ", html.unescape(" ".join([re.sub(r"<[^>]+>", " ", page), *told])))


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_text_is_marked_for_translation(published, services, visit, monkeypatch, address):
    translate = {
        "gettext": lambda text: f"⟦{text}⟧",
        "ngettext": lambda one, many, number: f"⟦{one if number == 1 else many}⟧",
    }
    for name, function in translate.items():
        monkeypatch.setattr(translation._trans, name, function)
    caching.response_cache.clear()
    left = words(visit(address).content.decode())
    # From the inside out, as what is filled into a text is often one itself.
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", left)) != left:
        left = shorter
    assert set(re.findall(r"\w*[^\W\d_]{2,}\w*", left)) <= NAMES
    caching.response_cache.clear()


@pytest.mark.parametrize(
    "language",
    [pytest.param(one, marks=[pytest.mark.verify] * (one not in ("de", "pl"))) for one in catalogues.languages()],
)
def test_no_sentence_stays_english(published, services, visit, language):
    sentences = [
        text
        for text in catalogues.texts()
        if isinstance(text, str) and " " in text and "{" not in text and "%" not in text
    ]
    for address in ADDRESSES:
        page = " ".join(words(visit(f"/{language}{address}").content.decode()).split())
        assert [text for text in sentences if text in page] == [], address
