"""Pages: whole periods, one version, opaque cursors."""

import pytest

from api.v1 import aggregates

DAYS = [f"2026-11-{day:02}" for day in range(1, 11)]


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 6)


def follow(client, answer):
    pages = [answer.json()]
    while pages[-1]["next"]:
        pages.append(client.get(pages[-1]["next"]).json())
    return pages


def test_pages_hold_whole_periods_and_add_up_to_the_answer(press, read, client, small_pages):
    press.publish("D", {day: {"NO": 5, "SE": 10} for day in DAYS})
    pages = follow(client, read(country="NO,SE"))
    assert [len(page["coverage"]) for page in pages] == [3, 3, 3, 1]
    assert [row["period"] for page in pages for row in page["coverage"]] == DAYS
    cells = [(row["period"], row["country"]) for page in pages for row in page["observations"]]
    assert cells == [(day, country) for day in DAYS for country in ("NO", "SE")]


def test_pages_have_one_version_even_if_more_is_published_meanwhile(press, read, client, small_pages):
    version = press.publish("D", {day: {"NO": 5, "SE": 5} for day in DAYS})
    answer = read(country="NO,SE")
    press.publish("D", {day: {"NO": 500, "SE": 5} for day in DAYS} | {"2026-11-20": {"NO": 5}})
    pages = follow(client, answer)
    assert {page["meta"]["version"] for page in pages} == {version}
    assert {row["value"] for page in pages for row in page["observations"]} == {5}
    assert [row["period"] for page in pages for row in page["coverage"]] == DAYS


def test_pages_of_a_past_view_stay_in_it(press, read, client, small_pages):
    press.publish("D", {day: {"NO": 5, "SE": 5} for day in DAYS})
    press.publish("D", {day: {"NO": 500, "SE": 5} for day in DAYS})
    known_at = press.known_at(1).isoformat().replace("+00:00", "Z")
    pages = follow(client, read(country="NO,SE", as_of=known_at))
    assert len(pages) == 4
    assert {page["meta"]["version"] for page in pages} == {1}
    assert {row["value"] for page in pages for row in page["observations"]} == {5}


def test_star_makes_pages_by_the_series_that_there_are(press, read, small_pages):
    press.publish("D", {day: {"NO": 5, "SE": 5, "NO/ARES": 5} for day in DAYS})
    assert len(read(country="*").json()["coverage"]) == 3
    assert len(read(country="*", network="*").json()["coverage"]) == 6


def test_next_is_an_address_and_a_link(press, read, small_pages):
    press.publish("D", {day: {"NO": 5, "SE": 5} for day in DAYS})
    answer = read(country="NO,SE")
    following = answer.json()["next"]
    assert following.startswith("http://testserver/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D")
    assert "country=NO,SE" in following
    assert answer["Link"] == f'<{following}>; rel="next"'


def test_last_page_has_no_link(press, read):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    assert "Link" not in read()


def test_order_of_parameters_does_not_matter_to_a_cursor(press, read, client, small_pages):
    press.publish("D", {day: {"NO": 5, "SE": 5} for day in DAYS})
    address, _, query = read(country="NO,SE").json()["next"].partition("?")
    turned = "&".join(reversed(query.split("&")))
    assert client.get(f"{address}?{turned}").status_code == 200


def test_csv_begins_at_a_cursor_too(press, read, client, small_pages):
    press.publish("D", {day: {"NO": 5, "SE": 5} for day in DAYS})
    following = read(country="NO,SE").json()["next"]
    text = client.get(following, headers={"accept": "text/csv"}).getvalue().decode()
    assert text.count("\r\n") == 1 + 14


def test_coverage_is_paged_by_agencies(press, read, client, monkeypatch):
    from tests.factories import AgencyFactory

    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 6)
    for code in ("NO-A", "NO-B"):
        AgencyFactory.create(code=code)
    press.publish("D", {day: {} for day in DAYS})
    pages = follow(client, read("coverage"))
    assert [len(page["coverage"]) for page in pages] == [3, 3, 3, 1]


def test_ten_years_of_days_of_one_country_are_one_page():
    assert aggregates.CELLS_PER_PAGE >= 3_653
