"""What pages say about an intervention, in sentences that can be translated."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext, gettext_lazy, ngettext

from api.site.templatetags import cldr
from federation.published.effects import Effect
from federation.rules.effect import FEWEST_COMPARISONS, FEWEST_EVENTS
from federation.rules.effect_result import Interval, Reason, Word

#: The name of each word.
WORDS: Final = {
    Word.REGISTERED: gettext_lazy("Registered"),
    Word.RUNNING: gettext_lazy("Running"),
    Word.FOUND: gettext_lazy("Found"),
    Word.NOT_FOUND: gettext_lazy("Not found"),
    Word.CANNOT_BE_TOLD: gettext_lazy("Cannot be told"),
}
#: What each word means.
MEANINGS: Final = {
    Word.REGISTERED: gettext_lazy("It has not started yet. What will be measured, and how, is already fixed."),
    Word.RUNNING: gettext_lazy("It has started, but the numbers of its last week are not there yet."),
    Word.FOUND: gettext_lazy("The numbers changed as expected, and by more than chance usually changes them."),
    Word.NOT_FOUND: gettext_lazy(
        "The expected change cannot be shown. This does not mean that there was none: a small change may hide in "
        "chance."
    ),
    Word.CANNOT_BE_TOLD: gettext_lazy("The numbers do not allow an answer. The page of the intervention says why."),
}
#: By the place of the interval: below no change, above it, or on both sides of it. Each has its two ends.
_SHORT: Final = {
    "fewer": gettext_lazy("between %(first)s fewer and %(second)s fewer"),
    "more": gettext_lazy("between %(first)s more and %(second)s more"),
    "both": gettext_lazy("between %(first)s fewer and %(second)s more"),
}
_FOUND: Final = {
    "fewer": gettext_lazy("Between %(first)s fewer and %(second)s fewer than expected from comparable countries."),
    "more": gettext_lazy("Between %(first)s more and %(second)s more than expected from comparable countries."),
}
_OPPOSITE: Final = {
    "fewer": gettext_lazy(
        "The numbers moved in the opposite direction: between %(first)s fewer and %(second)s fewer than expected from "
        "comparable countries."
    ),
    "more": gettext_lazy(
        "The numbers moved in the opposite direction: between %(first)s more and %(second)s more than expected from "
        "comparable countries."
    ),
}
_NOT_FOUND: Final = gettext_lazy(
    "A change cannot be shown. The true change may be anything between %(first)s fewer and %(second)s more."
)
_SO_FAR: Final = {
    "fewer": gettext_lazy("So far, the true change may be anything between %(first)s fewer and %(second)s fewer."),
    "more": gettext_lazy("So far, the true change may be anything between %(first)s more and %(second)s more."),
    "both": gettext_lazy("So far, the true change may be anything between %(first)s fewer and %(second)s more."),
}


def answer(effect: Effect) -> str:
    """The answer in one or two sentences."""
    intervention = effect.intervention
    if effect.word == Word.REGISTERED:
        return gettext("It starts on %(day)s. Until then there is nothing to measure.") % {
            "day": cldr.day(intervention.start)
        }
    if effect.word == Word.CANNOT_BE_TOLD:
        assert effect.reason is not None  # noqa: S101  the database checks it
        return _reason(effect.reason)
    if effect.word == Word.RUNNING:
        return _weeks_known(effect)
    assert effect.result is not None and effect.result.interval is not None  # noqa: S101, PT018  the others have both
    side, ends = _ends(effect.result.interval)
    if effect.word == Word.FOUND:
        return str(_FOUND[intervention.direction]) % ends
    return str(_NOT_FOUND if side == "both" else _OPPOSITE[side]) % ends


def _weeks_known(effect: Effect) -> str:
    weeks, planned = effect.result.weeks if effect.result else 0, effect.intervention.weeks_after
    counted = ngettext(
        "The numbers of %(weeks)s of %(planned)s week are known.",
        "The numbers of %(weeks)s of %(planned)s weeks are known.",
        planned,
    ) % {"weeks": cldr.number(weeks), "planned": cldr.number(planned)}
    return f"{counted} {gettext('Nothing is decided before the last week.')}"


def so_far(effect: Effect) -> str:
    """What the true change may be, while it is not decided. Empty if there are no numbers."""
    if effect.word != Word.RUNNING or effect.result is None or effect.result.interval is None:
        return ""
    side, ends = _ends(effect.result.interval)
    return str(_SO_FAR[side]) % ends


def short(interval: Interval) -> str:
    side, ends = _ends(interval)
    return str(_SHORT[side]) % ends


def _ends(interval: Interval) -> tuple[str, Mapping[str, str]]:
    """The side of no change on which an interval lies, and its ends in the order in which sentences name them."""
    low, high = cldr.ratio(interval.low), cldr.ratio(interval.high)
    if interval.high < 0:
        return "fewer", {"first": high, "second": low}
    return ("more" if interval.low > 0 else "both"), {"first": low, "second": high}


def _reason(reason: Reason) -> str:
    texts = {
        Reason.NO_COMPARISON: gettext(
            "This cannot be told, because no country is left to compare with. For example, this happens if everybody "
            "starts at the same time."
        ),
        Reason.FEW_COMPARISONS: ngettext(
            "This cannot be told, because fewer than %(number)s country can be compared. With so few, chance would too "
            "often look like a change.",
            "This cannot be told, because fewer than %(number)s countries can be compared. With so few, chance would "
            "too often look like a change.",
            FEWEST_COMPARISONS,
        )
        % {"number": cldr.number(FEWEST_COMPARISONS)},
        Reason.PANEL_BROKEN: gettext(
            "This cannot be told, because no agencies reported all weeks before and after the start in full. If the "
            "agencies changed, the numbers would change too."
        ),
        Reason.SMALL_COUNTS: ngettext(
            "This cannot be told, because the numbers are too small: fewer than %(number)s a week before the start.",
            "This cannot be told, because the numbers are too small: fewer than %(number)s a week before the start.",
            FEWEST_EVENTS,
        )
        % {"number": cldr.number(FEWEST_EVENTS)},
    }
    return texts[reason]
