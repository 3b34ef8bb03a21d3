"""Sentences about findings, in words for people. Sentences of one line are in the rulebook.

All times are UTC, as everywhere.
"""

from datetime import datetime
from typing import NamedTuple

from p2p_core import periods
from p2p_core.codes import COUNTRY_NAMES, NETWORK_NAMES, UNKNOWN
from p2p_core.periods import Frequency
from p2p_core.rules.levels import Facts

#: From the hour on, UTC.
_PARTS_OF_DAY = {0: "night", 6: "morning", 12: "afternoon", 18: "evening"}
#: From so many times the usual on, a level is given as a multiple of it.
_MULTIPLE = 1.5
#: From this share on, percents have no fraction.
_EVEN = 0.1


class Span(NamedTuple):
    """Periods in a row, from the first to the last, both included."""

    frequency: str
    first: datetime
    last: datetime

    @property
    def noun(self) -> str:
        return periods.NOUNS[self.frequency]

    def name(self, *, begins: bool = True) -> str:
        """Name the first period, with a capital if a sentence begins with it."""
        noun = self.noun.capitalize() if begins else self.noun
        if self.frequency in (Frequency.MINUTE, Frequency.HOUR):
            return f"{noun} {self.first:%H:%M} on {_date(self.first)}"
        if self.frequency == Frequency.DAY:
            return f"{self.first:%A} {_date(self.first)}"
        if self.frequency == Frequency.MONTH:
            return f"{self.first:%B %Y}"
        if self.frequency == Frequency.WEEK:
            year, week, _ = self.first.isocalendar()
            return f"{noun} {week} of {year}"
        return f"{noun} {self.first.year}"

    def stretch(self) -> str:
        """Name all periods, at the beginning of a sentence."""
        nouns = f"{self.noun.capitalize()}s"
        if self.frequency == Frequency.WEEK:
            first, last = (periods.label(self.frequency, period) for period in self[1:])
        elif self.frequency in (Frequency.MINUTE, Frequency.HOUR):
            day = "" if self.first.date() == self.last.date() else f" on {_date(self.first)}"
            first, last = f"{self.first:%H:%M}{day}", f"{self.last:%H:%M} on {_date(self.last)}"
        elif self.frequency == Frequency.DAY:
            first, last = _date(self.first), _date(self.last)
        else:
            first, last = self.name(), self._replace(first=self.last).name()
        return f"{nouns} {first} to {last}"


def mismatch(span: Span, facts: Facts) -> str:
    value, finer = facts["value"], facts["finer"]
    nouns = f"{periods.NOUNS[facts['finer_frequency']]}s"
    network = facts["network"]
    place = f"{_country(facts['country'])}, {'an unknown network' if network == UNKNOWN else NETWORK_NAMES[network]}"
    cells = "1 cell differs" if facts["cells"] == 1 else f"{facts['cells']:,} cells differ, most of all"
    against = f"was reported as {value:,}, but its {nouns} add up to {finer:,}"
    if value == finer:
        against = f"was reported as {value:,}. Its {nouns} have the same total, but not the same cells"
    return f"{span.name()} {against}. {cells}: {place}, {facts['reported']:,} against {facts['summed']:,}."


def implausible_level(span: Span, facts: Facts) -> str:
    value, usual = facts["value"], facts["usual"]
    compared = _kind(span, facts.get("whole_frequency", span.frequency))
    far = _times(value, usual)
    verb = "is"
    if span.frequency == Frequency.MINUTE:
        verb = "brings its hour" if far.startswith("far") else "brings its hour to"
    is_far = f"{verb} {far} the usual for {compared}: {value:,} against {usual:,.{0 if usual == int(usual) else 1}f}."
    if span.first == span.last:
        return f"{span.name()} {is_far}"
    return f"{span.stretch()} are far from the usual. The first {is_far}"


def large_revision(span: Span, facts: Facts) -> str:
    share = "" if facts["share"] is None else f", by {percent(facts['share'])}"
    return f"A late revision changed {span.name(begins=False)} from {facts['before']:,} to {facts['value']:,}{share}."


def country_mix(span: Span, facts: Facts) -> str:
    shares = ", ".join(
        f"{_country(one['country'])} {percent(one['own'])} against {percent(one['others'])}"
        for one in facts["countries"]
    )
    return (
        f"In {span.name(begins=False)}, the agency's shares of countries differ from those of all other agencies "
        f"together: {shares}. The agency has {facts['value']:,} events, the others have {facts['others']:,}."
    ) + (
        f" The agency's source of locations is {facts['source']} of {facts['edition']}; "
        f"{percent(facts['others_elsewhere'])} of the other agencies use another source."
        if "source" in facts
        else ""
    )


def detail(span: Span, facts: Facts) -> str:
    step, proposed = (periods.NOUNS[facts[name]] for name in ("step_frequency", "proposed_frequency"))
    return (
        f"{span.stretch()}: {_country(facts['country'])} has {facts['mean']:,} events in an average {step}, "
        f"{facts['proposed_mean']:,} in an average {proposed}. "
        f"Publish its {proposed}s and nothing finer, from a later month on."
    )


def percent(share: float) -> str:
    return f"{share * 100:,.{0 if share >= _EVEN else 1}f} %"


def _date(day: datetime) -> str:
    return f"{day.day} {day:%B %Y}"


def _kind(span: Span, compared: str) -> str:
    """The words for the usual periods: a Tuesday afternoon, a Tuesday, or a longer period."""
    whole = "whole " if compared in (Frequency.DAY, Frequency.MONTH) and compared != span.frequency else ""
    if compared == Frequency.MONTH:
        return f"a {whole}month"
    if compared == Frequency.DAY:
        return f"a {whole}{span.first:%A}"
    part = max(hour for hour in _PARTS_OF_DAY if hour <= span.first.hour)
    return f"a {span.first:%A} {_PARTS_OF_DAY[part]}"


def _times(value: int, usual: float) -> str:
    if value < usual:
        return "far below"
    times = value / usual if usual else 0.0
    if times < _MULTIPLE:
        return "far above"
    # Cut, not rounded: 12.5 times the usual is 12 times and more.
    return f"{int(times):,} times" if times >= 10 else f"{int(times * 10) / 10} times"


def _country(code: str) -> str:
    return "an unknown country" if code == UNKNOWN else COUNTRY_NAMES.get(code, code)
