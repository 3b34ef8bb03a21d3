"""Instants as texts: one form to write them, one grammar to read them."""

import re
from datetime import UTC, datetime

#: Times are numbers of seconds since this instant.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_FORM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def write(instant: datetime) -> str:
    """Write an instant in UTC, to the millisecond and with ``Z``."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse(text: str) -> datetime:
    """An instant, cut off to the microsecond; without an offset it is UTC. Raises ``ValueError``."""
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(text)
    minute, second, offset = form.groups()
    try:
        return datetime.fromisoformat(f"{minute}{(second or ':00')[:10]}{offset or 'Z'}").astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None
