"""The start page at a glance: who is silent, what waits, how each agency stood on each day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from countries.admin.country_scope import country_scope_of
from countries.liaisons import CountryScope
from federation.database import clock
from federation.desk import board
from federation.desk.board import AgencyLines, Line, Silence, Square
from federation.desk.screens import words
from federation.intake import queries


@dataclass(frozen=True, slots=True)
class Tile:
    """A number at a glance, what it counts, what more there is to say, and the list that it leads to."""

    number: int
    what: str
    more: str
    address: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A square of the board as it is drawn; with an address where reports of the day are held."""

    state: str
    letter: str
    says: str
    held: int
    address: str


def context(request: HttpRequest) -> dict[str, Any]:
    """Return what the start page shows to the user."""
    scope, now = country_scope_of(request), clock.now()
    silences = board.silences(scope)
    days, agencies = board.board(scope, now=now)
    may = request.user.has_perm
    return {
        "now": now,
        "silences": [_said(one, now, linked=may("federation.view_finding")) for one in silences],
        "tiles": list(_tiles(request, scope, now)),
        "days": days,
        "board": _board(agencies, silences),
        "legend": [(state, letter, says) for state, (letter, says) in words.STATES.items()],
        "heard": board.heard(scope, now=now) if may("federation.view_submission") else [],
        "recent": words.age(board.RECENT),
    }


def _said(one: Silence, now: datetime, *, linked: bool) -> dict[str, str]:
    address = reverse("admin:federation_finding_change", args=[one.finding]) if linked else ""
    return {
        "sentence": words.silent(one.agency, one.frequency, one.since, now=now),
        "what": f"no {words.listed(one.indicators)}",
        "address": address,
    }


def _list(model: str, **filters: str) -> str:
    address = reverse(f"admin:federation_{model}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def _tiles(request: HttpRequest, scope: CountryScope, now: datetime) -> Iterator[Tile]:
    may = request.user.has_perm
    if may("federation.view_hold"):
        yield _held(scope, now)
    if may("federation.view_finding"):
        yield from _findings(scope)
    # These are of all countries.
    if may("federation.view_failure") and not scope.limited:
        yield from _work()
    if may("federation.view_auditevent") and not scope.limited:
        yield Tile(board.unsealed(), "audit events not sealed", "sealed within seconds", _list("auditevent"))


def _held(scope: CountryScope, now: datetime) -> Tile:
    waiting = board.held(scope)
    more = f"the oldest for {words.age(now - waiting.since)}" if waiting.since else "nothing waits for a decision"
    return Tile(waiting.count, "held reports wait", more, _list("hold"), urgent=waiting.count > 0)


def _findings(scope: CountryScope) -> Iterator[Tile]:
    for one in board.open_findings(scope):
        count = one.unanswered + one.answered
        more = f"{one.unanswered:,} unanswered, {one.answered:,} answered"
        address = _list("finding", severity=one.severity)
        yield Tile(count, f"open {one.severity}s", more, address, urgent=one.severity == "error" and count > 0)


def _work() -> Iterator[Tile]:
    work = queries.work()
    waits = words.age(timedelta(seconds=work.oldest_seconds))
    yield Tile(work.pending, "items to compute", f"the oldest for {waits}" if work.pending else "all is computed")
    aside = len(work.set_aside)
    more = "wait for a person" if aside else "nothing failed for good"
    yield Tile(aside, "items set aside", more, _list("failure", aside="yes"), urgent=aside > 0)


def _board(agencies: Sequence[AgencyLines], silences: Sequence[Silence]) -> list[dict[str, Any]]:
    silent = {(one.agency, indicator) for one in silences for indicator in one.indicators}
    return [
        {
            "code": agency.code,
            "name": agency.name,
            "address": _list("finding", agency=agency.code),
            "lines": [
                _line(agency.code, line, silent=(agency.code, line.indicator) in silent) for line in agency.lines
            ],
        }
        for agency in agencies
    ]


def _line(agency: str, line: Line, *, silent: bool) -> dict[str, Any]:
    cells = [_cell(agency, line.indicator, square) for square in line.squares]
    return {"indicator": line.indicator, "silent": silent, "cells": cells}


def _cell(agency: str, indicator: str, square: Square) -> Cell:
    letter, says = words.STATES[square.state]
    if not square.held:
        return Cell(square.state, letter, says, 0, "")
    address = _list("hold", agency=agency, indicator=indicator, day=f"{square.day:%Y-%m-%d}")
    return Cell(square.state, letter, f"{says}; {words.count(square.held, 'report')} held", square.held, address)
