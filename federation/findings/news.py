"""Which findings about late periods are news. A first load of history opens some about times long past."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.conf import settings

from federation.models.findings import Finding
from federation.rules.coverage import AgencySchedule
from federation.rules.waiting import longest_wait
from p2p_core import periods
from p2p_core.rules.rulebook import SILENCE

#: A finding that is opened later than this, counted from the first moment at which it could be, is no news.
FRESH: Final = timedelta(days=3)


def is_news(finding: Finding, schedules: Iterable[AgencySchedule]) -> bool:
    """Whether a finding of R201 or R202 was opened soon after its periods were late.

    ``schedules`` are those of the agency that are judged at the frequency of the finding.
    """
    end = finding.period
    # R202 opens a finding after so many late periods.
    for _ in range(int(settings.THRESHOLDS["R202_PERIODS"]) if finding.rule == SILENCE.id else 1):
        end = periods.end(finding.frequency, end)
    # A period is judged when it is public, and its publication may wait for other agencies.
    wait = max([longest_wait(finding.frequency, settings.PUBLICATION_LIMITS), *(one.deadline for one in schedules)])
    return finding.opened - end <= wait + FRESH
