"""The program that counts: it runs the sources.

For each minute that it saw whole, it puts a submission into the outbox.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from p2p_agency.client import clock_fault
from p2p_agency.collect.counter import Cell, Counter
from p2p_agency.collect.minutes import SILENCE, Minutes, PastMinute
from p2p_agency.collect.sources import PAUSE, Source
from p2p_agency.errors import MachineError
from p2p_agency.settings import write_private
from p2p_agency.words import amount
from p2p_core import instants, periods
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES

logger = logging.getLogger(__name__)

_ENDED: Final = "The source %s has ended. %s The source starts again every %d seconds, until it works."
_WRONG: Final = "the clock of this machine was wrong"
_FORGOTTEN: Final = (
    "The collector forgot %s too early, because the memory for peers is full. If such a peer had finished and gets the "
    "file again, it counts again. If it had not finished, only its later blocks count. Send fewer or smaller files."
)


#: In minutes since 1970, up to the end of the year 9999: later minutes have no label.
_Minute = Annotated[int, msgspec.Meta(ge=0, lt=4_223_371_680)]


class State(msgspec.Struct):
    """What a collector that was killed leaves to the next one: counts only.

    The state is written before the outbox gets the submissions in ``waiting``. The outbox stores each of them once, so
    the next collector can add them again without harm. ``carried`` always belongs to the last minute in this state.

    ``unchecked`` has minutes for which it is not known whether the clock was right, and their submissions. ``offset``
    is the clock minus the steady clock, at the time of the last comparison or the last jump of the clock.
    """

    reported: _Minute = 0
    carried: list[tuple[int, int, int]] = []
    waiting: list[str] = []
    unchecked: list[tuple[_Minute, str]] = []
    offset: float = 0.0


class Collector:
    """Counts until it is stopped. ``add`` stores the body of a submission.

    If it is called again with the same body, it stores nothing. ``offset`` is the clock minus the steady clock, which
    counts the seconds since the machine started and never jumps. So the offset changes if the clock jumps, also in
    several small steps, and also between two processes.

    ``comparisons`` gives the result of each comparison with the federation's clock: the offset at that time, and by how
    many seconds the federation's clock was ahead. A wrong clock names wrong minutes. So after a start or a jump of the
    clock, minutes wait until the clock was compared. Until the next comparison, the offset shows how far the clock has
    moved since this one. In this way a clock that is set again and again in small steps is noticed too.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        state: Path,
        add: Callable[[bytes], object],
        clock: Callable[[], float],
        comparisons: Connection,
        offset: Callable[[], float],
    ) -> None:
        self._sources = sources
        self._path, self._add, self._clock, self._offset = state, add, clock, offset
        self._state = _read_state(state)
        self._counter = Counter({(country, network): units for country, network, units in self._state.carried})
        self._minutes = Minutes(clock(), reported=self._state.reported, sources=sources)
        if self._moved_since(self._state.offset):
            self._state.offset = offset()
            self._drop_unchecked("the clock was set, or the machine started again, before the clock was compared")
        if self._state.unchecked:
            self._minutes.reported = self._state.unchecked[-1][0]
        self._unread = 0
        #: The reasons why sources ended, without the sources that have sent a message since then.
        self._ended: dict[str, str] = {}
        self._comparisons = comparisons
        #: By how many seconds the federation's clock was ahead at the last comparison. None: not known.
        self._ahead: float | None = None
        self._is_right: bool | None = None
        #: The offset at the beginning of the current minute.
        self._began = offset()
        self._stopping = False

    def stop(self, *_: object) -> None:
        """Let ``run`` return. This handles signals."""
        self._stopping = True

    def run(self) -> None:
        if self._state.reported:
            logger.warning("Nothing was counted since the minute %s.", _label(self._state.reported))
            self._store()
        try:
            # If a minute is over, a source may still have transfers of it.
            while not self._stopping or self._minutes.has_past(self._clock()):
                self._step()
        finally:
            for source in self._sources.values():
                source.stop(0)
            logger.warning("Stopped. The minute %s was not over, so it is not reported.", _label(self._minutes.current))

    def _step(self) -> None:
        for source in self._sources.values():
            source.start_if_due(time.monotonic())
        open_pipes: dict[Any, str] = {source.pipe: name for name, source in self._sources.items() if source.pipe}
        ready = wait([*open_pipes, self._comparisons], timeout=0.25)
        self._end_minutes_that_are_over()
        for pipe in ready:
            if pipe is self._comparisons:
                self._check_clock(*msgspec.json.decode(self._comparisons.recv_bytes(), type=tuple[float, float]))
            else:
                self._take(open_pipes[pipe])

    def _end_minutes_that_are_over(self) -> None:
        now = self._clock()
        self._look_for_jump()
        self._judge_clock()
        before = self._minutes.current
        past = self._minutes.look(now)
        if self._minutes.current != before:
            self._began = self._offset()
            self._log_losses()
        for one in past:
            self._end(one, now)

    def _end(self, ended: PastMinute, now: float) -> None:
        if ended.fault:
            self._counter.drop_minute(ended.minute)
            logger.warning("The minute %s is not reported: %s.", _label(ended.minute), ended.fault)
            return
        counts = self._counter.end_minute(ended.minute)
        logger.info("The minute %s: %s.", _label(ended.minute), amount(sum(counts.values()), "download"))
        self._state.carried = [(*cell, units) for cell, units in self._counter.carried.items()]
        self._state.unchecked.append((ended.minute, _submission(ended.minute, counts, now)))
        if self._is_right:
            self._accept_unchecked()
        elif len(self._state.unchecked) == 1:
            logger.warning("Minutes wait until the clock can be compared with the federation's.")
        self._store()

    def _log_losses(self) -> None:
        if self._unread:
            logger.warning("The collector left out %s that it could not read.", amount(self._unread, "value"))
            self._unread = 0
        if self._counter.forgotten:
            logger.warning(_FORGOTTEN, amount(self._counter.forgotten, "peer"))
            self._counter.forgotten = 0

    def _moved_since(self, before: float) -> float:
        """By how many seconds the clock has jumped, if that is more than what a clock that is corrected slowly does."""
        moved = self._offset() - before
        return moved if abs(moved) > SILENCE else 0.0

    def _look_for_jump(self) -> None:
        """Also notice small steps: since the last comparison, or within one minute if a comparison was between them.

        While Linux sleeps, the steady clock stands. So this is a jump too, and the clock must be compared again.
        """
        if moved := self._moved_since(self._began):
            self._minutes.lose(_jump(moved))
        if moved := self._moved_since(self._state.offset):
            self._minutes.lose(_jump(moved))
            self._state.offset, self._ahead, self._is_right = self._offset(), None, None
            self._drop_unchecked(_jump(moved))

    def _check_clock(self, offset: float, ahead: float) -> None:
        if self._moved_since(offset):
            return  # it began before the clock jumped
        self._state.offset, self._ahead = offset, ahead
        self._judge_clock()
        if self._is_right and self._state.unchecked:
            self._accept_unchecked()
            self._store()

    def _judge_clock(self) -> None:
        """Judge by the last comparison, and by what the clock has moved since then."""
        if self._ahead is None:
            return
        fault = clock_fault(timedelta(seconds=self._ahead - (self._offset() - self._state.offset)))
        was_right, self._is_right = self._is_right, not fault
        if fault:
            self._minutes.lose(_WRONG)
            self._drop_unchecked(_WRONG)
        if fault and was_right is not False:
            logger.warning("%s Minutes are not reported until it is right.", fault)
        if not fault and not was_right:
            logger.info("The clock agrees with the federation's.")

    def _accept_unchecked(self) -> None:
        self._state.reported = self._state.unchecked[-1][0]
        self._state.waiting += [submission for _, submission in self._state.unchecked]
        self._state.unchecked.clear()

    def _drop_unchecked(self, reason: str) -> None:
        if self._state.unchecked:
            minutes = amount(len(self._state.unchecked), "minute")
            logger.warning("The collector does not report %s that waited: %s.", minutes, reason)
            self._state.unchecked.clear()
            self._minutes.reported = self._state.reported
            self._store()

    def _take(self, name: str) -> None:
        message = self._sources[name].receive()
        self._unread += message.unread
        if message.error:
            if message.error != self._ended.get(name):
                logger.error(_ENDED, name, message.error, PAUSE)
            self._ended[name] = message.error
            self._minutes.lose(f"{name} had ended")
            self._sources[name].stop(time.monotonic())
            return
        self._ended.pop(name, None)
        self._minutes.hear(name)
        if message.lost:
            self._minutes.lose(f"{name} has missed something: {message.lost}")
        for transfer in message.transfers:
            self._counter.count(transfer, self._minutes.current)

    def _store(self) -> None:
        """Give the outbox what waits for it. What cannot be stored now, such as on a full disk, waits in memory."""
        try:
            write_private(self._path, msgspec.json.encode(self._state))
            while self._state.waiting:
                self._add(self._state.waiting[0].encode())
                del self._state.waiting[0]
        except MachineError as error:
            minutes = amount(len(self._state.waiting) + len(self._state.unchecked), "minute")
            logger.error("The collector keeps %s in memory. %s", minutes, error)  # noqa: TRY400  no traceback


def _read_state(path: Path) -> State:
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, RecursionError):
        raise MachineError(
            f"{path} cannot be read. It has the last minute that was reported, minutes that wait, and the fractions "
            "of downloads that are carried. To go on, remove it. Then these minutes and fractions are lost."
        ) from None


def _submission(minute: int, counts: Mapping[Cell, int], now: float) -> str:
    observations: list[dict[str, Any]] = [
        {"country": COUNTRY_CODES[country], "network": NETWORK_CODES[network], "value": count}
        for (country, network), count in sorted(counts.items())
    ]
    report = {"frequency": "N", "period": _label(minute), "observations": observations}
    prepared = instants.write(datetime.fromtimestamp(now, UTC))
    return json.dumps({"indicator": "DOWNLOADS", "prepared": prepared, "reports": [report]})


def _jump(moved: float) -> str:
    return f"the clock was set {'on' if moved > 0 else 'back'} by {abs(moved):.0f} seconds"


def _label(minute: int) -> str:
    return periods.label("N", datetime.fromtimestamp(minute * 60, UTC))
