"""What readers of a series should know: campaigns, changes, outages, breaks, on the time axis."""

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import formats, negotiation, openapi, parameters
from api.caching import PublicView
from api.openapi import parameter
from api.v1 import forms, openapi_public, query_params
from api.v1.reference import ReferenceList, ReferenceMeta
from countries.reference import Reference
from p2p_core import periods


class Annotations(msgspec.Struct):
    """Annotations, first one first."""

    meta: ReferenceMeta
    annotations: list[formats.AnnotationDocument]


class AnnotationsView(PublicView):
    """All of them, or those about an indicator, an agency, some days. An annotation about all is about each."""

    @openapi.public(
        "list_annotations",
        "What readers of a series should know, and where it breaks",
        answer=Annotations,
        takes=[
            parameter("indicator", "What is counted", example="DOWNLOADS", form=forms.INDICATOR),
            parameter("agency", "Whose numbers it is about", form=forms.AGENCY),
            parameter("start", "The first day, in UTC", example="2026-01-01", form=forms.DAY),
            parameter("end", "The last day, included", form=forms.DAY),
        ],
        example={"meta": {"version": 31}, "annotations": [openapi_public.ANNOTATION]},
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def read() -> ReferenceList:
            given = parameters.read(request, optional=("indicator", "agency", "start", "end"))
            indicator, agency = given.get("indicator"), given.get("agency")
            reference = Reference.current()
            if indicator is not None:
                query_params.indicator(indicator, reference)
            if agency is not None:
                query_params.agency(agency, reference)
            start, last = (
                query_params.period("D", given[name], name) if name in given else None for name in ("start", "end")
            )
            query_params.refuse_reversed(start, last)
            end = last and periods.end("D", last)

            def write(now: Reference) -> Annotations:
                rows = now.annotations_of(start, end, agency=agency, indicator=indicator)
                return Annotations(ReferenceMeta(now.version), formats.annotations(rows))

            return ReferenceList(write)

        return self.respond(request, negotiation.json_only(request), read)
