"""Numbers that must not change: those of the same events at another frequency, and windows against their parts."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from countries.reference import Reference
from federation import published
from federation.published.answers import Window
from federation.runs import schedules
from p2p_core import periods
from tests.attack.product import EVERY_COUNTRY, Product, at_work
from tests.attack.world import HIDDEN, HONEST, TOTAL, Counts, World, whole

_DAY = timedelta(days=1)
#: The frequencies to compare: all, or those that stay the same when months replace days.
EVERY, WITHOUT_DAYS = "DWMA", "MA"
#: The minutes of a day in which parts of its events are sent.
_MINUTES = (10, 440, 810)


def count_moved(product: Product, world: World, on_time: int, late: int, latest: int) -> Counter[str]:
    """Let two agencies report the same events by days, minutes, hours and months, before and after a late report.

    Returns how many cells moved, by the frequencies at which it was the same.
    """
    moved: Counter[str] = Counter()
    product.report(on_time)
    moved += _count_moved(product, world, on_time)
    product.report(late)
    moved += _count_moved(product, world, late)
    product.report(latest)
    return moved + _count_moved(product, world, on_time) + _count_moved(product, world, late)


def _count_moved(product: Product, world: World, agency: int) -> Counter[str]:
    first, moved = _read(product, world, EVERY), Counter[str]()
    for frequencies in _say_otherwise(product, world, agency):
        now = _read(product, world, frequencies)
        moved[frequencies] += sum(int((now[one] != first[one]).sum()) for one in frequencies)
    return moved


def _say_otherwise(product: Product, world: World, agency: int) -> Iterator[str]:
    """Report the same events in several ways. Yields for each way the frequencies whose numbers must be the same."""
    counts = world.counts[agency]
    parts = [(minute, (counts + number) // len(_MINUTES)) for number, minute in enumerate(_MINUTES)]
    product.send(agency, "D", 0, None)
    for minute, part in parts:
        product.send(agency, "N", minute, part)
    yield EVERY
    for minute, part in parts:
        product.send(agency, "H", minute // 60, part)
        product.send(agency, "N", minute, None)
    yield EVERY
    starts = [periods.start_of("M", day) for day in world.periods]
    months = {
        month: counts[[start == month for start in starts]].sum(axis=0)
        for month in whole("M", world.periods, world.periods[-1] + _DAY)
    }
    product.submit(agency, "M", months.items())
    yield EVERY
    for minute, _ in parts:
        hour = timedelta(minutes=minute // 60 * 60)
        inside = [day + hour for day, month in zip(world.periods, starts, strict=True) if month in months]
        product.submit(agency, "H", [(start, None) for start in inside])
    yield WITHOUT_DAYS
    product.report(agency)
    product.submit(agency, "M", [(month, None) for month in months])
    for minute, _ in parts:
        product.send(agency, "H", minute // 60, None)
    yield EVERY


def _read(product: Product, world: World, frequencies: str) -> dict[str, Counts]:
    starts = {one: sorted({periods.start_of(one, day) for day in world.periods}) for one in frequencies}
    return {one: product.read(one, some) for one, some in starts.items()}


class Watched(NamedTuple):
    """What a reader sees who stores everything each time an agency has sent an hour.

    ``early`` counts the numbers of periods that still wait, ``unlike`` the numbers of windows that are not the sums of
    published cells, and ``waits`` the times that an hour waited.
    """

    early: int
    unlike: int
    waits: int


def watch_hours(days: World, hours: World, moves: int) -> Watched:
    """Let hours end, and agencies send them one by one."""
    product, first = Product(days, "H"), hours.periods[0]
    for agency in HONEST:
        before = [(day, counts) for day, counts in zip(days.periods, days.counts[agency], strict=True) if day < first]
        product.submit(agency, "D", before)
    early, unlike, waits, sent = 0, 0, 0, 0
    for end in range(len(hours.periods) - moves, len(hours.periods)):
        now = hours.periods[end] + timedelta(minutes=5)
        with at_work(now):
            schedules.tick(now=now)
            for agency in HONEST:
                # Before the first hours, all agencies are silent, and nobody waits for them.
                if sent:
                    numbers = [product.read(one, [periods.start_of(one, hours.periods[end - 1])]) for one in "HDWM"]
                    early += sum(int((one != HIDDEN).sum()) for one in numbers)
                    waits += 1
                product.submit(agency, "H", zip(hours.periods[sent:end], hours.counts[agency][sent:end], strict=True))
            product.settle()
            unlike += sum(_count_unlike(product, name) for name in published.WINDOWS)
        sent = end
    return Watched(early, unlike, waits)


def _count_unlike(product: Product, name: str) -> int:
    window = published.window(product.indicator, name, Reference.current())
    if window is None:
        return 0
    shown = {country: value for (country, _), [value] in window.page.table.numbers().items()}
    parts = [product.read(frequency, starts)[..., TOTAL] for frequency, starts in _parts(name, window)]
    numbers = np.concatenate(parts)
    # Periods without any number are older than the first report.
    numbers = numbers[(numbers != HIDDEN).any(axis=1)]
    sums = [None if (one == HIDDEN).any() else int(one.sum()) for one in numbers.T]
    return sum(shown.get(country) != value for country, value in zip(EVERY_COUNTRY, sums, strict=True))


def _parts(name: str, window: Window) -> Iterator[tuple[str, list[datetime]]]:
    """The published periods that lie in a window: of the longest one months, and days around them."""
    last = window.end - timedelta(seconds=1)
    if name == "P1D":
        yield "H", list(periods.between("H", window.start, last))
        return
    days = list(periods.between("D", window.start, last))
    months = whole("M", days, window.end) if name == "P365D" else []
    covered = {periods.start_of("M", day) for day in days} & set(months)
    if months:
        yield "M", months
    yield "D", [day for day in days if periods.start_of("M", day) not in covered]
