"""Rates and rows, compared with slow and obvious code."""

import csv
import io
from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from api import formats
from api.formats import csv_table
from federation.published.answers import Page
from federation.rules import view
from federation.rules.coverage import Coverage
from federation.rules.view import Series, Table
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES

DAY = 86_400
FIRST = 20_393 * DAY
COUNTRIES = (150, 578, 752, 999)
NETWORKS = (0, 5, 9)
PEOPLE = {(150, 2025): 600_000_000, (578, 2025): 5_594_340, (752, 2025): 10_587_710}


def inhabitants(country, year):
    return PEOPLE.get((country, year))


@st.composite
def pages(draw):
    days = draw(st.lists(st.integers(0, 20), unique=True, max_size=6).map(sorted))
    reporting = draw(st.lists(st.integers(0, 3), min_size=len(days), max_size=len(days)))
    statuses = [draw(st.sampled_from("APO")) for _ in days]
    waits = np.array([status == "O" for status in statuses], np.bool_)
    known = zip(days, reporting, statuses, strict=True)
    covered = [day for day, count, status in known if count and status != "O"]
    cells = {}
    if covered:
        keys = st.tuples(st.sampled_from(covered), st.sampled_from(COUNTRIES), st.sampled_from(NETWORKS))
        cells = draw(st.dictionaries(keys, st.integers(1, 10**12).map(lambda value: value * 5), max_size=20))
    share = draw(st.lists(st.sampled_from([-1, 0, 1, 9999, 10_000]), min_size=len(days), max_size=len(days)))
    periods = np.array([FIRST + day * DAY for day in days], np.int64)
    later = draw(st.lists(st.sampled_from([0, 0, 3600]), min_size=len(days), max_size=len(days)))
    coverage = Coverage(
        periods=periods,
        agencies_expected=np.full(len(days), 3, np.int16),
        agencies_reporting=np.array(reporting, np.int16),
        share=np.array(share, np.int16),
        status=np.array(statuses, "U1"),
        is_break=np.zeros(len(days), np.bool_),
        counted_from=periods + np.array(later, np.int64),
        agencies_awaited=np.where(waits, 2, 0).astype(np.int16),
        awaited_until=np.where(waits, periods + DAY + 3600, 0),
        version_from=np.zeros(len(days), np.int64),
    )
    series = view.by_code(Series(country, network) for country in COUNTRIES for network in NETWORKS)
    shuffled = draw(st.permutations(list(cells.items())))
    when, countries, networks = (np.array([key[at] for key, _ in shuffled], np.int64) for at in range(3))
    values = np.array([value for _, value in shuffled], np.int64)
    grid = view.grid(series, coverage, (countries, networks, FIRST + when * DAY), values)
    table = Table("D", series, coverage, grid)
    return formats.AnswerPage("DOWNLOADS", Page(1, None, 5, None, table, inhabitants=inhabitants)), cells


@given(pages())
def test_observations_are_the_cells(made):
    page, cells = made
    table = page.content.table
    statuses = dict(zip(table.labels, table.coverage.status.tolist(), strict=True))
    label_of = dict(zip(table.coverage.periods.tolist(), table.labels, strict=True))
    expected = sorted(
        (label_of[FIRST + day * DAY], COUNTRY_CODES[country], NETWORK_CODES[network], value, rate(country, value))
        for (day, country, network), value in cells.items()
    )
    found = formats.observations(page)
    assert [(row.period, row.country, row.network, row.value, row.per_100k) for row in found] == expected
    assert all(row.status == statuses[row.period] for row in found)


def rate(country, value):
    people = PEOPLE.get((country, 2025))
    if people is None:
        return None
    steps = 1
    # The last decimal is worth at most five events.
    while people > 5 * 100_000 * steps:
        steps *= 10
    return round(value * 100_000 / people * steps) / steps


@given(pages())
def test_csv_has_each_period_and_each_series(made):
    page, cells = made
    table = page.content.table
    text = (csv_table.header(page) + csv_table.rows(page)).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(table.labels) * len(table.series)
    days = [(second - FIRST) // DAY for second in table.coverage.periods.tolist()]
    asked = [(at, one.country, one.network) for at in range(len(days)) for one in table.series]
    for row, (at, country, network) in zip(rows, asked, strict=True):
        coverage = table.coverage
        assert (row["TIME_PERIOD"], row["COUNTRY"]) == (table.labels[at], COUNTRY_CODES[country])
        assert row["NETWORK"] == NETWORK_CODES[network]
        waits = coverage.status[at] == "O"
        silent = waits or not coverage.agencies_reporting[at]
        value = cells.get((days[at], country, network), 0)
        assert row["OBS_VALUE"] == ("" if silent else str(value))
        assert row["OBS_STATUS"] == ("O" if silent else coverage.status[at])
        share = int(coverage.share[at])
        assert row["TIME_COVERAGE"] == ("" if share < 0 else str(share / 10_000))
        begins = datetime.fromtimestamp(int(coverage.counted_from[at]), UTC)
        is_later = coverage.counted_from[at] > coverage.periods[at]
        assert row["COUNTED_FROM"] == (f"{begins:%Y-%m-%dT%H:%M:%S}.000Z" if is_later else "")
        until = f"{datetime.fromtimestamp(int(coverage.awaited_until[at]), UTC):%Y-%m-%dT%H:%M:%S}.000Z"
        assert (row["AGENCIES_AWAITED"], row["AWAITED_UNTIL"]) == (("2", until) if waits else ("", ""))
        known = None if silent else rate(country, value)
        assert row["PER_100K"] == ("" if known is None else str(known))


@given(pages())
def test_a_number_is_known_where_it_is_public_and_somebody_reported(made):
    table = made[0].content.table
    for (country, network), values in table.numbers().items():
        for at, value in enumerate(values):
            day = (int(table.coverage.periods[at]) - FIRST) // DAY
            known = made[1].get((day, country, network), 0)
            is_known = table.coverage.agencies_reporting[at] and table.coverage.status[at] != "O"
            assert value == (known if is_known else None)
