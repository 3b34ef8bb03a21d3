"""The formats of the files: many batches make one file, in order, and the same file each time."""

import csv
import lzma
from datetime import UTC, datetime
from io import BytesIO

import pyarrow as pa
from pyarrow import parquet

from federation.files import columns, formats
from federation.files.manifest import FORMATS

COUNT = 7
PERIODS = 5
SINCE = datetime(2026, 11, 4, 6, tzinfo=UTC)
NAMES = [*(column.name for column in columns.COLUMNS), columns.INVENTED.name]
#: Text that CSV must quote, and a code that is no missing value.
COUNTRY = ("NA", 'The "Republic", of\nall')


def batches():
    for number in range(COUNT):
        # The first are the longest, so that later ones are compressed before them.
        series = 400 // (number + 1)
        rows = range(series * PERIODS)
        values = [None if row % PERIODS == 1 else row for row in rows]
        columns_of = {
            "INDICATOR": ["DOWNLOADS"] * len(rows),
            "INDICATOR_NAME": ["Downloads"] * len(rows),
            "FREQ": ["D"] * len(rows),
            "COUNTRY": [COUNTRY[0]] * len(rows),
            "COUNTRY_NAME": [COUNTRY[1]] * len(rows),
            "NETWORK": [f"{number}-{row // PERIODS}" for row in rows],
            "NETWORK_NAME": ["All"] * len(rows),
            "TIME_PERIOD": [f"2026-11-0{1 + row % PERIODS}" for row in rows],
            "OBS_VALUE": pa.array(values, pa.int64()),
            "OBS_STATUS": list("AOAPA") * series,
            "PER_100K": pa.array([None if value is None else value / 8 for value in values], pa.float64()),
            "AGENCIES_EXPECTED": pa.array([3] * len(rows), pa.int16()),
            "AGENCIES_REPORTING": pa.array([row % PERIODS for row in rows], pa.int16()),
            "TIME_COVERAGE": [0.25] * len(rows),
            "COUNTED_FROM": pa.array(
                [SINCE if row % PERIODS == 3 else None for row in rows], pa.timestamp("ms", "UTC")
            ),
            "AGENCIES_AWAITED": pa.nulls(len(rows), pa.int16()),
            "AWAITED_UNTIL": pa.nulls(len(rows), pa.timestamp("ms", "UTC")),
            "INVENTED": [True] * len(rows),
        }
        yield pa.record_batch(
            {
                name: pa.array(column).dictionary_encode() if name in TEXTS else pa.array(column)
                for name, column in columns_of.items()
            }
        )


TEXTS = {column.name for column in columns.COLUMNS if column.type == "text"}


def written():
    files = {suffix: BytesIO() for suffix in FORMATS}
    count = formats.write(batches(), next(batches()).schema, PERIODS, files)
    return count, {suffix: file.getvalue() for suffix, file in files.items()}


def as_text(value):
    if isinstance(value, datetime):
        return "2026-11-04T06:00:00.000Z"
    if isinstance(value, float):
        return str(value).removesuffix(".0")
    return "" if value is None else "true" if value is True else str(value)


def test_many_batches_make_one_file_in_order():
    count, files = written()
    expected = pa.Table.from_batches(batches())
    assert count == len(expected)
    assert parquet.read_table(BytesIO(files["parquet"])).equals(expected)
    with lzma.open(BytesIO(files["csv.xz"]), "rt", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == expected.schema.names == NAMES
    assert len(rows) == count
    for found, row in zip(rows, expected.to_pylist(), strict=True):
        assert found == [as_text(value) for value in row.values()]


def test_equal_batches_make_equal_files():
    assert written() == written()
