"""`make calendar`: the tests without browsers on days of the calendar that are special; exit 1 if any failed.

The clock of every process is moved by an offset. An absolute time would begin again in each process.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from shutil import which
from xml.etree import ElementTree

from config.processes import die_with, die_with_parent

ROOT = Path(__file__).parents[1]
_DAY = timedelta(days=1)
_SUNDAY = 6

# A run that begins shortly before midnight goes on after it; one that begins just after it has "yesterday" in another
# week, month or year.
_BEFORE_MIDNIGHT, _AFTER_MIDNIGHT, _NOON = time(23, 56), time(0, 0, 20), time(12)
#: In the whole Union summer time begins and ends at 01:00 UTC.
_BEFORE_THE_CHANGE = time(0, 56)


@dataclass(frozen=True)
class Day:
    """The next day after today that is so, and the time of it, in UTC, at which the tests begin."""

    is_so: Callable[[date], bool]
    begin: time
    zone: str = "UTC"

    def after(self, today: date) -> datetime:
        found = next(day for day in (today + number * _DAY for number in count(1)) if self.is_so(day))
        return datetime.combine(found, self.begin, UTC)


DAYS = {
    "sunday": Day(lambda day: day.weekday() == _SUNDAY, _BEFORE_MIDNIGHT),
    "monday-first": Day(lambda day: day.day == 1 and day.weekday() == 0, _AFTER_MIDNIGHT),
    "last-of-year": Day(lambda day: (day.month, day.day) == (12, 31), _BEFORE_MIDNIGHT),
    "week-53": Day(lambda day: (day.month, day.day, day.isocalendar().week) == (1, 1, 53), _AFTER_MIDNIGHT),
    "leap-day": Day(lambda day: (day.month, day.day) == (2, 29), _NOON),
    "summer-time": Day(lambda day: _is_last_sunday(day, month=3), _BEFORE_THE_CHANGE, "Europe/Berlin"),
    "winter-time": Day(lambda day: _is_last_sunday(day, month=10), _BEFORE_THE_CHANGE, "Europe/Berlin"),
}


def _is_last_sunday(day: date, *, month: int) -> bool:
    return day.month == month and day.weekday() == _SUNDAY and (day + 7 * _DAY).month != month


@dataclass(frozen=True)
class Result:
    """What became of the tests of a day; none that passed is that they did not run."""

    passed: int = 0
    skipped: int = 0
    failed: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()


def main() -> None:
    days, options = _arguments()
    if which("faketime") is None:
        sys.exit("There is no faketime. Install it (Debian: faketime) and run this again.")
    if "MAKELEVEL" in os.environ:
        die_with_parent()
    folder = Path(tempfile.mkdtemp(prefix="police2peer-calendar-"))
    results = {name: _run(name, folder / name, options) for name in days}
    wrong = [name for name, result in results.items() if result.failed or not result.passed]
    for name in _differently_named(results):
        say(f"The names of the tests depend on the clock: {name}")
        wrong.append(name)
    if wrong:
        sys.exit(f"What the tests said is in {folder}")


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  this is what a person at a terminal reads


def _run(name: str, folder: Path, options: list[str]) -> Result:
    folder.mkdir()
    moment = DAYS[name].after(datetime.now(UTC).date())
    offset = (moment - datetime.now(UTC)).total_seconds()
    moved = ["faketime", "--disable-shm", "--exclude-monotonic", "-f", f"{offset:+.0f}"]
    report = folder / "tests.xml"
    tests = [sys.executable, "-m", "pytest", "-n", "auto", "-m", "not browser", f"--junit-xml={report}", *options]
    # Files keep the times that they have, or Python would compile every module again.
    environment = {**os.environ, "NO_FAKE_STAT": "1", "TZ": DAYS[name].zone}
    with (folder / "tests.log").open("wb") as log:
        subprocess.run(
            [*moved, *tests],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=partial(die_with, os.getpid()),
            check=False,
        )
    result = _read(report)
    say(
        f"{name:<14} {moment:%a %Y-%m-%d %H:%M} UTC  "
        f"passed {result.passed:>5}  failed {len(result.failed):>3}  skipped {result.skipped:>3}"
    )
    for failed in result.failed:
        say(f"    {failed}")
    return result


def _read(report: Path) -> Result:
    if not report.exists():
        return Result()
    outcomes = {f"{case.get('classname')}::{case.get('name')}": {part.tag for part in case} for case in _cases(report)}
    failed = tuple(sorted(name for name, found in outcomes.items() if found & {"failure", "error"}))
    skipped = sum("skipped" in found for found in outcomes.values())
    return Result(len(outcomes) - len(failed) - skipped, skipped, failed, frozenset(outcomes))


def _cases(report: Path) -> Iterator[ElementTree.Element]:
    return ElementTree.parse(report).iter("testcase")


def _differently_named(results: dict[str, Result]) -> Iterator[str]:
    """Processes of a run that begin at different sides of midnight must agree on what there is to test."""
    ran = [result.names for result in results.values() if result.names]
    yield from sorted(frozenset().union(*ran) - frozenset.intersection(*ran) if ran else ())


def _arguments() -> tuple[list[str], list[str]]:
    """The days, and the rest, which goes to pytest."""
    parser = argparse.ArgumentParser(prog="python -m tests.calendar", description=__doc__)
    parser.add_argument("--days", nargs="+", choices=DAYS, default=list(DAYS), help="these only")
    asked, options = parser.parse_known_args()
    return asked.days, options


if __name__ == "__main__":
    main()
