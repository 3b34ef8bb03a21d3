"""Registered interventions, and what the estimates of their effects say, now or at an earlier time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import caching, formats, negotiation, parameters
from api.caching import PublicView, Representation, Validator
from api.formats import effects as effect_documents
from api.formats.effects import EffectAnswer, EffectList, EffectsMeta
from api.negotiation import CSV, JSON
from api.problems import Problem
from api.v1 import openapi_effects, query_params, questions
from api.v1.query_params import Given
from countries.reference import Reference
from federation import published
from federation.published import effects
from federation.published.effects import Effect
from federation.rules.effect_result import Word
from p2p_core import instants
from p2p_core.periods import Frequency

_FORMATS: Final = {"json": JSON, "csv": CSV}


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer about interventions, as JSON or CSV."""

    as_of: datetime | None
    media_type: str

    def validator(self) -> Validator:
        reference = Reference.current()
        return self._validator(reference, effects.effects(reference, as_of=self.as_of))

    def render(self) -> Representation:
        reference = Reference.current()
        known = effects.effects(reference, as_of=self.as_of)
        found = self._select(known)
        headers = {"Content-Type": JSON}
        if self.media_type == CSV:
            meta = _meta(found, reference, self.as_of)
            headers = {"Content-Type": f"{CSV}; charset=utf-8; header=present"}
            headers |= formats.view_headers(meta.version, meta.known_at, invented=reference.invented)
        return Representation(self._validator(reference, known), self._write(found, reference), headers)

    def _validator(self, reference: Reference, known: list[Effect]) -> Validator:
        # A seal or an estimate can still come to an instant that has just passed, so caches ask again soon.
        return Validator(
            f"{reference.version}.{effects.state(known)}.{negotiation.NAMES[self.media_type]}", caching.CURRENT
        )

    def _select(self, found: list[Effect]) -> list[Effect]:
        raise NotImplementedError

    def _write(self, found: list[Effect], reference: Reference) -> bytes:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class EffectsAnswer(_Answer):
    """The interventions of an indicator, or of all, that have one of the words, or any."""

    indicator: str | None
    words: frozenset[str] | None

    def _select(self, found: list[Effect]) -> list[Effect]:
        return [
            one
            for one in found
            if self.indicator in (None, one.intervention.indicator) and (self.words is None or one.word in self.words)
        ]

    def _write(self, found: list[Effect], reference: Reference) -> bytes:
        if self.media_type == CSV:
            return effect_documents.csv(found, invented=reference.invented)
        meta = _meta(found, reference, self.as_of)
        draws = [effect_documents.draw(one) for one in effects.draws(reference, as_of=self.as_of)]
        return formats.encode(EffectList(meta, [effect_documents.effect(one) for one in found], draws))


@dataclass(frozen=True, slots=True)
class OneEffectAnswer(_Answer):
    """An intervention in full."""

    id: int

    def _select(self, found: list[Effect]) -> list[Effect]:
        for one in found:
            if one.intervention.id == self.id:
                return [one]
        raise Problem("effect_not_found")

    def _write(self, found: list[Effect], reference: Reference) -> bytes:
        [row] = found
        evidence = effects.evidence(row)
        if self.media_type == CSV:
            return effect_documents.csv_of_units(row, evidence, invented=reference.invented)
        draws = [one for one in effects.draws(reference, as_of=self.as_of) if one.id == row.intervention.draw]
        return formats.encode(
            EffectAnswer(
                _meta(found, reference, self.as_of),
                effect_documents.effect_in_full(row, evidence),
                [effect_documents.draw(one) for one in draws],
            )
        )


def _meta(found: list[Effect], reference: Reference, as_of: datetime | None) -> EffectsMeta:
    version, known_at = max(
        ((one.version, one.known_at) for one in found if one.version and one.known_at), default=(None, None)
    )
    codes = {one.intervention.indicator for one in found}
    notes = [
        note
        for indicator in reference.indicators
        if indicator.code in codes
        for note in questions.notes(indicator, reference)
    ]
    return EffectsMeta(
        version=version,
        known_at=instants.write(known_at) if known_at else None,
        as_of=instants.write(as_of) if as_of else None,
        notes=list(dict.fromkeys(notes)),
    )


class _EffectsView(PublicView):
    """Answers as JSON or CSV, as the request prefers."""

    def answer(
        self, request: HttpRequest, optional: tuple[str, ...], ask: Callable[[Given, str], _Answer]
    ) -> HttpResponseBase:
        preferred = negotiation.media_type(request, tuple(_FORMATS.values()))

        def read() -> _Answer:
            given = parameters.read(request, optional=(*optional, "as_of", "format"))
            return ask(given, negotiation.data_format(given.get("format"), preferred, _FORMATS))

        return self.respond(request, preferred, read)


class EffectsView(_EffectsView):
    """Each intervention that was registered, with the word and the interval of its estimate, and all draws."""

    @openapi_effects.effects
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def ask(given: Given, media_type: str) -> EffectsAnswer:
            indicator = given.get("indicator")
            if indicator is not None:
                query_params.indicator(indicator, Reference.current())
            words = query_params.several(given, "word", tuple(Word))
            return EffectsAnswer(query_params.as_of(given), media_type, indicator, words)

        return self.answer(request, ("indicator", "word"), ask)


class EffectView(_EffectsView):
    """An intervention with everything behind its estimate, so that anybody can compute it again."""

    @openapi_effects.effect
    def get(self, request: HttpRequest, id: int) -> HttpResponseBase:  # noqa: A002  the name in the address
        def ask(given: Given, media_type: str) -> OneEffectAnswer:
            as_of = query_params.as_of(given)
            if as_of:
                # Refuses an instant in the future.
                published.past_view(Frequency.WEEK, as_of)
            known = (one for one in Reference.current().interventions if as_of is None or one.registered <= as_of)
            if id not in {one.id for one in known}:
                # Refused before it is cached.
                raise Problem("effect_not_found")
            return OneEffectAnswer(as_of, media_type, id)

        return self.answer(request, (), ask)
