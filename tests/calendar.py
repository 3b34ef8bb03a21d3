"""`make calendar`: the tests, those of `make verify` too, without browsers on special days; exit 1 if any failed.

The clock of every process is moved by an offset. An absolute time would begin again in each process.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from xml.etree import ElementTree

from config.processes import bound_to_parent, die_with_parent

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
    """The next such day after today, and the time, in UTC, at which the tests begin."""

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
    """The results of the tests of a day; ``code`` is pytest's exit code."""

    code: int
    #: The result of each test that did not pass, by its name.
    outcomes: Mapping[str, str | None]

    @property
    def failed(self) -> list[str]:
        return sorted(name for name, outcome in self.outcomes.items() if outcome in {"failure", "error"})

    def __str__(self) -> str:
        found = Counter(self.outcomes.values())
        return f"passed {found[None]:>5}  failed {len(self.failed):>3}  skipped {found['skipped']:>3}"


def main() -> None:
    days, options = _arguments()
    if shutil.which("faketime") is None:
        sys.exit("There is no faketime. Install it (Debian: faketime) and run this again.")
    if "MAKELEVEL" in os.environ:
        die_with_parent()
    folder = Path(tempfile.mkdtemp(prefix="police2peer-calendar-"))
    results = {name: _run(name, folder / name, options) for name in days}
    changing = _differently_named(results)
    for name in changing:
        say(f"The name of a test depends on the clock: {name}")
    if changing or any(result.code for result in results.values()):
        sys.exit(f"What the tests said is in {folder}")
    shutil.rmtree(folder)


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  this is what a person at a terminal reads


def _run(name: str, folder: Path, options: list[str]) -> Result:
    folder.mkdir()
    moment = DAYS[name].after(datetime.now(UTC).date())
    report = folder / "tests.xml"
    chosen = ["-n", "auto", "-m", "not browser and not timers", *options]
    tests = [sys.executable, "-m", "pytest", f"--junit-xml={report}", *chosen]
    with (folder / "tests.log").open("wb") as log:
        done = subprocess.run(
            bound_to_parent(tests),
            cwd=ROOT,
            env=os.environ | _moved_to(moment) | {"TZ": DAYS[name].zone},
            stdout=log,
            stderr=log,
            check=False,
        )
    result = Result(done.returncode, _read(report) if report.exists() else {})
    say(f"{name:<14} {moment:%a %Y-%m-%d %H:%M} UTC  {result}  exit {result.code}")
    for failed in result.failed:
        say(f"    {failed}")
    return result


def _moved_to(moment: datetime) -> dict[str, str]:
    """The variables that move the clocks of a process and of those that it starts."""
    offset = (moment - datetime.now(UTC)).total_seconds()
    # The program faketime knows where its library is. It is not what starts the tests: they would outlive it.
    asked = subprocess.run(
        ["faketime", "--disable-shm", "-f", "+0", "printenv", "LD_PRELOAD"], capture_output=True, text=True, check=True
    )
    return {
        "LD_PRELOAD": asked.stdout.strip(),
        "FAKETIME": f"{offset:+.0f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DISABLE_SHM": "1",
        # Files keep the times that they have, or Python would compile every module again.
        "NO_FAKE_STAT": "1",
    }


def _read(report: Path) -> dict[str, str | None]:
    return {
        f"{case.get('classname')}::{case.get('name')}": next(
            (part.tag for part in case if part.tag in {"failure", "error", "skipped"}), None
        )
        for case in ElementTree.parse(report).iter("testcase")
    }


def _differently_named(results: dict[str, Result]) -> list[str]:
    """Processes of a run that begin at different sides of midnight must agree on what there is to test."""
    ran = [result.outcomes for result in results.values() if result.outcomes]
    days = Counter(name for outcomes in ran for name in outcomes)
    return sorted(name for name, many in days.items() if many < len(ran))


def _arguments() -> tuple[list[str], list[str]]:
    """The days, and the rest, which goes to pytest."""
    parser = argparse.ArgumentParser(prog="python -m tests.calendar", description=__doc__)
    parser.add_argument("--days", nargs="+", choices=DAYS, default=list(DAYS), help="these only")
    asked, options = parser.parse_known_args()
    return asked.days, options


if __name__ == "__main__":
    main()
