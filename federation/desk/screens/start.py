"""The start page: which agencies are silent, what waits for a person, how each agency reported on each day."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Count, Min
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from federation.audit import chain
from federation.database import clock
from federation.desk import board
from federation.desk.board import BoardAgency, Square
from federation.desk.changed_words import changed_words
from federation.desk.proposals import proposals
from federation.desk.recent_people import LATELY, recent_people
from federation.desk.screens import words
from federation.intake import queries
from federation.models.findings import Finding, FindingState, Hold
from federation.overview import silences
from federation.overview.silences import Silence
from p2p_core import periods
from p2p_core.rules.rulebook import RULES, Severity

#: The state, the letter and the meaning of each square.
LEGEND: Final = [(state, letter, meaning) for state, (letter, meaning) in words.STATES.items()]


class Tile(NamedTuple):
    """A number with a name, a remark and the address of its list. ``first`` is the address of the row to begin with."""

    number: int
    name: str
    remark: str
    address: str = ""
    urgent: bool = False
    first: str = ""


class BoardCell(NamedTuple):
    """A square of the board as it is drawn. If there is a finding about the day, it links to the finding."""

    state: str
    letter: str
    meaning: str
    held: int
    address: str


def context(request: HttpRequest) -> dict[str, Any]:
    """The variables of the template."""
    now, may = clock.now(), request.user.has_perm
    silent = silences.silent_agencies()
    days, agencies = board.board(now=now)
    return {
        "now": now,
        "silences": [
            {
                "sentence": words.silent(one.agency, one.frequency, one.since, now=now),
                "what": f"no {words.listed(one.indicators)}",
                "address": reverse("admin:federation_finding_change", args=[one.finding])
                if may("federation.view_finding")
                else "",
            }
            for one in silent
        ],
        "waiting": [
            {
                "indicator": one.indicator,
                "period": f"{periods.NOUNS[one.frequency]} {periods.label(one.frequency, one.period)}",
                "sentence": words.waiting(one.agencies, one.expected, one.until, now=now),
            }
            for one in board.waiting_periods()
        ],
        "tiles": list(_tiles(request, now)),
        "days": days,
        "board": board_rows(agencies, silent, may_open=may("federation.view_finding")),
        "legend": LEGEND,
        "activity": board.activity(now=now) if may("federation.view_submission") else [],
        "recent": words.age(board.RECENT),
        "people": recent_people(now=now) if may("federation.view_auditevent") else [],
        "people_days": LATELY.days,
        "proposals": list(proposals()) if may("countries.add_detail") else [],
        "changed_words": changed_words(now=now) if may("federation.view_finding") else [],
    }


def _tiles(request: HttpRequest, now: datetime) -> Iterator[Tile]:
    """The tiles that the user may see."""
    may = request.user.has_perm
    if may("federation.view_hold"):
        found = Hold.objects.filter(decision="").aggregate(count=Count("pk"), since=Min("since"))
        count, since = found["count"], found["since"]
        remark = f"the oldest for {words.age(now - since)}" if since else "nothing waits for a decision"
        first = reverse("admin:federation_hold_next") if count and may("federation.view_finding") else ""
        yield Tile(count, "held reports wait", remark, _list("hold"), urgent=count > 0, first=first)

    if may("federation.view_finding"):
        findings = Finding.objects.filter(resolved=None)
        counts: Counter[tuple[Severity, str]] = Counter()
        for rule, state, count in findings.values_list("rule", "state").annotate(Count("pk")):
            counts[RULES[rule].severity, state] += count
        for severity in (Severity.ERROR, Severity.WARNING):
            unanswered, answered = (counts[severity, state] for state in (FindingState.OPEN, FindingState.ANSWERED))
            urgent = severity == Severity.ERROR and unanswered + answered > 0
            remark, address = f"{unanswered:,} unanswered, {answered:,} answered", _list("finding", severity=severity)
            yield Tile(unanswered + answered, f"open {severity}s", remark, address, urgent)

    if may("federation.view_failure"):
        work = queries.work()
        remark = f"the oldest for {words.age(timedelta(seconds=work.oldest_seconds))}"
        yield Tile(work.pending, "items to compute", remark if work.pending else "all is computed")
        aside = len(work.set_aside)
        remark, address = "wait for a person" if aside else "nothing waits for a person", _list("failure", aside="yes")
        yield Tile(aside, "items set aside", remark, address, urgent=aside > 0)
    if may("federation.view_auditevent"):
        yield Tile(chain.unsealed(), "audit events not sealed", "sealed within seconds", _list("auditevent"))


def board_rows(agencies: Sequence[BoardAgency], silent: Sequence[Silence], *, may_open: bool) -> list[dict[str, Any]]:
    """The rows of the board as the template draws them, with links if the user may open findings."""
    places = {(one.agency, indicator) for one in silent for indicator in one.indicators}
    return [
        {
            "code": agency.code,
            "name": agency.name,
            "address": reverse("admin:countries_agency_overview", args=[agency.id]),
            "lines": [
                {
                    "indicator": line.indicator,
                    "silent": (agency.code, line.indicator) in places,
                    "cells": [_cell(square, may_open=may_open) for square in line.squares],
                }
                for line in agency.lines
            ],
        }
        for agency in agencies
    ]


def _cell(square: Square, *, may_open: bool) -> BoardCell:
    letter, meaning = words.STATES[square.state]
    if square.held:
        meaning = f"{meaning}; {words.count(square.held, 'report')} held"
    elif square.finding:
        meaning = f"{meaning}; open finding"
    address = reverse("admin:federation_finding_change", args=[square.finding]) if square.finding and may_open else ""
    return BoardCell(square.state, letter, meaning, square.held, address)


def _list(model: str, **filters: str) -> str:
    address = reverse(f"admin:federation_{model}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address
