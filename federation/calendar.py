"""The calendar of the rules, for HTTP: periods are read from requests and written to answers through here.

The rules stay behind it; what a period is, everybody may know.
"""

from federation.rules.periods import (
    REPORTABLE,
    Frequency,
    PeriodError,
    between,
    end,
    label,
    parse,
    previous,
    seconds,
    start_of,
)

__all__ = [
    "REPORTABLE",
    "Frequency",
    "PeriodError",
    "between",
    "end",
    "label",
    "parse",
    "previous",
    "seconds",
    "start_of",
]
