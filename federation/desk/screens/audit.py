"""The audit events, read-only and in words."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from federation.desk import event_words
from federation.desk.event_words import EventWords
from federation.desk.screens import audit_filters
from federation.desk.screens.fact_pages import RowPageAdmin
from federation.desk.screens.filters import NewestPages
from federation.models.audit import AuditEvent


class EventsInWords(ChangeList):
    """Reads the names of the rows that the events of a page refer to at once, and not for each event."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: Any = list(self.result_list)
        for event, words in zip(self.result_list, event_words.in_words(self.result_list), strict=True):
            event.words = words


@admin.register(AuditEvent)
class AuditEventAdmin(RowPageAdmin):
    """Who did what, when and why. At first, the list shows only what people did."""

    row_template = "event"
    list_display = ("happened", "event")
    list_filter = (
        audit_filters.OfActors,
        audit_filters.OfPerson,
        audit_filters.OfEventAgency,
        audit_filters.OfKind,
        "at",
    )
    search_fields = ("actor", "=subject", "reason")
    search_help_text = "A user, a subject such as “finding 12”, or a word of a reason"
    show_full_result_count = False
    paginator = NewestPages
    ordering = ("-id",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        return EventsInWords

    @admin.display(description="when")
    def happened(self, event: AuditEvent) -> str:
        return f"{event.at:%Y-%m-%d %H:%M}"

    @admin.display(description="what happened")
    def event(self, event: Any) -> SafeString:
        words: EventWords = event.words
        return format_html("{}{}{}", _linked(words), _line(words.in_short), _line(_reason(event)))

    def title_of(self, row: AuditEvent) -> str:
        return f"Event {row.pk}"

    def facts_of(self, row: AuditEvent) -> dict[str, Any]:
        return {"words": event_words.in_words([row])[0]}


def _linked(words: EventWords) -> SafeString:
    link = format_html(
        ' <a href="{}" class="thing" aria-label="Open it: {}">Open it</a>', words.address, words.sentence
    )
    return format_html("{}{}", words.sentence, link if words.address else "")


def _line(text: str) -> SafeString:
    return format_html('<span class="more">{}</span>', text) if text else SafeString("")


def _reason(event: AuditEvent) -> str:
    return f"Reason: {event.reason}" if event.reason else ""
