"""What an answer to a query would have: the values of each dimension, the time, and how many observations."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from api.sdmx import readings, slices, times
from api.sdmx.flows import COMPONENTS, CONCEPTS, TIME
from api.sdmx.queries import AvailabilityQuery
from api.sdmx.readings import Reading
from api.sdmx.slices import Slice
from api.sdmx.structures import Artefact, Key, Note, Structures
from api.sdmx.times import Span
from api.throttling import costs
from p2p_core.periods import Longs


@dataclass
class Available:
    """The values of each dimension of the key, the time from the first to the last period, and how many there are."""

    values: dict[str, set[str]]
    span: Span | None = None
    series: int = 0
    observations: int = 0

    def add(self, keys: list[tuple[str, ...]], observations: int, frequency: str, periods: Longs) -> None:
        """Count series of one frequency, each for the first time, with their observations."""
        self.series += len(keys)
        self.observations += observations
        for values, codes in zip(self.values.values(), zip(*keys, strict=True), strict=True):
            values.update(codes)
        here = Span(int(periods[0]), int(times.ends(frequency, periods[-1:])[0]))
        self.span = Span(min(self.span.start, here.start), max(self.span.end, here.end)) if self.span else here


def find(reading: Reading) -> Available:
    """Return what an answer has. Only changes, and past views, are looked through, and have to be paid for."""
    query = reading.query
    found = Available({name: set() for name in query.flow.dimensions})
    costs.charge(slices.most_periods(reading.slices))
    size = 0
    if query.updated_after or query.of_vintages:
        size = reading.check_size()
        readings.refuse_more(size, readings.MOST_OBSERVED)
    with costs.take_turn(size):
        if query.updated_after:
            _read(reading, found)
        else:
            for one in reading.slices:
                _count(one, reading.version.number, found)
    return found


def _read(reading: Reading, found: Available) -> None:
    for block in reading.blocks():
        rows = np.flatnonzero(block.wanted.any(axis=1)).tolist()
        periods = block.table.coverage.periods[block.wanted.any(axis=0)]
        found.add([block.keys[row] for row in rows], int(block.wanted.sum()), block.table.frequency, periods)


def _count(one: Slice, version: int, found: Available) -> None:
    """Count without reading: each series has an observation in each period."""
    past = one.query.of_vintages
    for label, number in one.views if past else [("", version)]:
        periods = one.coverage(number).periods
        some = one.listed(number)
        if len(periods) and some:
            keys = [one.key(each, *([label] if past else [])) for each in some]
            found.add(keys, len(some) * len(periods), one.cube.frequency, periods)


def artefacts(query: AvailabilityQuery, found: Available, kind: str, known: Structures) -> Iterator[Artefact]:
    """Yield the constraint that says what there is, and the structures that go with it, if wanted."""
    flow = query.data.flow
    # That a dimension has no values cannot be said in all formats.
    values = {name: tuple(sorted(found.values[name])) for name in query.dimensions if found.values.get(name)}
    span = found.span if TIME in query.dimensions else None
    # Clients know the counts by this type; the versions of SDMX offered here have no other place for them.
    counts = (("obs_count", found.observations), ("series_count", found.series))
    yield Artefact(
        kind=kind,
        id=f"AVAILABLE_{flow.id}",
        name=f"What there is of {flow.id}",
        notes=tuple(Note(name, "sdmx_metrics", title=str(count)) for name, count in counts),
        flow=flow,
        values=values,
        span=(times.day_or_instant(span.start), times.day_or_instant(span.end - 1)) if span else None,
    )
    if query.references:
        used = {COMPONENTS[name].codelist: set(codes) for name, codes in values.items()}
        structure = known.by_key[Key("datastructure", flow.dsd)]
        for one in (
            known.by_key[Key("dataflow", flow.id)],
            structure,
            *map(known.by_key.__getitem__, structure.refers),
        ):
            if one.id in used:
                yield one.only(used[one.id])
            else:
                yield one.only(frozenset(flow.components)) if one.id == CONCEPTS else one
