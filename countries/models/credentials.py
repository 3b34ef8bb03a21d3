"""Who may do what: credentials, signing keys, accounts of agencies, and sign-ins."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from countries import permissions, ranges
from countries.models.agencies import Agency
from p2p_core import scopes

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    class AbstractApplication(models.Model):
        """What this project uses of the model of django-oauth-toolkit, which has no types."""

        CLIENT_CONFIDENTIAL = "confidential"
        GRANT_CLIENT_CREDENTIALS = "client-credentials"

        client_id = models.CharField(max_length=255)
        client_secret = models.CharField(max_length=255)
        client_type = models.CharField(max_length=32)
        authorization_grant_type = models.CharField(max_length=44)
        user = models.ForeignKey(User, null=True, on_delete=models.CASCADE)
        created = models.DateTimeField(auto_now_add=True)

        class Meta:
            abstract = True
else:
    from oauth2_provider.models import AbstractApplication

READ_WRITE = f"{scopes.SUBMIT} {scopes.READ_OWN}"
READ_ONLY = scopes.READ_OWN
#: The scopes that a credential of an agency can have. The first is the default.
AGENCY_SCOPES = (READ_WRITE, READ_ONLY)
FIGURES = scopes.READ_ALL
#: What a credential with these scopes may do.
SCOPES = {
    READ_WRITE: "sends reports and reads its own",
    READ_ONLY: "reads its own reports",
    FIGURES: "reads the figures of all countries",
}


class Revocable(models.Model):
    """Something that gives access until it expires or is revoked, while its holder is allowed to have it."""

    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def holder_allowed(self) -> bool:
        raise NotImplementedError

    def ended_at(self, now: datetime) -> str:
        """How it has ended: "revoked", "expired", or "" while it is live. `credential_limits.live` says this in SQL."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else ""

    def usable_at(self, now: datetime) -> bool:
        return not self.ended_at(now) and self.holder_allowed


class Credential(Revocable, AbstractApplication):
    """OAuth2 client credentials, bound to one agency or one coordinator."""

    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="credentials")
    coordinator = models.CharField(max_length=150, blank=True, default="")
    scopes = models.CharField("rights", max_length=100, choices=list(SCOPES.items()))
    # When a token was last issued for it.
    used = models.DateTimeField(null=True, blank=True, editable=False)
    # In the canonical form that `ranges` gives them.
    networks = ArrayField(models.CharField(max_length=43), blank=True, default=list)

    class Meta:
        ordering = ["-created"]
        permissions = [
            ("revoke_credential", "Can revoke a credential"),
            ("restrict_credential", "Can change the networks of a credential"),
        ]
        constraints = [
            # Even a write that bypasses `ranges` must not store ranges that make each request fail.
            models.CheckConstraint(
                condition=Q(networks__len__lte=ranges.RANGES_AT_MOST), name="countries_credential_networks"
            ),
            # Exactly one holder, and only scopes that such a holder may have.
            models.CheckConstraint(
                name="countries_credential_holder",
                condition=(
                    Q(agency__isnull=False, coordinator="", scopes__in=AGENCY_SCOPES)
                    | (Q(agency__isnull=True, user__isnull=False, scopes=FIGURES) & ~Q(coordinator=""))
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.client_id

    @property
    def get_absolute_url(self) -> str:
        """Missing, so that the admin shows no link: the page that the toolkit names does not exist in this project."""
        raise AttributeError

    @property
    def holder(self) -> str:
        return self.agency.code if self.agency else self.coordinator

    @property
    def holder_allowed(self) -> bool:
        if self.agency is not None:
            return self.agency.active
        return self.user is not None and permissions.reads_figures(self.user)

    def clean(self) -> None:
        try:
            self.networks = ranges.read(self.networks)
        except ranges.BadRange as error:
            raise ValidationError({"networks": str(error)}) from None

    def usable_from(self, address: str) -> bool:
        return ranges.allow(self.networks, address)

    def is_usable(self, request: Any) -> bool:  # noqa: ARG002  the toolkit's signature
        """django-oauth-toolkit calls this before it issues a token."""
        return self.usable_at(timezone.now())


class SigningKey(Revocable):
    """The public half of an Ed25519 key with which an agency signs what it sends."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="signing_keys")
    # The name that signatures give: the agency's code and the beginning of the fingerprint.
    keyid = models.CharField(max_length=60, unique=True)
    # In base 64. A key always belongs to the same agency, because earlier signatures are verified with it.
    public_key = models.CharField(max_length=44, unique=True)
    # SHA-256 of the key in DER, in hexadecimal.
    fingerprint = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField()

    class Meta:
        ordering = ["-created"]
        permissions = [("revoke_signingkey", "Can revoke a signing key")]

    def __str__(self) -> str:
        return self.keyid

    @property
    def holder_allowed(self) -> bool:
        return self.agency.active


class AgencyAccount(Revocable):
    """Lets a user open the pages of one agency. The user has no staff status, and so never sees the desk."""

    user = models.OneToOneField("auth.User", on_delete=models.PROTECT, related_name="agency_account")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="accounts")
    created = models.DateTimeField()

    class Meta:
        ordering = ["-created"]
        permissions = [
            ("revoke_agencyaccount", "Can end an account of an agency"),
            ("invite_agencyaccount", "Can invite the user of an account again"),
        ]

    def __str__(self) -> str:
        return self.user.get_username()

    @property
    def holder_allowed(self) -> bool:
        return self.agency.active and self.user.is_active


class SignIn(models.Model):
    """Guesses at the password or the codes of a user, from one address, and the user's last sign-in from there.

    The name of the user and the address are keyed hashes. Only ``countries.accounts.guessing`` makes and reads them.
    """

    name = models.CharField(max_length=64)
    origin = models.CharField(max_length=64)
    guesses = models.IntegerField(default=0)
    guessed = models.DateTimeField(null=True)
    signed_in = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "origin"], name="one_sign_in")]
        indexes = [models.Index(fields=["origin"], name="sign_in_by_origin")]

    def __str__(self) -> str:
        return self.name
