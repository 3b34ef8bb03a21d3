"""Availability queries of both roots: what data there are to ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api.caching import PublicView, Rendered, Stamp
from api.problems import Problem
from api.sdmx import (
    availability,
    availability_messages,
    generations,
    negotiation,
    questions,
    slices,
    structures,
    times,
)
from api.sdmx.availability import Available
from api.sdmx.availability_messages import Availability
from api.sdmx.blocks import Moments
from api.sdmx.flows import TIME
from api.sdmx.generations import Generation
from api.sdmx.negotiation import Offer
from api.sdmx.questions import Question
from api.sdmx.readings import Reading
from api.sdmx.slices import Version
from api.sdmx.structure_messages import NEWER, OLDER
from api.sdmx.targets import Target
from countries.reference import Reference

#: What is asked for beside what selects data.
_OWN = frozenset({"mode", "references", "format"})


@dataclass(frozen=True, slots=True)
class What:
    """What is asked of a question for data: whether it is what it gives or what else it could, of which dimension."""

    question: Question
    mode: str
    #: Those of the dimensions that values are wanted of; none means all.
    components: frozenset[str]
    references: frozenset[str]


@dataclass(frozen=True, slots=True)
class AvailabilityAnswer:
    """What data there are, as a message in one of the forms of structures."""

    what: What
    offer: Offer
    address: str

    def stamp(self) -> Stamp:
        reference = Reference.current()
        return self._stamp(self._version(reference.indicator_numbers), reference.version)

    def _version(self, indicators: dict[str, int]) -> Version:
        question = self.what.question
        is_exact = self.what.mode == "exact"
        return slices.version_of(question if is_exact else availability.widest(question), indicators)

    def render(self) -> Rendered:
        reference = Reference.current()
        question, indicators = self.what.question, reference.indicator_numbers
        version = self._version(indicators)
        reading = Reading(question, version, slices.of(question, indicators, version), Moments())
        if self.what.mode == "exact":
            found = availability.exact(reading)
        else:
            found = availability.available(reading, indicators)
        known = structures.under(reference)
        content = availability_messages.message(
            self._said(found), self.what.references, self.offer, known, self.address
        )
        headers = {
            "Content-Type": self.offer.content_type,
            "Last-Modified": known.last_modified(reading.published),
        }
        return Rendered(self._stamp(version, reference.version), content, headers)

    def _said(self, found: Available) -> Availability:
        wanted = self.what.components or {*found.values, TIME}
        values = {name: tuple(sorted(codes)) for name, codes in found.values.items() if name in wanted}
        span = found.span if TIME in wanted else None
        return Availability(
            flow=self.what.question.flow,
            values=values,
            span=(times.day_or_instant(span.start), times.day_or_instant(span.end - 1)) if span else None,
            observations=found.observations,
            series=found.series,
        )

    def _stamp(self, version: Version, reference: int) -> Stamp:
        return slices.stamp(self.what.question, version, reference, f"available{self.offer.form}")


class _AvailabilityView(PublicView):
    """Availability queries of a generation, in the forms that it has for structures."""

    schema = None
    generation: ClassVar[Generation]
    offers: ClassVar[tuple[Offer, ...]]

    def get(self, request: HttpRequest, path: str) -> HttpResponseBase:
        given = questions.parameters(request)
        offer = negotiation.agreed(request, self.offers, given)

        def ask() -> AvailabilityAnswer:
            target = self.generation.target(path)
            questions.check_names(given, self.generation.selecting | _OWN)
            rest = {name: text for name, text in given.items() if name not in _OWN}
            question = self.generation.question(rest, target.flow, target.key)
            return AvailabilityAnswer(_what(question, target, given), offer, request.build_absolute_uri(request.path))

        return self.respond(request, offer.form, ask)


class AvailabilityView2(_AvailabilityView):
    """Availability by SDMX-REST 1.5: `availableconstraint/{flow}[/{key}[/{provider}[/{component}]]]`."""

    generation, offers = generations.OLDER, OLDER


class AvailabilityView3(_AvailabilityView):
    """Availability by SDMX-REST 2.x: `availability/{context}/{agency}/{id}/{version}[/{key}[/{component}]]`."""

    generation, offers = generations.NEWER, NEWER


def _what(question: Question, target: Target, given: Mapping[str, str]) -> What:
    mode = given.get("mode", "exact")
    if mode not in availability.MODES:
        raise Problem("bad_parameter", detail=f"Use {' or '.join(availability.MODES)}.", parameter="mode")
    known = (*question.flow.dimensions, TIME)
    components = frozenset(target.component.split(",")) - {"", "*", "all"}
    if not components <= {*known}:
        raise Problem("bad_sdmx_query", detail=f"The dimensions are {', '.join(known)}, with commas between several.")
    return What(question, mode, components, availability_messages.references(given.get("references", "none")))
