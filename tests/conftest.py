"""What tests of every kind may ask for."""

from contextlib import ExitStack

import hypothesis
import pytest

from tests.integration import processes

# The same examples in every run, so that a red run says something of the change that it ran on.
# `--hypothesis-profile=wander` looks for new ones.
_CALM = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=_CALM)
hypothesis.settings.register_profile("wander", deadline=None, suppress_health_check=_CALM, print_blob=True)
hypothesis.settings.load_profile("steady")


@pytest.fixture
def launch():
    """Starts programs that are gone when the test is."""
    with ExitStack() as stack:

        def start(*arguments, data, **more):
            process = processes.start(*arguments, data=data, **more)
            stack.callback(processes.end, process)
            return process

        yield start
