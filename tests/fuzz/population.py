"""A small world for requests: reference data, two agencies, a coordinator, published numbers, a finding."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.core.management import call_command

from countries.models import Intervention
from p2p_core import periods
from tests.contract.callers import Caller, report
from tests.contract.public.press import Press
from tests.factories import AgencyFactory, AnnotationFactory, FindingFactory

#: Who asks.
ROLES = ("nobody", "agency", "coordinator")


@dataclass(frozen=True)
class World:
    """The callers, and the codes and ids that exist."""

    agency: Caller
    coordinator: Caller
    finding: int
    submission: str
    effect: int

    def headers(self, role: str) -> dict[str, str]:
        """Return the headers with which a role authenticates."""
        if role == "nobody":
            return {}
        return {"Authorization": f"Bearer {getattr(self, role).token}"}


def populate() -> World:
    """Make the world."""
    call_command("load_reference", verbosity=0)
    kripos = AgencyFactory.create(code="NO-KRIPOS")
    AgencyFactory.create(code="DE-BKA", name="BKA")
    AnnotationFactory.create()
    agency, coordinator = Caller(agency=kripos), Caller(coordinator="ada")
    _publish()
    sent = agency.send(report(("NO", "BITTORRENT", 17), ("SE", "EDONKEY", 3)))
    assert sent.status_code == 202, sent.content
    finding = FindingFactory.create(agency=kripos)
    effect = Intervention.objects.create(
        title="Warnings", description="Searches show a warning.", registrant="A police office", countries=["NO"],
        indicator_id=1, direction="fewer", start=date(2026, 11, 2), registered=datetime(2026, 10, 1, tzinfo=UTC),
    )  # fmt: skip
    return World(agency, coordinator, finding.pk, sent.json()["id"], effect.pk)


def _publish() -> None:
    press, now = Press(), datetime.now(UTC)
    for frequency, ago in (("N", timedelta(minutes=5)), ("H", timedelta(hours=3)), ("D", timedelta(days=2))):
        press.publish(frequency, {periods.label(frequency, periods.start_of(frequency, now - ago)): {"NO": 5}})
    for frequency, label in (("D", "2026-11-01"), ("W", "2026-W45"), ("M", "2026-10"), ("A", "2025")):
        press.publish(frequency, {label: {"NO": 120, "NO/BITTORRENT": 100, "EUROPE": 500, "_T": 600}})
    press.compare(12, "M", ("2025-11", "2026-10"), [1], {"2025-10": {"EUROPE": 5}, "2026-10": {"EUROPE": 10}})
