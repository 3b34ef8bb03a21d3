"""What readers of a series should know: annotations on the time axis, and breaks."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from countries.admin.base import RegistryAdmin, RegistryForm
from countries.models import Annotation

_MARK_BREAK = "countries.mark_break"


class AnnotationForm(RegistryForm):
    class Meta:
        widgets = {"text": forms.Textarea(attrs={"rows": 2, "cols": 80, "maxlength": 300})}


@admin.register(Annotation)
class AnnotationAdmin(RegistryAdmin):
    form = AnnotationForm
    fields = ("kind", "text", "start", "end", "agency", "indicator", "is_break", "reason")
    list_display = ("start", "end", "kind", "text", "agency", "indicator", "is_break")
    list_display_links = ("start", "text")
    list_filter = ("kind", "is_break", "agency", "indicator")
    list_select_related = ("agency", "indicator")
    search_fields = ("text", "agency__code", "agency__name")
    date_hierarchy = "start"
    autocomplete_fields = ("agency",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        readonly = super().get_readonly_fields(request, obj)
        return readonly if request.user.has_perm(_MARK_BREAK) else [*readonly, "is_break"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_move(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_move(request, obj)


def _may_move(request: HttpRequest, annotation: Any) -> bool:
    """Whether a user may change or delete an annotation.

    A break releases held reports. So users who may not mark a break may not move or delete one either.
    """
    return annotation is None or not annotation.is_break or request.user.has_perm(_MARK_BREAK)
