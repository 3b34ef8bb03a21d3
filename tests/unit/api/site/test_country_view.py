"""The view of a country in an address: its span, and the address of the same view."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.http import QueryDict

from api.site import country_view, trends
from countries.reference import Indicator, Reference

DOWNLOADS = Indicator(number=1, code="DOWNLOADS", name="Downloads", unit=(), description="", notes=(), translations={})
#: Norway by days until October, and by weeks from November on.
NORWAY = Reference(
    version=1,
    changed=datetime(2026, 1, 1, tzinfo=UTC),
    indicators=(DOWNLOADS,),
    networks=(),
    agencies=(),
    population=(),
    details=((1, 578, 946_684_800, "D", "D"), (1, 578, 1_793_491_200, "W", "M")),
    annotations=(),
    help_services=(),
)
MAY = datetime(2026, 5, 20, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)


@pytest.fixture
def ask(monkeypatch):
    """Reads a question of Norway at a moment that stands; no moment of it lies ahead."""
    monkeypatch.setattr(country_view.timezone, "now", lambda: NOW)
    monkeypatch.setattr(country_view.published, "past_view", lambda *_: None)

    def read(query="", details=()):
        reference = msgspec.structs.replace(NORWAY, details=details)
        return country_view.parse("NO", DOWNLOADS, QueryDict(query), reference)

    return read


def test_span_ends_now_or_when_it_was_read(ask):
    assert ask().span()[1] == datetime(2026, 11, 30, tzinfo=UTC)
    for frequency, start, end in (
        ("D", "2026-04-20", "2026-05-20"), ("W", "2025-11-17", "2026-05-18"), ("M", "2024-05-01", "2026-05-01"),
    ):  # fmt: skip
        span = ask(f"frequency={frequency}&as_of={MAY:%Y-%m-%dT%H:%M:%SZ}").span()
        assert [f"{moment:%Y-%m-%d}" for moment in span] == [start, end]


def test_span_with_one_end_named_goes_as_far_as_usual(ask):
    first, last = ask("end=2026-05-20").span()
    assert last - first == trends.SPANS["D"]
    assert ask("start=2026-11-01").span()[0] == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.verify
def test_months_go_back_as_far_on_each_day_of_a_month(ask):
    # The two years before some of these days have a leap day, and those before others have none.
    for day in (datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(1500)):
        span = ask(f"frequency=M&as_of={day:%Y-%m-%d}T00:00:00Z").span()
        assert [f"{month:%Y-%m-%d}" for month in span] == [f"{day.year - 2}-{day:%m}-01", f"{day:%Y-%m}-01"]


def test_span_is_cut_where_it_would_be_too_long(ask):
    first, last = ask("start=2001-01-01&end=2026-05-20").span()
    assert last - first == timedelta(days=trends.LONGEST)


@pytest.mark.parametrize(
    "query",
    ["", "frequency=M", "with=SE&with=DK", "with=SE&show=index", "show=head", "start=2026-11-01&end=2026-11-20"],
)
def test_question_is_written_as_it_was_read(ask, query):
    assert ask(query).query() == f"?{query}"


def test_what_is_as_usual_is_left_out_of_an_address(ask):
    assert ask("indicator=DOWNLOADS&frequency=D&show=count&nonsense=1").query() == "?"
    assert ask("with=SE&show=head").query() == "?with=SE"
    assert ask("with=SE&show=count").query(**{"with": []}) == "?"
    assert ask("as_of=2026-05-20T12:00:00%2B02:00").query() == "?as_of=2026-05-20T10:00:00.000Z"


@pytest.mark.parametrize(
    ("query", "frequency", "offered"),
    [
        ("", "W", ("W", "M")),
        ("frequency=D", "W", ("W", "M")),
        ("frequency=M", "M", ("W", "M")),
        # A time in the address has the detail of its month.
        ("end=2026-10-31", "D", ("D", "W", "M")),
        ("end=2026-11-01", "W", ("W", "M")),
        ("frequency=W&end=2026-W44", "W", ("W", "M")),
    ],
)
def test_view_opens_at_the_finest_step_that_is_published(ask, query, frequency, offered):
    view = ask(query, NORWAY.details)
    assert (view.frequency, view.frequencies, view.has_hours) == (frequency, offered, False)
    assert ask("").has_hours
