"""Hypothesis strategies for periods."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from p2p_core import periods
from p2p_core.periods import Frequency

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the zone comes beside
frequencies = st.sampled_from(Frequency)


def starts(frequency):
    return instants.map(lambda instant: periods.start_of(frequency, instant))


frequencies_and_starts = frequencies.flatmap(lambda frequency: st.tuples(st.just(frequency), starts(frequency)))
