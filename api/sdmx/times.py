"""Times as SDMX writes them: periods of any frequency, instants, and which periods lie in a time that is asked for."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from api.problems import Problem
from api.sdmx.flows import TIME
from federation.published.vintages import ALWAYS
from p2p_core import instants, periods
from p2p_core.periods import Longs

_FREQUENCY_OF = {
    "A": re.compile(r"\d{4}(-A1)?", re.ASCII),
    "M": re.compile(r"\d{4}-M?\d\d", re.ASCII),
    "D": re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
    "W": re.compile(r"\d{4}-W\d\d", re.ASCII),
}
#: Reporting periods longer than a month: how many months they have.
_MONTHS: Final = {"S": 6, "Q": 3}
_LONGER = re.compile(r"(\d{4})-([SQ])(\d)", re.ASCII)
_INSTANTS: Final = "Write an instant: 2026-12-01T00:01:07.482Z."
_HOUR: Final = 3600
_DAY: Final = 86_400


class Span(NamedTuple):
    """The time from a second since 1970 until before another."""

    start: int
    end: int


class Times(NamedTuple):
    """The time in which all of a period must lie, in seconds since 1970; of ``exact`` it must be all."""

    start: int = periods.epoch(ALWAYS[0])
    end: int = periods.epoch(ALWAYS[1]) + _DAY
    exact: Span | None = None

    @classmethod
    def between(cls, first: str | None, last: str | None) -> Self:
        """Return the time from `startPeriod` to `endPeriod`, both included."""
        found = cls()
        if first:
            found = found._replace(start=span(first, parameter="startPeriod").start)
        return found._replace(end=span(last, parameter="endPeriod").end) if last else found

    @classmethod
    def matching(cls, text: str) -> Self:
        """Read a filter such as `ge:2026-01+lt:2026-11`: a plus is an "and"."""
        found = cls()
        for term in text.split("+"):
            operator, period = ("eq", term) if term[2:3] != ":" else (term[:2], term[3:])
            if "," in term or operator not in ("eq", "ge", "gt", "le", "lt"):
                detail = "Filter times by eq, ge, gt, le and lt, with + between for and: ge:2026-01+lt:2026-11."
                raise Problem("not_implemented", detail=detail, parameter=f"c[{TIME}]")
            asked = span(period, parameter=f"c[{TIME}]")
            start = {"eq": asked.start, "ge": asked.start, "gt": asked.end}.get(operator, found.start)
            end = {"eq": asked.end, "le": asked.end, "lt": asked.start}.get(operator, found.end)
            exact = asked if operator == "eq" else found.exact
            found = found._replace(start=max(found.start, start), end=min(found.end, end), exact=exact)
        return found

    def inside(self, frequency: str, starts: Longs) -> NDArray[np.bool_]:
        """Return which periods, given by their starts, lie in it."""
        until = ends(frequency, starts)
        found = (starts >= self.start) & (until <= self.end)
        if self.exact:
            found &= (starts == self.exact.start) & (until == self.exact.end)
        return np.asarray(found)

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The earliest and the latest start that a period inside can have, as far as a calendar goes."""
        first, last = map(periods.epoch, ALWAYS)
        earliest, latest = min(self.start, last), max(self.end - 1, first)
        return datetime.fromtimestamp(max(earliest, first), UTC), datetime.fromtimestamp(min(latest, last), UTC)


def span(text: str, *, parameter: str) -> Span:
    """Return the time that a period of any frequency names; a full hour stands for the whole of it."""
    for reading in (_of_calendar, _of_months, _of_instant):
        try:
            found = reading(text)
        except (ValueError, OverflowError):
            break
        if found is not None:
            return found
    raise Problem(
        "bad_sdmx_query",
        detail="Write a period or a time: 2026, 2026-Q4, 2026-11, 2026-W48, 2026-11-24 or 2026-11-24T10:00.",
        parameter=parameter,
    )


def instant(text: str, *, parameter: str) -> datetime:
    """Return an instant; without an offset it is UTC, the time of this service."""
    try:
        return instants.parse(text)
    except ValueError:
        raise Problem("bad_sdmx_query", detail=_INSTANTS, parameter=parameter) from None


def end_of_vintage(label: str) -> datetime:
    """Return the instant of a past view: the one named, or the last moment of the day named."""
    if _FREQUENCY_OF["D"].fullmatch(label):
        end = span(label, parameter="VINTAGE").end
        return datetime.fromtimestamp(end, UTC) - timedelta(milliseconds=1)
    return instant(label, parameter="VINTAGE")


def _of_calendar(text: str) -> Span | None:
    for frequency, form in _FREQUENCY_OF.items():
        if form.fullmatch(text):
            start = periods.parse(frequency, text.removesuffix("-A1").replace("-M", "-"))
            return Span(periods.epoch(start), periods.epoch(periods.end(frequency, start)))
    return None


def _of_months(text: str) -> Span | None:
    form = _LONGER.fullmatch(text)
    if form is None:
        return None
    year, months, number = int(form[1]), _MONTHS[form[2]], int(form[3])
    if not 1 <= number <= 12 // months:
        raise ValueError(text)
    first, last = (number - 1) * months, number * months
    start = datetime(year, first + 1, 1, tzinfo=UTC)
    end = datetime(year + last // 12, last % 12 + 1, 1, tzinfo=UTC)
    return Span(periods.epoch(start), periods.epoch(end))


def _of_instant(text: str) -> Span:
    start = periods.epoch(instants.parse(text))
    return Span(start, start + _HOUR if start % _HOUR == 0 else start)


_MONTHS_OF: Final = {"M": "M", "A": "Y"}
_SECONDS_OF: Final = {"H": _HOUR, "D": _DAY, "W": 7 * _DAY}


def ends(frequency: str, starts: Longs) -> Longs:
    """Return the seconds before which periods end."""
    if frequency in _SECONDS_OF:
        return starts + _SECONDS_OF[frequency]
    units = starts.astype("datetime64[s]").astype(f"datetime64[{_MONTHS_OF[frequency]}]")
    return (units + 1).astype("datetime64[s]").astype(np.int64)


def written(milliseconds: int) -> str:
    """Write an instant in milliseconds since 1970."""
    return instants.write(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds))


def day_or_instant(second: int) -> str:
    """Write a time that a span begins or ends with: the day alone where it is the whole of it that counts."""
    moment = datetime.fromtimestamp(second, UTC)
    return f"{moment:%Y-%m-%d}" if second % _DAY in (0, _DAY - 1) else f"{moment:%Y-%m-%dT%H:%M:%S}"
