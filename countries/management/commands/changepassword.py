"""Changes a password as Django's command of this name does, and leaves a trace of it."""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.contrib.auth.models import User
from django.db import transaction

from countries import registry


class Command(changepassword.Command):
    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> Any:
        said = super().handle(*args, **options)
        # Not before: while somebody types, other writers must not wait.
        with registry.writing():
            user = User.objects.get(username=options["username"] or getpass.getuser())
            registry.announce_new_password(user, by="command changepassword")
        return said
