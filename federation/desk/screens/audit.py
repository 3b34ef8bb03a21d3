"""The audit events, read-only."""

from django.contrib import admin

from countries.admin.base import FactAdmin
from federation.desk.screens import filters
from federation.desk.screens.filters import NewestPages
from federation.models.audit import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(FactAdmin):
    """Who did what, when and why."""

    list_display = ("at", "actor", "action", "subject", "reason")
    list_filter = (filters.OfSubject, "at")
    search_fields = ("actor", "=subject", "reason")
    search_help_text = "A user, a subject such as “finding 12”, or a word of a reason"
    show_full_result_count = False
    paginator = NewestPages
    ordering = ("-id",)
    exclude = ("digest",)
