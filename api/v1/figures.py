"""Exact figures. An agency reads its own. Coordinators read those of every agency, and of all together."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import numpy as np
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from api import pagination, parameters
from api.auth import Caller, StaffSession, TokenAuthentication
from api.permissions import HasScope, caller_of
from api.problems import Problem
from api.v1 import documents, openapi_agency, query_params
from countries.reference import Reference
from federation.intake import queries
from federation.rules.coverage import share_of
from p2p_core import periods
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES, TOTAL
from p2p_core.scopes import READ_ALL, READ_OWN

PAGE: Final = 500
#: A shorter page, because each period of the exact combined view is summed over all agencies.
COMBINED_PAGE: Final = 100
#: If figures are large, a page ends earlier.
OBSERVATIONS_PAGE: Final = 50_000


class FiguresView(APIView):
    """Exact figures, also of periods that have not ended."""

    authentication_classes = (TokenAuthentication, StaffSession)
    permission_classes = (HasScope,)
    scopes: Final = {"GET": (READ_OWN, READ_ALL)}

    @openapi_agency.get_figures
    def get(self, request: Request) -> HttpResponse:
        """Figures in order of period."""
        given = parameters.read(request, required=query_params.RANGE, optional=("agency", "cursor"))
        agency, agency_id = _agency(given, caller_of(request))
        indicator = query_params.indicator(given["indicator"], Reference.current())
        frequency = query_params.frequency(given["frequency"])
        first, last = (query_params.period(frequency, given[name], name) for name in ("start", "end"))
        query_params.refuse_reversed(first, last)
        if "cursor" in given:
            (seconds,) = pagination.decode(parameters.question(given), given["cursor"], length=1)
            first = datetime.fromtimestamp(seconds, UTC)
        wanted = queries.Range(indicator.number, frequency, first, last)

        if agency_id is None:
            limit = COMBINED_PAGE
            rows = queries.combined(wanted, limit=limit + 1)
        else:
            limit = PAGE
            rows = queries.figures(wanted, agency=agency_id, limit=limit + 1)
        sizes = np.cumsum([len(row.values) for row in rows])
        fitting = max(1, min(limit, int(np.searchsorted(sizes, OBSERVATIONS_PAGE, side="right"))))

        following = None
        if len(rows) > fitting:
            cursor = pagination.encode(parameters.question(given), int(rows[fitting].period.timestamp()))
            following = documents.next_page(request, given, cursor)
        shown = [_figure(agency, frequency, row) for row in rows[:fitting]]
        return documents.respond(documents.Figures(figures=shown, next=following))


def _agency(given: Mapping[str, str], caller: Caller) -> tuple[str, int | None]:
    """Whose figures are asked for, by code and id; no id means all agencies together.

    An agency reads its own figures. A coordinator says whose.
    """
    if caller.agency is not None:
        if given.get("agency", caller.agency.code) != caller.agency.code:
            raise Problem("permission_denied", detail="An agency can read only its own figures. Leave agency out.")
        return caller.agency.code, caller.agency.pk
    if "agency" not in given:
        raise Problem("missing_parameter", detail=f"Name an agency, or {TOTAL} for all.", parameter="agency")
    if given["agency"] == TOTAL:
        return TOTAL, None
    agency = query_params.agency(given["agency"], Reference.current())
    return agency.code, agency.id


def _figure(agency: str, frequency: str, row: queries.FigureRow) -> documents.FigureDocument:
    cells = zip(row.countries.tolist(), row.networks.tolist(), row.values.tolist(), strict=True)
    return documents.FigureDocument(
        agency=agency,
        period=periods.label(frequency, row.period),
        source=row.source,
        time_coverage=share_of(row.covered, row.owed) / 10_000,
        observations=[
            documents.ExactObservation(COUNTRY_CODES[country], NETWORK_CODES[network], value)
            for country, network, value in cells
        ],
    )
