"""What public numbers look like: JSON by msgspec, CSV in the columns of SDMX-CSV.

The structures here are also the schemas of the OpenAPI document. CSV cannot carry a formula:
all that it holds are codes and numbers.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from django.http import HttpRequest
from django.http.request import MediaType
from msgspec import Meta as Doc
from numpy.typing import NDArray

from api.problems import Problem
from countries import reference
from countries.codes import COUNTRY_CODES, NETWORK_CODES, TOTAL, UNKNOWN
from federation import published
from federation.published import Cells, Coverage, Page, Panel, Standings, Window

JSON: Final = "application/json"
CSV: Final = "text/csv"
#: The header of CSV; the first seven are those of a submission.
COLUMNS: Final = (
    "INDICATOR", "FREQ", "TIME_PERIOD", "COUNTRY", "NETWORK", "OBS_VALUE", "OBS_STATUS",
    "PER_100K", "AGENCIES_EXPECTED", "AGENCIES_REPORTING", "TIME_COVERAGE",
)  # fmt: skip
#: What a panel's CSV has beside them.
PANEL_COLUMNS: Final = (*COLUMNS, "CHANGE_12M")
#: What CSV has at its very end where numbers are made up: a file that was saved has no header of HTTP to say so.
INVENTED_COLUMN: Final = "INVENTED"

#: How many people live in a country or group, by number, in a year; nothing where it is not known.
Inhabitants = Callable[[int, int], int | None]

encode: Final = msgspec.json.Encoder().encode

Period = Annotated[str, Doc(description="The period's SDMX name", examples=["2026-11-01"])]
Version = Annotated[int, Doc(description="The number of the newest publication that changed what was asked for")]
Instant = Annotated[str, Doc(description="An instant in UTC", examples=["2026-12-01T00:01:07.482Z"])]
Status = Annotated[
    str, Doc(description="A: all that was expected is there and final. P: provisional", pattern="^[AP]$")
]
Share = Annotated[
    float, Doc(description="Time covered of the time owed by all expected agencies; 1 only if all of it is", ge=0, le=1)
]
Rate = Annotated[float, Doc(description="The value per 100,000 inhabitants of the period's year or the latest before")]


Change = Annotated[
    float | None,
    Doc(
        description="In a panel: the value against the published one twelve months (or 52 weeks) earlier, as a share: "
        "0.0734 is 7.34 % more. Null if that period is not in the panel's span, or was 0"
    ),
]
Value = Annotated[int, Doc(description="Rounded at random to a multiple of `rounding_base`, without bias", ge=0)]
KnownAt = Annotated[str, Doc(description="When that version became public; `as_of` takes it")]
Base = Annotated[int, Doc(description="All values are multiples of it")]
Notes = Annotated[list[str], Doc(description="What the number is not")]
Next = Annotated[str, Doc(description="The address of the next page; all pages are of one version")]
State = Annotated[
    str,
    Doc(
        description="The first that fits of held, withdrawn, reported, partial, late, awaited",
        pattern="^(held|withdrawn|reported|partial|late|awaited)$",
    ),
]


class CoverageRow(msgspec.Struct, gc=False):
    """Of the agencies expected for a period, how many reported, and for how much of its time."""

    period: Period
    agencies_expected: int
    agencies_reporting: int
    time_coverage: Share | None
    status: Status


class Observation(msgspec.Struct, gc=False):
    """A published cell. One that is not listed is zero if its period is covered, and unknown if not."""

    period: Period
    country: str
    network: str
    value: Value
    per_100k: Rate | None
    status: Status
    change_12m: Change | msgspec.UnsetType = msgspec.UNSET


class PanelMeta(msgspec.Struct):
    """Whose numbers these are: of the agencies that reported every period of a span of months whole."""

    months: int
    start: Annotated[str, Doc(description="The first month of the span", examples=["2024-11"])] | None
    end: Annotated[str, Doc(description="The last month of the span", examples=["2026-10"])] | None
    agencies: Annotated[list[str], Doc(description="Their codes", examples=[["NO-KRIPOS", "SE-NOA"]])]


class RangeMeta(msgspec.Struct):
    """What was asked for, and which view of it this is."""

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


class Annotation(msgspec.Struct):
    """Something on the time axis that readers of a series should know."""

    kind: Annotated[str, Doc(pattern="^(campaign|change|outage|other)$")]
    text: str
    start: Instant
    end: Annotated[str, Doc(description="Without it a campaign or an outage goes on; else it is a moment")] | None
    agency: Annotated[str, Doc(description="Whose numbers it is about; null: everybody's")] | None
    indicator: Annotated[str, Doc(description="What it is about; null: all that is counted")] | None
    is_break: Annotated[bool, Doc(description="Values before and after the start are not comparable")] = msgspec.field(
        name="break"
    )


class Aggregates(msgspec.Struct):
    """The combined view of a range of periods, or a page of it."""

    meta: RangeMeta
    coverage: list[CoverageRow]
    annotations: Annotated[list[Annotation], Doc(description="What lies in the range asked for, whatever the page")]
    observations: list[Observation]
    next: Next | None


class AgencyState(msgspec.Struct, gc=False):
    """Where an expected agency stands in a period."""

    agency: str
    state: State


class PeriodCoverage(msgspec.Struct, gc=False):
    """The coverage of a period, and of each agency in it."""

    period: Period
    agencies_expected: int
    agencies_reporting: int
    time_coverage: Share | None
    status: Status
    agencies: list[AgencyState]


class CoverageOfRange(msgspec.Struct):
    """The coverage of a range of periods, or a page of it."""

    meta: RangeMeta
    coverage: list[PeriodCoverage]
    next: Next | None


class WindowMeta(msgspec.Struct):
    """What was asked for, where the window lies now, and which version of it this is."""

    indicator: str
    window: str
    start: Instant | None
    end: Annotated[str, Doc(description="The instant before which the window ends")] | None
    version: Version | None
    known_at: KnownAt | None
    rounding_base: Base | None
    notes: Notes


class WindowCoverage(msgspec.Struct):
    """Of the agencies expected in the window, how many reported, and for how much of its time."""

    agencies_expected: int
    agencies_reporting: int
    time_coverage: Share | None
    status: Status


class WindowObservation(msgspec.Struct):
    """A published number over all networks; one that is not listed is zero if anybody reported."""

    country: str
    network: str
    value: Value
    per_100k: Rate | None
    status: Status


class SlidingWindow(msgspec.Struct):
    """The combined view of the last day, week, month or year."""

    meta: WindowMeta
    coverage: WindowCoverage | None
    observations: list[WindowObservation]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Some periods of the combined view with their names, and what stands beside the numbers."""

    indicator: str
    frequency: str
    labels: Sequence[str]
    page: Page
    cells: Cells
    inhabitants: Inhabitants
    panel: Panel | None = None
    invented: bool = False


_NAMED: Final = {"json": JSON, "csv": CSV}


def preferred(request: HttpRequest) -> str:
    """Return the media type that ``Accept`` prefers, ours first; an empty one if it takes neither."""
    return best_of(request, (JSON, CSV))


def best_of(request: HttpRequest, offered: tuple[str, ...]) -> str:
    """Return which of several media types ``Accept`` prefers, the first ones first; an empty text if none."""
    return _preferred(request.META.get("HTTP_ACCEPT", "*/*"), offered)


def json_only(request: HttpRequest) -> str:
    """Return JSON's media type; refuse an ``Accept`` that does not take it."""
    if not best_of(request, (JSON,)):
        raise Problem("not_acceptable", detail=f"Accept {JSON}.")
    return JSON


# The header is the caller's, so the number of kept ones is bounded.
@lru_cache(maxsize=256)
def _preferred(accept: str, offered: tuple[str, ...]) -> str:
    try:
        ranges = [MediaType(part) for part in accept.split(",") if part.strip()]
    except (ValueError, TypeError):
        return ""
    liked = {kind: _liking(kind, ranges) for kind in offered}
    best = max(liked, key=lambda kind: liked[kind])
    return best if liked[best][0] > 0 else ""


def _liking(kind: str, ranges: Iterable[MediaType]) -> tuple[float, int]:
    """Return how much a media type is liked: what is said of it most closely counts, also if that refuses it."""
    said = [(one.specificity, one.quality) for one in ranges if one.match(kind)]
    closest, quality = max(said, default=(0, 0.0))
    return float(quality), closest


def agreed(named: str | None, preferred: str) -> str:
    """Return the media type to answer with: as the parameter ``format`` says, or else as ``Accept`` does."""
    if named is not None and named not in _NAMED:
        raise Problem("bad_parameter", detail="The formats are json and csv.", parameter="format")
    found = _NAMED[named] if named else preferred
    if not found:
        raise Problem("not_acceptable", detail=f"Accept {JSON} or {CSV}.")
    return found


def instant(moment: datetime) -> str:
    """Write an instant as the API does: to the millisecond, with Z."""
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def coverage_rows(labels: Sequence[str], coverage: Coverage) -> list[CoverageRow]:
    """Return the coverage of periods, with their names, as it is listed."""
    columns = (coverage.expected.tolist(), coverage.reporting.tolist(), shares(coverage), coverage.statuses)
    return list(map(CoverageRow, labels, *columns))


def shares(coverage: Coverage) -> list[float | None]:
    """Return covered time of owed time; nothing where nobody owed any."""
    return [share / 10_000 if share >= 0 else None for share in coverage.shares.tolist()]


def annotations(rows: Iterable[reference.Annotation]) -> list[Annotation]:
    """Return annotations as they are listed."""
    return [
        Annotation(
            kind=row.kind,
            text=row.text,
            start=instant(row.start),
            end=instant(row.end) if row.end else None,
            agency=row.agency,
            indicator=row.indicator,
            is_break=row.is_break,
        )
        for row in rows
    ]


def period_coverages(
    labels: Sequence[str], coverage: Coverage, standings: Standings, agencies: Mapping[int, str]
) -> list[PeriodCoverage]:
    """Return the coverage of periods with the state of each agency, by code."""
    listed: dict[int, list[AgencyState]] = {period: [] for period in coverage.periods.tolist()}
    columns = (standings.periods.tolist(), standings.agencies.tolist(), standings.states)
    for period, agency, state in zip(*columns, strict=True):
        listed[period].append(AgencyState(agencies.get(agency, UNKNOWN), state))
    rows = zip(coverage_rows(labels, coverage), listed.values(), strict=True)
    return [
        PeriodCoverage(
            period=row.period,
            agencies_expected=row.agencies_expected,
            agencies_reporting=row.agencies_reporting,
            time_coverage=row.time_coverage,
            status=row.status,
            agencies=sorted(states, key=lambda state: state.agency),
        )
        for row, states in rows
    ]


def window_observations(
    window: Window, countries: Collection[int], people: Mapping[int, int]
) -> list[WindowObservation]:
    """Return the numbers of a sliding window for some countries, by code."""
    found = dict(zip(window.countries.tolist(), window.values.tolist(), strict=True))
    asked = sorted(found.keys() & set(countries), key=lambda number: COUNTRY_CODES[number])
    values = np.array([found[number] for number in asked], np.int64)
    nowhen = np.zeros(len(asked), np.int64)
    per_100k = rates(values, np.array(asked), nowhen, lambda country, _: people.get(country)).tolist()
    status = window.coverage.statuses
    return [
        WindowObservation(COUNTRY_CODES[number], TOTAL, found[number], rate, status)
        for number, rate in zip(asked, per_100k, strict=True)
    ]


def observations(sheet: Sheet) -> list[Observation]:
    """Return the cells as they are listed, by period, country code and network code."""
    coverage, cells = sheet.page.coverage, _in_order(sheet.cells)
    position = np.searchsorted(coverage.periods, cells.periods)
    columns = (
        np.array(sheet.labels, object)[position],
        _COUNTRY_NAMES[cells.countries],
        _NETWORK_NAMES[cells.networks],
        cells.values,
        rates(cells.values, cells.countries, _years(sheet)[position], sheet.inhabitants),
        np.array(list(coverage.statuses), object)[position],
        *([_changes_listed(cells, sheet.panel.earlier)] if sheet.panel else ()),
    )
    return list(map(Observation, *(column.tolist() for column in columns)))


def panel_meta(panel: Panel, agencies: Mapping[int, str]) -> PanelMeta:
    """Return who a panel is made of, by code, and its first and last month."""
    start = published.label("M", panel.start) if panel.start else None
    # A moment before its end, the last month is running.
    end = published.label("M", panel.end - timedelta(seconds=1)) if panel.end else None
    codes = sorted(agencies.get(agency, UNKNOWN) for agency in panel.agencies.tolist())
    return PanelMeta(panel.months, start, end, codes)


def _changes_listed(cells: Cells, earlier: Cells) -> NDArray[Any]:
    """Return how cells changed against the earlier ones, which stand under the same periods."""
    there = zip(earlier.periods.tolist(), earlier.countries.tolist(), earlier.values.tolist(), strict=True)
    before = {(period, country): value for period, country, value in there}
    places = zip(cells.periods.tolist(), cells.countries.tolist(), strict=True)
    return _changes(cells.values, np.array([before.get(place, 0) for place in places], np.int64))


def _changes(values: NDArray[np.int64], earlier: NDArray[np.int64]) -> NDArray[Any]:
    """Return changes as shares of the earlier values; nothing where there is none."""
    found = np.full(values.shape, None, object)
    there = earlier > 0
    found[there] = np.round(values[there] / earlier[there] - 1, 4)
    return found


def _years(sheet: Sheet) -> NDArray[np.int64]:
    """Return the year of each period; a week's is the one of its Thursday."""
    days = sheet.page.coverage.periods // 86_400 + (3 if sheet.frequency == "W" else 0)
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


_YEAR_BITS: Final = 14
_YEARS: Final = 2**_YEAR_BITS - 1


def rates(
    values: NDArray[np.int64], countries: NDArray[Any], years: NDArray[np.int64], inhabitants: Inhabitants
) -> NDArray[Any]:
    """Return published values per 100,000 inhabitants; nothing where nobody knows how many those are."""
    pairs, back = np.unique(countries.astype(np.int64) << _YEAR_BITS | years, return_inverse=True)
    asked = ((pair >> _YEAR_BITS, pair & _YEARS) for pair in pairs.tolist())
    people = np.array([inhabitants(country, year) or np.nan for country, year in asked], np.float64)
    found = np.round(values * 100_000 / people[back], 2)
    unknown = np.isnan(found)
    if not unknown.any():
        return found
    with_gaps = found.astype(object)
    with_gaps[unknown] = None
    return with_gaps


def csv_header(sheet: Sheet) -> bytes:
    """Return the header row; every panel has one column more, whatever is in it, and so have invented numbers."""
    columns = PANEL_COLUMNS if sheet.panel else COLUMNS
    return ",".join((*columns, INVENTED_COLUMN) if sheet.invented else columns).encode() + b"\r\n"


def csv_rows(sheet: Sheet, series: Sequence[tuple[int, int]]) -> bytes:
    """Spell out each period and each series, zeros included; ``O`` and no value where nobody reported."""
    coverage, labels = sheet.page.coverage, sheet.labels
    values = _grid(sheet.cells, coverage, series)
    countries = np.tile(np.array([country for country, _ in series], np.int64), len(labels))
    years = np.repeat(_years(sheet), len(series))
    per_100k = rates(values.ravel(), countries, years, sheet.inhabitants).reshape(values.shape)
    changes = _changes_spelled_out(sheet, values, series)
    names = [f"{COUNTRY_CODES[country]},{NETWORK_CODES[network]}" for country, network in series]
    end = ",true\r\n" if sheet.invented else "\r\n"
    rows: list[str] = []
    for at, (label, share) in enumerate(zip(labels, shares(coverage), strict=True)):
        expected, reporting = int(coverage.expected[at]), int(coverage.reporting[at])
        head = f"{sheet.indicator},{sheet.frequency},{label},"
        tail = f",{expected},{reporting},{_blank(share)}"
        if not reporting:
            rows += [f"{head}{name},,O,{tail}{end}" for name in names]
            continue
        status = coverage.statuses[at]
        shown = zip(names, values[at].tolist(), per_100k[at].tolist(), changes[at], strict=True)
        rows += [
            f"{head}{name},{value},{status},{_blank(rate)}{tail}{change}{end}" for name, value, rate, change in shown
        ]
    return "".join(rows).encode()


def _changes_spelled_out(sheet: Sheet, values: NDArray[np.int64], series: Sequence[tuple[int, int]]) -> list[list[str]]:
    """Return the last column of a panel, of each period and series; for other answers nothing."""
    if sheet.panel is None:
        return [[""] * len(series)] * len(values)
    changes = _changes(values, _grid(sheet.panel.earlier, sheet.page.coverage, series))
    return [[f",{_blank(change)}" for change in row] for row in changes.tolist()]


def _blank(number: float | None) -> str:
    return "" if number is None else str(number)


def _grid(cells: Cells, coverage: Coverage, series: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
    """Return periods × series. All cells read are of these series: one that ever had a cell is among them."""
    position = {pair: at for at, pair in enumerate(series)}
    grid = np.zeros((len(coverage.periods), len(position)), np.int64)
    pairs = zip(cells.countries.tolist(), cells.networks.tolist(), strict=True)
    columns = np.array([position[pair] for pair in pairs], np.intp)
    grid[np.searchsorted(coverage.periods, cells.periods), columns] = cells.values
    return grid


def in_order(series: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return countries and networks by their codes."""
    return sorted(series, key=lambda pair: (COUNTRY_CODES[pair[0]], NETWORK_CODES[pair[1]]))


def _names(codes: Mapping[int, str]) -> NDArray[Any]:
    """Return the codes by number."""
    names = np.full(max(codes) + 1, None, object)
    names[list(codes)] = list(codes.values())
    return names


def _ranks(codes: Mapping[int, str]) -> NDArray[np.int64]:
    """Return the place of each number in the order of the codes."""
    ranks = np.zeros(max(codes) + 1, np.int64)
    ranks[sorted(codes, key=lambda number: codes[number])] = np.arange(len(codes))
    return ranks


_COUNTRY_NAMES: Final = _names(COUNTRY_CODES)
_NETWORK_NAMES: Final = _names(NETWORK_CODES)
_COUNTRY_RANKS: Final = _ranks(COUNTRY_CODES)
_NETWORK_RANKS: Final = _ranks(NETWORK_CODES)


def _in_order(cells: Cells) -> Cells:
    order = np.lexsort((_NETWORK_RANKS[cells.networks], _COUNTRY_RANKS[cells.countries], cells.periods))
    return Cells(cells.periods[order], cells.countries[order], cells.networks[order], cells.values[order])
