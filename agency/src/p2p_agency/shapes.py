"""The members of the federation's answers that this program reads."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final

import msgspec


class Finding(msgspec.Struct):
    id: int | None
    rule: str
    state: str
    message: str


class ListedFinding(Finding):
    held: int


class Outcome(msgspec.Struct):
    """Of a dry run."""

    report_count: int
    outcomes: dict[str, int]
    findings: list[Finding]


class Receipt(Outcome):
    """Of a submission that was accepted."""

    id: str
    received: Annotated[datetime, msgspec.Meta(tz=True)]


class Submission(msgspec.Struct):
    id: str


class Answered(msgspec.Struct):
    id: int
    state: str


class Value(msgspec.Struct):
    value: int


class Figure(msgspec.Struct):
    period: str
    source: str
    observations: list[Value]


class Indicator(msgspec.Struct):
    code: str
    name: str


class SetUp(msgspec.Struct):
    valid_from: str
    time_zone: str
    local_days: bool


class Agency(msgspec.Struct):
    code: str
    setups: list[SetUp]


#: For each list, by the member that has its items: the members of an item.
_ITEMS: Final[Mapping[str, Any]] = {
    "agencies": list[Agency],
    "figures": list[Figure],
    "findings": list[ListedFinding],
    "indicators": list[Indicator],
    "submissions": list[Submission],
}


class Token(msgspec.Struct):
    #: RFC 6749, appendix A.12. Other characters would break the header.
    access_token: Annotated[str, msgspec.Meta(pattern=r"\A[ -~]+\Z")]
    expires_in: Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]


class Fault(msgspec.Struct):
    pointer: str
    code: str
    detail: str
    title: str = ""


class Problem(msgspec.Struct):
    """Of a problem document. Problems of other services have other members."""

    code: str
    title: str
    type: str = ""
    detail: str = ""
    errors: list[Fault] = []
    error_count: int = 0


class Refusal(msgspec.Struct):
    """Of a refusal of the token endpoint."""

    error: str
    error_description: str
    error_uri: str


@cache
def page_of(member: str) -> Any:
    """A page of the list whose items are in this member."""
    return msgspec.defstruct("Page", [(member, _ITEMS[member]), ("next", str | None, None)])
