"""The desk needs the same small number of queries, also of the clock, for any number of agencies."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from federation.models.findings import Answer, Finding
from federation.models.worklist import Failure
from federation.worklist import Stage, WorkItem
from tests import factories
from tests.integration.federation.deskside import HOUR, NOW, address, held

pytestmark = pytest.mark.django_db
AGENCIES = 30


def crowd(count):
    """Agencies with a held report, findings, answers and work that failed each."""
    factories.IndicatorFactory.create()
    for number in range(count):
        agency = factories.AgencyFactory.create(code=f"NO-{number}")
        finding = Finding.objects.get(holds=held(agency).pk)
        Answer.objects.create(finding=finding, at=NOW, by="somebody", answer="confirmed")
        factories.FindingFactory.create(agency=agency, opened=NOW)
        item = WorkItem(Stage.FIGURE, "H", HOUR, 1, agency.pk)
        Failure.objects.create(item=item.pack(), attempts=3, reason="division by zero", since=NOW)


@pytest.mark.verify
def test_no_list_page_takes_many_queries(admin_client, django_assert_max_num_queries):
    crowd(AGENCIES)
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        with django_assert_max_num_queries(15):
            assert admin_client.get(reverse(name)).status_code == 200, model


@pytest.mark.verify
def test_start_page_takes_as_many_queries_for_thirty_agencies_as_for_one(coordinator):
    crowd(1)
    coordinator.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as one:
        coordinator.get(reverse("admin:index"))
    for number in range(1, AGENCIES):
        held(factories.AgencyFactory.create(code=f"NO-A{number}"))
    with CaptureQueriesContext(connection) as many:
        assert coordinator.get(reverse("admin:index")).status_code == 200
    assert len(many) == len(one) <= 25


def test_page_of_a_finding_takes_few_queries(coordinator, agency, django_assert_max_num_queries):
    report = held(agency)
    with django_assert_max_num_queries(26):
        assert coordinator.get(address("finding", "change", report.hold.finding_id)).status_code == 200
