"""Panels while no agency covers the whole span."""

from datetime import date

import pytest

from federation.models.published import PublishedPanel
from tests.integration.federation.comparison import stored_panel as stored
from tests.integration.federation.three_years import assert_panels_agree, assert_rebuild_changes_nothing, month

pytestmark = pytest.mark.django_db


def test_no_panel_where_nobody_was_ever_expected(federation):
    federation.wait(days=70)
    assert_panels_agree(federation)
    assert not PublishedPanel.objects.exists()


def test_panel_without_agencies_has_its_span_and_no_numbers(federation):
    federation.schedule(0, "D", date(2026, 10, 15))
    assert_panels_agree(federation)
    found = stored(24, "W")
    assert (found.agencies, found.numbers) == ([], {})
    assert (found.start, found.end) == (month("2024-11"), month("2026-11"))
    assert_rebuild_changes_nothing(federation)
