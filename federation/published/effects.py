"""Reads registered interventions and their estimates, now or at an earlier time."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from countries.reference import Draw, Intervention, Reference
from federation import published
from federation.database import clock, rows_of
from federation.published import NEWEST
from federation.rules.effect_result import Evidence, Reason, Result, Word
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


def evidence(effect: Effect) -> Evidence:
    """The numbers behind an estimate. They are empty if there is no estimate. No later version changes them."""
    rows = rows_of("effects_evidence", intervention=effect.intervention.id, version=effect.version)
    return msgspec.json.decode(rows[0][0], type=Evidence) if rows else Evidence()


def draws(reference: Reference, *, as_of: datetime | None = None) -> list[Draw]:
    """The draws, latest announcement first, as they were known at the instant ``as_of``, or now."""
    if as_of is None:
        return list(reference.draws)
    return [
        one if one.drawn is None or one.drawn <= as_of else msgspec.structs.replace(one, value="", drawn=None)
        for one in reference.draws
        if one.announced <= as_of
    ]


def state(found: Iterable[Effect]) -> str:
    """A digest that changes whenever what is said of an intervention does, except its title and description.

    Seals of other events make no difference. So nobody can see from it how much else happens.
    """
    rows = [(one.intervention.id, one.word, one.version, one.position, one.is_late) for one in found]
    return blake2b(repr(rows).encode(), digest_size=8).hexdigest()


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
    # A seal that came after the instant was not known at the instant.
    sealed = row.sealed if row.sealed is not None and row.sealed <= seen else None
    return Effect(
        intervention,
        Word(row.word) if row.word else Word.RUNNING if intervention.begins <= seen else Word.REGISTERED,
        Reason(row.reason) if row.reason else None,
        msgspec.json.decode(row.result, type=Result) if row.result else None,
        row.version,
        row.known_at,
        row.position if sealed else None,
        sealed,
        is_late=intervention.is_late(sealed, now=seen),
    )
