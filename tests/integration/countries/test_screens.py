"""What observers and coordinators reach at the desk, by any address.

The walk is made from the URL resolver of the desk: an address that nobody has thought of fails it.
"""

import html
import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from countries import registry
from countries.models import Agency
from federation import audit
from federation.desk import event_words
from federation.models.audit import AuditEvent
from tests.integration.countries import addresses, desk_rows
from tests.integration.countries.addresses import ACTION_PAGES, OF_THE_SITE, PASSWORD, STANDARD, routes
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db
SCREENS = sorted(admin.site._registry, key=lambda model: model._meta.label)
GROUPS = addresses.by_screen()
#: What posting to them does is signing out, or changing the own password or second factor.
NOT_POSTED = {"login", "logout", "password_change", "second_factor"}


@pytest.fixture(scope="module")
def rows(module_db):
    return desk_rows.make()


def sign_in(client, *groups):
    user = User.objects.create_user("ada", password=PASSWORD, is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    signed_in(client, user)
    return user


def list_of(model) -> str:
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")


def test_each_address_is_one_that_the_walk_knows():
    for route in routes():
        if route.model is None:
            assert route.name in OF_THE_SITE, route
        else:
            assert route.view in STANDARD | ACTION_PAGES.get(route.model, set()), route
            assert route.parameters in (set(), *addresses.ONE_ROW), route


@pytest.mark.parametrize("screen", GROUPS)
def test_observer_reads_everything_of_the_desk_and_changes_nothing(client, rows, screen):
    sign_in(client, "observer")
    before = desk_rows.everything()
    for route in GROUPS[screen]:
        model = route.model or Agency
        form = addresses.form_of(rows[model], but={})
        form |= {"action": "delete_selected", "_selected_action": [rows[model].pk]}
        for address in route.addresses({model: [row] for model, row in rows.items()}):
            if route.view in ("changelist", "change", "history") and model._meta.app_label != "auth":
                assert client.get(address, follow=True).status_code == 200, address
            if route.view not in NOT_POSTED:
                client.post(address, form)
    assert desk_rows.everything() == before


def visible_text(answer):
    """What a reader sees of a page: no tags, scripts and styles."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", page))


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model._meta.label)
def test_no_page_shows_json_or_a_dict(client, rows, model):
    sign_in(client).user_permissions.set(Permission.objects.all())
    opts, row = model._meta, rows[model]
    kind = event_words.model_of(opts.model_name)
    if kind is model:
        # The audit trail has events about it, too.
        columns = registry.columns_of(row)
        for change, before, after in (("added", None, columns), ("changed", columns, columns | {"odd": {"a": [1]}})):
            details = {"before": before, "after": after, "more": {"deep": [{"a": 1}]}}
            subject = f"{opts.model_name} {row}"
            audit.record(by="ada", action=f"{opts.model_name}.{change}", subject=subject, details=details)
    names = [(f"admin:{opts.app_label}_{opts.model_name}_{view}", [row.pk]) for view in ("change", "history")]
    pages = [list_of(model), *(reverse(name, args=keys) for name, keys in names)]
    pages += [reverse("admin:federation_auditevent_changelist") + "?by=all"]
    pages += [reverse("admin:federation_auditevent_change", args=[one.pk]) for one in AuditEvent.objects.all()]
    for address in pages:
        answer = client.get(address, follow=True)
        assert answer.status_code == 200, address
        assert not re.search(r"""[{\[]\s*["']|\bNone\b""", visible_text(answer)), address


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model._meta.label)
def test_observer_is_offered_no_action(client, rows, model):
    sign_in(client, "observer")
    answer = client.get(list_of(model))
    assert answer.status_code == 403 or not answer.context["action_form"]


@pytest.mark.parametrize("screen", GROUPS)
def test_coordinator_may_do_all_that_a_superuser_may_but_for_users(client, rows, screen):
    user = sign_in(client, "coordinator")
    refused = {}
    for route in GROUPS[screen]:
        for address in route.addresses({model: [row] for model, row in rows.items()}) if route.view != "logout" else ():
            status = client.get(address).status_code
            if screen.startswith("auth.") and route.view:
                assert status == 403, address
            elif address != "/admin/auth/" and status >= 400:
                refused[address] = status
    user.is_superuser = True
    user.save()
    assert {address: client.get(address).status_code for address in refused} == refused


@pytest.mark.parametrize(("address", "status"), [("/admin/nothing/", 404), ("/admin/auth/user/", 403)])
def test_refusal_is_a_page_for_browsers_and_a_problem_for_programs(client, address, status):
    sign_in(client, "observer")
    page, problem = client.get(address, headers={"Accept": "text/html"}), client.get(address)
    assert (page.status_code, problem.status_code) == (status, status)
    assert "Back to the desk" in visible_text(page)
    assert problem["Content-Type"] == "application/problem+json"


def test_coordinator_may_everything_that_the_two_apps_know(db):
    group = Group.objects.get(name="coordinator")
    known = Permission.objects.filter(content_type__app_label__in=["countries", "federation"])
    assert set(group.permissions.all()) == set(known)
    for name in ("revoke_credential", "mark_break", "decide_hold", "resolve_finding"):
        assert group.permissions.filter(codename=name).exists(), name
