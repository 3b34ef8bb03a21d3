"""The scopes that a token of the API can have."""

from collections.abc import Mapping
from typing import Final

SUBMIT: Final = "submissions:write"
READ_OWN: Final = "submissions:read"
READ_ALL: Final = "figures:read"

#: What each scope allows.
SCOPES: Final[Mapping[str, str]] = {
    SUBMIT: "Send submissions",
    READ_OWN: "Read own submissions and figures",
    READ_ALL: "Read the exact figures of all agencies",
}
