"""The page of corrections: what changed, in words, for a reader who knows no code."""

import html
import re
from datetime import datetime, timedelta
from unittest.mock import Mock

import pytest

from api import caching
from api.formats import corrections as correction_documents
from api.site import corrections
from countries import reference
from countries.models import Annotation
from federation import published
from federation.errors import AsOfInFutureError
from federation.published import corrections as reading
from tests.contract.public.press import LATE, NOBODY, Covered
from tests.contract.site.conftest import day
from tests.factories import DetailFactory


@pytest.fixture
def rows(visit):
    """Reads a page: the words of each row of its table."""

    def read(address="/corrections/"):
        page = visit(address).content.decode()
        bodies = re.findall(r'<tr role="row">(.*?)</tr>', page.partition("<tbody")[2], re.DOTALL)
        return [" ".join(re.sub(r"<[^>]+>", " ", body).split()) for body in bodies]

    return read


def test_page_says_plainly_that_nothing_changed(published, visit):
    assert "No number shown here has changed since it was first published." in visit("/corrections/").content.decode()


def test_each_kind_of_change_has_its_words(press, rows):
    for view, covered in (
        ({"EUROPE": 1000}, LATE),
        ({"EUROPE": 1500}, Covered()),
        ({"EUROPE": 1495}, Covered()),
        ({}, NOBODY),
        ({"EUROPE": 5}, LATE),
        ({"EUROPE": 10}, LATE),
        ({"EUROPE": 15}, Covered()),
        ({"EUROPE": 20}, LATE),
    ):
        press.publish("D", {"2026-11-01": view}, covered)
    found = rows()
    assert [re.sub(r"^.* UTC 1 November 2026 ", "", row) for row in found] == [
        "15 → became 20 +5 A complete number became provisional again. Agencies that had reported: 2. Now: 1.",
        "10 → became 15 +5 A provisional number was completed. Agencies that had reported: 1. Now: 2.",
        "5 → became 10 +5 A provisional number changed.",
        "not known → became 5 The number is known again. Agencies that had reported: 0. Now: 1.",
        (
            "1,495 → became not known All reports were withdrawn, so the number is not known any more. "
            "Agencies that had reported: 2. Now: 0."
        ),
        "1,500 → became 1,495 −5 A complete number was corrected.",
        "1,000 → became 1,500 +500 A provisional number was completed. Agencies that had reported: 1. Now: 2.",
    ]


def test_reader_chooses_place_and_step(press, rows):
    for value in (10, 15):
        press.publish("D", {"2026-11-01": {"NO": value, "SE": value + 5}})
        press.publish("M", {"2026-10": {"NO": 2 * value}})
    assert rows() == []
    assert ["10 → became 15" in row for row in rows("/corrections/?country=no")] == [True]
    assert ["October 2026 20 → became 30" in row for row in rows("/corrections/?country=NO&frequency=M")] == [True]
    assert [row.split("2026 ")[-1].split(" ")[0] for row in rows("/corrections/?country=all")] == ["Norway", "Sweden"]


@pytest.fixture
def corrected_twice(press):
    """A number that was corrected some days ago, and again since. Returns the day of the second correction."""
    press.began -= timedelta(days=3)
    for value in (10, 15):
        press.publish("D", {"2026-11-01": {"NO": value}})
    press.began += timedelta(days=3)
    return press.known_at(press.publish("D", {"2026-11-01": {"NO": 20}})).date()


def csv_lines(page, client):
    address = html.unescape(re.search(r'href="(/api/v1/corrections/[^"]+)">CSV', page)[1])
    return client.get(address).getvalue().splitlines()[1:]


def test_reader_chooses_the_first_day(corrected_twice, rows, visit, client):
    address = f"/corrections/?country=no&frequency=D&since={corrected_twice}"
    assert [re.sub("^.* 2026 ", "", row)[:17] for row in rows(address)] == ["15 → became 20 +5"]
    assert len(rows("/corrections/?country=no&since=")) == 2
    page = visit(address).content.decode()
    assert len(csv_lines(page, client)) == 1
    # What was chosen stays so, in the form and in the links.
    assert f'type="date" value="{corrected_twice}"' in page
    assert f'href="?country=no&amp;frequency=M&amp;since={corrected_twice}"' in page
    page = visit(f"/corrections/?country=se&since={corrected_twice}").content.decode()
    assert "No number shown here has changed since" in page
    assert 'href="?country=se">Show all corrections' in page


@pytest.mark.parametrize("early", ["2016-12-31", "0001-01-01"])
def test_list_since_a_day_before_the_first_number_has_all_corrections(corrected_twice, rows, visit, client, early):
    address = f"/corrections/?country=no&since={early}"
    page = visit(address).content.decode()
    assert 'id="since_wrong"' not in page
    assert len(rows(address)) == len(csv_lines(page, client)) == 2


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("2026-02-31", "This is not a day, so the list has all corrections. Write a day like this: 2026-12-31."),
        ("2026-11", "This is not a day"),
        (day(-2), "This day is in the future, so the list has all corrections. Choose today or an earlier day."),
    ],
)
def test_day_that_cannot_be_used_is_explained_and_ignored(corrected_twice, rows, visit, client, written, wrong):
    address = f"/corrections/?country=no&since={written}"
    page = visit(address).content.decode()
    assert f'id="since_wrong" role="alert">{wrong}' in page
    assert 'aria-invalid="true" aria-describedby="since_wrong"' in page
    assert len(rows(address)) == len(csv_lines(page, client)) == 2


def test_future_day_is_used_once_it_has_come(corrected_twice, visit, monkeypatch):
    address = f"/corrections/?country=no&since={day(0)}"
    with monkeypatch.context() as patched:
        patched.setattr(published, "past_view", Mock(side_effect=AsOfInFutureError))
        before = visit(address)
    caching.response_cache.clear()
    assert "since_wrong" in before.content.decode()
    assert visit(address, **{"if-none-match": before["ETag"]}).status_code == 200


def test_annotation_about_the_period_stands_beside_the_change(press, rows):
    at = datetime.fromisoformat("2026-11-01T08:00Z")
    Annotation.objects.create(kind="change", text="A disk was full.", start=at)
    ends = datetime.fromisoformat("2026-11-02T00:00Z")
    Annotation.objects.create(kind="outage", text="No power.", start=at, end=ends)
    reference.snapshots.clear()
    for value in (10, 15):
        press.publish("D", {name: {"EUROPE": value} for name in ("2026-11-01", "2026-11-02")})
    for note in ("A disk was full.", "No power."):
        assert [note in row for row in rows()] == [False, True]


def test_page_of_all_lists_what_its_files_list(press, visit, rows, client):
    for value in (10, 15):
        press.publish("M", {"2026-10": {"EUROPE": value, "_T": value, "NO": value}})
    address = "/corrections/?country=all&frequency=M"
    assert len(rows(address)) == len(csv_lines(visit(address).content.decode(), client)) == 3


def test_files_have_as_much_as_one_answer_may_and_the_page_says_that_more_may_follow(press, visit, client, monkeypatch):
    monkeypatch.setattr(correction_documents, "DEFAULT_LIMIT", 1)
    for value in (10, 15):
        press.publish("D", {name: {"EUROPE": value} for name in ("2026-11-01", "2026-11-02")})
    page = visit("/corrections/").content.decode()
    assert "It comes in pages of up to 1,000 corrections" in page
    assert len(csv_lines(page, client)) == 2


def test_withheld_step_is_named_and_offered(press, visit):
    DetailFactory.create(country__code="LI", step="W", network_step="M")
    reference.snapshots.clear()
    page = visit("/corrections/?country=li").content.decode()
    assert "By week. Shorter periods are withheld because the numbers are small." in page
    assert 'href="?country=li&amp;frequency=W"' in page


def test_group_says_that_it_would_reveal_small_countries(press, visit):
    DetailFactory.create(country__code="MT", step="W", network_step="M")
    reference.snapshots.clear()
    page = visit("/corrections/?country=eu27").content.decode()
    assert "By week. Shorter periods are withheld because they would reveal the numbers of small countries." in page


def test_way_to_older_ones_leads_through_all(press, rows, visit, monkeypatch):
    monkeypatch.setattr(corrections, "_ROWS", 2)
    press.publish("D", {day(ago): {"EUROPE": 10} for ago in range(1, 6)})
    press.publish("D", {day(ago): {"EUROPE": 15} for ago in range(1, 6)})
    address, found = "/corrections/", []
    while address:
        found += rows(address)
        older = re.search(r'href="(\?[^"]*older=[^"]*)" rel="next"', visit(address).content.decode())
        address = older and f"/corrections/{older[1].replace('&amp;', '&')}"
    assert len(found) == len(set(found)) == 5
    assert "There are no older corrections." in visit("/corrections/?older=1_2026-11-01").content.decode()


def test_page_that_has_looked_far_enough_says_that_older_ones_may_follow(press, visit, monkeypatch):
    monkeypatch.setattr(reading, "_CELLS_AT_ONCE", 1)
    monkeypatch.setattr(reading, "MAX_CELLS", 1)
    for value in (10, 15, 20):
        press.publish("D", {"2026-11-01": {"NO": value}})
    page = visit("/corrections/?country=se").content.decode()
    assert "There may be older ones." in page
    assert 'rel="next"' in page
