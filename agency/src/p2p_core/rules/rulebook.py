"""The rules that judge what agencies report. A rule is one entry here and one pure judge; its id keeps its meaning.

The settings, the thresholds that one agency may have for itself, ``/api/v1/rules/`` and the tables of
``docs/reference/rules.md`` come from the entries.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Final

from p2p_core.rules import detail, lateness, levels, mix, plausibility, sentences, words
from p2p_core.rules.levels import Facts
from p2p_core.rules.sentences import ENGLISH, Span, Words

#: The thresholds of each rule, by the names of its judge's parameters.
Limits = Mapping[str, Mapping[str, float]]


class Severity(StrEnum):
    WARNING = auto()
    ERROR = auto()


class Subject(StrEnum):
    """What a judge gets to judge."""

    #: A :class:`plausibility.ComparedReport`.
    REPORT = auto()
    #: The total of a period, and the totals that are usual for it.
    LEVEL = auto()
    #: A :class:`lateness.Run`. If several rules apply, the last one counts.
    LATENESS = auto()
    #: The counts of a week by country, of the agency and of all others, and a :class:`mix.Locations` or None.
    MIX = auto()
    #: A :class:`detail.PublishedLevel`. It is about a country, and about no agency.
    DETAIL = auto()
    #: A :class:`words.WordChange`. It is about an intervention, and about no agency.
    EFFECT = auto()


#: What is about no agency. Only coordinators see what the rules about it find, at the desk, which is in English.
ABOUT_NO_AGENCY: Final = frozenset({Subject.DETAIL, Subject.EFFECT})


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number that a rule depends on. ``name`` is the name of the setting: the rule's id and the judge's parameter.

    If it is ``own``, an agency can have a value of its own. If ``whole`` is set, it is a whole number within these
    limits.
    """

    name: str
    default: float
    meaning: str
    own: bool = False
    whole: tuple[int, int] | None = None

    @property
    def parameter(self) -> str:
        return self.name.partition("_")[2].lower()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    ``level`` is its validation level in the European Statistical System. 0: expected data are there; 1: within one
    report; 2: within the reports of one agency; 3: between agencies; 4: between subjects; 5: with outside sources.
    ``judge`` takes the subject and the thresholds. It returns the numbers behind a finding, or None. ``facts`` explains
    each of these numbers. ``own_facts`` names those that depend on the agency alone. If none of these changes, a
    finding that a coordinator closed stays closed. ``holds`` means that a report waits for a coordinator.
    """

    id: str
    name: str
    severity: Severity
    level: int
    about: Subject
    when: str
    advice: str
    judge: Callable[..., Facts | None]
    sentence: Callable[[Words, Span, Facts], str]
    facts: Mapping[str, str]
    thresholds: tuple[Threshold, ...] = ()
    own_facts: tuple[str, ...] = ()
    holds: bool = False


_RULES = (
    Rule(
        "R101", "cross-frequency mismatch", Severity.WARNING, 2, Subject.REPORT,
        when=(
            "A report for an hour, day or month differs from the sum of the agency's figures for the next shorter "
            "periods in it, if all of these are there."
        ),
        advice="Send the coarser report again, or the finer ones that are wrong. Until then the coarser report counts.",
        judge=plausibility.mismatch,
        sentence=sentences.mismatch,
        facts={
            "value": "total",
            "finer": "sum of the finer figures",
            "finer_frequency": "length of the finer periods",
            "cells": "cells that differ",
            "country": "country of the cell that differs most",
            "network": "network of the cell that differs most",
            "reported": "that cell as reported",
            "summed": "that cell as summed",
        },
    ),
    Rule(
        "R102", "implausible level", Severity.WARNING, 2, Subject.LEVEL, holds=True,
        when=(
            "The total of a period is far from the usual one: the median of the same hour of the week, or the same "
            "weekday, in the eight weeks before, if at least four of them are there. For a month it comes from these "
            "weeks. Minutes are judged by their hour. Values before a break in the series do not count. A report is "
            "held; a figure that is a sum of finer ones gets a warning."
        ),
        advice="If the numbers are right, confirm them, and a coordinator decides. If not, send the report again.",
        judge=levels.implausible,
        sentence=sentences.implausible_level,
        facts={
            "value": "total",
            "reported": "total of the minute as reported",
            "usual": "usual total (the median)",
            "deviation": "usual deviation",
            "distance": "distance from the usual, in usual deviations",
            "values": "totals that make the usual one",
            "values_frequency": "which come from",
            "whole_frequency": "the usual total is that of a longer period",
        },
        # The usual totals change when the weeks before are revised.
        own_facts=("value",),
        thresholds=(
            Threshold(
                "R102_DISTANCE", 12.0,
                "no finding up to this many usual deviations from the usual total", own=True,
            ),
            Threshold(
                "R102_DIFFERENCE", 50.0,
                "no finding below this distance from the usual total, in events", own=True,
            ),
            Threshold(
                "R102_VALUES", 4,
                "number of usual values that the rule needs from the eight weeks before", whole=(1, 8),
            ),
        ),
    ),
    Rule(
        "R103", "large revision", Severity.WARNING, 2, Subject.REPORT,
        when="A revision changes the total of a period that ended over two days ago by more than a quarter.",
        advice="Answer what happened. If the revision is wrong, send a report with the right numbers.",
        judge=plausibility.large_revision,
        sentence=sentences.large_revision,
        facts={"value": "total", "before": "earlier total", "share": "change, as a part of the earlier total"},
        thresholds=(
            Threshold("R103_SHARE", 0.25, "no finding up to this change, as a part of the earlier total", own=True),
            Threshold("R103_DIFFERENCE", 50.0, "no finding below this change, in events", own=True),
            Threshold("R103_DAYS", 2.0, "no finding until this many days after the end of the period"),
        ),
    ),
    Rule(
        "R104", "repeated figures", Severity.WARNING, 2, Subject.REPORT,
        when="A report equals the report of the period before, cell by cell.",
        advice="Check whether the same numbers were sent twice. If so, send the right ones.",
        judge=plausibility.repetition,
        sentence=lambda words, span, facts: words.fill(
            words.gettext("{period} repeats the period before it, cell by cell: {value} in all."), span, facts
        ),
        facts={"value": "total"},
        thresholds=(Threshold("R104_TOTAL", 50.0, "no finding if the total is below this", own=True),),
    ),
    Rule(
        "R105", "unlocated share", Severity.WARNING, 1, Subject.REPORT,
        when="A large share of a report could not be located (`_U`).",
        advice="Check that the IP-to-country database is there and up to date.",
        judge=plausibility.unlocated_share,
        sentence=lambda words, span, facts: words.fill(
            words.gettext("{period} has {share} that could not be located: {unlocated} of {value}."),
            span, facts, share=words.percent(facts["share"]),
        ),
        facts={"value": "total", "unlocated": "of which not located", "share": "share"},
        thresholds=(
            Threshold("R105_SHARE", 0.3, "no finding up to this share of events without a known country", own=True),
            Threshold("R105_TOTAL", 50.0, "no finding if the total is below this", own=True),
        ),
    ),
    Rule(
        "R106", "churn", Severity.WARNING, 2, Subject.REPORT,
        when="An agency has revised one period very often after it had ended.",
        advice="Check whether a program sends the same again and again. Collect corrections and send them together.",
        judge=plausibility.churn,
        sentence=lambda words, span, facts: words.fill(
            words.gettext("{period} was revised {revisions} times after it had ended."), span, facts
        ),
        facts={"revisions": "revisions after the period had ended"},
        thresholds=(
            Threshold("R106_REVISIONS", 20, "how many revisions a period may have without a finding", whole=(1, 1000)),
        ),
    ),
    Rule(
        "R201", "late", Severity.WARNING, 0, Subject.LATENESS,
        when="The deadline has passed and there is no figure. Minutes are judged by the hour.",
        advice="Send the missing reports. They count however late they are.",
        judge=lateness.late,
        sentence=sentences.missing_figures,
        facts={"periods": "periods without a figure"},
    ),
    Rule(
        "R202", "silent", Severity.ERROR, 0, Subject.LATENESS,
        when="Several expected periods in a row are without a figure. Minutes are judged by the hour.",
        advice="Send the missing reports. If the agency has left, a coordinator ends its schedule.",
        judge=lateness.silent,
        sentence=lambda words, span, facts: words.fill(
            words.gettext("Silent for {amount}. {stretch} have no figure."), span, facts,
            amount=words.amount(facts["periods"], span.frequency), stretch=words.stretch(span),
        ),
        facts={"periods": "periods without a figure"},
        thresholds=(
            Threshold("R202_PERIODS", 3, "how many periods in a row without a figure are a silence", whole=(2, 1000)),
        ),
    ),
    Rule(
        "R301", "country mix", Severity.WARNING, 3, Subject.MIX,
        when=(
            "The agency's shares of countries in a week are far from those of all other agencies together, also if "
            "what other sources of locations may place elsewhere is left out."
        ),
        advice="Check that the source of locations is right and new, and whether the files on offer have changed.",
        judge=mix.unlike_others,
        sentence=sentences.country_mix,
        facts={
            "value": "total",
            "others": "total of all other agencies",
            "distance": "Jensen–Shannon distance, from 0 to 1",
            "source": "source of locations",
            "edition": "date of the source",
            "others_elsewhere": "share of the other agencies with another source",
        },
        # If a coordinator closed a finding, reports of other agencies must not open it again.
        own_facts=("value",),
        thresholds=(
            Threshold(
                "R301_DISTANCE", 0.35,
                "no finding up to this Jensen–Shannon distance from the others, 0 to 1", own=True,
            ),
            Threshold(
                "R301_TOTAL", 500.0,
                "no finding if the total of the agency, or that of the others, is below this", own=True,
            ),
            Threshold(
                "R301_PLACED", 0.15,
                "0 to 1: the part of an agency's events that another source of locations may place in another country",
                own=True,
            ),
        ),
    ),
    Rule(
        "R401", "detail", Severity.WARNING, 4, Subject.DETAIL,
        when=(
            "The numbers of a country in the last three published months do not fit its detail: its finest step has "
            "too few events a period, or the next finer step would have many. Coordinators see it, agencies do not."
        ),
        advice="Change the detail of the country from a later month on, or leave it.",
        judge=detail.disagrees,
        sentence=sentences.detail,
        facts={
            "country": "country",
            "step_frequency": "finest published step",
            "proposed_frequency": "proposed step",
            "mean": "events in an average period of the step",
            "proposed_mean": "events in an average period of the proposed step",
        },
        thresholds=(
            Threshold(
                "R401_LEAST", 5.0,
                "a coarser step is proposed if the periods of the finest step have fewer events than this, on average",
            ),
            Threshold(
                "R401_FINER", 20.0,
                "the next finer step is proposed if its average period has at least this many events",
            ),
        ),
    ),
    Rule(
        "R402", "changed word", Severity.WARNING, 3, Subject.EFFECT,
        when=(
            "The estimate of an intervention had one of the words found, not found and cannot be told, and has another "
            "one of them now. Coordinators see it, agencies do not."
        ),
        advice="Look at what was corrected since. Tell the office that registered the intervention.",
        judge=words.changed,
        sentence=sentences.changed_word,
        facts={
            "intervention": "number of the intervention",
            "title": "its title",
            "word_before": "word before",
            "word": "word since this day",
        },
    ),
)  # fmt: skip

#: All rules by id, in order.
RULES: Final = {rule.id: rule for rule in _RULES}
#: All thresholds, each with its rule.
THRESHOLDS: Final = [(rule, one) for rule in _RULES for one in rule.thresholds]
DEFAULTS: Final = {one.name: one.default for _, one in THRESHOLDS}
#: The rule by which reports are held at receipt.
HOLDING: Final = next(rule for rule in _RULES if rule.holds)
#: By this rule an agency counts as silent.
SILENCE: Final = RULES["R202"]


def ids(*subjects: Subject) -> list[str]:
    """The ids of all rules that judge one of these."""
    return [rule.id for rule in _RULES if rule.about in subjects]


def limits(values: Mapping[str, float]) -> Limits:
    """Sort the values of thresholds, by their names in the settings, into the parameters of the judges."""
    return {rule.id: {one.parameter: values[one.name] for one in rule.thresholds} for rule in _RULES}


def judge(subject: Subject, limits: Limits, *given: object) -> Iterator[tuple[str, Facts]]:
    """Yield the ids of the rules that find something in the subject, in order, each with its facts."""
    for rule in _RULES:
        if rule.about == subject and (facts := rule.judge(*given, **limits[rule.id])):
            yield rule.id, facts


def say(
    rule: str, frequency: str, period: datetime, last_period: datetime, facts: Facts, words: Words = ENGLISH
) -> str:
    """The finding of a rule, in a period or in several in a row until ``last_period``, as a sentence."""
    return RULES[rule].sentence(words, Span(frequency, period, last_period), facts)
