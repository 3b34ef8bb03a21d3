"""Numbers, times and names as the page's language writes them, by CLDR."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Final

from babel import Locale, dates, numbers
from django import template
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy

from api.site import readings
from p2p_core.codes import NETWORK_NAMES

register = template.Library()

#: If a language is written in several ways: the way of its European country.
_LOCALES = {"en": "en_GB", "pt": "pt_PT"}


@lru_cache(maxsize=32)
def _locale_of(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, language))


def _locale() -> Locale:
    return _locale_of(translation.get_language() or "en")


@register.filter
def number(value: float) -> str:
    """Write a whole number, grouped."""
    return numbers.format_decimal(value, locale=_locale())


@register.filter
def rate(value: float) -> str:
    """Write a rate, with two decimals."""
    return numbers.format_decimal(value, format="#,##0.00", locale=_locale())


@register.filter
def percent(share: float) -> str:
    """Write a share; only the whole is 100 %."""
    return numbers.format_percent(min(share, 0.99) if share < 1 else 1, locale=_locale())


def exact_percent(share: float) -> str:
    """Write a share with the decimals that it has."""
    return numbers.format_percent(share, locale=_locale(), decimal_quantization=False)


def weekday(moment: datetime) -> str:
    """Write the name of the day of the week, as it stands alone."""
    return dates.format_date(moment, "cccc", locale=_locale())


@register.filter
def day(moment: datetime) -> str:
    """Write a day in full."""
    return dates.format_date(moment, "long", locale=_locale())


@register.filter
def short_day(moment: datetime) -> str:
    """Write a day and its month."""
    return dates.format_skeleton("dMMM", moment, locale=_locale())


@register.filter
def moment(moment: datetime) -> str:
    """Write a day and a time of it, in UTC."""
    return f"{day(moment)}, {dates.format_time(moment, 'HH:mm', locale=_locale())} UTC"


@register.filter
def day_or_moment(start: datetime) -> str:
    """Write a day, and the time of it if that is not its beginning."""
    return moment(start) if start.hour or start.minute else day(start)


@register.filter
def clock(moment: datetime) -> str:
    """Write a time of the day."""
    return dates.format_time(moment, "HH:mm", locale=_locale())


@register.filter
def period(start: datetime, frequency: str) -> str:
    """Write the name of a period."""
    if frequency in ("N", "H"):
        return moment(start)
    if frequency == "A":
        return str(start.year)
    if frequency == "M":
        return dates.format_skeleton("yMMMM", start, locale=_locale())
    if frequency == "W":
        year, week, _ = start.isocalendar()
        return gettext("Week %(week)d, %(year)d") % {"week": week, "year": year}
    return day(start)


@register.filter
def tick(start: datetime, frequency: str) -> str:
    """Write the name of a period without its year, as short as it can be."""
    if frequency == "M":
        return dates.format_skeleton("MMM", start, locale=_locale())
    if frequency == "W":
        return gettext("Week %(week)d") % {"week": start.isocalendar().week}
    return short_day(start)


@register.filter
def amount(value: float) -> str:
    """Write a number of an axis, with as many decimals as it has."""
    return numbers.format_decimal(value, format="#,##0.##", locale=_locale())


@register.filter
def on_scale(value: float, what: str) -> str:
    """Write a count, a rate or an index."""
    if what == "head":
        return rate(value)
    return numbers.format_decimal(value, format="#,##0.0", locale=_locale()) if what == "index" else number(value)


@register.filter
def language_name(code: str) -> str:
    """Write the name of a language."""
    return Locale.parse(code, sep="-").get_display_name(_locale()) or code


@register.filter
def country_name(code: str) -> str:
    """Write the name of a country."""
    return readings.name_of(code)


#: The words for each sliding window: alone, and in a sentence.
WINDOWS: Final = {
    "P1D": (gettext_lazy("Last 24 hours"), gettext_lazy("in the last 24 hours")),
    "P7D": (gettext_lazy("Last 7 days"), gettext_lazy("in the last 7 days")),
    "P30D": (gettext_lazy("Last 30 days"), gettext_lazy("in the last 30 days")),
    "P365D": (gettext_lazy("Last 365 days"), gettext_lazy("in the last 365 days")),
}
#: The words of codes, in the language of the page.
_WORDS = {length: alone for length, (alone, _) in WINDOWS.items()} | {
    "N": gettext_lazy("By minute"),
    "H": gettext_lazy("By hour"),
    "D": gettext_lazy("By day"),
    "W": gettext_lazy("By week"),
    "M": gettext_lazy("By month"),
    "reported": gettext_lazy("reported"),
    "partial": gettext_lazy("reported in part"),
    "late": gettext_lazy("late"),
    "awaited": gettext_lazy("still has time"),
    "held": gettext_lazy("held for checking"),
    "withdrawn": gettext_lazy("withdrawn"),
    "count": gettext_lazy("Count"),
    "head": gettext_lazy("Per 100,000 inhabitants"),
    "index": gettext_lazy("Indexed"),
    "current": gettext_lazy("used"),
    "unchanged": gettext_lazy("the same as before"),
    "superseded": gettext_lazy("replaced by a newer report"),
    "rejected": gettext_lazy("rejected"),
    "open": gettext_lazy("waits for an answer"),
    "answered": gettext_lazy("answered"),
    "resolved": gettext_lazy("closed"),
    "confirmed": gettext_lazy("The numbers are right."),
    "will_resubmit": gettext_lazy("Right numbers will follow."),
    "cannot_fix": gettext_lazy("The numbers are wrong, and there are no others."),
    "error": gettext_lazy("error"),
    "warning": gettext_lazy("warning"),
    "campaign": gettext_lazy("campaign"),
    "change": gettext_lazy("change of software or method"),
    "outage": gettext_lazy("outage"),
    "other": gettext_lazy("note"),
    "break": gettext_lazy("break"),
    "shares": gettext_lazy("each download by the share of the file that the agency sent"),
    "sent": gettext_lazy("each file that the agency sent whole"),
    "seen": gettext_lazy("each peer that the agency saw complete, whoever sent the file"),
    "own": gettext_lazy("in a way of its own"),
    "OTHER": gettext_lazy("Another network"),
    "_U": gettext_lazy("Not known"),
}


@register.filter
def word(code: str, name: str = "") -> str:
    """Write the word for a code, or the name given if it is one that was added later."""
    return str(_WORDS.get(code, name or code))


@register.filter
def network_names(listed: Iterable[str]) -> str:
    """Write the names of networks, with commas between."""
    return ", ".join(word(code, NETWORK_NAMES.get(code, "")) for code in listed)


#: What pages say about a period beside its number, in the order of a legend.
COVERAGE: Final = {
    "whole": gettext_lazy("all agencies reported"),
    "part": gettext_lazy("some are missing: the number is too low"),
    "none": gettext_lazy("not known: nobody reported, not public yet, or withheld"),
    "provisional": gettext_lazy("provisional"),
}


@register.simple_tag
def coverage_legend() -> list[tuple[str, str]]:
    return [(kind, str(words)) for kind, words in COVERAGE.items()]


@register.filter
def withheld(step: str) -> str:
    """Write why there is no number, and the finest frequency that there is."""
    return gettext("%(step)s. Shorter periods are withheld because the numbers are small.") % {"step": word(step)}


@register.simple_tag
def incomparable() -> str:
    """Write what a break means."""
    return gettext("A break: numbers before and after it are not comparable.")


@register.simple_tag
def index_note() -> str:
    """Write what an index is made of."""
    return gettext(
        "100 is each country's own average over those periods shown that all agencies reported and that are final."
    )
