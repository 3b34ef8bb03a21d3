"""The view of a country in an address: its span, and the address of the same view."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.http import QueryDict

from api.site import country_view, ranges
from countries.reference import Indicator, Reference
from federation.published.answers import PastView
from p2p_core import periods

DOWNLOADS = Indicator(
    number=1, code="DOWNLOADS", name="Downloads", unit=(), description="", notes=(), usual_rate=1, translations={}
)
#: Norway by days until October, and by weeks from November on.
NORWAY = Reference(
    version=1,
    changed=datetime(2026, 1, 1, tzinfo=UTC),
    indicators=(DOWNLOADS,),
    networks=(),
    agencies=(),
    population=(),
    details=((1, 578, 1_483_228_800, "D", "D"), (1, 578, 1_793_491_200, "W", "M")),
    annotations=(),
    withdrawn=(),
    interventions=(),
    draws=(),
    help_services=(),
)
FIRST = datetime(2024, 2, 10, tzinfo=UTC)
MAY = datetime(2026, 5, 20, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)


@pytest.fixture
def ask(monkeypatch):
    """Reads a question of Norway at a moment that stands; no moment of it lies ahead."""
    monkeypatch.setattr(country_view.timezone, "now", lambda: NOW)
    monkeypatch.setattr(country_view.published, "past_view", lambda *_: PastView(1, settled=True))

    def read(query="", details=(), first=FIRST, steps="DWMA"):
        public = dict.fromkeys(steps, (first, NOW))
        monkeypatch.setattr(country_view.readings, "public_spans", lambda *_: public)
        reference = msgspec.structs.replace(NORWAY, details=details)
        return country_view.parse("NO", DOWNLOADS, QueryDict(query), reference)

    return read


def test_span_ends_now_or_when_it_was_read(ask):
    assert ask().span()[1] == datetime(2026, 11, 30, tzinfo=UTC)
    for frequency, start, end in (
        ("D", "2026-04-20", "2026-05-20"), ("W", "2025-05-19", "2026-05-18"), ("M", "2024-02-01", "2026-05-01"),
    ):  # fmt: skip
        span = ask(f"frequency={frequency}&as_of={MAY:%Y-%m-%dT%H:%M:%SZ}").span()
        assert [f"{moment:%Y-%m-%d}" for moment in span] == [start, end]


def test_span_with_one_end_named_goes_as_far_as_usual(ask):
    first, last = ask("end=2026-05-20").span()
    assert last - first == timedelta(days=29)
    assert ask("start=2026-11-01").span()[0] == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(("frequency", "count"), [("D", 365), ("W", 52), ("M", 12)])
def test_year_has_as_many_periods_as_its_name_says(ask, frequency, count):
    for end in ("", "&as_of=2026-05-20T12:00:00Z", "&as_of=2024-02-29T12:00:00Z", "&as_of=2024-12-31T12:00:00Z"):
        span = ask(f"frequency={frequency}&range=year{end}").span()
        # The last one is still running.
        assert len(list(periods.between(frequency, *span))) - 1 == count, end
    span = ask(f"frequency={frequency}&range=year&end=2026-10-31").span()
    assert len(list(periods.between(frequency, *span))) == count


def test_span_is_cut_where_it_would_be_too_long(ask):
    view = ask("frequency=D&start=2017-02-01&end=2026-05-20")
    first, last = view.span()
    assert last - first == timedelta(days=ranges.MAX_PERIODS - 1)
    assert ranges.finest("DWMA", first, last + timedelta(hours=23), ranges.MAX_PERIODS) == "D"
    assert view.is_cut
    assert "frequency=D&" in view.query()
    assert not ask("range=all").is_cut


@pytest.mark.parametrize(
    "query",
    [
        "", "frequency=M", "with=SE&with=DK", "with=SE&show=index", "show=head", "start=2026-11-01&end=2026-11-20",
        "range=year", "range=all", "frequency=D&range=year", "frequency=W&range=30d", "frequency=A",
        "frequency=M&panel=12", "range=year&end=2026-W20", "frequency=W&start=2026-W01",
    ],
)  # fmt: skip
def test_question_is_written_as_it_was_read(ask, query):
    assert ask(query).query() == f"?{query}"


def test_what_is_as_usual_is_left_out_of_an_address(ask):
    assert ask("indicator=DOWNLOADS&frequency=D&show=count&nonsense=1").query() == "?"
    assert ask("with=SE&show=head").query() == "?with=SE"
    assert ask("with=SE&show=count").query(**{"with": []}) == "?"
    assert ask("range=30d").query() == ask("frequency=D&range=30d").query() == "?"
    assert ask("frequency=W&range=year").query() == "?frequency=W"
    assert ask("range=century&panel=13").query() == "?"
    assert ask("as_of=2026-05-20T12:00:00%2B02:00").query() == "?as_of=2026-05-20T10:00:00.000Z"


@pytest.mark.parametrize(
    ("query", "frequency", "offered"),
    [
        ("", "W", ("W", "M", "A")),
        ("frequency=D", "W", ("W", "M", "A")),
        ("frequency=M", "M", ("W", "M", "A")),
        # A time in the address has the detail of its month.
        ("end=2026-10-31", "D", ("D", "W", "M", "A")),
        ("end=2026-11-01", "W", ("W", "M", "A")),
        ("frequency=W&end=2026-W44", "W", ("W", "M", "A")),
    ],
)
def test_view_opens_at_the_finest_step_that_is_published(ask, query, frequency, offered):
    view = ask(query, NORWAY.details)
    assert (view.frequency, view.frequencies, view.has_hours) == (frequency, offered, False)
    assert ask("").has_hours


@pytest.mark.parametrize(
    ("query", "first", "frequency", "start"),
    [
        ("range=30d", 2024, "D", "2026-10-31"),
        ("range=year", 2024, "W", "2025-12-01"),
        # All of it, in the finest steps that can be told apart.
        ("range=all", 2025, "W", "2024-12-30"),
        ("range=all", 2024, "M", "2024-01-01"),
        ("range=all", 2017, "M", "2017-01-01"),
        ("range=all&frequency=W", 2025, "W", "2024-12-30"),
        ("start=2026-01-01", 2024, "D", "2026-01-01"),
        ("start=2020-01-01", 2024, "W", "2019-12-30"),
        ("panel=12", 2024, "W", "2025-12-01"),
        ("panel=36", 2024, "M", "2024-01-01"),
    ],
)
def test_range_chooses_the_step_if_the_reader_chose_none(ask, query, first, frequency, start):
    view = ask(query, first=datetime(first, 1, 1, tzinfo=UTC))
    assert (view.frequency, f"{view.span()[0]:%Y-%m-%d}") == (frequency, start)


def test_history_that_is_long_is_shown_by_year_unless_the_reader_chose_a_step(ask, monkeypatch):
    monkeypatch.setattr(country_view.timezone, "now", lambda: NOW.replace(year=2031))
    for query, frequency in (("range=all", "A"), ("range=all&frequency=M", "M")):
        view = ask(query, first=periods.EARLIEST)
        assert (view.frequency, view.span()[0]) == (frequency, periods.EARLIEST)


def test_links_keep_what_goes_together(ask):
    first = datetime(2017, 1, 1, tzinfo=UTC)
    view = ask("range=year&with=SE", first=first)
    assert view.in_steps("D") == "?frequency=D&range=year&with=SE"
    assert view.in_steps("M") == "?frequency=M&range=year&with=SE"
    # A year has one year, and ten years have too many days.
    assert view.in_steps("A") == "?frequency=A&with=SE"
    assert ask("range=all", first=first).in_steps("D") == "?"
    assert ask("frequency=M", first=first).in_range("30d") == "?"
    assert ask("frequency=M", first=first).in_range("year") == "?frequency=M&range=year"
    assert ask("start=2026-11-02&end=2026-11-20").in_range("all") == "?range=all"
    assert ask("start=2026-11-02&end=2026-11-20").in_steps("W") == "?frequency=W&start=2026-11-02&end=2026-11-20"


def test_panel_is_one_of_weeks_and_months(ask):
    assert ask("frequency=D&panel=12").panel is None
    view = ask("frequency=W&panel=12")
    assert view.in_steps("M") == "?frequency=M&panel=12"
    assert view.in_steps("A") == "?frequency=A"
    assert view.in_panel(None) == "?frequency=W"
    assert view.in_range("30d") == "?frequency=W&range=30d"
    assert [one.panel for one in view.of_panels()] == [12, 24, 36]
    assert ask().of_panels() == []


def test_step_is_offered_once_a_period_of_it_is_public(ask):
    assert ask("frequency=A", steps="DW").frequencies == ("D", "W")
    assert ask("frequency=A", steps="DW").frequency == "D"
    assert ask(steps="").frequencies == ("D", "W", "M", "A")


def test_settled_past_view_is_looked_up_once(monkeypatch):
    found = [PastView(1, settled=False), PastView(2, settled=True)]
    monkeypatch.setattr(country_view.published, "past_view", lambda *_: found.pop(0))
    monkeypatch.setattr(country_view.published, "at_instant", lambda _: None)
    past_views = country_view.PastViews()
    assert [past_views.at(MAY).version for _ in range(3)] == [1, 2, 2]
