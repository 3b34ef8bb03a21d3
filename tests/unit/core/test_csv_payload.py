"""CSV submissions: their meaning, refusals with their places, and that both paths read the same."""

import csv
from datetime import UTC, datetime

import pytest

from p2p_core.payloads import csv_plain, csv_walk
from p2p_core.payloads import draft as drafts
from p2p_core.payloads.faults import PayloadError
from tests.unit.core.payload_cases import AGENCY, COLUMNS, INDICATORS, NOW, STATUS_ACTION, faults, plain, read_csv

NINE = "DOWNLOADS,H,2026-11-24T09:00"
EIGHT = "DOWNLOADS,H,2026-11-24T08:00"


def body(*rows, columns=COLUMNS, end="\n"):
    return end.join([columns, *rows, ""]).encode()


def cells(text):
    return [plain(report)[5] for report in read_csv(text).reports]


@pytest.fixture
def plain_only(monkeypatch):
    """A test that asks for this is about the plain path, and must not leave it."""

    def leave(*_):
        raise AssertionError("the plain path was left")

    monkeypatch.setattr(csv_walk, "walk", leave)


@pytest.mark.usefixtures("plain_only")
def test_rows_become_canonical_reports():
    text = body(
        f"{NINE},NO,EDONKEY,0,P",
        "HELP_VISITS,D,2026-11-23,_U,_U,4,",
        f"{NINE},_U,EDONKEY,3,P",
        f"{NINE},NO,BITTORRENT,17,P",
        columns=COLUMNS + ",OBS_STATUS",
    )
    assert [plain(report) for report in read_csv(text).reports] == [
        (1, "H", datetime(2026, 11, 24, 9, tzinfo=UTC), "P", False, [(578, 1, 17), (999, 2, 3)]),
        (2, "D", datetime(2026, 11, 23, tzinfo=UTC), "A", False, [(999, 9, 4)]),
    ]
    assert read_csv(text).observations == 4


@pytest.mark.usefixtures("plain_only")
@pytest.mark.parametrize(
    "text",
    [
        body(f"{NINE},NO,ARES,1"),
        body(f"{NINE},NO,ARES,1").rstrip(b"\n"),
        b"\xef\xbb\xbf" + body(f"{NINE},NO,ARES,1"),
        body(f"{NINE},NO,ARES,1", end="\r\n"),
        body(f"{NINE},NO,ARES,001"),
        body("NO,1,ARES,2026-11-24T09:00Z,H,DOWNLOADS", columns="COUNTRY,OBS_VALUE,NETWORK,TIME_PERIOD,FREQ,INDICATOR"),
        body(
            f"dataflow,P2PEU:P2P(1.0.0),I,{NINE},NO,ARES,1,A",
            columns=f"STRUCTURE,STRUCTURE_ID,ACTION,{COLUMNS},OBS_STATUS",
        ),
        body(f"{NINE},NO,ARES,1,R", columns=COLUMNS + ",ACTION"),
    ],
)
def test_plain_forms_mean_the_same(text):
    assert cells(text) == [[(578, 5, 1)]]


@pytest.mark.parametrize(
    "text",
    [
        body(*[",".join(f'"{cell}"' for cell in f"{NINE},NO,ARES,1".split(","))]),
        body(f'{NINE},"NO",ARES,"1"', end="\r\n"),
        body(f"{NINE},NO,ARES,1", "", ""),
        body(f"{NINE},NO,ARES,1", columns=",".join(f'"{name}"' for name in COLUMNS.split(","))),
    ],
)
def test_quotes_and_empty_lines_are_read_too(text):
    assert cells(text) == [[(578, 5, 1)]]


@pytest.mark.usefixtures("plain_only")
def test_rows_of_a_report_may_stand_anywhere_and_name_it_otherwise():
    rows = [f"{NINE},NO,ARES,1", f"{EIGHT},NO,ARES,2", f"{NINE}Z,DE,ARES,3", f"{EIGHT}:00,DE,ARES,4"]
    assert cells(body(*rows)) == [[(276, 5, 3), (578, 5, 1)], [(276, 5, 4), (578, 5, 2)]]


@pytest.mark.usefixtures("plain_only")
def test_nothing_happened_and_withdrawal():
    text = body(f"{NINE},_T,_T,0,", f"{EIGHT},,,,D", columns=COLUMNS + ",ACTION")
    assert [plain(report)[3:] for report in read_csv(text).reports] == [("A", False, []), ("A", True, [])]
    assert read_csv(text).observations == 0


@pytest.mark.usefixtures("plain_only")
def test_many_blocks_are_read_as_one(monkeypatch):
    monkeypatch.setattr(csv_plain, "_BLOCK", 100)
    rows = [
        f"DOWNLOADS,N,2026-11-24T09:{minute:02},{country},ARES,7" for country in ("NO", "DE") for minute in range(60)
    ]
    assert cells(body(*rows)) == [[(276, 5, 7), (578, 5, 7)]] * 60


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["UPLOADS,H,2026-11-24T09:00,NO,ARES,1,,"], ("/rows/0/INDICATOR", "unknown_indicator")),
        ([",H,2026-11-24T09:00,NO,ARES,1,,"], ("/rows/0/INDICATOR", "missing_field")),
        (["DOWNLOADS,W,2026-W40,NO,ARES,1,,"], ("/rows/0/FREQ", "frequency_not_reportable")),
        (["DOWNLOADS,Q,2026-W40,NO,ARES,1,,"], ("/rows/0/FREQ", "unknown_frequency")),
        (["DOWNLOADS,H,2026-11-24,NO,ARES,1,,"], ("/rows/0/TIME_PERIOD", "bad_period")),
        (["DOWNLOADS,H,,NO,ARES,1,,"], ("/rows/0/TIME_PERIOD", "missing_field")),
        (["DOWNLOADS,H,2026-11-24T09:30,NO,ARES,1,,"], ("/rows/0/TIME_PERIOD", "misaligned_period")),
        (["DOWNLOADS,H,2026-11-24T09:00+02:00,NO,ARES,1,,"], ("/rows/0/TIME_PERIOD", "not_utc")),
        (["DOWNLOADS,H,2026-11-24T12:00,NO,ARES,1,,"], ("/rows/0/TIME_PERIOD", "period_not_ended")),
        ([f"{NINE},ZZ,ARES,1,,"], ("/rows/0/COUNTRY", "unknown_country")),
        ([f"{NINE},EU27_2020,ARES,1,,"], ("/rows/0/COUNTRY", "group_not_reportable")),
        ([f"{NINE},_T,ARES,0,,"], ("/rows/0/COUNTRY", "group_not_reportable")),
        ([f"{NINE},NO,_T,0,,"], ("/rows/0/NETWORK", "group_not_reportable")),
        ([f"{NINE},NO,NET,1,,"], ("/rows/0/NETWORK", "unknown_network")),
        ([f"{NINE},,ARES,1,,"], ("/rows/0/COUNTRY", "missing_field")),
        ([f"{NINE},NO,ARES,,,"], ("/rows/0/OBS_VALUE", "missing_field")),
        ([f"{NINE},NO,ARES,-1,,"], ("/rows/0/OBS_VALUE", "negative_value")),
        ([f"{NINE},NO,ARES,1.5,,"], ("/rows/0/OBS_VALUE", "fractional_value")),
        ([f"{NINE},NO,ARES,1.,,"], ("/rows/0/OBS_VALUE", "not_a_number")),
        ([f"{NINE},NO,ARES,-1.0,,"], ("/rows/0/OBS_VALUE", "negative_value")),
        ([f"{NINE},NO,ARES,1e3,,"], ("/rows/0/OBS_VALUE", "fractional_value")),
        ([f"{NINE},NO,ARES,1000000001,,"], ("/rows/0/OBS_VALUE", "value_too_large")),
        ([f"{NINE},NO,ARES,{'9' * 12},,"], ("/rows/0/OBS_VALUE", "value_too_large")),
        ([f"{NINE},NO,ARES,NaN,,"], ("/rows/0/OBS_VALUE", "missing_value")),
        ([f"{NINE},NO,ARES,#N/A,,"], ("/rows/0/OBS_VALUE", "missing_value")),
        ([f"{NINE},NO,ARES,nan,,"], ("/rows/0/OBS_VALUE", "not_a_number")),
        ([f"{NINE},NO,ARES,-,,"], ("/rows/0/OBS_VALUE", "not_a_number")),
        ([f"{NINE},*,*,0,,"], ("/rows/0/COUNTRY", "unknown_country")),
        ([f"{NINE},NO,ARES, 1,,"], ("/rows/0/OBS_VALUE", "not_a_number")),
        ([f"{NINE},NO,ARES,1,F,"], ("/rows/0/OBS_STATUS", "bad_status")),
        ([f"{NINE},NO,ARES,1,,M"], ("/rows/0/ACTION", "merge_refused")),
        ([f"{NINE},NO,ARES,1,,r"], ("/rows/0/ACTION", "bad_action")),
        ([f"{NINE},NO,ARES,1,A,", f"{NINE},DE,ARES,1,P,"], ("/rows/1/OBS_STATUS", "mixed_status")),
        ([f"{NINE},NO,ARES,1,,", f"{NINE},NO,ARES,1,,"], ("/rows/1", "duplicate_cell")),
        ([f"{NINE},NO,ARES,1,,", f"{NINE},_T,_T,0,,"], ("/rows/1", "nothing_not_alone")),
        ([f"{NINE},_T,_T,0,,", f"{NINE},NO,ARES,1,,"], ("/rows/1", "nothing_not_alone")),
        ([f"{NINE},_T,_T,0,,", f"{NINE},_T,_T,0,,"], ("/rows/1", "nothing_not_alone")),
        ([f"{NINE},NO,,,,D"], ("/rows/0/COUNTRY", "partial_withdrawal")),
        ([f"{NINE},*,ARES,,,D"], ("/rows/0/NETWORK", "partial_withdrawal")),
        ([f"{NINE},_T,_T,,,D"], ("/rows/0/COUNTRY", "partial_withdrawal")),
        ([f"{NINE},,,0,,D"], ("/rows/0/OBS_VALUE", "withdrawn_with_observations")),
        (["DOWNLOADS,H,,,,,,D"], ("/rows/0/TIME_PERIOD", "open_withdrawal")),
        (["DOWNLOADS,H,*,,,,,D"], ("/rows/0/TIME_PERIOD", "open_withdrawal")),
        (["DOWNLOADS,,2026-11-24T09:00,,,,,D"], ("/rows/0/FREQ", "open_withdrawal")),
        (["#N/A,H,2026-11-24T09:00,,,,,D"], ("/rows/0/INDICATOR", "open_withdrawal")),
        ([f"{NINE},,,,,D", f"{NINE},NO,ARES,1,A,", f"{NINE},DE,ARES,1,P,"], ("/rows/2/OBS_STATUS", "mixed_status")),
        ([f"{NINE},,,,,D", f"{NINE},NO,ARES,1,,", f"{NINE},NO,ARES,1,,"], ("/rows/2", "duplicate_cell")),
        ([f"{NINE},NO,ARES,x,,", f"{NINE},,,,,D"], ("/rows/0/OBS_VALUE", "not_a_number")),
        ([f"{NINE},,,,,D", f"{NINE},_T,_T,0,,", f"{NINE},NO,ARES,1,,"], ("/rows/2", "nothing_not_alone")),
        ([f"{NINE},192.0.2.7,ARES,1,,"], ("/rows/0/COUNTRY", "personal_trace")),
        ([f"{NINE},NO,ARES,a@example.org,,"], ("/rows/0/OBS_VALUE", "personal_trace")),
    ],
)
def test_row_refused(rows, expected):
    code, found = faults(read_csv, body(*rows, columns=STATUS_ACTION))
    assert code == "invalid_payload"
    assert expected in found


def test_mixed_status_is_reported_once():
    rows = [f"{NINE},{country},ARES,1,{status}," for country, status in zip(("NO", "DE", "FR"), "APP", strict=True)]
    assert faults(read_csv, body(*rows, columns=STATUS_ACTION))[1] == [("/rows/1/OBS_STATUS", "mixed_status")]


def test_faulty_withdrawal_is_reported_once():
    assert faults(read_csv, body(f"{NINE}x,,,,,D", columns=STATUS_ACTION))[1] == [("/rows/0/TIME_PERIOD", "bad_period")]


@pytest.mark.parametrize(
    ("rows", "withdrawn", "expected"),
    [
        (["D", "NO,1,R", "DE,2,R"], False, [(276, 5, 2), (578, 5, 1)]),
        (["NO,1,R", "DE,2,I", "D"], True, []),
        (["NO,1,R", "D", "NO,2,"], False, [(578, 5, 2)]),
        (["D", "NO,1,R", "D"], True, []),
        (["D", "D"], True, []),
        (["0", "D", "NO,1,A"], False, [(578, 5, 1)]),
        (["NO,1,P", "D", "DE,1,R"], False, [(276, 5, 1)]),
        (["NO,1,R", "D", "0"], False, []),
    ],
)
def test_withdrawals_are_read_in_order(rows, withdrawn, expected):
    text = body(*[ordered(row) for row in rows], columns=STATUS_ACTION)
    (report,) = read_csv(text).reports
    assert (report.withdrawn, plain(report)[5]) == (withdrawn, expected)


def ordered(row):
    """Write a row short: D withdraws, 0 says that nothing happened, P is a provisional one."""
    if row in ("D", "0"):
        return f"{NINE},,,,,D" if row == "D" else f"{NINE},_T,_T,0,,"
    country, value, action = row.split(",")
    return f"{NINE},{country},ARES,{value}," + ("P," if action == "P" else f",{action}")


def test_reports_between_withdrawals_stay_apart():
    rows = [f"{NINE},,,,,D", f"{EIGHT},NO,ARES,1,,", f"{NINE}Z,NO,ARES,2,,R", f"{EIGHT},,,,,D", f"{NINE},DE,ARES,3,,R"]
    found = [(report.withdrawn, plain(report)[5]) for report in read_csv(body(*rows, columns=STATUS_ACTION)).reports]
    assert found == [(False, [(276, 5, 3), (578, 5, 2)]), (True, [])]
    assert read_csv(body(*rows, columns=STATUS_ACTION)).observations == 3


@pytest.mark.parametrize("open_", ["", "*", "#N/A"])
@pytest.mark.parametrize("unsaid", ["", "-", "NaN", "#N/A"])
def test_withdrawal_leaves_cells_open_in_each_way(open_, unsaid):
    text = body(f"{NINE},{open_},{open_},{unsaid},,D", columns=STATUS_ACTION)
    assert [report.withdrawn for report in read_csv(text).reports] == [True]


@pytest.mark.parametrize(("value", "read"), [("17.0", 17), ("0.00", 0), ("-0.0", 0), ("1000000000.0", 10**9)])
def test_whole_number_written_as_a_float_is_taken(value, read):
    assert cells(body(f"{NINE},NO,ARES,{value}")) == [[(578, 5, read)] if read else []]


def test_nothing_happened_written_as_a_float():
    assert cells(body(f"{NINE},_T,_T,0.0")) == [[]]


@pytest.mark.parametrize(
    ("period", "code"), [("2026-M10", None), ("2026-10", None), ("2026-M13", "bad_period"), ("2026-M1", "bad_period")]
)
def test_month_as_a_reporting_period(period, code):
    found = faults(read_csv, body(f"DOWNLOADS,M,{period},NO,ARES,1"))
    assert found == (("invalid_payload", [("/rows/0/TIME_PERIOD", code)]) if code else (None, []))


def test_reporting_month_is_no_day():
    assert faults(read_csv, body("DOWNLOADS,D,2026-M10,NO,ARES,1"))[1] == [("/rows/0/TIME_PERIOD", "bad_period")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (body(columns=COLUMNS), ("/rows", "no_reports")),
        (body(f"{NINE},NO,ARES,1,x", columns=COLUMNS + ",COMMENT"), ("/header/6", "unknown_field")),
        (body(f"x,{NINE},NO,ARES,1", columns="COMMENT," + COLUMNS), ("/header/0", "unknown_field")),
        (body(f"{NINE},NO,ARES,1,x", columns=COLUMNS + ",192.0.2.7"), ("/header/6", "personal_trace")),
        (
            body("DOWNLOADS,H", columns="INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK"),
            ("/header/OBS_VALUE", "missing_field"),
        ),
    ],
)
def test_header_or_rows_lacking(text, expected):
    code, found = faults(read_csv, text)
    assert code == "invalid_payload"
    assert expected in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            body(f"{NINE},NO,ARES,1,x", columns=COLUMNS + ",FREQ"),
            ("duplicate_column", [("/header", "duplicate_column")]),
        ),
        (b"", ("not_csv", [("/header", "not_csv")])),
        (b"\n", ("not_csv", [("/header", "not_csv")])),
        (b"INDICATOR", ("not_csv", [("/header", "not_csv")])),
        (body(f"{NINE},NO,ARES,1", f"{NINE},NO"), ("not_csv", [("/rows/1", "not_csv")])),
        (body(f"{NINE},NO,ARES,1,2"), ("not_csv", [("/rows/0", "not_csv")])),
        (body(f'{NINE},NO,"ARES"x,1'), ("not_csv", [("/rows/0", "not_csv")])),
        (body(f'{NINE},NO,"ARES,1'), ("not_csv", [("/rows/0", "not_csv")])),
        (body(f'{NINE},NO,ARES,"1\n\n"', "", f'{NINE},NO,"ARES"x,1'), ("not_csv", [("/rows/1", "not_csv")])),
        (body(f"{NINE},NO,ARES,1", f'{NINE},NO,"ARES,1', f"{NINE},NO,ARES,1"), ("not_csv", [("/rows/1", "not_csv")])),
        (body(f"{NINE},NO,ARES,1", columns=f'"{COLUMNS}'), ("not_csv", [("/header", "not_csv")])),
        (body(f"{NINE},NO,ARES,1").replace(b"ARES", b"AR\xe9S"), ("not_utf8", [])),
    ],
)
def test_unreadable_body(text, expected):
    assert faults(read_csv, text) == expected


LONG = "x" * (csv.field_size_limit() + 1)


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        (body(f"{NINE},NO,ARES,1", f"{NINE},DE,{LONG},1"), "/rows/1"),
        (body(f'{NINE},NO,"ARES,1', *[f"{NINE},DE,ARES,1"] * 4000), "/rows/0"),
        (body(columns=LONG + COLUMNS), "/header"),
    ],
)
def test_cell_too_long_for_any_reader_is_reported_as_such(text, pointer):
    with pytest.raises(PayloadError) as refused:
        read_csv(text)
    assert (refused.value.code, [fault[:2] for fault in refused.value.faults]) == ("not_csv", [(pointer, "not_csv")])
    assert refused.value.detail == "Make no cell longer than 131,072 characters; perhaps a quote is not closed."


TABS = "The header row has tabs. Separate the cells with commas or semicolons."
AS_JSON = "This looks like JSON. Send it with Content-Type: application/json."
NO_HEADER = f"Begin with a header row, with commas or semicolons between the names: {COLUMNS}."


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (body(f"{NINE},NO,ARES,1").replace(b",", b"\t"), TABS),
        (body(f"{NINE},NO,ARES,1").replace(b",", b"|"), NO_HEADER),
        (b"", NO_HEADER),
        (body(f'{NINE},NO,ARES,"1"').replace(b",", b"\t"), TABS),
        (body("DOWNLOADS: All\tH: Hour", columns="INDICATOR: What\tFREQ: How often"), TABS),
        (b'{"indicator": "DOWNLOADS", "reports": [{"frequency": "H", "period": "2026-11-24T09:00"}]}', AS_JSON),
        (b'\xef\xbb\xbf{"reports": [{"country": "NO"}, {"country": "NO"}, {"country": "NO"}]}', AS_JSON),
        (b'\n{\n  "indicator": "DOWNLOADS"\n}', AS_JSON),
        (b' [{"indicator": "DOWNLOADS", "reports": []}]', AS_JSON),
    ],
)
def test_body_without_a_header_gets_the_advice_what_separates_columns(text, advice):
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
        read_csv(body(f"{NINE},NO,ARES,1", columns=columns))
    assert refused.value.code == "invalid_payload"
    expected = f": {COLUMNS}." if advice.endswith("capitals") else f" Expected: {COLUMNS}."
    assert refused.value.detail == advice + expected


def test_faults_of_a_header_name_the_columns_that_are_known():
    with pytest.raises(PayloadError) as refused:
        read_csv(body(f"{NINE},NO,ARES,1", columns=COLUMNS.replace("FREQ", "Secret")))
    unknown, missing = refused.value.faults
    assert unknown.detail.startswith(
        "No column has this name. Expected: INDICATOR, FREQ, TIME_PERIOD, COUNTRY, NETWORK,"
    )
    assert missing == ("/header/FREQ", "missing_field", "The column FREQ is missing. Add it.")
    assert "Secret" not in str(refused.value.faults) + refused.value.detail


def test_doubled_columns_are_named_if_they_are_known():
    with pytest.raises(PayloadError) as refused:
        read_csv(body("", columns=f"FREQ,{COLUMNS},COUNTRY,Secret,Secret"))
    assert refused.value.detail == "These columns come twice in the header: FREQ, COUNTRY. Name each once."
    with pytest.raises(PayloadError) as refused:
        read_csv(body("", columns=f"{COLUMNS},Secret,Secret"))
    assert refused.value.faults[0].advice == "Name each column once."


def test_row_of_another_width_says_how_many_cells_it_has():
    with pytest.raises(PayloadError) as refused:
        read_csv(body(f"{NINE},NO,ARES,1", f"{NINE},NO,ARES,1".replace(",", ";")))
    assert refused.value.detail.startswith("The row has another number of cells (1) than the header row (6).")
    assert refused.value.faults[0].pointer == "/rows/1"


def test_fault_of_a_report_is_reported_once():
    rows = [f"DOWNLOADS,H,2026-11-24T09:30,{country},ARES,1" for country in ("NO", "DE", "FR")]
    assert faults(read_csv, body(*rows))[1] == [("/rows/0/TIME_PERIOD", "misaligned_period")]


@pytest.mark.parametrize("quote", ["", '"'])
def test_too_many_observations_are_refused(monkeypatch, quote):
    monkeypatch.setattr(drafts, "MAX_OBSERVATIONS", 2)
    rows = [f"{NINE},{country},ARES,{quote}1{quote}" for country in ("NO", "DE", "FR")]
    assert read_csv(body(*rows[:2])).observations == 2
    assert faults(read_csv, body(*rows))[0] == "too_many_observations"


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(
    "too_many",
    [
        [f"DOWNLOADS,H,2026-11-24T0{hour}:00,NO,ARES,1" for hour in range(3)],
        [f"DOWNLOADS,H,{hour},NO,ARES,1" for hour in range(5)],
        [f"{NINE[:-1]}{zeros},NO,ARES,1" for zeros in ("0", "0Z", "0:00", "0:00Z", "0+00:00")],
    ],
    ids=["reports", "faulty", "ways to name one"],
)
def test_too_many_reports_are_refused_before_the_rest_is_read(monkeypatch, quote, too_many):
    monkeypatch.setattr(drafts, "MAX_REPORTS", 2)
    assert faults(read_csv, body(*too_many).replace(b"ARES", f"{quote}ARES{quote}".encode()))[0] == "too_many_reports"
    unreadable = body(*too_many, "one,cell,too,few,,").replace(b"ARES", f"{quote}ARES{quote}".encode())
    assert faults(read_csv, unreadable)[0] == "too_many_reports"


def test_array_path_makes_no_more_reports_than_may_be(monkeypatch):
    monkeypatch.setattr(drafts, "MAX_REPORTS", 1)
    monkeypatch.setattr(csv_plain, "_BLOCK", 45)
    draft = drafts.Draft(received=NOW, indicators=INDICATORS, agency=AGENCY)
    rows = body(*[f"DOWNLOADS,H,2026-11-24T0{hour}:00,NO,ARES,1" for hour in range(2)], "not,plain")
    with pytest.raises(PayloadError) as refused:
        csv_plain.read(rows, draft)
    assert refused.value.code == "too_many_reports"
