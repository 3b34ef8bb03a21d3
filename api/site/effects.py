"""The pages of registered interventions: which there are, and what became of one of them."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from api.site import citations, country_view, effect_charts, effect_words, pages, readings
from api.site.country_view import PastViews
from api.site.templatetags import cldr
from api.site.trends import AnnotationText
from api.throttling import costs
from countries.reference import Intervention, Reference
from federation.published import effects as published_effects
from federation.published.effects import Effect
from federation.rules.effect import PLACEBO_WEEKS, WEEKS_TOGETHER
from federation.rules.effect_result import Evidence, Interval, Word
from p2p_core import codes, instants

#: Reading an intervention costs about as much as reading so many observations.
_VALUES: Final = 100


@dataclass(frozen=True, slots=True)
class View:
    """What an address asks for: the interventions now, or at an earlier time.

    ``misread``: a time in the address was not understood, so it was ignored.
    """

    reference: Reference
    as_of: datetime | None
    misread: bool

    @property
    def query(self) -> str:
        return f"?{_query(self.as_of)}" if self.as_of else ""

    def mark(self) -> str:
        """A text that changes whenever the pages do."""
        found = published_effects.effects(self.reference, as_of=self.as_of)
        return f"{published_effects.state(found)} {self.as_of} {self.misread}"

    def effects(self) -> list[Effect]:
        costs.charge(_VALUES * len(self.reference.interventions))
        return published_effects.effects(self.reference, as_of=self.as_of)


class Listed(NamedTuple):
    """An intervention in a list."""

    effect: Effect
    word: str
    indicator: str
    answer: str
    so_far: str


class FanRow(NamedTuple):
    """A row of the table of the fan: the day after the weeks that it adds up, and the changes until then."""

    day: date
    treated: float
    low: float
    middle: float
    high: float


class CourseRow(NamedTuple):
    week: int
    day: date
    change: float
    words: str


def read(given: Mapping[str, str], past_views: PastViews) -> View:
    text = given.get("as_of", "")
    found = country_view.past_view(text, past_views) if text else None
    misread = country_view.names_time(given, ignore="as_of" if found else "")
    # If one of the times cannot be used, all are ignored, as on the page of a country.
    return View(Reference.current(), found[0] if found and not misread else None, misread)


def overview(view: View) -> dict[str, Any]:
    """The context of the list."""
    return {
        "view": view,
        "listed": [_listed(one) for one in view.effects()],
        "draws": published_effects.draws(view.reference, as_of=view.as_of),
        "words": [(effect_words.WORDS[word], effect_words.MEANINGS[word]) for word in Word],
    }


def _listed(effect: Effect) -> Listed:
    indicators = pages.indicators()
    code = effect.intervention.indicator
    return Listed(
        effect,
        str(effect_words.WORDS[effect.word]),
        indicators[code].name if code in indicators else code,
        effect_words.answer(effect),
        effect_words.so_far(effect),
    )


def is_registered(view: View, id: str) -> bool:  # noqa: A002  as the address calls it
    """Whether an intervention is registered now, even if it was not yet at the time of the view."""
    return any(str(one.id) == id for one in view.reference.interventions)


def detail(view: View, id: str, host: str) -> dict[str, Any]:  # noqa: A002  as the address calls it
    """The context of one intervention. It has no effect if it was registered after the time of the view."""
    effects = view.effects()
    intervention = next(one for one in view.reference.interventions if str(one.id) == id)
    effect = next((one for one in effects if one.intervention == intervention), None)
    if effect is None:
        return {"view": view, "intervention": intervention, "effect": None}
    evidence = published_effects.evidence(effect)
    draws = published_effects.draws(view.reference, as_of=view.as_of)
    return {
        "view": view,
        "intervention": intervention,
        "effect": effect,
        "listed": _listed(effect),
        "draw": next((one for one in draws if one.id == intervention.draw), None),
        "last": _last_day(intervention),
        "agencies": _agency_names(view.reference, effect.result.agencies if effect.result else []),
        "placebo_weeks": PLACEBO_WEEKS,
        "annotations": _annotations(view.reference, intervention),
        "overlapping": _overlapping(effects, effect, evidence),
        "data": _addresses(intervention, view),
        "citation": _citation(view, effect, host),
    } | _measured(intervention, evidence)


def _measured(intervention: Intervention, evidence: Evidence) -> dict[str, Any]:
    """The units, and both charts with their tables. Empty if there is no interval."""
    if not evidence.units:
        return {}
    treated, *others = evidence.units
    return {
        "treated": treated,
        # The most unusual change first.
        "others": sorted(others, key=lambda unit: -unit.size),
        "summed": WEEKS_TOGETHER,
        "fan": effect_charts.fan(evidence.lines, intervention.weeks_before, intervention.start),
        "fan_rows": _fan_rows(intervention, evidence.lines),
        "course": effect_charts.course(evidence.over_time, intervention.weeks_after, intervention.start),
        "course_rows": _course_rows(intervention, evidence.over_time),
    }


def _addresses(intervention: Intervention, view: View) -> dict[str, str]:
    """The addresses at which the API has the same estimate, by format."""
    return {form: f"/api/v1/effects/{intervention.id}/?{_query(view.as_of, format=form)}" for form in ("json", "csv")}


def _query(as_of: datetime | None, **given: str) -> str:
    return urlencode(given | ({"as_of": instants.write(as_of)} if as_of else {}), safe=":")


def _agency_names(reference: Reference, agencies: Sequence[str]) -> list[str]:
    known = reference.agencies_by_code
    return [known[code].name if code in known else code for code in agencies]


def _last_day(intervention: Intervention) -> date:
    """The last day of the last week after the start."""
    return intervention.end.date() - timedelta(days=1)


def _fan_rows(intervention: Intervention, lines: Sequence[Sequence[float]]) -> list[FanRow]:
    first = intervention.first.date()
    treated, *others = lines
    return [
        FanRow(first + timedelta(weeks=at + WEEKS_TOGETHER), value, min(column), statistics.median(column), max(column))
        for at, (value, *column) in enumerate(zip(treated, *others, strict=True))
    ][::-1]


def _course_rows(intervention: Intervention, over_time: Sequence[Interval]) -> list[CourseRow]:
    def row(week: int, one: Interval) -> CourseRow:
        return CourseRow(week, intervention.start + timedelta(weeks=week, days=-1), one.change, effect_words.short(one))

    return [row(week, one) for week, one in enumerate(over_time, start=1)][::-1]


def _annotations(reference: Reference, intervention: Intervention) -> list[AnnotationText]:
    """What is known about the time before and after the start, without interventions, which are listed beside it."""
    found = reference.annotations_of(intervention.first, intervention.end, indicator=intervention.indicator)
    known = reference.agencies_by_code
    return [
        AnnotationText(one, known[one.agency].name if one.agency in known else "")
        for one in found
        if one.intervention is None
    ]


def _overlapping(effects: Sequence[Effect], effect: Effect, evidence: Evidence) -> list[Effect]:
    """Other interventions about the same indicator that run in these countries within the same weeks."""
    intervention = effect.intervention
    places = {*intervention.countries, *_compared(intervention, evidence)}
    return [
        one
        for one in effects
        if intervention.is_disturbed_by(one.intervention) and not places.isdisjoint(one.intervention.countries)
    ]


def _compared(intervention: Intervention, evidence: Evidence) -> Iterator[str]:
    """The comparison countries of the estimate, or those that were registered if there is none."""
    if evidence.units:
        yield from (unit.country for unit in evidence.units[1:])
    else:
        yield from intervention.comparison or codes.COUNTRIES.keys() - {*intervention.countries}


def _citation(view: View, effect: Effect, host: str) -> citations.Citation | None:
    """A citation of the estimate with the address that always shows it. None without an estimate."""
    if effect.known_at is None:
        return None
    intervention, shown = effect.intervention, view.as_of or effect.known_at
    page = f"{reverse('site:effect', args=[intervention.id])}?{_query(shown)}"
    return citations.Citation(
        key=f"police2peer-effect-{intervention.id}",
        indicator=intervention.title,
        places=[readings.name_of(code) for code in intervention.countries],
        period=cldr.interval(cldr.day(intervention.start), cldr.day(_last_day(intervention))),
        known_at=shown,
        version=effect.version,
        url=host + page,
        invented=view.reference.invented,
        is_late=effect.is_late,
    )
