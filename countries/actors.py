"""Who does something, as the audit trail names them: a person by the user name, and all others by a kind and a name."""

from enum import StrEnum
from typing import Final

#: Stands between the kind and the name of a program. No user name can have it.
MARK: Final = " "


class Kind(StrEnum):
    """What acts without a user. A recipient is switched off with the link in a message to it."""

    COMMAND = "command"
    CREDENTIAL = "credential"
    RECIPIENT = "recipient"


def program(kind: Kind, name: object) -> str:
    """The actor for an event by a command, a credential or the link of a recipient."""
    return f"{kind}{MARK}{name}"


def parts(actor: str) -> tuple[Kind | None, str]:
    """The kind of an actor and its name. A person has no kind."""
    kind, mark, name = actor.partition(MARK)
    return (Kind(kind), name) if mark and kind in Kind else (None, actor)
