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
        #: The minute before the current one, until each source was heard after its end, and when this end was seen.
        self._past: PastMinute | None = None
        self._ended = now

    def hear(self, source: str) -> None:
        """The source works, so a transfer that it has not reported did not happen."""
        self._heard[source] = self._now

    def lose(self, fault: str) -> None:
        """Do not report the current minute, nor the one before it if it still waits. Of each, the first fault stays."""
        self._fault = self._fault or fault
        if self._past and not self._past.fault:
            self._past = self._past._replace(fault=fault)

    def has_past(self, now: float) -> bool:
        """Whether a minute is over that ``look`` has not returned yet."""
        return self._past is not None or now // 60 > self.current

    def look(self, now: float) -> list[PastMinute]:
        """The minutes that have ended, if it is known of each source whether it worked until their end.

        A source that hangs at the end of a minute can still have transfers of this minute. So a minute waits until each
        source was heard after it, or was silent for too long.
        """
        # Sources are judged by what was heard until the last look, because later messages may still wait to be read.
        for source, heard in self._heard.items():
            if self._now - heard > SILENCE:
                self.lose(f"{source} was silent")
        step, self._now = now - self._now, now
        if abs(step) > SILENCE:
            return self._jump(step)
        if now // 60 > self.current:
            if self.current <= self.reported:
                self.lose("it was reported before the clock was set back")
            self._past, self._ended = PastMinute(self.current, self._fault), now
            self.current, self._fault = int(now // 60), ""
        # What was heard at the look that saw the end may have been sent before it.
        if self._past and (self._past.fault or all(heard > self._ended for heard in self._heard.values())):
            return self._take_past()
        return []

    def _jump(self, step: float) -> list[PastMinute]:
        """Somebody set the clock, or the process or the machine was stopped.

        So it is not known to which minute a transfer belongs.
        """
        fault = f"the clock went {'on' if step > 0 else 'back'} by {abs(step):.0f} seconds at once"
        self.lose(fault)
        self._heard = {source: heard + step for source, heard in self._heard.items()}
        ended = [*self._take_past(), PastMinute(self.current, self._fault)]
        self.current, self._fault = int(self._now // 60), fault
        return ended

    def _take_past(self) -> list[PastMinute]:
        past, self._past = self._past, None
        if past and not past.fault:
            self.reported = past.minute
        return [past] if past else []
