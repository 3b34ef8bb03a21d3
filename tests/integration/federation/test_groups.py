"""The groups of the desk are what the code says, after every migration."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from federation.desk import groups

NAMES = {"coordinator", "observer"}


@pytest.mark.django_db
def test_groups_are_there_once_migrated():
    assert set(Group.objects.values_list("name", flat=True)) == NAMES
    call_command("migrate", verbosity=0)
    assert Group.objects.count() == len(NAMES)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(NAMES))
def test_permissions_changed_by_hand_are_set_right(name):
    group = Group.objects.get(name=name)
    right = set(group.permissions.all())
    group.permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    groups.create_groups()
    assert set(group.permissions.all()) == right


@pytest.mark.django_db
def test_only_superusers_manage_accounts():
    named = set(Permission.objects.filter(group__name__in=NAMES).values_list("content_type__app_label", flat=True))
    assert named == {"countries", "federation"}
    assert apps.get_app_config("auth").label not in named


def test_permissions_are_left_alone_where_accounts_are_not_migrated():
    class Nothing:
        def get_model(self, *_):
            raise LookupError

    groups.create_groups(apps=Nothing())
