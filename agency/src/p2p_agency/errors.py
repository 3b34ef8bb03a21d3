"""Why a command ends without having done its work. Each kind has an exit code: docs/reference/p2p-agency.md."""


class AgencyError(Exception):
    """What is wrong, and then what to do."""

    exit_code = 1


class RefusedError(AgencyError):
    """The file or the submission has faults: sending it again changes nothing."""


class AwayError(AgencyError):
    """The federation cannot take it now. ``retry_after`` is the number of seconds that it asks to wait."""

    exit_code = 3

    def __init__(self, message: str, *, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SetUpError(AgencyError):
    """The settings, the credential or the key do not allow it."""

    exit_code = 4


class MachineError(AgencyError):
    """This machine cannot store or read it."""

    exit_code = 5
