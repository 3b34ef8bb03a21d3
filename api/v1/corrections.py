"""The list of corrections: what changed after its first publication, when, and by how much. The newest come first."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import caching, formats, negotiation, pagination, parameters
from api.caching import PublicView, Representation, Validator
from api.formats import corrections as correction_documents
from api.formats.corrections import CorrectionList, CorrectionsMeta
from api.negotiation import CSV, JSON
from api.problems import Problem
from api.throttling import costs
from api.v1 import openapi_public, query_params, questions
from api.v1.query_params import Given
from countries.reference import Indicator, Reference
from federation import published
from federation.errors import AsOfInFutureError
from federation.published import Selection, corrections
from federation.published.corrections import Newest, Position
from p2p_core import instants, periods

_FORMATS: Final = {"json": JSON, "csv": CSV}


@dataclass(frozen=True, slots=True)
class CorrectionsQuestion:
    """A question about corrections. A later page has a ``position``, and the version of the first page's newest one."""

    given: Given
    address: str
    reference: Reference
    indicator: Indicator
    selection: Selection
    since: datetime | None
    limit: int
    position: Position | None

    def since_version(self) -> tuple[int, bool]:
        """The version after which corrections are listed, and whether it can no longer change."""
        if self.since is None:
            return 0, True
        try:
            past = published.past_view(self.selection.frequency, self.since)
        except AsOfInFutureError:
            detail = "since is in the future. Give a past instant, such as the meta.known_at of an earlier answer."
            raise Problem("bad_parameter", detail=detail, parameter="since") from None
        return past.version, past.settled

    def next_address(self, newest: Newest, position: Position | None) -> str | None:
        if position is None:
            return None
        numbers = newest.version, position.version, periods.epoch(position.period)
        cursor = pagination.encode(parameters.question(self.given), *numbers)
        return f"{self.address}?{urlencode({**self.given, 'cursor': cursor}, safe=',*:')}"


@dataclass(frozen=True, slots=True)
class CorrectionsAnswer:
    """The corrections asked for, as JSON or CSV."""

    question: CorrectionsQuestion
    media_type: str

    def validator(self) -> Validator:
        newest, since_version, lasts = self._state()
        return self._validator(newest, since_version, lasts, Reference.current().version)

    def render(self) -> Representation:
        question = self.question
        newest, since_version, lasts = self._state()
        costs.charge(corrections.MAX_CELLS)
        selection = replace(question.selection, version=newest.version)
        found = corrections.read(
            selection,
            question.reference,
            older_than=question.position,
            since_version=since_version,
            limit=question.limit,
        )
        following = question.next_address(newest, found.following)
        headers = {"Link": f'<{following}>; rel="next"'} if following else {}
        validator = self._validator(newest, since_version, lasts, question.reference.version)
        if self.media_type == CSV:
            headers |= {"Content-Type": f"{CSV}; charset=utf-8; header=present"}
            known_at = instants.write(newest.known_at) if newest.known_at else None
            headers |= formats.view_headers(newest.version, known_at, invented=question.reference.invented)
            return Representation(
                validator,
                correction_documents.csv(
                    question.indicator.code,
                    selection.frequency,
                    found.rows,
                    invented=question.reference.invented,
                ),
                headers,
            )
        answer = CorrectionList(
            self._meta(newest),
            correction_documents.corrections(selection.frequency, found.rows),
            published.withheld(selection, question.reference),
            following,
        )
        return Representation(validator, formats.encode(answer), {"Content-Type": JSON, **headers})

    def _state(self) -> tuple[Newest, int, str]:
        """The newest correction, the version after which they are listed, and how long caches may keep the answer."""
        question = self.question
        if question.position:
            published.at_version(question.selection.version)
        since_version, is_settled = question.since_version()
        lasts = caching.PAST if question.position and is_settled else caching.CURRENT
        return corrections.newest(question.selection), since_version, lasts

    def _validator(self, newest: Newest, since_version: int, lasts: str, reference: int) -> Validator:
        form = negotiation.NAMES[self.media_type]
        return Validator(f"{newest.version}.{since_version}.{reference}.{form}.corrections", lasts)

    def _meta(self, newest: Newest) -> CorrectionsMeta:
        question = self.question
        return CorrectionsMeta(
            indicator=question.indicator.code,
            frequency=question.selection.frequency,
            since=instants.write(question.since) if question.since else None,
            version=newest.version or None,
            known_at=instants.write(newest.known_at) if newest.known_at else None,
            rounding_base=newest.rounding_base,
            notes=questions.notes(question.indicator, question.reference),
        )


def _read(request: HttpRequest) -> CorrectionsQuestion:
    given = parameters.read(
        request,
        required=("indicator", "frequency"),
        optional=("country", "network", "since", "limit", "format", "cursor"),
    )
    reference = Reference.current()
    indicator = query_params.indicator(given["indicator"], reference)
    selection = questions.selection_of_all_time(given, indicator.number)
    published.check(selection, reference)
    position = None
    if "cursor" in given:
        newest, version, second = pagination.decode(parameters.question(given), given["cursor"], length=3)
        if not 0 < version <= newest < published.NEWEST or not 0 <= second < pagination.MOST_SECONDS:
            raise Problem("bad_cursor")
        position = Position(version, datetime.fromtimestamp(second, UTC))
        selection = replace(selection, version=newest)
    return CorrectionsQuestion(
        given=given,
        address=request.build_absolute_uri(request.path),
        reference=reference,
        indicator=indicator,
        selection=selection,
        since=query_params.instant(given, "since"),
        limit=_limit(given),
        position=position,
    )


def _limit(given: Given) -> int:
    text = given.get("limit", str(correction_documents.DEFAULT_LIMIT))
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= correction_documents.MAX_LIMIT:
        detail = f"Give limit a number from 1 to {correction_documents.MAX_LIMIT}."
        raise Problem("bad_parameter", detail=detail, parameter="limit")
    return int(text)


class CorrectionsListView(PublicView):
    """Each change of a number that had been published before, the newest first."""

    @openapi_public.corrections
    def get(self, request: HttpRequest) -> HttpResponseBase:
        preferred = negotiation.media_type(request, tuple(_FORMATS.values()))

        def read() -> CorrectionsAnswer:
            question = _read(request)
            return CorrectionsAnswer(
                question, negotiation.data_format(question.given.get("format"), preferred, _FORMATS)
            )

        return self.respond(request, preferred, read)
