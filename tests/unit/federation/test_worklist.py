"""A work item is one number that sorts by urgency, and can be read back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.worklist import LEVELS, PANELS, Stage, WorkItem, effect, panel, unpack
from p2p_core import periods
from p2p_core.periods import Frequency

minutes = st.integers(0, 4_000_000_000).map(lambda number: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=number))


@st.composite
def items(draw):
    stage = draw(st.sampled_from([Stage.FIGURE, Stage.PUBLISH]))
    agency = draw(st.integers(1, 32_767)) if stage == Stage.FIGURE else 0
    return WorkItem(stage, draw(st.sampled_from(Frequency)), draw(minutes), draw(st.integers(1, 1023)), agency)


panels = st.builds(panel, st.sampled_from(sorted(PANELS)), st.integers(1, 1023))


effects = st.builds(effect, st.integers(1, 1023))


@given(items() | panels | effects)
def test_a_thing_reads_back_from_its_number(item):
    assert unpack(item.pack()) == item
    assert 0 <= item.pack() < 2**63


@given(items(), items())
def test_finer_figures_go_before_coarser_ones_and_before_what_is_published(one, other):
    def urgency(item):
        return list(Frequency).index(Frequency(item.frequency)), item.stage != Stage.FIGURE, item.period

    if urgency(one) < urgency(other):
        assert one.pack() < other.pack()


@given(items(), panels)
def test_panels_go_after_publications(item, panel_of_it):
    assert item.pack() < panel_of_it.pack()


@given(items() | panels, effects)
def test_estimates_go_after_panels(item, estimates):
    assert item.pack() < estimates.pack()


def test_levels_keep_their_numbers():
    """Work that waits while a new version of the program is brought in must mean the same afterwards."""
    assert [f"{stage} {name}" for stage, name in LEVELS] == [
        *("figure N", "publish N", "figure H", "publish H", "figure D", "publish D"),
        *("figure W", "publish W", "figure M", "publish M", "figure A", "publish A"),
        *("panel P12M", "panel P24M", "panel P36M", "effect effect"),
    ]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (
            WorkItem(Stage.FIGURE, "D", datetime(2026, 11, 24, tzinfo=UTC), 1, 7),
            "figure D 2026-11-24, indicator 1, agency 7",
        ),
        (WorkItem(Stage.PUBLISH, "W", periods.parse("W", "2026-W48"), 2), "publish W 2026-W48, indicator 2"),
        (panel("P24M", 1), "panel P24M, indicator 1"),
        (effect(3), "effect, indicator 3"),
    ],
)
def test_a_thing_is_named_for_people(item, text):
    assert str(item) == text
