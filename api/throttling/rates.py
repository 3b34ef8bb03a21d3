"""The limits by their names, and the headers that tell of them (draft-ietf-httpapi-ratelimit-headers)."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from django.conf import settings

from api.problems import Problem

#: All limits are for so many seconds.
WINDOW: Final = 60
#: While the broker is away, each process lets through so much less of what may be guessing.
_STRICTER: Final = 10


class Rate(NamedTuple):
    """So many requests a minute for each of a kind: an agency, a credential, an address."""

    name: str

    @property
    def amount(self) -> int:
        """How many."""
        return int(settings.RATES[self.name])

    @property
    def amount_here(self) -> int:
        """How many in this process, for as long as the broker is away."""
        return max(1, self.amount // _STRICTER)

    @property
    def policy(self) -> str:
        """The name that clients see."""
        return self.name.removeprefix("RATE_").lower().replace("_", "-")


TOKENS_PER_CREDENTIAL: Final = Rate("RATE_TOKENS_PER_CREDENTIAL")
TOKENS_PER_ADDRESS: Final = Rate("RATE_TOKENS_PER_ADDRESS")
FAILURES_PER_CREDENTIAL: Final = Rate("RATE_TOKEN_FAILURES_PER_CREDENTIAL")
FAILURES_PER_ADDRESS: Final = Rate("RATE_TOKEN_FAILURES_PER_ADDRESS")
WRONG_TOKENS_PER_ADDRESS: Final = Rate("RATE_WRONG_TOKENS_PER_ADDRESS")
SUBMISSIONS_PER_AGENCY: Final = Rate("RATE_SUBMISSIONS_PER_AGENCY")
SUBMISSIONS_PER_CREDENTIAL: Final = Rate("RATE_SUBMISSIONS_PER_CREDENTIAL")
READS_PER_AGENCY: Final = Rate("RATE_READS_PER_AGENCY")
READS_PER_CREDENTIAL: Final = Rate("RATE_READS_PER_CREDENTIAL")
PUBLIC_PER_ADDRESS: Final = Rate("RATE_PUBLIC_PER_ADDRESS")


class Standing(NamedTuple):
    """What is left of a limit, and in how many seconds there is more."""

    rate: Rate
    left: int
    seconds: float


def headers(standings: Sequence[Standing]) -> dict[str, str]:
    """Return the two headers, each a list of structured fields."""
    return {
        "RateLimit-Policy": ", ".join(f'"{one.rate.policy}";q={one.rate.amount};w={WINDOW}' for one in standings),
        "RateLimit": ", ".join(f'"{one.rate.policy}";r={one.left};t={_whole(one.seconds)}' for one in standings),
    }


def refusal(standing: Standing) -> Problem:
    """Return the problem of whoever asked too often."""
    again = {"Retry-After": str(max(1, _whole(standing.seconds))), "Cache-Control": "no-store"}
    return Problem("throttled", headers=headers([standing]) | again)


def _whole(seconds: float) -> int:
    return math.ceil(max(0.0, seconds))
