"""Random submissions in CSV: the plain and the thorough way to read them agree."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from tests.histories import times
from tests.unit.core.payload_cases import STATUS_ACTION, outcome, read_csv, walk_csv


def mostly(good, odd):
    return st.integers(0, 60).flatmap(lambda n: st.sampled_from(odd) if n == 0 else st.sampled_from(good))


PERIODS = ["2026-11-24T09:00", "2026-11-24T09:00Z", "2026-11-24T08:00", "2026-11-24T07:00:00"]
PLACES = [
    (country, network) for country in ("NO", "DE", "_U", "FR", "XK") for network in ("ARES", "GNUTELLA", "GNUTELLA2")
]
ROWS = st.tuples(
    mostly(["DOWNLOADS", "HELP_VISITS"], ["UPLOADS", "", "DOWNLOADS2"]),
    mostly(["H"], ["N", "D", "W", ""]),
    mostly(PERIODS, ["2026-11-24T13:00", "2026-11-24", "", "x" * 50]),
    mostly(PLACES, [("_T", "_T"), ("", ""), ("_T", "ARES"), ("NO", "BITTORRENTBITTORRENT"), ("10.0.0.1", "ARES")]),
    mostly(["0", "1", "17", "007", "1000000000"], ["", "-1", "1.5", "x", "1000000001", "00000000001", "é"]),
    mostly(["", "A"], ["P", "F"]),
    mostly([""], ["D", "I", "M", "A"]),
).map(lambda row: [*row[:3], *row[3], *row[4:]])
WHOLE = {"STRUCTURE": "dataflow", "STRUCTURE_ID": "P2PEU:P2P(1.0.0)"}
SPECIAL = st.tuples(
    st.sampled_from(PERIODS),
    st.sampled_from([("_T", "_T", "0", "", ""), ("", "", "", "", "D"), ("*", "*", "", "", "D")]),
).map(lambda row: ["DOWNLOADS", "H", row[0], *row[1]])


@st.composite
def bodies(draw):
    rows = draw(st.lists(ROWS, max_size=10)) + draw(st.one_of(st.just([]), st.lists(SPECIAL, max_size=2)))
    belonging = draw(mostly([{}, WHOLE], [{name: text} for name, text in WHOLE.items()] + [{"COMMENT": "x"}]))
    columns = draw(st.permutations(range(8)))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=draw(st.sampled_from(["\n", "\r\n"])))
    writer.writerow([*belonging, *(STATUS_ACTION.split(",")[column] for column in columns)])
    for row in draw(st.permutations(rows)):
        writer.writerow([*belonging.values(), *(row[column] for column in columns)])
    return text.getvalue().encode()


@times(10)
@given(bodies(), mostly([b",", b";"], [b"\t", b"|"]))
def test_plain_and_thorough_path_agree(text, separator):
    text = text.replace(b",", separator)
    assert outcome(read_csv, text) == outcome(walk_csv, text)


@times(3)
@given(bodies())
def test_quoting_changes_nothing(text):
    quoted = io.StringIO()
    csv.writer(quoted, quoting=csv.QUOTE_ALL).writerows(csv.reader(io.StringIO(text.decode(), newline="")))
    assert outcome(read_csv, quoted.getvalue().encode()) == outcome(read_csv, text)
