"""The site that all screens of the desk hang on: its start page, and what stands at the top of each page."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

#: The screens that a coordinator goes to all day, by the model whose they are.
_MAIN = (
    ("federation", "finding", "Findings"),
    ("federation", "hold", "Held reports"),
    ("federation", "report", "Reports"),
    ("federation", "submission", "Submissions"),
    ("countries", "agency", "Agencies"),
    ("countries", "credential", "Credentials"),
    ("countries", "annotation", "Time axis"),
    ("federation", "auditevent", "Audit"),
)


class Desk(AdminSite):
    """The coordinators' desk."""

    site_header = site_title = "Police2Peer federation"
    index_title = "The coordinators' desk"
    index_template = "admin/federation/start.html"
    site_url = "/"
    # What matters is at the top of each page, so that lists have its whole width.
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the screens that whoever asks may open."""
        context = super().each_context(request)
        return {**context, "main_screens": self._main(request, context["available_apps"])}

    def _main(self, request: HttpRequest, apps: list[dict[str, Any]]) -> list[dict[str, Any]]:
        opened = {model["model"]._meta.label_lower for app in apps for model in app["models"] if model["perms"]["view"]}
        found = []
        for app, model, name in _MAIN:
            if f"{app}.{model}" in opened:
                address = reverse(f"{self.name}:{app}_{model}_changelist")
                found.append({"name": name, "address": address, "here": request.path.startswith(address)})
        return found

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the start page."""
        # The screens register at this site while they are imported, so it is there before them.
        from federation.admin import start

        return super().index(request, {**start.context(request), **(extra_context or {})})
