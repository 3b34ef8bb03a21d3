"""Reference data: countries and their population, networks, indicators and their translations, help services."""

from datetime import date, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Now
from django.utils import timezone

from countries.models.base import WrittenByPeople
from p2p_core.codes import COUNTRY_NAMES, INDICATOR_CODE
from p2p_core.periods import ALL_NETWORKS_ONLY, EARLIEST, STEPS, Frequency

LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"

_STEPS = [(step.value, f"{step.name.lower()}s") for step in STEPS]
#: The first step by population: from so many inhabitants on.
_FIRST_STEPS = ((40_000_000, Frequency.MINUTE), (1_000_000, Frequency.HOUR), (100_000, Frequency.DAY))

UNIT = "The word after a number, in all its plural forms, from one to many, separated by commas: download, downloads."


def named_country(code: str) -> str:
    """A country by its English name and its code: "Norway (NO)"."""
    return f"{COUNTRY_NAMES.get(code, code)} ({code})"


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
        return named_country(self.code)


class Network(models.Model):
    number = models.PositiveSmallIntegerField(primary_key=True)
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return self.code


#: Instants are written in whole milliseconds. So a time that a reader writes back is not before the one that was read.
MILLISECONDS = Func(Value("milliseconds"), Now(), function="date_trunc", output_field=models.DateTimeField())


class Population(WrittenByPeople):
    """The inhabitants of a country in a year, and since when this number has been known here."""

    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="populations")
    year = models.PositiveSmallIntegerField()
    inhabitants = models.PositiveBigIntegerField()
    source = models.CharField(max_length=200)
    known_from = models.DateTimeField(db_default=MILLISECONDS, editable=False)

    class Meta:
        ordering = ["country", "-year"]
        verbose_name_plural = "population"
        constraints = [
            # This is also the index with which the number of a year, or the last one before it, is found.
            models.UniqueConstraint(fields=["country", "year"], name="countries_population_country_year"),
            # Numbers per 100,000 inhabitants divide by it.
            models.CheckConstraint(condition=Q(inhabitants__gte=1), name="countries_population_inhabitants"),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.year}"


class PastPopulation(models.Model):
    """A number of inhabitants that was replaced or deleted: past views still use it. ``known_until`` is excluded."""

    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="past_populations")
    year = models.PositiveSmallIntegerField()
    inhabitants = models.PositiveBigIntegerField()
    known_from = models.DateTimeField()
    known_until = models.DateTimeField()

    class Meta:
        ordering = ["country", "-year", "known_from"]
        verbose_name_plural = "past populations"

    def __str__(self) -> str:
        return f"{self.country_id} {self.year} until {self.known_until}"


class Indicator(WrittenByPeople):
    # The number has ten bits in a packed work item. The registry gives a new indicator the next free number.
    number = models.PositiveSmallIntegerField(primary_key=True, blank=True)
    code = models.CharField(
        max_length=40,
        unique=True,
        validators=[RegexValidator(INDICATOR_CODE, "This is not a code such as HELP_VISITS.")],
        help_text="Capitals, digits and underscores: HELP_VISITS.",
    )
    name = models.CharField(max_length=100, help_text="In English, like all texts of this form.")
    unit = ArrayField(models.CharField(max_length=60), blank=True, default=list, help_text=UNIT)
    description = models.TextField(
        help_text="What is counted. Count events, so that the counts of shorter periods add up to those of longer ones."
    )
    notes = ArrayField(
        models.TextField(),
        blank=True,
        default=list,
        help_text="What the number does not say. Shown beside the number everywhere.",
    )
    usual_rate = models.FloatField(
        "usual number per 100,000 inhabitants in a day",
        default=1,
        db_default=1,
        help_text="Roughly: only the colours of the map depend on it. If you change it, all colours change.",
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=1023), name="countries_indicator_number"),
            models.CheckConstraint(
                condition=Q(usual_rate__gte=1e-6, usual_rate__lte=1e6),
                name="countries_indicator_usual_rate",
                violation_error_message="The usual number must be between 0.000001 and 1,000,000.",
            ),
            models.CheckConstraint(condition=Q(code__regex=INDICATOR_CODE), name="countries_indicator_code"),
        ]

    def __str__(self) -> str:
        return self.code


def page_languages() -> list[tuple[str, str]]:
    """The languages of the pages except English, in which indicators are first entered."""
    return [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


class IndicatorTranslation(WrittenByPeople):
    """The texts of an indicator in another language of the pages. If a field is empty, the English text is shown."""

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


class Detail(WrittenByPeople):
    """The finest steps at which the numbers of a country are published, from a month on.

    Coarser steps are published too, finer ones are withheld. A period belongs to the month in which it starts.
    """

    #: From when on each country has its first detail.
    FIRST = EARLIEST.date()

    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="details")
    # An indicator without reports can be deleted, with its details.
    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="details")
    valid_from = models.DateField(help_text="The first day of a month that begins later than tomorrow.")
    step = models.CharField("finest step", max_length=1, choices=_STEPS, help_text="Over all networks together.")
    network_step = models.CharField(
        "finest step by network",
        max_length=1,
        choices=[(step, name) for step, name in _STEPS if step not in ALL_NETWORKS_ONLY],
        help_text="Not finer than the finest step over all networks.",
    )

    class Meta:
        ordering = ["country", "indicator", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["country", "indicator", "valid_from"], name="countries_detail_country_indicator_month"
            ),
            models.CheckConstraint(condition=Q(valid_from__day=1), name="countries_detail_month"),
            models.CheckConstraint(
                condition=Q(network_step="M", step__in=["N", "H", "D", "W", "M"])
                | Q(network_step="W", step__in=["N", "H", "D", "W"])
                | Q(network_step="D", step__in=["N", "H", "D"]),
                name="countries_detail_steps",
                violation_error_message="By network, the step must not be finer than over all networks.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.indicator} from {self.valid_from:%Y-%m}"

    @property
    def has_begun(self) -> bool:
        """Whether its month has begun, or may have by some clock."""
        return self.valid_from <= (timezone.now() + timedelta(days=1)).date()

    def clean(self) -> None:
        """Refuse changes of months that have begun, so that the detail of a month is permanent."""
        stored = type(self).objects.filter(pk=self.pk).first()
        if stored is not None and stored.has_begun:
            raise ValidationError("This month has begun, so its detail stays. Add a detail for a later month.")
        # Not there if the field is at fault.
        given: date | None = self.valid_from
        if given is not None and given.day != 1:
            raise ValidationError({"valid_from": "Give the first day of a month."})
        if given is not None and self.has_begun:
            raise ValidationError({"valid_from": "Give a month that begins later than tomorrow."})


def first_steps(inhabitants: int | None) -> tuple[str, str]:
    """The first steps of a country, over all networks and by network."""
    known = (step for least, step in _FIRST_STEPS if inhabitants is not None and inhabitants >= least)
    step = next(known, Frequency.WEEK)
    return step.value, STEPS[max(STEPS.index(step) + 1, STEPS.index(Frequency.DAY))].value


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
        help_text="If empty, the service helps people in all countries.",
    )
    address = models.URLField(help_text="The web address.")
    phone = models.CharField(max_length=40, blank=True)
    description = models.TextField()
    shown = models.BooleanField(
        default=True,
        help_text="Untick this when the service has closed. A deleted one returns when reference data are loaded.",
    )
    source = models.URLField(
        max_length=300, blank=True, help_text="The page that states the address and the telephone number."
    )
    checked = models.DateField(null=True, blank=True, help_text="The day on which somebody last checked these details.")

    class Meta:
        ordering = ["country", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(languages__len__gte=1), name="countries_helpservice_languages"),
            # Public pages link to the address.
            models.CheckConstraint(condition=Q(address__regex=r"^https?://"), name="countries_helpservice_address"),
        ]

    def __str__(self) -> str:
        return self.name


class ReferenceVersion(models.Model):
    """The version of the reference data: one row. Each write locks the row and counts it up, so writers take turns."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=0)
    #: The time at which it was last counted up.
    changed = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="countries_referenceversion_single")]

    def __str__(self) -> str:
        return str(self.number)
