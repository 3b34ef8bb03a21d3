"""Watches a folder: each file that is complete is checked and sent once, and its result is written beside it.

The outbox stores the submissions. This module stores only which files have a result. After a kill, a file without a
result is read again. It becomes the same submissions, which the outbox does not store a second time.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from p2p_agency import bodies, check, files, messages, reference, settings
from p2p_agency.client import Client
from p2p_agency.errors import AgencyError, MachineError, RefusedError
from p2p_agency.outbox import Outbox
from p2p_agency.settings import Settings
from p2p_core.payloads.faults import PayloadError

#: The end of the name of the file that says what became of another file.
RESULT: Final = ".result.txt"
#: Seconds. The set-up of the agency is read again only after this time.
_REFRESH: Final = 60
#: If it is not known whether a program still writes a file, the file must rest for so many times as long.
_LONGER: Final = 6
#: Seconds between two looks into the folder.
_PAUSE: Final = 1
_OTHER_FORMAT: Final = "Save it again, or in another format, such as CSV."
#: Programs begin the names of their unfinished files with these.
_UNFINISHED: Final = (".", "~")


class _Pending(NamedTuple):
    """A file whose submissions are in the outbox."""

    stamp: str
    keys: Sequence[str]


class Watch:
    """One folder. ``look`` does what is to be done now, and is called again and again."""

    def __init__(
        self, folder: Path, given: Settings, outbox: Outbox, *, quiet: int, say: Callable[[str], None]
    ) -> None:
        self._folder, self._settings, self._quiet, self._say = folder, given, quiet, say
        self._outbox, self._client = outbox, Client(given)
        self._outbox.belong_to(self._client)
        #: The stamp of each unfinished file, and the time since which it has this stamp.
        self._resting: dict[Path, tuple[str, float]] = {}
        self._pending: dict[Path, _Pending] = {}
        self._done: dict[Path, str] = {}
        self._said = ""
        self._refresh_due = 0.0
        self._stored = ""

    def look(self) -> None:
        """Take up complete files, send waiting submissions, and write results. The next look repeats failed steps."""
        fault = ""
        for act in (self._renew, self._take_files, lambda: self._outbox.send(self._client), self._write_results):
            try:
                act()
            except AgencyError as error:
                fault = str(error)
        fault = fault or self._client.clock_fault
        if fault and fault != self._said:
            self._say(fault)
        # While the outbox waits for its next attempt, the fault has not gone.
        if fault or not self._outbox.wait_left():
            self._said = fault

    def _renew(self) -> None:
        """Use settings that were stored meanwhile, such as a new credential."""
        stored = ""
        with contextlib.suppress(OSError):
            stored = _stamp(self._settings.path.stat())
        if stored == self._stored:
            return
        self._stored = stored
        found = settings.load(self._settings.path)
        if found != self._settings:
            self._client, self._settings = Client(found), found
            # Do not wait for the next attempt: perhaps the last one failed because of the old settings.
            self._outbox.send(self._client, at_once=True)

    def _refresh(self) -> None:
        if time.monotonic() >= self._refresh_due:
            self._refresh_due = time.monotonic() + _REFRESH
            reference.refresh_if_possible(self._settings, self._client)

    def _take_files(self) -> None:
        failed = None
        for path, stamp in self._files():
            if self._is_new(path, stamp) and self._is_complete(path, stamp):
                try:
                    self._refresh()
                    self._take(path, stamp)
                except AgencyError as error:
                    failed = error
        if failed is not None:
            raise failed

    def _files(self) -> Iterator[tuple[Path, str]]:
        try:
            paths = [path for path in self._folder.iterdir() if _is_ours(path)]
        except OSError as error:
            raise MachineError(
                f"{self._folder} cannot be read: {error.strerror}. Check that it exists and that you may read it."
            ) from None
        for path in paths:
            # The file may have gone meanwhile.
            with contextlib.suppress(OSError):
                yield path, _stamp(path.stat())

    def _is_new(self, path: Path, stamp: str) -> bool:
        if path in self._pending and self._pending[path].stamp == stamp:
            return False
        if path not in self._done:
            self._done[path] = self._outbox.result_stamp(path)
        return self._done[path] != stamp

    def _is_complete(self, path: Path, stamp: str) -> bool:
        before, since = self._resting.get(path, ("", 0.0))
        if stamp != before:
            since = time.monotonic()
            self._resting[path] = stamp, since
        rested = time.monotonic() - since
        if rested < self._quiet:
            return False
        is_open = _is_open(path)
        return rested >= _LONGER * self._quiet if is_open is None else not is_open

    def _take(self, path: Path, stamp: str) -> None:
        try:
            made = bodies.of_file(path, self._settings, self._client.now)
        except PayloadError as refusal:
            self._finish(path, stamp, list(check.lines(check.refused(refusal, self._settings.address))))
            return
        except RefusedError as refusal:
            self._finish(path, stamp, [str(refusal)])
            return
        except AgencyError:
            raise
        except Exception as error:  # noqa: BLE001  a fault of one file must not stop the others
            kind = type(error).__name__
            self._finish(path, stamp, [f"{_name(path)} could not be read ({kind}). {_OTHER_FORMAT}"])
            return
        with contextlib.suppress(OSError):
            if _stamp(path.stat()) == stamp:
                keys = [self._outbox.add(body) for body in made]
                self._pending[path] = _Pending(stamp, keys)
                self._resting.pop(path, None)
                self._say(f"{_name(path)} is in the outbox.")

    def _write_results(self) -> None:
        for path, pending in list(self._pending.items()):
            stored = self._outbox.get(pending.keys)
            if len(stored) < len(pending.keys):
                # Another process deleted the settled submissions. The file is read again, and the federation recognises
                # its submissions.
                del self._pending[path]
            elif all(one.state != "waiting" for one in stored):
                self._finish(path, pending.stamp, messages.of_entries(stored))

    def _finish(self, path: Path, stamp: str, lines: Sequence[str]) -> None:
        """Write the result first: if the process is killed before the file is marked, it is written again."""
        result = path.with_name(path.name + RESULT)
        try:
            _write(result, "\n".join(lines) + "\n")
        except OSError as error:
            lines = [*lines, f"{files.shown(result)} cannot be written: {error.strerror}."]
        self._outbox.mark_result(path, stamp)
        # Last: if the disk is full, this is tried again and again.
        self._say("\n".join(messages.of_file(Path(path.name), lines)))
        self._done[path] = stamp
        self._pending.pop(path, None)
        self._resting.pop(path, None)


def _write(result: Path, text: str) -> None:
    """Write a file whole or not at all.

    Other users may write into the folder: a link with the name of the draft would lead to another file.
    """
    draft = result.with_name(f".{secrets.token_hex(8)}.part")
    file = draft.open("x", encoding="utf-8", errors="backslashreplace")
    try:
        with file:
            file.write(text)
        draft.replace(result)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _name(path: Path) -> str:
    return files.shown(Path(path.name))


def _stamp(status: os.stat_result) -> str:
    """A text that changes when the file is written, or when another file takes its place."""
    return f"{status.st_mtime_ns} {status.st_size} {status.st_ino} {status.st_ctime_ns}"


def _is_ours(path: Path) -> bool:
    """Whether it has a result. That of a workbook of another kind says how to save it."""
    kinds = *files.KINDS, *files.OTHER_WORKBOOKS
    return not path.name.startswith(_UNFINISHED) and path.suffix.lower() in kinds and path.is_file()


def _is_open(path: Path) -> bool | None:
    """Whether a program still writes the file. Linux knows this of the files of this user; None if it is not known.

    The kernel gives a lease only if nobody writes. The caller must ignore SIGIO, which it sends to take a lease back.
    """
    try:
        import fcntl

        with path.open("rb") as file:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except (ImportError, AttributeError, OSError):
        return None
    return False


def run(folder: Path, given: Settings, outbox: Outbox, *, quiet: int, say: Callable[[str], None]) -> None:
    """Watch until the process is ended. Changes on network drives are announced to nobody, so it looks by itself."""
    import signal

    if hasattr(signal, "SIGIO"):
        signal.signal(signal.SIGIO, signal.SIG_IGN)
    watching = Watch(folder, given, outbox, quiet=quiet, say=say)
    while True:
        watching.look()
        time.sleep(_PAUSE)
