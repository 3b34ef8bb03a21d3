"""What data there are: which values each dimension has among what a question asks for, or might ask for instead."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from api.sdmx import blocks, readings, slices, times
from api.sdmx.flows import VINTAGE
from api.sdmx.questions import Question
from api.sdmx.readings import Reading
from api.sdmx.slices import Slice
from api.sdmx.times import Span
from api.throttling import costs
from federation.rules.periods import Longs

MODES: Final = ("exact", "available")


@dataclass
class Available:
    """The values of each dimension of the key, the time from the first to the last period, and how many there are."""

    values: dict[str, set[str]]
    span: Span | None = None
    series: int = 0
    observations: int = 0

    def add(self, keys: list[tuple[str, ...]], observations: int, frequency: str, periods: Longs) -> None:
        """Count series of one frequency, which come by once each, with their observations."""
        self.series += len(keys)
        self.observations += observations
        for values, codes in zip(self.values.values(), zip(*keys, strict=True), strict=True):
            values.update(codes)
        here = Span(int(periods[0]), int(times.ends(frequency, periods[-1:])[0]))
        self.span = Span(min(self.span.start, here.start), max(self.span.end, here.end)) if self.span else here


def exact(reading: Reading) -> Available:
    """Return what an answer to the question will have."""
    with _paid([reading]):
        return _found(reading)


def available(reading: Reading, indicators: dict[str, int]) -> Available:
    """Return what could be asked for: of each dimension what is there if nothing were asked of that one alone."""
    cubes = slices.Cubes()
    reading = replace(reading, slices=slices.of(reading.question, indicators, reading.version, cubes))
    wider = {
        name: _without(reading.question, place, name) for place, name in enumerate(reading.question.flow.dimensions)
    }
    others = {
        name: replace(reading, question=question, slices=slices.of(question, indicators, reading.version, cubes))
        for name, question in wider.items()
    }
    with _paid([reading, *others.values()]):
        found = _found(reading)
        for name, other in others.items():
            found.values[name] = _found(other).values[name]
        return found


def _paid(some: list[Reading]) -> AbstractContextManager[None]:
    """Refuse what is too much, and have the rest paid for, before any of it is looked through."""
    size = 0
    costs.charge(slices.most_periods(each for one in some if _is_countable(one.question) for each in one.slices))
    for one in some:
        size += 0 if _is_countable(one.question) else one.check_size()
        readings.refuse_more(size, readings.MOST_OBSERVED)
    return costs.paid(size)


def _is_countable(question: Question) -> bool:
    """Whether there is the same in each series, so that nothing has to be looked through."""
    return not _has_to_be_read(question) and VINTAGE not in question.flow.dimensions


def _has_to_be_read(question: Question) -> bool:
    return bool(question.updated_after) or any(one.component in blocks.OBSERVED for one in question.filters)


def _found(reading: Reading) -> Available:
    found = Available({name: set() for name in reading.question.flow.dimensions})
    if _has_to_be_read(reading.question):
        _read(reading, found)
        return found
    for one in reading.slices:
        _count(one, reading.version.number, found)
    return found


def widest(question: Question) -> Question:
    """Return the question that asks for all keys: what else could be asked for hangs on all of them."""
    dimensions = question.flow.dimensions
    filters = tuple(one for one in question.filters if one.component not in dimensions)
    return replace(question, patterns=((None,) * len(dimensions),), filters=filters)


def _without(question: Question, place: int, name: str) -> Question:
    patterns = tuple((*one[:place], None, *one[place + 1 :]) for one in question.patterns)
    return replace(question, patterns=patterns, filters=tuple(one for one in question.filters if one.component != name))


def _read(reading: Reading, found: Available) -> None:
    for dataset in reading.datasets():
        for block in dataset.blocks:
            rows = np.flatnonzero(block.wanted.any(axis=1)).tolist()
            periods = block.coverage.periods[block.wanted.any(axis=0)]
            found.add([block.keys[row] for row in rows], int(block.wanted.sum()), block.table.frequency, periods)


def _count(one: Slice, version: int, found: Available) -> None:
    """Count without reading: each series has an observation in each period."""
    past = VINTAGE in one.question.flow.dimensions
    for label, number in one.views if past else [("", version)]:
        periods = one.coverage(number).periods
        some = one.listed(number)
        if len(periods) and some:
            keys = [one.key(each, *([label] if past else [])) for each in some]
            found.add(keys, len(some) * len(periods), one.cube.frequency, periods)
