"""Numbers, times and names as the page's language writes them, by CLDR."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Final

from babel import Locale, dates, numbers, units
from django import template
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy, ngettext

from api.site import readings
from federation.published import terms
from p2p_core.codes import NETWORK_NAMES

register = template.Library()

_MEGABYTE: Final = 1_000_000

#: If a language is written in several ways: the way of its European country.
LOCALES = {"en": "en_GB", "pt": "pt_PT"}
#: A reader remembers no more digits of a rate.
_RATE_DIGITS: Final = 3
_SHORT: Final = Context(prec=_RATE_DIGITS, rounding=ROUND_HALF_UP)


@lru_cache(maxsize=32)
def _locale_of(language: str) -> Locale:
    return Locale.parse(LOCALES.get(language, language))


def _locale() -> Locale:
    return _locale_of(translation.get_language() or "en")


@register.filter
def number(value: float) -> str:
    """Write a whole number, grouped."""
    return numbers.format_decimal(value, locale=_locale())


@register.filter
def signed(value: int) -> str:
    """Write a difference, with its sign. A minus is as wide as a plus, which CLDR's hyphen of many languages is not."""
    written = numbers.format_decimal(abs(value), locale=_locale())
    return ("\N{MINUS SIGN}" if value < 0 else "+") + written


@register.filter
def bytes(size: int) -> str:  # noqa: A001  the name in templates
    """Write the size of a file."""
    unit, amount = ("megabyte", size / _MEGABYTE) if size >= _MEGABYTE else ("kilobyte", size / 1000)
    written = units.format_unit(amount, f"digital-{unit}", "short", "#,##0.#", locale=_locale())
    return written.replace(" ", "\N{NO-BREAK SPACE}")


def rate_decimals(own: int, rates: Iterable[float | None]) -> int:
    """With how many decimals all rates of a column are written, if each has ``own`` decimals.

    The smallest one except 0 is written with at most three digits after leading zeros.
    """
    smallest = min(filter(None, rates), default=0)
    return max(0, min(own, _RATE_DIGITS - 1 - _SHORT.create_decimal(str(smallest)).adjusted())) if smallest else 0


@register.filter
def rate(value: float, own: int) -> str:
    """Write a rate that stands alone and has ``own`` decimals. ``words.js`` writes the same."""
    return _with_decimals(value, rate_decimals(own, [value]))


def _with_decimals(value: float, decimals: int) -> str:
    shown = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return numbers.format_decimal(shown, format=f"#,##0.{'0' * decimals}", locale=_locale())


@register.simple_tag
def rate_parts(value: float, own: int) -> tuple[str, str]:
    """Write a rate as its whole part and its decimals, so that a table can set the decimals below each other."""
    written = rate(value, own)
    whole, mark, decimals = written.partition(numbers.get_decimal_symbol(_locale()))
    return whole, mark + decimals


@register.filter
def percent(share: float) -> str:
    """Write a share; only the whole is 100 %."""
    return numbers.format_percent(min(share, 0.99) if share < 1 else 1, locale=_locale())


def exact_percent(share: float) -> str:
    """Write a share with the decimals that it has."""
    return numbers.format_percent(share, locale=_locale(), decimal_quantization=False)


def _change_digits(share: float) -> int:
    """With how many decimals a relative change is written: in whole per cent, unless it is below one per cent."""
    return next((digits for digits in (2, 3) if share >= 10**-digits), 4)


@register.filter
def ratio(logarithm: float) -> str:
    """Write how far a ratio is from 1, without its direction. The ratio is given as its logarithm."""
    share = abs(math.expm1(logarithm))
    return exact_percent(round(share, _change_digits(share)))


@register.filter
def signed_ratio(logarithm: float) -> str:
    """Write how far a ratio is from 1 in whole per cent, with a sign. The ratio is given as its logarithm."""
    share = round(math.expm1(logarithm), 2)
    sign = "\N{MINUS SIGN}" if share < 0 else "+" if share else ""
    return sign + exact_percent(abs(share))


@register.filter
def times(value: float) -> str:
    """Write how many times as large something is."""
    return numbers.format_decimal(value, format="#,##0.0", locale=_locale())


def weekday(moment: datetime) -> str:
    """Write the name of the day of the week, as it stands alone."""
    return dates.format_date(moment, "cccc", locale=_locale())


@register.filter
def day(moment: date) -> str:
    """Write a day in full. ``words.js`` writes the same."""
    return _with_ordinal(moment, dates.format_date(moment, "long", locale=_locale()))


@register.filter
def short_day(moment: date) -> str:
    """Write a day and its month."""
    return _with_ordinal(moment, dates.format_skeleton("dMMM", moment, locale=_locale()))


def _with_ordinal(moment: date, written: str) -> str:
    """French writes the first day of a month as an ordinal, which CLDR does not."""
    return f"1er{written.removeprefix('1')}" if moment.day == 1 and _locale().language == "fr" else written


@register.filter
def moment(moment: datetime) -> str:
    """Write a day and a time of it, in UTC."""
    return f"{day(moment)}, {clock_in_utc(moment)}"


def duration(minutes: int) -> str:
    """Write a length of time in days, hours and minutes, without those that are 0."""
    days, rest = divmod(minutes, 24 * 60)
    parts = {"day": days, "hour": rest // 60, "minute": rest % 60}
    named = {name: amount for name, amount in parts.items() if amount} or {"minute": 0}
    return ", ".join(units.format_unit(amount, f"duration-{name}", locale=_locale()) for name, amount in named.items())


def clock_in_utc(moment: datetime) -> str:
    return f"{clock(moment)}\N{NO-BREAK SPACE}UTC"


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


@register.simple_tag
def interval(first: str, last: str) -> str:
    """Write the range of two periods, which may be one. It has no words, which would need cases and articles.

    The dash is the same in all languages: CLDR's form for any two texts has a bare hyphen in Danish.
    """
    return first if first == last else f"{first}\N{THIN SPACE}–\N{THIN SPACE}{last}"


@register.filter
def tick(start: datetime, frequency: str) -> str:
    """Write the name of a period without its year, as short as it can be. A year is written whole."""
    if frequency == "A":
        return str(start.year)
    if frequency == "M":
        return dates.format_skeleton("MMM", start, locale=_locale())
    if frequency == "W":
        return gettext("Week %(week)d") % {"week": start.isocalendar().week}
    return short_day(start)


@register.filter
def amount(value: float) -> str:
    """Write a number of an axis, with as many decimals as it has."""
    return numbers.format_decimal(value, format="#,##0.##", locale=_locale())


@register.simple_tag
def on_scale(value: float, what: str, decimals: int) -> str:
    """Write a count, a rate with the decimals of its column, or an index."""
    if what == "head":
        return _with_decimals(value, decimals)
    return numbers.format_decimal(value, format="#,##0.0", locale=_locale()) if what == "index" else number(value)


@register.filter
def language_name(code: str) -> str:
    """Write the name of a language."""
    return Locale.parse(code, sep="-").get_display_name(_locale()) or code


@register.filter
def country_name(code: str) -> str:
    """Write the name of a country."""
    return readings.name_of(code)


@register.filter
def country_names(listed: Iterable[str]) -> str:
    """Write the names of countries, with commas between."""
    return ", ".join(map(readings.name_of, listed))


@register.filter
def slug(code: str) -> str:
    """Write the name of a country or group as it stands in addresses."""
    return readings.slug(code)


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
    "A": gettext_lazy("By year"),
    "30d": gettext_lazy("30 days"),
    "year": gettext_lazy("One year"),
    "all": gettext_lazy("All"),
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
    "intervention": gettext_lazy("a registered intervention"),
    "late_intervention": gettext_lazy("an intervention that was registered late"),
    "break": gettext_lazy("break"),
    "contains_break": gettext_lazy("contains the break"),
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


#: What the map's table says in the place of the numbers of a country, by the finest step of which all is published.
_ONLY_BY: Final = {
    "D": gettext_lazy("published only by the day"),
    "W": gettext_lazy("published only by the week"),
    "M": gettext_lazy("published only by the month"),
}


@register.filter
def only_by(step: str) -> str:
    """Write that a country has numbers of longer periods only."""
    return str(_ONLY_BY[step])


@register.filter
def withheld(step: str, code: str = "") -> str:
    """Write why a country or group has no number, and the finest frequency that there is."""
    if code in readings.GROUPS:
        why = gettext(
            "%(step)s. Shorter periods are withheld because they would reveal the numbers of small countries."
        )
    else:
        why = gettext("%(step)s. Shorter periods are withheld because the numbers are small.")
    return why % {"step": word(step)}


@register.simple_tag
def steady_agencies(months: int) -> str:
    """Write which agencies a panel has."""
    return ngettext(
        "Only agencies that reported all of the last %(months)d month",
        "Only agencies that reported all of the last %(months)d months",
        months,
    ) % {"months": months}


@register.simple_tag
def panel_error() -> str:
    """Write how much more wrong a number of a panel may be."""
    return gettext(terms.PANEL_ERROR).format(base=number(settings.ROUNDING_BASE))


@register.filter
def first_sentence(text: str) -> str:
    head, stop, _ = text.partition(". ")
    return head + stop.rstrip()


@register.simple_tag
def rounding_error() -> str:
    """Write how wrong a number may be, and what follows for a reader who adds up."""
    return gettext(terms.ROUNDING_ERROR).format(base=number(settings.ROUNDING_BASE))


@register.simple_tag
def incomparable() -> str:
    """Write what a break means."""
    return gettext(terms.INCOMPARABLE)


@register.simple_tag
def invented_note() -> str:
    """Write that all numbers are made up."""
    return gettext(terms.INVENTED)


@register.simple_tag
def index_note(breaks: Sequence[datetime]) -> str:
    """Write what an index is made of."""
    made = gettext(
        "100 is each country's own average over those periods shown that all agencies reported and that are final."
    )
    sides = gettext("Each side of a break has an average of its own.")
    return f"{made} {sides}" if breaks else made
