"""The texts of the map's script, in the language of the page; web/README.md says where each is shown.

The script fills in the names in braces. A plural is an object by the categories of CLDR.
"""

from collections.abc import Iterable
from typing import Any

from babel import Locale
from babel.plural import PluralRule
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop, ngettext

from api.site import trends
from api.site.readings import Hour
from api.site.templatetags import cldr
from countries.reference import Indicator

_LIVE_HOUR = gettext_noop(
    "The last hour in Europe, minute by minute, from {start} to {end} UTC; the full height is {top}."
)
_LIVE_TOTAL_UNKNOWN = gettext_noop("The total of the last 24 hours is not known.")
_NOTHING_PUBLISHED = gettext_noop("Nothing is published {period} yet.")
#: The categories of plurals in CLDR's order.
_CATEGORIES = ("zero", "one", "two", "few", "many", "other")


def words(indicators: Iterable[Indicator]) -> dict[str, Any]:
    per_head = gettext("{name} per 100,000 inhabitants")
    return {
        "map": gettext("Map of Europe, with a colour for each country"),
        "keys": gettext(
            "Arrow keys go from country to country, Enter opens its page, + and − zoom, 0 goes back to Europe."
        ),
        "closer": gettext("Closer"),
        "farther": gettext("Farther away"),
        "europe": gettext("Europe"),
        "europe_view": gettext("Back to Europe"),
        "world": gettext("World"),
        "world_view": gettext("Show the world"),
        "titles": {row.code: {"head": per_head.format(name=row.name), "count": row.name} for row in indicators},
        "counts": {row.code: _counts(row) for row in indicators},
        "periods": _periods(),
        "country_rate": gettext("{country}: {count} {period}, {rate} per 100,000 inhabitants"),
        "country_count": gettext("{country}: {count} {period}"),
        "country_unknown": gettext("{country}: not known {period}"),
        "country_withheld": {step: f"{{country}}: {cldr.withheld(step)}" for step in trends.SPANS},
        "per": gettext("The map shows"),
        "per_head": gettext("per 100,000 inhabitants"),
        "per_count": gettext("the count"),
        "unlocated": gettext("Not located in any country"),
        "provisional": gettext("Provisional: not all that was expected is there."),
        "coverage": gettext("{reporting} of {expected} agencies have reported {period}."),
        "nothing_published": gettext(_NOTHING_PUBLISHED),
        "counted_from": gettext("counted only since %(day)s") % {"day": "{day}"},
        "awaited": ngettext(
            "not public yet: waiting for %(awaited)s of %(all)s agency, until %(until)s at the latest",
            "not public yet: waiting for %(awaited)s of %(all)s agencies, until %(until)s at the latest",
            5,
        )
        % {"awaited": "{awaited}", "all": "{all}", "until": "{until}"},
        "nobody_expected": gettext("No agency was expected to report {period}."),
        "legend": gettext("{title} {period}"),
        "legend_unknown": gettext("not known"),
        "legend_withheld": gettext("not known, or withheld"),
        "legend_provisional": gettext("provisional"),
        "legend_range": gettext("{from} to {to}"),
        "legend_more": gettext("{from} and more"),
        "live_total": _live_total(),
        "live_total_unknown": gettext(_LIVE_TOTAL_UNKNOWN),
        "live_hour": gettext(_LIVE_HOUR),
        "live_hour_unknown": gettext(
            "No agency reports by the minute at present, so there is nothing to show of the last hour."
        ),
        "live_latest": gettext("Just now: {countries}"),
        "live_latest_more": gettext("Just now: {countries} and {more} more"),
        "unreached": gettext("The numbers cannot be reached. This page tries again by itself."),
        "unreached_since": gettext(
            "The numbers cannot be reached since {time}. What you see is from then. This page tries again by itself."
        ),
        "refused": gettext("These numbers are not available. Choose others, or load the page again."),
    }


def live_total(indicator: Indicator, value: int | None) -> SafeString:
    """The sentence on the last 24 hours, as the script writes it, its number in the same element."""
    if value is None:
        return format_html("{}", gettext(_LIVE_TOTAL_UNKNOWN))
    strong = format_html('<strong class="live-number">{}</strong>', cldr.number(value))
    sentence = _live_total().replace("{count}", _counts(indicator)[_plurals()(value)])
    before, _, after = sentence.partition("{value}")
    return format_html("{}{}{}", before, strong, after)


def _live_total() -> str:
    return f"{{count}} {_periods()['P1D']}"


def nothing_published(window: str) -> str:
    """The sentence on a window that is not published, as the script writes it."""
    return gettext(_NOTHING_PUBLISHED).format(period=_periods()[window])


def _periods() -> dict[str, str]:
    """The words for each window, and for a day, within a sentence."""
    return {length: str(words) for length, (_, words) in cldr.WINDOWS.items()} | {"day": gettext("on {day}")}


def live_hour(live: Hour) -> str:
    """The sentence under the last hour, as the script writes it."""
    if not live.bars:
        return ""
    first, last = (cldr.clock(bar.period) for bar in (live.bars[0], live.bars[-1]))
    return gettext(_LIVE_HOUR).format(start=first, end=last, top=cldr.number(live.top))


def _counts(indicator: Indicator) -> dict[str, str]:
    """A number and its unit by the plural categories of the language. Categories without a form have the last."""
    known = _plurals().tags | {"other"}
    unit = indicator.unit or ("",)
    categories = (category for category in _CATEGORIES if category in known)
    return {category: f"{{value}} {unit[min(at, len(unit) - 1)]}".strip() for at, category in enumerate(categories)}


def _plurals() -> PluralRule:
    return Locale.parse(translation.get_language() or "en").plural_form
