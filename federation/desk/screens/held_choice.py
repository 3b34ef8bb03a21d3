"""The part of a finding's page in which a coordinator chooses held reports and decides on them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from federation.desk import queue
from federation.desk.screens import outlook, queue_pages, words
from federation.desk.screens.decision_pages import AT_ONCE, REJECT, RELEASE, ReasonForm
from federation.desk.situations import situations
from federation.models.findings import Finding, Hold

ACTIONS = {one.name: one for one in (RELEASE, REJECT)}
#: The columns of a report that these pages do not show.
CELLS = ("report__countries", "report__networks", "report__values")
#: No report has a longer number. Python refuses to read numbers of thousands of digits.
_DIGITS = 19


@dataclass(frozen=True, slots=True)
class HeldChoice:
    """The form of a decision: the reason, which reports it offers, and which of them are ticked (None: all)."""

    form: ReasonForm
    is_whole_series: bool = False
    ticked: frozenset[int] | None = None


def ticked(request: HttpRequest, finding: Finding) -> list[int]:
    """The reports that were ticked, also those that no longer wait: the messages name the earlier decision."""
    ids = [int(one) for one in request.POST.getlist("report") if one.isdecimal() and len(one) <= _DIGITS]
    return list(_series(finding).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def shown(finding: Finding, choice: HeldChoice, *, now: datetime) -> dict[str, Any]:
    """The variables of the template for the queue and for the decision."""
    waiting = _series(finding).filter(decision="")
    offered = waiting if choice.is_whole_series else waiting.filter(finding=finding)
    holds = offered.select_related("report").defer(*CELLS).order_by("report__frequency", "report__period", "pk")
    turn = queue.turn(finding.pk)
    rows = [outlook.held_report(one, now=now) for one in situations(list(holds[:AT_ONCE]))]
    return {
        "turn": turn,
        "awaited_until": words.moment(turn.waits.until, now=now) if turn and turn.waits else "",
        "links": queue_pages.links(turn.place, finding=finding) if turn else {},
        "held": [(row, choice.ticked is None or row.hold.pk in choice.ticked) for row in rows],
        "in_series": waiting.count(),
        "choice": choice,
    }


def _series(finding: Finding) -> QuerySet[Hold]:
    """The holds of the same agency, indicator and rule."""
    return Hold.objects.filter(
        rule=finding.rule, report__agency=finding.agency_id, report__indicator=finding.indicator_id
    )
