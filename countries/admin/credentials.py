"""Credentials: issue, rotate, restrict and revoke. A secret is shown once. No redirect, cookie or session has it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
)

from countries import ranges
from countries.accounts import credentials
from countries.accounts.credentials import CHANGE_OVER, Issued
from countries.admin.actions import ConfirmedForm, PageAction, RevocableAdmin
from countries.admin.base import actor, given_agency, link_to_agency
from countries.models import AGENCY_SCOPES, SCOPES, Agency, Credential
from countries.registry import Refused

# The screens of django-oauth-toolkit could edit credentials without the registry, and could make tokens.
for toolkit_model in (
    Credential,
    get_access_token_model(),
    get_grant_model(),
    get_id_token_model(),
    get_refresh_token_model(),
):
    if admin.site.is_registered(toolkit_model):
        admin.site.unregister(toolkit_model)


class RangesField(forms.CharField):
    """Network ranges, one on each line."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            widget=forms.Textarea(attrs={"rows": 3, "cols": 50, "spellcheck": "false"}),
            help_text="One per line, such as 192.0.2.0/24 or 2001:db8::/32. If empty, it can be used from anywhere.",
        )

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        lines: Iterable[str] = filter(None, (line.strip() for line in super().clean(value).splitlines()))
        try:
            return ranges.read(lines)
        except ranges.BadRange as error:
            raise forms.ValidationError(str(error)) from None


class IssueForm(ConfirmedForm):
    agency = forms.ModelChoiceField(Agency.objects.filter(active=True), required=False)
    coordinator = forms.CharField(
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Instead of an agency, the name of a user who may read the figures of all countries.",
    )
    scopes = forms.ChoiceField(
        label="Rights",
        choices=[(one, SCOPES[one]) for one in AGENCY_SCOPES],
        help_text="Of an agency's credential. A coordinator's credential only reads.",
    )
    expires = forms.DateTimeField(
        required=False, help_text="In UTC, such as 2027-01-31 12:00. If empty, it is valid until revoked."
    )
    networks = RangesField()
    field_order = ("agency", "coordinator", "scopes", "expires", "networks", "reason", "password")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if bool(cleaned.get("agency")) == bool(cleaned.get("coordinator")):
            raise forms.ValidationError("Give either an agency or a coordinator.")
        return cleaned


class RotateForm(ConfirmedForm):
    keep_hours = forms.IntegerField(
        label="Hours for which the old credential stays usable",
        min_value=0,
        max_value=30 * 24,
        initial=int(CHANGE_OVER.total_seconds()) // 3600,
        help_text="0 revokes it at once.",
    )
    expires = forms.DateTimeField(
        required=False, help_text="When the new credential expires, in UTC. If empty, it is valid until revoked."
    )
    field_order = ("keep_hours", "expires", "reason", "password")


class RestrictForm(ConfirmedForm):
    reason_required = True
    networks = RangesField()
    field_order = ("networks", "reason", "password")


@admin.register(Credential)
class CredentialAdmin(RevocableAdmin):
    used_path = "used"
    list_display = ("client_id", "holder", "scopes", "last_used", "expires", "state")
    list_filter = ("scopes", ("revoked", admin.EmptyFieldListFilter), ("agency", RelatedOnlyFieldListFilter))
    list_select_related = ("agency", "user")
    search_fields = ("client_id", "agency__code", "agency__name", "coordinator")
    fields = (
        "client_id", "agency", "coordinator", "scopes", "state", "last_used", "usable_from", "created", "expires",
        "revoked",
    )  # fmt: skip
    page_actions = {
        "rotate": PageAction("Issue a successor", "add"),
        "networks": PageAction("Change the networks", "restrict"),
        **RevocableAdmin.page_actions,
    }

    @admin.display(description="may be used from")
    def usable_from(self, credential: Credential) -> str:
        return ", ".join(credential.networks) or "any address"

    @admin.display(description="holder", ordering="agency__code")
    def holder(self, credential: Credential) -> str:
        return link_to_agency(credential.agency) if credential.agency else credential.coordinator

    @admin.display(description="last used", ordering="used")
    def last_used(self, credential: Credential) -> str:
        return f"{credential.used:%Y-%m-%d %H:%M}" if credential.used else "never"

    def last_use(self, row: Credential) -> datetime | None:
        return row.used

    def holder_refused(self, row: Credential) -> str:
        if row.agency is not None:
            return super().holder_refused(row)
        return f"not usable: {row.coordinator} may not read the figures of all countries"

    def add(self, request: HttpRequest) -> HttpResponse:
        form = IssueForm(request.POST or None, initial=given_agency(request))
        return self.show_once(request, form, "Issue a credential", credentials.issue, self._secret)

    def rotate(self, request: HttpRequest, credential: Credential) -> HttpResponse:
        def rotate(*, keep_hours: int, **given: Any) -> Issued:
            return credentials.rotate(credential=credential, keep_for=timedelta(hours=keep_hours), **given)

        form = RotateForm(request.POST or None)
        return self.show_once(request, form, f"Issue a successor of {credential}", rotate, self._secret)

    def networks(self, request: HttpRequest, credential: Credential) -> HttpResponse:
        form = RestrictForm(request.POST or None, initial={"networks": credential.networks})
        if form.confirm(request):
            try:
                credentials.restrict(credential=credential, by=actor(request), now=timezone.now(), **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                return self.done(request, credential, "Networks changed", f"The networks of {credential} are changed.")
        return self.page(request, f"Networks that {credential} may be used from", form=form)

    def end(self, row: Credential, *, by: str, now: datetime, reason: str) -> str:
        credentials.revoke(credential=row, by=by, now=now, reason=reason)
        return f"{row} is revoked, and so are its tokens."

    def consequence(self, row: Credential) -> str:
        return f"{row.holder} can no longer use it"

    def _secret(self, request: HttpRequest, issued: Issued) -> HttpResponse:
        self.log_addition(request, issued.credential, "Issued")
        title = f"Credential for {issued.credential.holder}"
        address = request.build_absolute_uri("/").rstrip("/")
        return self.page(request, title, template="credential/issued.html", issued=issued, address=address)
