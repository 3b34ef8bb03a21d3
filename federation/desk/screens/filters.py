"""Filters of the lists of the desk: by code, by waiting, by age. Each offers only rows that the user may see."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from countries.admin.country_scope import country_scope_of
from countries.models import Agency, Indicator
from federation.database import clock
from federation.desk.screens import words
from federation.models.findings import Decision, FindingState
from p2p_core.periods import Frequency, PeriodError, parse
from p2p_core.rules.rulebook import RULES, Severity

Choices = list[tuple[str, str]]
_AGES = {"1": "in the last day", "7": "in the last week", "30": "in the last 30 days", "older": "more than 30 days ago"}
_OLD = timedelta(days=30)
#: A number that a row can have.
_ID = re.compile(r"[0-9]{1,18}")
#: The kinds of items that audit events are about: the beginnings of their actions.
_SUBJECTS = (
    "finding", "report", "submission", "agency", "schedule", "threshold", "setup", "credential", "annotation",
    "signingkey", "liaison", "user", "indicator", "indicatortranslation", "population", "helpservice",
)  # fmt: skip


class _Filter(SimpleListFilter):
    #: From a row to what is looked at.
    path = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return queryset.filter(**{self.path: self.value()}) if self.value() else queryset


class OfAgency(_Filter):
    """By agency, of those that the user may see."""

    title, parameter_name, path = "agency", "agency", "agency__code"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        rows = country_scope_of(request).rows(Agency.objects.all(), "country")
        return [(code, code) for code in rows.order_by("code").values_list("code", flat=True)]


class OfIndicator(_Filter):
    """By indicator."""

    title, parameter_name, path = "indicator", "indicator", "indicator__code"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [(code, code) for code in Indicator.objects.order_by("number").values_list("code", flat=True)]


class OfFrequency(_Filter):
    """By frequency."""

    title, parameter_name, path = "frequency", "frequency", "frequency"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [(frequency.value, words.FREQUENCIES[frequency]) for frequency in Frequency]


class OfRule(_Filter):
    """By rule."""

    title, parameter_name, path = "rule", "rule", "rule"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [(rule.id, f"{rule.id} {rule.name}") for rule in RULES.values()]


class OfMedia(_Filter):
    """By the form of a submission; asking the table which there are would read all of it."""

    title, parameter_name, path = "media", "media", "media"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [("json", "json"), ("csv", "csv")]


class OfSigning(_Filter):
    """By whether a submission was signed."""

    title, parameter_name, path = "signed", "signed", "signature__isnull"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [("False", "signed"), ("True", "not signed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return queryset.filter(signature__isnull=self.value() == "True") if self.value() else queryset


class OfSubject(_Filter):
    """By what kind of item an audit event is about; asking the table which there are would read all of it."""

    title, parameter_name, path = "about", "about", "action__startswith"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [(f"{kind}.", kind) for kind in _SUBJECTS]


class OfReportAgency(OfAgency):
    """By the agency of a row's report."""

    path = "report__agency__code"


class OfReportIndicator(OfIndicator):
    """By the indicator of a row's report."""

    path = "report__indicator__code"


class OfReportFrequency(OfFrequency):
    """By the frequency of a row's report."""

    path = "report__frequency"


class OfSeverity(SimpleListFilter):
    """By severity, which is the rule's."""

    title, parameter_name = "severity", "severity"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [(severity.value, severity.value) for severity in reversed(Severity)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        if not self.value():
            return queryset
        return queryset.filter(rule__in=[rule.id for rule in RULES.values() if rule.severity == self.value()])


class _WaitingFirst(SimpleListFilter):
    """Shows what waits unless it is told to show more: such a list is there to be worked off."""

    waiting = ""
    others: Choices = []

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [*self.others, ("all", "all")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": self.waiting}
        yield from others


class OfState(_WaitingFirst):
    """By where a finding stands."""

    title, parameter_name, waiting = "state", "state", "not resolved"
    others = [(str(value), str(label)) for value, label in FindingState.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value()) if self.value() else queryset.filter(resolved=None)


class OfDecision(_WaitingFirst):
    """By what was decided of a held report."""

    title, parameter_name, waiting = "decision", "decision", "waits for a decision"
    others = [(str(value), str(label)) for value, label in Decision.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return queryset if self.value() == "all" else queryset.filter(decision=self.value() or "")


class OfAge(SimpleListFilter):
    """By how long ago a finding was opened."""

    title, parameter_name = "opened", "opened"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return list(_AGES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        value, now = self.value(), clock.now()
        if value == "older":
            return queryset.filter(opened__lt=now - _OLD)
        return queryset.filter(opened__gte=now - timedelta(days=int(value))) if value in _AGES else queryset


class _OfAddress(SimpleListFilter):
    """Is there only while the address of the list asks for it, as links on other pages do."""

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [(value, value)] if (value := self.value()) else []


class OfDay(_OfAddress):
    """By the day that the held report's period begins on."""

    title, parameter_name = "day", "day"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        try:
            day = parse(Frequency.DAY, self.value() or "")
            ends = day + timedelta(days=1)
        except (PeriodError, OverflowError):
            return queryset.none() if self.value() else queryset
        return queryset.filter(report__period__gte=day, report__period__lt=ends)


class OfFinding(_OfAddress):
    """By the finding that the report is held in."""

    title, parameter_name = "finding", "finding"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(finding=int(value)) if _ID.fullmatch(value) else queryset.none()


class SetAside(SimpleListFilter):
    """By whether it is tried again."""

    title, parameter_name = "what comes next", "aside"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return [("yes", "set aside: waits for a person"), ("no", "will be tried again")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return queryset.filter(retry_at__isnull=self.value() == "yes") if self.value() else queryset
