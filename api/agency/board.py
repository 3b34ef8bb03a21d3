"""The board: how the agency reported in the last periods, with its exact counts, and what waits for its answer."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from django.http import HttpRequest, HttpResponse

from api.agency import next_step
from api.agency.page import AgencyPage, indicator_names
from api.site import calendars, coverage, pages
from countries.reference import Indicator, Reference
from federation import overview, published
from federation.database import clock
from federation.findings import finding_queries
from federation.intake import queries
from federation.published import Selection
from federation.rules.view import ALL_NETWORKS
from p2p_core import codes, periods
from p2p_core.periods import Frequency

#: How many periods are shown, including the running one. And how many of these, the newest, are not folded away.
PERIODS: Final = {Frequency.HOUR: 24, Frequency.DAY: 15, Frequency.WEEK: 8, Frequency.MONTH: 6}
NEWEST: Final = {Frequency.HOUR: 6, Frequency.DAY: 7, Frequency.WEEK: 4, Frequency.MONTH: 3}
#: How many findings are shown.
FINDINGS: Final = 5


class BoardPeriod(NamedTuple):
    """A period: its coverage state ("" if there is none), and the agency's count (None if there is none)."""

    start: datetime
    state: str
    total: int | None


class BoardTable(NamedTuple):
    """The periods of an indicator at a frequency, newest first. ``states`` counts the states of the older periods."""

    frequency: str
    newest: list[BoardPeriod]
    older: list[BoardPeriod]
    states: list[tuple[str, int]]


class Board(AgencyPage):
    def get(self, _request: HttpRequest) -> HttpResponse:
        unanswered = finding_queries.Filter(states=["open"])
        known = overview.overview(self.agency, now=clock.now())
        return self.page(
            "board",
            step=next_step.next_step(known),
            last=known.last.row if known.last else None,
            sent=self._sent(known),
            indicators=[(one.name, found) for one in pages.indicators().values() if (found := list(self._tables(one)))],
            findings=finding_queries.findings(unanswered, agency=self.agency.pk, before=None, limit=FINDINGS),
            has_calendar=calendars.has_calendar(Reference.current().agencies_by_code[self.agency.code]),
            held=known.held,
        )

    def _sent(self, known: overview.AgencyOverview) -> list[tuple[str, queries.Contents]]:
        """What the newest submission contained, with the names of the indicators."""
        names = indicator_names()
        return [(names[one.indicator], one) for one in known.last.contents] if known.last else []

    def _tables(self, indicator: Indicator) -> Iterator[BoardTable]:
        """The tables that have something to show."""
        for frequency, shown in PERIODS.items():
            first = last = periods.start_of(frequency, clock.now())
            for _ in range(shown - 1):
                first = periods.previous(frequency, first)
            states = self._states(Selection(indicator.number, frequency, first, last, (_EUROPE,), (ALL_NETWORKS,)))
            wanted = queries.Range(indicator.number, frequency, first, last)
            figures = queries.figures(wanted, agency=self.agency.pk, limit=shown)
            counts = {row.period: int(row.values.sum()) for row in figures}
            if states or counts:
                starts = reversed(list(periods.between(frequency, first, last)))
                rows = [BoardPeriod(start, states.get(periods.epoch(start), ""), counts.get(start)) for start in starts]
                newest, older = rows[: NEWEST[frequency]], rows[NEWEST[frequency] :]
                have = Counter(row.state for row in older)
                yield BoardTable(
                    frequency, newest, older, [(one, have[one]) for one in coverage.SHOWN_STATES if have[one]]
                )

    def _states(self, selection: Selection) -> dict[int, str]:
        """The coverage states of the agency, by the second in which the period begins."""
        _, standings = published.standings(selection, limit=PERIODS[Frequency(selection.frequency)])
        found = zip(standings.periods.tolist(), standings.agencies.tolist(), standings.states, strict=True)
        return {second: state for second, agency, state in found if agency == self.agency.pk}


_EUROPE: Final = codes.GROUPS["EUROPE"]
