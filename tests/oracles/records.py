"""What the second federation is told, and what it says: reports, schedules, details, figures and coverage."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from tests.oracles.calendar import DAY
from tests.oracles.places import Cells, Place

#: What became of a report: it may count, it waits for a decision, was rejected, or was replaced while it waited.
USABLE, WAITING, REJECTED, REPLACED = "usable", "waiting", "rejected", "replaced"


@dataclass(frozen=True)
class Report:
    """A report of one agency for one period; ``cells`` has the cells that are not zero."""

    submission: UUID
    agency: int
    indicator: int
    frequency: str
    period: datetime
    status: str
    withdrawn: bool
    cells: dict[Place, int]
    prepared: datetime
    received: datetime
    fate: str = USABLE

    @property
    def rank(self) -> tuple[datetime, datetime, UUID]:
        return self.prepared, self.received, self.submission

    def __deepcopy__(self, _memo: object) -> "Report":
        """Nothing changes a report, and tests copy thousands of them."""
        return self


@dataclass(frozen=True)
class Schedule:
    agency: int
    indicator: int
    frequency: str
    first: date
    last: date | None
    deadline: timedelta

    @property
    def starts(self) -> datetime:
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        last = self.last or date(9000, 1, 1)
        return datetime(last.year, last.month, last.day, tzinfo=UTC) + DAY


@dataclass(frozen=True)
class Detail:
    """The finest steps of a country from a month on, over all networks and by network."""

    country: int
    indicator: int
    month: date
    step: str
    network_step: str


@dataclass(frozen=True)
class Figure:
    source: str
    seconds: int
    final: bool
    cells: Cells


@dataclass(frozen=True)
class Coverage:
    expected: int
    reporting: int
    covered: int
    owed: int
    status: str
    states: dict[int, str]
    counted_from: datetime | None = None
    #: Of a period that is not public yet: for whom it waits, and until when.
    awaited: frozenset[int] = frozenset()
    until: datetime | None = None


@dataclass(frozen=True)
class Window:
    start: datetime
    end: datetime
    values: dict[int, int]
    coverage: Coverage
