"""The page of an agency: the next step, and all that the desk knows of the agency."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest

from countries.models import Agency, AgencyAccount, Credential, Recipient, Setup, SigningKey, Webhook
from federation.desk import board, first_report
from federation.desk.screens import agency_steps, start, words
from federation.desk.screens.agency_steps import list_of, table_of
from federation.intake.queries import Contents
from federation.overview import AgencyOverview, LastSubmission, overview
from p2p_core import periods

#: The tables with rows of an agency.
_TABLES: Final = (Credential, SigningKey, AgencyAccount, Setup, Recipient, Webhook)


def context(request: HttpRequest, agency: Agency, *, now: datetime) -> dict[str, Any]:
    """The variables of the template."""
    known = overview(agency, now=now)
    days, agencies = board.board(now=now, agency=agency.pk)
    may = request.user.has_perm
    return {
        "now": now,
        "known": known,
        "step": agency_steps.next_step(request, known, now=now),
        "sent": last_report(known),
        "sent_ago": _ago(known.last, now) if known.last else "",
        "days": days,
        "board": start.board_rows(agencies, known.silences, may_open=may("federation.view_finding")),
        "legend": start.LEGEND,
        "lists": {model: list_of(agency, model) for model in ("finding", "hold", "submission", "auditevent")},
        "tables": {name: table_of(agency, name) for name in _table_names()},
        "commands": first_report.commands(known, address=request.build_absolute_uri("/"), now=now)
        if may("countries.view_credential")
        else None,
    }


def _ago(last: LastSubmission, now: datetime) -> str:
    passed = now - last.row.received
    return f"{words.age(passed)} ago" if passed >= timedelta(minutes=1) else "just now"


def _table_names() -> list[str]:
    return [str(model._meta.model_name) for model in _TABLES if admin.site.is_registered(model)]


def last_report(known: AgencyOverview) -> list[str]:
    """What the newest submission contained, in words."""
    codes = {one.indicator_id: one.indicator.code for one in known.schedules}
    return [_contents(one, codes.get(one.indicator, "")) for one in known.last.contents] if known.last else []


def _contents(one: Contents, indicator: str) -> str:
    first, last = (periods.label(one.frequency, at) for at in (one.first, one.last))
    span = first if first == last else f"{first} to {last}"
    return f"{indicator} {periods.NOUNS[one.frequency]} {span}".strip()
