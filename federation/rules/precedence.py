"""Which of two reports for one key counts (rule 1): the one prepared later, then received later, then by submission."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

#: A submission is stored sooner after its receipt. So if two times contradict each other by more, one is wrong.
CONTRADICTION: Final = timedelta(minutes=10)


class Rank(NamedTuple):
    """A report's rank among the reports for one key."""

    prepared: datetime
    received: datetime
    submission: UUID

    def gives_way_to(self, later: "Rank") -> bool:
        """Whether this report is replaced by one that was stored after it.

        If this one claims a much later receipt, a clock ran ahead when it came. Then its receipt counts as the earlier
        one, and so does its preparation if that lies after the other's receipt.
        """
        if is_contradicted(self.received, later=later.received):
            return self.prepared > later.received or self.prepared <= later.prepared
        return self < later


def is_contradicted(received: datetime, *, later: datetime) -> bool:
    """Whether a receipt cannot be true, because a report stored later was received long before it."""
    return received > later + CONTRADICTION
