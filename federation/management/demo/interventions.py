"""The invented interventions of the demo, and how much each changes the counts of its country."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from federation.management.demo.agencies import DOWNLOADS, Stream
from federation.management.demo.counts import Change
from p2p_core import periods
from p2p_core.periods import Frequency

WEEKS_BEFORE = 26


@dataclass(frozen=True)
class DemoIntervention:
    """An intervention on downloads in one country, which has no invented agency of its own."""

    country: str
    title: str
    description: str
    #: When it starts, in weeks from the Monday of the first day's week. Before that week, it is negative.
    starts: int
    weeks_after: int
    #: From its start on, the invented counts of its country are multiplied by this.
    factor: float

    indicator = DOWNLOADS
    registrant = "A national crime prevention office (invented)"

    def start(self, first_day: datetime) -> datetime:
        """A Monday at 00:00 UTC."""
        return periods.start_of(Frequency.WEEK, first_day) + timedelta(weeks=self.starts)


# The first three are registered on the first day, after their start, so they are late. Nothing hides that. The windows
# of the first two lie in the panel of 12 months on every first day, also if the last month still waits for reports.
# When the third starts, these windows have ended, so it does not disturb their comparison.
INTERVENTIONS = (
    DemoIntervention(
        "BE",
        "Warnings in the search results of a network in Belgium (invented)",
        "Those who search for known terms see a warning and the address of a help service. From the start on, the "
        "invented downloads in Belgium are 30 % fewer. The numbers of this demonstration begin in the past, so this "
        "was registered only after its end.",
        starts=-18,
        weeks_after=12,
        factor=0.70,
    ),
    # By design, the estimate finds such a change by chance on one first day in 40. When 800 first days were tried, it
    # never did so here. The random numbers depend on the first day, so it can happen.
    DemoIntervention(
        "AT",
        "Posters at railway stations in Austria (invented)",
        "The posters name a help service. They change nothing in the invented downloads in Austria. The numbers of "
        "this demonstration begin in the past, so this was registered only after its end.",
        starts=-18,
        weeks_after=12,
        factor=1.0,
    ),
    DemoIntervention(
        "HU",
        "Letters to subscribers in Hungary (invented)",
        "Internet providers send a letter to subscribers whose connection was used for downloads. From the start on, "
        "the invented downloads in Hungary are 15 % fewer. This was registered some weeks after its start.",
        starts=-6,
        weeks_after=16,
        factor=0.85,
    ),
    # The only one that is registered before its start. The live reports follow it.
    DemoIntervention(
        "GR",
        "Advertisements for a help service in Greece (invented)",
        "Young adults see them on their telephones. From the start on, the invented downloads in Greece will be 20 % "
        "fewer.",
        starts=2,
        weeks_after=12,
        factor=0.80,
    ),
)


def changes(stream: Stream, *, first_day: datetime) -> Iterator[Change]:
    """What the interventions change in the counts of a stream."""
    for one in INTERVENTIONS:
        if one.indicator == stream.indicator:
            yield Change(one.country, one.start(first_day), one.factor)
