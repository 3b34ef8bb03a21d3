"""SDMX-CSV of each version reads like plain CSV: labels, separators, and the structures that it may belong to."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_core.codes import COUNTRIES, NETWORKS
from p2p_core.payloads import csv_header, csv_walk
from tests.histories import times
from tests.unit.core.payload_cases import AGENCY, COLUMNS, faults, outcome, plain, read_csv, walk_csv

NINE = "DOWNLOADS,H,2026-11-24T09:00"
FLOW = "P2PEU:P2P(1.0.0)"
OWN = f"P2PEU:PA_{AGENCY}(1.0.0)"
EXPECTED = [(1, "H", datetime(2026, 11, 24, 9, tzinfo=UTC), "A", False, [(276, 5, 2), (578, 5, 1)])]


def said(text):
    return [plain(report) for report in read_csv(text.encode()).reports]


def table(columns, *rows):
    return "\n".join([columns, *rows, ""])


# --- labels ----------------------------------------------------------------------------------------------------------

BOTH = table(
    "STRUCTURE;STRUCTURE_ID;ACTION;FREQ: Frequency;INDICATOR: What, of all;COUNTRY: Country;NETWORK: Network;"
    "TIME_PERIOD: Time;OBS_VALUE: Value;OBS_STATUS: Status",
    f"dataflow;{FLOW}: The view: all;I;H: Hour;DOWNLOADS: Downloads;NO: Norway;ARES: Ares;2026-11-24T09:00;1;A: x",
    f"dataflow;{FLOW};I;H;DOWNLOADS;DE: Germany: or so;ARES;2026-11-24T09:00: 2026-11-24T09:00;2: 2;None: None",
)
NAME = table(
    "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,FREQ,Frequency,INDICATOR,,COUNTRY,,NETWORK,Network,TIME_PERIOD,Time,"
    "OBS_VALUE,Value",
    f"dataflow,{FLOW},The view,R,H,Hour,DOWNLOADS,Downloads,NO,Norway,ARES,Ares,2026-11-24T09:00,2026-11-24T09:00,1,",
    f"dataflow,{FLOW},The view,R,H,Hour,DOWNLOADS,Downloads,DE,Germany,ARES,Ares,2026-11-24T09:00,,2,",
)
KEYS = table(
    f"STRUCTURE[|],STRUCTURE_ID,ACTION,SERIES_KEY,OBS_KEY,{COLUMNS}",
    f"dataflow,{FLOW},R,H.DOWNLOADS.NO.ARES,H.DOWNLOADS.NO.ARES.2026-11-24T09:00,{NINE},NO,ARES,1",
    f"dataflow,{FLOW},R,H.DOWNLOADS.NO.ARES,3.A.<NA>.<NA>,{NINE},DE,ARES,2",
)


@pytest.mark.parametrize("text", [BOTH, NAME, KEYS, NAME.replace("STRUCTURE_NAME,", "").replace("The view,", "")])
def test_names_and_keys_are_left_aside(text):
    assert said(text) == EXPECTED


@pytest.mark.parametrize(
    ("text", "old", "pointer"),
    [
        (BOTH, "Norway", "/rows/0/COUNTRY"),
        (BOTH, "The view", "/rows/0/STRUCTURE_ID"),
        (BOTH, "Germany", "/rows/1/COUNTRY"),
        (NAME, "Norway", "/rows/0/COUNTRY"),
        (NAME, "The view", "/rows/0/STRUCTURE_NAME"),
        (KEYS, "3.A.<NA>.<NA>", "/rows/1/OBS_KEY"),
        (KEYS, "H.DOWNLOADS.NO.ARES,3", "/rows/1/SERIES_KEY"),
        (BOTH, "Frequency", "/header/3"),
        (NAME, "Frequency", "/header/5"),
    ],
)
@pytest.mark.parametrize("trace", ["192.0.2.7", "someone@example.org", "d41d8cd98f00b204e9800998ecf8427e"])
def test_trace_of_a_person_is_refused_where_nothing_is_read(text, old, pointer, trace):
    assert old in text
    sent = text.replace(old, trace + old[len("H.DOWNLOADS.NO.ARES") :] if old.endswith(",3") else trace)
    code, found = faults(read_csv, sent.encode())
    assert (code, found[0]) == ("invalid_payload", (pointer, "personal_trace"))


def test_name_needs_a_header_that_has_one():
    text = table(COLUMNS, f"{NINE},NO: Norway,ARES,1")
    assert faults(read_csv, text.encode())[1] == [("/rows/0/COUNTRY", "unknown_country")]


def test_names_alone_are_of_version_2_and_complete():
    text = table("FREQ,Frequency,INDICATOR,COUNTRY,NETWORK,TIME_PERIOD,OBS_VALUE", "H,H,DOWNLOADS,NO,ARES,x,1")
    assert faults(read_csv, text.encode())[1] == [("/header/1", "unknown_field")]
    odd = NAME.replace("INDICATOR,,COUNTRY,,", "INDICATOR,What,COUNTRY,Where,").replace("OBS_VALUE,Value", "OBS_VALUE")
    names = (5, 7, 9, 11, 13)
    assert faults(read_csv, odd.encode())[1] == [(f"/header/{place}", "unknown_field") for place in names]


def test_column_named_twice_with_and_without_its_name():
    text = table(f"{COLUMNS},COUNTRY: Country", f"{NINE},NO,ARES,1,NO")
    assert faults(read_csv, text.encode()) == ("duplicate_column", [("/header", "duplicate_column")])


def test_too_many_names_are_refused(monkeypatch):
    monkeypatch.setattr(csv_header, "MAX_NAMES", 2)
    named = table(COLUMNS.replace("COUNTRY", "COUNTRY: Country"), *[f"{NINE},NO: {name},ARES,1" for name in "abc"])
    assert faults(read_csv, named.encode())[0] == "too_many_names"
    own = [f"H.DOWNLOADS.{country}.ARES,{NINE},{country},ARES,1" for country in ("NO", "SE", "DE", "FR")]
    assert faults(read_csv, table("SERIES_KEY," + COLUMNS, *own).encode()) == (None, [])


# --- separators ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quote", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize(
    "first",
    [
        {"STRUCTURE": "dataflow", "STRUCTURE_ID": FLOW},
        {"STRUCTURE[;]": "dataflow", "STRUCTURE_ID": FLOW},
        {"DATAFLOW": FLOW},
        {},
    ],
)
def test_semicolons_separate_as_commas_do(end, quote, first):
    rows = [[*first, *COLUMNS.split(",")]]
    rows += [[*first.values(), *f"{NINE},{cell},ARES".split(",")] for cell in ("NO", "DE")]
    rows[1].append("1")
    rows[2].append("2")
    for delimiter in ",;":
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quote).writerows(rows)
        assert said("\ufeff" + text.getvalue() + end + end) == EXPECTED


def test_semicolons_without_quotes_are_read_in_blocks(monkeypatch):
    monkeypatch.setattr(csv_walk, "walk", lambda *_: pytest.fail("the plain path was left"))
    rows = [f"dataflow;{FLOW};R;{NINE};{cell};F;;;;;".replace(",", ";") for cell in ("NO;ARES;1", "DE;ARES;2")]
    names = "CONF_STATUS;COVERAGE;AGENCIES_REPORTING;AGENCIES_EXPECTED;COUNTED_FROM;VALID_FROM"
    assert said(table(f"STRUCTURE;STRUCTURE_ID;ACTION;{COLUMNS.replace(',', ';')};{names}", *rows)) == EXPECTED


def test_comma_in_a_cell_between_semicolons_is_no_separator():
    text = table(COLUMNS.replace(",", ";"), f"{NINE};NO;ARES;1,5".replace(",", ";", 2))
    assert faults(read_csv, text.encode())[1] == [("/rows/0/OBS_VALUE", "fractional_value")]


# --- what rows belong to ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reference"),
    [
        ("dataflow", FLOW),
        ("datastructure", "P2PEU:DSD_P2P(1.0.0)"),
        ("dataprovision", OWN),
        ("provisionagreement", OWN),
        (None, FLOW),
        (None, OWN),
    ],
)
def test_rows_may_belong_to(kind, reference):
    if kind:
        assert said(table(f"STRUCTURE,STRUCTURE_ID,{COLUMNS}", f"{kind},{reference},{NINE},NO,ARES,1"))
    else:
        assert said(table(f"DATAFLOW,{COLUMNS}", f"{reference},{NINE},NO,ARES,1"))


@pytest.mark.parametrize(
    ("kind", "reference", "column", "code"),
    [
        ("dataflow", "ESTAT:P2P(1.0.0)", "STRUCTURE_ID", "foreign_structure"),
        ("dataflow", "P2PEU:P2P_VINTAGE(1.0.0)", "STRUCTURE_ID", "foreign_structure"),
        ("dataflow", "P2PEU:P2P", "STRUCTURE_ID", "foreign_structure"),
        ("dataflow", "P2PEU:P2P(1.0+)", "STRUCTURE_ID", "foreign_structure"),
        ("dataflow", "P2PEU:P2P(2.0.0)", "STRUCTURE_ID", "foreign_structure"),
        ("dataflow", "P2PEU:DSD_P2P(1.0.0)", "STRUCTURE_ID", "foreign_structure"),
        ("datastructure", FLOW, "STRUCTURE_ID", "foreign_structure"),
        ("dataprovision", FLOW, "STRUCTURE_ID", "foreign_structure"),
        ("dataprovision", "P2PEU:PA_DE-BKA(1.0.0)", "STRUCTURE_ID", "foreign_agreement"),
        ("dataprovision", "P2PEU:PA_P2P(1.0.0)", "STRUCTURE_ID", "foreign_agreement"),
        ("dataprovision", "ESTAT:PA_NO-KRIPOS(1.0.0)", "STRUCTURE_ID", "foreign_structure"),
        ("dataprovision", "", "STRUCTURE_ID", "foreign_structure"),
        ("metadataflow", FLOW, "STRUCTURE", "bad_structure"),
        ("DATAFLOW", FLOW, "STRUCTURE", "bad_structure"),
        ("", FLOW, "STRUCTURE", "bad_structure"),
        (None, "P2PEU:PA_DE-BKA(1.0.0)", "DATAFLOW", "foreign_agreement"),
        (None, "P2PEU:P2P(1.0)", "DATAFLOW", "foreign_structure"),
        (None, "", "DATAFLOW", "foreign_structure"),
    ],
)
def test_rows_may_not_belong_to(kind, reference, column, code):
    first = ("DATAFLOW", reference) if kind is None else ("STRUCTURE,STRUCTURE_ID", f"{kind},{reference}")
    text = table(f"{first[0]},{COLUMNS}", f"{first[1]},{NINE},NO,ARES,1")
    assert faults(read_csv, text.encode()) == ("invalid_payload", [(f"/rows/0/{column}", code)])


@pytest.mark.parametrize(
    ("column", "said", "missing"), [("STRUCTURE", "dataflow", "STRUCTURE_ID"), ("STRUCTURE_ID", FLOW, "STRUCTURE")]
)
def test_rows_belong_to_a_kind_of_structure_and_which_one_or_to_none_of_either(column, said, missing):
    expected = ("invalid_payload", [(f"/header/{missing}", "missing_field")])
    for quote in ("", '"'):
        text = table(f"{column},{COLUMNS}", f"{said},{NINE},NO,ARES,{quote}1{quote}")
        assert faults(read_csv, text.encode()) == expected


# --- attributes of the dataflow --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("CONF_STATUS", "", None),
        ("CONF_STATUS", "F", None),
        ("CONF_STATUS", "#N/A", None),
        ("CONF_STATUS", "N", "confidential_value"),
        ("CONF_STATUS", "C", "confidential_value"),
        ("OBS_STATUS", "#N/A", None),
        ("OBS_STATUS", "-", "bad_status"),
        ("OBS_STATUS", "O", "bad_status"),
        *[(column, text, None) for column in ("COVERAGE", "VALID_FROM") for text in ("", "NaN", "#N/A")],
        ("COVERAGE", "1", "computed_attribute"),
        ("COVERAGE", "-", "computed_attribute"),
        ("AGENCIES_REPORTING", "0", "computed_attribute"),
        ("AGENCIES_EXPECTED", "14", "computed_attribute"),
        ("COUNTED_FROM", "2026-11-24T10:16:02Z", "computed_attribute"),
        ("AGENCIES_AWAITED", "1", "computed_attribute"),
        ("AWAITED_UNTIL", "2026-11-24T10:16:02Z", "computed_attribute"),
        ("VALID_FROM", "2026-11-24T10:16:02Z", "computed_attribute"),
    ],
)
def test_attribute(column, text, code):
    sent = table(f"{COLUMNS},{column}", f"{NINE},NO,ARES,1,{text}")
    expected = ("invalid_payload", [(f"/rows/0/{column}", code)]) if code else (None, [])
    assert faults(read_csv, sent.encode()) == expected


def test_withdrawal_may_put_dashes_for_attributes():
    sent = table(f"{COLUMNS},OBS_STATUS,ACTION,CONF_STATUS,COVERAGE", f"{NINE},,,-,-,D,-,-")
    assert [report.withdrawn for report in read_csv(sent.encode()).reports] == [True]


# --- each way of writing it ------------------------------------------------------------------------------------------

CELLS = st.dictionaries(
    st.tuples(st.sampled_from(sorted(COUNTRIES)), st.sampled_from(sorted(NETWORKS))), st.integers(0, 10**9), max_size=4
)
PERIODS = st.one_of(
    st.tuples(st.just("H"), st.sampled_from(["2026-11-24T09:00", "2026-11-24T08:00", "2026-11-23T23:00"])),
    st.tuples(st.just("D"), st.sampled_from(["2026-11-23", "2026-11-22"])),
    st.tuples(st.just("M"), st.sampled_from(["2026-10", "2026-02"])),
)
#: By indicator and period: cells, or nothing if it is withdrawn.
SENT = st.dictionaries(
    st.tuples(st.sampled_from(["DOWNLOADS", "HELP_VISITS"]), PERIODS), st.none() | CELLS, min_size=1, max_size=4
)


@st.composite
def submissions(draw):
    """Rows of all reports, those of each in their order, and with them what decides how they are written."""
    rows = []
    for (indicator, (frequency, period)), cells in draw(SENT).items():
        place, status = [indicator, frequency, period], draw(st.sampled_from("AP"))
        if cells is None:
            rows.append([*place, "", "", "", status, "D"])
        elif not cells:
            rows.append([*place, "_T", "_T", "0", status, "R"])
        else:
            rows += [[*place, *cell, str(value), status, "R"] for cell, value in cells.items()]
    return rows


def written(rows, first, *, labels, delimiter, quoting):
    """Write rows in a form of SDMX-CSV: first are the header and cells that stand before."""
    names = [*COLUMNS.split(","), "OBS_STATUS"]
    with_action = "ACTION" in first[0]
    lines = [[*first[0], *_named(names, labels)]]
    for row in rows:
        front = [*first[1][: len(first[0]) - with_action], *([row[7]] if with_action else [])]
        lines.append([*front, *_named(row[:7], labels)])
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n", quoting=quoting).writerows(lines)
    return text.getvalue().encode()


def _named(texts, labels):
    if labels == "both":
        return [f"{text}: Name; of: it" for text in texts]
    return [each for text in texts for each in (text, f"Name of {text}")] if labels == "name" else texts


@times(4)
@given(submissions(), st.sampled_from(",;"), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_every_form_says_the_same(rows, delimiter, quoting):
    form = {"delimiter": delimiter, "quoting": quoting}
    plainly = outcome(read_csv, written(rows, (["ACTION"], []), labels="id", delimiter=",", quoting=csv.QUOTE_MINIMAL))
    assert len(plainly[2]) == len({tuple(row[:3]) for row in rows})
    second = ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    for labels in ("id", "both", "name"):
        for belongs in (["dataflow", FLOW], ["dataprovision", OWN]):
            text = written(rows, (second, belongs), labels=labels, **form)
            assert outcome(read_csv, text) == plainly
            assert outcome(walk_csv, text) == plainly
    if not any(row[7] == "D" for row in rows):
        # Version 1.0 has no actions.
        for labels in ("id", "both"):
            assert outcome(read_csv, written(rows, (["DATAFLOW"], [FLOW]), labels=labels, **form)) == plainly
