"""The pages of registered interventions: which there are, and what became of one of them."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from api.site import citations, country_view, effect_charts, effect_words, pages, readings
from api.site.country_view import PastViews
from api.site.effect_charts import SUMMED, Course, Fan
from api.site.templatetags import cldr
from api.site.trends import AnnotationText
from api.throttling import costs
from countries.reference import Draw, Intervention, Reference
from federation.published import effects as published_effects
from federation.published.effects import Effect
from federation.rules.effect import PLACEBO_WEEKS
from federation.rules.effect_result import Interval, UnitResult, Word
from p2p_core import codes, instants

#: An estimate has about so many numbers: thirty countries times as many weeks as both windows have.
_VALUES: Final = 2_500


@dataclass(frozen=True, slots=True)
class View:
    """What an address asks for: the interventions now, or at an earlier time.

    ``misread``: a time in the address was not understood, so it was ignored.
    """

    reference: Reference
    effects: list[Effect]
    as_of: datetime | None
    settled: bool
    misread: bool

    @property
    def query(self) -> str:
        return f"?{_query(self.as_of)}" if self.as_of else ""

    def mark(self) -> str:
        """A text that changes whenever the pages do."""
        rows = [(one.intervention.id, one.word, one.version, one.position, one.is_late) for one in self.effects]
        return blake2b(repr((rows, self.as_of, self.misread)).encode(), digest_size=12).hexdigest()


class Listed(NamedTuple):
    """An intervention in a list."""

    effect: Effect
    name: str
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
    as_of = found[0] if found else None
    misread = country_view.names_time(given, ignore="as_of" if found else "")
    reference = Reference.current()
    # If one of the times cannot be used, all are ignored, as on the page of a country.
    as_of = None if misread else as_of
    costs.charge(_VALUES * len(reference.interventions))
    listed = published_effects.effects(reference, as_of=as_of)
    return View(reference, listed, as_of, bool(found and found[1].settled), misread)


def overview(view: View) -> dict[str, Any]:
    """The context of the list."""
    return {
        "view": view,
        "listed": [_listed(one) for one in view.effects],
        "draws": [_as_known(one, view.as_of) for one in _draws(view)],
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


def _draws(view: View) -> list[Draw]:
    return [one for one in view.reference.draws if view.as_of is None or one.announced <= view.as_of]


def _as_known(draw: Draw, as_of: datetime | None) -> dict[str, Any]:
    """A draw and its order. A past view has no order that was drawn later."""
    is_drawn = draw.drawn is not None and (as_of is None or draw.drawn <= as_of)
    return {"row": draw, "order": draw.order if is_drawn else []}


def is_registered(view: View, id: str) -> bool:  # noqa: A002  as the address calls it
    """Whether an intervention is registered now, even if it was not yet at the time of the view."""
    return any(str(one.id) == id for one in view.reference.interventions)


def detail(view: View, id: str, host: str) -> dict[str, Any]:  # noqa: A002  as the address calls it
    """The context of one intervention. It has no effect if it was registered after the time of the view."""
    effect = next((one for one in view.effects if str(one.intervention.id) == id), None)
    if effect is None:
        plan = next(one for one in view.reference.interventions if str(one.id) == id)
        return {"view": view, "plan": plan, "effect": None}
    plan, result = effect.intervention, effect.result
    indicator = pages.indicators().get(plan.indicator)
    draw = next((one for one in _draws(view) if one.id == plan.draw), None)
    units = result.units if result else []
    drawn = result is not None and bool(result.lines and result.over_time)
    return {
        "view": view,
        "plan": plan,
        "effect": effect,
        "indicator": indicator,
        "listed": _listed(effect),
        "draw": _as_known(draw, view.as_of) if draw else None,
        "last": _last_day(plan),
        "treated": units[0] if units else None,
        "others": _by_size(units[1:]),
        "units": len(units),
        "agencies": _agency_names(view.reference, result.agencies if result else []),
        "excluded": result.excluded if result else [],
        "placebo_weeks": PLACEBO_WEEKS,
        "summed": SUMMED,
        "fan": _fan(effect) if drawn else None,
        "fan_rows": _fan_rows(effect) if drawn else [],
        "course": _course(effect) if drawn else None,
        "course_rows": _course_rows(effect) if drawn else [],
        "annotations": _annotations(view.reference, plan),
        "neighbours": _neighbours(view, effect),
        "data": _addresses(plan, view),
        "citation": _citation(view, effect, host),
    }


def _addresses(plan: Intervention, view: View) -> dict[str, str]:
    """The addresses at which the API has the same estimate, by format."""
    return {form: f"/api/v1/effects/{plan.id}/?{_query(view.as_of, format=form)}" for form in ("json", "csv")}


def _query(as_of: datetime | None, **given: str) -> str:
    return urlencode(given | ({"as_of": instants.write(as_of)} if as_of else {}), safe=":")


def _by_size(units: Sequence[UnitResult]) -> list[UnitResult]:
    """The comparison countries, those first whose change is most unusual."""
    return sorted(units, key=lambda unit: -unit.size)


def _agency_names(reference: Reference, agencies: Sequence[str]) -> list[str]:
    known = reference.agencies_by_code
    return [known[code].name if code in known else code for code in agencies]


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _last_day(plan: Intervention) -> date:
    """The last day of the last week after the start."""
    return plan.start + timedelta(weeks=plan.weeks_after, days=-1)


def _windows(plan: Intervention) -> tuple[date, date]:
    """The first day of the weeks before the start, and the day after the weeks after it."""
    return plan.start - timedelta(weeks=plan.weeks_before), plan.start + timedelta(weeks=plan.weeks_after)


def _fan(effect: Effect) -> Fan:
    assert effect.result is not None  # noqa: S101  only called with a result
    return effect_charts.fan(effect.result, effect.intervention.weeks_before, effect.intervention.start)


def _fan_rows(effect: Effect) -> list[FanRow]:
    assert effect.result is not None  # noqa: S101  only called with a result
    first, _ = _windows(effect.intervention)
    treated, *others = effect.result.lines
    return [
        FanRow(first + timedelta(weeks=at + SUMMED), value, min(column), statistics.median(column), max(column))
        for at, (value, *column) in enumerate(zip(treated, *others, strict=True))
    ][::-1]


def _course(effect: Effect) -> Course:
    assert effect.result is not None  # noqa: S101  only called with a result
    plan = effect.intervention
    return effect_charts.course(effect.result.over_time, plan.weeks_after, plan.start)


def _course_rows(effect: Effect) -> list[CourseRow]:
    assert effect.result is not None  # noqa: S101  only called with a result
    start = effect.intervention.start

    def row(week: int, one: Interval) -> CourseRow:
        return CourseRow(week, start + timedelta(weeks=week, days=-1), one.change, effect_words.short(one))

    return [row(week, one) for week, one in enumerate(effect.result.over_time, start=1)][::-1]


def _annotations(reference: Reference, plan: Intervention) -> list[AnnotationText]:
    """What is known about the time before and after the start, without interventions, which are listed beside it."""
    first, after = _windows(plan)
    found = reference.annotations_of(_instant(first), _instant(after), indicator=plan.indicator)
    known = reference.agencies_by_code
    return [
        AnnotationText(one, known[one.agency].name if one.agency in known else "")
        for one in found
        if one.intervention is None
    ]


def _neighbours(view: View, effect: Effect) -> list[Effect]:
    """Other interventions about the same indicator that run in these countries within the same weeks."""
    plan = effect.intervention
    first, after = _windows(plan)
    places = {*plan.countries, *_compared(effect)}

    def is_near(other: Intervention) -> bool:
        ends = other.start + timedelta(weeks=other.weeks_after)
        same = other.indicator == plan.indicator and other.id != plan.id
        return same and other.start < after and ends > first and not places.isdisjoint(other.countries)

    return [one for one in view.effects if is_near(one.intervention)]


def _compared(effect: Effect) -> Iterator[str]:
    """The comparison countries of the estimate, or those that were registered if there is none."""
    if effect.result and effect.result.units:
        yield from (unit.country for unit in effect.result.units[1:])
    else:
        yield from effect.intervention.comparison or codes.COUNTRIES.keys() - {*effect.intervention.countries}


def _citation(view: View, effect: Effect, host: str) -> citations.Citation | None:
    """A citation of the estimate with the address that always shows it. None without an estimate."""
    if effect.known_at is None:
        return None
    plan, shown = effect.intervention, view.as_of or effect.known_at
    page = f"{reverse('site:effect', args=[plan.id])}?{_query(shown)}"
    return citations.Citation(
        key=f"police2peer-effect-{plan.id}",
        indicator=plan.title,
        places=[readings.name_of(code) for code in plan.countries],
        period=cldr.interval(cldr.day(plan.start), cldr.day(_last_day(plan))),
        known_at=shown,
        version=effect.version,
        url=host + page,
        invented=view.reference.invented,
    )
