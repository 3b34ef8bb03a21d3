"""Opens, updates and closes findings, so that what stands is what the rules notice now.

A finding is about a report, a sum or a week as it is. Another report ends it; what a coordinator
closed comes back only with other facts. Whoever reviews something holds its lock on the work list.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from federation import holds, noticing
from federation.figures import AllSent
from federation.models.findings import Finding, FindingState, Resolution
from federation.noticing import JUDGED, Noticed
from federation.rules import periods
from federation.rules.coverage import GRACE
from federation.rules.levels import Facts
from federation.rules.periods import Frequency
from federation.worklist import Thing, named_rows

_REPORT_RULES = ("R101", "R103", "R104", "R105", "R106")
_SUM_RULES = ("R102",)
_WEEK_RULES = ("R301",)
#: Where the facts tell of others too, what they say of the agency itself.
_OWN_FACTS = {"R102": ("value",), "R301": ("value",)}


def review(things: Sequence[Thing], *, now: datetime) -> None:
    """Bring the findings about figures up to date, all of one frequency, once the figures have been replaced."""
    if not things or things[0].frequency not in JUDGED:
        return
    reports = noticing.standing(things)
    sums = [thing for thing in things if thing not in reports or reports[thing].withdrawn]
    noticed = noticing.in_reports(reports) + noticing.in_sums(sums)
    roots = {thing: report.root for thing, report in reports.items()}
    _settle(things, noticed, rules=_REPORT_RULES + _SUM_RULES, roots=roots, now=now)


def would_stand(things: Sequence[Thing], sent: AllSent, *, now: datetime) -> list[Finding]:
    """Return the findings about the current reports of figures, all of one frequency, if these were sent; only reads.

    They are as ``review`` would leave them, and not saved. ``report_id`` is the root of the report.
    """
    if not things or things[0].frequency not in JUDGED:
        return []
    reports = noticing.standing_with(things, sent)
    roots = {thing: report.root for thing, report in reports.items()}
    kept = [root for thing, root in roots.items() if thing not in sent]
    stored = {one.pk: one for one in Finding.objects.filter(report__in=kept).order_by("pk")}
    noticed = noticing.in_reports(reports, sent)
    changes = _changes(things, noticed, _REPORT_RULES, roots)
    for id_, facts in changes.updated.items():
        stored[id_].facts = facts
    for id_ in (one for some in changes.closed.values() for one in some if one in stored):
        stored[id_].state = FindingState.RESOLVED
    return [*stored.values(), *_new(changes.opened, now=now)]


def review_weeks(weeks: Sequence[Thing], *, now: datetime) -> None:
    """Bring the findings about country mixes up to date, for weeks that have just been published."""
    ended = [week for week in weeks if week.frequency == Frequency.WEEK and _has_ended(week, now)]
    if ended:
        keys, noticed = noticing.in_weeks(ended)
        _settle(keys, noticed, rules=_WEEK_RULES, roots={}, now=now)


def _has_ended(week: Thing, now: datetime) -> bool:
    return periods.end(week.frequency, week.period) + GRACE <= now


@dataclass(slots=True)
class _Changes:
    """What is to be written of findings."""

    opened: list[Noticed] = field(default_factory=list)
    updated: dict[int, Facts] = field(default_factory=dict)
    closed: dict[Resolution, list[int]] = field(default_factory=dict)

    def ids(self) -> list[int]:
        return [*self.updated, *(one for some in self.closed.values() for one in some)]


def _settle(
    things: Sequence[Thing],
    noticed: Sequence[Noticed],
    *,
    rules: Sequence[str],
    roots: Mapping[Thing, int],
    now: datetime,
) -> None:
    """Make what is open of things by some rules be what was noticed; ``roots`` are their current reports."""
    changes = _changes(things, noticed, rules, roots)
    if changes.ids():
        # A coordinator may be deciding on the same ones: lock them as review does, and look again.
        list(Finding.objects.select_for_update().filter(pk__in=changes.ids()).order_by("pk"))
        changes = _changes(things, noticed, rules, roots)
    for how, ids in changes.closed.items():
        holds.resolve(Finding.objects.filter(pk__in=ids), how=how, now=now)
    for id_, facts in changes.updated.items():
        Finding.objects.filter(pk=id_).update(facts=facts, changed=now)
    # The one that holds a report of the same period comes first.
    Finding.objects.bulk_create(sorted(_new(changes.opened, now=now), key=Finding.place), ignore_conflicts=True)


def _changes(
    things: Sequence[Thing], noticed: Iterable[Noticed], rules: Collection[str], roots: Mapping[Thing, int]
) -> _Changes:
    wanted = {(one.rule, one.thing): one for one in noticed}
    changes, settled = _Changes(), []
    for position, id_, rule, report, facts, is_open in _standing(things, rules) if things else ():
        thing = things[position]
        if not is_open:
            settled.append((rule, thing, _own(rule, facts)))
            continue
        one = wanted.get((rule, thing))
        if one is None or one.report != report:
            how = Resolution.ITSELF if report in (None, roots.get(thing)) else Resolution.REVISION
            changes.closed.setdefault(how, []).append(id_)
            continue
        del wanted[rule, thing]
        if one.facts != facts:
            changes.updated[id_] = one.facts
    changes.opened = [one for one in wanted.values() if (one.rule, one.thing, _own(one.rule, one.facts)) not in settled]
    return changes


def _own(rule: str, facts: Facts) -> Facts:
    """Return what the facts say of the agency itself: what others do brings no finding back."""
    names = _OWN_FACTS.get(rule)
    return {name: facts[name] for name in names} if names else facts


def _standing(things: Sequence[Thing], rules: Collection[str]) -> list[tuple[Any, ...]]:
    return named_rows("findings_standing", things, rules=list(rules))


def _new(noticed: Iterable[Noticed], *, now: datetime) -> Iterable[Finding]:
    for one in noticed:
        yield Finding(
            rule=one.rule,
            agency_id=one.thing.agency,
            indicator_id=one.thing.indicator,
            frequency=one.thing.frequency,
            period=one.thing.period,
            last_period=one.thing.period,
            report_id=one.report,
            facts=one.facts,
            opened=now,
            changed=now,
        )
