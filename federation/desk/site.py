"""The admin site of the desk: its start page, and the top of each page."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

#: The screens that coordinators use most: app, model and name.
_MAIN_SCREENS = (
    ("federation", "finding", "Findings"),
    ("federation", "hold", "Held reports"),
    ("federation", "report", "Reports"),
    ("federation", "submission", "Submissions"),
    ("countries", "agency", "Agencies"),
    ("countries", "credential", "Credentials"),
    ("countries", "signingkey", "Signing keys"),
    ("countries", "annotation", "Time axis"),
    ("federation", "auditevent", "Audit"),
)


class DeskSite(AdminSite):
    site_header = site_title = "Police2Peer federation"
    index_title = "The coordinators' desk"
    index_template = "admin/federation/start.html"
    site_url = "/"
    # The links to the main screens are at the top of each page, so that lists can use the whole width.
    enable_nav_sidebar = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # It would delete rows without the registry.
        self.disable_action("delete_selected")

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff who have shown a second factor."""
        from countries.accounts import second_factor

        return super().has_permission(request) and second_factor.is_verified(request.user)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Add the pages that users need before they are signed in completely: second factor and sign-out."""
        from countries.admin import second_factor

        own: list[URLResolver | URLPattern] = [
            path("second-factor/", login_not_required(never_cache(second_factor.page)), name="second_factor"),
            path("logout/", login_not_required(never_cache(self.logout)), name="logout"),
        ]
        return own + super().get_urls()

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002  Django's
        """Check the age and second factor of the session on every page, before Django does anything."""
        from countries.admin import second_factor

        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            refusal = second_factor.refusal_of(request)
            return inner(request, *args, **kwargs) if refusal is None else refusal

        return update_wrapper(guarded, inner)

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Ask for the password. The next page asks for the second factor."""
        from countries.accounts import sign_in
        from countries.admin import second_factor

        if request.method not in second_factor.METHODS:
            return HttpResponseNotAllowed(second_factor.METHODS)
        if request.method == "GET" and super().has_permission(request) and not self.has_permission(request):
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}?{request.GET.urlencode()}")
        answer = super().login(request, extra_context)
        if request.method == "POST" and isinstance(answer, HttpResponseRedirect):
            sign_in.start_session(request)
        return answer

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().logout(request, {"title": "You are signed out.", **(extra_context or {})})

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Announce the change of one's own password. A wrong old password counts as a guess."""
        from countries import registry
        from countries.accounts import guessing

        name = request.user.get_username()
        if request.method != "POST" or not guessing.is_own_password(request, request.POST.get("old_password", "")):
            return super().password_change(request, extra_context)
        with registry.announce_changes(registry.account(name), by=name):
            return super().password_change(request, extra_context)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the main screens that the user may open."""
        context = super().each_context(request)
        apps = context["available_apps"] if context["has_permission"] else []
        visible = {one["model"]._meta.label_lower for app in apps for one in app["models"] if one["perms"]["view"]}
        screens = []
        for app, model, name in _MAIN_SCREENS:
            if f"{app}.{model}" in visible:
                address = reverse(f"{self.name}:{app}_{model}_changelist")
                screens.append({"name": name, "address": address, "here": request.path.startswith(address)})
        return {**context, "main_screens": screens, "asks_second_factor": settings.SECOND_FACTOR}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        # The screens register at this site while they are imported, so they cannot be imported before it.
        from federation.desk.screens import start

        return super().index(request, {**start.context(request), **(extra_context or {})})
