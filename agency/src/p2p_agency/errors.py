"""The reasons why a command fails. Each has an exit code: docs/reference/p2p-agency.md."""

#: The exit code of a program that Ctrl-C ended, as shells say it. This module is imported before Ctrl-C is handled, so
#: it imports nothing.
INTERRUPTED = 130


class AgencyError(Exception):
    """A message that says what is wrong, and then how to fix it."""

    exit_code = 1


class RefusedError(AgencyError):
    """The file or the submission has faults. It is refused again if it is not corrected."""


class AwayError(AgencyError):
    """The federation is busy or cannot be reached. The program must wait ``retry_after`` seconds.

    ``for_all`` is false if the answer does not show whether other requests fail too.
    """

    exit_code = 3

    def __init__(self, message: str, *, retry_after: float = 0, for_all: bool = True) -> None:
        super().__init__(message)
        self.retry_after, self.for_all = retry_after, for_all


class SetUpError(AgencyError):
    """The settings, the credential or the key are wrong."""

    exit_code = 4


class MachineError(AgencyError):
    """This machine cannot read or write a file."""

    exit_code = 5
