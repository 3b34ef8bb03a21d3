"""Exact figures: an agency's own; for coordinators also others', and all agencies' together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from api import pagination, parameters
from api.auth import FIGURES, Caller, StaffSession, TokenAuthentication
from api.permissions import HasScope, caller_of
from api.problems import Problem
from api.v1 import answers, openapi_agency
from countries.reference import Reference
from federation.intake import queries
from federation.rules.coverage import share
from p2p_core import periods
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES, TOTAL

PAGE: Final = 500
#: All agencies are read for each period of the exact combined view.
COMBINED_PAGE: Final = 100
#: Pages end earlier where figures are large.
OBSERVATIONS_PAGE: Final = 50_000


@dataclass(frozen=True, slots=True)
class Question:
    """Whose figures are asked for, and of which periods; without agency id, of all together."""

    agency: str
    agency_id: int | None
    range: queries.Range

    def rows(self) -> tuple[list[queries.FigureRow], datetime | None]:
        """Return a page of figures, and the period that the next one begins with."""
        if self.agency_id is None:
            limit = COMBINED_PAGE
            rows = queries.combined(self.range, limit=limit + 1)
        else:
            limit = PAGE
            rows = queries.figures(self.range, agency=self.agency_id, limit=limit + 1)
        sizes = np.cumsum([len(row.values) for row in rows])
        fitting = max(1, min(limit, int(np.searchsorted(sizes, OBSERVATIONS_PAGE, side="right"))))
        return rows[:fitting], rows[fitting].period if len(rows) > fitting else None


class FiguresView(APIView):
    """Exact reconciled figures, those of running periods included."""

    authentication_classes = (TokenAuthentication, StaffSession)
    permission_classes = (HasScope,)
    scopes: Final = {"GET": ("submissions:read", FIGURES)}

    @openapi_agency.get_figures
    def get(self, request: Request) -> HttpResponse:
        """Return figures in order of period."""
        given = parameters.read(
            request, required=("indicator", "frequency", "start", "end"), optional=("agency", "cursor")
        )
        question = _question(given, caller_of(request))
        rows, following = question.rows()
        address = None
        if following is not None:
            cursor = pagination.encode(parameters.question(given), int(following.timestamp()))
            address = answers.next_page(request, given, cursor)
        shown = [_figure(question, row) for row in rows]
        return answers.respond(answers.Figures(figures=shown, next=address))


def _question(given: Mapping[str, str], caller: Caller) -> Question:
    agency, agency_id = _agency(given, caller)
    indicator = Reference.current().indicators_by_code.get(given["indicator"])
    if indicator is None:
        raise Problem("unknown_indicator", parameter="indicator")
    frequency = given["frequency"]
    if frequency not in tuple(periods.Frequency):
        raise Problem("unknown_frequency", detail="The frequencies are N, H, D, W, M and A.", parameter="frequency")
    first, last = _period(given, frequency, "start"), _period(given, frequency, "end")
    if last < first:
        raise Problem("end_before_start", parameter="end")
    if "cursor" in given:
        (seconds,) = pagination.decode(parameters.question(given), given["cursor"], length=1)
        first = datetime.fromtimestamp(seconds, UTC)
    return Question(agency, agency_id, queries.Range(indicator.number, frequency, first, last))


def _agency(given: Mapping[str, str], caller: Caller) -> tuple[str, int | None]:
    """Return whose figures are asked for: an agency asks for its own, a coordinator says whose."""
    if caller.agency is not None:
        if given.get("agency", caller.agency.code) != caller.agency.code:
            raise Problem("permission_denied", detail="An agency reads its own figures only.")
        return caller.agency.code, caller.agency.pk
    if "agency" not in given:
        raise Problem("missing_parameter", detail=f"Name an agency, or {TOTAL} for all.", parameter="agency")
    if given["agency"] == TOTAL:
        return TOTAL, None
    agency = Reference.current().agencies_by_code.get(given["agency"])
    if agency is None:
        raise Problem("unknown_agency", parameter="agency")
    return agency.code, agency.id


def _period(given: Mapping[str, str], frequency: str, name: str) -> datetime:
    try:
        return periods.parse(frequency, given[name])
    except periods.PeriodError as error:
        raise Problem(error.code, parameter=name) from None


def _figure(question: Question, row: queries.FigureRow) -> answers.Figure:
    cells = zip(row.countries.tolist(), row.networks.tolist(), row.values.tolist(), strict=True)
    return answers.Figure(
        agency=question.agency,
        period=periods.label(question.range.frequency, row.period),
        source=row.source,
        time_coverage=int(share(np.array(row.covered), np.array(row.owed))) / 10_000,
        observations=[
            answers.ExactObservation(COUNTRY_CODES[country], NETWORK_CODES[network], value)
            for country, network, value in cells
        ],
    )
