"""Sentences about findings, in words for people. Sentences of one template are in the rulebook.

A sentence is a template that is filled with facts. All times are UTC, as everywhere.
"""

from datetime import datetime
from typing import Final, NamedTuple

from p2p_core import periods
from p2p_core.codes import COUNTRY_NAMES, NETWORK_NAMES, UNKNOWN
from p2p_core.periods import Frequency
from p2p_core.rules.levels import Facts
from p2p_core.rules.words import FINAL_WORDS

#: The part of the day that begins at this hour, in UTC.
_PARTS_OF_DAY = {0: "night", 6: "morning", 12: "afternoon", 18: "evening"}
#: If a level is at least so many times the usual, the sentence gives it as a multiple of the usual.
_MULTIPLE = 1.5
#: Shares from this one on are written in whole per cent.
EVEN = 0.1


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


class Words:
    """How sentences write their words and numbers: in English. The pages of agencies have these in other languages.

    `make messages` finds the templates by the names ``gettext`` and ``ngettext``.
    """

    def gettext(self, text: str) -> str:
        return text

    def ngettext(self, one: str, many: str, number: int) -> str:
        return one if number == 1 else many

    def fill(self, template: str, span: Span, facts: Facts, **others: str) -> str:
        """Fill in the period, the numbers among the facts, and other words, which may replace these."""
        numbers = {name: self.number(fact) for name, fact in facts.items() if isinstance(fact, int | float)}
        return template.format(**{"period": self.period(span)} | numbers | others)

    def number(self, value: float) -> str:
        return f"{value:,.{0 if value == int(value) else 1}f}"

    def percent(self, share: float) -> str:
        return f"{share * 100:,.{0 if share >= EVEN else 1}f} %"

    def day(self, iso: str) -> str:
        return iso

    def period(self, span: Span, *, begins: bool = True) -> str:
        """Name the first period. If a sentence begins with it, it may have a capital."""
        return span.name(begins=begins)

    def stretch(self, span: Span) -> str:
        """Name all periods."""
        return span.stretch()

    def amount(self, count: int, frequency: str) -> str:
        """Write a number of periods, more than one."""
        return f"{count:,} {periods.NOUNS[frequency]}s"

    def parts(self, frequency: str) -> str:
        return f"{periods.NOUNS[frequency]}s"

    def level(self, span: Span, compared: str) -> str:
        """Name the usual periods: a Tuesday afternoon, a Tuesday, or a longer period."""
        whole = "whole " if compared in (Frequency.DAY, Frequency.MONTH) and compared != span.frequency else ""
        if compared == Frequency.MONTH:
            return f"a {whole}month"
        if compared == Frequency.DAY:
            return f"a {whole}{span.first:%A}"
        part = max(hour for hour in _PARTS_OF_DAY if hour <= span.first.hour)
        return f"a {span.first:%A} {_PARTS_OF_DAY[part]}"

    def country(self, code: str) -> str:
        return "an unknown country" if code == UNKNOWN else COUNTRY_NAMES.get(code, code)

    def network(self, code: str) -> str:
        return "an unknown network" if code == UNKNOWN else NETWORK_NAMES[code]


ENGLISH: Final = Words()


def mismatch(words: Words, span: Span, facts: Facts) -> str:
    against = words.gettext("{period} was reported as {value}, but its {parts} add up to {finer}.")
    if facts["value"] == facts["finer"]:
        against = words.gettext(
            "{period} was reported as {value}. Its {parts} have the same total, but not the same cells."
        )
    cells = words.ngettext(
        "{cells} cell differs: {place}, {reported} against {summed}.",
        "{cells} cells differ, most of all: {place}, {reported} against {summed}.",
        facts["cells"],
    )
    place = f"{words.country(facts['country'])}, {words.network(facts['network'])}"
    return words.fill(f"{against} {cells}", span, facts, parts=words.parts(facts["finer_frequency"]), place=place)


def implausible_level(words: Words, span: Span, facts: Facts) -> str:
    times, is_minute = _times(facts["value"], facts["usual"]), span.frequency == Frequency.MINUTE
    if facts["value"] < facts["usual"]:
        template = words.gettext("{period} is far below the usual for {level}: {value} against {usual}.")
    elif is_minute and times:
        template = words.gettext(
            "{period} brings its hour to {times} times the usual for {level}: {value} against {usual}."
        )
    elif is_minute:
        template = words.gettext("{period} brings its hour far above the usual for {level}: {value} against {usual}.")
    elif times:
        template = words.gettext("{period} is {times} times the usual for {level}: {value} against {usual}.")
    else:
        template = words.gettext("{period} is far above the usual for {level}: {value} against {usual}.")
    level = words.level(span, facts.get("whole_frequency", span.frequency))
    filled = {"level": level, "times": words.number(times)}
    if span.first == span.last:
        return words.fill(template, span, facts, **filled)
    template = words.gettext("{stretch} are far from the usual.") + f" {template}"
    return words.fill(template, span, facts, period=words.gettext("The first"), stretch=words.stretch(span), **filled)


def large_revision(words: Words, span: Span, facts: Facts) -> str:
    period = words.period(span, begins=False)
    if facts["share"] is None:
        template = words.gettext("A late revision changed {period} from {before} to {value}.")
        return words.fill(template, span, facts, period=period)
    template = words.gettext("A late revision changed {period} from {before} to {value}, by {share}.")
    return words.fill(template, span, facts, period=period, share=words.percent(facts["share"]))


def missing_figures(words: Words, span: Span, facts: Facts) -> str:
    if span.first == span.last:
        return words.fill(words.gettext("{period} has no figure, and its deadline has passed."), span, facts)
    template = words.gettext("{stretch} have no figure, and their deadlines have passed.")
    return words.fill(template, span, facts, stretch=words.stretch(span))


def country_mix(words: Words, span: Span, facts: Facts) -> str:
    pair = words.gettext("{country} {own} against {others}")
    shares = ", ".join(
        pair.format(
            country=words.country(one["country"]), own=words.percent(one["own"]), others=words.percent(one["others"])
        )
        for one in facts["countries"]
    )
    template = words.gettext(
        "In {period}, the agency's shares of countries differ from those of all other agencies together: {shares}. "
        "The agency has {value} events, the others have {others}."
    )
    mix = words.fill(template, span, facts, period=words.period(span, begins=False), shares=shares)
    if "source" not in facts:
        return mix
    template = words.gettext(
        "The agency's source of locations is {source} of {edition}; {elsewhere} of the other agencies use another "
        "source."
    )
    elsewhere = words.percent(facts["others_elsewhere"])
    source = words.fill(
        template, span, facts, source=facts["source"], edition=words.day(facts["edition"]), elsewhere=elsewhere
    )
    return f"{mix} {source}"


def detail(words: Words, span: Span, facts: Facts) -> str:
    """Only coordinators read this, at the desk, which is in English."""
    step, proposed = (periods.NOUNS[facts[name]] for name in ("step_frequency", "proposed_frequency"))
    return words.fill(
        "{stretch}: {country} has {mean} events in an average {step}, {proposed_mean} in an average {proposed}. "
        "Publish its {proposed}s and nothing finer, from a later month on.",
        span, facts, stretch=words.stretch(span), country=words.country(facts["country"]), step=step, proposed=proposed,
        mean=f"{facts['mean']:,}", proposed_mean=f"{facts['proposed_mean']:,}",
    )  # fmt: skip


def changed_word(words: Words, span: Span, facts: Facts) -> str:
    """Only coordinators read this, at the desk, which is in English."""
    return words.fill(
        "{period}: the estimate of intervention {intervention} ({title}) changed from “{before}” to “{after}”.",
        span, facts, intervention=str(facts["intervention"]), title=facts["title"],
        before=FINAL_WORDS[facts["word_before"]], after=FINAL_WORDS[facts["word"]],
    )  # fmt: skip


def _date(day: datetime) -> str:
    return f"{day.day} {day:%B %Y}"


def _times(value: int, usual: float) -> float:
    """How many times the usual a value is: 0 if it is less than :data:`_MULTIPLE`."""
    times = value / usual if usual else 0.0
    if times < _MULTIPLE:
        return 0
    # Cut, not rounded: 12.5 times the usual is 12 times and more.
    return int(times) if times >= 10 else int(times * 10) / 10
