"""Interventions, registered before they start, and draws that decide in which order countries start."""

import re
from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Self, cast

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from countries.models.base import BEFORE_2017, WrittenByPeople
from countries.models.reference import Indicator, Network
from p2p_core.codes import COUNTRIES, UNKNOWN
from p2p_core.periods import EARLIEST

#: The most weeks of both windows together. The longest panel has 36 months, and the last of them must have ended.
LONGEST_WINDOWS: Final = 147
#: Characters that turn the direction of all that follows on the page.
_TURNS: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_TOO_LONG: Final = f"Both windows together have more than {LONGEST_WINDOWS} weeks. Make one of them shorter."


def drawn_order(value: str, countries: Collection[str]) -> list[str]:
    """The countries in the order of the SHA-256 of "value CODE". Empty without a value."""
    return sorted(countries, key=lambda code: sha256(f"{value} {code}".encode()).digest()) if value else []


def _country_fault(codes: Collection[str]) -> str:
    """What is wrong with a list of countries, and what to do. Empty if nothing is."""
    unknown = sorted(set(codes) - (COUNTRIES.keys() - {UNKNOWN}))
    if unknown:
        return f"There is no country {', '.join(unknown)}. Give ISO 3166 codes: NO, SE."
    twice = sorted(code for code, times in Counter(codes).items() if times > 1)
    return f"{', '.join(twice)} is in the list more than once. Give each country once." if twice else ""


def _raise_faults(faults: dict[str, str]) -> None:
    found = {name: text for name, text in faults.items() if text}
    if found:
        raise ValidationError(cast("dict[str, Any]", found))


class FixedRow(WrittenByPeople):
    """A row that is never deleted, and of which only some fields can change after it was added."""

    #: The fields that can change later.
    CHANGEABLE: tuple[str, ...] = ()
    #: What to do instead of deleting the row.
    INSTEAD_OF_DELETING = ""

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Any = None) -> None:
        super().clean_fields(exclude)
        texts = [one for one in self._meta.concrete_fields if isinstance(one, models.CharField | models.TextField)]
        _raise_faults({one.name: self._character_fault(one) for one in texts})

    def _character_fault(self, field: "models.Field[Any, Any]") -> str:
        text = getattr(self, field.name)
        if turn := _TURNS.search(text):
            return f"Remove the control character U+{ord(turn[0]):04X}."
        has_lines = isinstance(field, models.CharField) and len(text.splitlines()) > 1
        return "Write this text in one line." if has_lines else ""

    def clean(self) -> None:
        stored = type(self)._default_manager.filter(pk=self.pk).first()
        if stored is None:
            self.check_new()
            self._check_twin()
        else:
            self.check_change(stored)

    def check_new(self) -> None:
        """Raise ValidationError if the row cannot be added. Fields that a form could not read are None."""

    def _check_twin(self) -> None:
        """Raise ValidationError if there is such a row already, because nobody could delete one of the two."""
        fixed = self._fixed_fields()
        twin = type(self)._default_manager.filter(**{one.attname: one.value_from_object(self) for one in fixed}).first()
        if twin:
            raise ValidationError(f"All that is fixed here is the same as in “{twin}”. Look at that one instead.")

    def _fixed_fields(self) -> "list[models.Field[Any, Any]]":
        """The fields that people fill in, and that cannot change later."""
        return [
            one
            for one in self._meta.concrete_fields
            if one.editable and not one.primary_key and one.name not in self.CHANGEABLE
        ]

    def check_change(self, stored: Self) -> None:
        """Raise ValidationError if a field differs from the stored row that must not."""
        fixed = (one for one in self._meta.concrete_fields if one.name not in self.CHANGEABLE)
        changed = [one.name for one in fixed if one.value_from_object(self) != one.value_from_object(stored)]
        _raise_faults(dict.fromkeys(changed, "This was fixed when the row was added. Leave it as it is."))


class Draw(FixedRow):
    """The draw of an order of countries from public randomness, which is named before it is known."""

    CHANGEABLE = ("value", "drawn")
    INSTEAD_OF_DELETING = "Announce another draw."
    #: Public random values often look like hashes.
    MAY_BE_HASH = frozenset({"value"})
    #: The least time between the announcement and the value.
    NOTICE: Final = timedelta(hours=1)
    AHEAD_AT_MOST: Final = timedelta(days=366)

    title = models.CharField(max_length=120, help_text="Public. What starts in this order.")
    countries = ArrayField(models.CharField(max_length=2), help_text="The countries of the order.")
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
        constraints = [
            models.CheckConstraint(condition=Q(countries__len__gte=2), name="countries_draw_countries"),
            models.CheckConstraint(condition=Q(known_from__gt=F("announced")), name="countries_draw_announced"),
            models.CheckConstraint(
                condition=Q(value="", drawn__isnull=True)
                | (~Q(value="") & Q(drawn__isnull=False, drawn__gte=F("known_from"))),
                name="countries_draw_drawn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.pk})"

    @property
    def order(self) -> list[str]:
        """The countries in the order that was drawn. Empty before the draw."""
        return drawn_order(self.value, self.countries)

    def check_new(self) -> None:
        countries = self.countries or []
        few = "An order needs at least two countries. Add another one." if len(countries) < 2 else ""
        soon = "This is less than an hour from now. Choose a value that becomes known later."
        early = "A new draw has no value yet. Leave it empty, and enter it when it is known."
        known_from = cast("datetime | None", self.known_from)
        now = timezone.now()
        is_soon = known_from is not None and known_from < now + self.NOTICE
        is_far = known_from is not None and known_from > now + self.AHEAD_AT_MOST
        far = "This is more than a year ahead. Choose a value that becomes known earlier." if is_far else ""
        _raise_faults(
            {
                "countries": _country_fault(countries) or few,
                "known_from": soon if is_soon else far,
                "value": early if self.value else "",
            }
        )

    def check_change(self, stored: Self) -> None:
        super().check_change(stored)
        if self.value == stored.value:
            return
        now = timezone.now()
        if self.value != " ".join(self.value.split()):
            # A page cannot show them, so nobody could copy the value from it.
            raise ValidationError({"value": "Remove blanks at the ends, double blanks, tabs and ends of lines."})
        if stored.drawn:
            raise ValidationError(
                {"value": f"The value was entered at {stored.drawn:%Y-%m-%d %H:%M} UTC. Leave it as it is."}
            )
        if now < self.known_from:
            raise ValidationError(
                {"value": f"The value is not known before {self.known_from:%Y-%m-%d %H:%M} UTC. Enter it after that."}
            )
        self.drawn = now


class Intervention(FixedRow):
    """What somebody does, where and when, and what they expect from it.

    It is registered before it starts. After that, only the title and the description can change.
    """

    CHANGEABLE = ("title", "description", "changed")
    INSTEAD_OF_DELETING = "Say in its description what happened."
    DIRECTIONS: Final = {"fewer": "fewer events", "more": "more events"}
    AHEAD_AT_MOST: Final = timedelta(days=366)
    title = models.CharField(max_length=120, help_text="Public. Short, in English, without names of persons.")
    description = models.TextField(max_length=2000, help_text="Public. What is done, and why it should work.")
    registrant = models.CharField(max_length=200, help_text="Public. The office that registers it, not a person.")
    countries = ArrayField(models.CharField(max_length=2), help_text="Where it happens.")
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
        help_text="The countries to compare with. If you pick none, all others.",
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
    #: When it was registered, or when its title or description last changed, for the readers of the feeds.
    changed = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-start", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(countries__len__gte=1), name="countries_intervention_countries"),
            models.CheckConstraint(
                condition=~Q(countries__overlap=F("comparison")), name="countries_intervention_comparison"
            ),
            models.CheckConstraint(
                condition=Q(direction__in=["fewer", "more"]), name="countries_intervention_direction"
            ),
            models.CheckConstraint(
                condition=Q(start__iso_week_day=1, start__gte=EARLIEST.date()), name="countries_intervention_start"
            ),
            models.CheckConstraint(
                condition=Q(weeks_before__range=(26, 104), weeks_after__range=(4, 52))
                & Q(weeks_before__lte=LONGEST_WINDOWS - F("weeks_after")),
                name="countries_intervention_weeks",
                violation_error_message=_TOO_LONG,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.pk})"

    def check_new(self) -> None:
        weeks = (self.weeks_before or 0) + (self.weeks_after or 0)
        _raise_faults(
            {
                "countries": _country_fault(self.countries or []),
                "comparison": self._comparison_fault(),
                "networks": self._network_fault(),
                "start": self._start_fault(),
                "weeks_before": _TOO_LONG if weeks > LONGEST_WINDOWS else "",
                "draw": self._draw_fault(),
            }
        )

    def _comparison_fault(self) -> str:
        comparison = self.comparison or []
        both = sorted(set(self.countries or []) & set(comparison))
        disjoint = f"{', '.join(both)} cannot be compared with itself. Take it out of one of the lists." if both else ""
        return _country_fault(comparison) or disjoint

    def _network_fault(self) -> str:
        networks = self.networks or []
        unknown = sorted(set(networks) - (set(Network.objects.values_list("code", flat=True)) - {UNKNOWN}))
        if unknown:
            return f"There is no network {', '.join(unknown)}. Choose another."
        is_twice = len(set(networks)) < len(networks)
        return "A network is in the list more than once. Give each network once." if is_twice else ""

    def _start_fault(self) -> str:
        start = cast("date | None", self.start)
        if start is None:
            return ""
        if start < EARLIEST.date():
            return f"{BEFORE_2017} Give a later day."
        if start > (timezone.now() + self.AHEAD_AT_MOST).date():
            return "The start is more than a year ahead. Give an earlier one."
        return "" if start.weekday() == 0 else "Weeks begin on Mondays, in UTC. Give a Monday."

    def _draw_fault(self) -> str:
        if self.draw is None:
            return ""
        if not self.draw.value:
            return "This draw has no order yet. Enter its random value first."
        others = sorted(set(self.countries or []) - set(self.draw.countries))
        return f"{', '.join(others)} is not in this draw. Choose another draw or other countries." if others else ""
