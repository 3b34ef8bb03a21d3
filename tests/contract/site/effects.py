"""Invented interventions and their estimates, made by the real estimator, and written as publications write them."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np

from countries import reference
from countries.models import Intervention
from federation.effects.compute import numbers
from federation.models.audit import AuditSeal
from federation.models.effects import Estimate, Registration
from federation.models.published import Version
from federation.rules.effect_result import Evidence, Reason, Result, Word
from tests.factories import IndicatorFactory

COMPARED = [
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IS", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
]  # fmt: skip
BEFORE, AFTER = 52, 26
#: A Monday.
START = date(2026, 1, 5)


def counts(change: float, weeks: int = AFTER) -> np.ndarray:
    """Weeks of Norway and of all compared countries. From the start on, Norway has this share more."""
    random = np.random.default_rng(7)
    shape = len(COMPARED) + 1, BEFORE + weeks
    usual = 400 * (1 + 0.3 * np.sin(2 * np.pi * np.arange(BEFORE + weeks) / 52)) * random.lognormal(0, 0.1, shape)
    usual[0, BEFORE:] *= 1 + change
    return random.poisson(usual)


class Found(NamedTuple):
    result: Result
    evidence: Evidence


def found(change: float = 0, weeks: int = AFTER, agencies: tuple[str, ...] = ("NO-A",)) -> Found:
    counted = counts(change, weeks)
    rank, evidence = numbers(counted, BEFORE, ["", *COMPARED])
    return Found(Result(weeks, 24, list(agencies), [], rank, len(counted), evidence.over_time[-1]), evidence)


def nothing(weeks: int = AFTER) -> Found:
    """What is stored if something cannot be told."""
    return Found(Result(weeks, 24, ["NO-A"], []), Evidence())


def register(sealed: datetime | None = None, **given) -> Intervention:
    """Register an intervention in Norway. It is sealed at this time, or never."""
    IndicatorFactory.create()
    columns = {
        "title": "Warnings beside searches",
        "description": "A search engine warns. People are offered help.",
        "registrant": "Kripos, prevention",
        "countries": ["NO"],
        "indicator_id": 1,
        "direction": "fewer",
        "start": START,
        "weeks_before": BEFORE,
        "weeks_after": AFTER,
        "registered": datetime.combine(START, datetime.min.time(), UTC) - timedelta(days=20),
    }
    row = Intervention.objects.create(**columns | given)
    if sealed:
        position = AuditSeal.objects.count() + 1
        AuditSeal.objects.create(position=position, event=position, sealed=sealed, digest=bytes(32))
        Registration.objects.create(intervention=row, event=position)
    reference.snapshots.clear()
    return row


def in_time(start: date = START) -> datetime:
    return datetime.combine(start, datetime.min.time(), UTC) - timedelta(hours=1)


def publish(
    row: Intervention, word: Word, what: Found, *, reason: Reason | None = None, known_at: datetime | None = None
) -> int:
    """Make this the estimate of an intervention, with a version of its own."""
    last = Version.objects.order_by("number").last()
    number = last.number + 1 if last else 1
    known_at = known_at or datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2) + timedelta(minutes=number)
    Version.objects.create(number=number, known_at=known_at)
    Estimate.objects.filter(intervention=row, version_to=None).update(version_to=number)
    Estimate.objects.create(
        intervention=row,
        word=word,
        reason=reason or "",
        result=msgspec.to_builtins(what.result),
        evidence=msgspec.to_builtins(what.evidence),
        version_from=number,
    )
    return number
