"""Times as SDMX writes them: periods of any frequency and instants.

Also finds the periods that lie in a requested time.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from api.problems import Problem
from api.sdmx.flows import TIME, VINTAGE
from federation.published.vintages import ALWAYS
from p2p_core import instants, periods
from p2p_core.periods import Longs

_FORMS: Final = {
    "A": re.compile(r"\d{4}(-A1)?", re.ASCII),
    "M": re.compile(r"\d{4}-M?\d\d", re.ASCII),
    "D": re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
    "W": re.compile(r"\d{4}-W\d\d", re.ASCII),
}
#: Reporting periods longer than a month: how many months they have.
_MONTHS: Final = {"S": 6, "Q": 3}
_LONGER: Final = re.compile(r"(\d{4})-([SQ])(\d)", re.ASCII)
_HOUR: Final = 3600
_DAY: Final = 86_400


class TimeRange(NamedTuple):
    """A time from one second (counted since 1970) until before another."""

    start: int
    end: int


class Times(NamedTuple):
    """Selects the periods that lie wholly between two seconds since 1970, or that are ``exact``."""

    start: int = periods.epoch(ALWAYS[0])
    end: int = periods.epoch(ALWAYS[1]) + _DAY
    exact: TimeRange | None = None

    @classmethod
    def between(cls, first: str | None, last: str | None) -> Self:
        """From `startPeriod` to `endPeriod`, both included."""
        found = cls()
        if first:
            found = found._replace(start=parse_range(first, parameter="startPeriod").start)
        return found._replace(end=parse_range(last, parameter="endPeriod").end) if last else found

    @classmethod
    def matching(cls, text: str) -> Self:
        """Read a filter such as `ge:2026-01+lt:2026-11`: a plus is an "and"."""
        found = cls()
        for term in text.split("+"):
            operator, period = ("eq", term) if term[2:3] != ":" else (term[:2], term[3:])
            if "," in term or operator not in ("eq", "ge", "gt", "le", "lt"):
                detail = "Filter times by eq, ge, gt, le and lt, with + between for and: ge:2026-01+lt:2026-11."
                raise Problem("not_implemented", detail=detail, parameter=f"c[{TIME}]")
            term_range = parse_range(period, parameter=f"c[{TIME}]")
            start = {"eq": term_range.start, "ge": term_range.start, "gt": term_range.end}.get(operator, found.start)
            end = {"eq": term_range.end, "le": term_range.end, "lt": term_range.start}.get(operator, found.end)
            exact = term_range if operator == "eq" else found.exact
            found = found._replace(start=max(found.start, start), end=min(found.end, end), exact=exact)
        return found

    def inside(self, frequency: str, starts: Longs) -> NDArray[np.bool_]:
        """Which periods, given by their starts, are selected."""
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


def parse_range(text: str, *, parameter: str) -> TimeRange:
    """The time that a period of any frequency names; a full hour stands for the whole of it."""
    try:
        for frequency, form in _FORMS.items():
            if form.fullmatch(text):
                start = periods.parse(frequency, text.removesuffix("-A1").replace("-M", "-"))
                return TimeRange(periods.epoch(start), periods.epoch(periods.end(frequency, start)))
        if longer := _LONGER.fullmatch(text):
            year, months, number = int(longer[1]), _MONTHS[longer[2]], int(longer[3])
            first, after = datetime(year, (number - 1) * months + 1, 1, tzinfo=UTC), number * months
            last = datetime(year + after // 12, after % 12 + 1, 1, tzinfo=UTC)
            return TimeRange(periods.epoch(first), periods.epoch(last))
        second = periods.epoch(instants.parse(text))
        return TimeRange(second, second + _HOUR if second % _HOUR == 0 else second)
    except (ValueError, OverflowError):
        detail = "Write a period or a time: 2026, 2026-Q4, 2026-11, 2026-W48, 2026-11-24 or 2026-11-24T10:00."
        raise Problem("bad_sdmx_query", detail=detail, parameter=parameter) from None


def parse_instant(text: str, *, parameter: str) -> datetime:
    """Parse an instant; without an offset it is UTC."""
    try:
        return instants.parse(text)
    except ValueError:
        detail = "Write an instant: 2026-12-01T00:01:07.482Z."
        raise Problem("bad_sdmx_query", detail=detail, parameter=parameter) from None


def end_of_vintage(label: str) -> datetime:
    """The instant of a past view: the one named, or the last millisecond of the day named."""
    if _FORMS["D"].fullmatch(label):
        end = parse_range(label, parameter=VINTAGE).end
        return datetime.fromtimestamp(end, UTC) - timedelta(milliseconds=1)
    return parse_instant(label, parameter=VINTAGE)


_MONTHS_OF: Final[dict[str, Literal["M", "Y"]]] = {"M": "M", "A": "Y"}
_SECONDS_OF: Final = {"H": _HOUR, "D": _DAY, "W": 7 * _DAY}


def ends(frequency: str, starts: Longs) -> Longs:
    """The seconds before which periods end, from the seconds at which they start."""
    if frequency in _SECONDS_OF:
        return starts + _SECONDS_OF[frequency]
    unit = _MONTHS_OF[frequency]
    units = starts.astype("datetime64[s]").astype(f"datetime64[{unit}]")
    return (units + np.timedelta64(1, unit)).astype("datetime64[s]").astype(np.int64)


def write(milliseconds: int) -> str:
    """Write an instant in milliseconds since 1970."""
    return instants.write(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds))


def write_bound(second: int) -> str:
    """Write the start or the end of a range: the day alone if the range has all of it."""
    moment = datetime.fromtimestamp(second, UTC)
    return f"{moment:%Y-%m-%d}" if second % _DAY in (0, _DAY - 1) else f"{moment:%Y-%m-%dT%H:%M:%S}"
