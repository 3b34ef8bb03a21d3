"""Two workers make panels of two lengths at the same time."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from federation import worklist
from federation.database import clock
from federation.models.worklist import ClockMark
from federation.publication import panels
from federation.runs import reconciliation
from federation.worklist import Stage, panel
from p2p_core import periods
from tests.integration import locks
from tests.integration.federation.comparison import stored_panel
from tests.integration.federation.world import Said, World

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MONTHS = list(periods.between("M", datetime(2024, 11, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)))


@pytest.fixture
def told(transactional_db, monkeypatch):
    """Three agencies of two years and a fourth of one; two more that reported a day of a month of that year."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "of_host", lambda: NOW)
    ClockMark.objects.update(at=NOW)
    made = World(NOW, agencies=6)
    for agency, months in ((0, MONTHS), (1, MONTHS), (2, MONTHS), (3, MONTHS[12:]), (4, MONTHS[12:]), (5, MONTHS[12:])):
        short = MONTHS[20] if agency > 3 else None
        made.submit(agency, *(Said("D" if one == short else "M", one, {(578, 1): 7}) for one in months))
    while {item.stage for item in worklist.waiting()} != {Stage.PANEL}:
        reconciliation._step()
    return made


def renew(name):
    with transaction.atomic():
        panels.renew([panel(name, 1)], mark=NOW)


@pytest.mark.verify
@pytest.mark.parametrize(
    ("first", "second", "agencies"), [("P12M", "P24M", ([1, 2, 3, 4], [])), ("P24M", "P12M", ([], [1, 2, 3]))]
)
def test_second_one_is_compared_with_the_first(told, first, second, agencies):
    locks.one_before_the_other(lambda: renew(first), lambda: renew(second))
    assert (stored_panel(12, "M").agencies, stored_panel(24, "M").agencies) == agencies
