"""What `p2p-agency` prints if a command fails, and with which code it ends."""

import os
import sys
from io import TextIOWrapper
from typing import Any

import click

from p2p_agency import messages
from p2p_agency.errors import AgencyError, MachineError


class Commands(click.Group):
    """Says why a command failed, and ends with the exit code of the reason."""

    def main(self, *args: Any, **more: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                # A terminal or a log may be in another encoding than UTF-8, and a name in any alphabet.
                stream.reconfigure(errors="backslashreplace")
        if isinstance(sys.stdin, TextIOWrapper):
            # Input is decoded in the way in which Python decodes arguments. Otherwise some answers to questions could
            # not be read.
            sys.stdin.reconfigure(errors="surrogateescape")
        try:
            return super().main(*args, **more)
        except OSError as error:
            # When Python ends, it writes what is left of the output. This must not fail again, with another exit code.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            click.echo(
                f"Error: A file or the output cannot be written or read: {error}. Check that the disk has free space.",
                err=True,
            )
            sys.exit(MachineError.exit_code)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UnicodeEncodeError:
            # Python reads octets that are not UTF-8 as characters that it cannot write. They may be part of the secret.
            raise click.UsageError(
                "An argument, an answer to a question or the secret has characters that are not text. "
                "Write it again in a terminal that uses UTF-8."
            ) from None
        except AgencyError as error:
            raise _Failure("\n".join(messages.of_error(error)), error.exit_code) from None


class _Failure(click.ClickException):
    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click's own subclasses set it by class
