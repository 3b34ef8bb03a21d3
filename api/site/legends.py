"""The legend of a trend: the marks in its drawing, and what each of them means."""

from typing import Final

from django.utils.translation import gettext, gettext_lazy

from api.site.drawings import Drawing
from api.site.trends import Trend

#: What the marks of a period mean, in the order of the legend.
_PERIODS: Final = {
    "whole": gettext_lazy("all agencies reported"),
    "part": gettext_lazy("incomplete: an agency is missing or began later, so the number is too low"),
    "none": gettext_lazy("not known: nobody reported, not public yet, or withheld"),
    "provisional": gettext_lazy("provisional"),
}


def marks(trend: Trend, drawing: Drawing) -> list[tuple[str, str]]:
    """The marks that occur in the plot and under it, for a page and for a picture."""
    there = {period.coverage for period in trend.periods}
    there |= {"provisional" for period in trend.periods if period.provisional}
    found = [(kind, str(words)) for kind, words in _PERIODS.items() if kind in there]
    if not drawing.strokes:
        return found
    # Beside lines there is no pale bar: incomplete periods have a shaded background.
    found = [("gap" if kind == "part" else kind, words) for kind, words in found]
    if any(kind == "partial" for stroke in drawing.strokes for _, kind in stroke.segments):
        found.append(("dashes", gettext("line across incomplete periods, or between them")))
    if any(kind == "hollow" for stroke in drawing.strokes for _, kind in stroke.dots):
        found.append(("hollow", gettext("this many or more")))
    return found
