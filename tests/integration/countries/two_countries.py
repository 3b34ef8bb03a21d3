"""Two countries with everything that the desk shows: the liaison's own country, and one that must stay hidden."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Model

from countries.liaisons import SHARED
from countries.models import (
    Agency,
    Annotation,
    Country,
    Credential,
    Detail,
    HelpService,
    Indicator,
    Liaison,
    Network,
    Population,
    Schedule,
    Setup,
    SigningKey,
    Threshold,
)
from federation.models.audit import AuditEvent
from federation.models.findings import Answer, Finding, Hold
from federation.models.submissions import Report, Submission
from federation.models.worklist import Failure
from tests import factories

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)

#: The way from a row to its country. Without one, a row is of no country and nobody's to see.
WAYS: dict[type[Model], str] = {
    Agency: "country",
    Annotation: "agency__country",
    Answer: "finding__agency__country",
    AuditEvent: "",
    Country: SHARED,
    Credential: "agency__country",
    Detail: SHARED,
    Failure: "",
    Finding: "agency__country",
    Group: "",
    HelpService: SHARED,
    Hold: "report__agency__country",
    Indicator: SHARED,
    Liaison: "country",
    Network: SHARED,
    Population: SHARED,
    Report: "agency__country",
    Schedule: "agency__country",
    Setup: "agency__country",
    SigningKey: "agency__country",
    Submission: "agency__country",
    Threshold: "agency__country",
    User: "",
}


@dataclass(frozen=True)
class Land:
    """A country, and a row of it in each table."""

    word: str
    number: int
    rows: dict[type[Model], Model]

    @property
    def harmless(self) -> dict[Any, Any]:
        """The text that a form sends instead of the marks, because a page may repeat what is typed."""
        return {self.word: self.word[:-1], self.number: 1}

    @property
    def marks(self) -> tuple[str, ...]:
        """Texts that a page contains only if it shows a row of this country."""
        return self.word.lower(), str(self.number), f"{self.number:,}"


def land(code: str, word: str, number: int) -> Land:
    """Make a country whose every row carries a word or a number that nothing else has."""
    agency = factories.AgencyFactory.create(code=f"{code}-{word}", name=f"{word} police")
    indicator = factories.IndicatorFactory.create()
    person = User.objects.create_user(f"{word}.person", is_staff=True)
    key = {"agency": agency, "indicator": indicator, "frequency": "H", "period": AT}
    submission = Submission.objects.create(
        agency=agency, received=AT, prepared=AT, media="json", body_digest=b"x" * 32,
        report_count=1, observation_count=number, outcomes={"held": number},
    )  # fmt: skip
    report = Report.objects.create(
        submission=submission, position=0, status="A", withdrawn=False, prepared=AT, received=AT, state="held",
        outcome="held", digest=b"x" * 16, total=number, countries=[578], networks=[1], values=[number], **key,
    )  # fmt: skip
    facts = {"value": number, "usual": 96.0, "deviation": 8.0, "distance": 138.5, "values": 8}
    finding = factories.FindingFactory.create(rule="R102", report=report, facts=facts, opened=AT, **key)
    rows: list[Model] = [
        agency, finding, report, submission, person,
        Liaison.objects.create(user=person, country=agency.country),
        factories.AnnotationFactory.create(agency=agency, text=f"{word} replaced its database.", start=AT),
        factories.CredentialFactory.create(agency=agency, client_id=f"{code}-{word}.1"),
        factories.ScheduleFactory.create(agency=agency, deadline_minutes=number % 100_000),
        factories.SigningKeyFactory.create(agency=agency, keyid=f"{code}-{word}.k"),
        factories.SetupFactory.create(agency=agency, computers=number, location_source=f"{word} base"),
        Threshold.objects.create(agency=agency, name="R104_TOTAL", value=number),
        Hold.objects.create(report=report, finding=finding, rule="R102", facts=facts, since=AT),
        Answer.objects.create(finding=finding, at=AT, by=f"{word}.person", answer="confirmed", remark=f"{word} knows"),
        AuditEvent.objects.create(
            at=AT, actor=f"{word}.person", action="agency.added", subject=f"agency {agency}",
            details={"total": number}, digest=b"x" * 32,
        ),
        Failure.objects.create(item=agency.pk, attempts=1, reason=f"{word} was divided by zero", since=AT),
    ]  # fmt: skip
    return Land(word, number, {type(row): row for row in rows})


def shared() -> dict[type[Model], Model]:
    """Make a row of each table that all countries share."""
    country = factories.CountryFactory.create()
    rows: list[Model] = [
        country,
        factories.IndicatorFactory.create(),
        Network.objects.get_or_create(number=1, defaults={"code": "BITTORRENT", "name": "BitTorrent"})[0],
        factories.PopulationFactory.create(country=country),
        factories.DetailFactory.create(country=country, valid_from=date(2099, 1, 1)),
        factories.HelpServiceFactory.create(country=country),
        Group.objects.get(name="observer"),
    ]
    return {type(row): row for row in rows}


def outside(country: int | None) -> dict[type[Model], list[dict[str, Any]]]:
    """Return all that stands in the tables of the registry, the federation and the accounts, except one country."""
    found = {}
    for model, way in WAYS.items():
        rows = model._base_manager.order_by("pk")
        if country is not None and way not in ("", SHARED):
            rows = rows.exclude(**{way: country})
        if country is not None and model in (AuditEvent, Failure):
            # What a liaison does in the own country is written down there.
            rows = rows.filter(pk__in=[row["pk"] for row in rows.values("pk")[:2]])
        found[model] = list(rows.values())
    return found
