"""Writes record batches as Parquet and as compressed CSV. Equal batches make equal files, byte for byte."""

import csv
import io
import lzma
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import IO, Final, Protocol

import pyarrow as pa
from pyarrow import compute, parquet

from federation.files import columns

#: The fastest level. Higher levels make the files a few per cent smaller, and take half as long again. The dictionary
#: is small, so that it stays near the processor.
_XZ: Final = ({"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 16},)
_ZSTD_LEVEL: Final = 3
#: Columns by whose least and greatest values a reader of Parquet can skip rows.
_WITH_STATISTICS: Final = ("TIME_PERIOD", "COUNTRY", "NETWORK", "OBS_VALUE")
#: How many batches of CSV are compressed at once.
_AT_ONCE: Final = 2
#: How an instant is written, as everywhere in the API.
_INSTANT: Final = "%Y-%m-%dT%H:%M:%SZ"


class _Writer(Protocol):
    def __init__(self, file: IO[bytes], schema: pa.Schema, periods: int) -> None: ...

    def write(self, batch: pa.RecordBatch) -> None: ...

    def close(self) -> None: ...


class _Parquet:
    def __init__(self, file: IO[bytes], schema: pa.Schema, periods: int) -> None:  # noqa: ARG002
        self._file = parquet.ParquetWriter(
            file,
            schema,
            compression="zstd",
            compression_level=_ZSTD_LEVEL,
            write_statistics=[name for name in _WITH_STATISTICS if name in schema.names],
        )

    def write(self, batch: pa.RecordBatch) -> None:
        self._file.write_batch(batch)

    def close(self) -> None:
        self._file.close()


class _Csv:
    """Compressing takes longest, so some batches are compressed at the same time, each to a stream of its own.

    A file may consist of several xz streams, one after another.
    """

    def __init__(self, file: IO[bytes], schema: pa.Schema, periods: int) -> None:
        self._file, self._periods = file, periods
        self._file.write(_compress([f"{_row(schema.names)}\n".encode()]))
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._pending: deque[Future[bytes]] = deque()

    def write(self, batch: pa.RecordBatch) -> None:
        self._pending.append(self._pool.submit(_compress, _lines(batch, self._periods)))
        self._finish(_AT_ONCE)

    def close(self) -> None:
        with self._pool:
            self._finish(0)

    def _finish(self, remaining: int) -> None:
        """Write the oldest batches, in order, until only ``remaining`` are left."""
        while len(self._pending) > remaining:
            self._file.write(self._pending.popleft().result())


def _compress(lines: Iterable[bytes | pa.Buffer]) -> bytes:
    compressor = lzma.LZMACompressor(filters=_XZ)
    return b"".join([*map(compressor.compress, lines), compressor.flush()])


def _lines(batch: pa.RecordBatch, periods: int) -> Iterator[pa.Buffer]:
    """The rows of each series as CSV.

    The columns of the period are the same for each series, so their text is made once. So is that of a series.
    """
    first = batch.slice(0, periods).columns
    labels = pa.array(_rows(first[columns.OF_SERIES.stop : columns.OF_CELL.start]))
    coverage = pa.array([f"{row}\n" for row in _rows(first[columns.OF_CELL.stop :])])
    cells = [_text(column) for column in batch.columns[columns.OF_CELL]]
    for start in range(0, len(batch), periods):
        (names,) = _rows(batch.slice(start, 1).columns[columns.OF_SERIES])
        parts = names, labels, *(column.slice(start, periods) for column in cells), coverage
        lines = compute.binary_join_element_wise(*parts, ",", null_handling="replace", null_replacement="")
        # The text of all lines, without a gap.
        yield lines.buffers()[2]


def _rows(some: Iterable[pa.Array]) -> list[str]:
    """The rows of some columns, each as a part of a line of CSV."""
    return [_row(cells) for cells in zip(*(_text(column).to_pylist() for column in some), strict=True)]


def _row(cells: Iterable[str | None]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _text(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        return compute.strftime(column.cast(pa.timestamp("ms")), format=_INSTANT)
    if pa.types.is_floating(column.type):
        # Many numbers are equal. So each different number is turned into text only once, because this takes long.
        column = column.dictionary_encode()
    return column.cast(pa.string())


_WRITERS: Final[dict[str, type[_Writer]]] = {"parquet": _Parquet, "csv.xz": _Csv}


def write(batches: Iterable[pa.RecordBatch], schema: pa.Schema, periods: int, files: Mapping[str, IO[bytes]]) -> int:
    """Write batches to one file for each format. Return the number of rows.

    A key of ``files`` is the ending of the file's name. Each series has ``periods`` rows. All formats are written at
    the same time, while the next batch is read.
    """
    rows = 0
    with ExitStack() as open_writers:
        writers = [
            open_writers.enter_context(closing(_WRITERS[suffix](file, schema, periods)))
            for suffix, file in files.items()
        ]
        with ThreadPoolExecutor(len(writers)) as pool:
            pending: list[Future[None]] = []
            for batch in batches:
                _finish(pending)
                pending = [pool.submit(writer.write, batch) for writer in writers]
                rows += batch.num_rows
            _finish(pending)
    return rows


def _finish(pending: Iterable[Future[None]]) -> None:
    for one in pending:
        one.result()
