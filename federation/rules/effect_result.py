"""What an estimate says in one word, and the numbers behind it as they are stored and published."""

from enum import StrEnum

import msgspec


class Word(StrEnum):
    """The state of an intervention, or what its estimate says. The first two depend on the time only."""

    REGISTERED = "registered"
    RUNNING = "running"
    FOUND = "found"
    NOT_FOUND = "not_found"
    CANNOT_BE_TOLD = "cannot_be_told"


class Reason(StrEnum):
    """Why something cannot be told."""

    NO_COMPARISON = "no_comparison"
    FEW_COMPARISONS = "few_comparisons"
    PANEL_BROKEN = "panel_broken"
    SMALL_COUNTS = "small_counts"


class UnitResult(msgspec.Struct, frozen=True):
    """The numbers of a unit. ``country`` is "" for the treated countries together.

    ``before`` and ``after`` are sums of published counts. ``change`` is the logarithm of the ratio after / before,
    relative to the other comparison countries. ``size`` is the change divided by the usual change, without its sign.
    """

    country: str
    before: int
    after: int
    change: float
    usual: float
    size: float


class Interval(msgspec.Struct, frozen=True):
    """A change and the ends of its interval of 95 %, as logarithms of ratios."""

    change: float
    low: float
    high: float


class Result(msgspec.Struct, frozen=True):
    """An estimate: what it uses, the treated unit's rank of how many units, and its interval after all weeks so far.

    ``weeks`` is the number of weeks since the start. ``months`` is the length of the panel, or 0 if there is none.
    ``agencies`` are codes. ``excluded`` are countries that are not compared, because another intervention is registered
    there. If there is a ``Reason``, there is no rank and no interval.
    """

    weeks: int
    months: int
    agencies: list[str]
    excluded: list[str]
    rank: int = 0
    of: int = 0
    interval: Interval | None = None


class Evidence(msgspec.Struct, frozen=True):
    """The numbers behind an estimate: its units (the treated one first), and the interval after each week so far.

    ``lines`` has, for each unit, the change in each sliding sum of ``effect.WEEKS_TOGETHER``. If there is a ``Reason``,
    all are empty.
    """

    units: list[UnitResult] = []
    over_time: list[Interval] = []
    lines: list[list[float]] = []
