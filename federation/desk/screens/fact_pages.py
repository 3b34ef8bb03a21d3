"""The base of the screens whose rows have a page made for reading instead of Django's form."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from countries.admin.base import FactAdmin


class PageAdmin(FactAdmin):
    """A screen with templates of its own."""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        row = self.visible_row(request, object_id)
        return self.not_found(request, object_id) if row is None else self.show_row(request, row)

    def show_row(self, request: HttpRequest, row: Any) -> HttpResponse:
        """The page of a row that the user may see."""
        raise NotImplementedError

    def visible_row(self, request: HttpRequest, object_id: str) -> Any:
        """A row that the user may see, or None."""
        row = self.get_object(request, object_id)
        return row if row is not None and self.has_view_permission(request, row) else None

    def not_found(self, request: HttpRequest, object_id: str) -> HttpResponse:
        why = f"There is no {self.opts.verbose_name} {object_id}, or you may not see it."
        self.message_user(request, why, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:index"))

    def refuse(self, request: HttpRequest, why: str) -> HttpResponse:
        response = self.page(request, "refused", "This is for others to decide", why=why)
        response.status_code = 403
        return response

    def page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        context |= {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(request, f"admin/federation/{template}.html", context)


class RowPageAdmin(PageAdmin):
    """A screen that shows a row with the template ``row_template``."""

    row_template = ""

    def title_of(self, row: Any) -> str:
        raise NotImplementedError

    def facts_of(self, row: Any) -> dict[str, Any]:
        """The variables of the template, besides the row itself."""
        raise NotImplementedError

    def show_row(self, request: HttpRequest, row: Any) -> HttpResponse:
        if request.method == "POST":
            raise PermissionDenied
        return self.page(request, self.row_template, self.title_of(row), row=row, **self.facts_of(row))
