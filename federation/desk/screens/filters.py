"""Filters and pages of the lists of the desk."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from countries.models import Agency, Indicator
from federation.database import clock
from federation.models.findings import Decision, FindingState
from p2p_core.periods import NOUNS, Frequency, PeriodError, parse
from p2p_core.rules.rulebook import RULES, Severity

Choices = list[tuple[str, str]]
_AGES = {"1": "in the last day", "7": "in the last week", "30": "in the last 30 days", "older": "more than 30 days ago"}
_OLD = timedelta(days=30)
#: The form of an id that a row can have.
_ID = re.compile(r"[0-9]{1,18}")
#: The kinds of items that audit events are about. The names of their actions begin with them.
_SUBJECTS = (
    "finding", "report", "submission", "agency", "schedule", "threshold", "setup", "credential", "annotation",
    "signingkey", "agencyaccount", "user", "indicator", "indicatortranslation", "population", "detail", "helpservice",
    "intervention", "draw", "webhook",
)  # fmt: skip


#: The number of rows that the pages show. To count millions of rows would take longer than to read a page of them.
REACH = 10_000


class NewestPages(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Pages with the first rows of a list that grows for ever. Filters and the search find the other rows."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:REACH].count())


class _Filter(SimpleListFilter):
    #: The path from a row to the value.
    path = ""
    offered: Choices = []

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return self.offered

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return queryset.filter(**{self.path: self.value()}) if self.value() else queryset


class OfAgency(_Filter):
    title, parameter_name, path = "agency", "agency", "agency__code"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [(code, code) for code in Agency.objects.order_by("code").values_list("code", flat=True)]


class OfIndicator(_Filter):
    title, parameter_name, path = "indicator", "indicator", "indicator__code"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [(code, code) for code in Indicator.objects.order_by("number").values_list("code", flat=True)]


class OfFrequency(_Filter):
    title, parameter_name, path = "frequency", "frequency", "frequency"
    offered = [(frequency.value, NOUNS[frequency]) for frequency in Frequency]


class OfRule(_Filter):
    title, parameter_name, path = "rule", "rule", "rule"
    offered = [(rule.id, f"{rule.id} {rule.name}") for rule in RULES.values()]


class OfMedia(_Filter):
    """By media type. The types are listed here, because reading them from the table would read all of it."""

    title, parameter_name, path = "media", "media", "media"
    offered = [("json", "json"), ("csv", "csv")]


class OfSigning(_Filter):
    title, parameter_name, path = "signed", "signed", "signature__isnull"
    offered = [("False", "signed"), ("True", "not signed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return queryset.filter(signature__isnull=self.value() == "True") if self.value() else queryset


class OfSubject(_Filter):
    """By the kind of item. The kinds are listed here, because reading them from the table would read all of it."""

    title, parameter_name, path = "about", "about", "action__startswith"
    offered = [(f"{kind}.", kind) for kind in _SUBJECTS]


class OfReportAgency(OfAgency):
    path = "report__agency__code"


class OfReportIndicator(OfIndicator):
    path = "report__indicator__code"


class OfReportFrequency(OfFrequency):
    path = "report__frequency"


class OfSeverity(_Filter):
    title, parameter_name = "severity", "severity"
    offered = [(severity.value, severity.value) for severity in reversed(Severity)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        if not self.value():
            return queryset
        return queryset.filter(rule__in=[rule.id for rule in RULES.values() if rule.severity == self.value()])


class _WaitingFirst(SimpleListFilter):
    """Shows only the rows that wait, unless the user chooses more, because the list shows what is left to do."""

    waiting = ""
    others: Choices = []

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [*self.others, ("all", "all")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": self.waiting}
        yield from others


class OfState(_WaitingFirst):
    """By the state of a finding."""

    title, parameter_name, waiting = "state", "state", "not resolved"
    others = [(str(value), str(label)) for value, label in FindingState.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value()) if self.value() else queryset.filter(resolved=None)


class OfDecision(_WaitingFirst):
    """By the decision on a held report."""

    title, parameter_name, waiting = "decision", "decision", "waits for a decision"
    others = [(str(value), str(label)) for value, label in Decision.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return queryset if self.value() == "all" else queryset.filter(decision=self.value() or "")


class OfAge(_Filter):
    """By the age of a finding."""

    title, parameter_name = "opened", "opened"
    offered = list(_AGES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        value, now = self.value(), clock.now()
        if value == "older":
            return queryset.filter(opened__lt=now - _OLD)
        return queryset.filter(opened__gte=now - timedelta(days=int(value))) if value in _AGES else queryset


class _OfAddress(SimpleListFilter):
    """Shown only while the address of the list has it, as in links on other pages."""

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [(value, value)] if (value := self.value()) else []


class OfDay(_OfAddress):
    """By the day on which the period of the held report begins."""

    title, parameter_name = "day", "day"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        try:
            day = parse(Frequency.DAY, self.value() or "")
            ends = day + timedelta(days=1)
        except (PeriodError, OverflowError):
            return queryset.none() if self.value() else queryset
        return queryset.filter(report__period__gte=day, report__period__lt=ends)


class OfFinding(_OfAddress):
    """By the finding that holds the report."""

    title, parameter_name = "finding", "finding"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(finding=int(value)) if _ID.fullmatch(value) else queryset.none()


class SetAside(_Filter):
    """By whether the work is tried again."""

    title, parameter_name = "what comes next", "aside"
    offered = [("yes", "set aside: waits for a person"), ("no", "will be tried again")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return queryset.filter(retry_at__isnull=self.value() == "yes") if self.value() else queryset
