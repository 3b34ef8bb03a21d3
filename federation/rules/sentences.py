"""What a rule noticed, as an English sentence for a person who knows no code.

All times are UTC, as everywhere. Made from the numbers behind a finding, whenever it is read.
"""

import csv
from collections.abc import Callable
from datetime import datetime
from functools import cache

from babel import Locale

from countries.codes import DATA, UNKNOWN
from federation.rules import periods
from federation.rules.levels import Facts
from federation.rules.periods import Frequency

_NOUNS = {
    Frequency.MINUTE: "minute",
    Frequency.HOUR: "hour",
    Frequency.DAY: "day",
    Frequency.WEEK: "week",
    Frequency.MONTH: "month",
    Frequency.YEAR: "year",
}
#: From the hour on, UTC.
_PARTS_OF_DAY = {0: "night", 6: "morning", 12: "afternoon", 18: "evening"}
#: From so many times the usual on, a level is told as a multiple of it.
_MULTIPLE = 1.5
#: From this share on, percents are told without a fraction.
_EVEN = 0.1


def say(rule: str, frequency: str, period: datetime, last_period: datetime, facts: Facts) -> str:
    """Say what a rule noticed in a period, or in several in a row until ``last_period``."""
    return _SENTENCES[rule](frequency, period, last_period, facts)


def _mismatched(frequency: str, period: datetime, _: datetime, facts: Facts) -> str:
    value, finer = facts["value"], facts["finer"]
    noun = _NOUNS[Frequency(facts["finer_frequency"])]
    place = f"{_country(facts['country'])}, {_network(facts['network'])}"
    cells = "1 cell differs" if facts["cells"] == 1 else f"{facts['cells']:,} cells differ, most of all"
    said = f"reported as {value:,}, but its {noun}s add up to {finer:,}"
    if value == finer:
        said = f"reported as {value:,}, to which its {noun}s add up too, but otherwise spread"
    where = f"{cells}: {place}, {facts['reported']:,} against {facts['summed']:,}"
    return f"{_name(frequency, period)} was {said}. {where}."


def _implausible(frequency: str, period: datetime, last: datetime, facts: Facts) -> str:
    value, usual = facts["value"], facts["usual"]
    against = f"the usual for {_kind(frequency, period, facts.get('whole_frequency', frequency))}"
    far = _times(value, usual)
    is_far = f"is {far}"
    if frequency == Frequency.MINUTE:
        is_far = f"brings its hour {far if far.startswith('far') else f'to {far}'}"
    said = f"{is_far} {against}: {value:,} against {_number(usual)}."
    if last == period:
        return f"{_name(frequency, period)} {said}"
    return f"{_stretch(frequency, period, last)} are far from the usual. The first {said}"


def _revised(frequency: str, period: datetime, _: datetime, facts: Facts) -> str:
    share = "" if facts["share"] is None else f", by {_percent(facts['share'])}"
    change = f"from {facts['before']:,} to {facts['value']:,}"
    return f"A late revision changed {_name(frequency, period, begins=False)} {change}{share}."


def _repeated(frequency: str, period: datetime, _: datetime, facts: Facts) -> str:
    noun = _NOUNS[Frequency(frequency)]
    return f"{_name(frequency, period)} repeats the {noun} before it, cell by cell: {facts['value']:,} in all."


def _unlocated(frequency: str, period: datetime, _: datetime, facts: Facts) -> str:
    counted = f"{facts['unlocated']:,} of {facts['value']:,}"
    return f"{_name(frequency, period)} has {_percent(facts['share'])} that could not be located: {counted}."


def _churned(frequency: str, period: datetime, _: datetime, facts: Facts) -> str:
    return f"{_name(frequency, period)} was revised {facts['revisions']:,} times after it had ended."


def _late(frequency: str, period: datetime, last: datetime, _: Facts) -> str:
    if last == period:
        return f"{_name(frequency, period)} has no figure, and its deadline has passed."
    return f"{_stretch(frequency, period, last)} have no figure, and their deadlines have passed."


def _silent(frequency: str, period: datetime, last: datetime, facts: Facts) -> str:
    noun = _NOUNS[Frequency(frequency)]
    return f"Silent for {facts['periods']:,} {noun}s. {_stretch(frequency, period, last)} have no figure."


def _strays(frequency: str, period: datetime, _: datetime, facts: Facts) -> str:
    listed = [
        f"{_country(one['country'])} {_percent(one['own'])} against {_percent(one['others'])}"
        for one in facts["countries"]
    ]
    spread = f"spread over countries unlike those of all other agencies: {', '.join(listed)}"
    return f"{_name(frequency, period)} is {spread}; {facts['value']:,} events against {facts['others']:,}."


_SENTENCES: dict[str, Callable[[str, datetime, datetime, Facts], str]] = {
    "R101": _mismatched,
    "R102": _implausible,
    "R103": _revised,
    "R104": _repeated,
    "R105": _unlocated,
    "R106": _churned,
    "R201": _late,
    "R202": _silent,
    "R301": _strays,
}


def _name(frequency: str, period: datetime, *, begins: bool = True) -> str:
    """Name a period; with a capital where a sentence begins with it."""
    noun = _NOUNS[Frequency(frequency)]
    noun = noun.capitalize() if begins else noun
    if frequency in (Frequency.MINUTE, Frequency.HOUR):
        return f"{noun} {period:%H:%M} on {_date(period)}"
    if frequency == Frequency.WEEK:
        year, week, _ = period.isocalendar()
        return f"{noun} {week} of {year}"
    return {Frequency.DAY: f"{period:%A} {_date(period)}", Frequency.MONTH: f"{period:%B %Y}"}.get(
        Frequency(frequency), f"{noun} {period.year}"
    )


def _stretch(frequency: str, first: datetime, last: datetime) -> str:
    """Name periods in a row, where a sentence begins with them."""
    noun = f"{_NOUNS[Frequency(frequency)].capitalize()}s"
    if frequency == Frequency.WEEK:
        return f"{noun} {periods.label(frequency, first)} to {periods.label(frequency, last)}"
    if frequency in (Frequency.MINUTE, Frequency.HOUR):
        day = "" if first.date() == last.date() else f" on {_date(first)}"
        return f"{noun} {first:%H:%M}{day} to {last:%H:%M} on {_date(last)}"
    if frequency == Frequency.DAY:
        return f"{noun} {_date(first)} to {_date(last)}"
    return f"{noun} {_name(frequency, first)} to {_name(frequency, last)}"


def _date(day: datetime) -> str:
    return f"{day.day} {day:%B %Y}"


def _kind(frequency: str, period: datetime, compared: str) -> str:
    """Say what a period is compared with: a Tuesday afternoon, a Tuesday, or a whole one that it is a part of."""
    whole = "whole " if compared in (Frequency.DAY, Frequency.MONTH) and compared != frequency else ""
    if compared == Frequency.MONTH:
        return f"a {whole}month"
    if compared == Frequency.DAY:
        return f"a {whole}{period:%A}"
    part = max(hour for hour in _PARTS_OF_DAY if hour <= period.hour)
    return f"a {period:%A} {_PARTS_OF_DAY[part]}"


def _times(value: int, usual: float) -> str:
    if value < usual:
        return "far below"
    times = value / usual if usual else 0.0
    if times < _MULTIPLE:
        return "far above"
    # Cut, not rounded: 12.5 times the usual is 12 times and more.
    return f"{int(times):,} times" if times >= 10 else f"{int(times * 10) / 10} times"


def _percent(share: float) -> str:
    return f"{share * 100:,.{0 if share >= _EVEN else 1}f} %"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _country(code: str) -> str:
    return "an unknown country" if code == UNKNOWN else str(Locale("en").territories.get(code, code))


def _network(code: str) -> str:
    return "a network not known" if code == UNKNOWN else _network_names().get(code, code)


@cache
def _network_names() -> dict[str, str]:
    with (DATA / "networks.csv").open(newline="", encoding="utf-8") as lines:
        return {row["code"]: row["name"] for row in csv.DictReader(lines)}
