"""The header row of CSV submissions: what a refusal says about it."""

import pytest

from p2p_core.payloads.faults import PayloadError
from tests.unit.core.payload_cases import COLUMNS, NINE, csv_body, read_csv

TABS = "The header row has tabs. Separate the cells with commas or semicolons."
AS_JSON = "This looks like JSON. Send it with Content-Type: application/json."
NO_HEADER = f"Begin with a header row, with commas or semicolons between the names: {COLUMNS}."


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (csv_body(f"{NINE},NO,ARES,1").replace(b",", b"\t"), TABS),
        (csv_body(f"{NINE},NO,ARES,1").replace(b",", b"|"), NO_HEADER),
        (b"", NO_HEADER),
        (csv_body(f'{NINE},NO,ARES,"1"').replace(b",", b"\t"), TABS),
        (csv_body("DOWNLOADS: All\tH: Hour", columns="INDICATOR: What\tFREQ: How often"), TABS),
        (b'{"indicator": "DOWNLOADS", "reports": [{"frequency": "H", "period": "2026-11-24T09:00"}]}', AS_JSON),
        (b'\xef\xbb\xbf{"reports": [{"country": "NO"}, {"country": "NO"}, {"country": "NO"}]}', AS_JSON),
        (b'\n{\n  "indicator": "DOWNLOADS"\n}', AS_JSON),
        (b' [{"indicator": "DOWNLOADS", "reports": []}]', AS_JSON),
    ],
)
def test_body_without_a_header_gets_advice_about_separators(text, advice):
    with pytest.raises(PayloadError) as refused:
        read_csv(text)
    assert (refused.value.code, refused.value.detail) == ("not_csv", advice)
    assert refused.value.faults == [("/header", "not_csv", advice)]


@pytest.mark.parametrize(
    ("columns", "advice"),
    [
        ("INDICATOR,FREQ,TIME_PERIOD,COUNTRY", "The header row lacks NETWORK, OBS_VALUE."),
        (f"{COLUMNS},NOTE,Secret", "The header row has unknown columns at these places: 7, 8."),
        (
            "INDICATOR;PERIOD;FREQ;COUNTRY;NETWORK;OBS_VALUE",
            "The header row lacks TIME_PERIOD. It has unknown columns at these places: 2.",
        ),
        (f"{COLUMNS},STRUCTURE", "The header row lacks STRUCTURE_ID."),
        (
            COLUMNS + "".join(f",C{number}" for number in range(30)),
            f"The header row has unknown columns at these places: {', '.join(map(str, range(7, 27)))}, ….",
        ),
        (COLUMNS.lower(), "The first row names no known column. Begin with a header row in capitals"),
        (f"{NINE},NO,ARES,1", "The first row names no known column. Begin with a header row in capitals"),
    ],
)
def test_wrong_header_gets_what_differs_and_what_is_expected(columns, advice):
    with pytest.raises(PayloadError) as refused:
        read_csv(csv_body(f"{NINE},NO,ARES,1", columns=columns))
    assert refused.value.code == "invalid_payload"
    expected = f": {COLUMNS}." if advice.endswith("capitals") else f" Expected: {COLUMNS}."
    assert refused.value.detail == advice + expected


def test_faults_of_a_header_name_the_columns_that_are_known():
    with pytest.raises(PayloadError) as refused:
        read_csv(csv_body(f"{NINE},NO,ARES,1", columns=COLUMNS.replace("FREQ", "Secret")))
    unknown, missing = refused.value.faults
    assert unknown.detail.startswith(
        "No column has this name. Expected: INDICATOR, FREQ, TIME_PERIOD, COUNTRY, NETWORK,"
    )
    assert missing == ("/header/FREQ", "missing_field", "The column FREQ is missing. Add it.")
    assert "Secret" not in str(refused.value.faults) + refused.value.detail


def test_doubled_columns_are_named_if_they_are_known():
    with pytest.raises(PayloadError) as refused:
        read_csv(csv_body("", columns=f"FREQ,{COLUMNS},COUNTRY,Secret,Secret"))
    assert refused.value.detail == "These columns come twice in the header: FREQ, COUNTRY. Name each once."
    with pytest.raises(PayloadError) as refused:
        read_csv(csv_body("", columns=f"{COLUMNS},Secret,Secret"))
    assert refused.value.faults[0].advice == "Name each column once."


def test_row_of_another_width_says_how_many_cells_it_has():
    with pytest.raises(PayloadError) as refused:
        read_csv(csv_body(f"{NINE},NO,ARES,1", f"{NINE},NO,ARES,1".replace(",", ";")))
    assert refused.value.detail.startswith("The row has another number of cells (1) than the header row (6).")
    assert refused.value.faults[0].pointer == "/rows/1"
