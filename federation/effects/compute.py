"""What an estimate says now: its word, its reason and its numbers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

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


_BROKEN: Final = Answer(
    Word.CANNOT_BE_TOLD, Reason.PANEL_BROKEN, Result(weeks=0, months=0, agencies=[], excluded=[]), Evidence()
)
_NOTHING_YET: Final = Answer(Word.RUNNING, None, Result(weeks=0, months=0, agencies=[], excluded=[]), Evidence())


class Stored(NamedTuple):
    """What is stored of an estimate already, and the key of its row."""

    key: int
    word: Word
    reason: Reason | None
    result: Result

    @property
    def is_final(self) -> bool:
        """Whether it is the word after all weeks. A broken panel may still be repaired, by reports or by time."""
        return self.word != Word.RUNNING and self.reason != Reason.PANEL_BROKEN


def compute(
    intervention: Intervention,
    spans: Mapping[int, Span],
    stored: Stored | None,
    reference: Reference,
    *,
    mark: datetime,
) -> Answer | None:
    """Estimate from the numbers that are public now. None if what is stored stays as it is.

    ``spans`` are those of the panels, by their months. A final word stays when its panel has moved past the windows. It
    never becomes "running" again.
    """
    final = stored if stored and stored.is_final else None
    lengths = windows.panels(intervention)
    if final:
        # Another panel has other agencies, and would change the estimate although no number has changed.
        lengths = [final.result.months] if final.result.months else lengths[:1]
    usable = {months: span for months, span in spans.items() if months in lengths and span.start <= intervention.first}
    known = {months: windows.weeks_after(intervention, span) for months, span in usable.items()}
    for months, weeks in known.items():
        if weeks and (found := windows.read(intervention, weeks, months, reference)):
            answer = _estimate(intervention, found, weeks, months, reference)
            return None if final and answer.word == Word.RUNNING else answer
    if final:
        is_complete = intervention.weeks_after in known.values()
        return _BROKEN if is_complete and _are_agencies_lost(final.result, intervention, reference) else None
    if _is_over(intervention, [spans[months] for months in lengths if months in spans], mark):
        return _BROKEN
    # If there was an interval, it rested on numbers that are not public any more.
    return _NOTHING_YET if stored else None


def _are_agencies_lost(result: Result, intervention: Intervention, reference: Reference) -> bool:
    """Whether the agencies of an estimate have not reported all of its weeks any more.

    If they have, their panel is without agencies because of other weeks, so the estimate stays.
    """
    return not result.agencies or not windows.have_reported(result.agencies, intervention, reference)


def _is_over(intervention: Intervention, spans: Sequence[Span], mark: datetime) -> bool:
    """Whether the windows have ended, and no reports of them are awaited."""
    is_spanned = any(intervention.end <= span.end for span in spans)
    return is_spanned or intervention.end + LONGEST_WAIT <= _this_month(mark)


def _this_month(mark: datetime) -> datetime:
    """The start of the month at whose beginning the panels were last computed."""
    return periods.start_of(Frequency.MONTH, mark - shortest_wait(Frequency.MONTH))


def _estimate(intervention: Intervention, found: Weeks, weeks: int, months: int, reference: Reference) -> Answer:
    is_complete = weeks == intervention.weeks_after
    excluded = set() if intervention.comparison else windows.treated_elsewhere(intervention, reference)
    others = _comparison(intervention, found, excluded)
    treated = [found.countries.index(code) for code in intervention.countries]
    counts = np.vstack([found.counts[treated].sum(axis=0), found.counts[others]])
    agencies = sorted(reference.agency_codes[one] for one in found.agencies)
    result = Result(weeks, 0 if intervention.networks else months, agencies, sorted(excluded))
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
