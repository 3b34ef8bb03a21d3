"""What an estimate says now: its word, its reason and its numbers."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import numpy as np

from countries.reference import Intervention, Reference
from federation.effects import windows
from federation.effects.windows import Span, Weeks, Windows
from federation.publication.panels import LONGEST_WAIT
from federation.rules import effect
from federation.rules.effect_result import Interval, Reason, Result, UnitResult, Word
from federation.rules.waiting import shortest_wait
from p2p_core import periods
from p2p_core.periods import Frequency, Longs


class Answer(NamedTuple):
    """What is stored of an estimate."""

    word: Word
    reason: Reason | None
    result: Result


def compute(
    intervention: Intervention, span: Span | None, reference: Reference, *, is_final: bool, mark: datetime
) -> Answer | None:
    """Estimate from the numbers that are public now. None if what is stored stays as it is.

    ``span`` is that of the panel that has room for the windows. ``is_final`` says that the stored word is a verdict.
    A verdict stays when the panel has moved past the windows. It never becomes "running" again.
    """
    both = Windows.of(intervention)
    weeks = both.weeks_after(span) if span else 0
    is_spanned = span is not None and span.start <= both.first
    if is_spanned and weeks and (found := windows.read(intervention, weeks, reference)):
        answer = _estimate(intervention, found, weeks, reference)
        # While it is running, it has an interval or nothing.
        is_told = answer.word != Word.RUNNING or (answer.result.units and not is_final)
        return answer if is_told else None
    is_over = (span is not None and both.end <= span.end) or both.end + LONGEST_WAIT <= _this_month(mark)
    if is_over and (is_spanned or not is_final):
        return Answer(Word.CANNOT_BE_TOLD, Reason.PANEL_BROKEN, _empty(intervention, weeks, []))
    return None


def _this_month(mark: datetime) -> datetime:
    """The start of the month at whose beginning the panels were last computed."""
    return periods.start_of(Frequency.MONTH, mark - shortest_wait(Frequency.MONTH))


def _empty(intervention: Intervention, weeks: int, agencies: Sequence[str]) -> Result:
    return Result(weeks, _panel(intervention), list(agencies), 0, [], [], [])


def _panel(intervention: Intervention) -> str:
    return "" if intervention.networks else windows.panel_of(intervention)


def _estimate(intervention: Intervention, found: Weeks, weeks: int, reference: Reference) -> Answer:
    is_complete = weeks == intervention.weeks_after
    agencies = sorted(reference.agency_codes[one] for one in found.agencies)
    excluded = set() if intervention.comparison else windows.treated_elsewhere(intervention, reference)
    others = _comparison(intervention, found, excluded)
    treated = [found.countries.index(code) for code in intervention.countries]
    counts = np.vstack([found.counts[treated].sum(axis=0), found.counts[others]])
    # A treated country that is withheld has small counts: that is why its weeks are withheld.
    is_known = found.is_known[treated].all()
    if reason := effect.doubt(counts, intervention.weeks_before) if is_known else Reason.SMALL_COUNTS:
        word = Word.CANNOT_BE_TOLD if is_complete else Word.RUNNING
        empty = msgspec.structs.replace(_empty(intervention, weeks, agencies), excluded=sorted(excluded))
        return Answer(word, reason if is_complete else None, empty)
    names = ["", *(found.countries[at] for at in others)]
    result = _result(counts, intervention.weeks_before, names, weeks, _panel(intervention), agencies)
    result = msgspec.structs.replace(result, excluded=sorted(excluded))
    last = result.over_time[-1]
    word = effect.word_of(last.low, last.high, intervention.direction) if is_complete else Word.RUNNING
    return Answer(word, None, result)


def _comparison(intervention: Intervention, found: Weeks, excluded: Collection[str]) -> list[int]:
    """The rows of the comparison countries that are known and large enough."""
    listed = set(intervention.comparison or found.countries).difference(intervention.countries, excluded)
    usable = found.is_known & effect.are_large_enough(found.counts, intervention.weeks_before)
    return [at for at, code in enumerate(found.countries) if code in listed and usable[at]]


def _result(counts: Longs, before: int, names: Sequence[str], weeks: int, panel: str, agencies: list[str]) -> Result:
    found = effect.estimate(counts, before)
    sums = counts[:, :before].sum(axis=1), counts[:, before:].sum(axis=1)
    columns = (*sums, found.changes, found.usual, found.sizes)
    units = [UnitResult(*row) for row in zip(names, *(column.tolist() for column in columns), strict=True)]
    over_time = [Interval(*row) for row in effect.over_time(counts, before).tolist()]
    return Result(weeks, panel, agencies, found.rank, units, over_time, effect.lines(counts, before).tolist())
