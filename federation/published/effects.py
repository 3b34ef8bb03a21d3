"""Reads registered interventions and their estimates, now or at an earlier time."""

from datetime import UTC, datetime, time
from typing import NamedTuple

import msgspec

from countries.reference import Intervention, Reference
from federation import published
from federation.database import clock, rows_of
from federation.published import NEWEST
from federation.rules.effect_result import Reason, Result, Word
from p2p_core.periods import Frequency


class Effect(NamedTuple):
    """An intervention and what its estimate says.

    ``position`` and ``sealed`` are those of the seal of its registration in the audit chain. They are None until it is
    sealed. It ``is_late`` if it was not sealed before its start. ``version`` and ``known_at`` are those of the
    estimate. They are None, like ``result``, if there is no estimate yet.
    """

    intervention: Intervention
    word: Word
    reason: Reason | None
    result: Result | None
    version: int | None
    known_at: datetime | None
    position: int | None
    sealed: datetime | None
    is_late: bool


def effects(reference: Reference, *, as_of: datetime | None = None) -> list[Effect]:
    """The registered interventions, latest start first, as they were known at the instant ``as_of``, or now.

    Their titles and descriptions are those of now. Raises AsOfInFutureError.
    """
    # Weeks have past views, like all periods from which estimates are made.
    version = NEWEST if as_of is None else published.past_view(Frequency.WEEK, as_of).version
    seen = as_of or clock.now()
    rows = {row[0]: _Row._make(row[1:]) for row in rows_of("effects_estimates", version=version)}
    known = (one for one in reference.interventions if one.id in rows and (as_of is None or one.registered <= as_of))
    return [_effect(one, rows[one.id], seen=seen) for one in known]


class _Row(NamedTuple):
    """An intervention's row of the statement."""

    position: int | None
    sealed: datetime | None
    word: str | None
    reason: str | None
    result: str | None
    version: int | None
    known_at: datetime | None


def _effect(intervention: Intervention, row: _Row, *, seen: datetime) -> Effect:
    start = datetime.combine(intervention.start, time(), UTC)
    # A seal that came after the instant was not known at the instant.
    sealed = row.sealed if row.sealed is not None and row.sealed <= seen else None
    return Effect(
        intervention,
        Word(row.word) if row.word else Word.RUNNING if start <= seen else Word.REGISTERED,
        Reason(row.reason) if row.reason else None,
        msgspec.json.decode(row.result, type=Result) if row.result else None,
        row.version,
        row.known_at,
        row.position if sealed else None,
        sealed,
        is_late=(sealed or seen) >= start,
    )
