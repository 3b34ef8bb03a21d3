"""The detail of countries: how it is set up, and how it is changed at the desk."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from countries import loader, registry
from countries.models import Country, Detail, Indicator, first_steps
from countries.reference import Reference
from federation.models.audit import AuditEvent
from tests.factories import CountryFactory, DetailFactory, IndicatorFactory, PopulationFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def november(monkeypatch):
    def at(moment):
        monkeypatch.setattr("countries.models.reference.timezone.now", lambda: moment)

    at(NOON)
    return at


def steps(code, indicator="DOWNLOADS"):
    rows = Detail.objects.filter(country__code=code, indicator__code=indicator)
    return list(rows.order_by("valid_from").values_list("valid_from", "step", "network_step"))


@pytest.mark.parametrize(
    ("inhabitants", "first"),
    [
        (40_000_000, ("N", "D")), (39_999_999, ("H", "D")), (1_000_000, ("H", "D")), (999_999, ("D", "W")),
        (100_000, ("D", "W")), (99_999, ("W", "M")), (1, ("W", "M")), (None, ("W", "M")),
    ],
)  # fmt: skip
def test_first_detail_follows_population(inhabitants, first):
    assert first_steps(inhabitants) == first


def test_loading_sets_each_country_up_and_loading_again_changes_nothing():
    loader.load(by="a test")
    assert Detail.objects.count() == Country.objects.count() * Indicator.objects.count()
    assert {code: steps(code) for code in ("DE", "NO", "IS", "LI", "_U", "VA")} == {
        "DE": [(Detail.FIRST, "N", "D")],
        "NO": [(Detail.FIRST, "H", "D")],
        "IS": [(Detail.FIRST, "D", "W")],
        "LI": [(Detail.FIRST, "W", "M")],
        "_U": [(Detail.FIRST, "W", "M")],
        "VA": [(Detail.FIRST, "W", "M")],
    }
    assert steps("NO", "HELP_VISITS") == steps("NO")
    # Neither a larger population nor a load that overwrites moves it.
    Country.objects.get(code="LI").populations.update(inhabitants=50_000_000)
    loader.load(by="a test", overwrite=True)
    assert steps("LI") == [(Detail.FIRST, "W", "M")]
    # Nor does another beginning of the first details.
    Detail.objects.filter(country__code="LI").update(valid_from=date(2016, 1, 1))
    loader.load(by="a test")
    assert steps("LI") == [(date(2016, 1, 1), "W", "M")]


def test_new_indicator_gets_the_detail_of_each_country_in_the_same_transaction():
    PopulationFactory.create(country=CountryFactory.create(code="NO"), year=2020, inhabitants=400_000)
    PopulationFactory.create(country=CountryFactory.create(code="NO"), year=2024, inhabitants=5_600_000)
    CountryFactory.create(code="_U")
    registry.save(Indicator(code="CALLS", name="Calls", description="Calls."), by="ada", reason="new")
    assert steps("NO", "CALLS") == [(Detail.FIRST, "H", "D")]
    assert steps("_U", "CALLS") == [(Detail.FIRST, "W", "M")]
    found = Reference.current()
    assert {row[1:] for row in found.details} == {(578, 1_483_228_800, "H", "D"), (999, 1_483_228_800, "W", "M")}
    # Its other changes set nothing up again.
    Detail.objects.all().delete()
    registry.save(Indicator.objects.get(code="CALLS"), by="ada")
    assert not Detail.objects.exists()


@pytest.mark.parametrize(
    ("step", "network_step"), [("W", "D"), ("M", "W"), ("M", "D"), ("N", "N"), ("N", "H"), ("A", "M"), ("D", "A")]
)
def test_database_refuses_networks_finer_than_all_and_other_steps(step, network_step):
    country, indicator = CountryFactory.create(), IndicatorFactory.create()
    with pytest.raises(IntegrityError, match="countries_detail_steps"), transaction.atomic():
        DetailFactory.create(country=country, indicator=indicator, step=step, network_step=network_step)


def test_database_refuses_a_second_detail_of_a_month_and_other_days():
    first = DetailFactory.create()
    with pytest.raises(IntegrityError, match="countries_detail_country_indicator_month"), transaction.atomic():
        DetailFactory.create(country=first.country, indicator=first.indicator)
    with pytest.raises(IntegrityError, match="countries_detail_month"), transaction.atomic():
        DetailFactory.create(country=first.country, indicator=first.indicator, valid_from=date(2026, 12, 2))


@pytest.mark.parametrize(
    ("valid_from", "moment", "why"),
    [
        (date(2026, 11, 1), NOON, "begins later than tomorrow"),
        (date(2026, 10, 1), NOON, "begins later than tomorrow"),
        (date(2026, 12, 2), NOON, "first day of a month"),
        # A clock may be in December by now.
        (date(2026, 12, 1), datetime(2026, 11, 30, 0, 0, tzinfo=UTC), "begins later than tomorrow"),
        (date(2026, 12, 1), datetime(2026, 11, 29, 23, 59, tzinfo=UTC), None),
        (date(2026, 12, 1), NOON, None),
    ],
)
def test_change_is_for_a_month_that_has_not_begun(november, valid_from, moment, why):
    november(moment)
    new = Detail(country=CountryFactory.create(), indicator=IndicatorFactory.create(), valid_from=valid_from)
    new.step, new.network_step = "D", "W"
    if why is None:
        registry.save(new, by="ada", reason="small numbers")
        assert steps("NO") == [(valid_from, "D", "W")]
    else:
        with pytest.raises(ValidationError, match=why):
            registry.save(new, by="ada", reason="small numbers")


def test_detail_of_a_month_that_has_begun_stays(november):
    planned = DetailFactory.create(valid_from=date(2026, 12, 1))
    planned.step, planned.network_step = "W", "M"
    registry.save(planned, by="ada", reason="even smaller numbers")
    november(datetime(2026, 12, 1, 0, 0, tzinfo=UTC))
    for valid_from in (date(2026, 12, 1), date(2027, 1, 1)):
        planned.step, planned.valid_from = "D", valid_from
        with pytest.raises(ValidationError, match="has begun"):
            registry.save(planned, by="ada", reason="too late")
    assert steps("NO") == [(date(2026, 12, 1), "W", "M")]


# --- the desk ---------------------------------------------------------------------------------------------------------


def post(client, path, **given):
    """Save a form, and confirm what the desk says that it does."""
    page = client.post(path, given, follow=True)
    found = page.context and "form" in page.context and page.context["form"].unconfirmed
    return client.post(path, given | {"confirmed": page.context["form"].confirmation}, follow=True) if found else page


def test_coordinator_plans_a_change_with_a_reason_and_the_audit_trail_has_it(admin_client):
    country, indicator = CountryFactory.create(), IndicatorFactory.create()
    address = reverse("admin:countries_detail_add")
    given = {"country": country.pk, "indicator": indicator.pk, "valid_from": "2026-12-01", "step": "D"}
    given["network_step"] = "W"
    assert "This field is required" in post(admin_client, address, **given, reason="").content.decode()
    assert not Detail.objects.exists()
    post(admin_client, address, **given, reason="numbers are small")
    (row,) = Detail.objects.all()
    event = AuditEvent.objects.order_by("-id").first()
    assert (event.action, event.reason) == ("detail.added", "numbers are small")
    assert event.details["after"]["step"] == "D"

    page = reverse("admin:countries_detail_change", args=[row.pk])
    post(admin_client, page, step="W", network_step="M", reason="smaller still")
    assert steps("NO") == [(date(2026, 12, 1), "W", "M")]
    assert AuditEvent.objects.order_by("-id").first().reason == "smaller still"
    assert admin_client.get(reverse("admin:countries_detail_changelist")).status_code == 200
    assert admin_client.get(reverse("admin:countries_detail_delete", args=[row.pk])).status_code == 403


def test_form_with_an_impossible_country_is_shown_again(admin_client):
    given = {"indicator": IndicatorFactory.create().pk, "valid_from": "2026-12-01", "step": "D", "network_step": "W"}
    page = post(admin_client, reverse("admin:countries_detail_add"), country="x", reason="small", **given)
    assert page.status_code == 200
    assert "Select a valid choice" in page.content.decode()


def test_desk_shows_the_detail_of_past_months_and_changes_none(admin_client):
    row = DetailFactory.create()
    page = reverse("admin:countries_detail_change", args=[row.pk])
    content = admin_client.get(page).content.decode()
    assert "days" in content
    assert 'name="step"' not in content
    assert post(admin_client, page, step="N", network_step="D", reason="no").status_code == 403
    assert steps("NO") == [(Detail.FIRST, "D", "W")]


def test_indicator_without_reports_is_deleted_with_its_details(admin_client):
    CountryFactory.create()
    found = registry.save(Indicator(code="CALLS", name="Calls", description="Calls."), by="ada")
    assert steps("NO", "CALLS")
    page = reverse("admin:countries_indicator_delete", args=[found.pk])
    assert "CALLS" in admin_client.get(page).content.decode()
    post(admin_client, page, post="yes", reason="never used")
    assert not Indicator.objects.filter(code="CALLS").exists()
    assert not Detail.objects.exists()
