"""Reports that the rules find something in: long series with strays, repetitions, sums that differ, unknown places."""

from datetime import datetime, timedelta
from random import Random

from tests.fuzz.documents import NOW, Report

_PLACES = (("NO", "ARES"), ("DE", "BITTORRENT"), ("_U", "EDONKEY"))


def reports(rng: Random) -> list[Report]:
    """Some series of one indicator, each period once, in any order."""
    made: dict[tuple[str, str], Report] = {}
    for _ in range(rng.choice((1, 1, 2))):
        for report in rng.choice((_weeks, _weeks, _minutes, _whole_day, _whole_month, _months))(rng):
            made.setdefault((report.frequency, report.period), report)
    found = list(made.values())
    return found if rng.random() < 0.7 else rng.sample(found, len(found))


def _report(rng: Random, frequency: str, start: datetime, total: int) -> Report:
    form = {"N": "%Y-%m-%dT%H:%M", "H": "%Y-%m-%dT%H:00", "D": "%Y-%m-%d", "M": "%Y-%m"}[frequency]
    unknown = rng.choice((0, 0, total // 2, total // 4))
    parts = (total - unknown - total // 3, total // 3, unknown)
    cells = [(*place, value) for place, value in zip(_PLACES, parts, strict=True) if value]
    return Report(frequency, start.strftime(form), rng.choice("AAAP"), rng.random() < 0.02, cells)


def _level(rng: Random, usual: int) -> int:
    return max(0, usual * 40 if rng.random() < 0.08 else usual + rng.randrange(-9, 10))


def _weeks(rng: Random) -> list[Report]:
    """The same hours or days of some weeks, with gaps."""
    frequency, step = rng.choice((("H", timedelta(hours=1)), ("D", timedelta(days=1))))
    usual, last = rng.choice((3, 60, 500)), NOW.replace(hour=0) - timedelta(days=2)
    starts = [
        last - week * timedelta(weeks=1) + place * step for week in range(rng.randrange(5, 12)) for place in (0, 1)
    ]
    return [_report(rng, frequency, start, _level(rng, usual)) for start in starts if rng.random() < 0.9]


def _minutes(rng: Random) -> list[Report]:
    """Minutes of the same hour in some weeks."""
    hour = NOW.replace(hour=5) - timedelta(days=1)
    starts = [hour - week * timedelta(weeks=1) + timedelta(minutes=at) for week in range(6) for at in range(0, 60, 20)]
    return [_report(rng, "N", start, _level(rng, 40)) for start in starts]


def _whole_day(rng: Random) -> list[Report]:
    """A day and its hours, of which one may come as minutes, or be missing."""
    day = NOW.replace(hour=0) - timedelta(days=rng.randrange(1, 20))
    parts = [_report(rng, "H", day + timedelta(hours=at), rng.choice((3, 60, 60))) for at in range(24)]
    if rng.random() < 0.4:
        at = rng.randrange(24)
        parts[at : at + 1] = [_report(rng, "N", day + timedelta(hours=at, minutes=one), 1) for one in range(60)]
    return _with_sum(rng, "D", day, parts)


def _whole_month(rng: Random) -> list[Report]:
    month = datetime(2026, rng.choice((9, 10)), 1, tzinfo=NOW.tzinfo)
    days = 30 if month.month == 9 else 31
    return _with_sum(rng, "M", month, [_report(rng, "D", month + timedelta(days=at), 60) for at in range(days)])


def _with_sum(rng: Random, frequency: str, start: datetime, parts: list[Report]) -> list[Report]:
    """A longer period after its parts: their sum as a rule, else something else, or not all of them."""
    cells: dict[tuple[str, str], int] = {}
    for part in parts:
        for country, network, value in () if part.withdrawn else part.cells:
            cells[country, network] = cells.get((country, network), 0) + value
    if rng.random() < 0.5 and cells:
        cells[rng.choice(list(cells))] += rng.choice((-1, 1, 50))
    if rng.random() < 0.2:
        parts.pop(rng.randrange(len(parts)))
    whole = _report(rng, frequency, start, 1)
    return [*parts, whole._replace(cells=[(*place, value) for place, value in cells.items()], withdrawn=False)]


def _months(rng: Random) -> list[Report]:
    """Months in a row."""
    return [
        _report(rng, "M", datetime(2026, month, 1, tzinfo=NOW.tzinfo), _level(rng, 2000))
        for month in range(rng.randrange(1, 5), 11)
    ]
