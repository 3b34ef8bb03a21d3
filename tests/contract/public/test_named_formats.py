"""Workbooks and JSON-stat: the numbers of CSV cell for cell, with names in the reader's language and an explanation."""

import csv
import io
import json
import re
from datetime import datetime

import numpy as np
import openpyxl
import pytest
from pyjstat import pyjstat

from api import caching
from api.formats import jsonstat, xlsx
from api.negotiation import JSON_STAT, XLSX
from api.throttling import costs
from api.v1 import aggregates
from countries.models import Indicator
from tests.contract.public.press import NOBODY, WAITING, Covered, z
from tests.factories import (
    AgencyFactory,
    AnnotationFactory,
    CountryFactory,
    DetailFactory,
    NetworkFactory,
    PopulationFactory,
)

#: pyjstat warns of a function that it uses itself.
pytestmark = pytest.mark.filterwarnings("ignore:Shouldn't use this function anymore:DeprecationWarning")


@pytest.fixture
def published(press):
    """Days of all kinds: with numbers, with zeros, silent, waiting; Liechtenstein is withheld from November on."""
    for code, inhabitants in (("NA", 3_000_000), ("NO", 5_600_000), ("LI", 40_000)):
        PopulationFactory.create(country=CountryFactory.create(code=code), year=2025, inhabitants=inhabitants)
    NetworkFactory.create(number=5, code="EDONKEY", name="=1+1")
    for month, step in (("2017-01-01", "D"), ("2026-11-01", "M")):
        place = {"country": CountryFactory.create(code="LI"), "indicator_id": 1, "valid_from": month}
        DetailFactory.create(**place, step=step, network_step=step)
    press.publish("D", {"2026-10-31": {"LI": 5, "NO": 60}})
    cells = {"NO": 120, "NA": 5, "_U": 10, "EUROPE": 130, "NO/EDONKEY": 40}
    press.publish("D", {"2026-11-01": cells}, Covered(expected=14, reporting=13, covered=92, owed=100, status="P"))
    press.publish("D", {"2026-11-02": {"NO": 5}})
    press.publish("D", {"2026-11-03": {}}, NOBODY)
    press.publish("D", {"2026-11-04": {}}, WAITING)
    return press


@pytest.fixture
def rows(read):
    """Reads an answer as CSV: the cells of each row by column."""

    def ask(**given):
        content = b"".join(read(**given | {"format": "csv"})).decode()
        return list(csv.DictReader(io.StringIO(content)))

    return ask


@pytest.fixture
def workbook(read):
    """Reads an answer as a workbook: the rows of each sheet."""

    def ask(**given):
        answer = read(**given, format="xlsx")
        assert answer.status_code == 200, answer.content
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        return {sheet.title: list(sheet.values) for sheet in book}, answer

    return ask


@pytest.fixture
def cube(read):
    """Reads an answer as JSON-stat: the document, and its data frame."""

    def ask(**given):
        answer = read(**given, format="jsonstat")
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content), pyjstat.Dataset.read(answer.content.decode()).write("dataframe", naming="id")

    return ask


def number(text):
    return float(text) if text else None


SELECTIONS = [
    {"country": "NO,NA,SE", "network": "_T"},
    {"country": "*"},
    {"country": "*", "network": "*"},
    {"country": "NO", "start": None, "end": None},
    {"country": "NO,LI", "start": "2026-10-31"},
]


@pytest.mark.parametrize("given", SELECTIONS)
def test_a_workbook_has_the_rows_of_csv(published, rows, workbook, given):
    sheets, _ = workbook(**given)
    header, *found = sheets["Numbers"]
    assert header[0] == "Period"
    assert [[row[0].date().isoformat(), *(row[at] for at in (2, 4, 6, 5, 7))] for row in found] == [
        [
            *(row[name] for name in ("TIME_PERIOD", "COUNTRY", "NETWORK", "OBS_STATUS")),
            *(number(row[name]) for name in ("OBS_VALUE", "PER_100K")),
        ]
        for row in rows(**given)
    ]


def test_a_workbook_has_the_coverage_of_each_period(published, workbook, rows):
    sheets, _ = workbook(country="NO")
    found = [(row[0].date().isoformat(), *row[1:]) for row in sheets["Coverage"][1:]]
    columns = ("OBS_STATUS", "AGENCIES_EXPECTED", "AGENCIES_REPORTING", "TIME_COVERAGE", "COUNTED_FROM")
    columns += ("AGENCIES_AWAITED", "AWAITED_UNTIL")
    assert [[str(cell or "") if cell != 0 else "0" for cell in row] for row in found] == [
        [row["TIME_PERIOD"], *(row[name].removesuffix(".0") for name in columns)] for row in rows(country="NO")
    ]


def test_names_are_in_the_language_of_the_reader(published, workbook):
    def country(**given):
        sheets, answer = workbook(country="NO", **given)
        numbers = next(iter(sheets.values()))
        return numbers[1][1], answer["Content-Language"], answer["Vary"]

    vary = "Accept, Accept-Encoding, Accept-Language"
    assert country() == ("Norway", "en", vary)
    assert country(headers={"Accept-Language": "de"}) == ("Norwegen", "de", vary)
    assert country(headers={"Accept-Language": "fr"}) == ("Norvège", "fr", vary)
    assert country(language="nb", headers={"Accept-Language": "de"}) == ("Norge", "nb", vary)


def test_only_files_with_names_have_a_language(published, read):
    assert read(country="NO", format="jsonstat", language="nb").status_code == 200
    for more in ({}, {"format": "csv"}):
        problem = read(language="nb", **more)
        assert (problem.status_code, problem.json()["code"]) == (400, "bad_parameter")
    assert read(format="xlsx", language="klingon").json()["code"] == "unknown_language"
    assert read(format="csv")["Vary"] == "Accept, Accept-Encoding"


def test_no_text_of_a_workbook_is_a_formula(published, read):
    Indicator.objects.update(name="=1+1", description="+1", notes=["@SUM(A1)", "=HYPERLINK(A1)"])
    AnnotationFactory.create(agency=AgencyFactory.create(code="NO-A"), indicator_id=1, text='=cmd|" /C calc"!A0')
    answer = read(country="NO", network="EDONKEY", format="xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    texts = [str(cell.value) for cell in cells if isinstance(cell.value, str)]
    assert {"=1+1", "+1", "@SUM(A1)", "=HYPERLINK(A1)"} <= set(texts)
    # openpyxl names a formula `f`. It reads a text with a leading `=` as a text only if the file says that it is one.
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "inlineStr"}
    assert not any(cell.hyperlink for cell in cells)


def test_a_workbook_explains_itself(published, workbook, client):
    sheets, answer = workbook(country="*")
    found = {}
    for heading, text in sheets["About"]:
        found.setdefault(heading, []).append(text)
    assert found["Note"] == ["A download is not a person and not an offence."]
    assert found["Version"] == [answer["Version"]]
    assert found["Withheld"] == ["LI is published at M, A only."]
    (rounding,) = found["Rounding"]
    assert "multiple of 5. A number is off by less than 5, and by less than 5 more for each agency" in rounding
    assert "do not add up days, countries or networks" in rounding
    assert "CC BY 4.0" in found["Licence"][0]
    (address,) = found["Address of these numbers"]
    assert f"as_of={answer['Known-At']}" in address
    published.publish("D", {"2026-11-01": {"NO": 500}})
    again = client.get(address.removeprefix("http://testserver"))
    assert list(openpyxl.load_workbook(io.BytesIO(again.content))["Numbers"].values) == sheets["Numbers"]


def test_periods_are_what_excel_understands(press, workbook):
    press.publish("H", {"2026-11-01T10:00": {"NO": 5}})
    press.publish("W", {"2026-W45": {"NO": 5}})
    press.publish("M", {"2026-11": {"NO": 5}})
    press.publish("A", {"2025": {"NO": 5}})

    def period(frequency):
        return workbook(frequency=frequency, start=None, end=None, country="NO")[0]["Numbers"][1][0]

    assert period("H") == datetime(2026, 11, 1, 10)  # noqa: DTZ001  cells of Excel have no time zone
    assert [period(frequency) for frequency in "WMA"] == ["2026-W45", "2026-11", 2025]


def test_a_workbook_of_a_panel_has_its_change(press, workbook):
    press.publish("M", {"2025-10": {"NO": 50}, "2026-10": {"NO": 60}})
    view = {"2025-10": {"NO": 50}, "2026-10": {"NO": 60}}
    press.compare(24, "M", ("2024-11", "2026-10"), (1, 2, 3), view)
    sheets, _ = workbook(frequency="M", start="2026-10", end="2026-10", panel="24", country="NO")
    assert sheets["Numbers"][0][-1] == "Change from a year earlier"
    assert sheets["Numbers"][1][5:] == (60, "A", None, 0.2)
    assert "A number of a panel can be off by less than 5 more" in dict(sheets["About"])["Rounding"]
    assert dict(sheets["About"])["Covered part of the time"].endswith("before it began: see “Counted from”.")


def test_invented_numbers_say_so_in_each_row(press, workbook, cube):
    AgencyFactory.create(code="NO-A", invented=True)
    press.publish("D", {"2026-11-01": {"NO": 5}, "2026-11-02": {}})
    sheets, answer = workbook(country="NO", start="2026-11-01", end="2026-11-02")
    assert [row[-1] for row in sheets["Numbers"]] == ["Invented"] * 3
    assert [row[5] for row in sheets["Numbers"][1:]] == [5, 0]
    assert any("so is every number" in str(text) for _, text in sheets["About"])
    assert answer["Invented"] == "true"
    assert any("so is every number" in note for note in cube(country="NO")[0]["note"])


@pytest.mark.parametrize("given", SELECTIONS)
def test_json_stat_has_the_rows_of_csv(published, rows, cube, given):
    document, frame = cube(**given)
    key = ["TIME_PERIOD", "COUNTRY", "NETWORK"]
    found = {
        (*place, measure): None if np.isnan(value) else value
        for *place, measure, value in frame[[*key, "MEASURE", "value"]].itertuples(index=False)
    }
    for row in rows(**given):
        place = tuple(row[name] for name in key)
        assert found.pop((*place, "OBS_VALUE")) == number(row["OBS_VALUE"])
        assert found.pop((*place, "PER_100K")) == number(row["PER_100K"])
    # The cube has each country with each network. CSV leaves out those that never had a cell, or are withheld.
    rest = {(place[:3]): value for place, value in found.items() if place[3] == "OBS_VALUE"}
    assert set(rest.values()) <= {0, None}
    assert document["size"] == [len(one["category"]["index"]) for one in document["dimension"].values()]


def test_json_stat_says_the_status_of_each_value(published, cube):
    document, _ = cube(country="NO,LI", start="2026-10-31")
    countries = document["dimension"]["COUNTRY"]["category"]["index"]
    values, statuses = (np.reshape(document[name], document["size"]) for name in ("value", "status"))
    assert statuses[:, countries.index("NO"), 0, 0].tolist() == ["A", "P", "A", "O", "O"]
    assert statuses[:, countries.index("LI"), 0, 0].tolist() == ["A", "Q", "Q", "Q", "Q"]
    assert values[:, countries.index("NO"), 0, 0].tolist() == [60, 120, 5, None, None]
    assert values[:, countries.index("LI"), 0, 0].tolist() == [5, None, None, None, None]
    assert document["extension"]["coverage"][1]["agencies_reporting"] == 13
    assert document["role"] == {"time": ["TIME_PERIOD"], "geo": ["COUNTRY"], "metric": ["MEASURE"]}
    assert document["dimension"]["COUNTRY"]["category"]["label"]["NO"] == "Norway"


def test_json_stat_of_nothing_has_an_empty_cube(press, read):
    for country in ("*", "NO"):
        document = json.loads(read(country=country, format="jsonstat").content)
        assert (document["value"], document["status"], 0 in document["size"]) == ([], [], True)


def test_accept_can_ask_for_both(published, read):
    for media_type in (XLSX, JSON_STAT):
        assert read(country="NO", headers={"Accept": media_type})["Content-Type"] == media_type
    assert read("aggregates/live", format="xlsx")["Content-Type"] == XLSX


def test_address_in_a_file_of_the_last_hour_leads_to_the_last_hour(published, read, client):
    address = json.loads(read("aggregates/live", format="jsonstat").content)["href"]
    assert client.get(address).status_code == 200


def test_a_cached_file_is_not_given_in_another_language_or_form(published, read, monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", 60)
    languages = [{}, {"Accept-Language": "de"}, {}, {"Accept-Language": "de"}]
    found = [read(country="NO", format="xlsx", headers=headers) for headers in languages]
    assert [answer["Content-Language"] for answer in found] == ["en", "de", "en", "de"]
    assert len({answer["ETag"] for answer in found}) == 2
    assert found[0].content == found[2].content


#: Two days, and what the files of different questions are called, up to the version.
DAYS = "2026-11-01-2026-11-02"
OCTOBER = {"frequency": "M", "start": "2026-10", "end": "2026-10"}
NAMES = [
    ({"country": "NO"}, f"D-NO-{DAYS}"),
    ({"country": "SE,NO"}, f"D-SE-NO-{DAYS}"),
    ({"country": "*"}, f"D-all-countries-{DAYS}"),
    ({"country": "NO,SE,DK,FI,IS,DE,NL"}, f"D-7-countries-[0-9a-f]{{8}}-{DAYS}"),
    ({"country": "NO,SE,DK,FI,IS,DE,PL"}, f"D-7-countries-[0-9a-f]{{8}}-{DAYS}"),
    ({"country": "NO", "network": "EDONKEY"}, f"D-NO-in-EDONKEY-{DAYS}"),
    ({"country": "_T,_U", **OCTOBER}, "M-_T-_U-2026-10-2026-10"),
    ({"country": "_T", "network": "_U", **OCTOBER}, "M-_T-in-_U-2026-10-2026-10"),
    ({"country": "NO", "network": "*"}, f"D-NO-by-network-{DAYS}"),
    ({"country": "NO", **OCTOBER}, "M-NO-2026-10-2026-10"),
    ({"country": "NO", "panel": "12", **OCTOBER}, "M-NO-panel-12-2026-10-2026-10"),
]


def test_files_of_different_numbers_have_different_names(published, read):
    def name_of(asked):
        given = {"start": "2026-11-01", "end": "2026-11-02", "format": "xlsx"}
        return read(**given | asked)["Content-Disposition"]

    found = [name_of(asked) for asked, _ in NAMES]
    for name, (_, pattern) in zip(found, NAMES, strict=True):
        assert re.fullmatch(rf'attachment; filename="police2peer-DOWNLOADS-{pattern}(-v\d+)?\.xlsx"', name), name
    assert found[0].endswith('-v3.xlsx"')
    found.append(name_of({"country": "NO", "as_of": z(published.known_at(2))}))
    assert len(set(found)) == len(found)


def test_file_that_finds_no_place_in_the_line_costs_nothing(published, read, monkeypatch):
    charged = []
    monkeypatch.setattr(costs, "charge", charged.append)
    monkeypatch.setattr(costs, "LARGE", 0)
    monkeypatch.setattr(costs, "LINE", 0)
    assert read(country="NO", format="xlsx").json()["code"] == "busy"
    assert charged == []


def test_files_are_limited_and_paid_for(published, read, monkeypatch):
    charged = []
    monkeypatch.setattr(costs, "charge", charged.append)
    for form in ("xlsx", "jsonstat"):
        assert read(country="NO", format=form).status_code == 200
    assert charged == [160, 4]
    monkeypatch.setattr("api.v1.named_formats._LIMITS", {XLSX: (3, 10), JSON_STAT: (3, 1)})
    for form in ("xlsx", "jsonstat"):
        problem = read(country="NO", format=form, as_of=z(published.known_at(5)))
        assert (problem.status_code, problem.json()["code"]) == (413, "too_much_data")
    # Excel has a row for the header, and no more rows than this.
    assert xlsx.MAX_ROWS < 2**20
    assert jsonstat.MAX_CELLS


def test_a_workbook_is_read_page_by_page_at_one_version(published, workbook, monkeypatch):
    whole, _ = workbook(country="NO")
    caching.response_cache.clear()
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 1)
    assert workbook(country="NO")[0] == whole
