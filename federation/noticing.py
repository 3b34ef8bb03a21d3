"""What the rules notice in reports, in sums of finer figures, and in the weeks of all agencies; only reads.

Rules judge what is stored now, so asking twice gives the same answer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from countries import queries
from countries.codes import COUNTRIES, UNKNOWN
from federation import figures, thresholds
from federation.database import cursor, instants
from federation.figures import AllSent, Computed
from federation.models.figures import Source
from federation.rules import levels, mix, periods, plausibility, tables
from federation.rules.levels import Facts
from federation.rules.periods import Frequency
from federation.rules.plausibility import Cells
from federation.rules.tables import Values
from federation.rules.thresholds import Thresholds
from federation.worklist import Stage, Thing, named_rows

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

    ``revisions`` counts the reports that were current before it, and ``before`` is the total of the last of
    them; ``previous`` is the root of the report of the period before, if that has the same total.
    """

    root: int
    withdrawn: bool
    received: datetime
    total: int
    unlocated: int
    revisions: int
    before: int | None
    previous: int | None


def standing(things: Sequence[Thing]) -> dict[Thing, Standing]:
    """Return the current reports of figures, all of one frequency; those without one are left out."""
    if not things:
        return {}
    rows = named_rows("noticing_reports", things, befores=_befores(things), unlocated=COUNTRIES[UNKNOWN])
    return {things[position]: Standing(*row) for position, *row in rows}


def _befores(things: Sequence[Thing]) -> NDArray[np.datetime64]:
    return instants([periods.previous(thing.frequency, thing.period) for thing in things])


def standing_with(things: Sequence[Thing], sent: AllSent) -> dict[Thing, Standing]:
    """Return the current reports of figures of one frequency, as they would be with the reports that are sent."""
    stored = standing([thing for thing in things if thing not in sent])
    would = stored | _standing_of_sent({thing: sent[thing] for thing in things if thing in sent})
    for thing, report in would.items():
        before = sent.get(thing._replace(period=periods.previous(thing.frequency, thing.period)))
        if before is not None:
            repeats = report.total == before.total > 0
            would[thing] = replace(report, previous=before.root if repeats else None)
    return would


def _standing_of_sent(sent: AllSent) -> dict[Thing, Standing]:
    if not sent:
        return {}
    things, reports = list(sent), list(sent.values())
    rows = named_rows(
        "noticing_sent",
        things,
        befores=_befores(things),
        totals=np.array([report.total for report in reports], np.int64),
    )
    found = {}
    for position, *compared in rows:
        report = reports[position]
        unlocated = int(report.values[report.countries == COUNTRIES[UNKNOWN]].sum())
        facts = (report.root, report.withdrawn, report.received, report.total, unlocated)
        found[things[position]] = Standing(*facts, *compared)
    return found


def in_reports(reports: Mapping[Thing, Standing], sent: AllSent | None = None) -> list[Noticed]:
    """Return what is noticed of reports, all of one frequency.

    With ``sent`` finer figures are computed from reports, these among them, as they will be once all is reconciled.
    """
    limits = thresholds.by_agency({thing.agency for thing in reports})
    whole = [thing for thing, report in reports.items() if not report.withdrawn]
    finer = _finer(figures.summed(whole) if sent is None else figures.summed_from_reports(whole, sent))
    cells = _cells(reports, finer)
    cells |= {one.root: Cells(one.countries, one.networks, one.values) for one in (sent or {}).values()}
    found = []
    for thing, report in reports.items():
        judged = _judged(thing, report, finer.get(thing), cells, limits[thing.agency])
        found += [Noticed(rule, thing, report.root, facts) for rule, facts in judged.items() if facts is not None]
    return found


def _finer(sums: Mapping[Thing, Computed]) -> dict[Thing, Cells]:
    """Return the sums of finer figures that are there whole: only they can be wrong about a report."""
    return {
        thing: Cells(one.countries, one.networks, one.values)
        for thing, one in sums.items()
        if one.source == Source.DERIVED and one.covered_seconds == periods.seconds(thing.frequency, thing.period)
    }


def _cells(reports: Mapping[Thing, Standing], finer: Mapping[Thing, Cells]) -> dict[int, Cells]:
    """Return the cells of the reports, by root, that are to be compared with others: there are few."""
    compared = {report.root for thing, report in reports.items() if thing in finer or report.previous is not None}
    compared |= {report.previous for report in reports.values() if report.previous is not None}
    if not compared:
        return {}
    with cursor() as c:
        c.execute(
            "SELECT id, countries, networks, values FROM federation_report WHERE id = ANY(%s)",
            [np.array(sorted(compared), np.int64)],
        )
        return {root: Cells(*arrays) for root, *arrays in c.fetchall()}


def _judged(
    thing: Thing, report: Standing, finer: Cells | None, cells: Mapping[int, Cells], limits: Thresholds
) -> dict[str, Facts | None]:
    """Return what each rule says of a report."""
    found = {
        "R105": plausibility.unlocated(report.total, report.unlocated, limits),
        "R106": plausibility.churned(report.revisions, limits),
    }
    if finer is not None:
        coarse = Frequency(thing.frequency)
        found["R101"] = plausibility.mismatched(cells[report.root], finer, finer=periods.FINER[coarse].value)
    if report.before is not None:
        age = report.received - periods.end(thing.frequency, thing.period)
        found["R103"] = plausibility.revised(report.total, report.before, age=age, thresholds=limits)
    if report.previous is not None:
        found["R104"] = plausibility.repeated(cells[report.root], cells[report.previous], limits)
    return found


def in_sums(things: Sequence[Thing]) -> list[Noticed]:
    """Return which whole sums of finer figures have an implausible level (R102), all of one frequency."""
    if not things or things[0].frequency not in _LEVELLED:
        return []
    frequency = things[0].frequency
    seconds = periods.seconds(frequency, things[0].period)
    rows = named_rows("noticing_sums", things, seconds=seconds, weeks=levels.WEEKS)
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


def next_to_repeat(changed: Sequence[Thing], *, judged: Collection[Thing]) -> list[Thing]:
    """Return the periods after changed ones where a repetition may begin or end (R104), but for those just judged."""
    ends = {thing: periods.end(thing.frequency, thing.period) for thing in changed if thing.frequency in JUDGED}
    following = {thing: thing._replace(period=end) for thing, end in ends.items()}
    asked = [thing for thing, after in following.items() if after not in judged]
    if not asked:
        return []
    rows = named_rows("noticing_next", asked, ends=instants([ends[thing] for thing in asked]))
    return [following[asked[position]] for (position,) in rows]


def in_weeks(weeks: Sequence[Thing]) -> tuple[list[Thing], list[Noticed]]:
    """Return all agencies' weekly figures as things, and whose country mix strays (R301).

    The others are the published week less the agency's own figure. So an agency that tries many figures of its own
    learns no more of the others from its findings than it can compute from what is public.
    """
    rows, published = named_rows("combination_figures", weeks, only=None), _published(weeks)
    limits = thresholds.by_agency({row[1] for row in rows})
    keys, found = list[Thing](), list[Noticed]()
    for position, agency, *_, countries, _, values in rows:
        week = weeks[position]
        thing = Thing(Stage.FIGURE, week.frequency, week.period, week.indicator, agency)
        keys.append(thing)
        own = _by_country(countries, values)
        facts = mix.strays(own, np.maximum(published[position] - own, 0), limits[agency])
        if facts:
            found.append(Noticed("R301", thing, None, facts))
    return keys, found


#: The row of each single country.
_ROWS = {country: row for row, country in enumerate(tables.COUNTRIES.tolist())}


def _published(weeks: Sequence[Thing]) -> Values:
    """Return the published numbers of weeks over all networks, by country."""
    numbers = np.zeros((len(weeks), len(_ROWS)), np.int64)
    for position, _, country, network, value in named_rows("publication_cells", weeks):
        if network == tables.TOTAL_NETWORK and country in _ROWS:
            numbers[position, _ROWS[country]] = value
    return numbers


def _by_country(countries: tables.Numbers, values: Values) -> Values:
    counts = np.zeros(len(tables.COUNTRIES), np.int64)
    rows, _ = tables.place_of(countries, np.full(len(countries), tables.NETWORKS[0]))
    np.add.at(counts, rows, values)
    return counts
