"""Opens, updates and closes findings, so that the open ones say what the rules find now.

A finding is about one report, one sum of finer figures, or one week. A newer report closes it. If a coordinator closed
it, it comes back only with other facts. The caller must have locked the items of the figures on the work list.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from federation.figures import SentReports
from federation.findings import lifecycle, verdicts
from federation.findings.verdicts import Verdict
from federation.models.findings import Finding, FindingState, Resolution
from federation.rules.waiting import shortest_wait
from federation.worklist import WorkItem, item_rows
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules import rulebook
from p2p_core.rules.levels import Facts
from p2p_core.rules.rulebook import RULES, Subject
from p2p_core.verdict import JUDGED


def review(items: Sequence[WorkItem], *, now: datetime) -> None:
    """Bring the findings about figures, all of one frequency, up to date. The figures must be stored already."""
    if not items or items[0].frequency not in JUDGED:
        return
    reports = verdicts.current_reports(items)
    sums = [item for item in items if item not in reports or reports[item].withdrawn]
    found = verdicts.about_reports(reports) + verdicts.about_sums(sums)
    roots = {item: report.root for item, report in reports.items()}
    _settle(items, found, rules=rulebook.ids(Subject.REPORT, Subject.LEVEL), roots=roots, now=now)


def would_stand(items: Sequence[WorkItem], sent: SentReports, *, now: datetime) -> list[Finding]:
    """The findings about current reports of figures, all of one frequency, as they would be if ``sent`` were stored.

    ``review`` would leave the same findings, also resolved ones, but here they are not saved: this only reads. The
    ``report_id`` of a finding is the root of its report.
    """
    if not items or items[0].frequency not in JUDGED:
        return []
    reports = verdicts.current_reports(items, sent)
    roots = {item: report.root for item, report in reports.items()}
    kept = [root for item, root in roots.items() if item not in sent]
    stored = {one.pk: one for one in Finding.objects.filter(report__in=kept).order_by("pk")}
    changes = _changes(items, verdicts.about_reports(reports, sent), rulebook.ids(Subject.REPORT), roots)
    for id_, facts in changes.updated.items():
        stored[id_].facts = facts
    for id_ in (one for some in changes.closed.values() for one in some if one in stored):
        stored[id_].state = FindingState.RESOLVED
    return [*stored.values(), *_new(changes.opened, now=now)]


def review_weeks(weeks: Sequence[WorkItem], *, now: datetime) -> None:
    """Bring the findings about the country mixes of weeks up to date. The weeks have just been published."""
    ended = [
        week
        for week in weeks
        if week.frequency == Frequency.WEEK
        and periods.end(week.frequency, week.period) + shortest_wait(week.frequency) <= now
    ]
    if ended:
        keys, found = verdicts.about_weeks(ended)
        _settle(keys, found, rules=rulebook.ids(Subject.MIX), roots={}, now=now)


@dataclass(slots=True)
class _FindingChanges:
    """The findings to open, the new facts of open findings, and the findings to close, by resolution."""

    opened: list[Verdict] = field(default_factory=list)
    updated: dict[int, Facts] = field(default_factory=dict)
    closed: dict[Resolution, list[int]] = field(default_factory=dict)

    def ids(self) -> list[int]:
        return [*self.updated, *(one for some in self.closed.values() for one in some)]


def _settle(
    items: Sequence[WorkItem],
    found: Sequence[Verdict],
    *,
    rules: Sequence[str],
    roots: Mapping[WorkItem, int],
    now: datetime,
) -> None:
    """Open, update and close findings. Then the open findings of ``items`` by these ``rules`` are what was ``found``.

    ``roots`` has the root of the current report of each item.
    """
    changes = _changes(items, found, rules, roots)
    if changes.ids():
        # A coordinator may be deciding about these findings. Lock them in the order of ``decisions``, then read again.
        list(Finding.objects.select_for_update().filter(pk__in=changes.ids()).order_by("pk"))
        changes = _changes(items, found, rules, roots)
    for how, ids in changes.closed.items():
        lifecycle.resolve(Finding.objects.filter(pk__in=ids), how=how, now=now)
    for id_, facts in changes.updated.items():
        Finding.objects.filter(pk=id_).update(facts=facts, changed=now)
    # A conflict means that a finding which holds a report of the same period is open already. That one stays.
    lifecycle.store_unless_open(_new(changes.opened, now=now), now=now)


def _changes(
    items: Sequence[WorkItem], found: Iterable[Verdict], rules: Collection[str], roots: Mapping[WorkItem, int]
) -> _FindingChanges:
    wanted = {(one.rule, one.item): one for one in found}
    changes, settled = _FindingChanges(), []
    rows = item_rows("findings_standing", items, rules=list(rules)) if items else ()
    for position, id_, rule, report, facts, is_open in rows:
        item = items[position]
        if not is_open:
            settled.append((rule, item, _own(rule, facts)))
            continue
        one = wanted.get((rule, item))
        if one is None or one.report != report:
            how = Resolution.ITSELF if report in (None, roots.get(item)) else Resolution.REVISION
            changes.closed.setdefault(how, []).append(id_)
            continue
        del wanted[rule, item]
        if one.facts != facts:
            changes.updated[id_] = one.facts
    changes.opened = [one for one in wanted.values() if (one.rule, one.item, _own(one.rule, one.facts)) not in settled]
    return changes


def _own(rule: str, facts: Facts) -> Facts:
    names = RULES[rule].own_facts
    return {name: facts[name] for name in names} if names else facts


def _new(found: Iterable[Verdict], *, now: datetime) -> list[Finding]:
    return [lifecycle.new(one.rule, one.item, one.facts, now=now, report=one.report) for one in found]
