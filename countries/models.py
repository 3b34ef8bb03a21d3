"""Who takes part (agencies, schedules, credentials) and reference data. Only ``registry`` writes these tables.

Mistakes are refused by the database first; ``clean`` says the same earlier and in words.
"""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now
from django.utils import timezone

from countries import keys, liaisons, ranges
from p2p_core.codes import UNKNOWN
from p2p_core.traces import refusal

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    class AbstractApplication(models.Model):
        """What we use of the toolkit's model, which has no types."""

        CLIENT_CONFIDENTIAL = "confidential"
        GRANT_CLIENT_CREDENTIALS = "client-credentials"

        client_id = models.CharField(max_length=255)
        client_secret = models.CharField(max_length=255)
        client_type = models.CharField(max_length=32)
        authorization_grant_type = models.CharField(max_length=44)
        user = models.ForeignKey(User, null=True, on_delete=models.CASCADE)
        created = models.DateTimeField(auto_now_add=True)

        class Meta:
            abstract = True
else:
    from oauth2_provider.models import AbstractApplication

FREQUENCIES = {"N": "minute", "H": "hour", "D": "day", "M": "month"}
MAX_DEADLINE_MINUTES = 90 * 24 * 60

AGENCY_CODE = r"^[A-Z]{2}-[A-Z0-9][A-Z0-9-]*$"
INDICATOR_CODE = r"^[A-Z][A-Z0-9_]*$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"

OVERLAP = "The agency already has a schedule for this indicator and frequency on some of these days."
LAST_BEFORE_FIRST = "The last day must not be before the first."
END_BEFORE_START = "The end must not be before the start."
BEFORE_2000 = "This is before the year 2000."

UNIT = "What stands after a number: its plural forms, from one to many, with commas: download, downloads."

READ_WRITE = "submissions:write submissions:read"
READ_ONLY = "submissions:read"
FIGURES = "figures:read"


class WrittenByPeople(models.Model):
    """Checks what people write into a row, since the audit trail keeps it for good."""

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Any = None) -> None:
        super().clean_fields(exclude)
        faults: dict[str, str] = {}
        for field in self._meta.concrete_fields:
            if field.name in (exclude or ()) or field.choices:
                continue
            value, is_link = getattr(self, field.attname), isinstance(field, models.URLField)
            texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
            refusals = (refusal(unquote(text) if is_link else text, is_link=is_link) for text in texts)
            if why := next(filter(None, refusals), None):
                faults[field.name] = why
        if faults:
            raise ValidationError(faults)


class Country(models.Model):
    number = models.PositiveSmallIntegerField(primary_key=True)
    code = models.CharField(max_length=2, unique=True)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "countries"
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^([A-Z]{2}|_U)$"), name="countries_country_code"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=999), name="countries_country_number"),
        ]

    def __str__(self) -> str:
        return self.code


class Network(models.Model):
    number = models.PositiveSmallIntegerField(primary_key=True)
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return self.code


class Population(WrittenByPeople):
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="populations")
    year = models.PositiveSmallIntegerField()
    inhabitants = models.PositiveBigIntegerField()
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["country", "-year"]
        verbose_name_plural = "population"
        constraints = [
            # Also the index for "the year's figure or the latest before it".
            models.UniqueConstraint(fields=["country", "year"], name="countries_population_country_year"),
            # A rate divides by it.
            models.CheckConstraint(condition=Q(inhabitants__gte=1), name="countries_population_inhabitants"),
        ]

    def __str__(self) -> str:
        return f"{self.country_id} {self.year}"


class Indicator(WrittenByPeople):
    # Ten bits of the key of a work item; the registry gives the next free one.
    number = models.PositiveSmallIntegerField(primary_key=True, blank=True)
    code = models.CharField(
        max_length=40,
        unique=True,
        validators=[RegexValidator(INDICATOR_CODE, "This is not a code such as HELP_VISITS.")],
        help_text="Capitals, digits and underscores: HELP_VISITS.",
    )
    name = models.CharField(max_length=100, help_text="In English, as all words here.")
    unit = ArrayField(models.CharField(max_length=60), blank=True, default=list, help_text=UNIT)
    description = models.TextField(help_text="What is counted. Always events, so that counts add up over time.")
    notes = ArrayField(
        models.TextField(),
        blank=True,
        default=list,
        help_text="What the number is not. Shown wherever the number is.",
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=1023), name="countries_indicator_number"),
            models.CheckConstraint(condition=Q(code__regex=INDICATOR_CODE), name="countries_indicator_code"),
        ]

    def __str__(self) -> str:
        return self.code


def page_languages() -> list[tuple[str, str]]:
    """The languages of the pages, except the one in which indicators are entered first."""
    return [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


class IndicatorTranslation(WrittenByPeople):
    """The words of an indicator in another language of the pages. Where one is empty, the English stands."""

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="translations")
    language = models.CharField(max_length=10, choices=page_languages)
    name = models.CharField(max_length=100, blank=True)
    unit = ArrayField(models.CharField(max_length=60), blank=True, default=list, help_text=UNIT)
    description = models.TextField(blank=True)
    notes = ArrayField(models.TextField(), blank=True, default=list)

    class Meta:
        ordering = ["indicator", "language"]
        verbose_name = "translation"
        constraints = [
            models.UniqueConstraint(fields=["indicator", "language"], name="countries_translation_language"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} in {self.language}"


class Agency(WrittenByPeople):
    # A smallint in the database: fifteen bits of the key of a work item.
    id = models.SmallAutoField(primary_key=True)
    code = models.CharField(
        max_length=40,
        unique=True,
        validators=[RegexValidator(AGENCY_CODE, "This is not a code such as NO-KRIPOS.")],
        help_text="The country's code, a hyphen, then capitals, digits or hyphens: NO-KRIPOS. Cannot be changed later.",
    )
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="agencies")
    name = models.CharField(max_length=200)
    active = models.BooleanField(default=True, help_text="An agency that is not active can neither send nor read.")
    invented = models.BooleanField(
        default=False, help_text="Made up for a demonstration, and shown as such everywhere."
    )
    signature_required = models.BooleanField(
        default=False, help_text="Submissions that are not signed with one of the agency's keys are refused."
    )

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "agencies"
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=AGENCY_CODE), name="countries_agency_code"),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        if not self.country_id:
            return
        if self.country.code == UNKNOWN:
            raise ValidationError({"country": "An agency belongs to a country."})
        if not self.code.startswith(f"{self.country.code}-"):
            raise ValidationError({"code": f"The code must start with “{self.country.code}-”."})


class Schedule(models.Model):
    """A promise of reports: whole UTC days, both ends included."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="schedules")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="schedules")
    frequency = models.CharField(max_length=1, choices=list(FREQUENCIES.items()))
    valid_from = models.DateField(help_text="First day, in UTC.")
    valid_to = models.DateField(null=True, blank=True, help_text="Last day, included. Empty: until further notice.")
    deadline_minutes = models.PositiveIntegerField(
        default=60, help_text="Minutes after a period has ended until its report counts as late."
    )

    class Meta:
        ordering = ["agency", "indicator", "frequency", "valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(frequency__in=list(FREQUENCIES)), name="countries_schedule_frequency"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="countries_schedule_days",
                violation_error_message=LAST_BEFORE_FIRST,
            ),
            models.CheckConstraint(
                condition=Q(deadline_minutes__lte=MAX_DEADLINE_MINUTES),
                name="countries_schedule_deadline",
                violation_error_message=f"A deadline is at most {MAX_DEADLINE_MINUTES} minutes (90 days).",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__gte=date(2000, 1, 1)),
                name="countries_schedule_starts",
                violation_error_message=BEFORE_2000,
            ),
            # Two schedules for one day would owe the same report under two deadlines.
            ExclusionConstraint(
                name="countries_schedule_overlap",
                expressions=[
                    ("agency", RangeOperators.EQUAL),
                    ("indicator", RangeOperators.EQUAL),
                    ("frequency", RangeOperators.EQUAL),
                    (
                        Func(
                            "valid_from",
                            "valid_to",
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=OVERLAP,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.frequency} from {self.valid_from}"

    def clean(self) -> None:
        # Before the exclusion constraint is asked, which cannot read a range that ends before it begins.
        first = cast("date | None", self.valid_from)
        if first and self.valid_to and self.valid_to < first:
            raise ValidationError({"valid_to": LAST_BEFORE_FIRST})

    def overlaps(self, other: "Schedule") -> bool:
        """Whether both owe the same report on some day, for two schedules of one agency."""
        if (self.indicator_id, self.frequency) != (other.indicator_id, other.frequency):
            return False
        return self.valid_from <= (other.valid_to or date.max) and other.valid_from <= (self.valid_to or date.max)


class Credential(AbstractApplication):
    """OAuth2 client credentials, bound to one agency or one coordinator."""

    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="credentials")
    coordinator = models.CharField(max_length=150, blank=True, default="")
    scopes = models.CharField(max_length=100)
    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    # In the one spelling that `ranges` gives them.
    networks = ArrayField(models.CharField(max_length=43), blank=True, default=list)

    class Meta:
        ordering = ["-created"]
        permissions = [
            ("revoke_credential", "Can revoke a credential"),
            ("restrict_credential", "Can change the networks of a credential"),
        ]
        constraints = [
            # A write that bypasses `ranges` must not leave a restriction behind that breaks each request.
            models.CheckConstraint(
                condition=Q(networks__len__lte=ranges.RANGES_AT_MOST), name="countries_credential_networks"
            ),
            # One holder, and no scope that is not the holder's kind.
            models.CheckConstraint(
                name="countries_credential_holder",
                condition=(
                    Q(agency__isnull=False, coordinator="", scopes__in=[READ_WRITE, READ_ONLY])
                    | (Q(agency__isnull=True, user__isnull=False, scopes=FIGURES) & ~Q(coordinator=""))
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.client_id

    @property
    def get_absolute_url(self) -> str:
        """The toolkit names a page that is not mounted here; without an address the admin links to none."""
        raise AttributeError

    @property
    def holder(self) -> str:
        return self.agency.code if self.agency else self.coordinator

    @property
    def holder_allowed(self) -> bool:
        if self.agency is not None:
            return self.agency.active
        return self.user is not None and liaisons.reads_figures(self.user)

    def clean(self) -> None:
        try:
            self.networks = ranges.read(self.networks)
        except ranges.BadRange as error:
            raise ValidationError({"networks": str(error)}) from None

    def usable_from(self, address: str) -> bool:
        return ranges.allow(self.networks, address)

    def usable_at(self, now: datetime) -> bool:
        expired = self.expires is not None and self.expires <= now
        return self.revoked is None and not expired and self.holder_allowed

    def is_usable(self, request: Any) -> bool:  # noqa: ARG002  the toolkit's signature
        """Asked by django-oauth-toolkit before it gives out a token."""
        return self.usable_at(timezone.now())


class SigningKey(models.Model):
    """The public half of an Ed25519 key with which an agency signs what it sends."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="signing_keys")
    # What a signature names it by; made of the agency's code and the fingerprint.
    keyid = models.CharField(max_length=60, unique=True)
    # In base 64. One key stands for one agency, and for good: what it signed is verified with it later.
    public_key = models.CharField(max_length=44, unique=True)
    created = models.DateTimeField()
    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created"]
        permissions = [("revoke_signingkey", "Can revoke a signing key")]

    def __str__(self) -> str:
        return self.keyid

    @property
    def holder_allowed(self) -> bool:
        return self.agency.active

    @property
    def fingerprint(self) -> str:
        return keys.fingerprint(keys.decode(self.public_key))


class HelpService(WrittenByPeople):
    code = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    languages = ArrayField(
        models.CharField(max_length=20, validators=[RegexValidator(LANGUAGE, "This is not a language code.")]),
        help_text="Language codes, separated by commas: en, nb, pt-BR.",
    )
    country = models.ForeignKey(
        Country,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="help_services",
        help_text="Empty: for people everywhere.",
    )
    address = models.URLField(help_text="The web address.")
    phone = models.CharField(max_length=40, blank=True)
    description = models.TextField()
    shown = models.BooleanField(
        default=True, help_text="Untick this when the service has closed; the next load would bring a deleted one back."
    )
    source = models.URLField(
        max_length=300, blank=True, help_text="The page on which address and telephone were found."
    )
    checked = models.DateField(null=True, blank=True, help_text="When somebody last made sure that all this is right.")

    class Meta:
        ordering = ["country", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(languages__len__gte=1), name="countries_helpservice_languages"),
            # The address becomes a link on public pages.
            models.CheckConstraint(condition=Q(address__regex=r"^https?://"), name="countries_helpservice_address"),
        ]

    def __str__(self) -> str:
        return self.name


def own_thresholds() -> dict[str, str]:
    """The thresholds that an agency may have for itself: a new rule in the settings needs no migration here."""
    return settings.OWN_THRESHOLDS


class Threshold(models.Model):
    """An agency's own threshold of a rule, in place of the one in the settings."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="thresholds")
    name = models.CharField(max_length=20, choices=own_thresholds)
    value = models.FloatField()

    class Meta:
        ordering = ["agency", "name"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "name"], name="countries_threshold_agency_name"),
            models.CheckConstraint(condition=Q(value__gte=0), name="countries_threshold_value"),
        ]

    def __str__(self) -> str:
        return f"{self.agency} {self.name}"


class Setup(WrittenByPeople):
    """What an agency counts with, from a day on: the description of its sensor. Not public."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="setups")
    valid_from = models.DateField(help_text="First day on which it was like this, in UTC.")
    computers = models.PositiveIntegerField(help_text="How many police computers offer files.")
    networks = ArrayField(models.CharField(max_length=20), help_text="The networks watched.")
    geo_database = models.CharField("IP-to-country database", max_length=100)
    geo_version = models.CharField("its version", max_length=50)
    remark = models.TextField(blank=True)

    class Meta:
        ordering = ["agency", "-valid_from"]
        verbose_name = "set-up"
        constraints = [
            models.UniqueConstraint(fields=["agency", "valid_from"], name="countries_setup_agency_day"),
        ]

    def __str__(self) -> str:
        return f"{self.agency} from {self.valid_from}"

    def clean(self) -> None:
        unknown = set(self.networks or ()) - set(Network.objects.values_list("code", flat=True))
        if unknown:
            raise ValidationError({"networks": f"There is no network {', '.join(sorted(unknown))}."})


class Annotation(WrittenByPeople):
    """Something on the time axis that readers of a series should know; public.

    A break says that values before and after are not comparable. Without an agency it holds
    for all, without an indicator for each.
    """

    KINDS = {
        "campaign": "a campaign",
        "change": "a change of software or method",
        "outage": "an outage",
        "other": "other",
    }
    #: Kinds that go on until an end is set; the others are a moment then.
    LASTING = ("campaign", "outage")
    AHEAD_AT_MOST = timedelta(days=366)

    kind = models.CharField(max_length=10, choices=list(KINDS.items()))
    text = models.CharField(max_length=300, help_text="Public. Short, in English, without names of persons.")
    start = models.DateTimeField(help_text="In UTC.")
    end = models.DateTimeField(
        null=True, blank=True, help_text="In UTC. Empty: a campaign or an outage goes on, anything else is a moment."
    )
    is_break = models.BooleanField(
        "break in series",
        default=False,
        help_text="Values before and after the start are not comparable. Releases the reports that it explains (R102).",
    )
    agency = models.ForeignKey(
        Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="annotations", help_text="Empty: for all."
    )
    indicator = models.ForeignKey(
        Indicator,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="annotations",
        help_text="Empty: for each.",
    )

    class Meta:
        ordering = ["-start"]
        permissions = [("mark_break", "Can mark a break in a series")]
        constraints = [
            models.CheckConstraint(
                condition=Q(end__isnull=True) | Q(end__gte=F("start")),
                name="countries_annotation_ends",
                violation_error_message=END_BEFORE_START,
            ),
            models.CheckConstraint(
                condition=Q(start__gte=datetime(2000, 1, 1, tzinfo=UTC)),
                name="countries_annotation_starts",
                violation_error_message=BEFORE_2000,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.start:%Y-%m-%d}"

    def clean(self) -> None:
        # A form that could not read the start has said so.
        start = cast("datetime | None", self.start)
        if start and start > timezone.now() + self.AHEAD_AT_MOST:
            raise ValidationError({"start": "The start is more than a year ahead."})


class SignIn(models.Model):
    """Guesses at a name's password or codes from an address, and when its owner last signed in from there.

    Name and address are keyed hashes; ``countries.accounts.guessing`` makes and reads them.
    """

    name = models.CharField(max_length=64)
    origin = models.CharField(max_length=64)
    guesses = models.IntegerField(default=0)
    guessed = models.DateTimeField(null=True)
    signed_in = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "origin"], name="one_sign_in")]
        indexes = [models.Index(fields=["origin"], name="sign_in_by_origin")]

    def __str__(self) -> str:
        return self.name


class Liaison(models.Model):
    """That a user of the desk stands for one country, and sees and changes nothing outside it."""

    user = models.OneToOneField("auth.User", primary_key=True, on_delete=models.PROTECT, related_name="liaison")
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="liaisons")

    def __str__(self) -> str:
        return f"{self.user} for {self.country}"


class ReferenceVersion(models.Model):
    """One row, counted up by every writing transaction; every writer locks it, so writers take turns."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=0)
    #: When it was counted up last.
    changed = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="countries_referenceversion_single")]

    def __str__(self) -> str:
        return str(self.number)
