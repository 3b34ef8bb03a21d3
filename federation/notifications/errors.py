"""Why a message could not be delivered."""


class DeliveryError(Exception):
    """The other server did not take a message.

    ``reason`` is shown at the desk, so it has no mailbox and no address. ``is_permanent``: another attempt would fail
    in the same way.
    """

    def __init__(self, reason: str, *, is_permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_permanent = is_permanent
