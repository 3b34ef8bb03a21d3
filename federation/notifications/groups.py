"""Puts notifications that say the same into one line: same agency, kind, rule and series, or same kind and code."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from federation.models.notifications import Kind, Notification

_SAME = ("rule", "indicator", "frequency", "code", "holder", "day")


@dataclass(frozen=True, slots=True)
class Line:
    """Notifications that are one line of a message. ``first`` and ``last`` are labels of periods, or empty.

    ``finding`` is the id of their only finding, or None if they are about several or about none.
    """

    kind: Kind
    agency: str
    details: dict[str, Any]
    first: str
    last: str
    finding: int | None


def lines(notifications: Iterable[Notification]) -> list[Line]:
    """The lines of a message, each at the place of its earliest notification."""
    groups: dict[tuple[object, ...], list[Notification]] = {}
    for one in notifications:
        key = (one.kind, one.agency_id, *(one.details.get(name) for name in _SAME))
        groups.setdefault(key, []).append(one)
    return [_line(members) for members in groups.values()]


def _line(members: list[Notification]) -> Line:
    first = members[0]
    findings = {one.details.get("finding") for one in members}
    # Labels of one frequency sort as their periods do.
    return Line(
        kind=Kind(first.kind),
        agency=first.agency.code if first.agency else "",
        details=first.details,
        first=min(one.details.get("first", "") for one in members),
        last=max(one.details.get("last", "") for one in members),
        finding=next(iter(findings)) if len(findings) == 1 else None,
    )
