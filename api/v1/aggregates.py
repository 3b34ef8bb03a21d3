"""The combined view: aggregates of a range of periods, live minutes, windows, coverage.

A view reads its question once. Its answer can look up cheaply on what it depends, and can write itself. ``api.caching``
decides when it does so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import caching, formats, negotiation, parameters
from api.caching import PublicView, Representation, Validator
from api.formats import Sheet
from api.negotiation import CSV, JSON
from api.problems import Problem
from api.throttling import costs
from api.v1 import openapi_public, query_params, questions
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
    # Minutes move with the clock, so the answer also depends on their end.
    end = f"{periods.epoch(selection.end)}." if selection.frequency == "N" else ""
    return Validator(f"{version or 0}.{reference}.{end}{form}", lasts)


def _json(validator: Validator, content: object, following: str | None = None) -> Representation:
    headers = {"Content-Type": JSON}
    if following:
        headers["Link"] = f'<{following}>; rel="next"'
    return Representation(validator, formats.encode(content), headers)


@dataclass(frozen=True, slots=True)
class CombinedView:
    """The published cells asked for, as JSON or CSV."""

    question: Question
    media_type: str

    def validator(self) -> Validator:
        selection, lasts = self.question.view()
        return self._validator(selection, published.version(selection), Reference.current().version, lasts)

    def render(self) -> Representation:
        selection, lasts = self.question.view()
        if selection.frequency == "N":
            limit = _MINUTES
        else:
            limit = max(1, CELLS_PER_PAGE // max(1, len(published.series(selection, self.question.reference))))
        sheet = self._sheet(selection, self.question.first or selection.start, limit)
        validator = self._validator(selection, sheet.page.version, self.question.reference.version, lasts)
        if self.media_type == CSV:
            return self._as_csv(validator, sheet, selection, limit)
        return self._as_json(validator, sheet, selection)

    def _validator(self, selection: Selection, version: int | None, reference: int, lasts: str) -> Validator:
        return _validator(selection, version, reference, "csv" if self.media_type == CSV else "json", lasts)

    def _sheet(self, selection: Selection, first: datetime, limit: int) -> Sheet:
        question = self.question
        if selection.panel is None:
            page, panel = published.read(selection, question.reference, first=first, limit=limit), None
        else:
            page, panel = published.panel(selection, question.reference, first=first, limit=limit)
        return Sheet(question.indicator.code, page, question.reference.inhabitants, panel, question.reference.invented)

    def _as_json(self, validator: Validator, sheet: Sheet, selection: Selection) -> Representation:
        meta = _meta(self.question, selection, sheet.page)
        if sheet.panel is not None:
            meta.panel = formats.panel_meta(sheet.panel, self.question.reference.agency_codes)
            meta.notes += [] if meta.panel.agencies else [_NO_PANEL]
        following = self.question.next_address(sheet.page.version, sheet.page.following)
        annotations = self.question.reference.annotations_of(
            selection.start,
            periods.end(selection.frequency, selection.end),
            indicator=self.question.indicator.code,
        )
        answer = formats.Aggregates(
            meta=meta,
            coverage=formats.coverage_for_json(sheet.page),
            annotations=formats.annotations(annotations),
            observations=formats.observations(sheet),
            withheld=published.withheld(selection, self.question.reference),
            next=following,
        )
        return _json(validator, answer, following)

    def _as_csv(self, validator: Validator, sheet: Sheet, selection: Selection, limit: int) -> Representation:
        page = sheet.page
        headers = {"Content-Type": f"{CSV}; charset=utf-8; header=present"}
        if page.version is not None and page.known_at is not None:
            headers |= {"Version": str(page.version), "Known-At": instants.write(page.known_at)}
            selection = replace(selection, version=page.version)
        if sheet.invented:
            headers["Invented"] = "true"
        if withheld := detail.sentences(published.withheld(selection, self.question.reference)):
            headers["Withheld"] = formats.withheld_header(withheld, "JSON")
        if sheet.panel is not None:
            headers["Panel"] = ",".join(formats.panel_meta(sheet.panel, self.question.reference.agency_codes).agencies)
        pieces = self._pieces(sheet, selection, limit)
        if page.following is None:
            return Representation(validator, b"".join(pieces), headers)
        cells = published.count_periods(selection) * len(page.table.series)
        return Representation(validator, costs.LongAnswer(pieces, cells), headers)

    def _pieces(self, sheet: Sheet, selection: Selection, limit: int) -> Iterator[bytes]:
        """The header and the rows, all at the version of the first page."""
        yield formats.csv_header(sheet) + formats.csv_rows(sheet)
        while sheet.page.following:
            sheet = self._sheet(selection, sheet.page.following, limit)
            yield formats.csv_rows(sheet)


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
        following = question.next_address(page.version, page.following)
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
            meta = formats.WindowMeta(code, self.length, None, None, None, None, None, notes)
            nothing = formats.SlidingWindow(meta, None, [], [])
            return _json(self._validator(None, None, reference.version), nothing)
        if self.is_named:
            detail.refuse(window.withheld)
        page = window.page
        start, end = map(instants.write, (window.start, window.end))
        known_at = instants.write(page.known_at) if page.known_at else None
        (coverage,) = formats.coverage(page.table)
        answer = formats.SlidingWindow(
            formats.WindowMeta(code, self.length, start, end, page.version, known_at, page.rounding_base, notes),
            coverage,
            formats.observations(Sheet(code, page, reference.inhabitants)),
            window.withheld,
        )
        return _json(self._validator(page.version, window.end, reference.version), answer)

    def _validator(self, version: int | None, end: datetime | None, reference: int) -> Validator:
        until = periods.epoch(end) if end else 0
        return Validator(f"{version or 0}.{reference}.{until}.window", caching.CURRENT)


class AggregatesView(PublicView):
    """The combined view. Each published period has its coverage row, whether or not anybody reported."""

    @openapi_public.aggregates
    def get(self, request: HttpRequest) -> HttpResponseBase:
        preferred = negotiation.media_type(request)

        def read() -> CombinedView:
            question = questions.read(request, optional=("country", "network", "panel", "as_of", "format", "cursor"))
            return CombinedView(question, negotiation.data_format(question.given.get("format"), preferred))

        return self.respond(request, preferred, read)


class LiveView(PublicView):
    """Cells and coverage of the last hour, minute by minute, over all networks."""

    @openapi_public.live
    def get(self, request: HttpRequest) -> HttpResponseBase:
        preferred = negotiation.media_type(request)

        def read() -> CombinedView:
            question = questions.read_live(request)
            return CombinedView(question, negotiation.data_format(question.given.get("format"), preferred))

        return self.respond(request, preferred, read)


class WindowsView(PublicView):
    """The numbers of the map: sums of published cells, up to the newest published hour or day."""

    @openapi_public.windows
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def read() -> WindowView:
            given = parameters.read(request, required=("indicator", "window"), optional=("country",))
            length = given["window"]
            if length not in published.WINDOWS:
                raise Problem(
                    "unknown_window", parameter="window", detail=f"Use one of {', '.join(published.WINDOWS)}."
                )
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
