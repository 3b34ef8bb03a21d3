"""The invented agencies of the demo, what each sends, and which periods are still to be sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from p2p_core import periods
from p2p_core.periods import Frequency

HISTORY = timedelta(days=400)
EXCESS = 12.0
#: How long ago a period must have ended to be sent as one coarser report instead of many finer ones.
_AS_DAYS_AFTER = timedelta(days=14)
_AS_HOURS_AFTER = timedelta(hours=2)

DOWNLOADS, HELP_VISITS = "DOWNLOADS", "HELP_VISITS"


@dataclass(frozen=True)
class Unit:
    """One invented agency and its habits. Days are counted back from the start of the demo."""

    country: str
    name: str
    finest: Frequency
    level: float
    utc_offset: int = 1
    visits: float = 0.0
    delay: timedelta = timedelta(0)
    deadline_minutes: int = 60
    #: From so many days ago, for so many days, nothing was sent.
    gap: tuple[int, int] = (0, 0)
    silent_since: int = 0
    corrects: bool = False
    #: So many days ago it counted far too much, so that there is something to decide.
    spike: int = 0

    @property
    def code(self) -> str:
        return f"{self.country}-DEMO"

    @property
    def streams(self) -> "tuple[Stream, ...]":
        downloads = Stream(self, DOWNLOADS, self.finest, self.level)
        if not self.visits:
            return (downloads,)
        return (downloads, Stream(self, HELP_VISITS, max(self.finest, Frequency.HOUR, key=_coarseness), self.visits))


@dataclass(frozen=True)
class Stream:
    """What one agency sends of one indicator."""

    unit: Unit
    indicator: str
    finest: Frequency
    level: float

    def due(self, since: datetime, *, now: datetime, first_day: datetime) -> Iterator[tuple[Frequency, datetime]]:
        """The periods to send: what follows `since` without a hole, the long ago in days, the recent in detail."""
        upto = now - self.unit.delay
        if self.unit.silent_since:
            upto = min(upto, first_day - timedelta(days=self.unit.silent_since))
        at = since
        while step := self._next(at, upto):
            if not self._in_gap(step[1], first_day):
                yield step
            at = periods.end(*step)

    def _next(self, at: datetime, upto: datetime) -> tuple[Frequency, datetime] | None:
        for frequency, patience in self._choices():
            if periods.start_of(frequency, at) == at and periods.end(frequency, at) <= upto - patience:
                return frequency, at
        return None

    def _choices(self) -> list[tuple[Frequency, timedelta]]:
        if self.finest in {Frequency.DAY, Frequency.MONTH}:
            return [(self.finest, timedelta(0))]
        days, hours = (Frequency.DAY, _AS_DAYS_AFTER), (Frequency.HOUR, _AS_HOURS_AFTER)
        if self.finest is Frequency.HOUR:
            return [days, (Frequency.HOUR, timedelta(0))]
        return [days, hours, (Frequency.MINUTE, timedelta(0))]

    def excess(self, start: datetime, first_day: datetime) -> float:
        """By how much too many were counted in a period."""
        ago = self.unit.spike
        spiked = ago and periods.start_of(Frequency.DAY, start) == first_day - timedelta(days=ago)
        return EXCESS if spiked else 1.0

    def _in_gap(self, start: datetime, first_day: datetime) -> bool:
        ago, length = self.unit.gap
        begin = first_day - timedelta(days=ago)
        return begin <= start < begin + timedelta(days=length)

    def schedules(self, today: datetime) -> list[tuple[Frequency, datetime, datetime | None]]:
        """Since when it owes which frequency: as it was to send them, in whole days."""
        begin = periods.start_of(self.finest, today - HISTORY)
        if self.finest in {Frequency.DAY, Frequency.MONTH}:
            return [(self.finest, begin, None)]
        detail = today - _AS_DAYS_AFTER
        days = (Frequency.DAY, begin, detail - timedelta(days=1))
        if self.finest is Frequency.HOUR:
            return [days, (Frequency.HOUR, detail, None)]
        return [days, (Frequency.HOUR, detail, today - timedelta(days=1)), (Frequency.MINUTE, today, None)]


def _coarseness(frequency: Frequency) -> int:
    return list(Frequency).index(frequency)


UNITS = (
    Unit("NO", "Norway demo unit (invented)", Frequency.MINUTE, 2300, visits=110, corrects=True),
    Unit("SE", "Sweden demo unit (invented)", Frequency.MINUTE, 1900, visits=70),
    Unit("DE", "Germany demo unit (invented)", Frequency.MINUTE, 3600, visits=160),
    Unit("GB", "United Kingdom demo unit (invented)", Frequency.MINUTE, 2900, utc_offset=0),
    Unit("NL", "Netherlands demo unit (invented)", Frequency.HOUR, 1700, visits=60, corrects=True),
    Unit("FR", "France demo unit (invented)", Frequency.HOUR, 2500),
    Unit("ES", "Spain demo unit (invented)", Frequency.HOUR, 1800, gap=(61, 9)),
    # Sends after its deadline, so that there is somebody late.
    Unit(
        "FI", "Finland demo unit (invented)", Frequency.HOUR, 900, 2, delay=timedelta(minutes=50), deadline_minutes=20
    ),
    Unit("PL", "Poland demo unit (invented)", Frequency.HOUR, 1300, gap=(190, 3)),
    Unit("IT", "Italy demo unit (invented)", Frequency.DAY, 1500, visits=45, delay=timedelta(hours=2), spike=3),
    # Fell silent: its place in the coverage shows it, the sums alone would not.
    Unit("IE", "Ireland demo unit (invented)", Frequency.DAY, 500, 0, silent_since=9),
    Unit("CZ", "Czechia demo unit (invented)", Frequency.MONTH, 700, delay=timedelta(days=3), deadline_minutes=7200),
)
#: The visitor of the demo sends as this agency. It owes nothing, so all its numbers were sent by hand.
READER = Unit("IS", "Iceland demo unit, for you to try (invented)", Frequency.HOUR, 0)
