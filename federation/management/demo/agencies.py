"""The invented agencies, what each sends, and which periods are still to be sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from p2p_core import periods
from p2p_core.periods import Frequency

HISTORY = timedelta(days=400)
EXCESS = 12.0
#: If a period ended longer ago than this, it is sent as one coarse report instead of many fine ones.
_AS_DAYS_AFTER = timedelta(days=14)
_AS_HOURS_AFTER = timedelta(hours=2)

DOWNLOADS, HELP_VISITS = "DOWNLOADS", "HELP_VISITS"


@dataclass(frozen=True)
class DemoAgency:
    """One invented agency and its habits. Days are counted back from the start of the demo."""

    country: str
    name: str
    finest: Frequency
    #: About how many downloads it counts in a day. In public, 20,000 a day were claimed for one agency in 2018.
    level: float
    time_zone: str
    visits: float = 0.0
    delay: timedelta = timedelta(0)
    deadline_minutes: int = 60
    #: The agency sent nothing for a time: it began the first number of days ago, and lasted the second number of days.
    gap: tuple[int, int] = (0, 0)
    silent_since: int = 0
    corrects: bool = False
    #: This many days ago it counted far too much, so that there is something to decide.
    spike: int = 0

    @property
    def code(self) -> str:
        return f"{self.country}-DEMO"

    @property
    def contact(self) -> str:
        """A mailbox under a reserved name, to which nobody can write by mistake."""
        return f"office@{self.country.lower()}.example"

    @property
    def utc_offset(self) -> int:
        """Hours between UTC and its winter time. The invented counts have no summer time."""
        offset = datetime(2026, 1, 1, tzinfo=ZoneInfo(self.time_zone)).utcoffset() or timedelta(0)
        return offset // timedelta(hours=1)

    @property
    def streams(self) -> "tuple[Stream, ...]":
        downloads = Stream(self, DOWNLOADS, self.finest, self.level)
        if not self.visits:
            return (downloads,)
        # Help services count by the hour at most.
        finest = Frequency.HOUR if self.finest is Frequency.MINUTE else self.finest
        return (downloads, Stream(self, HELP_VISITS, finest, self.visits))


@dataclass(frozen=True)
class Stream:
    """What one agency sends of one indicator."""

    agency: DemoAgency
    indicator: str
    finest: Frequency
    level: float

    def due(self, since: datetime, *, now: datetime, first_day: datetime) -> Iterator[tuple[Frequency, datetime]]:
        """The periods to send from `since` on, without a gap: days for the distant past, then shorter periods."""
        upto = now - self.agency.delay
        if self.agency.silent_since:
            upto = min(upto, first_day - timedelta(days=self.agency.silent_since))
        ago, length = self.agency.gap
        gap_begins = first_day - timedelta(days=ago)
        at = since
        while step := self._next(at, upto):
            if not gap_begins <= step[1] < gap_begins + timedelta(days=length):
                yield step
            at = periods.end(*step)

    def _next(self, at: datetime, upto: datetime) -> tuple[Frequency, datetime] | None:
        days, hours = (Frequency.DAY, _AS_DAYS_AFTER), (Frequency.HOUR, _AS_HOURS_AFTER)
        choices = {Frequency.HOUR: [days], Frequency.MINUTE: [days, hours]}.get(self.finest, [])
        for frequency, patience in [*choices, (self.finest, timedelta(0))]:
            if periods.start_of(frequency, at) == at and periods.end(frequency, at) <= upto - patience:
                return frequency, at
        return None

    def excess(self, start: datetime, first_day: datetime) -> float:
        """The factor by which too much was counted in a period."""
        ago = self.agency.spike
        spiked = ago and periods.start_of(Frequency.DAY, start) == first_day - timedelta(days=ago)
        return EXCESS if spiked else 1.0

    def schedules(self, today: datetime) -> list[tuple[Frequency, datetime, datetime | None]]:
        """The schedules that fit what it sends: frequency, first and last day."""
        begin, yesterday = periods.start_of(self.finest, today - HISTORY), today - timedelta(days=1)
        if self.finest is Frequency.DAY and not self.agency.silent_since:
            # With a schedule from long ago, the agency would be silent until its history has arrived, and no day would
            # wait for it.
            return [(self.finest, begin, yesterday - timedelta(days=1)), (self.finest, yesterday, None)]
        if self.finest in {Frequency.DAY, Frequency.MONTH}:
            return [(self.finest, begin, None)]
        detail = today - _AS_DAYS_AFTER
        days = (Frequency.DAY, begin, detail - timedelta(days=1))
        if self.finest is Frequency.HOUR:
            return [days, (Frequency.HOUR, detail, None)]
        return [days, (Frequency.HOUR, detail, yesterday), (Frequency.MINUTE, today, None)]


AGENCIES = (
    DemoAgency("NO", "Norway demo unit (invented)", Frequency.MINUTE, 11_500, "Europe/Oslo", visits=110, corrects=True),
    DemoAgency("SE", "Sweden demo unit (invented)", Frequency.MINUTE, 9_500, "Europe/Stockholm", visits=70),
    DemoAgency("DE", "Germany demo unit (invented)", Frequency.MINUTE, 18_000, "Europe/Berlin", visits=160),
    DemoAgency("GB", "United Kingdom demo unit (invented)", Frequency.MINUTE, 14_500, "Europe/London"),
    DemoAgency(
        "NL", "Netherlands demo unit (invented)", Frequency.HOUR, 8_500, "Europe/Amsterdam", visits=60, corrects=True
    ),
    DemoAgency("FR", "France demo unit (invented)", Frequency.HOUR, 12_500, "Europe/Paris"),
    DemoAgency("ES", "Spain demo unit (invented)", Frequency.HOUR, 9_000, "Europe/Madrid", gap=(61, 9)),
    # Sends after its deadline, so that one agency is late.
    DemoAgency(
        "FI",
        "Finland demo unit (invented)",
        Frequency.HOUR,
        4_500,
        "Europe/Helsinki",
        delay=timedelta(minutes=50),
        deadline_minutes=20,
    ),
    # Its spike is held until somebody decides. Because of its gap it is in no panel, so the spike breaks no panel.
    DemoAgency("PL", "Poland demo unit (invented)", Frequency.DAY, 6_500, "Europe/Warsaw", gap=(190, 3), spike=3),
    # Its deadline is a day, and even so it is late. So at any time, yesterday waits for it.
    DemoAgency(
        "IT",
        "Italy demo unit (invented)",
        Frequency.DAY,
        7_500,
        "Europe/Rome",
        visits=45,
        delay=timedelta(hours=26),
        deadline_minutes=24 * 60,
    ),
    # It fell silent. The coverage shows this; the sums alone would not. Because of its gap, it is in no panel. If it
    # left one when it fell silent, the panel would end, because the difference would show its numbers.
    DemoAgency(
        "IE", "Ireland demo unit (invented)", Frequency.DAY, 2_500, "Europe/Dublin", gap=(120, 3), silent_since=9
    ),
    DemoAgency(
        "CZ",
        "Czechia demo unit (invented)",
        Frequency.MONTH,
        3_500,
        "Europe/Prague",
        delay=timedelta(days=3),
        deadline_minutes=7200,
    ),
)
#: It counts a small real swarm on this machine. It owes nothing either, because not every machine can run a swarm.
COLLECTOR = DemoAgency(
    "PT", "Portugal demo unit, with a real swarm of harmless files (invented)", Frequency.MINUTE, 0, "Europe/Lisbon"
)
#: A visitor of the demo sends as this agency. It owes nothing, so all its numbers come from people.
READER = DemoAgency("IS", "Iceland demo unit, for you to try (invented)", Frequency.HOUR, 0, "Atlantic/Reykjavik")
