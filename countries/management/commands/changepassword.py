"""Changes a password as Django's command does, and announces it to the audit trail."""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.contrib.auth.models import User
from django.db import transaction

from countries import registry
from countries.actors import ActorKind, name_without_account


class Command(changepassword.Command):
    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> Any:
        result = super().handle(*args, **options)
        # Only now: other writers must not wait while somebody types.
        with registry.writing():
            user = User.objects.get(username=options["username"] or getpass.getuser())
            registry.announce_new_password(user, by=name_without_account(ActorKind.COMMAND, "changepassword"))
        return result
