"""The state on which answers about interventions depend, without the numbers of their estimates."""

from datetime import datetime
from hashlib import blake2b

from federation import published
from federation.database import clock, rows_of
from federation.published import NEWEST
from p2p_core.periods import Frequency


def state(*, as_of: datetime | None = None) -> str:
    """A digest of each intervention's seal and estimate, and of whether it has started. Raises AsOfInFutureError.

    Seals of other events make no difference. So nobody can see from it how much else happens.
    """
    version = NEWEST if as_of is None else published.past_view(Frequency.WEEK, as_of).version
    rows = rows_of("effects_state", version=version, seen=as_of or clock.now())
    return blake2b(repr(rows).encode(), digest_size=8).hexdigest()
