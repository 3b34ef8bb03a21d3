"""Tests of a group run in one process, or each process would start a stack of its own."""

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="all tests run in one process")
@pytest.mark.xdist_group("together")
def test_groups_stay_together(request):
    """If pytest-xdist does not know how to mark them, it scatters them without a word."""
    assert request.node.nodeid.endswith("@together")
