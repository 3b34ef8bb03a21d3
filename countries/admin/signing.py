"""Signing keys: register and revoke. A private key that is pasted by mistake comes back on no page and into no log."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from countries.accounts import credential_limits, signing
from countries.admin.actions import ConfirmedForm, RevocableAdmin, posted
from countries.admin.base import actor
from countries.models import Agency, SigningKey
from countries.registry import Refused


class _Forgetful(forms.Textarea):
    """A field that never shows again what was put into it."""

    def format_value(self, value: Any) -> None:  # noqa: ARG002  Django's
        return None


class RegisterForm(ConfirmedForm):
    agency = forms.ModelChoiceField(Agency.objects.filter(active=True))
    public_key = forms.CharField(
        max_length=10_000,
        widget=_Forgetful(attrs={"rows": 5, "cols": 80, "autocomplete": "off", "spellcheck": "false"}),
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
        form = RegisterForm(posted(request))
        agencies = self.rows_in_scope(request, Agency).filter(active=True)
        form.fields["agency"].queryset = agencies  # type: ignore[attr-defined]
        key = self._register(request, form) if form.confirm(request) else None
        if key is None:
            return self.page(request, "Register a signing key", form=form)
        self.log_addition(request, key, "Registered")
        told = f"Tell {key.agency}: sign with keyid “{key}”. Have them read out the fingerprint: {key.fingerprint}"
        self.message_user(request, told, messages.SUCCESS)
        return HttpResponseRedirect(f"../{key.pk}/change/")

    def end(self, row: SigningKey, *, by: str, now: datetime, reason: str) -> str:
        signing.revoke(key=row, by=by, now=now, reason=reason)
        return f"{row} is revoked. {_left(row.agency, now)}"

    def consequence(self, row: SigningKey) -> str:  # noqa: ARG002  the same of each
        return "nothing that it signs is taken any more"

    def _register(self, request: HttpRequest, form: forms.Form) -> SigningKey | None:
        try:
            return signing.register(by=actor(request), now=timezone.now(), **form.cleaned_data)
        except Refused as error:
            form.add_error("public_key" if error.code in signing.ABOUT_THE_KEY else None, str(error))
            return None


def _left(agency: Agency, now: datetime) -> str:
    """Say what an agency can still do without the key that was revoked."""
    if credential_limits.live(SigningKey, agency, now).exists():
        return ""
    must = "must sign, and so cannot send until another key is registered." if agency.signature_required else ""
    return f"{agency} has no live key left" + (f": it {must}" if must else ".")
