"""The page of a country as it was public at another time, and times that it cannot show."""

import html
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from api import caching
from federation import published
from federation.published.answers import PastView
from p2p_core import instants
from tests.contract.site.conftest import TODAY, day
from tests.contract.site.country.conftest import TWO, links
from tests.factories import InterventionFactory

pytestmark = pytest.mark.django_db
UNREAD = "This page cannot show the time in its address."


def test_earlier_view_is_shown_and_says_so(days, table, text, visit):
    then = instants.write(days.known_at(6))
    days.publish("D", {day(1): {"NO": 555}})
    assert table("/countries/no/")[1][0][1] == "555"
    address = f"/countries/no/?as_of={then}"
    rows = table(address)[1]
    assert rows[0][1] == "40"
    assert len(rows) == 6
    words = text(address)
    assert "You see the numbers as they were public on " in words
    assert "Last 24 hours" not in words
    assert links(visit(address).content.decode(), r"/countries/no/\?") == ["/countries/no/?"]
    assert "as they were public" not in text("/countries/no/")


def test_earlier_view_stays_and_lasts_longer_in_caches(days, visit):
    address = f"/countries/no/?as_of={instants.write(days.known_at(3))}"
    before = visit(address)
    assert before["Cache-Control"] == caching.REFERENCE
    days.publish("D", {day(1): {"NO": 555}})
    assert visit(address)["ETag"] == before["ETag"]
    assert visit("/countries/no/")["Cache-Control"] == caching.CURRENT


def test_unreadable_or_future_time_is_reported_and_ignored(days, text, table):
    usual = table("/countries/no/")
    for time in (
        "as_of=yesterday", "as_of=2099-01-01T00:00:00Z", "as_of=2026-02-30T00:00:00Z", "as_of=%00", "day=2026-02-31",
        "start=2026-02-31", "start=2026-01-01&end=2026-02-31", "start=2026-02-31&as_of=2026-01-01T00:00:00Z",
        "start=2099-01-01", "start=2026-02-01&end=2026-01-01", "start=" + "9" * 31, "end=²",
    ):  # fmt: skip
        address = f"/countries/no/?{time}"
        assert UNREAD in text(address), time
        assert UNREAD in text(address.replace("/countries/", "/embed/country/")), time
        assert table(address) == usual, time


def test_time_that_can_be_read_is_not_said_to_be_unread(days, text):
    for time in ("", f"?start={day(5)}&end={day(3)}", "?end=9999-12-31", "?start=1000-01-01", f"?as_of={day(0)}"):
        assert UNREAD not in text(f"/countries/no/{time}"), time


def test_as_of_in_the_future_is_read_after_its_time_has_come(days, visit, monkeypatch):
    soon = timezone.now() + timedelta(hours=1)
    address = f"/countries/no/?as_of={instants.write(soon)}"
    before = visit(address)
    assert UNREAD in before.content.decode()
    monkeypatch.setattr(published, "past_view", lambda *_: PastView(published.NEWEST, settled=True))
    after = visit(address, **{"if-none-match": before["ETag"]})
    assert after.status_code == 200
    assert UNREAD not in after.content.decode()
    assert "You see the numbers as they were public on" in after.content.decode()


@pytest.mark.parametrize("page", ["/countries/no/", "/embed/country/no/"])
def test_time_of_which_nothing_was_published_says_so(days, text, page):
    for query in ("as_of=2020-01-01T00:00:00Z", "start=2020-01-01&end=2020-01-31"):
        words = text(f"{page}?{query}")
        assert "Nothing has been published for the time in this address." in words
        assert "There are no numbers yet" not in words


def test_cited_address_shows_the_same_numbers_for_good(days, visit, table):
    page = visit(f"/de/countries/no/?{TWO}&show=count").content.decode()
    (cited,) = links(page, r"/de/countries/no/\?[^\"]*as_of[^\"]*")
    assert f'<a class="address" href="{html.escape(cited)}">http://testserver{html.escape(cited)}</a>' in page
    asked = parse_qs(urlsplit(cited).query)
    assert (asked["start"], asked["end"]) == ([day(6)], [day(1)])
    before = table(cited)
    assert before == table(f"/de/countries/no/?{TWO}&show=count")
    days.publish("D", {day(3): {"NO": 555, "SE": 5}, day(7): {"NO": 5}})
    assert table(cited) == before
    assert table(f"/de/countries/no/?{TWO}&show=count") != before


def test_past_view_has_no_intervention_that_was_registered_later(days, text, client):
    now = datetime.now(UTC).replace(microsecond=0)
    registered = now - timedelta(minutes=5)
    start = (TODAY - timedelta(days=TODAY.weekday())).date()
    InterventionFactory.create(title="Letters", start=start, registered=registered + timedelta(microseconds=500))
    for moment, is_there in ((registered - timedelta(milliseconds=1), False), (registered, True)):
        as_of = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert ("Letters" in text(f"/countries/no/?as_of={as_of}")) is is_there
        question = {"indicator": "DOWNLOADS", "frequency": "D", "start": f"{start}", "end": f"{start}", "as_of": as_of}
        answer = client.get("/api/v1/aggregates/", question)
        assert ("Letters (NO)" in str(answer.json()["annotations"])) is is_there


def test_past_view_is_looked_up_once(days, visit, monkeypatch):
    looked_up = []
    past_view = published.past_view
    monkeypatch.setattr(published, "past_view", lambda *given: looked_up.append(given) or past_view(*given))
    address = f"/countries/no/?as_of={instants.write(days.known_at(3))}"
    assert visit(address, **{"if-none-match": 'W/"other"'}).status_code == 200
    assert len(looked_up) == 1
