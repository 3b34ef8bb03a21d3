"""Availability queries describe the result of the data query, or what else could be asked for."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.db.models import F
from lxml import etree

from federation.models.published import Version
from tests.contract.public.press import NOBODY
from tests.contract.sdmx.structures_messages import faults
from tests.contract.test_errors import problem

JSON_20 = "application/vnd.sdmx.structure+json;version=2.0.0"
DIMENSIONS = ("FREQ", "INDICATOR", "COUNTRY", "NETWORK")
BASE = "3.0/availability/dataflow/P2PEU/P2P/1.0.0"


@pytest.fixture
def view(press):
    press.publish("D", {"2026-11-01": {"NO": 10, "NO/BITTORRENT": 10, "SE": 5}, "2026-11-02": {"NO": 20}})
    press.publish("D", {"2026-11-02": {"NO": 25}, "2026-11-03": {}}, NOBODY)
    press.publish("M", {"2026-10": {"NO": 300, "EUROPE": 305}})
    press.publish("H", {"2026-11-01T10:00": {"NO": 5}})
    return press


def said(answer):
    """Return the values of each dimension, and the counts of observations and series."""
    assert answer.status_code == 200, answer.content
    assert faults("json20", answer.content) == []
    [constraint] = json.loads(answer.content)["data"]["dataConstraints"]
    counts = {note["id"]: int(note["title"]) for note in constraint["annotations"]}
    regions = constraint.get("cubeRegions", [{"keyValues": []}])
    values = {
        one["id"]: [value["value"] for value in one["values"]]
        for region in regions
        for one in region["keyValues"]
        if "values" in one
    }
    return values, counts["obs_count"], counts["series_count"]


@pytest.mark.parametrize(
    "question",
    [
        "*",
        "D.*.*.*",
        "D.DOWNLOADS.NO.*",
        "D.DOWNLOADS.DK+NO._T",
        "*.*.NO.*?c[TIME_PERIOD]=ge:2026-11-02",
        "*?c[COUNTRY]=ne:NO",
        "*?updatedAfter={first}",
        "M.*.*.*?updatedAfter={first}",
        "D.*.*.*?asOf={first}",
        "A.*.*.*",
    ],
)
def test_availability_is_what_an_answer_has(view, ask, question):
    key, _, query = question.format(first=f"{view.known_at(1):%Y-%m-%dT%H:%M:%S}.482Z").partition("?")
    answer = ask(f"3.0/data/dataflow/P2PEU/P2P/1.0.0/{key}?format=csv&{query}")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    values, observations, series = said(ask(f"{BASE}/{key}?{query}", accept=JSON_20))
    expected = {name: sorted({row[name] for row in rows}) for name in DIMENSIONS if rows}
    assert {name: codes for name, codes in values.items() if name in DIMENSIONS} == expected
    assert observations == len(rows)
    assert series == len({tuple(row[name] for name in DIMENSIONS) for row in rows})


def test_one_component_can_be_asked_for(view, ask):
    values, *_ = said(ask(f"{BASE}/*/COUNTRY", accept=JSON_20))
    assert values == {"COUNTRY": ["EUROPE", "NO", "SE"]}


def test_past_views_are_counted_like_answers_up_to_as_many_as_there_may_be(view, ask, monkeypatch):
    """Those of three days; each has the series that were listed by then, and the periods that were public."""
    view.began -= timedelta(days=4)
    Version.objects.update(known_at=F("known_at") - timedelta(days=4))
    view.began += timedelta(days=1)
    view.publish("D", {"2026-11-04": {"DK": 5}})
    address = "dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.*.*"
    answer = ask(f"3.0/data/{address}?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    values, observations, series = said(ask(f"3.0/availability/{address}?format=json"))
    assert values["COUNTRY"] == ["DK", "NO", "SE"]
    assert values["VINTAGE"] == sorted({row["VINTAGE"] for row in rows})
    assert (observations, series) == (
        len(rows),
        len({tuple(row[name] for name in (*DIMENSIONS, "VINTAGE")) for row in rows}),
    )
    monkeypatch.setattr("api.sdmx.observations.MOST_OBSERVED", len(rows) - 1)
    problem(ask(f"3.0/availability/{address}"), 413, "too_much_data")
    # Of what is public now, all is counted without a look at it.
    said(ask(f"{BASE}/*?format=json"))


def test_vintages_are_days_that_have_ended(view, ask):
    moment = f"{view.known_at(1):%Y-%m-%dT%H:%M:%S}.482Z"
    values, *_ = said(ask(f"3.0/availability/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.*.*.*.{moment}", accept=JSON_20))
    assert values["VINTAGE"] == [moment]
    assert values["COUNTRY"] == ["NO", "SE"]


@pytest.mark.parametrize(
    ("address", "form"),
    [
        (f"{BASE}/D.*.*.*/", "xml30"),
        (f"{BASE}/*?references=all", "xml30"),
        ("2.1/availableconstraint/P2P/D...", "xml21"),
        ("2.1/availableconstraint/P2PEU,P2P,1.0.0/all/all/COUNTRY?references=all", "xml21"),
        ("2.1/availableconstraint/P2P/A...", "xml21"),
    ],
)
def test_messages_fit_the_schema(view, ask, address, form):
    content = ask(address).content
    assert faults(form, content) == []
    [constraint] = etree.fromstring(content).iter("{*}DataConstraint", "{*}ContentConstraint")
    assert constraint.get("id") == "AVAILABLE_P2P"


def test_time_is_from_the_first_to_the_last_period(view, ask):
    content = ask("2.1/availableconstraint/P2P/D...").content.decode()
    assert re.findall(r"Period[^>]*>([^<]+)<", content) == ["2026-11-01", "2026-11-03"]
