"""Agencies, what they promise to report, what they count with, and what readers of their series should know."""

import re
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, RegexValidator, URLValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone

from countries.models.base import BEFORE_2017, WrittenByPeople
from countries.models.reference import MILLISECONDS, Country, Indicator, Network
from p2p_core.codes import AGENCY_CODE, UNKNOWN
from p2p_core.periods import EARLIEST, NOUNS, REPORTABLE

FREQUENCIES = {one.value: NOUNS[one] for one in REPORTABLE}
MAX_DEADLINE_MINUTES = 90 * 24 * 60

_MAILBOX = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")

OVERLAP = "The agency already has a schedule for this indicator and frequency on some of these days."
LAST_BEFORE_FIRST = "The last day must not be before the first."
END_BEFORE_START = "The end must not be before the start."


def check_contact(text: str) -> None:
    """Refuse a text that is not the address of a page or of a mailbox and nothing more, because readers follow it.

    A mailbox with a question mark could contain a whole mail. Characters outside ASCII can reverse the text
    around them.
    """
    check = EmailValidator() if "@" in text else URLValidator(schemes=["https"])
    try:
        check(text)
        is_contact = text.isascii() and text.isprintable() and ("@" not in text or _MAILBOX.fullmatch(text))
    except ValidationError:
        is_contact = False
    if not is_contact:
        raise ValidationError(
            "This is no contact. Give the address of a page, such as https://example.org/contact, or of an office's "
            "mailbox, such as office@example.org."
        )


class Agency(WrittenByPeople):
    MAY_NAME_MAILBOX = frozenset({"contact"})

    # A smallint in the database. It has fifteen bits in a packed work item.
    id = models.SmallAutoField(primary_key=True)
    code = models.CharField(
        max_length=40,
        unique=True,
        validators=[RegexValidator(AGENCY_CODE, "This is not a code such as NO-KRIPOS.")],
        help_text="The country's code, a hyphen, then capitals, digits or hyphens: NO-KRIPOS. Cannot be changed later.",
    )
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="agencies")
    name = models.CharField(max_length=200)
    contact = models.CharField(
        "public contact",
        max_length=200,
        blank=True,
        validators=[check_contact],
        help_text="A public contact point, not a person: the address of a page, or the mailbox of an office. Everybody "
        "can read it.",
    )
    active = models.BooleanField(default=True, help_text="An agency that is not active can neither send nor read.")
    invented = models.BooleanField(default=False, help_text="Made up for a demonstration. Every page says so.")
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
            raise ValidationError({"country": "Choose the country of the agency."})
        if not self.code.startswith(f"{self.country.code}-"):
            raise ValidationError({"code": f"The code must start with “{self.country.code}-”."})


class Schedule(models.Model):
    """A promise to send reports, from one UTC day to another, both included."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="schedules")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="schedules")
    frequency = models.CharField(max_length=1, choices=list(FREQUENCIES.items()))
    valid_from = models.DateField(help_text="The first day, in UTC.")
    valid_to = models.DateField(
        null=True, blank=True, help_text="The last day, included. If empty, the schedule has no end."
    )
    deadline_minutes = models.PositiveIntegerField(
        default=60, help_text="A report is late this many minutes after its period has ended."
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
                condition=Q(valid_from__gte=EARLIEST.date()),
                name="countries_schedule_starts",
                violation_error_message=BEFORE_2017,
            ),
            # If two schedules included one day, the same report would have two deadlines.
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
        # This comes before the exclusion constraint, for which a range that ends before it begins is an error.
        first = cast("date | None", self.valid_from)
        if first and self.valid_to and self.valid_to < first:
            raise ValidationError({"valid_to": LAST_BEFORE_FIRST})

    def overlaps(self, other: "Schedule") -> bool:
        """Whether two schedules of one agency expect the same report on some day."""
        if (self.indicator_id, self.frequency) != (other.indicator_id, other.frequency):
            return False
        return self.valid_from <= (other.valid_to or date.max) and other.valid_from <= (self.valid_to or date.max)


def own_thresholds() -> dict[str, str]:
    """The thresholds that can be set for one agency. It is a function, so that a new rule needs no migration."""
    return settings.OWN_THRESHOLDS


class Threshold(models.Model):
    """A threshold of a rule for one agency. It replaces the threshold in the settings."""

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


def time_zones() -> list[tuple[str, str]]:
    # Files of a system that are no zone: its own, and that of a system without one.
    return [(name, name) for name in sorted(available_timezones() - {"Factory", "localtime"})]


class Setup(WrittenByPeople):
    """What an agency counts with, and how, from a day on. All of it is public except the computers and the remark."""

    COUNTINGS = {
        "shares": "each download by the share of the file that the agency sent",
        "sent": "each file that the agency sent whole",
        "seen": "each peer that the agency saw complete, whoever sent the file",
        "own": "in a way of its own",
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="setups")
    valid_from = models.DateField(help_text="The first day with this set-up, in UTC.")
    computers = models.PositiveIntegerField(help_text="The number of police computers that offer files. Not public.")
    networks = ArrayField(models.CharField(max_length=20), help_text="The networks that the agency watches. Public.")
    counting = models.CharField(
        "way of counting", max_length=10, choices=list(COUNTINGS.items()), help_text="What it counts. Public."
    )
    time_zone = models.CharField(
        max_length=50, choices=time_zones, default="UTC", help_text="Of the files that the agency makes. Public."
    )
    local_days = models.BooleanField(
        default=False,
        help_text="Its days may begin at midnight in its time zone instead of UTC. Public. Allow it only if needed.",
    )
    location_source = models.CharField(
        "source of locations",
        max_length=100,
        help_text="The IP-to-country table, named as its maker names it, always alike (R301). Public.",
    )
    location_date = models.DateField("date of the source", help_text="The day of this edition of the table. Public.")
    remark = models.TextField(blank=True, help_text="Not public.")

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
            raise ValidationError({"networks": f"There is no network {', '.join(sorted(unknown))}. Choose another."})


class Annotation(WrittenByPeople):
    """A public note on the time axis, which readers of a series should know.

    A break says that values before and after it are not comparable. An annotation without an agency is about all
    agencies, and one without an indicator is about all indicators.
    """

    KINDS = {
        "campaign": "a campaign",
        "change": "a change of software or method",
        "outage": "an outage",
        "other": "other",
    }
    #: Kinds that continue if they have no end. All other kinds are then a single moment.
    LASTING = ("campaign", "outage")
    AHEAD_AT_MOST = timedelta(days=366)

    kind = models.CharField(max_length=10, choices=list(KINDS.items()))
    text = models.CharField(max_length=300, help_text="Public. Short, in English, without names of persons.")
    start = models.DateTimeField(help_text="In UTC.")
    end = models.DateTimeField(
        null=True,
        blank=True,
        help_text="In UTC. If empty, a campaign or an outage continues; anything else is a moment.",
    )
    is_break = models.BooleanField(
        "break in series",
        default=False,
        help_text="Values before and after the start are not comparable. A campaign or an outage is no break.",
    )
    agency = models.ForeignKey(
        Agency,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="annotations",
        help_text="If empty, it applies to all agencies.",
    )
    indicator = models.ForeignKey(
        Indicator,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="annotations",
        help_text="If empty, it applies to all indicators.",
    )
    #: When it was added or last changed, for the readers of the feeds.
    changed = models.DateTimeField(db_default=MILLISECONDS, editable=False)

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
                condition=Q(start__gte=EARLIEST),
                name="countries_annotation_starts",
                violation_error_message=BEFORE_2017,
            ),
            # After a campaign or an outage, an agency counts in the same way as before.
            models.CheckConstraint(
                condition=Q(is_break=False) | Q(kind__in=["change", "other"]),
                name="countries_annotation_break",
                violation_error_message=(
                    "A campaign or an outage is no break in the series. Choose another kind, or untick the break."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.start:%Y-%m-%d}"

    def clean(self) -> None:
        # The start is None if the form could not read it. The form has reported this already.
        start = cast("datetime | None", self.start)
        if start and start > timezone.now() + self.AHEAD_AT_MOST:
            raise ValidationError({"start": "The start is more than a year ahead. Give an earlier one."})


class WithdrawnAnnotation(models.Model):
    """An annotation that was deleted, or (``is_break``) a break that was deleted or is an annotation only.

    Readers of the feeds are told. Nothing of the text is kept. If the annotation is a break again, its row stays.
    """

    annotation = models.BigIntegerField()
    is_break = models.BooleanField()
    withdrawn = models.DateTimeField()

    class Meta:
        ordering = ["-withdrawn"]
        constraints = [
            models.UniqueConstraint(fields=["annotation", "is_break"], name="countries_withdrawnannotation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.annotation}, {self.withdrawn:%Y-%m-%d}"
