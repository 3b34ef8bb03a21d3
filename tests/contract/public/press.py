"""Publishes as publications do, one version each, without anything that would have to be reported first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Max

from federation.models.published import (
    PeriodVersion,
    PublishedCell,
    PublishedCoverage,
    PublishedPanel,
    PublishedPanelPeriod,
    PublishedSeries,
    Version,
)
from p2p_core import codes, periods

COUNTRIES = codes.COUNTRIES | codes.GROUPS
NETWORKS = codes.NETWORKS | {"_T": 0}


def z(moment: datetime) -> str:
    """Write an instant as the API does."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Covered:
    """Who was expected, and where they stood."""

    expected: int = 2
    reporting: int = 2
    covered: int = 172_800
    owed: int = 172_800
    status: str = "A"
    states: Mapping[int, str] = field(default_factory=lambda: {1: "reported", 2: "reported"})
    is_break: bool = False
    counted_from: datetime | None = None
    #: For whom a period waits that is not public yet, and until when.
    awaited: Sequence[int] = ()
    until: datetime | None = None

    def with_break(self, is_break: bool) -> "Covered":
        return replace(self, is_break=is_break)

    def columns(self) -> dict[str, object]:
        return {
            "agencies_expected": self.expected,
            "agencies_reporting": self.reporting,
            "share": self.covered * 10_000 // self.owed if self.owed else -1,
            "status": self.status,
            "agencies": list(self.states),
            "states": list(self.states.values()),
            "covered": [{"reported": 3600, "partial": 2400}.get(state, 0) for state in self.states.values()],
            "owed": [3600] * len(self.states),
            "agencies_awaited": len(self.awaited),
            "awaited_until": self.until,
            "awaited": [agency in self.awaited for agency in self.states] if self.awaited else [],
        }


ALL_REPORTED = Covered()
#: The second agency is awaited until the evening.
WAITING = Covered(
    reporting=1,
    covered=86_400,
    status="O",
    states={1: "reported", 2: "awaited"},
    awaited=(2,),
    until=datetime(2026, 11, 4, 21, tzinfo=UTC),
)
#: The second agency has missed its deadline.
LATE = Covered(reporting=1, covered=86_400, status="P", states={1: "reported", 2: "late"})
NOBODY = Covered(reporting=0, covered=0, status="P", states={1: "late", 2: "late"})


class Press:
    """A press for one indicator. Its first version became public two hours ago, each further one a minute later."""

    def __init__(self, indicator: int = 1) -> None:
        self.indicator = indicator
        self.began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)

    def known_at(self, version: int) -> datetime:
        return self.began + timedelta(minutes=version, milliseconds=482)

    def publish(self, frequency: str, view: Mapping[str, Mapping[str, int]], covered: Covered = ALL_REPORTED) -> int:
        """Make this the public view of the periods named: cells by ``NO`` or ``NO/BITTORRENT``."""
        number = self._next_version()
        by_period = {periods.parse(frequency, label): cells for label, cells in view.items()}
        key = {"indicator_id": self.indicator, "frequency": frequency}
        known = PublishedCoverage.objects.filter(**key, period__in=by_period, agencies_reporting__gt=0)
        corrected = set(known.exclude(status="O").values_list("period", flat=True))
        self._replace_cells(frequency, by_period, number)
        self._replace_coverage(frequency, by_period, covered, number)
        PeriodVersion.objects.bulk_create(
            PeriodVersion(**key, period=period, version=number, is_correction=period in corrected)
            for period in by_period
        )
        return number

    def compare(
        self,
        months: int,
        frequency: str,
        span: tuple[str, str],
        agencies: Sequence[int],
        view: Mapping[str, Mapping[str, int]],
        status: str = "A",
    ) -> int:
        """Make this the public panel, from one month until another, both included: cells by country."""
        number = self._next_version()
        key = {"indicator_id": self.indicator, "months": months, "frequency": frequency}
        start, end = (periods.parse("M", month) for month in span)
        facts = {"start": start, "end": periods.end("M", end), "agencies": list(agencies)}
        self._replace_rows(PublishedPanel, key, {(): facts}, number)
        cells = {
            (periods.parse(frequency, label),): {
                "status": status,
                "countries": [COUNTRIES[code] for code, value in row.items() if value],
                "values": [value for value in row.values() if value],
            }
            for label, row in view.items()
        }
        self._replace_rows(PublishedPanelPeriod, key, cells, number)
        return number

    @staticmethod
    def _replace_rows(model: Any, key: Mapping[str, Any], rows: Mapping[tuple[Any, ...], Any], number: int) -> None:
        wanted = dict(rows)
        for old in model.objects.filter(**key, version_to=None):
            place = (old.period,) if model is PublishedPanelPeriod else ()
            facts = wanted.get(place, {})
            if facts and all(getattr(old, name) == value for name, value in facts.items()):
                del wanted[place]
            else:
                model.objects.filter(pk=old.pk).update(version_to=number)
        for place, facts in wanted.items():
            model.objects.create(**key, **facts, **dict(zip(("period",), place, strict=False)), version_from=number)

    def _next_version(self) -> int:
        number: int = Version.objects.aggregate(last=Max("number", default=0))["last"] + 1
        Version.objects.bulk_create([Version(number=number, known_at=self.known_at(number))])
        return number

    def _replace_cells(self, frequency: str, view: Mapping[datetime, Mapping[str, int]], number: int) -> None:
        key = {"indicator_id": self.indicator, "frequency": frequency}
        wanted = {
            (period, *self._numbers(name)): value
            for period, cells in view.items()
            for name, value in cells.items()
            if value
        }
        closed = []
        for old in PublishedCell.objects.filter(**key, period__in=view, version_to=None):
            place = (old.period, old.country, old.network)
            if wanted.get(place) == old.value:
                del wanted[place]
            else:
                closed.append(old.pk)
        if closed:
            PublishedCell.objects.filter(pk__in=closed).update(version_to=number)
        PublishedCell.objects.bulk_create(
            PublishedCell(**key, period=period, country=country, network=network, value=value, version_from=number)
            for (period, country, network), value in wanted.items()
        )
        PublishedSeries.objects.bulk_create(
            [
                PublishedSeries(**key, country=country, network=network, first_version=number)
                for country, network in dict.fromkeys(place[1:] for place in wanted)
            ],
            ignore_conflicts=True,
        )

    def _replace_coverage(self, frequency: str, some: Iterable[datetime], covered: Covered, number: int) -> None:
        key = {"indicator_id": self.indicator, "frequency": frequency}
        columns = covered.columns() | {"is_break": covered.is_break, "counted_from": covered.counted_from}
        current = PublishedCoverage.objects.filter(**key, period__in=some, version_to=None)
        same = set(current.filter(**columns).values_list("period", flat=True))
        current.exclude(period__in=same).update(version_to=number)
        PublishedCoverage.objects.bulk_create(
            PublishedCoverage(**key, period=period, **columns, version_from=number)
            for period in some
            if period not in same
        )

    @staticmethod
    def _numbers(name: str) -> tuple[int, int]:
        country, _, network = name.partition("/")
        return COUNTRIES[country], NETWORKS[network or "_T"]
