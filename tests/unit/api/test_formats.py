"""Rates and rows, against slow and obvious ways of making them."""

import csv
import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from api import formats
from countries.codes import COUNTRY_CODES, NETWORK_CODES
from federation import published
from federation.published import Cells, Coverage, Page

DAY = 86_400
FIRST = 20_393 * DAY
COUNTRIES = (150, 578, 752, 999)
NETWORKS = (0, 5, 9)
PEOPLE = {(150, 2025): 600_000_000, (578, 2025): 5_594_340, (752, 2025): 10_587_710}


def inhabitants(country, year):
    return PEOPLE.get((country, year))


@st.composite
def sheets(draw):
    days = draw(st.lists(st.integers(0, 20), unique=True, max_size=6).map(sorted))
    reporting = draw(st.lists(st.integers(0, 3), min_size=len(days), max_size=len(days)))
    covered = [day for day, count in zip(days, reporting, strict=True) if count]
    cells = {}
    if covered:
        keys = st.tuples(st.sampled_from(covered), st.sampled_from(COUNTRIES), st.sampled_from(NETWORKS))
        cells = draw(st.dictionaries(keys, st.integers(1, 10**12).map(lambda value: value * 5), max_size=20))
    shares = draw(st.lists(st.integers(-1, 10_000), min_size=len(days), max_size=len(days)))
    coverage = Coverage(
        periods=np.array([FIRST + day * DAY for day in days], np.int64),
        expected=np.full(len(days), 3, np.int16),
        reporting=np.array(reporting, np.int16),
        shares=np.array(shares, np.int64),
        statuses="".join(draw(st.sampled_from("AP")) for _ in days),
    )
    shuffled = draw(st.permutations(list(cells.items())))
    columns = Cells(
        periods=np.array([FIRST + key[0] * DAY for key, _ in shuffled], np.int64),
        countries=np.array([key[1] for key, _ in shuffled], np.int16),
        networks=np.array([key[2] for key, _ in shuffled], np.int16),
        values=np.array([value for _, value in shuffled], np.int64),
    )
    labels = published.labels("D", coverage.periods)
    page = Page(version=1, known_at=None, rounding_base=5, following=None, coverage=coverage)
    return formats.Sheet("DOWNLOADS", "D", labels, page, columns, inhabitants), cells


@given(sheets())
def test_observations_are_the_cells(made):
    sheet, cells = made
    statuses = dict(zip(sheet.labels, sheet.page.coverage.statuses, strict=True))
    label_of = dict(zip(sheet.page.coverage.periods.tolist(), sheet.labels, strict=True))
    expected = sorted(
        (label_of[FIRST + day * DAY], COUNTRY_CODES[country], NETWORK_CODES[network], value, rate(country, value))
        for (day, country, network), value in cells.items()
    )
    found = formats.observations(sheet)
    assert [(row.period, row.country, row.network, row.value, row.per_100k) for row in found] == expected
    assert all(row.status == statuses[row.period] for row in found)


def rate(country, value):
    people = PEOPLE.get((country, 2025))
    return float(np.round(value * 100_000 / people, 2)) if people else None


@given(sheets())
def test_csv_has_each_period_and_each_series(made):
    sheet, cells = made
    series = formats.in_order((country, network) for country in COUNTRIES for network in NETWORKS)
    text = (formats.csv_header(sheet) + formats.csv_rows(sheet, series)).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(sheet.labels) * len(series)
    days = [(second - FIRST) // DAY for second in sheet.page.coverage.periods.tolist()]
    asked = [(at, *pair) for at in range(len(days)) for pair in series]
    for row, (at, country, network) in zip(rows, asked, strict=True):
        coverage = sheet.page.coverage
        assert (row["TIME_PERIOD"], row["COUNTRY"]) == (sheet.labels[at], COUNTRY_CODES[country])
        assert row["NETWORK"] == NETWORK_CODES[network]
        silent = not coverage.reporting[at]
        value = cells.get((days[at], country, network), 0)
        assert row["OBS_VALUE"] == ("" if silent else str(value))
        assert row["OBS_STATUS"] == ("O" if silent else coverage.statuses[at])
        share = int(coverage.shares[at])
        assert row["TIME_COVERAGE"] == (str(share / 10_000) if share >= 0 else "")
        known = None if silent else rate(country, value)
        assert row["PER_100K"] == ("" if known is None else str(known))
