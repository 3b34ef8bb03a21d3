"""The list of corrections says what pairs of past views say, and nothing else."""

import csv
import json
from datetime import date, timedelta
from random import Random
from urllib.parse import urlsplit

import pytest

from api import caching
from countries import reference
from countries.models import Country
from federation.published import corrections
from tests.contract.public.press import ALL_REPORTED, LATE, NOBODY, WAITING, z
from tests.factories import DetailFactory

QUESTION = {"indicator": "DOWNLOADS", "frequency": "D"}
DAY = "2026-11-01"


@pytest.fixture
def listed(client, read):
    """Reads the whole list of corrections, page by page."""

    def ask(**given):
        rows, answer = [], read("corrections", **QUESTION | given)
        while True:
            assert answer.status_code == 200, answer.content
            page = answer.json()
            rows += page["corrections"]
            if page["next"] is None:
                return rows
            answer = client.get(page["next"])

    return ask


def _history(press, random: Random, versions: int) -> None:
    """Versions of a few days: they wait, become public, are corrected, withdrawn and reported again."""
    days = [f"2026-11-{day:02}" for day in range(1, 6)]
    public: set[str] = set()
    for _ in range(versions):
        some = random.sample(days, random.choice([1, 1, 2]))
        covered = random.choice([ALL_REPORTED, ALL_REPORTED, LATE, NOBODY, *([] if public & set(some) else [WAITING])])
        public |= set(some) if covered is not WAITING else set()
        cells = {place: 5 * random.choice([0, 0, 1, 2, 3]) for place in ("NO", "NO/BITTORRENT", "SE", "EUROPE")}
        press.publish("D", {day: {} if covered in (NOBODY, WAITING) else cells for day in some}, covered)


def _view(read, version: int, press, **given):
    """A past view in plain words: the status of each period, and each value, None where nothing is known."""
    asked = {"as_of": z(press.known_at(version)), **given}
    page, text = read(**asked).json(), read(**asked, format="csv").content.decode()
    status = {row["period"]: (row["status"], row["agencies_reporting"]) for row in page["coverage"]}
    rows = [row for row in csv.DictReader(text.splitlines()) if row["OBS_STATUS"] != "Q"]
    values = {
        (row["TIME_PERIOD"], row["COUNTRY"], row["NETWORK"]): int(row["OBS_VALUE"]) if row["OBS_VALUE"] else None
        for row in rows
    }
    return status, values


def _expected(read, press, versions: int, **given):
    """Corrections, by comparing each past view with the one before it, as the documentation defines them."""
    found: list[dict[str, object]] = []
    known: set[str] = set()
    was: dict[str, tuple[str, int]] = {}
    before: dict[tuple[str, str, str], int | None] = {}
    for version in range(1, versions + 1):
        becomes, after = _view(read, version, press, **given)
        rows = []
        for (period, country, network), value in after.items():
            earlier = before.get((period, country, network))
            if earlier is None and was.get(period, ("O", 0))[0] != "O":
                # A series that is not listed yet has the value 0 in known periods.
                earlier = 0
            if period in known and earlier != value:
                difference = None if None in (earlier, value) else value - earlier
                rows.append(
                    {
                        "version": version,
                        "known_at": z(press.known_at(version)),
                        "period": period,
                        "country": country,
                        "network": network,
                        "value_before": earlier,
                        "value_after": value,
                        "difference": difference,
                        "status_before": was[period][0],
                        "status_after": becomes[period][0],
                        "agencies_reporting_before": was[period][1],
                        "agencies_reporting_after": becomes[period][1],
                    }
                )
        rows.sort(key=lambda row: (row["country"], row["network"]))
        rows.sort(key=lambda row: row["period"], reverse=True)
        found = rows + found
        known |= {period for period, (status, _) in becomes.items() if status != "O"}
        was, before = becomes, after
    return found


@pytest.mark.parametrize(("seed", "given"), [(1, {"country": "*", "network": "*"}), (2, {"country": "EUROPE,NO,SE"})])
def test_list_is_what_pairs_of_past_views_say(press, read, listed, monkeypatch, seed, given):
    monkeypatch.setattr(corrections, "_CELLS_AT_ONCE", 7)
    versions = 25
    _history(press, Random(seed), versions)
    expected = _expected(read, press, versions, **given)
    assert len(expected) > 10
    assert listed(**given, limit=3) == expected
    since = z(press.known_at(12))
    assert listed(**given, since=since) == [row for row in expected if row["version"] > 12]


def test_first_publication_is_no_correction_and_a_later_change_is_one(press, listed):
    press.publish("D", {DAY: {}}, WAITING)
    press.publish("D", {DAY: {}}, NOBODY)
    press.publish("D", {DAY: {"EUROPE": 10}}, LATE)
    assert listed() == []
    press.publish("D", {DAY: {"EUROPE": 15}})
    caching.response_cache.clear()
    [row] = listed()
    assert (row["value_before"], row["value_after"], row["difference"]) == (10, 15, 5)
    assert (row["status_before"], row["status_after"]) == ("P", "A")
    assert (row["agencies_reporting_before"], row["agencies_reporting_after"]) == (1, 2)


def test_withdrawn_number_becomes_empty_and_never_zero(press, read, listed):
    press.publish("D", {DAY: {"EUROPE": 10}})
    press.publish("D", {DAY: {}}, NOBODY)
    press.publish("D", {DAY: {"EUROPE": 10}})
    again, gone = listed(country="EUROPE")
    assert (gone["value_before"], gone["value_after"], gone["difference"]) == (10, None, None)
    assert (gone["status_before"], gone["status_after"]) == ("A", "O")
    assert (again["value_before"], again["value_after"], again["status_before"]) == (None, 10, "O")
    text = read("corrections", **QUESTION, country="EUROPE", format="csv").content.decode()
    assert ",10,,,A,O,2,0\r\n" in text
    assert ",,10,,O,A,0,2\r\n" in text


def test_change_of_coverage_alone_is_no_correction(press, listed):
    press.publish("D", {DAY: {"EUROPE": 10}}, LATE)
    press.publish("D", {DAY: {"EUROPE": 10}})
    assert listed() == []


def test_csv_has_the_rows_of_json(press, read):
    _history(press, Random(3), 15)
    page = read("corrections", **QUESTION).json()
    answer = read("corrections", **QUESTION, format="csv")
    rows = list(csv.DictReader(answer.content.decode().splitlines()))
    assert page["corrections"]
    assert [row["COUNTRY"] for row in rows] == [row["country"] for row in page["corrections"]]
    names = {"TIME_PERIOD": "period"}
    for row, document in zip(rows, page["corrections"], strict=True):
        assert (row.pop("INDICATOR"), row.pop("FREQ")) == ("DOWNLOADS", "D")
        assert row == {
            name: "" if (value := document[names.get(name, name.lower())]) is None else str(value) for name in row
        }
    assert (answer["Version"], answer["Known-At"]) == (str(page["meta"]["version"]), page["meta"]["known_at"])


def test_pages_lose_and_repeat_nothing_while_new_versions_arrive(press, client, read, listed):
    _history(press, Random(4), 20)
    expected = listed(country="*")
    page = read("corrections", **QUESTION, country="*", limit=1).json()
    meta, rows = page["meta"], page["corrections"]
    while page["next"]:
        _history(press, Random(len(rows)), 1)
        caching.response_cache.clear()
        answer = client.get(page["next"])
        assert answer["Cache-Control"] == caching.PAST
        page = answer.json()
        assert page["meta"] == meta
        rows += page["corrections"]
    assert rows == expected


def test_page_ends_with_a_whole_period(press, read):
    press.publish("D", {DAY: {"NO": 10, "SE": 10}, "2026-11-02": {"NO": 10}})
    press.publish("D", {DAY: {"NO": 15, "SE": 15}, "2026-11-02": {"NO": 5}})
    page = read("corrections", **QUESTION, country="NO,SE", limit=2).json()
    assert [(row["period"], row["country"]) for row in page["corrections"]] == [
        ("2026-11-02", "NO"), (DAY, "NO"), (DAY, "SE"),
    ]  # fmt: skip
    assert page["next"] is None


def test_page_that_has_looked_far_enough_ends_although_it_is_empty(press, client, read, listed, monkeypatch):
    monkeypatch.setattr(corrections, "_CELLS_AT_ONCE", 1)
    monkeypatch.setattr(corrections, "MAX_CELLS", 2)
    press.publish("D", {DAY: {"NO": 10, "SE": 10}})
    press.publish("D", {DAY: {"NO": 15, "SE": 10}})
    for value in (15, 20, 25):
        press.publish("D", {DAY: {"NO": 15, "SE": value}})
    page = read("corrections", **QUESTION, country="NO").json()
    assert page["corrections"] == []
    assert page["next"]
    assert [row["value_after"] for row in listed(country="NO")] == [15]


def test_page_looks_up_no_more_cells_than_are_charged(press, read, monkeypatch):
    """Even if there are more series than cells in one query."""
    monkeypatch.setattr(corrections, "_CELLS_AT_ONCE", 2)
    monkeypatch.setattr(corrections, "MAX_CELLS", 7)
    for value in (10, 15, 20, 25):
        press.publish("D", {DAY: {"NO": value, "SE": value, "DK": value}})
    page = read("corrections", **QUESTION, country="NO,SE,DK").json()
    # Two periods with three series each. A third period would make nine cells.
    assert [row["value_after"] for row in page["corrections"]] == [25] * 3 + [20] * 3
    assert page["next"]


def test_poller_that_sends_the_known_at_of_its_last_answer_gets_the_rest(press, read, listed):
    press.publish("D", {DAY: {"EUROPE": 10}})
    press.publish("D", {DAY: {"EUROPE": 15}})
    since = read("corrections", **QUESTION).json()["meta"]["known_at"]
    assert listed(since=since) == []
    press.publish("D", {DAY: {"EUROPE": 20}})
    caching.response_cache.clear()
    assert [row["value_after"] for row in listed(since=since)] == [20]


def test_nothing_was_corrected(press, read):
    press.publish("D", {DAY: {"EUROPE": 10}})
    page = read("corrections", **QUESTION).json()
    assert (page["corrections"], page["next"]) == ([], None)
    assert (page["meta"]["version"], page["meta"]["known_at"]) == (None, None)
    text = read("corrections", **QUESTION, format="csv").content.decode()
    assert text.startswith("INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,VERSION,")
    assert text.count("\r\n") == 1


def test_tag_changes_with_a_correction_and_not_with_a_first_publication(press, read):
    def tag():
        caching.response_cache.clear()
        return read("corrections", **QUESTION)["ETag"]

    press.publish("D", {DAY: {"EUROPE": 10}})
    first = tag()
    press.publish("D", {"2026-11-02": {"EUROPE": 10}})
    assert tag() == first
    press.publish("D", {DAY: {"EUROPE": 15}})
    assert tag() != first
    assert read("corrections", **QUESTION, headers={"If-None-Match": tag()}).status_code == 304


@pytest.fixture
def small(press):
    """Liechtenstein by weeks, and from December on by days."""
    DetailFactory.create(country__code="LI", step="W", network_step="M")
    DetailFactory.create(
        country=Country.objects.get(code="LI"), valid_from=date(2026, 12, 1), step="D", network_step="M"
    )
    reference.snapshots.clear()
    # As in a database that was changed by hand.
    for value in (10, 15):
        press.publish("D", {day: {"LI": value, "NO": value} for day in ("2026-11-30", "2026-12-01")})
    return press


@pytest.mark.parametrize("country", ["*", "LI,NO"])
def test_withheld_numbers_are_named_and_have_no_corrections(small, read, country):
    page = read("corrections", **QUESTION, country=country).json()
    assert [(row["period"], row["country"]) for row in page["corrections"]] == [
        ("2026-12-01", "LI"), ("2026-12-01", "NO"), ("2026-11-30", "NO"),
    ]  # fmt: skip
    [withheld] = [row for row in page["withheld"] if "LI" in row["countries"]]
    assert (withheld["published"], withheld["end"]) == (["W", "M", "A"], "2026-11-30")


def test_number_that_is_always_withheld_is_refused_by_name(small, read):
    answer = read("corrections", **QUESTION, country="LI", network="BITTORRENT")
    assert (answer.status_code, answer.json()["code"]) == (422, "detail_not_published")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"frequency": None}, "missing_parameter"),
        ({"indicator": "NONE"}, "unknown_indicator"),
        ({"frequency": "X"}, "unknown_frequency"),
        ({"frequency": "N"}, "minutes_not_published"),
        ({"frequency": "H", "network": "BITTORRENT"}, "networks_not_published"),
        ({"country": "XX"}, "unknown_country"),
        ({"network": "XX"}, "unknown_network"),
        ({"since": "2026"}, "bad_parameter"),
        ({"limit": "0"}, "bad_parameter"),
        ({"limit": "1001"}, "bad_parameter"),
        ({"limit": "²"}, "bad_parameter"),
        ({"format": "xlsx"}, "bad_parameter"),
        ({"cursor": "x"}, "bad_cursor"),
        ({"start": DAY}, "unknown_parameter"),
    ],
)
def test_bad_question_is_refused_with_its_code(press, read, given, code):
    answer = read("corrections", **QUESTION | given)
    assert (answer.status_code // 100, answer.json()["code"]) == (4, code)


def test_since_may_not_be_in_the_future(press, read):
    answer = read("corrections", **QUESTION, since=z(press.began + timedelta(days=1)))
    assert (answer.json()["code"], answer.json()["parameter"]) == ("bad_parameter", "since")


def test_cursor_belongs_to_its_question(press, read):
    press.publish("D", {DAY: {"NO": 10}, "2026-11-02": {"NO": 10}})
    press.publish("D", {DAY: {"NO": 15}, "2026-11-02": {"NO": 15}})
    following = read("corrections", **QUESTION, country="NO", limit=1).json()["next"]
    cursor = urlsplit(following).query.rpartition("cursor=")[2]
    assert json.loads(read("corrections", **QUESTION, country="NO", cursor=cursor).content)["code"] == "bad_cursor"
