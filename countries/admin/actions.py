"""Actions on credentials and signing keys, each on a page of its own that asks for the reason.

An action that gives access asks for the user's password again, because a session alone is not enough for it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, NamedTuple, TypeVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, F, Q, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from countries.accounts import guessing
from countries.admin.base import FactAdmin, PasswordField, actor, refuse_traces
from countries.registry import Refused

T = TypeVar("T")
#: Rows that end within this time come first in their list.
SOON: Final = timedelta(days=30)


class PageAction(NamedTuple):
    """The label of an action on the page of a row, and the permission that it needs."""

    label: str
    permission: str


class ActionForm(forms.Form):
    """Asks for the reason."""

    required_css_class = "required"
    reason = forms.CharField(
        validators=[refuse_traces],
        widget=forms.Textarea(attrs={"rows": 2, "cols": 80}),
        help_text="The reason, for readers of the audit trail.",
    )


class ConfirmedForm(ActionForm):
    """Also asks for the password. It is for actions that give access or end a restriction."""

    reason_required = False
    password = PasswordField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = self.reason_required

    def confirm(self, request: HttpRequest) -> bool:
        """Check the form and then the password. The form shows the errors."""
        if not self.is_valid():
            return False
        if not guessing.is_own_password(request, self.cleaned_data.pop("password")):
            self.add_error("password", PasswordField.WRONG)
        return self.is_valid()


class PageActions(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A screen with actions on the page of a row. Each action has a page of its own."""

    change_form_template = "admin/countries/page_actions.html"
    #: The actions, by the names of their methods.
    page_actions: ClassVar[dict[str, PageAction]] = {}

    def may_act_on(self, row: Any) -> bool:  # noqa: ARG002  for others
        """Whether the page of a row offers the actions."""
        return True

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        live = row is not None and self.may_act_on(row)
        offered = {
            name: action.label
            for name, action in self.page_actions.items()
            if live and self._may(request, action.permission)
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "page_actions": offered})

    def get_urls(self) -> list[URLPattern]:
        view, model = self.admin_site.admin_view(self.action_view), self.opts.model_name
        own = [
            path(f"<path:object_id>/{name}/", view, {"name": name}, f"countries_{model}_{name}")
            for name in self.page_actions
        ]
        return own + super().get_urls()

    @method_decorator(sensitive_post_parameters())
    def action_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        if not self._may(request, self.page_actions[name].permission):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        answer: HttpResponse = getattr(self, name)(request, row)
        return answer

    def done(self, request: HttpRequest, row: Any, change: str, message: str) -> HttpResponse:
        """Log the change and go back to the page of the row, with a message."""
        self.log_change(request, row, change)
        self.message_user(request, message, messages.SUCCESS)
        return HttpResponseRedirect("../change/")

    def page(self, request: HttpRequest, title: str, *, template: str = "action.html", **context: Any) -> HttpResponse:
        """A page that must not be cached."""
        context |= {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        response = TemplateResponse(request, f"admin/countries/{template}", context)
        return never_cache(lambda _: response)(request)

    def _may(self, request: HttpRequest, action: str) -> bool:
        return request.user.has_perm(f"countries.{action}_{self.opts.model_name}")


class RevocableAdmin(PageActions, FactAdmin):
    """A screen whose rows are added and revoked only by the actions of the screen."""

    #: The column with the time of the last use, if it is stored.
    used_path = ""
    page_actions = {"revoke": PageAction("Revoke", "revoke")}

    def may_act_on(self, row: Any) -> bool:
        return row.revoked is None

    def add(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    def end(self, row: Any, *, by: str, now: datetime, reason: str) -> str:
        """Revoke a row. Return the message for the user."""
        raise NotImplementedError

    def consequence(self, row: Any) -> str:
        """The beginning of a sentence that says what revoking the row means."""
        raise NotImplementedError

    def revoke(self, request: HttpRequest, row: Any) -> HttpResponse:
        form = ActionForm(request.POST or None)
        if not form.is_valid():
            consequence = f"{self.consequence(row)}, from this moment on. This cannot be undone."
            return self.page(request, f"Revoke {row}", form=form, consequence=consequence)
        now = timezone.now()
        message = self.end(row, by=actor(request), now=now, reason=form.cleaned_data["reason"])
        if row.revoked == now:
            return self.done(request, row, "Revoked", message)
        self.message_user(request, f"{row} was revoked before. Your reason was not recorded.", messages.WARNING)
        return HttpResponseRedirect("../change/")

    def get_ordering(self, request: HttpRequest) -> Any:  # noqa: ARG002
        """Rows that end soon come first, then rows that nobody has used, others, and rows that have ended."""
        now = timezone.now()
        urgency = Case(
            When(Q(revoked__isnull=False) | Q(expires__lte=now), then=3),
            When(expires__lte=now + SOON, then=0),
            *([When(**{f"{self.used_path}__isnull": True}, then=1)] if self.used_path else []),
            default=2,
        )
        return (urgency.asc(), F("expires").asc(nulls_last=True), "-created")

    def holder_refused(self, row: Any) -> str:
        """Why the holder of a row must not use it, although it has not ended."""
        return f"not usable: {row.agency} is not active"

    def last_use(self, row: Any) -> datetime | None:  # noqa: ARG002
        """When the row was last used, if that is stored."""
        return None

    @admin.display(description="state")
    def state(self, row: Any) -> str:
        now = timezone.now()
        if ended := row.ended_at(now):
            return f"{ended} on {row.revoked or row.expires:%Y-%m-%d}"
        if not row.holder_allowed:
            return self.holder_refused(row)
        unused = "; never used" if self.used_path and self.last_use(row) is None else ""
        soon = row.expires is not None and row.expires <= now + SOON
        return f"{f'ends soon, on {row.expires:%Y-%m-%d}' if soon else 'usable'}{unused}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "add")

    @method_decorator(sensitive_post_parameters())
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self.add(request)

    def show_once(
        self,
        request: HttpRequest,
        form: ConfirmedForm,
        title: str,
        make: Callable[..., T],
        show: Callable[[HttpRequest, T], HttpResponse],
        **context: Any,
    ) -> HttpResponse:
        """Show what a confirmed form made, such as a secret, in the answer itself: it cannot be read again."""
        if form.confirm(request):
            try:
                made = make(by=actor(request), now=timezone.now(), **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                return show(request, made)
        return self.page(request, title, form=form, **context)
