"""The limits of the token endpoint: how often a credential and an address may ask, and above all how often in vain."""

from collections.abc import Collection
from typing import Final

from api.throttling import rates, store
from api.throttling.counts import Windows, network_of
from api.throttling.rates import Rate, Standing
from api.throttling.store import AwayError

windows: Final = Windows()

Charge = tuple[Rate, str]


class Attempt:
    """One request for a token from an address, by somebody who names a credential, or, in two places, two.

    What may be lost to guessing is reserved before the secret is looked at and given back if it was right: so of any
    number of guesses made at once no more are looked at than may fail.
    """

    def __init__(self, client_ids: Collection[str], address: str) -> None:
        address = network_of(address)
        self._asking: tuple[Charge, ...] = (
            (rates.TOKENS_PER_ADDRESS, f"address {address}"),
            # With the address, or anybody could use up what a credential may ask for.
            *((rates.TOKENS_PER_CREDENTIAL, f"credential {one} {address}") for one in client_ids),
        )
        self._failing: tuple[Charge, ...] = (
            (rates.FAILURES_PER_ADDRESS, f"address {address}"),
            *((rates.FAILURES_PER_CREDENTIAL, f"credential {one}") for one in client_ids),
        )
        self._reserved: list[Charge] = []

    def refused(self) -> Standing | None:
        """Count the attempt; return how somebody stands who may not go on."""
        try:
            return self._counted()
        except AwayError:
            self._reserved.clear()
            return self._counted_here()

    def succeeded(self) -> None:
        """Give back what was reserved: this was no guess."""
        self._give_back()

    def _counted(self) -> Standing | None:
        kept = store.store()
        for rate, identity in self._asking:
            if not kept.take(rate, identity):
                return kept.standing(rate, identity)
        for rate, identity in self._failing:
            if not kept.reserve(rate, identity):
                self._give_back()
                return kept.until_reserved_again(rate, identity)
            self._reserved.append((rate, identity))
        return None

    def _give_back(self) -> None:
        try:
            while self._reserved:
                store.store().give_back(*self._reserved.pop())
        except AwayError:
            # It runs out by itself within a minute.
            self._reserved.clear()

    def _counted_here(self) -> Standing | None:
        for rate, identity in self._asking:
            standing = windows.take(rate, identity, rate.amount_here)
            if standing is not None:
                return standing
        return None
