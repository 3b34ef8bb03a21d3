"""What tests of every kind may ask for."""

from contextlib import ExitStack

import pytest

from tests.integration import processes


@pytest.fixture
def launch():
    """Starts programs that are gone when the test is."""
    with ExitStack() as stack:

        def start(*arguments, data, **more):
            process = processes.start(*arguments, data=data, **more)
            stack.callback(processes.end, process)
            return process

        yield start
