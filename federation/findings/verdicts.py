"""Judges reports, sums of finer figures, and the weeks of all agencies by the rules. This only reads."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from countries import queries
from countries.reference import Reference, Setup
from federation import figures
from federation.database import cursor, instants
from federation.figures import NOTHING_SENT, SentReports
from federation.models.figures import Source
from federation.published import detail
from federation.rules import tables
from federation.worklist import Stage, WorkItem, item_rows
from p2p_core import periods
from p2p_core.codes import COUNTRIES, UNKNOWN
from p2p_core.instants import EPOCH
from p2p_core.periods import Frequency
from p2p_core.rules import levels, rulebook
from p2p_core.rules.levels import Facts
from p2p_core.rules.mix import Locations
from p2p_core.rules.plausibility import Cells, ComparedReport
from p2p_core.rules.rulebook import Limits, Subject
from p2p_core.verdict import JUDGED

#: The row of each single country in a table.
_ROWS = {country: row for row, country in enumerate(tables.COUNTRIES.tolist())}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule found about a figure. ``report`` is the root of the report that the verdict is about, if any."""

    rule: str
    item: WorkItem
    report: int | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class CurrentReport:
    """The current report of a figure. ``root`` is the id of the row that has its cells.

    ``revisions`` is the number of reports for this period that were current before, and ``before`` is the total of the
    last of these. ``previous`` is the root of the report for the period before this one, if it has the same total.
    """

    root: int
    withdrawn: bool
    received: datetime
    total: int
    unlocated: int
    revisions: int
    before: int | None
    previous: int | None


def current_reports(items: Sequence[WorkItem], sent: SentReports = NOTHING_SENT) -> dict[WorkItem, CurrentReport]:
    """The current reports of figures, all of one frequency, as they would be if ``sent`` were stored.

    Figures without a current report are left out.
    """
    befores = [item._replace(period=periods.previous(item.frequency, item.period)) for item in items]
    rows = (
        item_rows(
            "verdicts_reports",
            items,
            befores=instants([before.period for before in befores]),
            unlocated=COUNTRIES[UNKNOWN],
            totals=[sent[item].total if item in sent else None for item in items],
        )
        if items
        else ()
    )
    found = {}
    for position, *row in rows:
        report = CurrentReport(*row)
        if one := sent.get(items[position]):
            unlocated = int(one.cells.values[one.cells.countries == COUNTRIES[UNKNOWN]].sum())
            report = replace(report, root=one.root, withdrawn=one.withdrawn, received=one.received, unlocated=unlocated)
        if before := sent.get(befores[position]):
            report = replace(report, previous=before.root if report.total == before.total > 0 else None)
        found[items[position]] = report
    return found


def about_reports(reports: Mapping[WorkItem, CurrentReport], sent: SentReports | None = None) -> list[Verdict]:
    """Judge reports, all of one frequency.

    With ``sent``, the finer figures are computed from stored and sent reports together. Workers would get the same.
    """
    limits = _limits({item.agency for item in reports})
    whole = [item for item, report in reports.items() if not report.withdrawn]
    sums = figures.sum_finer(whole) if sent is None else figures.sum_reports(whole, sent)
    finer = {
        item: one.cells
        for item, one in sums.items()
        if one.source == Source.DERIVED and one.covered_seconds == periods.seconds(item.frequency, item.period)
    }
    cells = _compared_cells(reports, finer)
    cells |= {one.root: one.cells for one in (sent or {}).values()}
    found = []
    for item, one in reports.items():
        report = ComparedReport(
            total=one.total,
            unlocated=one.unlocated,
            age=one.received - periods.end(item.frequency, item.period),
            revisions=one.revisions,
            before=one.before,
            finer_frequency=periods.FINER[Frequency(item.frequency)].value,
            finer=finer.get(item),
            previous=None if one.previous is None else cells[one.previous],
            cells=cells.get(one.root),
        )
        judged = rulebook.judge(Subject.REPORT, limits[item.agency], report)
        found += [Verdict(rule, item, one.root, facts) for rule, facts in judged]
    return found


def _limits(agencies: Collection[int]) -> dict[int, Limits]:
    return {agency: rulebook.limits(values) for agency, values in queries.thresholds(agencies).items()}


def _compared_cells(reports: Mapping[WorkItem, CurrentReport], finer: Mapping[WorkItem, Cells]) -> dict[int, Cells]:
    """The cells of those reports whose cells are compared with others, by root. These are few."""
    compared = {report.root for item, report in reports.items() if item in finer or report.previous is not None}
    compared |= {report.previous for report in reports.values() if report.previous is not None}
    if not compared:
        return {}
    with cursor() as c:
        c.execute(
            "SELECT id, countries, networks, values FROM federation_report WHERE id = ANY(%s)",
            [np.array(sorted(compared), np.int64)],
        )
        return {root: Cells(*arrays) for root, *arrays in c.fetchall()}


def about_sums(items: Sequence[WorkItem]) -> list[Verdict]:
    """Judge the levels of figures, all of one frequency, that are sums of finer ones and cover the whole period."""
    if not items or items[0].frequency not in levels.BY_WEEK:
        return []
    frequency = items[0].frequency
    seconds = periods.seconds(frequency, items[0].period)
    rows = item_rows("verdicts_sums", items, seconds=seconds, weeks=levels.WEEKS)
    limits = _limits({items[row[0]].agency for row in rows})
    breaks = {key: queries.breaks_of(*key) for key in {(items[row[0]].agency, items[row[0]].indicator) for row in rows}}
    found = []
    for position, total, starts, totals in rows:
        item = items[position]
        instants_before = (EPOCH + timedelta(seconds=start) for start in starts.tolist())
        before = dict(zip(instants_before, totals.tolist(), strict=True))
        usual = levels.usual_of(frequency, item.period, before, breaks=breaks[item.agency, item.indicator])
        judged = rulebook.judge(Subject.LEVEL, limits[item.agency], total, usual)
        found += [Verdict(rule, item, None, facts) for rule, facts in judged]
    return found


def next_to_repeat(changed: Sequence[WorkItem], *, judged: Collection[WorkItem]) -> list[WorkItem]:
    """The periods after ``changed`` ones that must be judged for repetition (R104), except those already ``judged``."""
    ends = {item: periods.end(item.frequency, item.period) for item in changed if item.frequency in JUDGED}
    following = {item: item._replace(period=end) for item, end in ends.items()}
    unjudged = [item for item, after in following.items() if after not in judged]
    if not unjudged:
        return []
    rows = item_rows("verdicts_next", unjudged, ends=instants([ends[item] for item in unjudged]))
    return [following[unjudged[position]] for (position,) in rows]


def about_weeks(weeks: Sequence[WorkItem]) -> tuple[list[WorkItem], list[Verdict]]:
    """Judge the country mixes of weeks. Return the items of all agencies' weekly figures, and the verdicts.

    An agency is compared with the published numbers of the week less its own figure. So a finding tells it nothing
    about other agencies that it cannot compute from public numbers.
    """
    published = np.zeros((len(weeks), len(_ROWS)), np.int64)
    for position, _, country, network, value in item_rows("publication_cells", weeks):
        if network == tables.TOTAL_NETWORK and country in _ROWS:
            published[position, _ROWS[country]] = value
    # What is withheld of the others is not known, so it is left out of both sides.
    reference = Reference.current()
    shown = [detail.mask(reference, week.indicator, week.frequency).countries(week.period) for week in weeks]
    rows = item_rows("combination_figures", weeks, only=None)
    limits = _limits({row[1] for row in rows})
    setups = _setups_of(reference, [(weeks[row[0]], row[1]) for row in rows])
    keys, found = list[WorkItem](), list[Verdict]()
    for position, agency, *_, countries, _, values in rows:
        week = weeks[position]
        item = WorkItem(Stage.FIGURE, week.frequency, week.period, week.indicator, agency)
        keys.append(item)
        own = np.zeros(len(tables.COUNTRIES), np.int64)
        places, _ = tables.place_of(countries, np.full(len(countries), tables.NETWORKS[0]))
        np.add.at(own, places, values)
        own[~shown[position]] = 0
        others = np.maximum(published[position] - own, 0)
        judged = rulebook.judge(Subject.MIX, limits[agency], own, others, _locations(setups[week], agency))
        found += [Verdict(rule, item, None, facts) for rule, facts in judged]
    return keys, found


def _setups_of(reference: Reference, reported: Iterable[tuple[WorkItem, int]]) -> dict[WorkItem, dict[int, Setup]]:
    """The set-ups with which agencies began a week for which they have a figure, as far as they are known."""
    agencies = {row.id: row for row in reference.agencies}
    found: dict[WorkItem, dict[int, Setup]] = {}
    for week, agency in reported:
        known, row = found.setdefault(week, {}), agencies.get(agency)
        if row and (setup := row.setup_on(week.period.date())):
            known[agency] = setup
    return found


def _locations(setups: Mapping[int, Setup], agency: int) -> Locations | None:
    """The agency's source of locations, and how many of the others use one of another name. Not weighted by counts.

    The counts of the others are not public, and a finding must not tell them.
    """
    if agency not in setups:
        return None
    own, others = setups[agency], [setup for other, setup in setups.items() if other != agency]
    elsewhere = sum(other.location_source.casefold() != own.location_source.casefold() for other in others)
    return Locations(own.location_source, own.location_date, round(elsewhere / max(len(others), 1), 4))
