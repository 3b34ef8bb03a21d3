"""The smallest valid row of each table, for tests. Written past the registry, so that nothing else happens."""

from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from factory.declarations import LazyAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from countries.models import (
    READ_WRITE,
    Agency,
    Annotation,
    Country,
    Credential,
    Detail,
    Draw,
    HelpService,
    Indicator,
    IndicatorTranslation,
    Intervention,
    Network,
    Population,
    Recipient,
    Schedule,
    Setup,
    SigningKey,
    Webhook,
)
from federation.models.findings import Finding
from federation.models.notifications import Kind, Notification
from p2p_core.codes import COUNTRIES


def observer(username: str = "ada") -> User:
    """Return the account of somebody who may read the figures of all countries."""
    user, _ = User.objects.get_or_create(username=username, defaults={"is_staff": True})
    user.groups.add(Group.objects.get(name="observer"))
    return user


class CountryFactory(DjangoModelFactory[Country]):
    class Meta:
        model = Country
        django_get_or_create = ("code",)

    code = "NO"
    number = LazyAttribute(lambda row: COUNTRIES[row.code])


class IndicatorFactory(DjangoModelFactory[Indicator]):
    class Meta:
        model = Indicator
        django_get_or_create = ("code",)

    number = 1
    code = "DOWNLOADS"
    name = "Downloads"
    description = "Completed downloads."


class IndicatorTranslationFactory(DjangoModelFactory[IndicatorTranslation]):
    class Meta:
        model = IndicatorTranslation

    indicator = SubFactory(IndicatorFactory)
    language = "de"
    name = "Downloads von Dateien der Polizei"


class NetworkFactory(DjangoModelFactory[Network]):
    class Meta:
        model = Network
        django_get_or_create = ("code",)

    number = 1
    code = "BITTORRENT"
    name = "BitTorrent"


class AgencyFactory(DjangoModelFactory[Agency]):
    class Meta:
        model = Agency
        django_get_or_create = ("code",)

    code = "NO-KRIPOS"
    name = "Kripos"
    country = LazyAttribute(lambda row: CountryFactory.create(code=row.code[:2]))


class ScheduleFactory(DjangoModelFactory[Schedule]):
    class Meta:
        model = Schedule

    agency = SubFactory(AgencyFactory)
    indicator = SubFactory(IndicatorFactory)
    frequency = "H"
    valid_from = date(2026, 1, 1)
    deadline_minutes = 60


class CredentialFactory(DjangoModelFactory[Credential]):
    class Meta:
        model = Credential

    client_id = Sequence(lambda number: f"NO-KRIPOS.{number}")
    client_secret = "police2peer_credential$1$x$x"
    client_type = Credential.CLIENT_CONFIDENTIAL
    authorization_grant_type = Credential.GRANT_CLIENT_CREDENTIALS
    agency: Any = SubFactory(AgencyFactory)
    scopes = READ_WRITE


class SigningKeyFactory(DjangoModelFactory[SigningKey]):
    """Of 32 bytes that no private key is known for."""

    class Meta:
        model = SigningKey

    agency: Any = SubFactory(AgencyFactory)
    keyid = Sequence(lambda number: f"NO-KRIPOS.{number}")
    public_key = Sequence(lambda number: b64encode(number.to_bytes(32, "big")).decode())
    fingerprint = Sequence(lambda number: f"{number:064x}")
    created = datetime(2026, 11, 1, tzinfo=UTC)


class RecipientFactory(DjangoModelFactory[Recipient]):
    class Meta:
        model = Recipient

    agency: Any = SubFactory(AgencyFactory)
    mailbox = Sequence(lambda number: f"office{number}@example.org")


class WebhookFactory(DjangoModelFactory[Webhook]):
    class Meta:
        model = Webhook

    agency: Any = SubFactory(AgencyFactory)
    url = Sequence(lambda number: f"https://reports.example.org/{number}")


class PopulationFactory(DjangoModelFactory[Population]):
    class Meta:
        model = Population
        django_get_or_create = ("country", "year")

    country = SubFactory(CountryFactory)
    year = 2024
    inhabitants = 5_572_279
    source = "a test"
    known_from = datetime(2000, 1, 1, tzinfo=UTC)


class DetailFactory(DjangoModelFactory[Detail]):
    class Meta:
        model = Detail

    country = SubFactory(CountryFactory)
    indicator = SubFactory(IndicatorFactory)
    valid_from = Detail.FIRST
    step = "D"
    network_step = "W"


class HelpServiceFactory(DjangoModelFactory[HelpService]):
    class Meta:
        model = HelpService

    code = Sequence(lambda number: f"service-{number}")
    name = "Det finnes hjelp"
    languages: Any = ["nb"]
    country: Any = SubFactory(CountryFactory)
    address = "https://example.org"
    description = "Help."


class FindingFactory(DjangoModelFactory[Finding]):
    """Of a share that could not be located, in an hour."""

    class Meta:
        model = Finding

    rule = "R105"
    agency: Any = SubFactory(AgencyFactory)
    indicator: Any = SubFactory(IndicatorFactory)
    frequency = "H"
    period = Sequence(lambda number: datetime(2026, 11, 2, tzinfo=UTC) + timedelta(hours=number))
    last_period = LazyAttribute(lambda row: row.period)
    facts: Any = {"value": 100, "unlocated": 40, "share": 0.4}
    opened = datetime(2026, 11, 20, tzinfo=UTC)
    changed = LazyAttribute(lambda row: row.opened)


class SetupFactory(DjangoModelFactory[Setup]):
    class Meta:
        model = Setup

    agency: Any = SubFactory(AgencyFactory)
    valid_from = date(2026, 1, 1)
    computers = 12
    networks: Any = ["BITTORRENT"]
    counting = "shares"
    location_source = "A table of countries"
    location_date = date(2025, 12, 1)


class AnnotationFactory(DjangoModelFactory[Annotation]):
    """Of a moment, for all."""

    class Meta:
        model = Annotation

    kind = "change"
    text = "The database of addresses was replaced."
    start = datetime(2026, 11, 12, 8, tzinfo=UTC)


class DrawFactory(DjangoModelFactory[Draw]):
    """Announced a day before its value is known, and not drawn yet."""

    class Meta:
        model = Draw

    title = "Police files in Nordic languages"
    countries: Any = ["DK", "NO", "SE"]
    source = "The numbers of the Norwegian lottery of the first Saturday in December 2026"
    known_from = datetime(2026, 12, 5, 20, tzinfo=UTC)
    announced = LazyAttribute(lambda row: row.known_from - timedelta(days=1))


class InterventionFactory(DjangoModelFactory[Intervention]):
    """Registered past the registry, so without an audit event."""

    class Meta:
        model = Intervention

    title = "More police files in Norwegian"
    description = "Twice as many police files. More people find one and stop."
    registrant = "Kripos, prevention"
    countries: Any = ["NO"]
    indicator: Any = SubFactory(IndicatorFactory)
    direction = "fewer"
    start = date(2026, 11, 2)


class NotificationFactory(DjangoModelFactory[Notification]):
    """That reports of an hour are held."""

    class Meta:
        model = Notification

    kind = Kind.HELD
    at = datetime(2026, 11, 25, 12, tzinfo=UTC)
    agency: Any = SubFactory(AgencyFactory)
    details: Any = LazyAttribute(
        lambda _: {
            "finding": 7,
            "rule": "R102",
            "indicator": "DOWNLOADS",
            "frequency": "H",
            "first": "2026-11-25T10",
            "last": "2026-11-25T10",
        }
    )
