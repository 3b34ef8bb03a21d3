"""The language of names in an answer: as the parameter ``language`` or Accept-Language asks for it."""

import re
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from api.problems import Problem
from api.v1 import forms
from api.v1.query_params import Given

_ENGLISH: Final = "en"
_LANGUAGE: Final = re.compile(forms.LANGUAGE)


def named(given: Given, accepted: str) -> str:
    """The language that the parameter names, or else the accepted one."""
    language = known(given["language"]) if "language" in given else accepted
    if language is None:
        raise Problem("unknown_language", parameter="language")
    return language


# Clients choose the header, so the number of remembered headers is limited.
@lru_cache(maxsize=256)
def accepted(header: str) -> str:
    """The first language of ``Accept-Language`` that CLDR knows, or English."""
    wanted = (known(tag) for tag, _ in parse_accept_lang_header(header.lower()))
    return next((language for language in wanted if language), _ENGLISH)


@lru_cache(maxsize=256)
def known(tag: str) -> str | None:
    """The tag as CLDR writes it; nothing if CLDR does not know the language."""
    if not _LANGUAGE.fullmatch(tag):
        return None
    try:
        return str(Locale.parse(tag.replace("_", "-"), sep="-")).replace("_", "-")
    except (ValueError, TypeError, UnknownLocaleError):
        return None


def of_texts(language: str) -> str:
    """The language of the pages that is nearest to a language of CLDR: our own texts are in these languages only."""
    try:
        return get_supported_language_variant(language.lower())
    except LookupError:
        return str(settings.LANGUAGE_CODE)
