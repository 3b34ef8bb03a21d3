"""The screens of the registry, for coordinators. Each write goes through ``countries.registry``."""

from countries.admin import (
    agencies,
    agency_accounts,
    credentials,
    recipients,
    reference,
    second_factor,
    signing,
    users,
)

__all__ = [
    "agencies",
    "agency_accounts",
    "credentials",
    "recipients",
    "reference",
    "second_factor",
    "signing",
    "users",
]
