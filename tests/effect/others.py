"""Estimators that are widely used, as a warning. Each says whether it finds an effect at a nominal 5 %.

``counts`` are units x weeks, and unit 0 is the treated one.
"""

from collections.abc import Callable, Mapping

import numpy as np

from p2p_core.periods import Longs
from tests.effect.worlds import BEFORE, Floats

_LAG = 8
_RATIOS = np.geomspace(1e-4, 10, 16)


def before_and_after(counts: Longs) -> bool:
    """The averages before and after, as if weekly counts were independent Poisson numbers."""
    first, second = counts[0, :BEFORE].sum(), counts[0, BEFORE:].sum()
    ratio = np.log(second / (counts.shape[1] - BEFORE) / (first / BEFORE))
    return bool(abs(ratio) > 1.96 * np.sqrt(1 / first + 1 / second))


def segmented(counts: Longs) -> bool:
    """A regression on trend, season and a step at the start, as if weeks were independent."""
    return _finds_step(np.log(np.maximum(counts[0], 2.5)), season=True, lag=0)


def segmented_newey_west(counts: Longs) -> bool:
    """The same with standard errors that allow for dependent weeks."""
    return _finds_step(np.log(np.maximum(counts[0], 2.5)), season=True, lag=_LAG)


def common_trend(counts: Longs) -> bool:
    """The same for the logarithm of the ratio to the comparison countries."""
    return _finds_step(_relative(counts), season=False, lag=_LAG)


def structural(counts: Longs) -> bool:
    """A local level and the comparison countries predict the weeks after the start; the average is compared."""
    treated = np.log(np.maximum(counts[0], 2.5))
    given = np.column_stack([np.ones(len(treated)), np.log(np.maximum(counts[1:].sum(axis=0), 2.5))])
    week = np.arange(1, len(treated) + 1)
    walk = np.minimum(week[:, None], week[None, :])
    fits = [
        _fit(treated[:BEFORE], given[:BEFORE], np.eye(BEFORE) + ratio * walk[:BEFORE, :BEFORE]) for ratio in _RATIOS
    ]
    best = int(np.argmax([fit[0] for fit in fits]))
    _, slopes, inverse, variance = fits[best]
    across = _RATIOS[best] * walk[BEFORE:, :BEFORE]
    expected = given[BEFORE:] @ slopes + across @ inverse @ (treated[:BEFORE] - given[:BEFORE] @ slopes)
    after = len(treated) - BEFORE
    spread = np.eye(after) + _RATIOS[best] * walk[BEFORE:, BEFORE:] - across @ inverse @ across.T
    left = given[BEFORE:] - across @ inverse @ given[:BEFORE]
    spread += left @ np.linalg.inv(given[:BEFORE].T @ inverse @ given[:BEFORE]) @ left.T
    error = np.sqrt(variance * spread.mean())
    return bool(abs(treated[BEFORE:].mean() - expected.mean()) > 1.96 * error)


def plain_rank(counts: Longs) -> bool:
    """The rank of the change among the comparison countries, without regard to their usual changes."""
    relative = [np.log(np.maximum(one, 2.5)) - np.log(counts.sum(axis=0) - one) for one in counts]
    sizes = np.array([abs(one[BEFORE:].mean() - one[:BEFORE].mean()) for one in relative])
    return bool((sizes >= sizes[0]).mean() <= 0.05)


OTHERS: Mapping[str, Callable[[Longs], bool]] = {
    "before and after, Poisson": before_and_after,
    "segmented regression": segmented,
    "segmented regression, Newey–West": segmented_newey_west,
    "common trend with comparison countries, Newey–West": common_trend,
    "structural series with comparison countries": structural,
    "rank among comparison countries, not scaled": plain_rank,
}


def _relative(counts: Longs) -> Floats:
    relative: Floats = np.log(np.maximum(counts[0], 2.5)) - np.log(np.maximum(counts[1:].sum(axis=0), 2.5))
    return relative


def _finds_step(series: Floats, *, season: bool, lag: int) -> bool:
    week = np.arange(len(series))
    columns = [np.ones(len(series)), week / 52, week >= BEFORE]
    if season:
        columns += [np.sin(2 * np.pi * week / 52), np.cos(2 * np.pi * week / 52)]
    given = np.column_stack(columns).astype(float)
    inverse = np.linalg.inv(given.T @ given)
    slopes = inverse @ given.T @ series
    errors = series - given @ slopes
    moved = given * errors[:, None]
    meat = moved.T @ moved
    for back in range(1, lag + 1):
        part = moved[back:].T @ moved[:-back]
        meat += (1 - back / (lag + 1)) * (part + part.T)
    if not lag:
        meat = (errors @ errors) / (len(series) - given.shape[1]) * (given.T @ given)
    error = np.sqrt((inverse @ meat @ inverse)[2, 2])
    return bool(abs(slopes[2]) > 1.96 * error)


def _fit(series: Floats, given: Floats, shape: Floats) -> tuple[float, Floats, Floats, float]:
    """Generalised least squares: the restricted likelihood, the slopes, the inverse of the shape, the variance."""
    inverse = np.linalg.inv(shape)
    weight = given.T @ inverse @ given
    slopes = np.linalg.solve(weight, given.T @ inverse @ series)
    errors = series - given @ slopes
    free = len(series) - given.shape[1]
    variance = float(errors @ inverse @ errors / free)
    sizes = np.linalg.slogdet(shape)[1] + np.linalg.slogdet(weight)[1]
    return -0.5 * (free * np.log(variance) + sizes), slopes, inverse, variance
