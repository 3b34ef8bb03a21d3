"""What readers of a series should know: campaigns, changes, outages, breaks, on the time axis."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import formats, negotiation, openapi, parameters
from api.caching import PublicView
from api.openapi import parameter
from api.problems import Problem
from api.v1 import forms, openapi_public, questions
from api.v1.reference import ReferenceList, ReferenceMeta
from countries.reference import Annotation, Reference
from p2p_core import periods


class Annotations(msgspec.Struct):
    """Annotations, first one first."""

    meta: ReferenceMeta
    annotations: list[formats.Annotation]


class AnnotationsView(PublicView):
    """All that were made, or those about an indicator, an agency, some days. One for all is about each."""

    @openapi.public(
        "list_annotations",
        "What readers of a series should know, and where it breaks",
        answer=Annotations,
        takes=[
            parameter("indicator", "What is counted", example="DOWNLOADS", form=forms.INDICATOR),
            parameter("agency", "Whose numbers it is about", example="NO-KRIPOS", form=forms.AGENCY),
            parameter("start", "The first day, in UTC", example="2026-11-01", form=forms.DAY),
            parameter("end", "The last day, included", example="2026-11-30", form=forms.DAY),
        ],
        example={"meta": {"version": 31}, "annotations": [openapi_public.ANNOTATION]},
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.respond(request, negotiation.json_only(request), lambda: _ask(request))


def _ask(request: HttpRequest) -> ReferenceList:
    given = parameters.read(request, optional=("indicator", "agency", "start", "end"))
    indicator, agency = given.get("indicator"), given.get("agency")
    reference = Reference.current()
    if indicator is not None:
        questions.indicator_named(indicator, reference)
    if agency is not None and agency not in reference.agencies_by_code:
        raise Problem("unknown_agency", parameter="agency")
    start, last = _day(given, "start"), _day(given, "end")
    if start and last and last < start:
        raise Problem("end_before_start", parameter="end")
    end = last and periods.end("D", last)

    def asked(row: Annotation) -> bool:
        return row.holds_for(agency=agency, indicator=indicator) and row.overlaps(start, end)

    return ReferenceList(
        lambda now: Annotations(ReferenceMeta(now.version), formats.annotations(filter(asked, now.annotations)))
    )


def _day(given: Mapping[str, str], name: str) -> datetime | None:
    if name not in given:
        return None
    try:
        return periods.parse("D", given[name])
    except periods.PeriodError as error:
        raise Problem(error.code, detail="Name a day, in UTC: 2026-11-24.", parameter=name) from None
