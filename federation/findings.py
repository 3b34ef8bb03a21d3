"""Opens, updates and closes findings as figures change."""

from collections.abc import Sequence

from federation.worklist import Thing


def review(things: Sequence[Thing], *, from_reports: bool = False) -> None:
    """Notice what is wrong with figures, all of one frequency, and close what is no more.

    ``from_reports``: the figures are not recomputed yet, so what is needed of them is computed from the reports.
    """
