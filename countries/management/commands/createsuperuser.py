"""Makes a superuser as Django's command does, and announces it to the audit trail."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.contrib.auth.models import User
from django.db import transaction

from countries import registry
from countries.actors import ActorKind, name_without_account
from countries.management.refusals import as_command_errors


class Command(createsuperuser.Command):
    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        known = set(User.objects.values_list("pk", flat=True))
        super().handle(*args, **options)
        # Only now: other writers must not wait while somebody types.
        with as_command_errors(), registry.writing():
            for user in User.objects.exclude(pk__in=known).filter(is_superuser=True):
                registry.announce_new(user, by=name_without_account(ActorKind.COMMAND, "createsuperuser"))
