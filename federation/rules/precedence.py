"""Says which of two reports for one key counts (rule 1).

It is the one that was prepared later, or else received later, or else has the higher id of its submission.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

#: Storing a submission takes less time than this. Suppose that a report was stored after another one, but received
#: earlier by more than this. Then one of the two times of receipt is wrong.
CONTRADICTION: Final = timedelta(minutes=10)


class Rank(NamedTuple):
    """A report's rank among the reports for one key."""

    prepared: datetime
    received: datetime
    submission: UUID

    def gives_way_to(self, later: "Rank") -> bool:
        """Whether this report is replaced by one that was stored after it.

        If this report was received much later than the one stored after it, a clock was ahead when this one came. Then
        the other's time of receipt counts for both. If this report was even prepared after that time, that time also
        counts as its time of preparation.
        """
        if is_contradicted(self.received, later=later.received):
            return self.prepared > later.received or self.prepared <= later.prepared
        return self < later


def is_contradicted(received: datetime, *, later: datetime) -> bool:
    """Whether a time of receipt must be wrong: ``later`` is that of a report stored later, and it is much earlier."""
    return received > later + CONTRADICTION
