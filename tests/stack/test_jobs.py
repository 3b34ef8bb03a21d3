"""Walks each job of a coordinator in a browser, and compares its clicks and screens with the guide."""

import re
from pathlib import Path

import pytest

from tests.stack import jobs
from tests.stack.stack import DAYS, USUAL, Federation, ago
from tests.stack.walk import Walk

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
_GUIDE = Path(__file__).parents[2] / "docs/how-to/coordinate.md"
_HEAD = "| Job | Clicks before | Clicks | Screens before | Screens |"
_ROW = re.compile(r"\| (?P<job>[^|]+) \| \d+ \| (?P<clicks>\d+) \| \d+ \| (?P<screens>\d+) \|")


@pytest.fixture(scope="module")
def walked(federation) -> Federation:
    """Agencies of which no other test decides anything: with held reports, silent, or as usual."""
    stack = federation.stack
    added = stack.begin((), dict.fromkeys(jobs.WALKED, ("HELP_VISITS", ago(DAYS))))
    for code, agency in added.items():
        last = 9 if code in (jobs.FELL_SILENT, jobs.EXPLAINED) else 0
        agency.send(code[:2], {ago(back): USUAL + back % 7 for back in range(last + 1, DAYS + 1)})
    for code, days in ((jobs.HELD_ONE, (2,)), (jobs.HELD_MANY, (2, 3, 4)), (jobs.HELD_BY_LEVEL, (2,))):
        added[code].send(code[:2], {ago(back): 5000 for back in days})
    stack.manage("settle", "--timeout", "60")
    return Federation(stack, {**federation.agencies, **added})


def in_the_guide() -> dict[str, tuple[int, int]]:
    rows = _GUIDE.read_text().partition(_HEAD)[2].partition("\n\n")[0]
    return {row["job"]: (int(row["clicks"]), int(row["screens"])) for row in _ROW.finditer(rows)}


def test_each_job_takes_the_clicks_and_screens_that_the_guide_says(walked, visit):
    page, counted = visit("kari"), {}
    # In this order: what one job decides, a later one looks for.
    for name, (steps, agency) in jobs.JOBS.items():
        page.goto(f"{walked.url}/admin/")
        walk = Walk(page)
        steps(walk, walked, agency)
        counted[name] = walk.stop()
    assert counted == in_the_guide()
