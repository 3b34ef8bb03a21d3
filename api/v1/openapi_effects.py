"""The operations on interventions in the OpenAPI document, each with an example."""

from typing import Any, Final

from api import openapi
from api.formats import effects as effect_documents
from api.negotiation import CSV
from api.openapi import parameter
from api.v1 import forms
from federation.rules.effect_result import Word

_AS_OF: Final = parameter("as_of", "An instant with Z: answers what was known then", form=forms.AS_OF)
_FORMAT: Final = parameter("format", "Overrides Accept", among=("json", "csv"))
_CHANGE: Final[dict[str, Any]] = {
    "change_percent": -18.126925,
    "low_percent": -27.238553,
    "high_percent": -7.87209,
    "change": -0.2,
    "low": -0.317984,
    "high": -0.082016,
}
_EFFECT: Final[dict[str, Any]] = {
    "id": 7,
    "title": "Warnings in search results",
    "description": "Searches for known terms show a warning and a link to help.",
    "registrant": "National Police, unit for prevention",
    "countries": ["NO", "SE"],
    "networks": [],
    "indicator": "DOWNLOADS",
    "direction": "fewer",
    "start": "2026-03-02",
    "weeks_before": 52,
    "weeks_after": 26,
    "comparison": [],
    "draw": 3,
    "registered": "2026-02-16T09:12:40.120Z",
    "seal": {"position": 48213, "sealed": "2026-02-16T09:13:02.482Z"},
    "late": False,
    "word": "found",
    "reason": None,
    "estimate": {
        "version": 90112,
        "known_at": "2026-10-02T00:01:07.482Z",
        "weeks": 26,
        "panel": "24",
        "agencies": ["FI-KRP", "NO-KRIPOS", "SE-NOA"],
        "excluded": ["DK"],
        "rank": 1,
        "of": 31,
        **_CHANGE,
    },
}
_DRAW: Final[dict[str, Any]] = {
    "id": 3,
    "title": "The order in which countries show warnings",
    "countries": ["DK", "FI", "NO", "SE"],
    "source": "The randomness of round 5000000 of the public drand network",
    "known_from": "2026-02-12T12:00:00.000Z",
    "announced": "2026-02-02T08:30:00.000Z",
    "value": "8f2c41d0",
    "drawn": "2026-02-12T12:05:11.002Z",
    "order": ["NO", "SE", "FI", "DK"],
}
_META: Final[dict[str, Any]] = {
    "version": 90112,
    "known_at": "2026-10-02T00:01:07.482Z",
    "as_of": None,
    "notes": ["A download is not a person and not an offence."],
}
_LIST_ROW: Final = (
    "7,DOWNLOADS,NO SE,,fewer,2026-03-02,52,26,,3,2026-02-16T09:12:40.120Z,48213,2026-02-16T09:13:02.482Z,false,found,,"
    "90112,2026-10-02T00:01:07.482Z,26,24,FI-KRP NO-KRIPOS SE-NOA,,1,31,-18.126925,-27.238553,-7.87209,-0.2,-0.317984,"
    "-0.082016"
)

effects = openapi.public(
    "list_effects",
    "Registered interventions, and whether an effect was found",
    answer=effect_documents.EffectList,
    takes=(
        parameter("indicator", "Only interventions about this indicator", form=forms.INDICATOR),
        parameter(
            "word",
            f"Only interventions with one of these words, with commas between: {', '.join(Word)}",
            form=forms.code_list(tuple(Word)),
        ),
        _AS_OF,
        _FORMAT,
    ),
    example={"meta": _META, "effects": [_EFFECT], "draws": [_DRAW]},
    others={
        CSV: openapi.body(
            {"type": "string"}, f"{','.join(effect_documents.LIST_COLUMNS)}\r\n{_LIST_ROW}\r\n", "The answer"
        )
    },
)

effect = openapi.public(
    "get_effect",
    "An intervention with everything behind its estimate",
    answer=effect_documents.EffectAnswer,
    takes=(_AS_OF, _FORMAT),
    example={
        "meta": _META,
        "effect": _EFFECT
        | {
            "units": [
                {
                    "treated": True,
                    "countries": ["NO", "SE"],
                    "before": 10400,
                    "after": 4260,
                    "change": -0.2,
                    "usual": 0.061,
                    "size": 3.278688525,
                },
                {
                    "treated": False,
                    "countries": ["DK"],
                    "before": 5210,
                    "after": 2600,
                    "change": 0.011,
                    "usual": 0.058,
                    "size": 0.189655172,
                },
            ],
            "over_time": [{"weeks": 26, **_CHANGE}],
            "lines": {
                "first_week": "2025-W10",
                "weeks_together": 4,
                "units": [{"treated": True, "countries": ["NO", "SE"], "changes": [0.012, -0.003]}],
            },
        },
        "draws": [_DRAW],
    },
    others={
        CSV: openapi.body(
            {"type": "string"},
            f"{','.join(effect_documents.UNIT_COLUMNS)}\r\n"
            "7,DOWNLOADS,treated,NO SE,10400,4260,-0.2,0.061,3.278688525,-0.317984,-0.082016,1\r\n"
            "7,DOWNLOADS,comparison,DK,5210,2600,0.011,0.058,0.189655172,,,\r\n",
            "The answer",
        )
    },
)
