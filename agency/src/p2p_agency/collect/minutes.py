"""Decides which minutes were watched from beginning to end.

Only these are reported, because what is missing is not zero.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

#: Seconds. After a longer silence of a source, or a longer time without a look at the clock, a minute is not reported.
SILENCE: Final = 10.0


class PastMinute(NamedTuple):
    """A minute that is over. ``fault`` says why it is not reported; it is empty if the whole minute was watched."""

    minute: int
    fault: str


class Minutes:
    """Follows the clock: seconds since 1970 in, minutes since 1970 out.

    ``reported`` is the last minute that was reported, by this process or by one before it.
    """

    def __init__(self, now: float, *, reported: int, sources: Iterable[str]) -> None:
        self.reported = reported
        self.current = int(now // 60)
        self._now = now
        self._fault = "counting began within it"
        self._heard = dict.fromkeys(sources, float("-inf"))

    def hear(self, source: str) -> None:
        """The source works, so a transfer that it has not reported did not happen."""
        self._heard[source] = self._now

    def lose(self, fault: str) -> None:
        """Do not report the current minute. The first fault becomes its ``fault``."""
        self._fault = self._fault or fault

    def look(self, now: float) -> PastMinute | None:
        """The minute that has ended since the last look."""
        # Sources are judged by what was heard until the last look, because later messages may still wait to be read.
        for source, heard in self._heard.items():
            if self._now - heard > SILENCE:
                self.lose(f"{source} was silent")
        step, self._now = now - self._now, now
        if abs(step) > SILENCE:
            # Somebody set the clock, or the process or the machine was stopped. So it is not known to which minute a
            # transfer belongs.
            fault = f"the clock went {'on' if step > 0 else 'back'} by {abs(step):.0f} seconds at once"
            self.lose(fault)
            self._heard = {source: heard + step for source, heard in self._heard.items()}
            ended, self.current, self._fault = PastMinute(self.current, self._fault), int(now // 60), fault
            return ended
        if now // 60 <= self.current:
            return None
        if self.current <= self.reported:
            self.lose("it was reported before the clock was set back")
        ended, self.current, self._fault = PastMinute(self.current, self._fault), int(now // 60), ""
        if not ended.fault:
            self.reported = ended.minute
        return ended
