"""How many histories a property test plays."""

from hypothesis import HealthCheck, Phase, settings


def one_in(part: int) -> settings:
    """So many of the examples of a run: a history takes as long as a hundred of them, and minutes to make smaller."""
    return settings(
        max_examples=settings().max_examples // part,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
