"""The combined view: aggregates of a range of periods, live minutes, windows, coverage.

A view reads its question once. Its answer can look up cheaply on what it depends, and can write itself. ``api.caching``
decides when it does so.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import caching, formats, negotiation, parameters
from api.caching import PublicView, Representation, Validator
from api.formats import AnswerPage, Metadata, csv_table
from api.negotiation import CSV, JSON, JSON_STAT
from api.parameters import list_values
from api.problems import Problem
from api.throttling import costs
from api.v1 import languages, named_formats, openapi_public, query_params, questions
from api.v1.questions import Question
from countries.reference import Indicator, Reference
from federation import published
from federation.published import Selection, detail
from federation.published.answers import Page
from p2p_core import instants, periods

#: A page has whole periods, and at most this many cells or states of agencies.
CELLS_PER_PAGE: Final = 20_000
#: Two hours of minutes are always one page.
_MINUTES = 121
_NO_NAMES: Final = "This form of the answer has codes and no names: leave language out, or use format=xlsx or jsonstat."
_NO_PANEL: Final = (
    "There is no panel of these months. Fewer than three agencies have reported all of them, or the panel would differ "
    "by a single agency from all agencies or from an earlier panel, and so show what that one counted."
)


def _meta(question: Question, selection: Selection, page: Page) -> formats.RangeMeta:
    return formats.RangeMeta(
        indicator=question.indicator.code,
        frequency=selection.frequency,
        start=periods.label(selection.frequency, selection.start),
        end=periods.label(selection.frequency, selection.end),
        as_of=instants.write(question.as_of) if question.as_of else None,
        version=page.version,
        known_at=instants.write(page.known_at) if page.known_at else None,
        rounding_base=page.rounding_base,
        notes=questions.notes(question.indicator, question.reference),
    )


def _validator(selection: Selection, version: int | None, reference: int, form: str, lasts: str) -> Validator:
    # A range without a given start or end, and that of the live minutes, can move while its version stays the same.
    ends = f"{periods.epoch(selection.start)}.{periods.epoch(selection.end)}"
    return Validator(f"{version or 0}.{reference}.{ends}.{form}", lasts)


def _json(validator: Validator, content: object, following: str | None = None) -> Representation:
    headers = {"Content-Type": JSON}
    if following:
        headers["Link"] = f'<{following}>; rel="next"'
    return Representation(validator, formats.encode(content), headers)


@dataclass(frozen=True, slots=True)
class CombinedView:
    """The published cells asked for, in one of the formats. Names in files are in the ``language``."""

    question: Question
    media_type: str
    language: str = ""

    def validator(self) -> Validator:
        selection, lasts = self.question.view()
        return self._validator(selection, published.version(selection), Reference.current().version, lasts)

    def render(self) -> Representation:
        selection, lasts = self.question.view()
        if self.media_type == JSON_STAT:
            selection = named_formats.cube(selection, self.question.reference)
        limit = _MINUTES
        if selection.frequency != "N":
            limit = max(1, CELLS_PER_PAGE // max(1, len(published.series(selection, self.question.reference))))
        if self.media_type in named_formats.TYPES:
            return self._as_file(selection, lasts, limit)
        page = self._page(selection, self.question.first or selection.start, limit)
        validator = self._validator(selection, page.content.version, self.question.reference.version, lasts)
        if self.media_type == CSV:
            return self._as_csv(validator, page, selection, limit)
        return self._as_json(validator, page, selection)

    def _validator(self, selection: Selection, version: int | None, reference: int, lasts: str) -> Validator:
        return _validator(selection, version, reference, negotiation.NAMES[self.media_type], lasts)

    def _page(self, selection: Selection, first: datetime, limit: int) -> AnswerPage:
        question = self.question
        if selection.panel is None:
            content, panel = published.read(selection, question.reference, first=first, limit=limit), None
        else:
            content, panel = published.panel(selection, question.reference, first=first, limit=limit)
        return AnswerPage(question.indicator.code, content, panel, question.reference.invented)

    def _pages(self, page: AnswerPage, selection: Selection, limit: int) -> Iterator[AnswerPage]:
        """A page and all that follow it, at the same version."""
        if page.content.version is not None:
            selection = replace(selection, version=page.content.version)
        yield page
        while page.content.following:
            page = self._page(selection, page.content.following, limit)
            yield page

    def _metadata(self, page: AnswerPage, selection: Selection) -> Metadata:
        meta, reference = _meta(self.question, selection, page.content), self.question.reference
        if page.panel is not None:
            meta.panel = formats.panel_meta(page.panel, reference.agency_codes)
            meta.notes += [] if meta.panel.agencies else [_NO_PANEL]
        annotations = reference.annotations_of(
            selection.start,
            periods.end(selection.frequency, selection.end),
            indicator=self.question.indicator.code,
            as_of=self.question.as_of,
        )
        return Metadata(meta, formats.annotations(annotations), published.withheld(selection, reference))

    def _as_json(self, validator: Validator, page: AnswerPage, selection: Selection) -> Representation:
        meta, annotations, withheld = self._metadata(page, selection)
        following = self.question.next_address(selection, page.content)
        answer = formats.Aggregates(
            meta=meta,
            coverage=formats.coverage_for_json(page.content),
            annotations=annotations,
            observations=formats.observations(page),
            withheld=withheld,
            next=following,
        )
        return _json(validator, answer, following)

    def _as_csv(self, validator: Validator, page: AnswerPage, selection: Selection, limit: int) -> Representation:
        headers = {"Content-Type": f"{CSV}; charset=utf-8; header=present"}
        known_at = instants.write(page.content.known_at) if page.content.known_at else None
        headers |= formats.view_headers(page.content.version, known_at, invented=page.invented)
        if page.content.version is not None:
            selection = replace(selection, version=page.content.version)
        if withheld := detail.sentences(published.withheld(selection, self.question.reference)):
            headers["Withheld"] = formats.withheld_header(withheld, "JSON")
        if page.panel is not None:
            headers["Panel"] = ",".join(formats.panel_meta(page.panel, self.question.reference.agency_codes).agencies)
        rows = map(csv_table.rows, self._pages(page, selection, limit))
        pieces = chain([csv_table.header(page)], rows)
        if page.content.following is None:
            return Representation(validator, b"".join(pieces), headers)
        cells = published.count_periods(selection) * len(page.content.table.series)
        return Representation(validator, costs.LongAnswer(pieces, cells), headers)

    def _as_file(self, selection: Selection, lasts: str, limit: int) -> Representation:
        question, form = self.question, self.media_type
        count = published.count_periods(selection)
        with named_formats.take_turn(form, count * len(published.series(selection, question.reference))):
            # A cube has all its periods at once.
            limit = max(1, count) if form == JSON_STAT else limit
            page = self._page(selection, question.first or selection.start, limit)
            metadata = self._metadata(page, selection)
            content = named_formats.write(self._pages(page, selection, limit), metadata, question, form, self.language)
        validator = self._validator(selection, page.content.version, question.reference.version, lasts)
        return Representation(validator, content, named_formats.headers(question, metadata, form, self.language))


@dataclass(frozen=True, slots=True)
class CoverageView:
    """The coverage of the periods asked for, and the state of each agency in them."""

    question: Question

    def validator(self) -> Validator:
        selection, lasts = self.question.view()
        return _validator(selection, published.version(selection), Reference.current().version, "coverage", lasts)

    def render(self) -> Representation:
        question = self.question
        selection, lasts = question.view()
        limit = max(1, CELLS_PER_PAGE // max(1, len(question.reference.agency_codes)))
        page, standings = published.standings(selection, first=question.first or selection.start, limit=limit)
        following = question.next_address(selection, page)
        answer = formats.CoverageOfRange(
            meta=_meta(question, selection, page),
            coverage=formats.period_coverages(page, standings, question.reference.agency_codes),
            next=following,
        )
        return _json(
            _validator(selection, page.version, question.reference.version, "coverage", lasts), answer, following
        )


@dataclass(frozen=True, slots=True)
class WindowView:
    """A sliding window, as it lies now."""

    length: str
    indicator: Indicator
    countries: tuple[int, ...]
    #: Whether the countries were named, so that none of them may be withheld.
    is_named: bool
    reference: Reference

    def validator(self) -> Validator:
        version, end = published.window_version(self.indicator.number, self.length) or (0, None)
        return self._validator(version, end, Reference.current().version)

    def render(self) -> Representation:
        code, reference = self.indicator.code, self.reference
        notes = questions.notes(self.indicator, reference)
        window = published.window(self.indicator.number, self.length, reference, self.countries)
        if window is None:
            meta = formats.WindowMeta(
                indicator=code,
                window=self.length,
                start=None,
                end=None,
                version=None,
                known_at=None,
                rounding_base=None,
                notes=notes,
            )
            nothing = formats.SlidingWindow(meta, coverage=None, observations=[], withheld=[])
            return _json(self._validator(None, None, reference.version), nothing)
        if self.is_named:
            detail.refuse(window.withheld)
        page = window.page
        (coverage,) = formats.coverage(page.table)
        answer = formats.SlidingWindow(
            formats.WindowMeta(
                indicator=code,
                window=self.length,
                start=instants.write(window.start),
                end=instants.write(window.end),
                version=page.version,
                known_at=instants.write(page.known_at) if page.known_at else None,
                rounding_base=page.rounding_base,
                notes=notes,
            ),
            coverage,
            formats.observations(AnswerPage(code, page)),
            window.withheld,
        )
        return _json(self._validator(page.version, window.end, reference.version), answer)

    def _validator(self, version: int | None, end: datetime | None, reference: int) -> Validator:
        until = periods.epoch(end) if end else 0
        return Validator(f"{version or 0}.{reference}.{until}.window", caching.CURRENT)


class CombinedPublicView(PublicView):
    """A view of published cells in any of the formats. Files with names also depend on the reader's languages."""

    def respond_with(self, request: HttpRequest, ask: Callable[[], Question]) -> HttpResponseBase:
        preferred = negotiation.media_type(request)
        variant, vary, accepted = preferred, self.vary, ""
        if negotiation.WORDS.get(request.GET.get("format", ""), preferred) in named_formats.TYPES:
            accepted = languages.accepted(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
            variant, vary = f"{preferred} {accepted}", f"{vary}, Accept-Language"

        def read() -> CombinedView:
            question = ask()
            form = negotiation.data_format(question.given.get("format"), preferred)
            if form in named_formats.TYPES:
                return CombinedView(question, form, languages.named(question.given, accepted))
            if "language" in question.given:
                raise Problem("bad_parameter", detail=_NO_NAMES, parameter="language")
            return CombinedView(question, form)

        return caching.respond(request, variant, vary, read)


class AggregatesView(CombinedPublicView):
    """The combined view. Each published period has its coverage row, whether or not anybody reported."""

    @openapi_public.aggregates
    def get(self, request: HttpRequest) -> HttpResponseBase:
        optional = ("country", "network", "panel", "as_of", "format", "language", "cursor")
        return self.respond_with(request, lambda: questions.read(request, optional=optional))


class LiveView(CombinedPublicView):
    """Cells and coverage of the last hour, minute by minute, over all networks."""

    @openapi_public.live
    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.respond_with(request, lambda: questions.read_live(request))


class WindowsView(PublicView):
    """The numbers of the map: sums of published cells, up to the newest published hour or day."""

    @openapi_public.windows
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def read() -> WindowView:
            given = parameters.read(request, required=("indicator", "window"), optional=("country",))
            length = given["window"]
            if length not in published.WINDOWS:
                raise Problem("unknown_window", parameter="window", detail=list_values("window", published.WINDOWS))
            reference = Reference.current()
            indicator = query_params.indicator(given["indicator"], reference)
            is_named = given.get("country", questions.ALL) != questions.ALL
            return WindowView(length, indicator, questions.countries_or_all(given), is_named, reference)

        return self.respond(request, negotiation.json_only(request), read)


class CoverageOfPeriodsView(PublicView):
    """The coverage of each period, and the state of each agency that was expected in it."""

    @openapi_public.coverage
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def read() -> CoverageView:
            question = questions.read(request, optional=("as_of", "cursor"))
            # Coverage is about all countries and never withheld. `view()` would refuse the default, EUROPE.
            return CoverageView(replace(question, selection=replace(question.selection, countries=())))

        return self.respond(request, negotiation.json_only(request), read)
