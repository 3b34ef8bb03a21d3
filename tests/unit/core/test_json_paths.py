"""Random submissions in JSON: the plain and the thorough way to read them agree."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from p2p_core.codes import COUNTRIES, NETWORKS
from tests.histories import times
from tests.unit.core.json_bodies import body, report
from tests.unit.core.payload_cases import outcome, plain, read_json, walk_json

COUNTRY = st.sampled_from(["NO", "DE", "FR", "_U", "XK"])
NETWORK = st.sampled_from(["BITTORRENT", "EDONKEY", "_U"])
ODD: st.SearchStrategy[object] = st.sampled_from(
    ["_T", "ZZ", "", 5, None, True, 1.5, -1, 10**9 + 1, [], {}, "10.0.0.1", "EUROPE", "x\\u0022"]
)
PERIODS = {
    "N": ["2026-11-24T09:01", "2026-11-24T09:02Z", "2026-11-24T09:02"],
    "H": ["2026-11-24T09:00", "2026-11-24T09:00:00Z", "2026-11-24T08:00", "2026-11-24T13:00", "2026-11-24T09:30"],
    "D": ["2026-11-23", "2026-11-24", "2026-02-30"],
    "M": ["2026-10", "2026-11"],
}


def mostly(good, odd=ODD):
    return st.integers(0, 30).flatmap(lambda n: odd if n == 0 else good)


@st.composite
def pairs(draw, members, extra=("note", "192.0.2.1", 'a"b')):
    """An object as name and value pairs: complete as a rule, now and then short, doubled or extended."""
    chosen = list(members.items())
    for chance, change in (
        (25, lambda: chosen.pop(draw(st.integers(0, len(chosen) - 1)))),
        (25, lambda: chosen.append(chosen[0])),
        (25, lambda: chosen.append((draw(st.sampled_from(extra)), 1))),
    ):
        if chosen and draw(st.integers(0, chance)) == 0:
            change()
    return [(name, draw(value) if isinstance(value, st.SearchStrategy) else value) for name, value in chosen]


OBSERVATIONS = st.lists(
    pairs({"country": mostly(COUNTRY), "network": mostly(NETWORK), "value": mostly(st.integers(0, 3))}), max_size=6
)


@st.composite
def reports(draw):
    frequency = draw(st.sampled_from("NHDM"))
    members = {"frequency": mostly(st.just(frequency)), "period": mostly(st.sampled_from(PERIODS[frequency]))}
    members |= draw(st.sampled_from([{}, {"status": mostly(st.sampled_from("AP"))}]))
    if draw(st.integers(0, 5)) == 0:
        members |= {"withdrawn": mostly(st.just(True))}
    else:
        members |= {"observations": mostly(OBSERVATIONS)}
    return draw(pairs(members))


def dump(value):
    if isinstance(value, list) and value and all(isinstance(item, tuple) for item in value):
        return "{" + ", ".join(f"{json.dumps(name)}: {dump(item)}" for name, item in value) + "}"
    return "[" + ", ".join(map(dump, value)) + "]" if isinstance(value, list) else json.dumps(value)


@st.composite
def bodies(draw):
    members = {
        "indicator": mostly(st.just("DOWNLOADS")),
        "reports": mostly(st.lists(reports(), min_size=1, max_size=4)),
    }
    return dump(draw(pairs(members))).encode()


@times(10)
@given(bodies())
def test_plain_and_thorough_path_agree(text):
    assert outcome(read_json, text) == outcome(walk_json, text)


@times(3)
@given(
    st.dictionaries(
        st.integers(0, 500),
        st.dictionaries(st.tuples(COUNTRY, NETWORK), st.integers(0, 10**9), max_size=12),
        min_size=1,
        max_size=5,
    )
)
def test_what_was_sent_is_what_was_read(hours):
    start = datetime(2026, 10, 1, tzinfo=UTC)
    sent = [
        report(
            *[(*cell, value) for cell, value in cells.items()], period=f"{start + timedelta(hours=hour):%Y-%m-%dT%H:%M}"
        )
        for hour, cells in hours.items()
    ]
    payload = read_json(body(*sent))
    for read, (hour, cells) in zip(payload.reports, hours.items(), strict=True):
        assert read.period == start + timedelta(hours=hour)
        expected = [
            (COUNTRIES[country], NETWORKS[network], value) for (country, network), value in cells.items() if value
        ]
        assert plain(read)[5] == sorted(expected)
