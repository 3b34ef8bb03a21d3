"""The work list: the items that must be computed again.

In one transaction, a worker claims the most urgent items, computes them, and deletes them from the list. An *item* is
computed as a whole: an agency's figure, a period's published cells, or a panel. It is packed into one 63-bit number,
which begins with its level. So the order of the numbers is the order of urgency: finer frequencies come before coarser
ones, and figures before the cells that are published from them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from django.db import transaction

from federation.database import clock, cursor, instants, rows_of, statement
from federation.models.worklist import Failure, Work
from federation.rules import panels
from p2p_core import periods
from p2p_core.instants import EPOCH
from p2p_core.periods import Frequency

_LEVEL, _MINUTE, _INDICATOR = 58, 26, 16
#: How many values fit into each part: minutes since 1970 (up to the year 10136), indicators and agencies.
_MINUTES, _INDICATORS, _AGENCIES = 1 << _LEVEL - _MINUTE, 1 << _MINUTE - _INDICATOR, 1 << _INDICATOR
_MINUTE_LENGTH = timedelta(minutes=1)
#: The most items in one transaction. For publishing they are fewer, because each period reads all its agencies.
CLAIM = {"figure": 500, "publish": 100, "panel": 1, "effect": 1}
#: After this many failures an item is set aside for a person.
ATTEMPTS = 3
#: The most items in one statement. A new schedule can make all hours since 2017 stale.
APPENDED = 10_000


class Stage(StrEnum):
    """The kinds of items: figures first, then the cells that are published from them, then the panels."""

    FIGURE = "figure"
    PUBLISH = "publish"
    PANEL = "panel"
    EFFECT = "effect"


#: Panels have lengths in months, not frequencies.
PANELS = {f"P{months}M": months for months in panels.MONTHS}
#: In order of urgency. The position in this list is the level of a packed item.
LEVELS: tuple[tuple[Stage, str], ...] = (
    *((stage, frequency) for frequency in Frequency for stage in (Stage.FIGURE, Stage.PUBLISH)),
    *((Stage.PANEL, panel) for panel in PANELS),
    (Stage.EFFECT, "effect"),
)
_LEVEL_OF = {level: position for position, level in enumerate(LEVELS)}


class WorkItem(NamedTuple):
    """One item to compute. Only a figure has an ``agency``.

    A panel has its name as ``frequency`` and the epoch as ``period``, because it computes its own span.
    """

    stage: Stage
    frequency: str
    period: datetime
    indicator: int
    agency: int = 0

    def pack(self) -> int:
        """The item as one number. Raises ValueError if a part does not fit."""
        minute = (self.period - EPOCH) // _MINUTE_LENGTH
        if not (0 <= minute < _MINUTES and 0 <= self.indicator < _INDICATORS and 0 <= self.agency < _AGENCIES):
            raise ValueError(f"This cannot be put on the work list: {self}.")
        level = _LEVEL_OF[self.stage, self.frequency]
        return level << _LEVEL | minute << _MINUTE | self.indicator << _INDICATOR | self.agency

    def __str__(self) -> str:
        period = f" {periods.label(self.frequency, self.period)}" if self.stage in (Stage.FIGURE, Stage.PUBLISH) else ""
        agency = f", agency {self.agency}" if self.agency else ""
        return f"{self.stage} {self.frequency}{period}, indicator {self.indicator}{agency}"


def unpack(number: int) -> WorkItem:
    stage, frequency = LEVELS[number >> _LEVEL]
    minute = number >> _MINUTE & _MINUTES - 1
    indicator = number >> _INDICATOR & _INDICATORS - 1
    return WorkItem(stage, frequency, EPOCH + minute * _MINUTE_LENGTH, indicator, number & _AGENCIES - 1)


def parameters_of(items: Sequence[WorkItem]) -> dict[str, Any]:
    """Items, all of one frequency, as the parameters of a named statement."""
    return {
        "frequency": items[0].frequency,
        "indicators": np.array([item.indicator for item in items], np.int16),
        "agencies": np.array([item.agency for item in items], np.int16),
        "periods": instants([item.period for item in items]),
    }


def item_rows(name: str, items: Sequence[WorkItem], **more: object) -> list[tuple[Any, ...]]:
    """Run a named statement for items, all of one frequency. The first column of a row is the position of its item."""
    return rows_of(name, **parameters_of(items), **more)


def panel(name: str, indicator: int) -> WorkItem:
    return WorkItem(Stage.PANEL, name, EPOCH, indicator)


def effect(indicator: int) -> WorkItem:
    return WorkItem(Stage.EFFECT, "effect", EPOCH, indicator)


@dataclass(frozen=True, slots=True)
class Claim:
    """Items that this transaction has locked, and their rows on the list.

    ``skipped`` says that other items were left out, because another worker has locked them or they wait for figures. So
    a worker has to look again. ``since`` is the time at which the first of the items became stale.
    """

    items: Sequence[WorkItem]
    rows: Sequence[int]
    skipped: bool
    since: datetime | None = None


def append(items: Iterable[WorkItem], *, since: datetime | None = None) -> None:
    """Put items on the list, in the caller's transaction. ``since`` is the time at which they became stale."""
    rest = iter(items)
    while some := list(islice(rest, APPENDED)):
        numbers = np.array(sorted({item.pack() for item in some}), np.int64)
        with cursor() as c:
            c.execute(
                "INSERT INTO federation_work (item, added)"
                " SELECT unnest(%s::bigint[]), coalesce(%s, statement_timestamp())",
                [numbers, since],
            )


def claim() -> Claim:
    """Lock the most urgent items of one level that no other worker has locked.

    Must run in a READ COMMITTED transaction: an item's rows are read after it is locked, so rows that another worker
    has just deleted are no longer seen.
    """
    skipped, now, level = False, clock.now(), 0
    while True:
        with cursor() as c:
            c.execute("SELECT min(item) FROM federation_work WHERE item >= %s", [level << _LEVEL])
            [(least,)] = c.fetchall()
        if least is None:
            return Claim((), (), skipped)
        level = least >> _LEVEL
        taken, missed = _take(level, now)
        awaited = _awaited(taken, now)
        skipped |= missed or bool(awaited)
        claim = _claim_of([number for number in taken if number not in awaited], skipped=skipped)
        if claim.items:
            return claim
        level += 1


def claim_alone(item: WorkItem) -> Claim:
    """Lock this one item. The claim is empty if another worker has locked it, or if it is not on the list any more."""
    with cursor() as c:
        c.execute("SELECT pg_try_advisory_xact_lock(%s)", [item.pack()])
        [(taken,)] = c.fetchall()
    return _claim_of([item.pack()] if taken else [], skipped=not taken)


def _take(level: int, now: datetime) -> tuple[list[int], bool]:
    """Lock items of a level. Return those whose locks were free, and whether any lock was not free."""
    limit = CLAIM[LEVELS[level][0]]
    after, skipped = (level << _LEVEL) - 1, False
    while True:
        with cursor() as c:
            c.execute(statement("worklist_claim"), {"after": after, "level": level, "limit": limit, "now": now})
            tried = c.fetchall()
        taken = [number for number, free in tried if free]
        skipped |= len(taken) < len(tried)
        if taken or len(tried) < limit:
            return taken, skipped
        after = tried[-1][0]


def _awaited(numbers: Sequence[int], now: datetime) -> set[int]:
    """Of these periods, those that must not be published yet, because figures in them are still on the list.

    Without these figures, a first sum would be too small. Or a change would be compared with changes of finer figures
    that are newer than itself.
    """
    items = [unpack(number) for number in numbers]
    if not items or items[0].stage != Stage.PUBLISH:
        return set()
    inside = [items[0].frequency]
    while finer := periods.FINER.get(Frequency(inside[-1])):
        inside.append(finer)
    rows = item_rows(
        "worklist_awaited",
        items,
        ends=instants([periods.end(item.frequency, item.period) for item in items]),
        levels=np.array([_LEVEL_OF[Stage.FIGURE, frequency] for frequency in inside], np.int64),
        located=items[0].frequency in periods.LOCATED,
        now=now,
    )
    return {numbers[row[0]] for row in rows}


def _claim_of(numbers: Sequence[int], *, skipped: bool) -> Claim:
    if not numbers:
        return Claim((), (), skipped)
    with cursor() as c:
        c.execute("SELECT id, item, added FROM federation_work WHERE item = ANY(%s)", [np.array(numbers, np.int64)])
        rows = c.fetchall()
    items = [unpack(number) for number in sorted({number for _, number, _ in rows})]
    return Claim(items, [id_ for id_, *_ in rows], skipped, min((added for *_, added in rows), default=None))


def outdated(claim: Claim) -> set[WorkItem]:
    """Of the claimed periods, those in which figures have changed since the claim, or are about to change."""
    numbers = [item.pack() for item in claim.items]
    appended = Work.objects.filter(item__in=numbers).exclude(id__in=claim.rows).values_list("item", flat=True)
    return {unpack(number) for number in {*appended, *_awaited(numbers, clock.now())}}


def finish(claim: Claim) -> None:
    """Delete the rows of a claim from the list, and the records of earlier failures of its items."""
    numbers = [item.pack() for item in claim.items]
    with cursor() as c:
        c.execute("DELETE FROM federation_work WHERE id = ANY(%s)", [np.array(claim.rows, np.int64)])
        c.execute("DELETE FROM federation_failure WHERE item = ANY(%s)", [np.array(numbers, np.int64)])


@transaction.atomic
def fail(item: WorkItem, rows: Sequence[int], *, reason: str) -> None:
    """Record that an item failed when it was computed alone. It is tried again after some seconds.

    After ``ATTEMPTS`` failures it is set aside for a person instead, and ``rows`` are deleted from the list. Rows that
    a later change has appended for the item stay on the list, so the item is tried again because of them.
    """
    now = clock.now()
    number = item.pack()
    failure, _ = Failure.objects.select_for_update().get_or_create(
        item=number, defaults={"attempts": 0, "reason": reason, "since": now}
    )
    failure.attempts += 1
    failure.reason = reason
    if failure.attempts < ATTEMPTS:
        failure.retry_at = now + timedelta(seconds=2**failure.attempts)
    else:
        failure.retry_at = None
        Work.objects.filter(id__in=rows).delete()
    failure.save()


def set_aside() -> Sequence[Failure]:
    """The items that have failed too often, and wait for a person."""
    return list(Failure.objects.filter(retry_at=None).order_by("since"))


def waiting() -> set[WorkItem]:
    return {unpack(number) for number in Work.objects.values_list("item", flat=True).distinct()}


def is_pending() -> bool:
    """Whether anything is on the list."""
    return Work.objects.exists()


def oldest_age() -> timedelta:
    """For how long the oldest item has been on the list."""
    oldest = Work.objects.order_by("added").values_list("added", flat=True).first()
    return clock.now() - oldest if oldest else timedelta()
