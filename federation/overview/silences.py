"""Which agencies are silent, and since when."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from federation.findings import lateness


class Silence(NamedTuple):
    """An agency that has reported nothing about some indicators since a period, and the first finding that says so."""

    agency: str
    indicators: Sequence[str]
    frequency: str
    since: datetime
    finding: int


def silent_agencies(*, agency: int | None = None) -> list[Silence]:
    """The agencies that are silent now, longest first. With ``agency``, only this one."""
    rows = lateness.silences().order_by("period", "agency__code", "indicator")
    if agency is not None:
        rows = rows.filter(agency=agency)
    found: dict[tuple[str, str, datetime], list[tuple[str, int]]] = defaultdict(list)
    columns = ("agency__code", "frequency", "period", "indicator__code", "pk")
    for code, frequency, since, indicator, finding in rows.values_list(*columns):
        found[code, frequency, since].append((indicator, finding))
    return [
        Silence(code, [indicator for indicator, _ in silences], frequency, since, silences[0][1])
        for (code, frequency, since), silences in found.items()
    ]
