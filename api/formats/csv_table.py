"""Public numbers as CSV, in the columns of SDMX-CSV. Only codes and numbers, so no cell can be a formula."""

from typing import Final

import numpy as np

from api.formats import AnswerPage, changes, coverage
from federation.rules.coverage import NOT_KNOWN, WITHHELD, with_gaps

#: The header of CSV; the first seven are those of a submission.
COLUMNS: Final = (
    "INDICATOR", "FREQ", "TIME_PERIOD", "COUNTRY", "NETWORK", "OBS_VALUE", "OBS_STATUS",
    "PER_100K", "AGENCIES_EXPECTED", "AGENCIES_REPORTING", "TIME_COVERAGE", "COUNTED_FROM",
    "AGENCIES_AWAITED", "AWAITED_UNTIL",
)  # fmt: skip
#: The header of CSV for a panel, which has one more column.
PANEL_COLUMNS: Final = (*COLUMNS, "CHANGE_12M")
#: The last column of CSV if numbers are invented. A saved file needs it, because it has no HTTP header that says so.
INVENTED_COLUMN: Final = "INVENTED"


def header(page: AnswerPage) -> bytes:
    """The header row. A panel adds a column, and so do invented numbers."""
    columns = PANEL_COLUMNS if page.panel else COLUMNS
    return ",".join((*columns, INVENTED_COLUMN) if page.invented else columns).encode() + b"\r\n"


def rows(page: AnswerPage) -> bytes:
    """A row for each period and series, zeros included.

    A row has no value if it is not known (``O``), or if it is withheld (``Q``).
    """
    table = page.content.table
    rates = with_gaps(page.content.rates().T)
    names = [",".join(one.codes) for one in table.series]
    compared = [[""] * len(names)] * len(rates)
    withheld: list[list[int]] = [[]] * len(rates)
    if page.panel:
        earlier = with_gaps(changes(table.values, page.panel.earlier).T)
        compared = [[f",{_blank(change)}" for change in row] for row in earlier]
    if table.withheld is not None:
        withheld = [np.flatnonzero(row).tolist() for row in table.withheld.T]
    gap, end = "," if page.panel else "", ",true\r\n" if page.invented else "\r\n"
    rows: list[str] = []
    columns = table.values.T.tolist(), rates, compared
    for period, hidden, *cells in zip(coverage(table), withheld, *columns, strict=True):
        head = f"{page.indicator},{table.frequency},{period.period},"
        tail = (
            f",{period.agencies_expected},{period.agencies_reporting},{_blank(period.time_coverage)}"
            f",{period.counted_from or ''},{period.agencies_awaited or ''},{period.awaited_until or ''}"
        )
        if period.status == NOT_KNOWN:
            found = [f"{head}{name},,{NOT_KNOWN},{tail}{gap}{end}" for name in names]
        else:
            found = [
                f"{head}{name},{value},{period.status},{_blank(rate)}{tail}{change}{end}"
                for name, value, rate, change in zip(names, *cells, strict=True)
            ]
        for at in hidden:
            found[at] = f"{head}{names[at]},,{WITHHELD},{tail}{gap}{end}"
        rows += found
    return "".join(rows).encode()


def _blank(number: float | None) -> str:
    return "" if number is None else str(number)
