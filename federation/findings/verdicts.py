"""What the rules say of reports, of sums of finer figures, and of the weeks of all agencies. It only reads.

Rules judge what is stored now, so the same question gets the same answer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from countries import queries
from federation import figures
from federation.database import cursor, instants
from federation.figures import NOTHING_SENT, AllSent
from federation.models.figures import Source
from federation.rules import tables
from federation.worklist import Stage, Thing, named_rows
from p2p_core import periods
from p2p_core.codes import COUNTRIES, UNKNOWN
from p2p_core.periods import Frequency
from p2p_core.reports import Values
from p2p_core.rules import levels, rulebook
from p2p_core.rules.levels import Facts
from p2p_core.rules.plausibility import Cells, Report
from p2p_core.rules.rulebook import Limits, Subject

#: At which frequencies reports are judged; minutes are by their hour.
JUDGED = (Frequency.HOUR, Frequency.DAY, Frequency.MONTH)
#: At which frequencies a sum has a usual level.
_LEVELLED = (Frequency.HOUR, Frequency.DAY)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Verdict:
    """That a rule applies to an agency's period, a figure as a thing; ``report`` is the root report it is about."""

    rule: str
    thing: Thing
    report: int | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class CurrentReport:
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


def current_reports(things: Sequence[Thing], sent: AllSent = NOTHING_SENT) -> dict[Thing, CurrentReport]:
    """Return the current reports of figures, all of one frequency, as they would be with those that are sent.

    Figures without one are left out.
    """
    befores = [thing._replace(period=periods.previous(thing.frequency, thing.period)) for thing in things]
    rows = (
        named_rows(
            "verdicts_reports",
            things,
            befores=instants([before.period for before in befores]),
            unlocated=COUNTRIES[UNKNOWN],
            totals=[sent[thing].total if thing in sent else None for thing in things],
        )
        if things
        else ()
    )
    found = {}
    for position, *row in rows:
        report = CurrentReport(*row)
        if one := sent.get(things[position]):
            unlocated = int(one.values[one.countries == COUNTRIES[UNKNOWN]].sum())
            report = replace(report, root=one.root, withdrawn=one.withdrawn, received=one.received, unlocated=unlocated)
        if before := sent.get(befores[position]):
            report = replace(report, previous=before.root if report.total == before.total > 0 else None)
        found[things[position]] = report
    return found


def about_reports(reports: Mapping[Thing, CurrentReport], sent: AllSent | None = None) -> list[Verdict]:
    """Judge reports, all of one frequency.

    With ``sent`` finer figures are computed from reports, these among them, as they will be once all is reconciled.
    """
    limits = _limits({thing.agency for thing in reports})
    whole = [thing for thing, report in reports.items() if not report.withdrawn]
    sums = figures.summed(whole) if sent is None else figures.summed_from_reports(whole, sent)
    finer = {
        thing: Cells(one.countries, one.networks, one.values)
        for thing, one in sums.items()
        if one.source == Source.DERIVED and one.covered_seconds == periods.seconds(thing.frequency, thing.period)
    }
    cells = _cells(reports, finer)
    cells |= {one.root: Cells(one.countries, one.networks, one.values) for one in (sent or {}).values()}
    found = []
    for thing, one in reports.items():
        report = Report(
            total=one.total,
            unlocated=one.unlocated,
            age=one.received - periods.end(thing.frequency, thing.period),
            revisions=one.revisions,
            before=one.before,
            finer_frequency=periods.FINER[Frequency(thing.frequency)].value,
            finer=finer.get(thing),
            previous=None if one.previous is None else cells[one.previous],
            cells=cells.get(one.root),
        )
        judged = rulebook.judge(Subject.REPORT, limits[thing.agency], report)
        found += [Verdict(rule, thing, one.root, facts) for rule, facts in judged]
    return found


def _limits(agencies: Collection[int]) -> dict[int, Limits]:
    return {agency: rulebook.limits(values) for agency, values in queries.thresholds(agencies).items()}


def _cells(reports: Mapping[Thing, CurrentReport], finer: Mapping[Thing, Cells]) -> dict[int, Cells]:
    """Return the cells of the reports, by root, that are compared with others: there are few."""
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


def about_sums(things: Sequence[Thing]) -> list[Verdict]:
    """Judge the levels of those figures that are whole sums of finer ones, all of one frequency."""
    if not things or things[0].frequency not in _LEVELLED:
        return []
    frequency = things[0].frequency
    seconds = periods.seconds(frequency, things[0].period)
    rows = named_rows("verdicts_sums", things, seconds=seconds, weeks=levels.WEEKS)
    limits = _limits({things[row[0]].agency for row in rows})
    breaks = {
        key: queries.breaks_of(*key) for key in {(things[row[0]].agency, things[row[0]].indicator) for row in rows}
    }
    found = []
    for position, total, starts, totals in rows:
        thing = things[position]
        instants_before = (_EPOCH + timedelta(seconds=start) for start in starts.tolist())
        before = dict(zip(instants_before, totals.tolist(), strict=True))
        usual = levels.usual_of(frequency, thing.period, before, breaks=breaks[thing.agency, thing.indicator])
        judged = rulebook.judge(Subject.LEVEL, limits[thing.agency], total, usual)
        found += [Verdict(rule, thing, None, facts) for rule, facts in judged]
    return found


def next_to_repeat(changed: Sequence[Thing], *, judged: Collection[Thing]) -> list[Thing]:
    """Return the periods after changed ones where a repetition may begin or end (R104), except those just judged."""
    ends = {thing: periods.end(thing.frequency, thing.period) for thing in changed if thing.frequency in JUDGED}
    following = {thing: thing._replace(period=end) for thing, end in ends.items()}
    asked = [thing for thing, after in following.items() if after not in judged]
    if not asked:
        return []
    rows = named_rows("verdicts_next", asked, ends=instants([ends[thing] for thing in asked]))
    return [following[asked[position]] for (position,) in rows]


def about_weeks(weeks: Sequence[Thing]) -> tuple[list[Thing], list[Verdict]]:
    """Judge the country mixes of weeks; return all agencies' weekly figures as things, too.

    The others are the published week less the agency's own figure. So an agency that tries many figures of its own
    learns no more of the others from its findings than it can compute from what is public.
    """
    rows, published = named_rows("combination_figures", weeks, only=None), _published(weeks)
    limits = _limits({row[1] for row in rows})
    keys, found = list[Thing](), list[Verdict]()
    for position, agency, *_, countries, _, values in rows:
        week = weeks[position]
        thing = Thing(Stage.FIGURE, week.frequency, week.period, week.indicator, agency)
        keys.append(thing)
        own = np.zeros(len(tables.COUNTRIES), np.int64)
        places, _ = tables.place_of(countries, np.full(len(countries), tables.NETWORKS[0]))
        np.add.at(own, places, values)
        judged = rulebook.judge(Subject.MIX, limits[agency], own, np.maximum(published[position] - own, 0))
        found += [Verdict(rule, thing, None, facts) for rule, facts in judged]
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
