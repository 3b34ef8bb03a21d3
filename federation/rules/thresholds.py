"""The thresholds of the rules that notice things. Settings give them, and an agency may have its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """One number each, named after its rule; shares are parts of one.

    The names in capitals are those of the settings and of an agency's own thresholds.
    """

    #: How far from the usual level, in usual deviations and in events, and how many values make it usual.
    r102_distance: float = 12.0
    r102_difference: float = 50
    r102_values: int = 4
    #: How large a revision of a period that ended over so many days ago, of the value before and in events.
    r103_share: float = 0.25
    r103_difference: float = 50
    r103_days: float = 2
    #: From which total on figures that repeat are noticed.
    r104_total: float = 50
    #: How large a share may be unlocated, from which total on.
    r105_share: float = 0.30
    r105_total: float = 50
    #: How many revisions of one period raise no finding.
    r106_revisions: int = 20
    #: How many periods in a row without a figure are a silence.
    r202_periods: int = 3
    #: How far the country mix may stray (Jensen–Shannon distance), from which weekly totals on.
    r301_distance: float = 0.35
    r301_total: float = 500
