"""What agencies and coordinators can read of figures, as the OpenAPI document has it, and what all theirs share."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from api import openapi
from api.openapi import parameter
from api.v1 import documents, forms
from api.v1.openapi_public import CURSOR, range_of_periods

F = TypeVar("F", bound=Callable[..., Any])


def operation(
    name: str, summary: str, *, takes: Sequence[OpenApiParameter], responses: dict[Any, Any], **more: Any
) -> Callable[[F], F]:
    """Describe an operation of agencies and coordinators."""
    return extend_schema(
        operation_id=name, summary=summary, tags=["agency"], parameters=list(takes), responses=responses, **more
    )


def answer(kind: type[msgspec.Struct], example: object, description: str) -> OpenApiResponse:
    """Describe an answer that is a structure, with an example."""
    return openapi.body(openapi.structure(kind), example, description)


get_figures: Final = operation(
    "get_figures",
    "Exact figures, those of running periods included",
    takes=(
        *range_of_periods(),
        parameter(
            "agency",
            "For coordinators: an agency's code, or `_T` for all agencies together. An agency gets its own figures",
            form=forms.AGENCY_OR_ALL,
        ),
        CURSOR,
    ),
    responses={
        200: answer(
            documents.Figures,
            {
                "figures": [
                    {
                        "agency": "NO-KRIPOS",
                        "period": "2026-11-01",
                        "source": "derived",
                        "time_coverage": 0.9583,
                        "observations": [{"country": "NO", "network": "BITTORRENT", "value": 417}],
                    }
                ],
                "next": None,
            },
            "A page of figures",
        )
    },
)
