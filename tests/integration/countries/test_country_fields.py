"""Countries at the desk: people search, pick, filter and read them by name."""

import json
import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from countries.models import Country, Detail, HelpService, Intervention, Population
from tests import factories
from tests.integration.countries.conftest import address, text
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/autocomplete/"


def search(client, term, model="agency"):
    query = {"app_label": "countries", "model_name": model, "field_name": "country", "term": term}
    return client.get(ADDRESS, query)


@pytest.fixture
def countries():
    return {code: factories.CountryFactory.create(code=code) for code in ("NO", "SE", "DK")}


@pytest.mark.parametrize("term", ["norw", "NORWAY", "NO", "rway"])
@pytest.mark.parametrize("model", ["agency", "population", "helpservice"])
def test_country_is_found_by_name_and_by_code_and_shown_with_both(desk, countries, term, model):
    found = json.loads(search(desk, term, model).content)["results"]
    assert found == [{"id": str(countries["NO"].pk), "text": "Norway (NO)"}]


@pytest.mark.parametrize("group", ["observer", "coordinator"])
def test_everybody_at_the_desk_may_search(client, countries, group):
    user = User.objects.create_user("ola", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    signed_in(client, user)
    assert search(client, "swe").status_code == 200


def test_nobody_else_may_search(client, countries):
    assert search(client, "swe").status_code == 302
    user = User.objects.create_user("per", is_staff=True)
    signed_in(client, user)
    assert search(client, "swe").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_country"))
    assert search(client, "swe").status_code == 200
    user.is_staff = False
    user.save()
    assert search(client, "swe").status_code == 302


@pytest.mark.parametrize(
    ("model", "factory"), [(Detail, "Detail"), (Population, "Population"), (HelpService, "HelpService")]
)
def test_lists_find_show_and_filter_countries_by_name(desk, countries, model, factory):
    for country in (countries["NO"], countries["SE"]):
        getattr(factories, f"{model.__name__}Factory").create(country=country)
    page = text(desk.get(address(model), {"q": "swed"}))
    assert "1 result" in page
    assert ">Sweden (SE)<" in page
    page = text(desk.get(address(model)))
    filtered = re.findall(r'country__number__exact=(\d+)"[^>]*>([^<]*)<', page)
    assert filtered == [
        (str(countries[code].pk), name) for code, name in (("NO", "Norway (NO)"), ("SE", "Sweden (SE)"))
    ]


def test_form_offers_all_countries_by_name_and_not_the_unknown_one(desk):
    for model in ("intervention", "draw"):
        page = text(desk.get(reverse(f"admin:countries_{model}_add")))
        offered = re.findall(r'<option value="([A-Z_]+)">([^<]*\))</option>', page.partition('name="countries"')[2])
        assert offered[:2] == [("AF", "Afghanistan (AF)"), ("AL", "Albania (AL)")]
        assert "_U" not in dict(offered)
        assert "countries/pickers" in page


def test_picked_countries_are_stored_and_stay_picked_if_something_else_is_wrong(desk):
    factories.IndicatorFactory.create(number=1)
    form = {
        "title": "", "description": "d", "registrant": "r", "countries": ["NO", "SE"], "comparison": ["DK"],
        "networks": [], "indicator": 1, "direction": "fewer", "start": "2026-02-02", "weeks_before": 52,
        "weeks_after": 26, "reason": "r",
    }  # fmt: skip
    page = text(desk.post(reverse("admin:countries_intervention_add"), form))
    assert re.findall(r'<option value="(..)" selected>', page.partition('name="countries"')[2])[:2] == ["NO", "SE"]
    desk.post(reverse("admin:countries_intervention_add"), form | {"title": "Files"})
    row = Intervention.objects.get()
    assert (row.countries, row.comparison) == (["NO", "SE"], ["DK"])
    page = text(desk.get(reverse("admin:countries_intervention_change", args=[row.pk])))
    assert "Norway (NO), Sweden (SE)" in page
    assert "Denmark (DK)" in page


def test_country_is_called_by_name_and_code():
    assert str(Country(code="NO", number=578)) == "Norway (NO)"
    assert str(Country(code="ZZ", number=999)) == "ZZ (ZZ)"
