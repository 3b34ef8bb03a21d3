"""The page of a finding draws the counts around it: the agency's own, and nothing of another agency."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from federation.models.submissions import Report, Submission
from tests.contract.agency.conftest import figure, text_of
from tests.factories import AgencyFactory, FindingFactory

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
MIX = {
    "value": 600, "others": 98765, "distance": 0.5, "source": "Own base", "edition": "2026-10-01",
    "others_elsewhere": 0.25, "countries": [{"country": "NO", "own": 0.9, "others": 0.1}],
}  # fmt: skip


@pytest.fixture
def other(agency):
    return AgencyFactory.create(code="SE-NOA", name="NOA")


def of_day(agency, **more):
    more = {"rule": "R105", "frequency": "D", "period": MONDAY, **more}
    return FindingFactory.create(agency=agency, **more)


def page_of(client, finding):
    return client.get(f"/agency/findings/{finding.pk}/")


def test_counts_around_a_finding_are_drawn_and_in_a_table(analyst, agency):
    for back in range(29):
        figure(agency, MONDAY - back * DAY, 4321 + back)
    answer = page_of(analyst, of_day(agency))
    page = answer.content.decode()
    assert page.count('class="found"') - page.count('<circle class="found" cx="14"') == 1
    # A line of 29 days, and four Mondays before the day of the finding.
    [line] = re.findall(r'class="count" d="([^"]*L[^"]*)"', page.partition("legend")[0])
    assert (line.count("M"), line.count("L")) == (1, 28)
    assert 'class="usual"' in page
    assert re.search(r'<link rel="stylesheet" href="[^"]*/trend\b[^"]*\.css">', page)
    assert "2 November 2026 4,321 4,338.5 in the finding" in text_of(answer)
    assert "4,349" in text_of(answer)


def test_report_that_is_not_used_is_drawn_beside_what_is_used(analyst, agency):
    figure(agency, MONDAY, 100)
    stored = Submission.objects.create(
        agency=agency, received=MONDAY, prepared=MONDAY, media="json", body_digest=b"", report_count=1,
        observation_count=1, outcomes={"held": 1}, from_pages=False,
    )  # fmt: skip
    Report.objects.create(
        submission=stored, position=0, agency=agency, indicator_id=1, frequency="D", period=MONDAY, status="A",
        withdrawn=False, prepared=MONDAY, received=MONDAY, state="held", outcome="held", digest=b"", total=9000,
        countries=[578], networks=[1], values=[9000],
    )  # fmt: skip
    answer = page_of(analyst, of_day(agency))
    assert "2 November 2026 100 – 9,000 held for checking · in the finding" in text_of(answer)
    assert 'class="not-used"' in answer.content.decode()
    elsewhere = FindingFactory.create(agency=agency, rule="R105", frequency="D", period=MONDAY + DAY)
    figure(agency, MONDAY + DAY, 110)
    other = page_of(analyst, elsewhere)
    assert "▲ above the chart" in text_of(other)
    assert ">9,000</li>" not in other.content.decode()


@pytest.mark.parametrize("how", [{}, {"rule": "R301", "frequency": "W", "facts": MIX}])
def test_nothing_of_another_agency_is_drawn(analyst, agency, other, how):
    """Also not by a rule that compares agencies: what the others have changes nothing on the page but its sentence."""
    finding = of_day(agency, **how)
    for back in range(5):
        figure(agency, MONDAY - back * WEEK, 600 + back, frequency=finding.frequency)
    before = page_of(analyst, finding).content.decode()
    assert '<svg class="field"' in before
    for back in range(9):
        figure(other, MONDAY - back * WEEK, 77_000 + back, frequency=finding.frequency)
    after = page_of(analyst, finding).content.decode()
    assert without_stamps(after) == without_stamps(before)
    assert "98,765" not in after.partition("</h1>")[2].partition('<dl class="facts">')[2]


def without_stamps(page):
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_finding_without_any_count_has_no_picture(analyst, agency, other):
    figure(other, MONDAY, 77_000)
    page = page_of(analyst, of_day(agency)).content.decode()
    assert "<svg" not in page.partition("<main")[2]
