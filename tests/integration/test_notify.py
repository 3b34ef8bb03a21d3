"""One short seed of `make notify`, so that the command keeps working and messages arrive once."""

import re

import pytest

from tests.integration.seeds import needs_linux, run_seed

#: In its few seconds a worker, beat and the mail server or the receiver are killed, and one of these two is suspended.
SEED, SECONDS = 6, 8


@pytest.mark.verify
@needs_linux
def test_short_seed_ends_with_everybody_told_once(tmp_path):
    printed = run_seed("tests.chaos.notify", SEED, SECONDS, tmp_path)
    events, messages, arrivals = re.search(r"(\d+) events, (\d+) messages, (\d+) arrivals", printed).groups()
    assert int(events) > 3
    assert int(arrivals) >= int(messages) > 3
