"""Credentials: issue, rotate and revoke. A secret is on the screen once, and in no redirect, cookie or session."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
)

from countries import credentials, guessing, ranges
from countries.admin.base import FactAdmin, actor
from countries.admin.password import PasswordField
from countries.admin.sight import horizon_of
from countries.credentials import CHANGE_OVER, Issued
from countries.models import Agency, Credential
from countries.registry import Refused

# The toolkit brings screens of its own, on which a credential is edited past the registry and tokens can be made.
for toolkit_model in (
    Credential,
    get_access_token_model(),
    get_grant_model(),
    get_id_token_model(),
    get_refresh_token_model(),
):
    if admin.site.is_registered(toolkit_model):
        admin.site.unregister(toolkit_model)


class _Deed(forms.Form):
    reason = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 80}),
        help_text="Why, for those who read the audit trail later.",
    )


class _Confirmed(_Deed):
    """What a session alone is not enough for: a secret comes of it, or a restriction goes."""

    password = PasswordField()

    def confirm(self, request: HttpRequest) -> bool:
        """Whether all that was given is right, and it is the own password; what is wrong is told on the form."""
        if not self.is_valid():
            return False
        if not guessing.confirms(request, self.cleaned_data.pop("password")):
            self.add_error("password", PasswordField.WRONG)
        return self.is_valid()


class RangesField(forms.CharField):
    """Network ranges, one a line."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            widget=forms.Textarea(attrs={"rows": 3, "cols": 50, "spellcheck": "false"}),
            help_text="One a line, such as 192.0.2.0/24 or 2001:db8::/32. Empty: it may be used from anywhere.",
        )

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        lines: Iterable[str] = filter(None, (line.strip() for line in super().clean(value).splitlines()))
        try:
            return ranges.read(lines)
        except ranges.BadRange as error:
            raise forms.ValidationError(str(error)) from None


class IssueForm(_Confirmed):
    agency = forms.ModelChoiceField(Agency.objects.filter(active=True), required=False)
    coordinator = forms.CharField(
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Instead of an agency: a user name. Made if it is not there.",
    )
    read_only = forms.BooleanField(
        required=False, help_text="An agency's, for reading only. A coordinator's always is."
    )
    expires = forms.DateTimeField(required=False, help_text="In UTC: 2027-01-31 12:00. Empty: until revoked.")
    networks = RangesField()
    field_order = ("agency", "coordinator", "read_only", "expires", "networks", "reason", "password")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if bool(cleaned.get("agency")) == bool(cleaned.get("coordinator")):
            raise forms.ValidationError("Give one agency or one coordinator.")
        return cleaned


class RotateForm(_Confirmed):
    keep_hours = forms.IntegerField(
        label="Hours that the old one stays usable",
        min_value=0,
        max_value=30 * 24,
        initial=int(CHANGE_OVER.total_seconds()) // 3600,
        help_text="0 revokes it at once.",
    )
    expires = forms.DateTimeField(required=False, help_text="Of the new one, in UTC. Empty: until revoked.")
    field_order = ("keep_hours", "expires", "reason", "password")


class RestrictForm(_Confirmed):
    networks = RangesField()
    field_order = ("networks", "reason", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True


class RevokeForm(_Deed):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True


_RESTRICT = "countries.restrict_credential"


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


@admin.register(Credential)
class CredentialAdmin(FactAdmin):
    of_country = "agency__country"
    list_display = ("client_id", "agency", "coordinator", "scopes", "created", "expires", "state")
    list_filter = ("scopes", ("revoked", admin.EmptyFieldListFilter), ("agency", RelatedOnlyFieldListFilter))
    list_select_related = ("agency", "user")
    search_fields = ("client_id", "agency__code", "agency__name", "coordinator")
    fields = ("client_id", "agency", "coordinator", "scopes", "usable_from", "created", "expires", "revoked", "state")

    @admin.display(description="networks")
    def usable_from(self, credential: Credential) -> str:
        return ", ".join(credential.networks) or "any"

    @admin.display(description="state")
    def state(self, credential: Credential) -> str:
        now = timezone.now()
        if credential.revoked:
            return "revoked"
        if credential.expires and credential.expires <= now:
            return "expired"
        return "usable" if credentials.usable(credential, now) else "holder not active"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("countries.add_credential")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<path:object_id>/rotate/", wrap(self.rotate_view), name="countries_credential_rotate"),
            path("<path:object_id>/networks/", wrap(self.networks_view), name="countries_credential_networks"),
            path("<path:object_id>/revoke/", wrap(self.revoke_view), name="countries_credential_revoke"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        credential = self.get_object(request, object_id)
        live = credential is not None and credential.revoked is None
        may = {
            "may_rotate": live and self.has_add_permission(request),
            "may_restrict": live and request.user.has_perm(_RESTRICT),
            "may_revoke": live and request.user.has_perm("countries.revoke_credential"),
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **may})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        if not self.has_add_permission(request):
            raise PermissionDenied

        def issue(given: dict[str, Any], by: str, now: datetime) -> Issued:
            return credentials.issue(by=by, now=now, **given)

        form = IssueForm(_posted(request))
        self._narrow(request, form)
        return self._show_once(request, form, "Issue a credential", issue)

    def rotate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        credential = self._get(request, object_id)

        def rotate(given: dict[str, Any], by: str, now: datetime) -> Issued:
            keep_for = timedelta(hours=given.pop("keep_hours"))
            return credentials.rotate(credential=credential, by=by, now=now, keep_for=keep_for, **given)

        return self._show_once(request, RotateForm(_posted(request)), f"Issue a successor of {credential}", rotate)

    def networks_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not request.user.has_perm(_RESTRICT):
            raise PermissionDenied
        credential = self._get(request, object_id)
        form = RestrictForm(_posted(request), initial={"networks": credential.networks})
        if form.confirm(request):
            try:
                credentials.restrict(credential=credential, by=actor(request), now=timezone.now(), **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                self.log_change(request, credential, "Networks changed")
                self.message_user(request, f"The networks of {credential} are changed.", messages.SUCCESS)
                return HttpResponseRedirect("../change/")
        return self._page(request, "deed", f"Networks that {credential} may be used from", form=form)

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not request.user.has_perm("countries.revoke_credential"):
            raise PermissionDenied
        credential = self._get(request, object_id)
        form = RevokeForm(_posted(request))
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            credentials.revoke(credential=credential, by=actor(request), now=timezone.now(), reason=reason)
            self.log_change(request, credential, "Revoked")
            self.message_user(request, f"{credential} is revoked, and so are its tokens.", messages.SUCCESS)
            return HttpResponseRedirect("../change/")
        title = f"Revoke {credential}: {credential.holder} can no longer use it, from this moment and for good"
        return self._page(request, "deed", title, form=form)

    def _narrow(self, request: HttpRequest, form: IssueForm) -> None:
        """Offer what is in sight of who asks; a coordinator's credential would read the figures of all."""
        agencies = self.related_in_sight(request, Agency)
        form.fields["agency"].queryset = agencies.filter(active=True)  # type: ignore[attr-defined]
        if horizon_of(request).limited:
            del form.fields["coordinator"]

    def _get(self, request: HttpRequest, object_id: str) -> Credential:
        credential = self.get_object(request, object_id)
        if not isinstance(credential, Credential):
            raise Http404
        return credential

    def _show_once(
        self,
        request: HttpRequest,
        form: _Confirmed,
        title: str,
        deed: Callable[[dict[str, Any], str, datetime], Issued],
    ) -> HttpResponse:
        if form.confirm(request):
            try:
                issued = deed(dict(form.cleaned_data), actor(request), timezone.now())
            except Refused as error:
                form.add_error(None, str(error))
            else:
                self.log_addition(request, issued.credential, "Issued")
                return self._page(request, "issued", f"Credential for {issued.credential.holder}", issued=issued)
        return self._page(request, "deed", title, form=form)

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        context |= {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        response = TemplateResponse(request, f"admin/countries/credential/{template}.html", context)
        return never_cache(lambda _: response)(request)
