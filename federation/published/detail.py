"""Which numbers are published, and which are withheld because they would be finer than a country's detail.

Both come from the reference data. This module decides it for what is stored and for all answers.
"""

from collections.abc import Iterable, Sequence
from datetime import MAXYEAR, UTC, datetime
from functools import lru_cache
from itertools import groupby
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import UNSET, Meta, UnsetType, structs

from countries.reference import Reference
from federation.errors import DetailNotPublishedError
from federation.rules.detail import CountryDetail, DetailMask, Details, Flags
from federation.rules.view import ALL_NETWORKS, Series
from p2p_core import codes, periods
from p2p_core.periods import Frequency

#: Stands for each single network.
EACH_NETWORK: Final = "*"


class Withheld(msgspec.Struct, frozen=True, omit_defaults=True):
    """Countries and groups with numbers that would be finer than their detail. A withheld number is never zero."""

    countries: Annotated[tuple[str, ...], Meta(description="Their codes", examples=[["AD", "LI"]])]
    network: Annotated[str, Meta(description="`_T` for all networks together, `*` for each single network")]
    published: Annotated[
        tuple[str, ...], Meta(description="At which frequencies they are published", examples=[["W", "M", "A"]])
    ]
    start: (
        Annotated[
            str, Meta(description="The first period that is withheld; absent if the whole requested range is withheld")
        ]
        | UnsetType
    ) = UNSET
    end: Annotated[str, Meta(description="The last period that is withheld")] | UnsetType = UNSET

    def sentence(self) -> str:
        """What is published instead, and in which part of the range only that."""
        bounds = [f"from {self.start}" if self.start else "", f"until {self.end}" if self.end else ""]
        when = " ".join(filter(None, bounds))
        are = "is" if len(self.countries) == 1 else "are"
        by_network = " by network" if self.network == EACH_NETWORK else ""
        said = f"{', '.join(self.countries)} {are} published{by_network} at {', '.join(self.published)} only."
        return f"{when[0].upper()}{when[1:]}, {said}" if when else said


def sentences(some: Iterable[Withheld]) -> str:
    """What is withheld, in words; empty if nothing is."""
    return " ".join(one.sentence() for one in some)


@lru_cache(maxsize=64)
def mask(reference: Reference, indicator: int, frequency: str) -> DetailMask:
    """What is published of an indicator at a frequency, by month."""
    return _details(reference, indicator).mask(frequency)


@lru_cache(maxsize=16)
def _details(reference: Reference, indicator: int) -> Details:
    return Details.of(CountryDetail._make(row[1:]) for row in reference.details if row[0] == indicator)


_Bounds = tuple[()] | tuple[str | UnsetType, str | UnsetType]


class PeriodRange(NamedTuple):
    """A range of periods of an indicator at a frequency, the first and last both included."""

    reference: Reference
    indicator: int
    frequency: str
    start: datetime
    end: datetime

    def withheld_throughout(self, series: Sequence[Series]) -> list[Series]:
        """The series that are withheld in all periods of the range."""
        is_published = self._rows(self.frequency, series).any(axis=1)
        return [series[row] for row in np.flatnonzero(~is_published).tolist()]

    def withheld(self, series: Sequence[Series]) -> list[Withheld]:
        """What is withheld of some series, countries with the same answer together."""
        if not series:
            return []
        # All networks of a country have one detail.
        kinds = list(dict.fromkeys(Series(one.country, int(one.network != ALL_NETWORKS)) for one in series))
        is_published = self._rows(self.frequency, kinds).all(axis=1)
        if is_published.all():
            return []
        kinds = [kinds[row] for row in np.flatnonzero(~is_published).tolist()]
        by_step = np.stack([self._rows(step, kinds) for step in Frequency], axis=2)
        # Few countries have a detail that no other has.
        different, which = np.unique(by_step.reshape(len(kinds), -1), axis=0, return_inverse=True)
        parts = [self._parts(flags.reshape(by_step.shape[1:])) for flags in different]
        found: dict[Withheld, list[str]] = {}
        for one, at in zip(kinds, which.ravel().tolist(), strict=True):
            for published, bounds in parts[at]:
                same = Withheld((), EACH_NETWORK if one.network else codes.TOTAL, published, *bounds)
                found.setdefault(same, []).append(codes.COUNTRY_CODES[one.country])
        listed = [structs.replace(same, countries=tuple(sorted(countries))) for same, countries in found.items()]
        return sorted(listed, key=lambda one: (one.countries, one.network, one.start or ""))

    def _parts(self, flags: Flags) -> list[tuple[tuple[str, ...], _Bounds]]:
        """The published steps and the bounds of each part of the range that is withheld. Flags: (months, steps)."""
        steps = [tuple(step.value for step, flag in zip(Frequency, row, strict=True) if flag) for row in flags.tolist()]
        found = []
        for published, months in groupby(range(len(steps)), key=steps.__getitem__):
            if self.frequency not in published:
                at = list(months)
                found.append((published, () if len(at) == len(steps) else self._bounds(at[0], at[-1])))
        return found

    @property
    def _ends(self) -> tuple[int, int]:
        """The first and last month of change."""
        flags = mask(self.reference, self.indicator, self.frequency)
        return flags.month_of(periods.epoch(self.start)), flags.month_of(periods.epoch(self.end))

    def _rows(self, step: str, series: Sequence[Series]) -> Flags:
        """Whether each series is published at a step: (series, months of change)."""
        first, last = self._ends
        return mask(self.reference, self.indicator, step).rows(series)[:, first : last + 1]

    def _bounds(self, first: int, last: int) -> _Bounds:
        """The labels of the first and last period of the range that start in some of its months of change.

        A label is unset if the range is open at that end.
        """
        (offset, newest), months = self._ends, mask(self.reference, self.indicator, self.frequency).months
        start, end = self.start, self.end
        if first > 0:
            month = datetime.fromtimestamp(int(months[offset + first]), UTC)
            start = periods.start_of(self.frequency, month)
            start = start if start >= month else periods.end(self.frequency, start)
        if offset + last < newest:
            end = periods.start_of(self.frequency, datetime.fromtimestamp(int(months[offset + last + 1]) - 1, UTC))
        return (
            UNSET if start < periods.EARLIEST else periods.label(self.frequency, start),
            UNSET if end.year == MAXYEAR else periods.label(self.frequency, end),
        )


def refuse(withheld: Sequence[Withheld]) -> None:
    """Refuse what was asked for by name, if it is withheld. The error says at which frequencies it is published."""
    if withheld:
        raise DetailNotPublishedError(msgspec.to_builtins(withheld), sentences(withheld))
