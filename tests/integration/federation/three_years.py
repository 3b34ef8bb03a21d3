"""Three agencies that have reported for more than three years, and their panels beside those of the oracle."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from federation.runs import rebuilding
from p2p_core import periods
from tests.integration.federation import comparison
from tests.integration.federation.comparison import stored_panel
from tests.integration.federation.world import Said, World
from tests.oracles.calendar import end_of

#: A month and a year have just ended; the minute for their last reports has not passed.
BEGINNING = datetime(2027, 1, 1, 0, 0, 30, tzinfo=UTC)
FIRST_MONTH = datetime(2023, 12, 1, tzinfo=UTC)
MONTHS = list(periods.between("M", FIRST_MONTH, BEGINNING - timedelta(days=1)))
#: Which months are reported by the day: some of the last year, or all of it, and so its weeks.
SOME = [month for month in MONTHS if (month.year, month.month) in {(2026, 3), (2026, 12)}]
LAST_YEAR = MONTHS[-13:]
NORWAY, GERMANY = 578, 276


def month(label: str) -> datetime:
    return periods.parse("M", label)


def day(label: str) -> datetime:
    return periods.parse("D", label)


def days_of(months: Iterable[datetime]) -> list[datetime]:
    return [day for month in months for day in periods.between("D", month, end_of("M", month) - timedelta(days=1))]


def reports_of(agency: int, by_day: Sequence[datetime] = SOME) -> Iterator[Said]:
    """All that an agency says of those three years: other numbers than the others say, as many a day in each month."""
    for number, period in enumerate([*days_of(by_day), *(month for month in MONTHS if month not in by_day)]):
        frequency = "D" if number < len(days_of(by_day)) else "M"
        days = (end_of(frequency, period) - period).days
        yield Said(
            frequency, period, {(NORWAY, 1): (3 + agency + number % 3) * days, (GERMANY, 2): (1 + agency) * days}
        )


def assert_panels_agree(told: World) -> None:
    """Panels are what the oracle says."""
    told.settle()
    comparison.assert_panels_agree(told.oracle())


def assert_rebuild_changes_nothing(told: World) -> None:
    told.settle()
    different = [str(item) for item in rebuilding.differences()]
    assert not different, different


def agencies_of(told: World, months: int = 12, frequency: str = "M") -> list[int]:
    """Who is in a panel, by the number that the tests call them."""
    assert_panels_agree(told)
    found = stored_panel(months, frequency)
    assert found is not None
    return [agency - 1 for agency in found.agencies]
