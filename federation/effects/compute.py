"""What an estimate says now: its word, its reason and its numbers."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import numpy as np

from countries.reference import Intervention, Reference
from federation.effects import windows
from federation.effects.windows import Span, Weeks
from federation.publication.panels import LONGEST_WAIT
from federation.rules import effect
from federation.rules.effect_result import Evidence, Interval, Reason, Result, UnitResult, Word
from federation.rules.waiting import shortest_wait
from p2p_core import periods
from p2p_core.periods import Frequency, Longs


class Answer(NamedTuple):
    """What is stored of an estimate."""

    word: Word
    reason: Reason | None
    result: Result
    evidence: Evidence


def compute(
    intervention: Intervention, span: Span | None, reference: Reference, *, is_final: bool, mark: datetime
) -> Answer | None:
    """Estimate from the numbers that are public now. None if what is stored stays as it is.

    ``span`` is that of the panel that has room for the windows. ``is_final`` says that the stored word is a final one.
    A final word stays when the panel has moved past the windows. It never becomes "running" again.
    """
    weeks = windows.weeks_after(intervention, span) if span else 0
    has_first_week = span is not None and span.start <= intervention.first
    if has_first_week and weeks and (found := windows.read(intervention, weeks, reference)):
        answer = _estimate(intervention, found, weeks, reference)
        # While it is running, it has an interval or nothing.
        is_told = answer.word != Word.RUNNING or (answer.result.interval and not is_final)
        return answer if is_told else None
    end = intervention.end
    is_over = (span is not None and end <= span.end) or end + LONGEST_WAIT <= _this_month(mark)
    if is_over and (has_first_week or not is_final):
        result = Result(weeks, _panel(intervention), agencies=[], excluded=[])
        return Answer(Word.CANNOT_BE_TOLD, Reason.PANEL_BROKEN, result, Evidence())
    return None


def _this_month(mark: datetime) -> datetime:
    """The start of the month at whose beginning the panels were last computed."""
    return periods.start_of(Frequency.MONTH, mark - shortest_wait(Frequency.MONTH))


def _panel(intervention: Intervention) -> int:
    return 0 if intervention.networks else windows.panel_months(intervention)


def _estimate(intervention: Intervention, found: Weeks, weeks: int, reference: Reference) -> Answer:
    is_complete = weeks == intervention.weeks_after
    excluded = set() if intervention.comparison else windows.treated_elsewhere(intervention, reference)
    others = _comparison(intervention, found, excluded)
    treated = [found.countries.index(code) for code in intervention.countries]
    counts = np.vstack([found.counts[treated].sum(axis=0), found.counts[others]])
    agencies = sorted(reference.agency_codes[one] for one in found.agencies)
    result = Result(weeks, _panel(intervention), agencies, sorted(excluded))
    # A treated country that is withheld has small counts: that is why its weeks are withheld.
    is_known = found.is_known[treated].all()
    reason = effect.reason_for_none(counts, intervention.weeks_before) if is_known else Reason.SMALL_COUNTS
    if reason:
        word = Word.CANNOT_BE_TOLD if is_complete else Word.RUNNING
        return Answer(word, reason if is_complete else None, result, Evidence())
    rank, evidence = numbers(counts, intervention.weeks_before, ["", *(found.countries[at] for at in others)])
    last = evidence.over_time[-1]
    result = msgspec.structs.replace(result, rank=rank, of=len(counts), interval=last)
    word = effect.word_of(last.low, last.high, intervention.direction) if is_complete else Word.RUNNING
    return Answer(word, None, result, evidence)


def _comparison(intervention: Intervention, found: Weeks, excluded: Collection[str]) -> list[int]:
    """The rows of the comparison countries that are known and large enough."""
    listed = set(intervention.comparison or found.countries).difference(intervention.countries, excluded)
    usable = found.is_known & effect.are_large_enough(found.counts, intervention.weeks_before)
    return [at for at, code in enumerate(found.countries) if code in listed and usable[at]]


def numbers(counts: Longs, before: int, names: Sequence[str]) -> tuple[int, Evidence]:
    """The rank of the treated unit, and all numbers behind the estimate. ``names`` are those of the units."""
    found = effect.estimate(counts, before)
    sums = counts[:, :before].sum(axis=1), counts[:, before:].sum(axis=1)
    columns = (column.tolist() for column in (*sums, found.changes, found.usual, found.sizes))
    return found.rank, Evidence(
        units=[UnitResult(*row) for row in zip(names, *columns, strict=True)],
        over_time=[Interval(*row) for row in effect.over_time(counts, before).tolist()],
        lines=effect.lines(counts, before).tolist(),
    )
