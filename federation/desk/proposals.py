"""Proposals to change the detail of a country (R401). They are made from published numbers when they are read."""

from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.utils.http import urlencode

from countries.reference import Reference
from federation import published
from federation.published import Selection
from federation.rules.view import ALL_NETWORKS
from p2p_core import codes, periods
from p2p_core.periods import Frequency
from p2p_core.rules import rulebook
from p2p_core.rules.detail import PublishedLevel
from p2p_core.rules.rulebook import Subject

#: The number of published months, the newest ones, from which proposals are made.
MONTHS = 3


class Proposal(NamedTuple):
    """A country whose detail does not fit its numbers of an indicator.

    ``query`` fills the form that accepts the proposal.
    """

    indicator: str
    country: str
    sentence: str
    query: str


def proposals() -> Iterator[Proposal]:
    """Yield the proposals, by indicator and country. A planned change counts as done."""
    reference, limits = Reference.current(), rulebook.limits(settings.THRESHOLDS)
    for span in published.spans(reference.indicator_codes, [Frequency.MONTH]):
        first = span.last
        for _ in range(MONTHS - 1):
            first = periods.previous(Frequency.MONTH, first)
        countries = tuple(codes.COUNTRIES.values())
        months = Selection(span.indicator, Frequency.MONTH, first, span.last, countries, (ALL_NETWORKS,))
        table = published.read(months, reference, limit=MONTHS).table
        if len(table.labels) < MONTHS or not table.coverage.is_known.all():
            continue
        days = (periods.end(Frequency.MONTH, span.last) - first).days
        steps = {country: step for number, country, _, step, _ in reference.details if number == span.indicator}
        for one, total in zip(table.series, table.values.sum(axis=1).tolist(), strict=True):
            if one.country in steps:
                level = PublishedLevel(one.codes[0], steps[one.country], total, MONTHS, days)
                for rule, facts in rulebook.judge(Subject.DETAIL, limits, level):
                    said = rulebook.say(rule, Frequency.MONTH, first, span.last, facts)
                    step = facts["proposed_frequency"]
                    query = urlencode({"country": one.country, "indicator": span.indicator, "step": step})
                    yield Proposal(reference.indicator_codes[span.indicator], one.codes[0], said, query)
