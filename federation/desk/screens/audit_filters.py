"""Filters of the audit events. An index serves each of them, because there are millions of events."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from countries.models import Agency
from federation.desk import event_words
from federation.desk.screens.filters import Choices, OfAgency, RowFilter, WaitingFirst
from federation.models.audit import BY_PROGRAM, OF_AGENCY

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

#: Kinds that are no table of the registry: the name, and the actions.
_OTHER_KINDS: Final = {
    "submission": ("submissions", ("submission.accepted",)),
    "decision": ("decisions on held reports", ("report.released", "report.rejected")),
    "finding": ("findings", ("finding.resolved", "finding.answered")),
    "repair": ("corrections and restored databases", ("clock.put_back", "report.made_current", "database.restored")),
    "referenceversion": ("loaded reference data", ("referenceversion.added",)),
}


class OfActors(WaitingFirst):
    """By whether a person or a program did it."""

    title, parameter_name, waiting = "by", "by", "people only"
    note = "Only what people did is shown. Events by programs and commands are hidden."
    others = [("programs", "programs and commands only")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        if self.value() == "all":
            return queryset
        return queryset.filter(BY_PROGRAM if self.value() == "programs" else ~BY_PROGRAM)


class OfPerson(RowFilter):
    """By one user of the desk, or by the user that the address of the list names."""

    title, parameter_name, path = "person", "person", "actor"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        names = set(User.objects.filter(is_staff=True).values_list("username", flat=True))
        return [(name, name) for name in sorted(names | {self.value() or ""} - {""})]


class OfEventAgency(OfAgency):
    """By the agency that an event is about."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        if not self.value():
            return queryset
        number = Agency.objects.filter(code=self.value()).values_list("pk", flat=True).first()
        # Changes of the registry name the agency by its number.
        found: QuerySet[Any] = queryset.alias(of_agency=OF_AGENCY).filter(of_agency__in=[self.value(), str(number)])
        return found


class OfKind(RowFilter):
    """By the kind of thing. The kinds come from the code, because reading them from the table would read all of it."""

    title, parameter_name = "kind", "kind"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:  # noqa: ARG002
        return sorted(_names(), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        kind = self.value()
        if not kind:
            return queryset
        if kind in _OTHER_KINDS:
            return queryset.filter(action__in=_OTHER_KINDS[kind][1])
        return queryset.filter(action__in=[f"{kind}.{change}" for change in event_words.CHANGES])


def _names() -> Iterator[tuple[str, str]]:
    for kind, (name, _) in _OTHER_KINDS.items():
        yield kind, name
    for kind in event_words.ROW_NAMES:
        model = event_words.model_of(kind)
        if model is not None:
            yield kind, str(model._meta.verbose_name_plural)
