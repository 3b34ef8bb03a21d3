"""A national liaison sees and changes nothing outside their own country, by any address. Nor do others go too far.

The walk is made from the URL resolver of the desk: an address that nobody has thought of fails it.
"""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import ForeignKey
from django.urls import reverse

from countries.liaisons import LIAISONS, SHARED
from countries.models import READ_WRITE, Agency, Annotation, Credential, Liaison, Schedule, Setup
from federation.models.findings import Hold
from tests import factories
from tests.integration.countries import addresses, two_countries
from tests.integration.countries.addresses import ACTION_PAGES, OF_THE_SITE, PASSWORD, STANDARD, routes
from tests.integration.countries.two_countries import WAYS
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db
NO, SE = 578, 752
#: A part of what marks the foreign rows, so that a page that says what was looked for says nothing.
TERM = "quokk"
SCREENS = sorted(admin.site._registry, key=lambda model: model._meta.label)
GROUPS = addresses.by_screen()
#: What posting to them does is signing out, or changing the own password or second factor.
NOT_POSTED = {"login", "logout", "password_change", "second_factor"}


@pytest.fixture(scope="module")
def own(module_db):
    return two_countries.land("NO", "FJORD", 1_234_567)


@pytest.fixture(scope="module")
def foreign(module_db):
    return two_countries.land("SE", "QUOKKA", 7_654_321)


@pytest.fixture(scope="module")
def rows(own, foreign):
    """All rows there are by table, foreign ones last."""
    common = two_countries.shared()
    return {model: [land[model] for land in (own.rows, common, foreign.rows) if model in land] for model in WAYS}


def sign_in(client, *groups, country=None, superuser=False):
    user = User.objects.create_user("ada", password=PASSWORD, is_staff=True, is_superuser=superuser)
    user.groups.set(Group.objects.filter(name__in=groups))
    if country:
        Liaison.objects.create(user=user, country_id=country)
    signed_in(client, user)
    return user


@pytest.fixture
def visitor(client, rows):
    """Somebody for whom Sweden is foreign, with the permissions of a coordinator beside: who may more reaches more."""
    return sign_in(client, LIAISONS, "coordinator", country=NO)


def list_of(model) -> str:
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")


def shown(answer) -> str:
    """Return all that an answer shows. Where it leads to, and what is told there, the walk sees on its other pages."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{content.decode()} {list(answer.headers.values())} {answer.cookies}"


def hides(land, answer, what) -> None:
    text = shown(answer).lower()
    for mark in land.marks:
        assert mark not in text, f"{mark} is seen at {what}"


def test_each_table_has_a_way_to_its_country():
    assert set(SCREENS) <= set(WAYS)
    for model in SCREENS:
        assert getattr(admin.site.get_model_admin(model), "of_country", "") == WAYS[model], model


def test_each_address_is_one_that_the_walk_knows():
    for route in routes():
        if route.model is None:
            assert route.name in OF_THE_SITE, route
        else:
            assert route.view in STANDARD | ACTION_PAGES.get(route.model, set()), route
            assert route.parameters in (set(), *addresses.ONE_ROW), route


@pytest.mark.parametrize("screen", GROUPS)
def test_no_address_shows_or_changes_a_foreign_row(client, visitor, rows, foreign, screen):
    before = two_countries.outside(NO)
    for route in GROUPS[screen]:
        *own, theirs = [addresses.form_of(row, but=foreign.harmless) for row in rows[route.model or Agency]]
        *_, last = route.addresses(rows)
        for address in route.addresses(rows):
            hides(foreign, client.get(address), address)
            forms = [theirs, *(own if address == last else ())]
            for form in forms if route.view not in NOT_POSTED else ():
                hides(foreign, client.post(address, form), f"POST {address}")
    hides(foreign, client.get(reverse("admin:index")), "the start page")
    assert two_countries.outside(NO) == before


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model._meta.label)
def test_no_question_to_a_list_shows_a_foreign_row(client, rows, foreign, model):
    sign_in(client, LIAISONS, "coordinator", country=NO)
    for question in addresses.questions(model, rows[model][-1], TERM):
        answer = client.get(list_of(model), question)
        hides(foreign, answer, f"{model} {question}")
        listed = (answer.context or {}).get("cl")
        if listed is not None and WAYS[model] != SHARED:
            assert foreign.rows.get(model) not in list(listed.queryset), question


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model._meta.label)
def test_no_question_goes_against_the_direction_of_a_key(client, rows, model):
    sign_in(client, LIAISONS, "coordinator", country=NO)
    for name in addresses.against_the_keys(model):
        for question in ({name: 1}, {f"{name}__isnull": 0}, {f"{name}__in": "1,2"}):
            assert client.get(list_of(model), question).status_code in (400, 403), question
    if model is Hold:
        # The key of a hold is a report; by its other name it leads on to an indicator, which all share.
        assert client.get(list_of(model), {"pk__indicator__finding": 1}).status_code == 400


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model._meta.label)
def test_no_action_touches_a_foreign_row(client, visitor, rows, foreign, model):
    before = two_countries.outside(NO)
    actions = admin.site.get_model_admin(model).actions
    names = {action if isinstance(action, str) else action.__name__ for action in actions}
    for name in {*names, "delete_selected"}:
        for across in ("0", "1"):
            form = {"action": name, "select_across": across, "index": "0", "reason": "because", "post": "yes"}
            form["_selected_action"] = [row.pk for row in rows[model]]
            hides(foreign, client.post(list_of(model), form), f"{name} {model}")
    hides(foreign, client.get(list_of(model)), model)
    assert two_countries.outside(NO) == before


def test_autocomplete_offers_no_foreign_row(client, visitor, rows, foreign):
    asked = 0
    for model in (*SCREENS, *apps.get_app_config("countries").get_models()):
        for field in model._meta.concrete_fields:
            if not isinstance(field, ForeignKey):
                continue
            for term in ("", TERM, "SE"):
                named = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
                question = named | {"field_name": field.name, "term": term}
                hides(foreign, client.get(reverse("admin:autocomplete"), question), str(question))
                asked += 1
    assert asked > 30


def test_what_a_foreign_address_leads_to_is_what_nothing_leads_to(client, visitor, rows, foreign):
    for model in SCREENS:
        if model not in foreign.rows:
            continue
        for view in ("change", "history", "delete"):
            pks = foreign.rows[model].pk, "00000000-0000-0000-0000-000000000000"
            answers = [client.get(f"{list_of(model)}{pk}/{view}/") for pk in pks]
            there, nowhere = [(one.status_code, one.headers.get("Location")) for one in answers]
            assert there == nowhere, (model, view)
            assert there[0] != 200, (model, view)


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model._meta.label)
def test_liaison_sees_the_own_country(client, rows, own, foreign, model):
    sign_in(client, LIAISONS, country=NO)
    answer = client.get(list_of(model))
    if not WAYS[model]:
        assert answer.status_code == 403
        return
    listed = set(answer.context["cl"].queryset)
    assert rows[model][0] in listed
    assert WAYS[model] == SHARED or listed == {own.rows[model]}
    assert client.get(list_of(model) + f"{rows[model][0].pk}/change/").status_code == 200


def test_liaison_without_a_country_sees_nothing(client, rows, own):
    sign_in(client, LIAISONS, "coordinator")
    for model in SCREENS:
        answer = client.get(list_of(model))
        assert answer.status_code == 403 or not answer.context["cl"].queryset.exists()
        hides(own, answer, model)
    hides(own, client.get(reverse("admin:index")), "the start page")


def test_country_limits_a_member_of_any_group(client, rows, foreign):
    sign_in(client, "coordinator", country=NO)
    answer = client.get(reverse("admin:countries_agency_changelist"))
    assert answer.context["cl"].result_count == 1
    hides(foreign, answer, "agencies")


def test_what_a_liaison_once_did_for_another_country_is_not_shown(client, rows, foreign):
    user = sign_in(client, LIAISONS, country=NO)
    agency = foreign.rows[Agency]
    kind = ContentType.objects.get_for_model(Agency)
    LogEntry.objects.create(
        user=user, content_type=kind, object_id=agency.pk, object_repr=str(agency), action_flag=2, change_message="x"
    )
    for address in ("index", "countries_agency_changelist"):
        hides(foreign, client.get(reverse(f"admin:{address}")), address)
    assert client.get(reverse("admin:countries_agency_history", args=[agency.pk])).status_code == 302


def annotation_form(agency, **more):
    form = {"kind": "outage", "text": "Away.", "start_0": "2026-11-12", "start_1": "08:00", "agency": agency}
    return form | {"end_0": "", "end_1": "", "indicator": "", "reason": "they told us"} | more


def setup_form(agency, **more):
    form = {"agency": agency, "valid_from": "2026-10-01", "computers": "4", "networks": ["BITTORRENT"], "remark": ""}
    return (
        form
        | {
            "counting": "sent",
            "location_source": "A",
            "location_date": "2026-09-01",
            "time_zone": "UTC",
            "reason": "they told us",
        }
        | more
    )


@pytest.mark.parametrize(("model", "form"), [(Annotation, annotation_form), (Setup, setup_form)])
@pytest.mark.parametrize("whose", ["own", "foreign", "everybody's", "nobody's"])
def test_liaison_adds_and_changes_for_own_agencies_only(client, rows, own, foreign, model, form, whose):
    sign_in(client, LIAISONS, country=NO)
    agency = {"own": own.rows[Agency].pk, "foreign": foreign.rows[Agency].pk, "everybody's": "", "nobody's": 0}[whose]
    name = f"admin:countries_{model._meta.model_name}"
    answer = client.post(reverse(f"{name}_add"), form(agency))
    added = model.objects.exclude(pk__in=[row.pk for row in rows[model]])
    assert (answer.status_code, added.count()) == ((302, 1) if whose == "own" else (200, 0))
    hides(foreign, answer, "the form")
    hides(foreign, client.get(reverse(f"{name}_add"), {"agency": agency}), "the form, filled in by its address")

    client.post(reverse(f"{name}_change", args=[own.rows[model].pk]), form(agency))
    assert model.objects.get(pk=own.rows[model].pk).agency == own.rows[Agency]


@pytest.mark.parametrize(("marks", "broken"), [((), False), (("coordinator",), True)])
def test_only_who_may_mark_a_break_does(client, rows, own, marks, broken):
    sign_in(client, LIAISONS, *marks, country=NO)
    form = annotation_form(own.rows[Agency].pk, is_break="on")
    client.post(reverse("admin:countries_annotation_add"), form)
    added = Annotation.objects.latest("pk")
    assert (added.text, added.is_break) == ("Away.", broken)


def test_break_that_a_coordinator_marked_is_not_moved_by_a_liaison(client, rows, own):
    sign_in(client, LIAISONS, country=NO)
    row = factories.AnnotationFactory.create(agency=own.rows[Agency], is_break=True)
    page = reverse("admin:countries_annotation_change", args=[row.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, annotation_form(own.rows[Agency].pk)).status_code == 403
    row.refresh_from_db()
    assert row.text != "Away."


def test_liaison_with_the_right_to_issue_issues_for_own_agencies_only(client, rows, own, foreign):
    sign_in(client, LIAISONS, "coordinator", country=NO)
    Credential.objects.all().delete()
    page = reverse("admin:countries_credential_add")
    assert "coordinator" not in client.get(page).context["form"].fields
    for form in ({"agency": foreign.rows[Agency].pk}, {"coordinator": "eve"}, {"agency": "", "coordinator": "eve"}):
        hides(foreign, client.post(page, form | {"scopes": READ_WRITE, "password": PASSWORD}), form)
    assert not Credential.objects.exists()
    client.post(page, {"agency": own.rows[Agency].pk, "scopes": READ_WRITE, "password": PASSWORD})
    assert Credential.objects.get().agency == own.rows[Agency]


def test_foreign_schedule_does_not_come_in_by_the_form_of_an_own_agency(client, rows, own, foreign):
    sign_in(client, LIAISONS, "coordinator", country=NO)
    agency, schedule = own.rows[Agency], foreign.rows[Schedule]
    form = {
        "name": "New", "active": "on", "reason": "because",
        "thresholds-TOTAL_FORMS": 0, "thresholds-INITIAL_FORMS": 0,
        "schedules-TOTAL_FORMS": 1, "schedules-INITIAL_FORMS": 1,
        "schedules-0-id": schedule.pk, "schedules-0-agency": agency.pk, "schedules-0-indicator": 1,
        "schedules-0-frequency": "D", "schedules-0-valid_from": "2026-01-01", "schedules-0-deadline_minutes": 5,
    }  # fmt: skip
    before = two_countries.outside(NO)
    for extra in ({}, {"schedules-0-DELETE": "on"}):
        page = reverse("admin:countries_agency_change", args=[agency.pk])
        hides(foreign, client.post(page, form | extra), page)
    assert two_countries.outside(NO) == before


@pytest.mark.parametrize("screen", GROUPS)
def test_observer_reads_everything_of_the_desk_and_changes_nothing(client, rows, screen):
    sign_in(client, "observer")
    before = two_countries.outside(None)
    for route in GROUPS[screen]:
        model = route.model or Agency
        form = addresses.form_of(rows[model][-1], but={})
        form |= {"action": "delete_selected", "_selected_action": [row.pk for row in rows[model]]}
        for address in route.addresses(rows):
            if route.view in ("changelist", "change", "history") and model._meta.app_label != "auth":
                assert client.get(address).status_code == 200, address
            if route.view not in NOT_POSTED:
                client.post(address, form)
    assert two_countries.outside(None) == before


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
        for address in route.addresses(rows) if route.view != "logout" else ():
            status = client.get(address).status_code
            if screen.startswith("auth.") and route.view:
                assert status == 403, address
            elif address != "/admin/auth/" and status >= 400:
                refused[address] = status
    user.is_superuser = True
    user.save()
    assert {address: client.get(address).status_code for address in refused} == refused


def test_coordinator_may_everything_that_the_two_apps_know(db):
    group = Group.objects.get(name="coordinator")
    known = Permission.objects.filter(content_type__app_label__in=["countries", "federation"])
    assert set(group.permissions.all()) == set(known)
    for name in ("revoke_credential", "mark_break", "decide_hold", "resolve_finding"):
        assert group.permissions.filter(codename=name).exists(), name


def test_liaison_may_do_no_more_than_this(db):
    group = Group.objects.get(name=LIAISONS)
    done = group.permissions.exclude(codename__startswith="view_").values_list("codename", flat=True)
    assert set(done) == {"add_annotation", "change_annotation", "add_setup", "change_setup", "add_answer"}
