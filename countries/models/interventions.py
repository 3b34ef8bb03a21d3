"""Interventions, registered before they start, and draws that decide in which order countries start."""

from collections.abc import Collection
from hashlib import sha256
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from countries.models.base import WrittenByPeople
from countries.models.reference import Indicator
from p2p_core.codes import COUNTRIES, UNKNOWN

#: The most weeks of both windows together. The longest panel has 36 months, and the last of them must have ended.
LONGEST_WINDOWS: Final = 147


def _refuse_unknown_countries(name: str, codes: list[str]) -> None:
    unknown = sorted(set(codes) - (COUNTRIES.keys() - {UNKNOWN}))
    if unknown:
        raise ValidationError({name: f"There is no country {', '.join(unknown)}. Give ISO 3166 codes: NO, SE."})


def drawn_order(value: str, countries: Collection[str]) -> list[str]:
    """The countries in the order of the SHA-256 of "value CODE". Empty without a value."""
    return sorted(countries, key=lambda code: sha256(f"{value} {code}".encode()).digest()) if value else []


class FixedRow(WrittenByPeople):
    """A row of which only some fields can change after it was added."""

    #: The fields that can change later.
    CHANGEABLE: tuple[str, ...] = ()

    class Meta:
        abstract = True

    def clean(self) -> None:
        stored = type(self)._default_manager.filter(pk=self.pk).first()
        if stored is None:
            return
        fixed = (one for one in self._meta.concrete_fields if one.name not in self.CHANGEABLE)
        changed = [one.name for one in fixed if one.value_from_object(self) != one.value_from_object(stored)]
        if changed:
            raise ValidationError(dict.fromkeys(changed, "This was fixed when the row was added."))


class Draw(FixedRow):
    """The draw of an order of countries from public randomness, which is named before it is known."""

    CHANGEABLE = ("value", "drawn")

    title = models.CharField(max_length=120, help_text="Public. What starts in this order.")
    countries = ArrayField(models.CharField(max_length=2), help_text="Country codes, separated by commas: NO, SE, DK.")
    source = models.CharField(
        max_length=300, help_text="Public. Exactly which public random value decides, and where everybody can read it."
    )
    known_from = models.DateTimeField(
        "known from", help_text="In UTC. When the value becomes public: at least an hour from now."
    )
    announced = models.DateTimeField(db_default=Now(), editable=False)
    value = models.CharField(
        max_length=300, blank=True, help_text="The random value, exactly as the source gives it. It cannot be changed."
    )
    drawn = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-announced"]

    def __str__(self) -> str:
        return f"{self.title} ({self.pk})"


class Intervention(FixedRow):
    """What somebody does, where and when, and what they expect from it.

    It is registered before it starts. After that, only the title and the description can change.
    """

    CHANGEABLE = ("title", "description")
    DIRECTIONS: Final = {"fewer": "fewer events", "more": "more events"}

    title = models.CharField(max_length=120, help_text="Public. Short, in English, without names of persons.")
    description = models.TextField(max_length=2000, help_text="Public. What is done, and why it should work.")
    registrant = models.CharField(max_length=200, help_text="Public. The office that registers it, not a person.")
    countries = ArrayField(models.CharField(max_length=2), help_text="Where: country codes, with commas: NO, SE.")
    networks = ArrayField(
        models.CharField(max_length=20),
        blank=True,
        default=list,
        help_text="On which networks: codes, separated by commas. If empty, on all of them.",
    )
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="interventions")
    direction = models.CharField("expected", max_length=5, choices=list(DIRECTIONS.items()))
    start = models.DateField(help_text="The Monday of the first week with the intervention.")
    weeks_before = models.PositiveSmallIntegerField(
        default=52, validators=[MinValueValidator(26), MaxValueValidator(104)], help_text="From 26 to 104."
    )
    weeks_after = models.PositiveSmallIntegerField(
        default=26, validators=[MinValueValidator(4), MaxValueValidator(52)], help_text="From 4 to 52."
    )
    comparison = ArrayField(
        models.CharField(max_length=2),
        blank=True,
        default=list,
        help_text="Comparison countries: codes, separated by commas. If empty, all others.",
    )
    draw = models.ForeignKey(
        Draw,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="interventions",
        help_text="The draw that decided when these countries start, if there was one.",
    )
    registered = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-start", "-pk"]

    def __str__(self) -> str:
        return f"{self.title} ({self.pk})"
