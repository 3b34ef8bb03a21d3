"""A submission and its reports, in one canonical form."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

#: Numbers of countries or networks.
Numbers = NDArray[np.int16]
#: Counts.
Values = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report as it was received: cells sorted by country and network, none of them zero.

    The arrays are parallel, and empty if the report is withdrawn. ``total`` is the sum of the counts.
    """

    indicator: int
    frequency: str
    period: datetime
    status: str
    withdrawn: bool
    countries: Numbers
    networks: Numbers
    values: Values
    total: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", int(self.values.sum()))

    def digest(self) -> bytes:
        """16 bytes that are equal for reports with equal cells and status."""
        arrays = (self.countries.tobytes(), self.networks.tobytes(), self.values.tobytes())
        return blake2b(b"".join((f"{self.status}{self.withdrawn:d}".encode(), *arrays)), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """A submission as it was received. It has at most one report for each indicator, frequency and period.

    ``observations`` counts all observations that were sent, including those of 0. ``media`` is ``json`` or ``csv``.
    ``digest`` is the SHA-256 of the body, which shows whether a submission is repeated.
    """

    reports: Sequence[NewReport]
    observations: int
    prepared: datetime
    received: datetime
    media: str
    digest: bytes
