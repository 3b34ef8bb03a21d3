"""The words of the pages: each language has all of them, no others, and the same names in braces."""

import re

import pytest

from api.site import catalogues
from api.site.catalogues import forms

pytestmark = pytest.mark.parametrize("language", catalogues.languages())
#: What is filled in, by Python or by the map's script.
FILLED = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")
WORD = re.compile(r"[^\W\d_]+")


def entries(language):
    return [entry for entry in catalogues.catalogue(language) if entry.id]


def first(text):
    return text if isinstance(text, str) else text[0]


def filled(text):
    return sorted("".join(found) for found in FILLED.findall(text))


def test_every_text_is_translated_and_none_is_left_over(language):
    translated = {first(entry.id) for entry in entries(language) if all(forms(entry)) and not entry.fuzzy}
    assert translated == {first(text) for text in catalogues.texts()}


def test_a_plural_has_every_form_of_the_language(language):
    catalogue = catalogues.catalogue(language)
    for entry in entries(language):
        if entry.pluralizable:
            assert len(forms(entry)) == catalogue.num_plurals, entry.id


def test_translation_fills_in_the_same_and_keeps_its_edges(language):
    for entry in entries(language):
        for text in forms(entry):
            assert filled(text) == filled(first(entry.id)), (entry.id, text)
            assert text == text.strip(), entry.id
            assert first(entry.id).endswith(".") == text.endswith("."), (entry.id, text)


def test_no_sentence_is_left_as_it_is_in_english(language):
    # Single words are often the same: data, download, privacy.
    copies = [text for entry in entries(language) for text in forms(entry) if text == first(entry.id)]
    assert [text for text in copies if len(WORD.findall(FILLED.sub("", text))) > 1] == []
