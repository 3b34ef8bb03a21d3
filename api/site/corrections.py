"""The corrections of a place: what changed after its first publication, in words and numbers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext_lazy

from api.formats import corrections as correction_documents
from api.site import pages, readings
from api.throttling import costs
from countries.reference import Indicator, Reference
from federation import published
from federation.errors import AsOfInFutureError, DetailNotPublishedError
from federation.published import Selection, corrections
from federation.published.corrections import Correction, Position
from federation.published.vintages import ALWAYS
from federation.rules.coverage import NOT_KNOWN
from federation.rules.view import ALL_NETWORKS
from p2p_core import codes, instants, periods

#: Instead of a country: all countries and groups, as in the API.
EVERYWHERE: Final = "all"
_ROWS: Final = 50

_COMPLETED = gettext_lazy("A provisional number was completed.")
_CORRECTED = gettext_lazy("A complete number was corrected.")
_CHANGED = gettext_lazy("A provisional number changed.")
_REOPENED = gettext_lazy("A complete number became provisional again.")
_WITHDRAWN = gettext_lazy("All reports were withdrawn, so the number is not known any more.")
_AGAIN = gettext_lazy("The number is known again.")
_NO_DAY = gettext_lazy("This is not a day, so the list has all corrections. Write a day like this: 2026-12-31.")
_FUTURE = gettext_lazy("This day is in the future, so the list has all corrections. Choose today or an earlier day.")
_KINDS: Final = {("A", "A"): _CORRECTED, ("A", "P"): _REOPENED, ("P", "A"): _COMPLETED, ("P", "P"): _CHANGED}


@dataclass(frozen=True, slots=True)
class Since:
    """The day with which the list begins. If it cannot be used, ``error`` says why, and the list has all corrections.

    ``version`` is the one after which corrections are listed.
    """

    day: datetime | None = None
    version: int = 0
    error: Any = ""

    @property
    def usable_day(self) -> datetime | None:
        return None if self.error else self.day


@dataclass(frozen=True, slots=True)
class Choice:
    """What an address asks for: the place (``all``, or a code), the step, the first day, and where the list goes on."""

    indicator: Indicator
    country: str
    frequency: str
    since: Since
    older_than: Position | None

    @property
    def selection(self) -> Selection:
        is_everywhere, places = self.country == EVERYWHERE, codes.COUNTRIES | codes.GROUPS
        countries = tuple(places.values()) if is_everywhere else (places[self.country],)
        return Selection(self.indicator.number, self.frequency, *ALWAYS, countries, (ALL_NETWORKS,), open=is_everywhere)


@dataclass(frozen=True, slots=True)
class Row:
    """A correction as the page shows it. ``notes`` are the annotations about its period."""

    correction: Correction
    place: str
    kind: str
    notes: list[str]


def parse(indicator: Indicator, given: QueryDict) -> Choice:
    """Read an address. What cannot be used is ignored. A day that cannot be used is explained too."""
    asked = given.get("country", "")
    country = EVERYWHERE if asked == EVERYWHERE else readings.code_of(asked) or readings.EUROPE
    frequency = pages.choice_of(given, "frequency", periods.LASTING, "D")
    since = _since(frequency, given.get("since", "").strip())
    return Choice(indicator, country, frequency, since, _position(frequency, given.get("older", "")))


def _since(frequency: str, text: str) -> Since:
    if not text:
        return Since()
    try:
        day = periods.parse("D", text)
    except periods.PeriodError:
        return Since(error=_NO_DAY)
    try:
        return Since(day, published.past_view(frequency, day).version)
    except AsOfInFutureError:
        return Since(day, error=_FUTURE)


def _position(frequency: str, text: str) -> Position | None:
    """A position in the list, written as a version and the name of a period."""
    version, _, label = text.partition("_")
    if not (version.isascii() and version.isdigit() and len(version) < 19):
        return None
    try:
        return Position(int(version), periods.parse(frequency, label))
    except periods.PeriodError:
        return None


def mark(choice: Choice) -> str:
    """A text that changes whenever the page does: when there is a newer correction, or when a future day has come."""
    newest, since = corrections.newest(choice.selection), choice.since
    return f"{newest.version}.{since.version}.{since.error}"


def read(choice: Choice) -> dict[str, Any]:
    """The context of the page."""
    reference, selection = Reference.current(), choice.selection
    context = {
        "indicator": choice.indicator,
        "indicators": pages.indicators().values(),
        "choice": {"indicator": choice.indicator.code, "country": choice.country, "frequency": choice.frequency},
        "steps": periods.LASTING,
        "groups": readings.GROUPS,
        "countries": sorted(codes.COUNTRIES.keys() - {codes.UNKNOWN}, key=readings.sort_key),
        "everywhere": choice.country == EVERYWHERE,
        "since": choice.since,
        "api": _api(choice),
        "most": correction_documents.MAX_LIMIT,
    }
    try:
        published.check(selection, reference)
    except DetailNotPublishedError:
        steps = readings.steps_of(published.withheld(selection, reference))
        return context | {"step": steps[choice.country]}
    costs.charge(corrections.MAX_CELLS)
    newest = corrections.newest(selection)
    selection = replace(selection, version=newest.version)
    found = corrections.read(
        selection, reference, older_than=choice.older_than, since_version=choice.since.version, limit=_ROWS
    )
    context |= {"rows": list(_rows(choice, found.rows, reference)), "is_older": choice.older_than is not None}
    if found.following:
        position = found.following
        context["older"] = f"{position.version}_{periods.label(choice.frequency, position.period)}"
    return context


def _rows(choice: Choice, found: list[Correction], reference: Reference) -> Iterator[Row]:
    for one in found:
        end = periods.end(choice.frequency, one.period)
        annotations = reference.annotations_of(one.period, end, indicator=choice.indicator.code)
        place = readings.name_of(one.series.codes[0])
        # Interventions change what people do. They correct nothing.
        notes = [annotation.text for annotation in annotations if annotation.intervention is None]
        yield Row(one, place, str(_kind(one)), notes)


def _kind(one: Correction) -> Any:
    before, after = one.coverage_before.status, one.coverage_after.status
    if after == NOT_KNOWN:
        return _WITHDRAWN
    if before == NOT_KNOWN:
        return _AGAIN
    return _KINDS[before, after]


def _api(choice: Choice) -> str:
    """The address at which the API has the same list."""
    place = {} if choice.country == EVERYWHERE else {"country": choice.country}
    since = {"since": instants.write(choice.since.usable_day)} if choice.since.usable_day else {}
    asked = {"indicator": choice.indicator.code, "frequency": choice.frequency, **place, **since}
    return f"/api/v1/corrections/?{urlencode(asked | {'limit': correction_documents.MAX_LIMIT}, safe=':')}"
