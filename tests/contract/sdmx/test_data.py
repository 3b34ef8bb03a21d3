"""Data queries over HTTP: the content of answers, their limits, their caching and their formats."""

import gzip
import json
from urllib.parse import quote

import pytest
from django.utils.http import http_date

from api import caching
from api.sdmx import observations, views
from countries.models import ReferenceVersion
from tests.contract.public.press import z
from tests.contract.sdmx.data_answers import ROOT_2, ROOT_3, keys, rows

ALL = [
    "D.DOWNLOADS.NO.BITTORRENT",
    "D.DOWNLOADS.NO._T",
    "D.DOWNLOADS.SE._T",
    "D.HELP_VISITS.SE._T",
    "H.DOWNLOADS.NO._T",
    "M.DOWNLOADS.EUROPE._T",
    "M.DOWNLOADS.NO._T",
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("*", ALL),
        ("D..NO._T", ["D.DOWNLOADS.NO._T", "D.HELP_VISITS.NO._T"]),
        ("D.DOWNLOADS.NO.", ALL[:2]),
        ("D+M.DOWNLOADS.SE+EUROPE.", ["D.DOWNLOADS.SE._T", "M.DOWNLOADS.EUROPE._T"]),
        ("D.DOWNLOADS.SE.ARES", ["D.DOWNLOADS.SE.ARES"]),
        ("D.DOWNLOADS.QQ.", []),
        ("N...", []),
        ("*?c[COUNTRY]=SE,EUROPE", ["D.DOWNLOADS.SE._T", "D.HELP_VISITS.SE._T", "M.DOWNLOADS.EUROPE._T"]),
        ("*?c[COUNTRY]=ne:NO+ne:EUROPE", ["D.DOWNLOADS.SE._T", "D.HELP_VISITS.SE._T"]),
        ("D.DOWNLOADS?c[COUNTRY]=SE&c[NETWORK]=ARES", ["D.DOWNLOADS.SE.ARES"]),
        ("*?c[TIME_PERIOD]=2026-10", ALL[-2:]),
        ("D?c[TIME_PERIOD]=2026-11", []),
        ("*?c%5BTIME_PERIOD%5D=le%3A2026-10", ALL[-2:]),
        ("*?c[TIME_PERIOD]=2026-11-01T10:00", ["H.DOWNLOADS.NO._T"]),
        ("..NO.?c[TIME_PERIOD]=ge:2026-11-01+le:2026-11-01", [*ALL[:2], "H.DOWNLOADS.NO._T"]),
        ("*?c[TIME_PERIOD]=gt:2026-11", []),
    ],
)
def test_series(view, ask, asked, found):
    """Series that are named by country and network are there whether they have cells or not."""
    key, _, query = asked.partition("?")
    assert keys(ask(f"{ROOT_3}{key}?format=csv&{query}")) == found
    if not query:
        assert keys(ask(f"{ROOT_2}{key}?format=csv")) == found


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ("startPeriod=2026-11-02", ["02", "03"]),
        ("endPeriod=2026-11-02T23:59:59", ["01"]),
        ("startPeriod=2026&endPeriod=2026-W44", ["01"]),
        ("firstNObservations=1&lastNObservations=1", ["01", "03"]),
        ("lastNObservations=1&endPeriod=2026-11-02", ["02"]),
    ],
)
def test_periods(view, ask, asked, days):
    found = rows(ask(f"{ROOT_2}D.DOWNLOADS.NO._T?{asked}&format=csv"))
    assert [row["TIME_PERIOD"][-2:] for row in found] == days


def test_pages_put_together_are_the_whole(view, ask):
    whole = rows(ask(f"{ROOT_3}*?format=csv"))
    assert len(whole) > 10
    pages = [rows(ask(f"{ROOT_3}*?format=csv&offset={at}&limit=4")) for at in range(0, len(whole) + 4, 4)]
    assert [row for page in pages for row in page] == whole
    assert [len(page) for page in pages[:2]] == [4, 4]


@pytest.mark.parametrize("more", ["", "updatedAfter={first}"])
def test_order_is_that_of_all_dimensions(view, ask, more):
    """Also if a new series, which comes whole, stands between others of which only the changes come."""
    view.indicator = 1
    view.publish("D", {"2026-11-02": {"NO": 25, "DK": 5, "SE": 5, "AD": 5}})
    found = rows(ask(f"{ROOT_3}*?format=csv&{more.format(first=z(view.known_at(1)))}"))
    places = [tuple(row[name] for name in ("FREQ", "INDICATOR", "COUNTRY", "NETWORK", "TIME_PERIOD")) for row in found]
    assert places == sorted(places)
    assert len({place[2] for place in places}) > 3


@pytest.mark.verify
def test_pages_of_keys_alone_are_of_keys(view, ask):
    keys_alone = f"{ROOT_3}*?format=csv&attributes=none&measures=none"
    assert keys(ask(keys_alone)) == ALL
    pages = [keys(ask(f"{keys_alone}&offset={at}&limit=3")) for at in (0, 3, 6, 9)]
    assert [key for page in pages for key in page] == ALL
    assert [len(page) for page in pages] == [3, 3, 1, 0]


def test_attributes_and_measures(view, ask):
    def columns(asked):
        return list(rows(ask(f"{ROOT_3}D.DOWNLOADS.NO._T?format=csv&{asked}"))[0])[8:]

    assert columns("attributes=none") == ["OBS_VALUE"]
    assert columns("attributes=OBS_STATUS,VALID_FROM") == ["OBS_VALUE", "OBS_STATUS", "VALID_FROM"]
    assert columns("measures=none")[0] == "OBS_STATUS"
    assert columns("attributes=none&measures=none") == []


@pytest.mark.parametrize("flow", ["P2P", "P2P_VINTAGE"])
@pytest.mark.parametrize("form", ["xml", "csv", "json"])
def test_empty_answer_is_a_data_set_without_anything(view, ask, flow, form):
    key = "A..." if flow == "P2P" else "A...."
    for root in ("2.1/data/{}/{}", "3.0/data/dataflow/P2PEU/{}/1.0.0/{}"):
        if form == "json" and root.startswith("2"):
            continue
        answer = ask(f"{root.format(flow, key)}?format={form}")
        assert answer.status_code == 200
        body = answer.content.decode()
        if form == "csv":
            assert body.count("\r\n") == 1
        elif form == "json":
            assert not json.loads(body)["data"]["dataSets"][0].get("series")
        else:
            assert "<mes:DataSet " in body
            assert "Obs" not in body.partition("</mes:Header>")[2]


BAD = [
    ("2.1/data/P2P/D.DOWNLOADS.NO", 400, "bad_sdmx_query"),
    ("2.1/data/P2P?firstNObservations=0", 400, "bad_parameter"),
    ("2.1/data/P2P?detail=full&detail=full", 400, "repeated_parameter"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0/A.DOWNLOADS.QQ.?c[TIME_PERIOD]=ge:soon", 400, "bad_sdmx_query"),
    ("2.1/data/EXR", 404, "unknown_structure"),
    ("2.1/data/P2P/all/NO-KRIPOS", 403, "agency_not_published"),
    ("2.1/data/P2P?asOf=2999-01-01T00:00:00Z", 422, "as_of_in_future"),
    ("2.1/data/P2P_VINTAGE/D.DOWNLOADS.NO._T.2999-01-01", 422, "as_of_in_future"),
    ("2.1/data/P2P?includeHistory=true", 501, "not_implemented"),
    ("2.1/data/P2P?format=genericxml", 501, "not_implemented"),
    ("3.0/data/dataflow/P2PEU/P2P?c[OBS_VALUE]=ge:100", 501, "not_implemented"),
    ("2.1/metadata/P2P", 501, "not_implemented"),
]


@pytest.mark.parametrize(("address", "status", "code"), BAD)
def test_refusals(streamed, ask, address, status, code, caplog):
    """Also if nothing is cached: once an answer is under way it is too late to refuse."""
    answer = ask(address)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    # Or the log would have the address as it was sent, and each question as a failure of the service.
    assert caplog.records == []


def test_too_much_is_refused_before_it_is_read(view, ask, monkeypatch):
    monkeypatch.setattr(observations, "MOST", 2)
    first = z(view.known_at(1))
    key = "3.0/data/dataflow/P2PEU/P2P/1.0.0/D.DOWNLOADS.NO._T?format=csv"
    for more in (
        "",
        "&limit=3",
        "&offset=1&limit=2",
        "&firstNObservations=3",
    ):
        answer = ask(key + more)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_much_data")
    for more, count in (
        ("&limit=1", 1),
        ("&offset=1&limit=1", 1),
        ("&lastNObservations=2", 2),
        (f"&updatedAfter={first}", 1),
        ("&attributes=none&measures=none", 1),
    ):
        assert len(rows(ask(key + more))) == count, more
    assert len(rows(ask("2.1/data/P2P/M...?format=csv"))) == 2


def test_series_that_are_new_count_with_all_their_periods(view, ask, monkeypatch):
    view.indicator = 1
    before = z(view.known_at(view.publish("D", {"2026-11-04": {"NO": 5}})))
    view.publish("D", {"2026-11-05": {"DK": 5}})
    key = f"3.0/data/dataflow/P2PEU/P2P/1.0.0/D.DOWNLOADS.*._T?format=csv&updatedAfter={before}"
    assert len(rows(ask(key))) == 5 + 2
    caching.response_cache.clear()
    monkeypatch.setattr(observations, "MOST", 6)
    assert ask(key).status_code == 413


@pytest.mark.parametrize(
    ("address", "accept", "given"),
    [
        ("2.1/data/P2P", "*/*", "application/vnd.sdmx.structurespecificdata+xml;version=2.1"),
        ("2.1/data/P2P", "text/csv", "application/vnd.sdmx.data+csv;version=1.0.0"),
        ("2.1/data/P2P", "application/json", None),
        ("3.0/data/dataflow/P2PEU/P2P", "*/*", "application/vnd.sdmx.data+xml;version=3.0.0"),
        ("3.0/data/dataflow/P2PEU/P2P", "text/csv", "application/vnd.sdmx.data+csv;version=2.0.0"),
        ("3.0/data/dataflow/P2PEU/P2P", "application/json", "application/vnd.sdmx.data+json;version=2.0.0"),
        ("3.0/data/dataflow/P2PEU/P2P", "application/vnd.sdmx.data+csv;version=1.0.0", None),
    ],
)
def test_media_types(view, ask, address, accept, given):
    answer = ask(address, accept=accept)
    if given is None:
        assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    else:
        assert answer["Content-Type"] == given
        assert "Accept" in answer["Vary"]


def test_answer_is_not_sent_again_until_it_changes(view, ask):
    first = ask(f"{ROOT_2}D.DOWNLOADS.NO._T")
    again = ask(f"{ROOT_2}D.DOWNLOADS.NO._T", **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    caching.response_cache.clear()
    view.indicator = 1
    view.publish("D", {"2026-11-02": {"NO": 25}})
    changed = ask(f"{ROOT_2}D.DOWNLOADS.NO._T", **{"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


@pytest.mark.parametrize(
    "address", [f"{ROOT_3}D.DOWNLOADS..", "3.0/availability/dataflow/P2PEU/P2P/1.0.0/D.DOWNLOADS.."]
)
def test_last_modified_is_when_it_became_public_or_reference_data_changed(view, ask, address):
    assert ask(address)["Last-Modified"] == http_date(view.known_at(2).timestamp())
    caching.response_cache.clear()
    ReferenceVersion.objects.create(number=1, changed=view.known_at(60))
    assert ask(address)["Last-Modified"] == http_date(view.known_at(60).timestamp())


@pytest.fixture
def streamed(view, monkeypatch):
    """Has every answer be written as it is read, two observations at a time."""
    monkeypatch.setattr(views, "_CACHED", 0)
    monkeypatch.setattr(observations, "AT_ONCE", 2)
    return view


@pytest.mark.verify
@pytest.mark.parametrize(
    ("root", "form"), [(ROOT_2, "csv"), (ROOT_2, "xml"), (ROOT_3, "csv"), (ROOT_3, "xml"), (ROOT_3, "json")]
)
def test_long_answers_are_written_as_they_are_read(view, ask, client, request, root, form):
    whole = ask(f"{root}?format={form}")
    assert not whole.streaming
    caching.response_cache.clear()
    request.getfixturevalue("streamed")
    answer = ask(f"{root}?format={form}")
    assert answer.streaming
    pieces = list(answer.streaming_content)
    assert len(pieces) >= len(ALL)
    assert b"".join(pieces) == whole.content
    assert answer["ETag"] == whole["ETag"]
    packed = ask(f"{root}?format={form}", **{"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.getvalue()) == whole.content
    assert ask(f"{root}?format={form}", **{"If-None-Match": whole["ETag"]}).status_code == 304
    head = client.head(f"/sdmx/{root}?format={form}")
    assert (head.status_code, head.getvalue(), head["ETag"]) == (200, b"", whole["ETag"])
    assert "Content-Length" not in head


def test_long_answer_has_one_version_even_if_more_is_published_meanwhile(streamed, ask):
    before = ask(f"{ROOT_3}?format=csv").getvalue()
    caching.response_cache.clear()
    pieces = ask(f"{ROOT_3}?format=csv").streaming_content
    begun = next(pieces)
    streamed.indicator = 1
    streamed.publish("D", {"2026-11-01": {"NO": 500, "SE": 500, "DK": 500}, "2026-11-04": {"SE": 5}})
    streamed.publish("M", {"2026-10": {"NO": 0}})
    assert begun + b"".join(pieces) == before
    caching.response_cache.clear()
    assert ask(f"{ROOT_3}?format=csv").getvalue() != before


@pytest.mark.parametrize("root", ["", "/", "/2.1", "/2.1/", "/3.0", "/3.0/"])
@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml,*/*;q=0.8", "application/vnd.sdmx.structure+xml"])
def test_root_leads_to_the_page_that_says_how_to_read_the_data(db, client, root, accept):
    answer = client.get(f"/sdmx{root}", headers={"accept": accept})
    assert (answer.status_code, answer["Location"]) == (303, "/data/")
    assert client.get(answer["Location"]).status_code == 200
    assert client.post(f"/sdmx{root}").status_code == 405


def test_what_was_sent_does_not_come_back(view, ask):
    marker = "zebra17"
    for address in (
        f"2.1/data/{marker}", f"2.1/data/P2P/{marker}", f"2.1/data/P2P?startPeriod={marker}",
        f"2.1/data/P2P?{marker}=1", f"3.0/data/dataflow/P2PEU/P2P/1.0.0?c[{marker}]=1", f"2.1/data/P2P/all/{marker}",
        f"3.0/data/dataflow/P2PEU/P2P/{marker}", f"3.0/data/{marker}/P2PEU/P2P", f"2.1/data/P2P?detail={marker}",
    ):  # fmt: skip
        assert marker not in ask(quote(address, safe="/?&=[]")).content.decode()
