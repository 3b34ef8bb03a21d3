"""Submissions in the files of SDMX tools, unmodified: their writers run here, and the endpoint reads the files."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import sdmx
from pysdmx.io.csv.sdmx10.writer import write as write_10
from pysdmx.io.csv.sdmx20.writer import write as write_20
from pysdmx.io.csv.sdmx21.writer import write as write_21
from pysdmx.io.pd import PandasDataset
from pysdmx.model import Component, Components, Concept, DataType, Role, Schema
from pysdmx.model.dataset import ActionType
from sdmx.format.csv import v1, v2
from sdmx.format.csv.common import Labels
from sdmx.model import common, v21, v30

from federation.models.submissions import Report
from p2p_core.codes import COUNTRIES, NETWORKS
from tests.contract.callers import COLUMNS, hour, report

pytestmark = [
    pytest.mark.django_db,
    # pysdmx asks pandas for what it will not do for ever.
    pytest.mark.filterwarnings("ignore:The inplace keyword:pandas.errors.Pandas4Warning"),
]

MEDIA = "application/vnd.sdmx.data+csv;version="
DIMENSIONS = ("FREQ", "INDICATOR", "COUNTRY", "NETWORK", "TIME_PERIOD")
ATTRIBUTES = (
    "OBS_STATUS",
    "CONF_STATUS",
    "COVERAGE",
    "AGENCIES_REPORTING",
    "AGENCIES_EXPECTED",
    "COUNTED_FROM",
    "AGENCIES_AWAITED",
    "AWAITED_UNTIL",
    "VALID_FROM",
)
ROWS = [["H", "DOWNLOADS", "NO", "ARES", hour(), 3], ["H", "DOWNLOADS", "_U", "EDONKEY", hour(), 17]]
STORED = {hour(): {("NO", "ARES"): 3, ("_U", "EDONKEY"): 17}}


def stored():
    """What counts by now: the cells of each hour that is not withdrawn."""
    countries, networks = ({number: code for code, number in codes.items()} for codes in (COUNTRIES, NETWORKS))
    found = {}
    for row in Report.objects.filter(state="current"):
        cells = zip(row.countries, row.networks, row.values, strict=True)
        found[row.period.strftime("%Y-%m-%dT%H:00")] = (
            "withdrawn" if row.withdrawn else {(countries[a], networks[b]): value for a, b, value in cells}
        )
    return found


def accepted(answer):
    assert answer.status_code == 202, answer.content
    return answer.json()


def refused(answer, *faults):
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_payload")
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == list(faults)


# --- pysdmx ----------------------------------------------------------------------------------------------------------


def component(name, role, kind=DataType.STRING, **more):
    concept = Concept(id=name, name=f"The {name.lower()}", dtype=kind)
    return Component(id=name, required=role != Role.ATTRIBUTE, role=role, concept=concept, local_dtype=kind, **more)


COMPONENTS = Components(
    [
        *(component(name, Role.DIMENSION) for name in DIMENSIONS),
        component("OBS_VALUE", Role.MEASURE, DataType.INTEGER),
        *(component(name, Role.ATTRIBUTE, attachment_level="O") for name in ATTRIBUTES),
    ]
)


def dataset(*rows, action=ActionType.Replace, context="dataflow", artefact="P2P", status="A"):
    schema = Schema(context=context, agency="P2PEU", id=artefact, components=COMPONENTS, version="1.0.0", artefacts=[])
    columns = [*DIMENSIONS, "OBS_VALUE", *ATTRIBUTES]
    filled = [[*row, status, *[None] * (len(ATTRIBUTES) - 1)] for row in rows]
    return PandasDataset(structure=schema, data=pd.DataFrame(filled, columns=columns), action=action)


@pytest.mark.parametrize(
    ("write", "version", "options"),
    [
        (write_10, "1.0.0", {}),
        (write_10, "1.0.0", {"labels": "id"}),
        (write_10, "1.0.0", {"labels": "both"}),
        (write_20, "2.0.0", {}),
        (write_20, "2.0.0", {"labels": "both", "keys": "both"}),
        (write_20, "2.0.0", {"labels": "name"}),
        (write_20, "2.0.0", {"keys": "obs", "partial_keys": True}),
        (write_21, "2.1.0", {}),
        (write_21, "2.1.0", {"labels": "name", "keys": "series"}),
    ],
)
def test_what_pysdmx_writes(kripos, write, version, options):
    text = write([dataset(*ROWS)], **options)
    assert accepted(kripos.post(text, media=MEDIA + version))["observation_count"] == 2
    assert stored() == STORED


@pytest.mark.parametrize(
    ("context", "artefact"), [("provisionagreement", "PA_NO-KRIPOS"), ("datastructure", "DSD_P2P")]
)
@pytest.mark.parametrize(("write", "version"), [(write_10, "1.0.0"), (write_20, "2.0.0")])
def test_what_pysdmx_writes_of_other_structures(kripos, context, artefact, write, version):
    text = write([dataset(*ROWS, context=context, artefact=artefact)])
    accepted(kripos.post(text, media=MEDIA + version))
    assert stored() == STORED


@pytest.mark.parametrize("action", [ActionType.Information, ActionType.Append, ActionType.Replace])
def test_with_each_action_a_report_is_whole(kripos, action):
    accepted(kripos.send(report(("DE", "ARES", 5))))
    accepted(kripos.post(write_20([dataset(*ROWS, action=action)]), media=MEDIA + "2.0.0"))
    assert stored() == STORED


def test_merge_is_refused(kripos):
    text = write_21([dataset(*ROWS, action=ActionType.Append)])
    answer = kripos.post(text, media=MEDIA + "2.1.0")
    refused(answer, ("/rows/0/ACTION", "merge_refused"))
    assert "ACTION R" in answer.json()["errors"][0]["detail"]


def test_month_is_replaced_in_one_message(kripos):
    accepted(kripos.send(report(("DE", "ARES", 5)), report(("DE", "ARES", 6), ago=3)))
    gone = [["H", "DOWNLOADS", open_, open_, hour(ago), None] for ago, open_ in ((2, "*"), (3, None))]
    text = write_20([dataset(*gone, action=ActionType.Delete), dataset(*ROWS)])
    body = accepted(kripos.post(text, media=MEDIA + "2.0.0"))
    assert (body["report_count"], body["outcomes"]["current"], body["outcomes"]["withdrawn"]) == (2, 1, 1)
    assert stored() == STORED | {hour(3): "withdrawn"}


def test_report_and_then_its_withdrawal(kripos):
    gone = dataset(["H", "DOWNLOADS", "*", "*", hour(), None], action=ActionType.Delete)
    accepted(kripos.post(write_20([dataset(*ROWS), gone]), media=MEDIA + "2.0.0"))
    assert stored() == {hour(): "withdrawn"}


def test_nothing_happened_and_value_that_is_missing(kripos):
    nothing = dataset(["H", "DOWNLOADS", "_T", "_T", hour(), 0])
    accepted(kripos.post(write_20([nothing]), media=MEDIA + "2.0.0"))
    assert stored() == {hour(): {}}
    missing = write_20([dataset([*ROWS[0][:5], None])])
    refused(kripos.post(missing, media=MEDIA + "2.0.0"), ("/rows/0/OBS_VALUE", "missing_value"))


# --- sdmx1 -----------------------------------------------------------------------------------------------------------


def written_by_sdmx1(path, model, options):
    """Write a data set with sdmx1; only into a file does it write CSV."""
    agency, version = common.Agency(id="P2PEU"), "1.0.0"
    structure = model.DataStructureDefinition(id="DSD_P2P", maintainer=agency, version=version)
    for name in DIMENSIONS:
        concept = common.Concept(id=name, name=f"The {name.lower()}")
        structure.dimensions.append(common.Dimension(id=name, concept_identity=concept))
    flows = {v21: v21.DataflowDefinition, v30: v30.Dataflow}
    flow = flows[model](id="P2P", maintainer=agency, version=version, structure=structure)
    content = model.DataSet(described_by=flow, structured_by=structure)
    for *key, value in ROWS:
        dimensions = structure.make_key(common.Key, dict(zip(DIMENSIONS, key, strict=True)))
        content.obs.append(model.Observation(dimension=dimensions, value=value))
    sdmx.to_csv(content, path=path, format_options=options)
    return path.read_text()


@pytest.mark.parametrize(
    ("model", "options", "version"),
    [
        (v21, v1.FormatOptions(), "1.0.0"),
        (v21, v1.FormatOptions(labels=Labels.both), "1.0.0"),
        (v30, v2.FormatOptions(), "2.0.0"),
        (v30, v2.FormatOptions(labels=Labels.both), "2.0.0"),
        (v30, v2.FormatOptions(labels=Labels.name), "2.0.0"),
    ],
)
def test_what_sdmx1_writes(kripos, tmp_path, model, options, version):
    text = written_by_sdmx1(tmp_path / "sent.csv", model, options)
    assert ",3.0" in text
    accepted(kripos.post(text, media=MEDIA + version))
    assert stored() == STORED


# --- Eurostat's SDMX Converter ---------------------------------------------------------------------------------------

FLOW = "P2PEU:P2P(1.0.0)"
CONVERTED = {
    "1.0, commas": (
        "DATAFLOW,FREQ,INDICATOR,COUNTRY,NETWORK,TIME_PERIOD,OBS_VALUE,OBS_STATUS,CONF_STATUS,COVERAGE\n"
        f"{FLOW},H,DOWNLOADS,NO,ARES,{hour()}:00,3,A,F,\n"
        f"{FLOW},H,DOWNLOADS,_U,EDONKEY,{hour()}:00,17,A,F,\n"
    ),
    "1.0, semicolons, quotes, CRLF, a byte order mark and empty lines": (
        '\ufeff"DATAFLOW";"FREQ";"INDICATOR";"COUNTRY";"NETWORK";"TIME_PERIOD";"OBS_VALUE"\r\n'
        f'"{FLOW}";"H";"DOWNLOADS";"NO";"ARES";"{hour()}";"3"\r\n'
        f'"{FLOW}";"H";"DOWNLOADS";"_U";"EDONKEY";"{hour()}";"17"\r\n\r\n\r\n'
    ),
    "1.0, names": (
        "DATAFLOW;FREQ: Frequency;INDICATOR: Indicator;COUNTRY: Country;NETWORK: Network;TIME_PERIOD: Time;OBS_VALUE\n"
        f"{FLOW}: Police2Peer, all of it;H: Hourly;DOWNLOADS: Downloads;NO: Norway;ARES: Ares;{hour()};3\n"
        f"{FLOW}: Police2Peer, all of it;H: Hourly;DOWNLOADS: Downloads;_U: Not known;EDONKEY: eDonkey;{hour()};17\n"
    ),
    "2.0": (
        "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,INDICATOR,COUNTRY,NETWORK,TIME_PERIOD,OBS_VALUE,OBS_STATUS,VALID_FROM\r\n"
        f"dataflow,{FLOW},A,H,DOWNLOADS,NO,ARES,{hour()}:00Z,3,A,\r\n"
        f"dataflow,{FLOW},R,H,DOWNLOADS,_U,EDONKEY,{hour()}:00Z,17,A,\r\n"
    ),
}


@pytest.mark.parametrize("text", CONVERTED.values(), ids=CONVERTED)
def test_what_the_converter_writes(kripos, text):
    accepted(kripos.post(text.encode(), media="text/csv"))
    assert stored() == STORED


# --- around it -------------------------------------------------------------------------------------------------------


def test_agreement_is_the_agencys_own(kripos, bka):
    text = write_20([dataset(*ROWS, context="provisionagreement", artefact="PA_NO-KRIPOS")])
    refused(bka.post(text, media=MEDIA + "2.0.0"), ("/rows/0/STRUCTURE_ID", "foreign_agreement"))
    accepted(kripos.post(text, media=MEDIA + "2.0.0"))


def test_other_dataflow_is_refused(kripos):
    text = write_10([dataset(*ROWS, artefact="P2P_VINTAGE")])
    refused(kripos.post(text, media=MEDIA + "1.0.0"), ("/rows/0/DATAFLOW", "foreign_structure"))


@pytest.mark.parametrize(
    ("row", "pointer", "code"),
    [
        ("D,DOWNLOADS,H,HOUR,NO,ARES,,,,", "/rows/0/COUNTRY", "partial_withdrawal"),
        ("D,DOWNLOADS,H,*,,,,,,", "/rows/0/TIME_PERIOD", "open_withdrawal"),
        ("D,DOWNLOADS,H,,,,,,,", "/rows/0/TIME_PERIOD", "open_withdrawal"),
        ("D,DOWNLOADS,H,HOUR,,,3,,,", "/rows/0/OBS_VALUE", "withdrawn_with_observations"),
        ("X,DOWNLOADS,H,HOUR,NO,ARES,3,,,", "/rows/0/ACTION", "bad_action"),
        ("R,DOWNLOADS,H,HOUR,NO,ARES,#N/A,,,", "/rows/0/OBS_VALUE", "missing_value"),
        ("R,DOWNLOADS,H,HOUR,NO,ARES,3,O,,", "/rows/0/OBS_STATUS", "bad_status"),
        ("R,DOWNLOADS,H,HOUR,NO,ARES,3,,N,", "/rows/0/CONF_STATUS", "confidential_value"),
        ("R,DOWNLOADS,H,HOUR,NO,ARES,3,,,0.5", "/rows/0/COVERAGE", "computed_attribute"),
        ("R,DOWNLOADS,W,2026-W48,NO,ARES,3,,,", "/rows/0/FREQ", "frequency_not_reportable"),
    ],
)
def test_row_refused(kripos, row, pointer, code):
    answer = kripos.send_csv(row.replace("HOUR", hour()), columns=f"ACTION,{COLUMNS},OBS_STATUS,CONF_STATUS,COVERAGE")
    faults = [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]
    assert answer.status_code == 422
    assert faults[0] == (pointer, code)
    assert {each for _, each in faults} == {code}


def test_dry_run_says_what_becomes_of_it(kripos):
    text = write_20([dataset(*ROWS)])
    answer = kripos.post(text, media=MEDIA + "2.0.0", query="?dry_run=true")
    assert (answer.status_code, answer.json()["outcomes"]["current"]) == (200, 1)
    assert stored() == {}


def test_repetition_gets_the_first_answer(kripos):
    sent = [kripos.post(write_20([dataset(*ROWS)]), media=MEDIA + "2.0.0", **{"Idempotency-Key": "k"}) for _ in "12"]
    assert accepted(sent[0]) == accepted(sent[1])
    assert sent[1]["Idempotent-Replayed"] == "true"


# --- the examples of the documentation -------------------------------------------------------------------------------

PAGE = Path(__file__).parents[2] / "docs/reference/submissions.md"
EXAMPLES = re.findall(r"```csv\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize(("text", "count"), list(zip(EXAMPLES, [(3, 2), (2, 3), (2, 1)], strict=True)))
def test_documented_example_is_accepted(kripos, text, count):
    recent = text.replace("2026-11-24T09:00", hour()).replace("2026-11-24T08:00", hour(3))
    recent = recent.replace("2026-11-24T07:00", hour(4)).replace("2026-M10", f"{datetime.now(UTC).year - 1}-M10")
    body = accepted(kripos.post(recent, media="text/csv"))
    assert (body["report_count"], body["observation_count"]) == count
