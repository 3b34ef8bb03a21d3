"""Judges the levels of a few reports, with the numbers of the weeks before."""

from datetime import UTC, datetime, timedelta

from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules import rulebook
from p2p_core.rules.levels import Judge, Level
from p2p_core.rules.sums import NOTHING, Count, Sums

USUAL = rulebook.limits(rulebook.DEFAULTS)["R102"]
TUESDAY = datetime(2026, 11, 3, tzinfo=UTC)
TWO = TUESDAY.replace(hour=14)
WEEK = timedelta(weeks=1)
BORDER = {"distance": 12, "difference": 50, "values": 4}


def weeks_before(period, totals):
    """What stands for the same place of the weeks before, the last one last."""
    return {period - (len(totals) - number) * WEEK: total for number, total in enumerate(totals)}


def sums_of(standing):
    """Figures, of the totals of reports by frequency and period."""
    reports, minutes = {}, {}
    for (frequency, period), total in standing.items():
        count = Count(total, periods.seconds(frequency, period))
        if frequency == "N":
            hour = periods.start_of("H", period)
            minutes[hour] = minutes.get(hour, NOTHING).plus(count)
        reports[frequency, period] = count
    return Sums(reports, minutes)


def judge(frequency, standing, some, *, breaks=()):
    """Judge levels of one frequency, and bring up to date what stands."""
    sums = sums_of({(frequency, period): total for period, total in standing.items()})
    found = Judge(sums, Frequency.MONTH, list(breaks), USUAL).judge(some)
    standing.clear()
    standing.update({period: count.total for (_, period), count in sums.reports.items()})
    return {period: facts for (_, period), facts in found.items()}


def judged(value, totals, *, frequency="H", period=TWO, breaks=()):
    level = Level(frequency, period, value, judged=True)
    return judge(frequency, weeks_before(period, totals), [level], breaks=breaks)
