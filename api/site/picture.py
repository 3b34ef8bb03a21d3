"""The trend as a picture that needs no page: the places of its words and its parts, in pixels."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext

from api.site import drawings, legends, trends
from api.site.country_view import CountryView
from api.site.drawings import Drawing
from api.site.templatetags import cldr
from api.site.trends import AnnotationText, Trend
from federation.geometry import Canvas
from federation.published import terms

WIDTH: Final = 1200
_EDGE: Final = 40
#: The width of the axis labels on the left.
_AXIS: Final = 76
_HEIGHT: Final = 380
_FLAGS: Final = 30
#: The strip and the names of periods under the axis.
_BASE: Final = 74
#: The width of a letter as a share of its height, in common fonts.
_LETTER: Final = 0.54
_LEADING: Final = 1.45
_SMALL: Final = 14
#: The width of a mark before its text.
_MARK: Final = 30
#: The size of a name beside the end of its line, and the width of what joins the two.
_NAME: Final = 14
_JOINT: Final = 30


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text and its place."""

    x: float
    y: float
    size: int
    text: str
    heavy: bool = False
    quiet: bool = False
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A word of a legend, and before it the mark that it explains."""

    x: int
    y: int
    size: int
    mark: str
    text: str

    @property
    def top(self) -> int:
        return self.y - 12

    @property
    def text_x(self) -> int:
        return self.x + _MARK


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole picture. The plot is a drawing of its own at its place."""

    width: int
    height: int
    edge: int
    left: int
    flags_at: int
    top: int
    base_at: int
    names_at: float
    words: list[TextLine]
    legend: list[LegendEntry]
    drawing: Drawing


class _Sheet:
    """Puts lines of text one below the other."""

    def __init__(self, top: int) -> None:
        self.y = top
        self.words: list[TextLine] = []
        self.legend: list[LegendEntry] = []

    def write(self, text: str, size: int = _SMALL, *, heavy: bool = False, quiet: bool = False, by: str = "") -> None:
        """Write a text in as many lines as it needs; ``by`` is a mark before it."""
        x = _EDGE + (_MARK if by else 0)
        lines = textwrap.wrap(text, int((WIDTH - _EDGE - x) / (size * _LETTER)))
        if by:
            self.words.append(TextLine(_EDGE, self.y + round(size * _LEADING), size, by, heavy=True))
        for line in lines:
            self.y += round(size * _LEADING)
            self.words.append(TextLine(x, self.y, size, line, heavy, quiet))

    def explain(self, marks: Sequence[tuple[str, str]], size: int) -> None:
        x, self.y = _EDGE, self.y + 2 * size
        for mark, text in marks:
            width = _MARK + round(len(text) * size * _LETTER) + 24
            if x + width > WIDTH - _EDGE and x > _EDGE:
                x, self.y = _EDGE, self.y + round(size * 1.6)
            self.legend.append(LegendEntry(x, self.y, size, mark, text))
            x += width


def lay_out(
    view: CountryView,
    trend: Trend,
    notes: Sequence[AnnotationText],
    withheld: Sequence[str],
    address: str,
    *,
    invented: bool,
) -> Picture:
    """Lay out a picture of a trend that has periods."""
    sheet = _Sheet(44 if invented else 16)
    _write_heading(sheet, view, trend)
    top = sheet.y + 26 + (_FLAGS if notes else 0)
    plot = Canvas(WIDTH - 2 * _EDGE - _AXIS - _width_of_names(trend), _HEIGHT)
    drawing = drawings.draw(trend, view.what, [note.row for note in notes], plot, "")
    sheet.y = top + _HEIGHT + _BASE
    sheet.explain(legends.marks(trend, drawing), _SMALL)
    _write_foot(sheet, view, trend, notes, [*withheld, *view.indicator.notes[:1]], address)
    axis = [
        TextLine(_EDGE + _AXIS - 10, top + rung.y + 5, 13, cldr.amount(rung.value), quiet=True, anchor="end")
        for rung in drawing.rungs
    ]
    return Picture(
        width=WIDTH,
        height=sheet.y + 24,
        edge=_EDGE,
        left=_EDGE + _AXIS,
        flags_at=top - _FLAGS,
        top=top,
        base_at=top + _HEIGHT,
        names_at=_EDGE + _AXIS + plot.width,
        words=[*sheet.words, *axis],
        legend=sheet.legend,
        drawing=drawing,
    )


def _write_heading(sheet: _Sheet, view: CountryView, trend: Trend) -> None:
    sheet.write(f"{', '.join(series.name for series in trend.series)} · {view.indicator.name}", 28, heavy=True)
    first, last = (cldr.period(trend.periods[at].start, trend.frequency) for at in (0, -1))
    subtitle = [cldr.word(view.what), cldr.interval(first, last)]
    if seen := view.as_of or trend.known_at:
        subtitle.append(gettext("as public on %(moment)s") % {"moment": cldr.moment(seen)})
    if trend.agencies and view.panel:
        subtitle.append(cldr.steady_agencies(view.panel))
    sheet.write(" · ".join(subtitle), 17, quiet=True)


def _width_of_names(trend: Trend) -> int:
    """The width of the names beside the ends of lines. A single series is drawn as bars and has none."""
    if len(trend.series) == 1:
        return 0
    longest = max(len(series.name) for series in trend.series)
    return _JOINT + round(longest * _NAME * _LETTER)


def _write_foot(
    sheet: _Sheet,
    view: CountryView,
    trend: Trend,
    notes: Sequence[AnnotationText],
    remarks: Sequence[str],
    address: str,
) -> None:
    """Write what stands below the legend: annotations, and what the numbers are."""
    sheet.y += 10
    for number, note in enumerate(notes, start=1):
        sheet.write(note.line(), by=str(number))
    sheet.y += 8
    index = [cldr.index_note(trend.breaks)] if view.what == trends.INDEXED else []
    for text in [*remarks, *index, f"Police2Peer · {terms.LICENCE_NAME}", address]:
        sheet.write(text, quiet=True)
