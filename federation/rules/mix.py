"""How far an agency's mix of countries strays from everybody else's (R301).

An agency sees downloads from everywhere, so its shares of countries are much like those of the
others; they stray where an IP-to-country database is wrong, or where what is offered has changed.
"""

import numpy as np
from numpy.typing import NDArray

from countries.codes import COUNTRY_CODES
from federation.rules import tables
from federation.rules.levels import Facts
from federation.rules.tables import Values
from federation.rules.thresholds import Thresholds

_Shares = NDArray[np.float64]
#: So many countries are named.
_NAMED = 3


def strays(own: Values, others: Values, thresholds: Thresholds) -> Facts | None:
    """Say how an agency's countries stray from the sum of all other agencies', or None if they do not.

    Both are counts by country, in the order of the code list. Named are the countries whose shares differ most.
    """
    total, other_total = int(own.sum()), int(others.sum())
    if not min(total, other_total) or min(total, other_total) < thresholds.r301_total:
        return None
    mine, theirs = own / total, others / other_total
    distance = distance_of(mine, theirs)
    if distance <= thresholds.r301_distance:
        return None
    apart = np.abs(mine - theirs)
    furthest = [row for row in np.argsort(-apart, kind="stable")[:_NAMED] if apart[row]]
    return {
        "value": total,
        "others": other_total,
        "distance": round(distance, 4),
        "countries": [
            {
                "country": COUNTRY_CODES[int(tables.COUNTRIES[row])],
                "own": round(float(mine[row]), 4),
                "others": round(float(theirs[row]), 4),
            }
            for row in furthest
        ],
    }


def distance_of(one: _Shares, other: _Shares) -> float:
    """Return the Jensen–Shannon distance to base 2: 0 if both are equal, 1 if they share nothing."""
    middle = (one + other) / 2
    divergence = (_divergence(one, middle) + _divergence(other, middle)) / 2
    return float(np.sqrt(min(max(divergence, 0.0), 1.0)))


def _divergence(shares: _Shares, from_shares: _Shares) -> float:
    there = shares > 0
    return float((shares[there] * np.log2(shares[there] / from_shares[there])).sum())
