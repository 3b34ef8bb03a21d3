"""Who does something, as the audit trail names them: a person by the user name, and all others by a kind and a name."""

from enum import StrEnum
from typing import Final

#: Stands between the kind and the name of an actor without an account. No user name can have it.
MARK: Final = " "


class ActorKind(StrEnum):
    """What acts without a user. A recipient is switched off with the link in a message to it."""

    COMMAND = "command"
    CREDENTIAL = "credential"
    RECIPIENT = "recipient"


def name_without_account(kind: ActorKind, name: object) -> str:
    """The name of an actor that has no user account."""
    return f"{kind}{MARK}{name}"


def kind_and_name(actor: str) -> tuple[ActorKind | None, str]:
    """The kind of an actor and its name. A person has no kind."""
    kind, mark, name = actor.partition(MARK)
    return (ActorKind(kind), name) if mark and kind in ActorKind else (None, actor)
