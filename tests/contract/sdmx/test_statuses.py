"""Data queries: keys with wildcards, odd spellings, and what cannot be read or is not there, as the standard has it."""

import csv
import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.utils.http import http_date

from api import caching
from api.sdmx import data_views, readings
from countries.models import ReferenceVersion
from federation import clock, published
from tests.contract.public.press import NOBODY
from tests.factories import AgencyFactory, IndicatorFactory

CSV_2 = "application/vnd.sdmx.data+csv;version=2.0.0"
ML_21 = "application/vnd.sdmx.structurespecificdata+xml;version=2.1"
ML_30 = "application/vnd.sdmx.data+xml;version=3.0.0"
GENERIC = "application/vnd.sdmx.genericdata+xml;version=2.1"
JSON_20 = "application/vnd.sdmx.data+json;version=2.0.0"
CSV_1 = "application/vnd.sdmx.data+csv;version=1.0.0"
#: Where data are in each root, with a place for the key.
ROOT_2, ROOT_3 = "2.1/data/P2P/", "3.0/data/dataflow/P2PEU/P2P/1.0.0/"


@pytest.fixture
def view(press):
    """Days by network of two countries, a month, an hour, and help visits of a day."""
    IndicatorFactory.create(number=2, code="HELP_VISITS")
    press.publish("D", {"2026-11-01": {"NO": 10, "NO/BITTORRENT": 10, "SE": 5}, "2026-11-02": {"NO": 20}})
    press.publish("D", {"2026-11-03": {}}, NOBODY)
    press.publish("M", {"2026-10": {"NO": 300, "EUROPE": 305}})
    press.publish("H", {"2026-11-01T10:00": {"NO": 5}})
    press.indicator = 2
    press.publish("D", {"2026-11-01": {"SE": 15}})
    return press


def _z(moment):
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rows(answer):
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def keys(answer):
    return sorted({".".join(row[name] for name in ("FREQ", "INDICATOR", "COUNTRY", "NETWORK")) for row in rows(answer)})


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
    ("key", "found"),
    [
        ("", ALL),
        ("all", ALL),
        ("...", ALL),
        ("*.*.*.*", ALL),
        (".DOWNLOADS.NO._T", [key for key in ALL if key.endswith("DOWNLOADS.NO._T")]),
        ("D..NO._T", ["D.DOWNLOADS.NO._T", "D.HELP_VISITS.NO._T"]),
        ("D.DOWNLOADS..", ALL[:3]),
        ("D.DOWNLOADS.NO.", ALL[:2]),
        ("D+M.DOWNLOADS.SE+EUROPE.", ["D.DOWNLOADS.SE._T", "M.DOWNLOADS.EUROPE._T"]),
        ("D.DOWNLOADS.SE.ARES", ["D.DOWNLOADS.SE.ARES"]),
        ("H.DOWNLOADS.NO.BITTORRENT", []),
        ("D.DOWNLOADS.QQ.", []),
        ("A...", []),
        ("N...", []),
    ],
)
@pytest.mark.parametrize("root", [ROOT_2, ROOT_3])
def test_keys(view, ask, root, key, found):
    """A wildcard in each place; series named by country and network are there whether they have cells or not."""
    assert keys(ask(f"{root}{key}?format=csv")) == found


@pytest.mark.parametrize(
    "address",
    [
        "2.1/data/P2PEU,P2P,1.0.0/D.DOWNLOADS.NO._T/",
        "2.1/data/P2PEU%2CP2P%2C1.0.0/D.DOWNLOADS.NO._T",
        "2.1/data/all,P2P,latest/D.DOWNLOADS.NO._T/all",
        "2.1/data/P2PEU,P2P/D.DOWNLOADS.NO._T/P2PEU",
        "2.1/data/P2P/D%2EDOWNLOADS%2ENO%2E_T",
        "3.0/data/*/P2PEU/P2P/+/D.DOWNLOADS.NO._T",
        "3.0/data/%2A/P2PEU/P2P/%2B/D.DOWNLOADS.NO._T/",
        "3.0/data/dataflow/P2PEU/P2P/~/D.DOWNLOADS.NO._T",
        "3.0/data/dataflow/*/P2P/*/D.DOWNLOADS.NO._T",
        "3.0/data/dataflow/P2PEU/P2P/1.0.0+/D.DOWNLOADS.NO._T",
        "3.0/data/dataflow/P2PEU/P2P/1.0.0,2.0.0/D.DOWNLOADS.NO._T",
        "3.0/data/datastructure/P2PEU/DSD_P2P/1.0.0/D.DOWNLOADS.NO._T",
        "3.0/data/provisionagreement/P2PEU/PA_P2P/1.0.0/D.DOWNLOADS.NO._T",
        "3.0/data/dataflow,datastructure/P2PEU/P2P/1.0.0/D.DOWNLOADS.NO._T",
        "3.0/data/dataflow/P2PEU/P2P/1.0.0/D.DOWNLOADS.NO._T,D.DOWNLOADS.NO._T",
    ],
)
def test_names_of_the_same(view, ask, address):
    assert keys(ask(f"{address}?format=csv")) == ["D.DOWNLOADS.NO._T"]


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("root", [ROOT_2, ROOT_3])
def test_slash_at_the_end_makes_no_difference(view, ask, root, slash):
    assert keys(ask(f"{root[:-1]}{slash}?format=csv")) == ALL
    assert keys(ask(f"{root}M...{slash}?format=csv")) == ALL[-2:]


@pytest.mark.parametrize("truth", ["true", "True", "TRUE", "1"])
def test_truths_are_read_whatever_their_case(view, ask, truth):
    view.indicator = 1
    view.publish("D", {"2026-11-02": {"NO": 25}})
    assert len(rows(ask(f"{ROOT_2}D.DOWNLOADS.NO._T?includeHistory={truth}&format=csv"))) == 4
    for untruth in ("false", "False", "0"):
        assert len(rows(ask(f"{ROOT_2}D.DOWNLOADS.NO._T?includeHistory={untruth}&format=csv"))) == 3


@pytest.mark.parametrize(
    ("filtered", "found"),
    [
        ("c[COUNTRY]=NO", [*ALL[:2], "H.DOWNLOADS.NO._T", "M.DOWNLOADS.NO._T"]),
        ("c[COUNTRY]=ne:NO+ne:EUROPE", ["D.DOWNLOADS.SE._T", "D.HELP_VISITS.SE._T"]),
        ("c[COUNTRY]=SE,EUROPE", ["D.DOWNLOADS.SE._T", "D.HELP_VISITS.SE._T", "M.DOWNLOADS.EUROPE._T"]),
        ("c[INDICATOR]=sw:HELP", ["D.HELP_VISITS.SE._T"]),
        ("c[NETWORK]=ew:TORRENT", ["D.DOWNLOADS.NO.BITTORRENT"]),
        ("c[NETWORK]=co:TORR", ["D.DOWNLOADS.NO.BITTORRENT"]),
        ("c[NETWORK]=nc:_&c[FREQ]=D", ["D.DOWNLOADS.NO.BITTORRENT"]),
        ("c[FREQ]=ge:H", ALL[4:]),
        ("c[OBS_VALUE]=ge:300", ALL[-2:]),
        ("c[OBS_VALUE]=gt:5%2Blt:15", ["D.DOWNLOADS.NO.BITTORRENT", "D.DOWNLOADS.NO._T"]),
        ("c[OBS_STATUS]=O", ALL[:3]),
        ("c[CONF_STATUS]=F&c[FREQ]=H", ["H.DOWNLOADS.NO._T"]),
        ("c[CONF_STATUS]=C", []),
        ("c[COVERAGE]=lt:1", ALL[:3]),
        ("c[AGENCIES_REPORTING]=0", ALL[:3]),
        ("c[AGENCIES_EXPECTED]=ge:3", []),
        ("c%5BTIME_PERIOD%5D=2026-10", ALL[-2:]),
        ("c[TIME_PERIOD]=le:2026-10", ALL[-2:]),
        ("c[TIME_PERIOD]=eq:2026-11-01T10:00", ["H.DOWNLOADS.NO._T"]),
        ("c[TIME_PERIOD]=ge:2026-11-01+le:2026-11-01&c[COUNTRY]=NO", [*ALL[:2], "H.DOWNLOADS.NO._T"]),
        ("c[TIME_PERIOD]=ge:2026-11-03,lt:2026-11", [*ALL[:3], *ALL[-2:]]),
        ("c[TIME_PERIOD]=ne:2026-10&c[FREQ]=M", []),
        ("c[TIME_PERIOD]=gt:2026-11", []),
        ("c[TIME_PERIOD]=gt:2026-10&c[COUNTRY]=NO", [*ALL[:2], "H.DOWNLOADS.NO._T"]),
    ],
)
def test_filters_by_component(view, ask, filtered, found):
    assert keys(ask(f"3.0/data/dataflow/P2PEU/P2P/1.0.0/*?{filtered}&format=csv")) == found


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ("startPeriod=2026-11-02", ["02", "03"]),
        ("endPeriod=2026-11-02", ["01", "02"]),
        ("startPeriod=2026-11-02&endPeriod=2026-11-02", ["02"]),
        ("startPeriod=2026", ["01", "02", "03"]),
        ("startPeriod=2026-Q4&endPeriod=2026-S2", ["01", "02", "03"]),
        ("startPeriod=2026-M11&endPeriod=2026-W44", ["01"]),
        ("startPeriod=2026-D306", ["02", "03"]),
        ("startPeriod=2026-11-01T00:00:01", ["02", "03"]),
        ("endPeriod=2026-11-02T23:59:59", ["01"]),
        ("endPeriod=2026-11-02T23:00:00Z", ["01", "02"]),
        ("startPeriod=2027", []),
        ("firstNObservations=1", ["01"]),
        ("lastNObservations=2", ["02", "03"]),
        ("firstNObservations=1&lastNObservations=1", ["01", "03"]),
        ("lastNObservations=1&endPeriod=2026-11-02", ["02"]),
    ],
)
def test_periods(view, ask, asked, days):
    found = rows(ask(f"{ROOT_2}D.DOWNLOADS.NO._T?{asked}&format=csv"))
    assert [row["TIME_PERIOD"][-2:] for row in found] == days


@pytest.mark.parametrize(
    ("term", "days"),
    [
        ("gt:2026-11-01", ["02", "03"]),
        ("ge:2026-11-02", ["02", "03"]),
        ("lt:2026-11-03", ["01", "02"]),
        ("le:2026-11-02", ["01", "02"]),
        ("2026-11-02", ["02"]),
        ("ne:2026-11-02", ["01", "03"]),
        ("gt:2026-11-01+lt:2026-11-03", ["02"]),
        ("gt:2026-10", ["01", "02", "03"]),
        ("lt:2026-11-02,gt:2026-11-02", ["01", "03"]),
        ("lt:0001", []),
        ("gt:9999", []),
        ("lt:2026-11-02,gt:2026-11", ["01"]),
    ],
)
def test_time_as_a_component(view, ask, term, days):
    found = rows(ask(f"{ROOT_3}D.DOWNLOADS.NO._T?c[TIME_PERIOD]={term}&format=csv"))
    assert [row["TIME_PERIOD"][-2:] for row in found] == days


def test_any_vintage_is_the_ends_of_the_days_on_which_anything_changed(press, ask):
    """Two versions before midnight, and one after it, some days ago."""
    press.began = press.began.replace(hour=23, minute=57) - timedelta(days=4)
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-11-01": {"NO": 15}})
    press.publish("D", {"2026-11-01": {"NO": 20}})
    first = press.known_at(1).date()
    found = rows(ask("3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T?format=csv"))
    days = [first.isoformat(), (first + timedelta(days=1)).isoformat()]
    assert [(row["VINTAGE"], row["OBS_VALUE"]) for row in found] == [(days[0], "15"), (days[1], "20")]
    for at, value in zip(days, ("15", "20"), strict=True):
        [row] = rows(ask(f"2.1/data/P2P_VINTAGE/D.DOWNLOADS.NO._T.{at}?format=csv"))
        assert row["OBS_VALUE"] == value
    later = f"3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T?c[VINTAGE]=ge:{days[1]}&format=csv"
    assert [row["VINTAGE"] for row in rows(ask(later))] == days[1:]


def test_pages_put_together_are_the_whole(view, ask):
    whole = rows(ask(f"{ROOT_3}*?format=csv"))
    assert len(whole) > 10
    pages = [rows(ask(f"{ROOT_3}*?format=csv&offset={at}&limit=4")) for at in range(0, len(whole) + 4, 4)]
    assert [row for page in pages for row in page] == whole
    assert [len(page) for page in pages[:2]] == [4, 4]


@pytest.mark.parametrize("more", ["", "updatedAfter={first}", "includeHistory=true"])
@pytest.mark.parametrize("sort", ["*:asc", "series_key", "FREQ+INDICATOR+COUNTRY+NETWORK+TIME_PERIOD"])
def test_order_is_that_of_all_dimensions(view, ask, more, sort):
    """Also where a new series, of which all is told, stands between others of which only what changed is."""
    view.indicator = 1
    view.publish("D", {"2026-11-02": {"NO": 25, "DK": 5, "SE": 5, "AD": 5}})
    found = rows(ask(f"{ROOT_3}*?format=csv&sort={sort}&{more.format(first=_z(view.known_at(1)))}"))
    places = [tuple(row[name] for name in ("FREQ", "INDICATOR", "COUNTRY", "NETWORK", "TIME_PERIOD")) for row in found]
    if "History" in more:
        last = max(row["VALID_FROM"] for row in found)
        places = [place for place, row in zip(places, found, strict=True) if row["VALID_FROM"] == last]
    assert places == sorted(places)
    assert len({place[2] for place in places}) > 3


def test_ends_of_series_are_those_of_what_passes(view, ask):
    """And a key is there if any observation of its series passes, not only the first."""
    key = f"{ROOT_3}D.DOWNLOADS.*._T?format=csv"
    for more, days in (
        ("lastNObservations=1&c[OBS_VALUE]=le:10", ["01", "02"]),
        ("firstNObservations=1&c[OBS_STATUS]=O", ["03", "03"]),
    ):
        assert [row["TIME_PERIOD"][-2:] for row in rows(ask(f"{key}&{more}"))] == days, more
    assert keys(ask(f"{key}&attributes=none&measures=none&c[OBS_VALUE]=20")) == ["D.DOWNLOADS.NO._T"]


def test_pages_of_keys_alone_are_of_keys(view, ask):
    keys_alone = f"{ROOT_3}*?format=csv&attributes=none&measures=none"
    assert keys(ask(keys_alone)) == ALL
    pages = [keys(ask(f"{keys_alone}&offset={at}&limit=3")) for at in (0, 3, 6, 9)]
    assert [key for page in pages for key in page] == ALL
    assert [len(page) for page in pages] == [3, 3, 1, 0]


@pytest.mark.parametrize("form", ["xml", "csv", "json"])
@pytest.mark.parametrize("streams", [False, True])
def test_history_has_no_data_set_without_anything_but_for_one_of_nothing(view, ask, request, form, streams):
    if streams:
        request.getfixturevalue("streamed")
    view.indicator = 1
    view.publish("D", {"2026-11-01": {"NO": 10, "NO/BITTORRENT": 10, "SE": 5, "DK": 5}})
    for question, datasets, observations in (
        ("D.DOWNLOADS.NO._T?includeHistory=true", 2, 3),
        ("D.DOWNLOADS.NO._T?includeHistory=true&limit=1", 1, 1),
        ("D.DOWNLOADS.NO._T?includeHistory=true&limit=2&offset=1", 2, 2),
        ("A.DOWNLOADS.NO._T?includeHistory=true", 1, 0),
        ("D.DOWNLOADS.NO._T?includeHistory=true&c[OBS_VALUE]=gt:999", 1, 0),
    ):
        body = ask(f"{ROOT_3}{question}&format={form}").getvalue().decode()
        if form == "xml":
            assert (body.count("<mes:DataSet "), body.count("<Obs ")) == (datasets, observations)
        elif form == "json":
            sets = json.loads(body)["data"]["dataSets"]
            assert len(sets) == datasets
            assert sum(len(one["observations"]) for each in sets for one in each["series"].values()) == observations
        else:
            assert body.count("\r\n") == observations + 1


def test_attributes_and_measures(view, ask):
    def columns(asked):
        return list(rows(ask(f"{ROOT_3}D.DOWNLOADS.NO._T?format=csv&{asked}"))[0])[8:]

    assert columns("attributes=none") == ["OBS_VALUE"]
    assert columns("attributes=OBS_STATUS,VALID_FROM") == ["OBS_VALUE", "OBS_STATUS", "VALID_FROM"]
    assert columns("attributes=series&measures=OBS_VALUE") == ["OBS_VALUE"]
    assert columns("measures=none")[0] == "OBS_STATUS"
    assert columns("attributes=none&measures=none") == []


@pytest.mark.parametrize("flow", ["P2P", "P2P_VINTAGE"])
@pytest.mark.parametrize("form", ["xml", "genericxml", "csv", "json"])
def test_empty_answer_is_a_data_set_without_anything(view, ask, flow, form):
    key = "A..." if flow == "P2P" else "A...."
    for root in ("2.1/data/{}/{}", "3.0/data/dataflow/P2PEU/{}/1.0.0/{}"):
        if form == "genericxml" and root.startswith("3"):
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
    ("2.1/data/P2P/D.DOWNLOADS.NO._T.X", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0/D.DOWNLOADS.NO._T.X", 400, "bad_sdmx_query"),
    ("2.1/data/P2P/D.DOWNLOADS.N%20O._T", 400, "bad_sdmx_query"),
    ("2.1/data/P2P/D.DOWNLOADS.NO+.", 400, "bad_sdmx_query"),
    ("2.1/data/,,/all", 400, "bad_sdmx_query"),
    ("2.1/data/P2PEU,P2P,x.y/all", 400, "bad_sdmx_query"),
    ("2.1/data/a,b,c,d/all", 400, "bad_sdmx_query"),
    ("2.1/data/P2P/all/all/all/all", 400, "bad_sdmx_query"),
    ("3.0/data/nonsense/P2PEU/P2P/1.0.0", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/x", 400, "bad_sdmx_query"),
    ("2.1/data/NONE", 404, "unknown_structure"),
    ("2.1/data/OTHER,P2P", 404, "unknown_structure"),
    ("2.1/data/P2PEU,P2P,9.0.0", 404, "unknown_structure"),
    ("2.1/data/P2P/all/NOBODY", 404, "unknown_structure"),
    ("3.0/data/dataflow/P2PEU/NONE/1.0.0", 404, "unknown_structure"),
    ("3.0/data/dataflow/P2PEU/P2P/2.0.0", 404, "unknown_structure"),
    ("3.0/data/provisionagreement/P2PEU/PA_XX/1.0.0", 404, "unknown_structure"),
    ("2.1/data/P2P?startPeriod=soon", 400, "bad_sdmx_query"),
    ("2.1/data/P2P?startPeriod=2026-13", 400, "bad_sdmx_query"),
    ("2.1/data/P2P?startPeriod=2026-Q5", 400, "bad_sdmx_query"),
    ("2.1/data/P2P?endPeriod=2026-D366", 400, "bad_sdmx_query"),
    ("2.1/data/P2P?updatedAfter=yesterday", 400, "bad_sdmx_query"),
    ("2.1/data/P2P?updatedAfter=2026-02-30T00:00:00Z", 400, "bad_sdmx_query"),
    ("2.1/data/P2P?detail=much", 400, "bad_parameter"),
    ("2.1/data/P2P?includeHistory=maybe", 400, "bad_parameter"),
    ("2.1/data/P2P?firstNObservations=0", 400, "bad_parameter"),
    ("2.1/data/P2P?lastNObservations=-1", 400, "bad_parameter"),
    ("2.1/data/P2P?format=pdf", 400, "bad_parameter"),
    ("2.1/data/P2P?dimensionAtObservation=NOTHING", 400, "bad_parameter"),
    ("2.1/data/P2P?nonsense=1", 400, "unknown_parameter"),
    ("2.1/data/P2P?c[COUNTRY]=NO", 400, "unknown_parameter"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?startPeriod=2026", 400, "unknown_parameter"),
    ("2.1/data/P2P?detail=full&detail=full", 400, "repeated_parameter"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?c[NOTHING]=1", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?c[COUNTRY]=NO,", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?c[OBS_VALUE]=many", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?c[OBS_VALUE]=co:1", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?c[OBS_VALUE]=1_5", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?c[COVERAGE]=nan", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0/A.DOWNLOADS.QQ.?c[OBS_VALUE]=many", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?c[TIME_PERIOD]=sw:2026&includeHistory=true", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0,x", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?c[TIME_PERIOD]=sw:2026", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?c[VALID_FROM]=ge:soon", 400, "bad_sdmx_query"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?attributes=color", 400, "bad_parameter"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?measures=color", 400, "bad_parameter"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?limit=0", 400, "bad_parameter"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?offset=x", 400, "bad_parameter"),
    ("2.1/data/P2P?updatedAfter=2026-11-02T00:00:00Z&asOf=2026-11-01T00:00:00Z", 400, "bad_sdmx_query"),
    ("2.1/data/P2P_VINTAGE?asOf=2026-11-01T00:00:00Z", 400, "bad_sdmx_query"),
    ("2.1/data/P2P_VINTAGE/D.DOWNLOADS.NO._T.tomorrow", 400, "bad_sdmx_query"),
    ("2.1/data/P2P_VINTAGE/D.DOWNLOADS.NO._T.2999-01-01", 422, "as_of_in_future"),
    ("2.1/data/P2P?asOf=2999-01-01T00:00:00Z", 422, "as_of_in_future"),
    ("2.1/data/P2P?reportingYearStartDay=--07-01", 501, "not_implemented"),
    ("2.1/data/P2P?dimensionAtObservation=FREQ", 501, "not_implemented"),
    ("3.0/data/dataflow/P2PEU/P2P/1.0.0?sort=TIME_PERIOD:desc", 501, "not_implemented"),
    ("3.0/data/dataflow/P2PEU/*/1.0.0", 501, "not_implemented"),
    ("2.1/metadata/P2P", 501, "not_implemented"),
]


@pytest.mark.parametrize(("address", "status", "code"), BAD)
def test_what_cannot_be_read_or_is_not_there(streamed, ask, address, status, code):
    """Also where nothing is held: once an answer is under way it is too late to refuse."""
    answer = ask(address)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_what_one_agency_counted_is_refused(view, ask):
    AgencyFactory.create(code="NO-KRIPOS")
    for address in ("3.0/data/provisionagreement/P2PEU/PA_NO-KRIPOS/1.0.0", "2.1/data/P2P/all/NO-KRIPOS"):
        answer = ask(address)
        assert (answer.status_code, answer.json()["code"]) == (403, "agency_not_published")


def test_too_much_is_refused_before_it_is_read(view, ask, monkeypatch):
    monkeypatch.setattr(readings, "MOST", 2)
    monkeypatch.setattr(readings, "MOST_OBSERVED", 2)
    first = _z(view.known_at(1))
    key = "3.0/data/dataflow/P2PEU/P2P/1.0.0/D.DOWNLOADS.NO._T?format=csv"
    for more in (
        "",
        "&includeHistory=true",
        "&limit=3",
        "&includeHistory=true&lastNObservations=1&limit=1",
        "&offset=1&limit=2",
        "&firstNObservations=3",
        "&c[OBS_VALUE]=ge:9000&limit=1",
    ):
        answer = ask(key + more)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_much_data")
    for more, count in (
        ("&limit=1", 1),
        ("&offset=1&limit=1", 1),
        ("&lastNObservations=2", 2),
        ("&c[AGENCIES_REPORTING]=0", 1),
        (f"&updatedAfter={first}", 1),
        (f"&updatedAfter={first}&includeHistory=true", 1),
        ("&attributes=none&measures=none", 1),
    ):
        assert len(rows(ask(key + more))) == count, more
    assert len(rows(ask("2.1/data/P2P/M...?format=csv"))) == 2


def test_series_that_are_new_count_with_all_their_periods(view, ask, monkeypatch):
    view.indicator = 1
    before = _z(view.known_at(view.publish("D", {"2026-11-04": {"NO": 5}})))
    view.publish("D", {"2026-11-05": {"DK": 5}})
    key = f"3.0/data/dataflow/P2PEU/P2P/1.0.0/D.DOWNLOADS.*._T?format=csv&updatedAfter={before}"
    for more in ("", "&includeHistory=true"):
        assert len(rows(ask(key + more))) == 5 + 2
        caching.shelf.clear()
        with monkeypatch.context() as patch:
            patch.setattr(readings, "MOST", 6)
            assert ask(key + more).status_code == 413


def test_each_change_of_what_is_asked_for_counts_in_a_history(press, ask, monkeypatch):
    for value in (10, 15, 20):
        press.publish("D", {"2026-11-01": {"NO": value}})
    press.publish("D", {"2026-11-02": {"NO": 5}})
    key = f"{ROOT_3}D.DOWNLOADS.NO._T?format=csv&includeHistory=true&updatedAfter={_z(press.known_at(1))}"
    for more, count in (("", 3), ("&c[TIME_PERIOD]=2026-11-01,lt:2026-11-01", 2)):
        for most, status in ((count, 200), (count - 1, 413)):
            caching.shelf.clear()
            monkeypatch.setattr(readings, "MOST", most)
            assert ask(key + more).status_code == status


def test_more_publications_than_may_be_are_not_told_one_by_one(view, ask, monkeypatch):
    monkeypatch.setattr(readings, "MOST_PUBLICATIONS", 1)
    answer = ask("2.1/data/P2P/D.DOWNLOADS.NO._T?includeHistory=true")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_much_data")
    assert "publications" in answer.json()["detail"]
    assert ask("2.1/data/P2P/M.DOWNLOADS.NO._T?includeHistory=true").status_code == 200


def test_time_asked_for_changes_no_past_view(press, ask):
    """The days on which anything changed are the same, whether they changed what is asked for or not."""
    press.began -= timedelta(days=4)
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.began += timedelta(days=1)
    press.publish("D", {"2026-11-02": {"NO": 15}})
    address = "3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T?format=csv"
    whole = [row for row in rows(ask(address)) if row["TIME_PERIOD"] == "2026-11-01"]
    assert len(whole) == 2
    for times in ("2026-11-01", "le:2026-11-01", "lt:2026-11-02", "ge:2026-11-01+le:2026-11-01"):
        assert rows(ask(f"{address}&c[TIME_PERIOD]={times}")) == whole, times
    older = "2.1/data/P2P_VINTAGE/D.DOWNLOADS.NO._T.?format=csv&startPeriod=2026-11-01&endPeriod=2026-11-01"
    assert [row["VINTAGE"] for row in rows(ask(older))] == [row["VINTAGE"] for row in whole]


@pytest.mark.parametrize("times", ["2026-11-01", "le:2026-11-01", "lt:2026-11-02"])
def test_what_lies_after_the_time_asked_for_makes_no_new_version(press, ask, times):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-11-02": {"NO": 15}})
    answer = ask(f"{ROOT_3}D.DOWNLOADS.NO._T?format=csv&c[TIME_PERIOD]={times}")
    assert (answer["Version"], len(rows(answer))) == ("1", 1)


def test_named_past_view_is_of_one_version_whatever_is_published_meanwhile(press, ask, monkeypatch):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-11-01": {}}, NOBODY)
    monkeypatch.setattr(published, "past_view", lambda *_: published.PastView(next(found), settled=False))
    for versions, expected in (((1, 2), ("10", "A")), ((2, 2), ("", "O"))):
        caching.shelf.clear()
        found = iter(versions)
        moment = _z(press.known_at(5))
        [row] = rows(ask(f"3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T.{moment}?format=csv"))
        assert (row["OBS_VALUE"], row["OBS_STATUS"]) == expected


def test_named_past_view_stays_as_it_is(press, ask, monkeypatch):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-11-01": {"NO": 15}})
    address = f"2.1/data/P2P_VINTAGE/D.DOWNLOADS.NO._T.{_z(press.known_at(1))}?format=csv"
    first = ask(address)
    assert first["Cache-Control"] == caching.PAST
    caching.shelf.clear()
    press.publish("D", {"2026-11-01": {"NO": 20}})
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert (ask(address)["ETag"], ask(address).content) == (first["ETag"], first.content)


def test_day_that_goes_on_is_no_past_view_yet(press, ask):
    press.began -= timedelta(days=1)
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.began = datetime.now(UTC) - timedelta(minutes=2)
    press.publish("D", {"2026-11-01": {"NO": 15}})
    days = {press.known_at(2).date().isoformat(), (press.known_at(2) - timedelta(days=1, hours=2)).date().isoformat()}
    found = ask("3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T?format=csv")
    assert {row["VINTAGE"] for row in rows(found)} == {day for day in days if day < f"{datetime.now(UTC):%Y-%m-%d}"}


def test_vintage_that_has_not_come_is_refused_with_what_to_name_instead(view, ask):
    answer = ask(f"2.1/data/P2P_VINTAGE/D.DOWNLOADS.NO._T.{clock.now():%Y-%m-%d}")
    body = answer.json()
    assert (answer.status_code, body["code"], body["parameter"]) == (422, "as_of_in_future", "VINTAGE")
    assert "a day that has ended" in body["detail"]


@pytest.mark.parametrize(
    ("address", "accept", "given"),
    [
        ("2.1/data/P2P", "*/*", ML_21),
        ("2.1/data/P2P", "application/xml", ML_21),
        ("2.1/data/P2P", GENERIC, GENERIC),
        ("2.1/data/P2P", CSV_1, CSV_1),
        ("2.1/data/P2P", "text/csv", CSV_1),
        ("2.1/data/P2P", "application/json", "application/vnd.sdmx.data+json;version=1.0.0"),
        ("2.1/data/P2P", "text/html,application/xml;q=0.9,*/*;q=0.8", ML_21),
        ("3.0/data/dataflow/P2PEU/P2P", "*/*", ML_30),
        ("3.0/data/dataflow/P2PEU/P2P", CSV_2, CSV_2),
        ("3.0/data/dataflow/P2PEU/P2P", JSON_20, JSON_20),
        ("3.0/data/dataflow/P2PEU/P2P", f"{CSV_2};q=0.5, {ML_30};q=0.4", CSV_2),
        ("3.0/data/dataflow/P2PEU/P2P", CSV_1, None),
        ("3.0/data/dataflow/P2PEU/P2P", f"{CSV_2};labels=both", None),
        ("2.1/data/P2P", f"{CSV_1};labels=id", CSV_1),
        ("2.1/data/P2P", f"{CSV_1};timeFormat=normalized", None),
        ("2.1/data/P2P", "application/pdf", None),
    ],
)  # fmt: skip
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
    caching.shelf.clear()
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
    caching.shelf.clear()
    ReferenceVersion.objects.create(number=1, changed=view.known_at(60))
    assert ask(address)["Last-Modified"] == http_date(view.known_at(60).timestamp())


@pytest.fixture
def streamed(view, monkeypatch):
    """Has every answer be written as it is read, two observations at a time."""
    monkeypatch.setattr(data_views, "_HELD", 0)
    monkeypatch.setattr(readings, "AT_ONCE", 2)
    return view


@pytest.mark.parametrize("form", ["csv", "xml", "json"])
@pytest.mark.parametrize("root", [ROOT_2, ROOT_3])
def test_long_answers_are_written_as_they_are_read(view, ask, client, request, root, form):
    whole = ask(f"{root}?format={form}")
    assert not whole.streaming
    caching.shelf.clear()
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


def test_long_answer_is_of_one_version_whatever_is_published_meanwhile(streamed, ask):
    before = ask(f"{ROOT_3}?format=csv").getvalue()
    caching.shelf.clear()
    pieces = ask(f"{ROOT_3}?format=csv").streaming_content
    begun = next(pieces)
    streamed.indicator = 1
    streamed.publish("D", {"2026-11-01": {"NO": 500, "SE": 500, "DK": 500}, "2026-11-04": {"SE": 5}})
    streamed.publish("M", {"2026-10": {"NO": 0}})
    assert begun + b"".join(pieces) == before
    caching.shelf.clear()
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
