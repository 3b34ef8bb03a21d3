"""The columns of the files: those of the CSV of the API, with names beside the codes.

As in SDMX, the columns that name the series come first, and the period stands before its number.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from countries.queries import country_name
from countries.reference import Indicator, Reference
from federation.files.manifest import Column
from federation.published.answers import Page
from federation.rules.coverage import NOT_KNOWN, STATUSES, WITHHELD
from federation.rules.view import ALL_NETWORKS, Table
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES, NETWORK_NAMES, NETWORKS

COLUMNS: Final = (
    Column("INDICATOR", "text", "what is counted, as a code"),
    Column("INDICATOR_NAME", "text", "what is counted, in English"),
    Column("FREQ", "text", "the length of the period: H hour, D day, W week, M month, A year"),
    Column("COUNTRY", "text", "where the downloads were: a country, a group of countries, _T for all, _U if not known"),
    Column("COUNTRY_NAME", "text", "its name in English"),
    Column("NETWORK", "text", "the peer-to-peer network; _T for all together, _U if not known"),
    Column("NETWORK_NAME", "text", "its name in English"),
    Column("TIME_PERIOD", "text", "the period in UTC, as SDMX writes it"),
    Column(
        "OBS_VALUE",
        "integer",
        "the number, rounded at random. An empty cell never means zero: the number is not known, or withheld",
    ),
    Column("OBS_STATUS", "text", "A final, P provisional, O not known, Q withheld"),
    Column("PER_100K", "number", "the number per 100,000 inhabitants"),
    Column("AGENCIES_EXPECTED", "integer", "how many agencies should have reported"),
    Column("AGENCIES_REPORTING", "integer", "how many of them have reported"),
    Column(
        "TIME_COVERAGE",
        "number",
        "the share of the expected time that the reports cover, from 0 to 1. No time is expected of an agency before "
        "it began: see COUNTED_FROM",
    ),
    Column("COUNTED_FROM", "instant", "from when all expected agencies count, if an agency began within the period"),
    Column("AGENCIES_AWAITED", "integer", "for how many agencies the period waits, if it is not public yet"),
    Column("AWAITED_UNTIL", "instant", "when it is published at the latest, if it is not public yet"),
)
#: The columns that name the series, and those that differ in each row. All others say something of the period.
OF_SERIES: Final = slice(7)
OF_CELL: Final = slice(8, 11)
#: The last column if some agencies are invented.
INVENTED: Final = Column("INVENTED", "flag", "true in each row: the number is made up")

_WITHHELD: Final = STATUSES.index(WITHHELD)
#: Names that the reference data may replace.
_NETWORK_NAMES: Final = {ALL_NETWORKS: "All networks"} | {NETWORKS[code]: name for code, name in NETWORK_NAMES.items()}


class BatchMaker:
    """Turns pages of an indicator into record batches: a row for each series and period, series by series."""

    def __init__(self, indicator: Indicator, reference: Reference) -> None:
        self._indicator, self._reference = indicator, reference
        self._networks = _NETWORK_NAMES | {one.number: one.name for one in reference.networks}

    def batch(self, page: Page) -> pa.RecordBatch:
        table = page.table
        count = len(table.series), len(table.coverage.periods)
        columns = self._series(table, count) | _numbers(page) | _coverage(table, count[0])
        names = [column.name for column in COLUMNS]
        if self._reference.invented:
            names.append(INVENTED.name)
            columns[INVENTED.name] = pa.repeat(pa.scalar(value=True), count[0] * count[1])
        return pa.RecordBatch.from_arrays([columns[name] for name in names], names)

    def _series(self, table: Table, count: tuple[int, int]) -> dict[str, pa.Array]:
        """The columns that say which number it is."""
        series, periods = count
        rows = np.repeat(np.arange(series, dtype=np.int32), periods)
        whole = np.zeros(len(rows), np.int8)
        countries, networks = ([one[at] for one in table.series] for at in (0, 1))
        return {
            "INDICATOR": _dictionary(whole, [self._indicator.code]),
            "INDICATOR_NAME": _dictionary(whole, [self._indicator.name]),
            "FREQ": _dictionary(whole, [table.frequency]),
            "COUNTRY": _series_names(rows, [COUNTRY_CODES[one] for one in countries]),
            "COUNTRY_NAME": _series_names(rows, [country_name(COUNTRY_CODES[one]) for one in countries]),
            "NETWORK": _series_names(rows, [NETWORK_CODES[one] for one in networks]),
            "NETWORK_NAME": _series_names(rows, [self._networks[one] for one in networks]),
            "TIME_PERIOD": _dictionary(np.tile(np.arange(periods, dtype=np.int32), series), table.labels),
        }


def _numbers(page: Page) -> dict[str, pa.Array]:
    """The numbers. A number is null if it is not known or withheld."""
    table = page.table
    statuses = np.array([STATUSES.index(status) for status in table.coverage.statuses.tolist()], np.int8)
    codes = np.repeat(statuses[None, :], len(table.series), axis=0)
    if table.withheld is not None:
        codes[table.withheld] = _WITHHELD
    is_missing = codes >= STATUSES.index(NOT_KNOWN)
    rates = page.rates()
    return {
        "OBS_VALUE": pa.array(table.values.ravel(), pa.int64(), mask=is_missing.ravel()),
        "OBS_STATUS": _dictionary(codes.ravel(), STATUSES),
        "PER_100K": pa.array(rates.ravel(), pa.float64(), mask=(is_missing | np.isnan(rates)).ravel()),
    }


def _coverage(table: Table, series: int) -> dict[str, pa.Array]:
    """The coverage of the periods, the same for each series."""
    columns, periods = table.coverage, len(table.coverage.periods)
    waits = columns.waits
    awaited = [int(columns.agencies_awaited[at]) if at in waits else None for at in range(periods)]
    each = {
        "AGENCIES_EXPECTED": pa.array(columns.agencies_expected, pa.int16()),
        "AGENCIES_REPORTING": pa.array(columns.agencies_reporting, pa.int16()),
        "TIME_COVERAGE": pa.array(columns.time_coverage, pa.float64()),
        "COUNTED_FROM": _instants(columns.beginnings, periods),
        "AGENCIES_AWAITED": pa.array(awaited, pa.int16()),
        "AWAITED_UNTIL": _instants(waits, periods),
    }
    rows = pa.array(np.tile(np.arange(periods, dtype=np.int32), series))
    return {name: column.take(rows) for name, column in each.items()}


def _instants(some: dict[int, datetime], count: int) -> pa.Array:
    found = [some[at].astimezone(UTC) if at in some else None for at in range(count)]
    return pa.array(found, pa.timestamp("ms", "UTC"))


def _dictionary(codes: Any, words: Sequence[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(words), pa.string()))


def _series_names(rows: Any, words: Sequence[str]) -> pa.Array:
    """The word of each row's series, with each word once in the dictionary."""
    different, codes = np.unique(np.array(words, object).astype(str), return_inverse=True)
    return _dictionary(codes.astype(np.int32)[rows], different.tolist())
