"""What the rules notice in reports, in sums of finer figures, and in the weeks of all agencies; only reads.

Judged is what stands now, never how it came to stand: whoever asks twice is told the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from countries import queries
from federation import figures, thresholds
from federation.combination import named_rows
from federation.database import cursor, statement
from federation.figures import Computed
from federation.models.figures import Source
from federation.rules import levels, mix, periods, plausibility, tables
from federation.rules.levels import Facts
from federation.rules.periods import Frequency
from federation.rules.plausibility import Cells
from federation.rules.tables import Values
from federation.rules.thresholds import Thresholds
from federation.worklist import Stage, Thing

#: At which frequencies reports are judged; minutes are by their hour.
JUDGED = (Frequency.HOUR, Frequency.DAY, Frequency.MONTH)
#: At which frequencies a sum has a usual level.
_LEVELLED = (Frequency.HOUR, Frequency.DAY)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a rule noticed of an agency's period, a figure as a thing; ``report`` is the root report it is about."""

    rule: str
    thing: Thing
    report: int | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Standing:
    """The current report of a figure: ``root`` is the row that holds its cells.

    ``before`` is the total that was current before it, if it came late; ``previous`` are the
    cells of the period before, if they add up to the same.
    """

    root: int
    withdrawn: bool
    received: datetime
    cells: Cells
    before: int | None
    previous: Cells | None


def standing(things: Sequence[Thing]) -> dict[Thing, Standing]:
    """Return the current reports of figures, all of one frequency; those without one are left out."""
    days = timedelta(days=thresholds.for_all().r103_days)
    ends = [periods.end(thing.frequency, thing.period) for thing in things]
    befores = [periods.previous(thing.frequency, thing.period) for thing in things]
    rows = _rows("noticing_reports", things, befores=befores, settled=[end + days for end in ends])
    return {things[row[0]]: _standing(*row[1:]) for row in rows}


def _standing(root: int, withdrawn: bool, received: datetime, *rest: Any) -> Standing:  # noqa: FBT001  columns
    countries, networks, values, before, *previous = rest
    repeats = Cells(*previous) if previous[0] is not None else None
    return Standing(root, withdrawn, received, Cells(countries, networks, values), before, repeats)


def in_reports(reports: Mapping[Thing, Standing], *, from_reports: bool) -> list[Noticed]:
    """Return what is noticed of reports, all of one frequency.

    With ``from_reports``, finer figures are computed from reports, as they will be once all is reconciled.
    """
    limits = thresholds.by_agency({thing.agency for thing in reports})
    whole = [thing for thing, report in reports.items() if not report.withdrawn]
    sums = (figures.summed_from_reports(whole) if from_reports else figures.summed(whole)) if whole else {}
    return [
        Noticed(rule, thing, report.root, facts)
        for thing, report in reports.items()
        for rule, facts in _of_report(thing, report, sums.get(thing), limits[thing.agency])
        if facts is not None
    ]


def _of_report(
    thing: Thing, report: Standing, finer: Computed | None, limits: Thresholds
) -> list[tuple[str, Facts | None]]:
    cells, age = report.cells, report.received - periods.end(thing.frequency, thing.period)
    return [
        ("R101", _mismatch(thing, report, finer)),
        (
            "R103",
            None
            if report.before is None
            else plausibility.revised(cells.total, report.before, age=age, thresholds=limits),
        ),
        ("R104", None if report.previous is None else plausibility.repeated(cells, report.previous, limits)),
        ("R105", plausibility.unlocated(cells, limits)),
    ]


def _mismatch(thing: Thing, report: Standing, finer: Computed | None) -> Facts | None:
    """Only finer figures that are there whole can be wrong about a report."""
    whole = periods.seconds(thing.frequency, thing.period)
    if report.withdrawn or finer is None or finer.source != Source.DERIVED or finer.covered_seconds < whole:
        return None
    cells = Cells(finer.countries, finer.networks, finer.values)
    return plausibility.mismatched(report.cells, cells, finer=periods.FINER[Frequency(thing.frequency)].value)


def in_sums(things: Sequence[Thing]) -> list[Noticed]:
    """Return which whole sums of finer figures have an implausible level (R102), all of one frequency."""
    frequency = things[0].frequency
    if frequency not in _LEVELLED:
        return []
    seconds = periods.seconds(frequency, things[0].period)
    rows = _rows("noticing_sums", things, seconds=seconds, weeks=levels.WEEKS)
    limits = thresholds.by_agency({things[row[0]].agency for row in rows})
    breaks = {
        key: queries.breaks_of(*key) for key in {(things[row[0]].agency, things[row[0]].indicator) for row in rows}
    }
    found = []
    for position, total, starts, totals in rows:
        thing = things[position]
        before = dict(zip(map(_instant, starts.tolist()), totals.tolist(), strict=True))
        usual = levels.usual_of(frequency, thing.period, before, breaks=breaks[thing.agency, thing.indicator])
        facts = levels.strays(total, usual, limits[thing.agency])
        if facts:
            found.append(Noticed("R102", thing, None, facts))
    return found


def _instant(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)


def next_to_repeat(things: Sequence[Thing]) -> list[Thing]:
    """Return the periods after those whose reports changed, where a repetition may begin or end by it (R104)."""
    if not things or things[0].frequency not in JUDGED:
        return []
    ends = [periods.end(thing.frequency, thing.period) for thing in things]
    rows = _rows("noticing_next", things, ends=ends)
    return [things[position]._replace(period=ends[position]) for (position,) in rows]


def in_weeks(weeks: Sequence[Thing]) -> tuple[list[Thing], list[Noticed]]:
    """Return all agencies' weekly figures as things, and whose country mix strays (R301)."""
    keys: list[Thing] = []
    found: list[Noticed] = []
    rows: dict[int, list[tuple[Any, ...]]] = {}
    for position, *row in named_rows("combination_figures", weeks):
        rows.setdefault(position, []).append(tuple(row))
    limits = thresholds.by_agency({row[0] for some in rows.values() for row in some})
    for position, some in rows.items():
        week = weeks[position]
        counts = np.stack([_by_country(row[6], row[8]) for row in some])
        together = counts.sum(axis=0)
        for (agency, *_), own in zip(some, counts, strict=True):
            thing = Thing(Stage.FIGURE, week.frequency, week.period, week.indicator, agency)
            keys.append(thing)
            facts = mix.strays(own, together - own, limits[agency])
            if facts:
                found.append(Noticed("R301", thing, None, facts))
    return keys, found


def _by_country(countries: tables.Numbers, values: Values) -> Values:
    counts = np.zeros(len(tables.COUNTRIES), np.int64)
    rows, _ = tables.place_of(countries, np.full(len(countries), tables.NETWORKS[0]))
    np.add.at(counts, rows, values)
    return counts


def _rows(name: str, things: Sequence[Thing], **more: object) -> list[tuple[Any, ...]]:
    with cursor() as c:
        c.execute(statement(name), named(things) | more)
        return c.fetchall()


def named(things: Sequence[Thing]) -> dict[str, Any]:
    """Return figures, all of one frequency, as the parameters of a named statement."""
    return {
        "frequency": things[0].frequency,
        "indicators": np.array([thing.indicator for thing in things], np.int16),
        "agencies": np.array([thing.agency for thing in things], np.int16),
        "periods": [thing.period for thing in things],
    }
