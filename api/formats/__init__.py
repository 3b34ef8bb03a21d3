"""The formats of public numbers. Here: JSON, by msgspec, with the structures that are also the schemas of OpenAPI."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Final, NamedTuple, cast

import msgspec
import numpy as np
from msgspec import Meta as Doc
from msgspec import structs
from numpy.typing import NDArray

from countries import reference
from federation.published.answers import Page, Panel, Standings
from federation.published.detail import Withheld
from federation.rules.coverage import STATES, Coverage, with_gaps
from federation.rules.view import Table
from p2p_core import instants, periods
from p2p_core.codes import UNKNOWN
from p2p_core.periods import Longs

#: Bytes. nginx accepts 16 kB for all headers of an answer together.
LONGEST_HEADER: Final = 4096

encode: Final = msgspec.json.Encoder().encode

Period = Annotated[str, Doc(description="The period's SDMX name", examples=["2026-11-01"])]
Version = Annotated[int, Doc(description="The number of the newest publication that changed anything in this answer")]
Instant = Annotated[str, Doc(description="An instant in UTC", examples=["2026-12-01T00:01:07.482Z"])]
Status = Annotated[
    str,
    Doc(
        description="A: final. P: provisional, because reports are missing or may still change, or because an agency "
        "began within the period. O: not known, because nobody reported or the period is not public yet",
        pattern="^[AOP]$",
    ),
]
AgenciesAwaited = Annotated[
    int,
    Doc(
        description="The number of agencies for which the period waits. Present only if the period has ended and is "
        "not public yet",
        ge=1,
    ),
]
AwaitedUntil = Annotated[
    str,
    Doc(
        description="The instant at which the period is published at the latest. Present only if the period has ended "
        "and is not public yet",
        examples=["2026-12-01T21:00:00Z"],
    ),
]
CountedFrom = Annotated[
    str,
    Doc(
        description="The instant from which all expected agencies count. Present only if an agency began within the "
        "period"
    ),
]
Share = Annotated[
    float,
    Doc(
        description="The time that all expected agencies together have covered, divided by the time that they together "
        "owed. It is rounded down, so 1 means that all of the owed time is covered",
        ge=0,
        le=1,
    ),
]
Rate = Annotated[
    float,
    Doc(
        description="The value per 100,000 inhabitants. The population is that of the period's year, or of the latest "
        "year before it"
    ),
]
Change = Annotated[
    float | None,
    Doc(
        description="In a panel: the change from the published value twelve months (or 52 weeks) earlier, as a share "
        "of that value: 0.0734 means 7.34 % more. Null if the earlier period is not in the panel's span, or its value "
        "was 0"
    ),
]
Value = Annotated[int, Doc(description="Rounded at random to a multiple of `rounding_base`, without bias", ge=0)]
KnownAt = Annotated[
    str,
    Doc(
        description="The instant since which all these numbers have been public, including the rates. Send it as "
        "`as_of` to get the same numbers again"
    ),
]
Base = Annotated[int, Doc(description="All values are multiples of this number")]
Notes = Annotated[list[str], Doc(description="What readers must know about the numbers, such as what they do not show")]
Next = Annotated[str, Doc(description="The address of the next page. All pages show the same version")]
State = Annotated[
    str,
    Doc(
        description=f"The first of these states that fits: {', '.join(STATES)}",
        pattern=f"^({'|'.join(STATES)})$",
    ),
]


class CoverageDocument(msgspec.Struct, gc=False):
    """How many of the agencies expected in a period or window have reported, and for how much of its time."""

    period: Annotated[str, Doc(description="The period's SDMX name, or the window", examples=["2026-11-01"])]
    agencies_expected: int
    agencies_reporting: int
    time_coverage: Share | None
    status: Status
    counted_from: CountedFrom | msgspec.UnsetType = msgspec.UNSET
    agencies_awaited: AgenciesAwaited | msgspec.UnsetType = msgspec.UNSET
    awaited_until: AwaitedUntil | msgspec.UnsetType = msgspec.UNSET


class Observation(msgspec.Struct, gc=False):
    """A published cell. One that is not listed is zero, unless its period has the status ``O`` or it is withheld."""

    period: Period
    country: str
    network: str
    value: Value
    per_100k: Rate | None
    status: Status
    change_12m: Change | msgspec.UnsetType = msgspec.UNSET


class PanelMeta(msgspec.Struct):
    """A panel: the numbers are sums over the agencies that reported all of each period in a span of months."""

    months: int
    start: Annotated[str, Doc(description="The first month of the span", examples=["2024-11"])] | None
    end: Annotated[str, Doc(description="The last month of the span", examples=["2026-10"])] | None
    agencies: Annotated[list[str], Doc(description="The codes of the agencies", examples=[["NO-KRIPOS", "SE-NOA"]])]


class RangeMeta(msgspec.Struct):
    """The requested range, and the version of this answer."""

    indicator: str
    frequency: Annotated[str, Doc(pattern="^[NHDWMA]$")]
    start: Period
    end: Period
    as_of: Instant | None
    version: Version | None
    known_at: KnownAt | None
    rounding_base: Base
    notes: Notes
    panel: PanelMeta | msgspec.UnsetType = msgspec.UNSET


class AnnotationDocument(msgspec.Struct):
    """Something on the time axis that readers of a series should know."""

    kind: Annotated[str, Doc(pattern="^(campaign|change|outage|other|intervention|late_intervention)$")]
    text: str
    start: Instant
    end: (
        Annotated[
            str, Doc(description="Null if a campaign or an outage goes on, or if another kind is a single moment")
        ]
        | None
    )
    agency: Annotated[str, Doc(description="The agency that it is about; null means all agencies")] | None
    indicator: Annotated[str, Doc(description="The indicator that it is about; null means all indicators")] | None
    is_break: Annotated[bool, Doc(description="Values before and after the start are not comparable")] = msgspec.field(
        name="break"
    )


class Aggregates(msgspec.Struct):
    """The combined view of a range of periods, or a page of it."""

    meta: RangeMeta
    coverage: list[CoverageDocument]
    annotations: Annotated[
        list[AnnotationDocument],
        Doc(description="All annotations that overlap the requested range. Each page has all of them"),
    ]
    observations: list[Observation]
    withheld: list[Withheld]
    next: Next | None


class Metadata(NamedTuple):
    """What stands beside the numbers of a range."""

    meta: RangeMeta
    annotations: list[AnnotationDocument]
    withheld: list[Withheld]


class AgencyState(msgspec.Struct, gc=False):
    """The state of an expected agency in a period."""

    agency: str
    state: State
    awaited: Annotated[
        bool | msgspec.UnsetType,
        Doc(description="True if the period is not public yet because it waits for the agency"),
    ] = msgspec.UNSET


class PeriodCoverageDocument(CoverageDocument, kw_only=True):
    """The coverage of a period, and of each agency in it."""

    agencies: list[AgencyState]


class CoverageOfRange(msgspec.Struct):
    """The coverage of a range of periods, or a page of it."""

    meta: RangeMeta
    coverage: list[PeriodCoverageDocument]
    next: Next | None


class WindowMeta(msgspec.Struct):
    """The requested window, its current start and end, and the version of this answer."""

    indicator: str
    window: str
    start: Instant | None
    end: Annotated[str, Doc(description="The instant before which the window ends")] | None
    version: Version | None
    known_at: KnownAt | None
    rounding_base: Base | None
    notes: Notes


class SlidingWindow(msgspec.Struct):
    """The combined view of the last day, week, month or year."""

    meta: WindowMeta
    coverage: CoverageDocument | None
    observations: Annotated[list[Observation], Doc(description="Cells over all networks. Their `period` is the window")]
    withheld: Annotated[
        list[Withheld], Doc(description="Countries and groups that have no window, because a part of it is withheld")
    ]


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """A page of the combined view, with everything that is shown beside its numbers."""

    indicator: str
    content: Page
    panel: Panel | None = None
    invented: bool = False


def coverage(table: Table) -> list[CoverageDocument]:
    columns = table.coverage
    rows = list(
        map(
            CoverageDocument,
            table.labels,
            columns.agencies_expected.tolist(),
            columns.agencies_reporting.tolist(),
            columns.time_coverage,
            columns.statuses.tolist(),
        )
    )
    for at, start in columns.beginnings.items():
        rows[at].counted_from = instants.write(start)
    for at, until in columns.waits.items():
        rows[at].agencies_awaited, rows[at].awaited_until = int(columns.agencies_awaited[at]), instants.write(until)
    return rows


def coverage_for_json(page: Page) -> list[CoverageDocument]:
    """The coverage of a page. If its coverage was cached, this is JSON already, cut out of the cached rows."""
    table = page.table
    if page.cached is None:
        return coverage(table)
    rows, starts = _encoded(table.frequency, page.cached)
    first = int(np.searchsorted(page.cached.periods, table.coverage.periods[0]))
    after = first + len(table.coverage.periods)
    # The encoder copies the bytes.
    return cast("list[CoverageDocument]", msgspec.Raw(b"[" + rows[starts[first] : starts[after] - 1] + b"]"))


@lru_cache(maxsize=16)
def _encoded(frequency: str, cached: Coverage) -> tuple[bytes, list[int]]:
    """Rows in JSON with commas between them, and the start of each row. The last number is the start of a next row."""
    rows = encode(coverage(Table(frequency, [], cached, np.zeros((0, len(cached.periods)), np.int64))))[1:-1]
    # No value of a row is an object or has such characters.
    ends = np.cumsum([len(row) + len(",{") for row in rows.split(b",{")]) - 1
    return rows, [0, *ends.tolist()]


def annotations(rows: Iterable[reference.Annotation]) -> list[AnnotationDocument]:
    return [
        AnnotationDocument(
            kind=row.kind,
            text=row.text,
            start=instants.write(row.start),
            end=instants.write(row.end) if row.end else None,
            agency=row.agency,
            indicator=row.indicator,
            is_break=row.is_break,
        )
        for row in rows
    ]


def period_coverages(page: Page, standings: Standings, agencies: Mapping[int, str]) -> list[PeriodCoverageDocument]:
    """The coverage of periods with the state of each agency, by code."""
    listed: dict[int, list[AgencyState]] = {period: [] for period in page.table.coverage.periods.tolist()}
    columns = (standings.periods.tolist(), standings.agencies.tolist(), standings.states, standings.awaited.tolist())
    for period, agency, state, awaited in zip(*columns, strict=True):
        listed[period].append(AgencyState(agencies.get(agency, UNKNOWN), state, awaited or msgspec.UNSET))
    return [
        PeriodCoverageDocument(**structs.asdict(row), agencies=sorted(states, key=lambda state: state.agency))
        for row, states in zip(coverage(page.table), listed.values(), strict=True)
    ]


def observations(page: AnswerPage) -> list[Observation]:
    """The cells that are not zero, by period, country code and network code."""
    table = page.content.table
    at, row = np.nonzero(table.values.T)
    names = np.array([one.codes for one in table.series], object).reshape(-1, 2)[row]
    columns = [
        np.array(table.labels, object)[at].tolist(),
        names[:, 0].tolist(),
        names[:, 1].tolist(),
        table.values[row, at].tolist(),
        with_gaps(page.content.rates()[row, at]),
        table.coverage.status.astype(object)[at].tolist(),
    ]
    if page.panel:
        columns.append(with_gaps(changes(table.values, page.panel.earlier)[row, at]))
    return list(map(Observation, *columns))


def panel_meta(panel: Panel, agencies: Mapping[int, str]) -> PanelMeta:
    """The agencies of a panel, by code, and its first and last month."""
    start = periods.label("M", panel.start) if panel.start else None
    # A moment before the end lies in the last month.
    end = periods.label("M", panel.end - timedelta(seconds=1)) if panel.end else None
    codes = sorted(agencies.get(agency, UNKNOWN) for agency in panel.agencies.tolist())
    return PanelMeta(panel.months, start, end, codes)


def changes(values: Longs, earlier: Longs) -> NDArray[np.float64]:
    """Changes as shares of the earlier values; NaN without an earlier value."""
    return np.round(values / np.where(earlier > 0, earlier, np.nan) - 1, 4)


def view_headers(version: int | None, known_at: str | None, *, invented: bool) -> dict[str, str]:
    """The headers that say of which view an answer is, and that its numbers are made up."""
    of_view = {"Version": str(version), "Known-At": known_at} if version and known_at else {}
    return of_view | ({"Invented": "true"} if invented else {})


def withheld_header(text: str, list_is_in: str) -> str:
    """Sentences about what is withheld as the value of a header.

    Proxies refuse long headers. So a list that is too long is replaced by the place where it is.
    """
    if len(text) <= LONGEST_HEADER:
        return text
    return f"Numbers are withheld. The list is too long for a header: it is in {list_is_in}."
