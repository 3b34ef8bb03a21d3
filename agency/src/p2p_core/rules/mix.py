"""Measures how far an agency's shares of countries are from those of all other agencies (R301).

Every agency sees downloads from everywhere, so the shares of all agencies are similar. The shares of an agency differ
if its source of locations is wrong, or if it offers other files. Two right sources also differ a little, and the rule
allows for this.
"""

from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2p_core.codes import COUNTRIES
from p2p_core.reports import Values
from p2p_core.rules.levels import Facts

_Shares = NDArray[np.float64]
#: The number of countries that a finding names.
_NAMED = 3
_CODES = list(COUNTRIES)


class Locations(NamedTuple):
    """An agency's source of locations, its date, and the share of the other agencies that use another source.

    Agencies whose source is not known are not among the others.
    """

    source: str
    edition: date
    others_elsewhere: float


def unlike_others(
    own: Values, others: Values, locations: Locations | None, *, distance: float, total: float, placed: float
) -> Facts | None:
    """How far an agency's countries are from the sum of all other agencies', or None if they are near.

    Both are counts by country, in the order of the code list. Named are the countries whose shares differ most. If
    others use another source of locations, up to the share ``placed`` of the events is first moved to where the
    others have more.
    """
    own_total, other_total = int(own.sum()), int(others.sum())
    if not min(own_total, other_total) or min(own_total, other_total) < total:
        return None
    mine, theirs = own / own_total, others / other_total
    apart = np.abs(mine - theirs)
    moved, spread = placed * locations.others_elsewhere if locations else 0.0, float(apart.sum() / 2)
    nearest = theirs + (mine - theirs) * max(1 - moved / spread, 0.0) if moved and spread else mine
    found = distance_of(nearest, theirs)
    if found <= distance:
        return None
    furthest = [row for row in np.argsort(-apart, kind="stable")[:_NAMED] if apart[row]]
    return {
        "value": own_total,
        "others": other_total,
        "distance": round(found, 4),
        "countries": [
            {
                "country": _CODES[row],
                "own": round(float(mine[row]), 4),
                "others": round(float(theirs[row]), 4),
            }
            for row in furthest
        ],
        **(
            {
                "source": locations.source,
                "edition": f"{locations.edition}",
                "others_elsewhere": locations.others_elsewhere,
            }
            if locations
            else {}
        ),
    }


def distance_of(one: _Shares, other: _Shares) -> float:
    """The Jensen–Shannon distance to base 2: 0 if both are equal, 1 if they share nothing."""
    middle = (one + other) / 2
    divergence = (_divergence(one, middle) + _divergence(other, middle)) / 2
    return float(np.sqrt(min(max(divergence, 0.0), 1.0)))


def _divergence(shares: _Shares, from_shares: _Shares) -> float:
    there = shares > 0
    return float((shares[there] * np.log2(shares[there] / from_shares[there])).sum())
