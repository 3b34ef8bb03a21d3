"""Reads registered interventions and their estimates, now or at an earlier time."""

from datetime import datetime
from typing import NamedTuple

from countries.reference import Intervention, Reference
from federation.rules.effect_result import Reason, Result, Word


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
    """The registered interventions, latest start first, as they were known at the instant ``as_of``, or now."""
    raise NotImplementedError
