"""A row of each table that the desk shows."""

from datetime import UTC, date, datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model

from countries.models import (
    AgencyAccount,
    Network,
    Schedule,
    Threshold,
)
from federation.models.audit import AuditEvent
from federation.models.findings import Answer, Hold
from federation.models.submissions import Report, Submission
from federation.models.worklist import Failure
from tests import factories

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)

NUMBER = 1_234_567


def make() -> dict[type[Model], Model]:
    """Make an agency of Norway with a row in each table, and a row of each table that all countries share."""
    country = factories.CountryFactory.create()
    agency = factories.AgencyFactory.create(code="NO-FJORD", name="Fjord police")
    indicator = factories.IndicatorFactory.create()
    person = User.objects.create_user("fjord.person")
    key = {"agency": agency, "indicator": indicator, "frequency": "H", "period": AT}
    submission = Submission.objects.create(
        agency=agency, received=AT, prepared=AT, media="json", body_digest=b"x" * 32,
        report_count=1, observation_count=NUMBER, outcomes={"held": NUMBER}, from_pages=False,
    )  # fmt: skip
    report = Report.objects.create(
        submission=submission, position=0, status="A", withdrawn=False, prepared=AT, received=AT, state="held",
        outcome="held", digest=b"x" * 16, total=NUMBER, countries=[578], networks=[1], values=[NUMBER], **key,
    )  # fmt: skip
    facts = {"value": NUMBER, "usual": 96.0, "deviation": 8.0, "distance": 138.5, "values": 8}
    finding = factories.FindingFactory.create(rule="R102", report=report, facts=facts, opened=AT, **key)
    rows: list[Model] = [
        agency, finding, report, submission, person,
        AgencyAccount.objects.create(user=person, agency=agency, created=AT),
        factories.AnnotationFactory.create(agency=agency, text="The database was replaced.", start=AT),
        factories.CredentialFactory.create(agency=agency, client_id="NO-FJORD.1"),
        factories.ScheduleFactory.create(agency=agency, deadline_minutes=5),
        factories.SigningKeyFactory.create(agency=agency, keyid="NO-FJORD.k"),
        factories.RecipientFactory.create(agency=agency, mailbox="fjord.office@example.org"),
        factories.WebhookFactory.create(agency=agency, url="https://fjord.example.org/hook", active=False),
        factories.SetupFactory.create(agency=agency, computers=NUMBER, location_source="Fjord base"),
        Threshold.objects.create(agency=agency, name="R104_TOTAL", value=NUMBER),
        Hold.objects.create(report=report, finding=finding, rule="R102", facts=facts, since=AT),
        Answer.objects.create(finding=finding, at=AT, by="fjord.person", answer="confirmed", remark="So it is"),
        AuditEvent.objects.create(
            at=AT, actor="fjord.person", action="agency.added", subject=f"agency {agency}",
            details={"total": NUMBER}, digest=b"x" * 32,
        ),
        Failure.objects.create(item=agency.pk, attempts=1, reason="It was divided by zero", since=AT),
        country,
        factories.IndicatorFactory.create(),
        Network.objects.get_or_create(number=1, defaults={"code": "BITTORRENT", "name": "BitTorrent"})[0],
        factories.PopulationFactory.create(country=country),
        factories.DetailFactory.create(country=country, valid_from=date(2099, 1, 1)),
        factories.HelpServiceFactory.create(country=country),
        factories.InterventionFactory.create(),
        factories.DrawFactory.create(),
        Group.objects.get(name="observer"),
    ]  # fmt: skip
    return {type(row): row for row in rows}


def everything() -> dict[type[Model], list[dict[str, Any]]]:
    """Return all that stands in the tables of the registry, the federation and the accounts."""
    models: list[type[Model]] = [Schedule, Threshold, *admin.site._registry]
    return {model: list(model._base_manager.order_by("pk").values()) for model in models}
