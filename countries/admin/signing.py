"""Signing keys: register and revoke. A private key pasted by mistake is never shown again and never logged."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from countries.accounts import credential_limits, signing
from countries.admin.actions import ConfirmedForm, RevocableAdmin
from countries.admin.base import actor, given_agency, page_of_agency
from countries.models import Agency, SigningKey
from countries.registry import Refused


class _WriteOnlyTextarea(forms.Textarea):
    """A text field that never shows its content."""

    def format_value(self, value: Any) -> None:  # noqa: ARG002  Django's
        return None


class RegisterForm(ConfirmedForm):
    agency = forms.ModelChoiceField(Agency.objects.filter(active=True))
    public_key = forms.CharField(
        max_length=10_000,
        widget=_WriteOnlyTextarea(attrs={"rows": 5, "cols": 80, "autocomplete": "off", "spellcheck": "false"}),
        help_text="Ed25519: the PEM that “openssl pkey -in key.pem -pubout” prints, or its 32 bytes in base 64. "
        "Never the private key: that stays with the agency.",
    )
    expires = forms.DateTimeField(
        required=False, help_text="In UTC, such as 2027-01-31 12:00. If empty, it is valid until revoked."
    )
    field_order = ("agency", "public_key", "expires", "reason", "password")


@admin.register(SigningKey)
class SigningKeyAdmin(RevocableAdmin):
    list_display = ("keyid", "agency", "fingerprint", "created", "expires", "state")
    list_filter = (("revoked", admin.EmptyFieldListFilter), ("agency", RelatedOnlyFieldListFilter))
    list_select_related = ("agency",)
    search_fields = ("keyid", "agency__code", "agency__name")
    fields = ("keyid", "agency", "fingerprint", "public_key", "created", "expires", "revoked", "state")

    @admin.display(description="SHA-256 fingerprint")
    def fingerprint(self, key: SigningKey) -> str:
        return key.fingerprint

    def add(self, request: HttpRequest) -> HttpResponse:
        form = RegisterForm(request.POST or None, initial=given_agency(request))
        key = None
        if form.confirm(request):
            try:
                key = signing.register(by=actor(request), now=timezone.now(), **form.cleaned_data)
            except Refused as error:
                form.add_error("public_key" if error.code in signing.ABOUT_THE_KEY else None, str(error))
        if key is None:
            return self.page(request, "Register a signing key", form=form)
        self.log_addition(request, key, "Registered")
        message = f"Tell {key.agency}: sign with keyid “{key}”. Have them read out the fingerprint: {key.fingerprint}"
        self.message_user(request, message, messages.SUCCESS)
        own = f"../{key.pk}/change/"
        return HttpResponseRedirect(page_of_agency(key.agency) if given_agency(request) else own)

    def end(self, row: SigningKey, *, by: str, now: datetime, reason: str) -> str:
        signing.revoke(key=row, by=by, now=now, reason=reason)
        agency, message = row.agency, f"{row} is revoked."
        if not credential_limits.live(SigningKey, now).filter(agency=agency).exists():
            message += f" {agency} has no live key left"
            required = ": it must sign, and so cannot send until another key is registered."
            message += required if agency.signature_required else "."
        return message

    def consequence(self, row: SigningKey) -> str:  # noqa: ARG002  the same for each key
        return "Requests signed with it are refused"
