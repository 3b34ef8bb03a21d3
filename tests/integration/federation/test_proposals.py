"""Proposals to change the detail of a country (R401), on the start page of the desk."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from countries import reference
from tests import second_factor
from tests.contract.public.press import NOBODY, Press
from tests.factories import DetailFactory, IndicatorFactory, observer

pytestmark = pytest.mark.django_db
MONTHS = ["2026-08", "2026-09", "2026-10"]


@pytest.fixture
def press():
    IndicatorFactory.create()
    DetailFactory.create(country__code="IS", step="D", network_step="W")
    DetailFactory.create(country__code="LI", step="W", network_step="M")
    DetailFactory.create(country__code="NO", step="D", network_step="D")
    press = Press()
    # Iceland has 3 a day, Liechtenstein 5 a week, and Norway 20 an hour.
    press.publish("M", {month: {"IS": 90, "LI": 25, "NO": 15_000} for month in MONTHS})
    reference.snapshots.clear()
    return press


def proposed(user):
    page = second_factor.signed_in(Client(), user).get(reverse("admin:index"))
    return [(one.country, one.sentence) for one in page.context["proposals"]]


def test_coordinators_see_what_does_not_fit(press, admin_user):
    beginning, end = "Months August 2026 to October 2026", "and nothing finer, from a later month on."
    iceland = f"{beginning}: Iceland has 2.9 events in an average day, 20.5 in an average week. Publish its weeks {end}"
    norway = f"{beginning}: Norway has 489.1 events in an average day, 20.4 in an average hour. Publish its hours {end}"
    assert proposed(admin_user) == [("IS", iceland), ("NO", norway)]


def test_planned_change_counts_as_done(press, admin_user):
    for code, step, left in (("IS", "W", "1 proposal"), ("NO", "H", "")):
        DetailFactory.create(country__code=code, valid_from=date(2099, 1, 1), step=step, network_step="M")
        reference.snapshots.clear()
        page = second_factor.signed_in(Client(), admin_user).get(reverse("admin:index")).content.decode()
        assert (f"<summary>{left}</summary>" in page) == bool(left)
    assert proposed(admin_user) == []


def test_nothing_is_proposed_from_months_without_reports(press, admin_user):
    press.publish("M", {"2026-11": {}}, NOBODY)
    assert proposed(admin_user) == []


def test_nothing_is_proposed_to_others(press):
    assert proposed(observer()) == []


def test_nothing_is_proposed_before_three_months_are_published(admin_user):
    IndicatorFactory.create()
    DetailFactory.create(country__code="IS", step="D", network_step="W")
    Press().publish("M", {"2026-09": {"IS": 5}, "2026-10": {"IS": 5}})
    reference.snapshots.clear()
    assert proposed(admin_user) == []
