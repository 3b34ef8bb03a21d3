"""Interventions with the numbers and estimates that belong to them, stored without any report."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import numpy as np

from countries import reference
from countries.models import Draw, Intervention
from federation.effects.compute import numbers
from federation.models.audit import AuditSeal
from federation.models.effects import Estimate, Registration
from federation.models.published import Version
from federation.rules.effect_result import Evidence, Result, Word
from p2p_core import codes, periods
from tests.contract.public.press import Press

START = date(2026, 1, 5)
#: One treated country, and all comparison countries.
TREATED = "NO"
OTHERS = sorted(code for code in codes.COUNTRIES if code not in (TREATED, "_U"))[:24]
BEFORE, AFTER = 52, 26
SPAN = ("2024-11", "2026-10")
NO_EVIDENCE = Evidence()


def intervention(**columns: Any) -> Intervention:
    """Register an intervention, and make this process read it."""
    given = {
        "title": "Warnings in search results",
        "description": "Searches for known terms show a warning.",
        "registrant": "National Police, unit for prevention",
        "countries": [TREATED],
        "indicator_id": 1,
        "direction": "fewer",
        "start": START,
        "weeks_before": BEFORE,
        "weeks_after": AFTER,
        "registered": datetime(2025, 12, 1, 9, tzinfo=UTC),
    } | columns
    made: Intervention = Intervention.objects.create(**given)
    reference.snapshots.clear()
    return made


def draw(**columns: Any) -> Draw:
    given = {
        "title": "The order in which countries start",
        "countries": ["NO", "SE", "DK"],
        "source": "The randomness of round 5000000 of a public network",
        "known_from": datetime(2025, 11, 12, 12, tzinfo=UTC),
        "announced": datetime(2025, 11, 2, 8, tzinfo=UTC),
        "value": "8f2c41d0",
        "drawn": datetime(2025, 11, 12, 13, tzinfo=UTC),
    } | columns
    made: Draw = Draw.objects.create(**given)
    reference.snapshots.clear()
    return made


def seal(made: Intervention, at: datetime, position: int = 7) -> None:
    Registration.objects.create(intervention=made, event=position + 100)
    AuditSeal.objects.create(position=position, event=position + 100, digest=bytes(32), sealed=at)


def labels(weeks: int = BEFORE + AFTER) -> list[str]:
    first = datetime.combine(START, datetime.min.time(), UTC) - timedelta(weeks=BEFORE)
    return [periods.label("W", first + timedelta(weeks=number)) for number in range(weeks)]


def counts(seed: int = 1, weeks: int = BEFORE + AFTER, *, ratio: float = 0.6) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Rounded counts: countries x weeks. Those of the treated country, the first, change at the start."""
    random = np.random.default_rng(seed)
    levels = random.uniform(60, 400, (1 + len(OTHERS), 1)) * np.ones(weeks)
    levels[0, BEFORE:] *= ratio
    return np.asarray(5 * (random.poisson(levels) // 5), np.int64)


def view(values: np.ndarray[Any, np.dtype[np.int64]], network: str = "") -> dict[str, dict[str, int]]:
    """The counts in the form in which a press publishes them."""
    names = [f"{code}{network}" for code in (TREATED, *OTHERS)]
    return {
        label: dict(zip(names, column, strict=True))
        for label, column in zip(labels(values.shape[1]), values.T.tolist(), strict=True)
    }


def estimate(
    press: Press,
    made: Intervention,
    values: np.ndarray[Any, np.dtype[np.int64]],
    word: Word = Word.FOUND,
    months: int = 24,
    names: Sequence[str] = OTHERS,
) -> int:
    """Store the estimate of these counts as the newest one, and return its version."""
    rank, evidence = numbers(values, BEFORE, ["", *names])
    result = Result(
        weeks=values.shape[1] - BEFORE,
        months=months,
        agencies=["NO-KRIPOS", "SE-NOA"],
        excluded=[],
        rank=rank,
        of=len(values),
        interval=evidence.over_time[-1],
    )
    return store(press, made, word, result, evidence)


def store(
    press: Press, made: Intervention, word: Word, result: Result, evidence: Evidence = NO_EVIDENCE, reason: str = ""
) -> int:
    """Store an estimate as the newest one, and return its version."""
    newest = Version.objects.order_by("-number").values_list("number", flat=True).first() or 0
    number: int = newest + 1
    Version.objects.bulk_create([Version(number=number, known_at=press.known_at(number))])
    Estimate.objects.filter(intervention=made, version_to=None).update(version_to=number)
    columns = {"result": msgspec.to_builtins(result), "evidence": msgspec.to_builtins(evidence)}
    Estimate.objects.create(intervention=made, word=word, reason=reason, version_from=number, **columns)
    return number
