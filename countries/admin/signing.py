"""Signing keys: register and revoke. A private key that is pasted by mistake comes back on no page and into no log."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from countries import signing
from countries.admin.base import FactAdmin, actor
from countries.models import Agency, SigningKey
from countries.registry import Refused


class _Forgetful(forms.Textarea):
    """A field that never shows again what was put into it."""

    def format_value(self, value: Any) -> None:  # noqa: ARG002  Django's
        return None


class _Deed(forms.Form):
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2, "cols": 80}),
        help_text="Why, for those who read the audit trail later.",
    )


class RegisterForm(_Deed):
    agency = forms.ModelChoiceField(Agency.objects.filter(active=True))
    public_key = forms.CharField(
        max_length=10_000,
        widget=_Forgetful(attrs={"rows": 5, "cols": 80, "autocomplete": "off", "spellcheck": "false"}),
        help_text="Ed25519: the PEM that “openssl pkey -in key.pem -pubout” prints, or its 32 bytes in base 64. "
        "Never the private key: that stays with the agency.",
    )
    expires = forms.DateTimeField(required=False, help_text="In UTC: 2027-01-31 12:00. Empty: until revoked.")
    field_order = ("agency", "public_key", "expires", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False


@admin.register(SigningKey)
class SigningKeyAdmin(FactAdmin):
    of_country = "agency__country"
    list_display = ("keyid", "agency", "fingerprint", "created", "expires", "state")
    list_filter = (("revoked", admin.EmptyFieldListFilter), ("agency", RelatedOnlyFieldListFilter))
    list_select_related = ("agency",)
    search_fields = ("keyid", "agency__code", "agency__name")
    fields = ("keyid", "agency", "fingerprint", "public_key", "created", "expires", "revoked", "state")

    @admin.display(description="SHA-256 fingerprint")
    def fingerprint(self, key: SigningKey) -> str:
        return key.fingerprint

    @admin.display(description="state")
    def state(self, key: SigningKey) -> str:
        if key.revoked:
            return "revoked"
        if key.expires and key.expires <= timezone.now():
            return "expired"
        return "usable" if key.agency.active else "agency not active"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("countries.add_signingkey")

    def get_urls(self) -> list[URLPattern]:
        revoke = self.admin_site.admin_view(self.revoke_view)
        return [path("<path:object_id>/revoke/", revoke, name="countries_signingkey_revoke"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        key = self.get_object(request, object_id)
        may = {"may_revoke": key is not None and key.revoked is None and self._may_revoke(request)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **may})

    @method_decorator(sensitive_post_parameters("public_key"))
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RegisterForm(request.POST if request.method == "POST" else None)
        agencies = self.related_in_sight(request, Agency).filter(active=True)
        form.fields["agency"].queryset = agencies  # type: ignore[attr-defined]
        key = self._register(request, form) if form.is_valid() else None
        if key is None:
            return self._page(request, "Register a signing key", form)
        self.log_addition(request, key, "Registered")
        told = f"Tell {key.agency}: sign with keyid “{key}”. Have them read out the fingerprint: {key.fingerprint}"
        self.message_user(request, told, messages.SUCCESS)
        return HttpResponseRedirect(f"../{key.pk}/change/")

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self._may_revoke(request):
            raise PermissionDenied
        key = self.get_object(request, object_id)
        if not isinstance(key, SigningKey):
            raise Http404
        form = _Deed(request.POST if request.method == "POST" else None)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            signing.revoke(key=key, by=actor(request), now=timezone.now(), reason=reason)
            self.log_change(request, key, "Revoked")
            self.message_user(request, f"{key} is revoked. {_left(key.agency)}", messages.SUCCESS)
            return HttpResponseRedirect("../change/")
        title = f"Revoke {key}: nothing that it signs is taken any more, from this moment and for good"
        return self._page(request, title, form)

    def _may_revoke(self, request: HttpRequest) -> bool:
        return request.user.has_perm("countries.revoke_signingkey")

    def _register(self, request: HttpRequest, form: forms.Form) -> SigningKey | None:
        try:
            return signing.register(by=actor(request), now=timezone.now(), **form.cleaned_data)
        except Refused as error:
            form.add_error("public_key" if error.code in signing.ABOUT_THE_KEY else None, str(error))
            return None

    def _page(self, request: HttpRequest, title: str, form: forms.Form) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "form": form}
        response = TemplateResponse(request, "admin/countries/credential/deed.html", context)
        return never_cache(lambda _: response)(request)


def _left(agency: Agency) -> str:
    """Say what an agency can still do without the key that was revoked."""
    if signing.live(agency, timezone.now()).exists():
        return ""
    must = "must sign, and so cannot send until another key is registered." if agency.signature_required else ""
    return f"{agency} has no live key left" + (f": it {must}" if must else ".")
