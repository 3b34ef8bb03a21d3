"""Starts `p2p-agency`. Ctrl-C ends it without a traceback, as soon as Python has imported this module."""

import os
import signal
import sys

from p2p_agency.errors import INTERRUPTED


class _InterruptedError(SystemExit):
    """Unlike a `KeyboardInterrupt`, nothing catches it: click would end with another message and another exit code."""


def _interrupt(*_: object) -> None:
    raise _InterruptedError(INTERRUPTED)


def main() -> None:
    # A shell can start a program that ignores Ctrl-C. Leave that as it is.
    listens = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if listens:
        # Exit at once: an exception could end up in any of the modules, and nothing has begun yet.
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from contextlib import suppress

    from p2p_agency.cli import main as run

    try:
        if listens:
            signal.signal(signal.SIGINT, _interrupt)
        run()
    except _InterruptedError:
        with suppress(OSError):
            sys.stderr.write("Error: Interrupted. Nothing is lost: run the same command again.\n")
        raise
    finally:
        # The command has ended. While Python ends, another Ctrl-C must not change the exit code.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
