"""Webhooks of agencies. A test message shows what the receiver answers."""

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.core.exceptions import ValidationError
from django.db.models import URLField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from countries import webhook_urls
from countries.accounts import guessing
from countries.admin.actions import PageAction, PageActions
from countries.admin.base import PasswordField, RegistryAdmin, RegistryForm
from countries.models import Webhook
from federation.notifications import webhooks
from federation.notifications.errors import DeliveryError


class WebhookForm(RegistryForm):
    """Asks for the password too, because the service will post to this address."""

    password = PasswordField()
    request: HttpRequest

    class Meta:
        widgets = {"url": forms.URLInput(attrs={"size": 80, "autocomplete": "off", "spellcheck": "false"})}

    def clean_url(self) -> str:
        """Check the form of the address. To where its name leads is known only when the service sends."""
        if not settings.WEBHOOK_KEYS:
            raise ValidationError("The service cannot sign webhooks yet. Ask the operator to set WEBHOOK_KEYS.")
        try:
            url = webhook_urls.parse(self.cleaned_data["url"])
        except webhook_urls.BadUrl as error:
            raise ValidationError(str(error)) from None
        if url.literal:
            raise ValidationError(f"Give the name of the receiver instead of {url.host}: certificates are for names.")
        return str(url)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # Only a form without other faults uses up an attempt.
        if not self.errors and not guessing.is_own_password(self.request, cleaned["password"]):
            self.add_error("password", PasswordField.WRONG)
        return cleaned


@admin.register(Webhook)
class WebhookAdmin(PageActions, RegistryAdmin):
    form = WebhookForm
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    fixed_after_adding = ("agency", "url")
    fields = ("agency", "url", "active", "reason", "password")
    list_display = ("url", "agency", "active")
    list_filter = ("active", ("agency", RelatedOnlyFieldListFilter))
    list_select_related = ("agency",)
    search_fields = ("url", "agency__code", "agency__name")
    page_actions = {"test": PageAction("Send a test message", "change")}

    def may_act_on(self, row: Webhook) -> bool:
        return row.active and row.agency.active

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        form.request = request
        return form

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = super().get_fields(request, obj)
        # Users who may only look at a row are asked for nothing.
        return fields if "reason" in fields else [name for name in fields if name != "password"]

    @method_decorator(sensitive_post_parameters())
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def test(self, request: HttpRequest, webhook: Webhook) -> HttpResponse:
        if request.method != "POST":
            consequence = f"The service posts a message to {webhook.url}. This takes up to five seconds."
            return self.page(request, "Send a test message", form=forms.Form(), consequence=consequence)
        if not self.may_act_on(webhook):
            self.message_user(request, "Nothing was sent: this webhook or its agency is not active.", messages.ERROR)
            return HttpResponseRedirect("../change/")
        id_ = str(uuid4())
        try:
            webhooks.post(webhook.url, _test_message(id_, webhook, timezone.now()), message_id=id_, repeated=False)
        except DeliveryError as error:
            self.message_user(request, f"The test message was not delivered. {error.reason}", messages.ERROR)
            return HttpResponseRedirect("../change/")
        return self.done(request, webhook, "Tested", "The receiver has accepted the test message.")


def _test_message(id_: str, webhook: Webhook, now: datetime) -> bytes:
    at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {"kind": "test", "agency": webhook.agency.code, "at": at}
    return json.dumps({"id": id_, "possibly_repeated": False, "sent_at": at, "notifications": [told]}).encode()
