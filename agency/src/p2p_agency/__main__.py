"""Starts `p2p-agency`. Ctrl-C ends it without a traceback, also while Python imports the commands."""

import os
import signal
import sys

from p2p_agency.errors import INTERRUPTED


def main() -> None:
    # A shell can start a program that ignores Ctrl-C. Leave that as it is.
    listens = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if listens:
        # Exit at once: an exception could end up in any of the modules, and nothing has begun yet.
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from p2p_agency.cli import main as run

    try:
        if listens:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
