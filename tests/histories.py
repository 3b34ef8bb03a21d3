"""How many examples a property test takes: a part of those of the profile, or a multiple."""

from fractions import Fraction

from hypothesis import Phase, settings


def one_in(part: int) -> settings:
    """For histories: each takes as long as a hundred other examples, and minutes to make smaller."""
    return settings(times(Fraction(1, part)), phases=[Phase.explicit, Phase.generate])


def times(factor: int | Fraction) -> settings:
    return settings(max_examples=max(2, int(settings().max_examples * factor)))
