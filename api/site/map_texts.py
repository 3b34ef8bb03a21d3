"""The texts of the map's script, in the language of the page; web/README.md says where each is shown.

The script fills in the names in braces. A plural is an object by the categories of CLDR.
"""

from collections.abc import Callable, Iterable
from typing import Any

from babel import Locale
from babel.plural import PluralRule
from django.conf import settings
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop, ngettext

from api.site import ranges
from api.site.readings import Hour
from api.site.templatetags import cldr
from countries.reference import Indicator

_LIVE_HOUR = gettext_noop(
    "The last hour in Europe, minute by minute, from {start} to {end} UTC; the full height is {top}."
)
_LIVE_TOTAL_UNKNOWN = gettext_noop("The total of the last 24 hours is not known.")
_NOTHING_PUBLISHED = gettext_noop("Nothing is published {period} yet.")
#: Numbers below this one have all plural categories that whole numbers have, except for those of millions.
_FEW_NUMBERS = 25
#: The categories of plurals in CLDR's order.
_CATEGORIES = ("zero", "one", "two", "few", "many", "other")


def words(indicators: Iterable[Indicator]) -> dict[str, Any]:
    per_head = gettext("{name} per 100,000 inhabitants")
    return {
        "map": gettext("Map of Europe, with a colour for each country"),
        "keys": gettext(
            "Arrow keys go from country to country, Enter opens its page, + and − zoom, 0 goes back to Europe."
        ),
        "tap_again": gettext("Tap again to open its page."),
        "closer": gettext("Zoom in"),
        "farther": gettext("Zoom out"),
        "europe": gettext("Europe"),
        "europe_view": gettext("Back to Europe"),
        "world": gettext("World"),
        "world_view": gettext("Show the world"),
        "titles": {row.code: {"head": per_head.format(name=row.name), "count": row.name} for row in indicators},
        "counts": {row.code: _counts(row) for row in indicators},
        "periods": _periods(),
        **_of_country(),
        "per": gettext("The map shows"),
        "per_head": gettext("per 100,000 inhabitants"),
        "per_count": gettext("the count"),
        "unlocated": gettext("Not located in any country"),
        "provisional": gettext("Provisional: not all that was expected is there."),
        "coverage": gettext("{reporting} of {expected} agencies have reported {period}."),
        "nothing_published": gettext(_NOTHING_PUBLISHED),
        "counted_from": gettext("counted in full only since %(day)s") % {"day": "{day}"},
        "awaited": _by_category(_awaited),
        "nobody_expected": gettext("No agency was expected to report {period}."),
        **_of_legend(),
        "live_total": _live_total(),
        "live_total_unknown": gettext(_LIVE_TOTAL_UNKNOWN),
        "live_hour": gettext(_LIVE_HOUR),
        "live_hour_unknown": gettext(
            "No agency reports by the minute at present, so there is nothing to show of the last hour."
        ),
        "live_agencies": _by_category(_live_agencies),
        "live_unknown": _by_category(_live_unknown),
        **_replay(),
        "unreached": gettext("The numbers cannot be reached. This page tries again by itself."),
        "unreached_since": gettext(
            "The numbers could not be loaded since {time} UTC. What you see is from then. "
            "This page tries again by itself."
        ),
        "refused": gettext("These numbers are not available. Choose others, or load the page again."),
    }


def _of_country() -> dict[str, Any]:
    return {
        "country_rate": gettext("{country}: {count} {period}, {rate} per 100,000 inhabitants"),
        "country_count": gettext("{country}: {count} {period}"),
        "country_unknown": gettext("{country}: not known {period}"),
        "country_withheld": {step: f"{{country}}: {cldr.withheld(step)}" for step in ranges.STEPS[:3]},
    }


def _of_legend() -> dict[str, str]:
    return {
        "legend": gettext("{title} {period}"),
        "legend_unknown": gettext("not known"),
        "legend_withheld": gettext("not known, or withheld"),
        "legend_provisional": gettext("provisional"),
    }


def _replay() -> dict[str, Any]:
    """The clock of the replay, its counter, and what a pulse means."""
    return {
        "live_clock": gettext("Showing {time} UTC"),
        "live_waiting": gettext("Waiting for the numbers of {time} UTC"),
        "live_pause": gettext("Pause"),
        "live_resume": gettext("Resume"),
        "live_shown": gettext("{count} shown in Europe since you opened this page"),
        "live_pulse": gettext(
            "One pulse stands for about {count} in a whole country, never for a place in it. "
            "Its moment is random within the minute, hour or day that is replayed."
        ),
        "live_still": gettext("Your device asks for less motion, so the map shows no pulses."),
        "live_step": {
            "N": gettext("Countries published by the minute: the minute on the clock, two minutes after it began."),
            "unknown": gettext("Countries published by the minute: no agency has reported the minute on the clock."),
            "H": gettext("Countries published by the hour: the hour from {start} to {end} UTC, over one hour."),
            "D": gettext("Countries published by the day: {day}, over one day."),
            "none": gettext("Countries published only by the week or month have no pulses."),
        },
    }


def live_total(indicator: Indicator, value: int | None) -> SafeString:
    """The sentence on the last 24 hours, as the script writes it, its number in the same element."""
    if value is None:
        return format_html("{}", gettext(_LIVE_TOTAL_UNKNOWN))
    strong = format_html('<strong class="live-number">{}</strong>', cldr.number(value))
    sentence = _live_total().replace("{count}", _counts(indicator)[_plurals()(value)])
    before, _, after = sentence.partition("{value}")
    return format_html("{}{}{}", before, strong, after)


def replay(indicator: Indicator) -> dict[str, str]:
    """The sentences of the replay as the script first writes them. Until then they keep its place, unseen."""
    texts, forms, category = _replay(), _counts(indicator), _plurals()
    none, pulse = (forms[category(value)].format(value=cldr.number(value)) for value in (0, settings.ROUNDING_BASE))
    return {
        "clock": texts["live_clock"].format(time="00:00:00"),
        "pause": texts["live_pause"],
        "shown": texts["live_shown"].format(count=none),
        "pulse": texts["live_pulse"].format(count=pulse),
        "steps": gettext("What is replayed"),
    }


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
    hour = gettext(_LIVE_HOUR).format(start=first, end=last, top=cldr.number(live.top))
    agencies = {"reporting": cldr.number(live.reporting), "expected": cldr.number(live.expected)}
    sentences = [hour, _live_agencies(live.expected).format(**agencies)]
    if live.unknown:
        minutes = {"unknown": cldr.number(live.unknown), "all": cldr.number(len(live.bars))}
        sentences.insert(1, _live_unknown(live.unknown).format(**minutes))
    return " ".join(sentences)


def _live_agencies(expected: int) -> str:
    return ngettext(
        "Drawn from {reporting} of {expected} agency that reports by the minute. Other agencies report less often.",
        "Drawn from {reporting} of {expected} agencies that report by the minute. Other agencies report less often.",
        expected,
    )


def _live_unknown(minutes: int) -> str:
    return ngettext(
        "Hatched: {unknown} of {all} minutes is not known.",
        "Hatched: {unknown} of {all} minutes are not known.",
        minutes,
    )


def _awaited(agencies: int) -> str:
    """Languages have a verb for one agency that is awaited, and another for several."""
    return ngettext(
        "not public yet: waiting for %(awaited)s of %(all)s agencies, until %(until)s at the latest",
        "not public yet: waiting for %(awaited)s of %(all)s agencies, until %(until)s at the latest",
        agencies,
    ) % {"awaited": "{awaited}", "all": "{all}", "until": "{until}"}


def _by_category(form: Callable[[int], str]) -> dict[str, str]:
    """A text for each plural category of the language that whole numbers have."""
    category = _plurals()
    # No language of the pages needs a larger number to show all of its categories.
    return {category(number): form(number) for number in reversed(range(_FEW_NUMBERS))} | {"other": form(_FEW_NUMBERS)}


def _counts(indicator: Indicator) -> dict[str, str]:
    """A number and its unit by the plural categories of the language. Categories without a form have the last."""
    known = _plurals().tags | {"other"}
    unit = indicator.unit or ("",)
    categories = (category for category in _CATEGORIES if category in known)
    return {category: f"{{value}} {unit[min(at, len(unit) - 1)]}".strip() for at, category in enumerate(categories)}


def _plurals() -> PluralRule:
    return Locale.parse(translation.get_language() or "en").plural_form
