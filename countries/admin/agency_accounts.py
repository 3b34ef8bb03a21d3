"""Accounts of people of an agency: invite, invite again, end. A link is shown once, as a secret is."""

from datetime import datetime
from functools import partial

from django import forms
from django.contrib import admin
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from countries.accounts import agency_accounts
from countries.accounts.agency_accounts import Invitation
from countries.admin.actions import ConfirmedForm, PageAction, RevocableAdmin
from countries.admin.base import given_agency
from countries.models import Agency, AgencyAccount


class InviteForm(ConfirmedForm):
    agency = forms.ModelChoiceField(Agency.objects.filter(active=True))
    username = forms.CharField(
        label="User name",
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="With which the person signs in. Not the name or the e-mail address of a person.",
    )
    expires = forms.DateTimeField(
        required=False, help_text="In UTC, such as 2027-01-31 12:00. If empty, the account stays until it is ended."
    )
    field_order = ("agency", "username", "expires", "reason", "password")


class AgainForm(ConfirmedForm):
    reason_required = True


@admin.register(AgencyAccount)
class AgencyAccountAdmin(RevocableAdmin):
    used_path = "user__last_login"
    list_display = ("user", "agency", "created", "expires", "state", "last_login")
    list_filter = (("revoked", admin.EmptyFieldListFilter), ("agency", RelatedOnlyFieldListFilter))
    list_select_related = ("agency", "user")
    search_fields = ("user__username", "agency__code", "agency__name")
    fields = ("user", "agency", "created", "expires", "revoked", "state", "last_login")
    page_actions = {"again": PageAction("Invite again", "invite"), "revoke": PageAction("End the account", "revoke")}

    @admin.display(description="last sign-in", ordering="user__last_login")
    def last_login(self, account: AgencyAccount) -> str:
        return f"{account.user.last_login:%Y-%m-%d %H:%M}" if account.user.last_login else "never"

    def last_use(self, row: AgencyAccount) -> datetime | None:
        return row.user.last_login

    def holder_refused(self, row: AgencyAccount) -> str:
        return super().holder_refused(row) if row.user.is_active else "not usable: the user is not active"

    def add(self, request: HttpRequest) -> HttpResponse:
        form = InviteForm(request.POST or None, initial=given_agency(request))
        return self.show_once(request, form, "Invite somebody of an agency", agency_accounts.invite, self._link)

    def again(self, request: HttpRequest, account: AgencyAccount) -> HttpResponse:
        consequence = "The password, the second factor and the sessions of the account end. The page shows a new link."
        title = f"Invite {account} again"
        form, again = AgainForm(request.POST or None), partial(agency_accounts.invite_again, account=account)
        return self.show_once(request, form, title, again, self._link, consequence=consequence)

    def end(self, row: AgencyAccount, *, by: str, now: datetime, reason: str) -> str:
        agency_accounts.end(account=row, by=by, now=now, reason=reason)
        return f"The account {row} has ended, and so have its sessions."

    def consequence(self, row: AgencyAccount) -> str:
        return f"{row} can no longer use the pages of {row.agency}"

    def _link(self, request: HttpRequest, invited: Invitation) -> HttpResponse:
        self.log_addition(request, invited.account, "Invited")
        path = reverse("agency:invitation", args=[invited.uid, invited.token])
        link, title = request.build_absolute_uri(path), f"Invitation of {invited.account}"
        agency = invited.account.agency
        return self.page(request, title, template="agencyaccount/invited.html", link=link, agency=agency)
