"""What `p2p-agency collect` does: check the settings, protect the process, count, and send."""

import inspect
import logging
import multiprocessing
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from p2p_agency.client import Client
from p2p_agency.collect import adapters
from p2p_agency.collect.collector import Collector
from p2p_agency.collect.hardening import harden
from p2p_agency.collect.locator import Locator
from p2p_agency.collect.sources import PAUSE, Source, end_with_parent, without_interrupts
from p2p_agency.errors import AgencyError, MachineError, SetUpError
from p2p_agency.outbox import Entry, Outbox
from p2p_agency.settings import Settings, load

logger = logging.getLogger(__name__)

#: Seconds between two looks into the outbox.
_LOOK: Final = 2.0
#: Seconds. If the federation has not answered for so long, the clocks are compared by asking for a token.
_COMPARE: Final = 90.0
#: Seconds. If the clock was set by more during a comparison, nobody knows which of its two times was compared.
_SET: Final = 1.0
#: Seconds. If another process uses the outbox for longer, the minute is added to it later: counting must go on.
_LOCKED: Final = 2.0
_ANOTHER: Final = (
    "The federation already has another report of your agency for a minute that was just sent. An agency must run only "
    "one collector, because two replace each other's reports. If another one is running, stop one of them."
)
_KINDS: Final = {str: "text in quotation marks", int: "a whole number", bool: "true or false"}
_EXAMPLE: Final = "See docs/how-to/collect.md for an example."


def _offset() -> float:
    return time.time() - time.monotonic()


def run(settings: Settings, *, clock: Callable[[], float] = time.time, offset: Callable[[], float] = _offset) -> None:
    """Count until the process is told to stop. ``offset`` changes only if the clock jumps."""
    _log()
    section = dict(settings.sections.get("collect", {}))
    table = section.pop("locations", "iptocc")
    sources = _sources(section, table)
    _say_locations(table)
    for lacking in harden():
        logger.warning(lacking)
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _stop)
    Client(settings)  # says at once if the key that signs is missing
    lock = _lock(settings.outbox.with_name("collect.lock"))
    outbox = Outbox(settings.outbox, timeout=_LOCKED)
    comparisons, writer = multiprocessing.Pipe(duplex=False)
    stopping, starting = threading.Event(), threading.Lock()
    sending = settings, writer, offset, stopping, starting
    try:
        threading.Thread(target=_keep_sending, args=sending, daemon=True).start()
        state = settings.outbox.with_name("collect.json")
        collector = Collector(sources, state, outbox.add, clock, comparisons, offset)
        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) is _stop:
                signal.signal(number, collector.stop)
        collector.run()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        stopping.set()
        # If Python ended while a thread starts a process, it would wait for this process, and the process for Python.
        starting.acquire()
        outbox.close()
        for source in sources.values():
            source.clean_up()
        lock.close()


def _lock(path: Path) -> sqlite3.Connection:
    """Two collectors would write one state, and their reports would replace each other. A kill ends the lock too."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as failing:
            # A collector that was just killed may still be ending.
            lock = failing.enter_context(closing(sqlite3.connect(path, timeout=_LOCKED, isolation_level=None)))
            lock.execute("BEGIN EXCLUSIVE")
            failing.pop_all()
    except (sqlite3.Error, OSError) as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY:
            raise MachineError(
                f"Another collector is running with these settings: it has locked {path}. Stop it first. An agency "
                "must run only one collector, because two would replace each other's reports. One collector can watch "
                "several sources."
            ) from None
        raise MachineError(f"{path} cannot be locked: {error}. Check that you may write there.") from None
    return lock


def _sources(section: Mapping[str, Any], table: str) -> dict[str, Source]:
    found = {}
    for name, given in section.items():
        options = dict(given) if isinstance(given, dict) else {}
        adapter = options.pop("adapter", name)
        if not isinstance(given, dict) or adapter not in adapters.NAMES:
            raise SetUpError(f"[collect.{name}] names no adapter. Expected: {', '.join(adapters.NAMES)}. {_EXAMPLE}")
        if fault := _fault_of(options, adapter):
            raise SetUpError(f"[collect.{name}] is not right: {fault}. {_EXAMPLE}")
        found[name] = Source(name, adapter, table, options)
    if not found:
        raise SetUpError(f"The settings name no source to count: add a table such as [collect.torrent]. {_EXAMPLE}")
    return found


def _fault_of(options: Mapping[str, Any], adapter: str) -> str:
    """What is wrong with the settings of a source; empty if nothing is."""
    known = inspect.signature(adapters.find(adapter)).parameters
    for name, value in options.items():
        if name not in known:
            return f"it has no setting `{name}`. Expected: {', '.join(known)}"
        if type(value) is not known[name].annotation:
            return f"`{name}` must be {_KINDS[known[name].annotation]}"
        if "\0" in str(value):
            return f"`{name}` has a NUL character (\\u0000). Expected: text without it"
    lacking = [name for name, one in known.items() if one.default is one.empty and name not in options]
    return f"it lacks the setting `{lacking[0]}`" if lacking else ""


def _say_locations(table: str) -> None:
    try:
        found = Locator(table).table
    except Exception:  # noqa: BLE001  maxminddb raises several kinds
        raise SetUpError(
            f"The table {table} cannot be read. Set `locations` to iptocc, or to the path of an .mmdb file."
        ) from None
    logger.info("Addresses are placed by %s%s.", found.name, found.date and f", of {found.date}")


def _keep_sending(
    settings: Settings,
    comparisons: Connection,
    offset: Callable[[], float],
    stopping: threading.Event,
    starting: threading.Lock,
) -> None:
    """Run the sender as a process of its own: counting waits neither for it nor for its use of the outbox."""
    while True:
        arguments = settings, comparisons, offset
        sender = multiprocessing.get_context("spawn").Process(target=_send, args=arguments, daemon=True)
        with starting, without_interrupts():
            if stopping.is_set():
                return
            sender.start()
        sender.join()
        # A service manager may tell all processes to stop, and this process last.
        if stopping.wait(PAUSE):
            return
        logger.error("The sender had ended. It is started again.")


def _send(settings: Settings, comparisons: Connection, offset: Callable[[], float]) -> None:
    """Send the reports in the outbox, and tell the collector by how many seconds the federation's clock is ahead.

    A fault is logged once, until it changes.
    """
    _log()
    harden()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    said = not_compared = not_sent = ""
    told, due = timedelta(0), 0.0
    # The pipe is broken as soon as the collector has ended.
    with closing(Outbox(settings.outbox)) as outbox, suppress(BrokenPipeError):
        client = Client(settings)
        while True:
            before = offset()
            if time.monotonic() >= due:
                due = time.monotonic() + _COMPARE
                not_compared = _fault(client.scopes)
            # While the outbox waits for its next attempt, the fault has not gone.
            send = partial(outbox.send, client, on_settled=_look_for_another)
            not_sent = _fault(send) or (not_sent if outbox.wait_left() else "")
            fault = not_sent or not_compared
            if client.ahead != told:
                # Each answer of the federation has its time. After an answer, the next comparison can wait.
                told = client.ahead
                due = due if fault else time.monotonic() + _COMPARE
                if abs(offset() - before) < _SET:
                    comparisons.send_bytes(msgspec.json.encode((before, told.total_seconds())))
                else:
                    due = 0.0
            if fault and fault != said:
                logger.warning("Reports wait. %s", fault)
            said = fault
            if fault and (changed := _changed(settings)):
                settings, client = changed
                told, due = client.ahead, 0.0
                logger.info("The settings were changed. The sender uses them from now on.")
            time.sleep(_LOOK)


def _changed(settings: Settings) -> tuple[Settings, Client] | None:
    """The settings, such as a new credential, if the file has others now that can be used."""
    with suppress(AgencyError):
        found = load(settings.path)
        if found != settings:
            return found, Client(found)
    return None


def _look_for_another(sent: Entry) -> None:
    """Warn if there was another report for the minute. If it was prepared earlier and differs, no answer shows it."""
    outcomes = sent.answer.get("outcomes", {})
    # A submission of the collector has only one report, unlike those of most files.
    if sent.answer.get("report_count") == 1 and outcomes.get("unchanged", 0) + outcomes.get("superseded", 0):
        logger.warning(_ANOTHER)


def _fault(act: Callable[[], object]) -> str:
    """Why this cannot be done now; empty if it is done."""
    try:
        act()
    except AgencyError as error:
        return str(error)
    return ""


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    # Lines of libraries could contain an address. The lines of this program say everything that is needed.
    for noisy in ("urllib3", "multiprocessing"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def _stop(_number: int, _frame: object) -> NoReturn:
    sys.exit(0)
