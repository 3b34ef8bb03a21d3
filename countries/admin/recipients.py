"""The mailboxes that get notifications."""

from django.contrib import admin
from django.contrib.admin import RelatedOnlyFieldListFilter

from countries.admin.base import RegistryAdmin
from countries.models import Recipient


@admin.register(Recipient)
class RecipientAdmin(RegistryAdmin):
    """A mailbox is never changed. Another mailbox is another recipient."""

    fields = ("agency", "mailbox", "language", "active", "reason")
    fixed_after_adding = ("agency", "mailbox")
    list_display = ("mailbox", "agency", "language", "active")
    list_filter = ("active", "language", ("agency", RelatedOnlyFieldListFilter))
    list_select_related = ("agency",)
    search_fields = ("mailbox", "agency__code", "agency__name")
    autocomplete_fields = ("agency",)
