"""Whether the published numbers of a country fit the finest step at which they are published (R401)."""

from dataclasses import dataclass
from typing import Final

from p2p_core.periods import STEPS, Frequency
from p2p_core.rules.levels import Facts

#: How many periods a day has, finest step first.
_A_DAY: Final = {Frequency.MINUTE: 1440, Frequency.HOUR: 24, Frequency.DAY: 1, Frequency.WEEK: 1 / 7}


@dataclass(frozen=True, slots=True)
class PublishedLevel:
    """The published numbers of a country in some whole months: events over all networks, and the number of days."""

    country: str
    step: str
    total: int
    months: int
    days: int

    def mean(self, step: Frequency) -> float:
        """The average period of a step."""
        return self.total / (self.days * _A_DAY[step] if step in _A_DAY else self.months)


def disagrees(level: PublishedLevel, *, least: float, finer: float) -> Facts | None:
    """R401. Between the two thresholds a step stays, so that two proposals do not alternate.

    Nothing is proposed for a country without any event.
    """
    if not level.total:
        return None
    step = Frequency(level.step)
    at = STEPS.index(step)
    if level.mean(step) < least and step != Frequency.MONTH:
        proposal = next((one for one in STEPS[at + 1 :] if level.mean(one) >= least), Frequency.MONTH)
    elif at and level.mean(STEPS[at - 1]) >= finer:
        proposal = STEPS[at - 1]
    else:
        return None
    return {
        "country": level.country,
        "step_frequency": step.value,
        "proposed_frequency": proposal.value,
        "mean": round(level.mean(step), 1),
        "proposed_mean": round(level.mean(proposal), 1),
    }
