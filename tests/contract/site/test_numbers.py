"""Numbers on the pages: in the form of the language, with coverage, and never zero if nothing is known."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.contract.public.press import NOBODY, WAITING, Covered
from tests.contract.site.conftest import TODAY, day
from tests.factories import AgencyFactory, IndicatorFactory


def test_map_page_has_every_country_of_europe_as_a_table(published, visit, text):
    page = visit("/").content.decode()
    assert '<a href="/countries/no/">Norway</a>' in page
    assert page.count("<tr data-country=") == 53
    assert '<th scope="col" class="figure" aria-sort="descending"><a href="?sort=rate">' in page
    assert "Norway 12,345 –" in text("/")
    assert "Sweden 20 –" in text("/")


@pytest.mark.parametrize(
    ("sort", "first", "order"), [("country", "AX", ""), ("value", "NO", "count"), ("nonsense", "AX", "rate")]
)
def test_table_is_sorted_by_the_address_and_says_that_this_is_no_ranking(published, visit, text, sort, first, order):
    page = visit(f"/?sort={sort}").content.decode()
    assert page.partition("data-country=")[2][1:3] == first
    found = re.findall(r"Sorted by (\w+)\. This is not a ranking of countries", text(f"/?sort={sort}"))
    assert found == ([order] if order else [])


def test_table_of_one_day(published, text):
    words = text(f"/?window=day&day={day(5)}&sort=value")
    assert "Norway 1,230 –" in words
    assert "2 of 2 agencies have reported." in words
    assert "of the time" not in words


def test_share_of_the_time_is_in_the_line_that_is_always_seen(published, text):
    assert "1 of 2 agencies have reported. · 50% of the time" in text(f"/?window=day&day={day(3)}")


@pytest.mark.parametrize("address", ["/", "/embed/map/"])
def test_past_day_says_nothing_about_agencies_that_are_silent_now(published, text, address):
    past = f"{address}?window=day&day={day(5)}"
    assert "1 agency is silent: Ruritania" in text(address)
    assert "2 of 2 agencies have reported." in text(past)
    assert "silent" not in text(past)


@pytest.mark.parametrize("address", ["/", "/embed/map/"])
def test_past_day_says_nothing_about_days_that_are_not_public_yet(published, two_agencies, text, address):
    first, second = two_agencies
    states = {first: "reported", second: "awaited"}
    published.publish("D", {day(1): {}}, replace(WAITING, states=states, awaited=(second,)))
    assert "1 day is not public yet." in text(address)
    assert "not public yet." not in text(f"{address}?window=day&day={day(5)}")


def test_day_of_which_nothing_is_published_says_so(published, text):
    for address in ("/", "/embed/map/"):
        assert "Nothing has been published for 1 January 2020." in text(f"{address}?window=day&day=2020-01-01")
    assert "Norway 12,345 –" in text("/?window=day&day=yesterday")


@pytest.mark.parametrize("address", ["/", "/embed/map/"])
def test_window_of_hours_where_days_are_reported_says_that_it_is_not_published(published, text, address):
    words = text(f"{address}?window=P1D")
    assert "Nothing is published in the last 24 hours yet." in words
    assert "There are no numbers yet" not in words
    assert "Norway 12,345 –" in text(address)


def test_numbers_dates_and_names_are_written_by_the_language(published, text):
    assert "Norvège 12 345" in text("/fr/")
    assert "Deutschland 0" in text("/de/")
    assert "12.345" in text("/de/")
    published.publish("H", {f"{day(1)}T23:00": {"NO": 45}})
    assert f"{TODAY.day}. " in text("/de/?window=P1D")


def test_country_that_nobody_downloaded_in_is_zero_if_somebody_reported(published, text):
    assert "Denmark 0" in text("/")
    assert "Last 7 days 0" in text("/countries/dk/")


def test_number_is_not_known_where_nobody_reported(press, two_agencies, text):
    press.publish("D", {day(1): {}}, NOBODY)
    assert "Denmark not known" in text("/")
    words = text("/countries/dk/")
    assert "Last 7 days not known" in words
    assert "not known not known 0 of 2 agencies" in words


@pytest.mark.parametrize("address", ["/coverage/", "/countries/no/", "/", "/embed/map/", f"/?window=day&day={day(1)}"])
def test_day_that_is_not_public_yet_says_for_whom_it_waits(published, two_agencies, text, address):
    first, second = two_agencies
    states = {first: "reported", second: "awaited"}
    published.publish("D", {day(1): {}}, replace(WAITING, states=states, awaited=(second,)))
    words = text(address)
    assert "not public yet: waiting for 1 of 2 agencies, until 4 November 2026, 21:00 UTC at the latest" in words
    # The newest number that is public is that of the day before.
    assert ("not known not known 1 of 2 agencies" in words) == ("countries" in address)
    assert ("Denmark 0" in words) == (address in {"/", "/embed/map/"})
    assert ("still has time: Ruritania" in words) == (address in {"/coverage/", "/countries/no/"})


def test_minutes_that_are_not_known_are_hatched(published, two_agencies, text, visit):
    now = timezone.now()
    first, second, third = (f"{now - timedelta(minutes=ago):%Y-%m-%dT%H:%M}" for ago in (10, 9, 8))
    published.publish("N", {first: {"EUROPE": 10}, third: {}})
    assert not re.search(r"Hatched: \d", text("/?sort=value"))
    published.publish("N", {second: {}}, NOBODY)
    assert "Hatched: 1 of 3 minutes is not known." in text("/")
    assert visit("/").content.decode().count('<rect class="known"') == 2


def test_range_ends_with_the_last_day_that_the_chart_shows(published, two_agencies, visit):
    published.publish("D", {day(1): {}}, WAITING)
    field = re.search(r'<input type="date" id="to"[^>]*>', visit("/countries/no/").content.decode())[0]
    assert f'max="{day(1)}" value="{day(1)}"' in field


@pytest.mark.parametrize("address", ["/", "/countries/no/", "/coverage/", "/embed/map/", "/embed/country/no/"])
def test_silent_agency_is_named_with_its_first_silent_day(published, text, address):
    words = text(address)
    first = text("/coverage/").partition("Ruritania has been silent since ")[2].partition(".")[0]
    assert f"Ruritania has been silent since {first}. Numbers are published without waiting for it." in words
    assert first.split()[0] == str(int(day(3)[-2:]))
    assert "Kripos has been silent" not in words


def test_agency_that_still_has_time_is_not_called_silent(press, two_agencies, text):
    first, second = two_agencies
    waiting = Covered(reporting=1, covered=86_400, status="P", states={first: "reported", second: "awaited"})
    press.publish("D", {day(1): {"NO": 5}}, waiting)
    words = text("/coverage/")
    assert "silent since" not in words
    assert "still has time: Ruritania" in words


def test_agency_is_silent_from_the_third_missing_day_on_and_for_at_least_four_weeks_if_none_is_there(
    press, two_agencies, text
):
    late = Covered(
        reporting=1, covered=86_400, status="P", states={two_agencies[0]: "reported", two_agencies[1]: "late"}
    )
    press.publish("D", {day(ago): {"NO": 5} for ago in (2, 1)}, late)
    assert "has been silent" not in text("/")
    press.publish("D", {day(3): {"NO": 5}}, late)
    assert f"Ruritania has been silent since {int(day(3)[-2:])} " in text("/countries/no/")
    press.publish("D", {day(ago): {"NO": 5} for ago in range(4, 29)}, late)
    assert "Ruritania has been silent for at least four weeks." in text("/coverage/")


def test_coverage_page_tells_each_day_in_words(published, text):
    words = text("/coverage/")
    assert "Ruritania Sweden reported: 7 days · late: 3 days" in words
    assert "1 of 2 agencies, 50% of the time · provisional late: Ruritania" in words
    first, last = (TODAY - timedelta(days=ago) for ago in (10, 4))
    days = f"{first.day} {first:%B %Y} – {last.day} {last:%B %Y}"
    assert f"{days} 2 of 2 agencies everybody reported" in words


def test_period_with_a_missing_agency_does_not_look_like_a_fall(published, visit):
    page = visit("/countries/no/").content.decode()
    assert page.count('class="bar partly provisional"') == 3
    assert page.count('class="cover part"') == 3
    assert page.count('class="cover whole"') == 7


def test_period_that_nobody_reported_is_hatched(press, two_agencies, visit):
    press.publish("D", {day(2): {"NO": 5}})
    press.publish("D", {day(1): {}}, NOBODY)
    page = visit("/countries/no/").content.decode()
    assert page.count('fill="url(#hatch)"') == 2
    assert page.count('class="cover none"') == 1


def test_country_page_has_three_numbers_with_their_periods(published, text):
    published.publish("H", {f"{day(1)}T23:00": {"NO": 45}})
    words = text("/countries/no/")
    for shown in ("Last 24 hours 45 ", "Last 7 days 12,345 ", "Last 365 days 16,035 "):
        assert shown in words
    assert "00:00 UTC" in words


def test_trend_by_week_and_month(press, two_agencies, text):
    press.publish("W", {"2026-W40": {"NO": 35}})
    # While no day is public, the trend has weeks.
    assert "Week 40, 2026" in text("/countries/no/")
    label = (TODAY.replace(day=1)).strftime("%Y-%m")
    press.publish("M", {label: {"NO": 70, "NO/BITTORRENT": 70}})
    words = text("/countries/no/?frequency=M")
    assert TODAY.strftime("%B %Y") in words
    assert "BITTORRENT" not in words


def test_visits_to_help_services_are_a_view_of_their_own(published, text):
    IndicatorFactory.create(number=2, code="HELP_VISITS", name="Visits", description="Visits to help services.")
    words = text("/countries/no/?indicator=HELP_VISITS")
    assert "Visits to help services." in words
    assert "1,230" not in words


@pytest.mark.parametrize("address", ["/", "/countries/no/", "/coverage/", "/embed/map/", "/embed/country/no/"])
def test_empty_installation_says_what_is_missing_and_what_comes_next(db, text, address):
    assert "The reference data is not loaded" in text(address)


@pytest.mark.parametrize("address", ["/", "/countries/no/", "/coverage/", "/embed/map/", "/embed/country/no/"])
def test_installation_without_agencies_says_so(press, text, address):
    words = text(address)
    assert "No agency takes part here yet." in words
    assert "its numbers appear here" in words


def test_installation_before_the_first_period_says_when_numbers_come(press, text):
    AgencyFactory.create()
    assert "The first numbers appear here once the first period has ended and its agencies have reported." in text("/")


@pytest.mark.parametrize(
    "address", ["/help/", "/about/", "/method/", "/participants/", "/accessibility/", "/privacy/", "/data/"]
)
def test_pages_of_words_are_whole_on_an_empty_installation(db, text, address):
    assert "Police2Peer" in text(address)


def test_map_script_is_asked_for_only_if_there_is_one(published, visit, monkeypatch):
    from api import caching
    from api.site.templatetags import assets

    for there in (True, False):
        files = {"map.js": "site/built/map-1.js"} if there else {}
        monkeypatch.setattr(assets, "files", lambda files=files: files)
        caching.response_cache.clear()
        page = visit("/").content.decode()
        assert ('<script type="module" src="/static/site/' in page) is there
        assert ('<div id="map"' in page) is ('id="map-words"' in page) is there
        assert "<table" in page
