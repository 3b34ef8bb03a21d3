"""What a decision about a held report will do, in sentences."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from federation.desk.screens import words
from federation.desk.situations import LongerPeriod, Publication, Situation
from federation.models.findings import Hold
from p2p_core import periods


class HeldReport(NamedTuple):
    """A held report as pages show it: the number that is used now, and what each decision will do."""

    hold: Hold
    label: str
    current: int | None
    if_released: str
    if_rejected: str


def held_report(situation: Situation, *, now: datetime) -> HeldReport:
    report = situation.hold.report
    label = f"{periods.NOUNS[report.frequency]} {periods.label(report.frequency, report.period)}"
    released, rejected = (" ".join(said(situation, now)) for said in (_released, _rejected))
    return HeldReport(situation.hold, label, situation.total, released, rejected)


def _released(situation: Situation, now: datetime) -> Iterator[str]:
    current = situation.current
    if current and not current.withdrawn:
        yield f"It replaces the report of {words.day(current.received, now=now)}."
    elif situation.summed is not None:
        yield "It replaces the sum of the agency's shorter periods."
    elif current:
        yield f"It replaces the withdrawal of {words.day(current.received, now=now)}."
    else:
        yield "It is the agency's first number for this period."
    publication = situation.publication
    if publication is None:
        yield "The period has no public numbers now."
    elif publication.is_public:
        yield "The period is public, and includes the report within seconds."
    elif publication.others:
        yield f"The period still waits for {_others(publication, now)}."
    else:
        yield "The period becomes public within seconds."
    yield from _longer(situation)


def _longer(situation: Situation) -> Iterator[str]:
    """What a release also changes, because longer periods are summed from the period of the report."""
    if not situation.longer:
        return
    yield f"It also changes the agency's numbers for {_named(situation.longer)}."
    if public := [one for one in situation.longer if one.is_public]:
        yield f"The public numbers of {_named(public)} change too."


def _named(some: Sequence[LongerPeriod]) -> str:
    return words.listed([f"{periods.NOUNS[one.frequency]} {periods.label(one.frequency, one.period)}" for one in some])


def _rejected(situation: Situation, now: datetime) -> Iterator[str]:
    current, has_number = situation.current, situation.total is not None
    if current and not current.withdrawn:
        yield f"The report of {words.day(current.received, now=now)} stays in use."
    elif has_number:
        yield "The sum of the agency's shorter periods stays in use."
    else:
        yield "The agency has no number for this period."
    publication = situation.publication
    if publication is None:
        return
    if publication.is_public:
        yield "What is public stays as it is." if has_number else "The period stays public without the agency."
    elif not publication.is_awaited:
        yield f"The period still waits for {_others(publication, now)}."
    else:
        others = f", and for {_others(publication, now, until=False)}" if publication.others else ""
        latest = words.moment(publication.until, now=now) if publication.until else ""
        without = "" if has_number else " Then it becomes public without the agency."
        yield f"The period still waits for a new report{others}, until {latest} at the latest.{without}"


def _others(publication: Publication, now: datetime, *, until: bool = True) -> str:
    some = publication.others
    agencies = f"{len(some):,} other agenc{'y' if len(some) == 1 else 'ies'} ({words.listed(some)})"
    if not until or publication.until is None:
        return agencies
    return f"{agencies}, until {words.moment(publication.until, now=now)} at the latest"
