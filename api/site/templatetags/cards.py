"""The card of a page: its title, a sentence and a picture, which other sites show beside a link to the page."""

from babel.core import get_global
from django import template
from django.utils.safestring import SafeString, mark_safe

from api.site.templatetags.cldr import LOCALES

register = template.Library()


@register.simple_block_tag
def kept(content: str) -> SafeString:
    """Keep a part of a page (`{% kept as page_title %}`), so that it can be written a second time, in an attribute."""
    # Values in the part are escaped already. Quotation marks in its own words are not.
    return mark_safe(content.strip().replace('"', "&quot;"))  # noqa: S308


@register.filter
def with_country(language: str) -> str:
    """Write a language with the country where it is mostly spoken, as Open Graph wants it: nb_NO."""
    full = LOCALES.get(language) or get_global("likely_subtags")[language]
    return f"{language}_{full.rpartition('_')[2]}"
