"""Interventions and their estimates as JSON and as CSV. The structures are also the schemas of OpenAPI.

CSV has only codes, words and numbers, so no cell can be a formula. Titles and descriptions are in JSON.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from math import expm1
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta as Doc

from api import formats
from api.formats import csv_table
from countries.reference import Draw, Intervention
from federation.published.effects import Effect
from federation.rules.effect import WEEKS_TOGETHER
from federation.rules.effect_result import Evidence, Interval, Reason, UnitResult, Word
from federation.rules.panels import MONTHS
from p2p_core import instants, periods

_PERCENT_DECIMALS: Final = 6
#: The members of an estimate that are null if it cannot be told, beside its rank.
_CHANGES: Final = ("change_percent", "low_percent", "high_percent", "change", "low", "high")

LIST_COLUMNS: Final = (
    "ID", "INDICATOR", "COUNTRIES", "NETWORKS", "DIRECTION", "START", "WEEKS_BEFORE", "WEEKS_AFTER", "COMPARISON",
    "DRAW", "REGISTERED", "SEAL_POSITION", "SEALED", "LATE", "WORD", "REASON", "VERSION", "KNOWN_AT", "WEEKS", "PANEL",
    "AGENCIES", "EXCLUDED", "RANK", "OF", "CHANGE_PERCENT", "LOW_PERCENT", "HIGH_PERCENT", "CHANGE", "LOW", "HIGH",
)  # fmt: skip
UNIT_COLUMNS: Final = (
    "ID", "INDICATOR", "UNIT", "COUNTRIES", "BEFORE", "AFTER", "CHANGE", "USUAL", "SIZE", "LOW", "HIGH", "RANK",
)  # fmt: skip

Countries = Annotated[list[str], Doc(description="Codes of `/api/v1/countries/`", examples=[["NO", "SE"]])]
Log = Annotated[float, Doc(description="The logarithm of a ratio. 0 is no change, and -0.22 is about 20 % fewer")]
Percent = Annotated[float, Doc(description="A change in per cent: -20.0 is 20 % fewer")]
WordCode = Annotated[
    str,
    Doc(
        description="`registered`: it has not started. `running`: not all weeks are known. `found`: the interval lies "
        "on the expected side of 0. `not_found`: it does not, which does not mean that there was no effect. "
        "`cannot_be_told`: see `reason`",
        pattern=f"^({'|'.join(Word)})$",
    ),
]
ReasonCode = Annotated[
    str,
    Doc(
        description="Why it cannot be told. `no_comparison`: no comparison country is left. `few_comparisons`: fewer "
        "than 20 are left. `panel_broken`: no panel has agencies in all of the weeks. `small_counts`: the numbers of "
        "the treated countries are too small",
        pattern=f"^({'|'.join(Reason)})$",
    ),
]
PanelMonths = Annotated[
    str,
    Doc(
        description="The months of the panel that it uses. Null if the intervention names networks, because a panel "
        "has none, and if no panel has all weeks",
        pattern=f"^({'|'.join(map(str, MONTHS))})$",
    ),
]


class SealDocument(msgspec.Struct):
    """The seal of the registration in the audit chain. Compare it with a head that you wrote down."""

    position: int
    sealed: formats.Instant


class EstimateDocument(msgspec.Struct):
    """What the intervention changed, and the interval of 95 %. The numbers are null if it cannot be told."""

    version: Annotated[int, Doc(description="The version that published the estimate")]
    known_at: Annotated[str, Doc(description="When this version became public. Send it as `as_of`")]
    weeks: Annotated[int, Doc(description="How many weeks since the start it uses")]
    panel: PanelMonths | None
    agencies: Annotated[list[str], Doc(description="The agencies whose reports it uses")]
    excluded: Annotated[
        list[str], Doc(description="Countries that are not compared, because another intervention is registered there")
    ]
    rank: Annotated[int, Doc(description="The position by size among all units. 1 is the largest")] | None
    of: Annotated[int, Doc(description="The number of units: the treated one, and the comparison countries")] | None
    change_percent: Percent | None
    low_percent: Percent | None
    high_percent: Percent | None
    change: Log | None
    low: Log | None
    high: Log | None


class EffectDocument(msgspec.Struct, kw_only=True):
    """A registered intervention, and what its estimate says. Without `networks`, it is on all of them.

    Without a `comparison`, all other countries are compared. It is `late` if it was not sealed before its start.
    """

    id: int
    title: str
    description: str
    registrant: Annotated[str, Doc(description="The office that registered it")]
    countries: Countries
    networks: list[str]
    indicator: str
    direction: Annotated[str, Doc(description="What the registrant expects", pattern="^(fewer|more)$")]
    start: Annotated[date, Doc(description="The Monday of the first week with the intervention")]
    weeks_before: int
    weeks_after: int
    comparison: Countries
    draw: Annotated[int, Doc(description="The `id` of a row of `draws`, if a draw decided who starts")] | None
    registered: formats.Instant
    seal: SealDocument | None
    late: bool
    word: WordCode
    reason: ReasonCode | None
    estimate: EstimateDocument | None


class UnitDocument(msgspec.Struct):
    """A unit: all treated countries together, or one comparison country. Sums are of published counts."""

    treated: bool
    countries: Countries
    before: Annotated[int, Doc(description="The sum of the weeks before the start")]
    after: Annotated[int, Doc(description="The sum of the weeks since the start")]
    change: Log
    usual: Annotated[float, Doc(description="The usual change between two windows of eight weeks before the start")]
    size: Annotated[float, Doc(description="The change divided by the usual change, without its sign")]


class IntervalDocument(msgspec.Struct):
    """The change, and the ends of its interval of 95 %, after a number of weeks since the start."""

    weeks: int
    change_percent: Percent
    low_percent: Percent
    high_percent: Percent
    change: Log
    low: Log
    high: Log


class LineDocument(msgspec.Struct):
    """The change of a unit in each sliding sum of weeks."""

    treated: bool
    countries: Countries
    changes: list[Log]


class LinesDocument(msgspec.Struct):
    """The lines of all units. The first sum begins with `first_week`, and each next sum one week later."""

    first_week: Annotated[str, Doc(description="An ISO week", examples=["2025-W45"])]
    weeks_together: Annotated[int, Doc(description="How many weeks each sum has")]
    units: list[LineDocument]


class EffectInFullDocument(EffectDocument, kw_only=True):
    """An intervention with everything behind its estimate. Lists are empty if there is no number to show."""

    units: Annotated[list[UnitDocument], Doc(description="The treated unit is the first")]
    over_time: Annotated[list[IntervalDocument], Doc(description="One for each week since the start")]
    lines: LinesDocument


class DrawDocument(msgspec.Struct):
    """A draw of the order in which countries start. The source of the random value was named before it was known.

    To repeat it, sort the countries by the SHA-256 of "value CODE": the value, a blank, and the code, in UTF-8.
    """

    id: int
    title: str
    countries: Countries
    source: Annotated[str, Doc(description="Which public random value decides, and where to read it")]
    known_from: formats.Instant
    announced: formats.Instant
    value: Annotated[str, Doc(description="The random value. Null until it is drawn")] | None
    drawn: formats.Instant | None
    order: Annotated[list[str], Doc(description="The countries in the order that was drawn. Empty before the draw")]


class EffectsMeta(msgspec.Struct):
    """The newest estimate in the answer."""

    version: Annotated[int, Doc(description="The version of the newest estimate; null if there is none")] | None
    known_at: Annotated[str, Doc(description="When this version became public")] | None
    as_of: formats.Instant | None
    notes: formats.Notes


class EffectList(msgspec.Struct):
    """Registered interventions, latest start first, and all draws, latest announcement first."""

    meta: EffectsMeta
    effects: list[EffectDocument]
    draws: list[DrawDocument]


class EffectAnswer(msgspec.Struct):
    """An intervention in full, and the draw that decided when its countries start, if there was one."""

    meta: EffectsMeta
    effect: EffectInFullDocument
    draws: list[DrawDocument]


def effect(row: Effect) -> EffectDocument:
    return EffectDocument(**_members(row))


def effect_in_full(row: Effect, evidence: Evidence) -> EffectInFullDocument:
    intervention = row.intervention
    lines = [
        LineDocument(not unit.country, _countries(intervention, unit), line)
        for unit, line in zip(evidence.units, evidence.lines, strict=True)
    ]
    return EffectInFullDocument(
        **_members(row),
        units=[_unit(intervention, one) for one in evidence.units],
        over_time=[_interval(weeks, one) for weeks, one in enumerate(evidence.over_time, start=1)],
        lines=LinesDocument(periods.label("W", intervention.first), WEEKS_TOGETHER, lines),
    )


def draw(row: Draw) -> DrawDocument:
    return DrawDocument(
        id=row.id,
        title=row.title,
        countries=list(row.countries),
        source=row.source,
        known_from=instants.write(row.known_from),
        announced=instants.write(row.announced),
        value=row.value or None,
        drawn=_instant(row.drawn),
        order=row.order,
    )


def csv(rows: Iterable[Effect], *, invented: bool) -> bytes:
    """One row for each intervention."""
    return _csv(LIST_COLUMNS, [_list_row(effect(row)) for row in rows], invented=invented)


def csv_of_units(row: Effect, evidence: Evidence, *, invented: bool) -> bytes:
    """One row for each unit of an intervention, the treated one first. There is none if it cannot be told."""
    document = effect_in_full(row, evidence)
    rows = [_unit_row(document, unit) for unit in document.units]
    # Without rows, nothing in the table is invented.
    return _csv(UNIT_COLUMNS, rows, invented=invented and bool(rows))


def _members(row: Effect) -> dict[str, Any]:
    found = msgspec.structs.asdict(row.intervention) | {"registered": instants.write(row.intervention.registered)}
    found |= {name: list(found[name]) for name in ("countries", "networks", "comparison")}
    return found | {
        "seal": _seal(row),
        "late": row.is_late,
        "word": row.word,
        "reason": row.reason,
        "estimate": _estimate(row),
    }


def _seal(row: Effect) -> SealDocument | None:
    if row.position is None or row.sealed is None:
        return None
    return SealDocument(row.position, instants.write(row.sealed))


def _estimate(row: Effect) -> EstimateDocument | None:
    result = row.result
    if result is None or row.version is None or row.known_at is None:
        return None
    numbers: dict[str, Any] = dict.fromkeys(("rank", "of", *_CHANGES))
    if result.interval:
        whole = msgspec.structs.asdict(_interval(result.weeks, result.interval))
        numbers = {name: whole[name] for name in _CHANGES} | {"rank": result.rank, "of": result.of}
    return EstimateDocument(
        version=row.version,
        known_at=instants.write(row.known_at),
        weeks=result.weeks,
        panel=str(result.months) if result.months else None,
        agencies=result.agencies,
        excluded=result.excluded,
        **numbers,
    )


def _interval(weeks: int, row: Interval) -> IntervalDocument:
    return IntervalDocument(
        weeks, _percent(row.change), _percent(row.low), _percent(row.high), row.change, row.low, row.high
    )


def _unit(intervention: Intervention, row: UnitResult) -> UnitDocument:
    numbers = row.before, row.after, row.change, row.usual, row.size
    return UnitDocument(not row.country, _countries(intervention, row), *numbers)


def _countries(intervention: Intervention, unit: UnitResult) -> list[str]:
    return [unit.country] if unit.country else list(intervention.countries)


def _percent(number: float) -> float:
    # Adding 0 turns -0.0 into 0.0.
    return round(100 * expm1(number), _PERCENT_DECIMALS) + 0.0


def _instant(moment: datetime | None) -> str | None:
    return instants.write(moment) if moment else None


def _list_row(row: EffectDocument) -> list[object]:
    return [
        row.id, row.indicator, row.countries, row.networks, row.direction, row.start, row.weeks_before, row.weeks_after,
        row.comparison, row.draw, row.registered, *_cells(SealDocument, row.seal), row.late, row.word, row.reason,
        *_cells(EstimateDocument, row.estimate),
    ]  # fmt: skip


def _unit_row(row: EffectInFullDocument, unit: UnitDocument) -> list[object]:
    """Only the treated unit has an interval and a rank."""
    estimate = row.estimate if unit.treated else None
    interval = (estimate.low, estimate.high, estimate.rank) if estimate else (None, None, None)
    return [
        row.id, row.indicator, "treated" if unit.treated else "comparison", unit.countries, unit.before, unit.after,
        unit.change, unit.usual, unit.size, *interval,
    ]  # fmt: skip


def _cells(kind: type[msgspec.Struct], document: msgspec.Struct | None) -> Sequence[object]:
    """All members of a document. Empty cells if there is none."""
    return msgspec.structs.astuple(document) if document else [None] * len(kind.__struct_fields__)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]], *, invented: bool) -> bytes:
    head: list[object] = [*columns, csv_table.INVENTED_COLUMN] if invented else [*columns]
    lines = [head, *([*row, True] if invented else row for row in rows)]
    return "".join(",".join(map(_cell, line)) + "\r\n" for line in lines).encode()


def _cell(value: object) -> str:
    """Codes of a list have blanks between them."""
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
