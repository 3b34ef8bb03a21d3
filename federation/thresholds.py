"""The thresholds that hold for an agency: those of the settings, and its own where it has any."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings

from countries.models import Threshold
from federation.rules.thresholds import Thresholds


def for_all() -> Thresholds:
    """Return the thresholds of the settings."""
    named: dict[str, Any] = {name.lower(): value for name, value in settings.THRESHOLDS.items()}
    return Thresholds(**named)


def by_agency(agencies: Collection[int]) -> Mapping[int, Thresholds]:
    """Return the thresholds of each of some agencies."""
    found = dict.fromkeys(agencies, for_all())
    for agency, name, value in Threshold.objects.filter(agency__in=agencies).values_list("agency", "name", "value"):
        own: dict[str, Any] = {name.lower(): value}
        found[agency] = replace(found[agency], **own)
    return found
