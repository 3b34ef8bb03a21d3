"""The screens of annotations, set-ups, thresholds and users."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from countries.models import Annotation, Network, Setup, Threshold
from federation.models.audit import AuditEvent
from tests import factories

pytestmark = pytest.mark.django_db


def annotation_form(**fields):
    form = {"kind": "outage", "text": "Away.", "start_0": "2026-11-12", "start_1": "08:00", "end_0": "", "end_1": ""}
    return form | {"agency": "", "indicator": "", "reason": "they told us"} | fields


def events():
    return [(event.action, event.subject, event.actor, event.reason) for event in AuditEvent.objects.order_by("id")]


def test_annotation_is_put_on_the_time_axis_changed_and_taken_off(desk):
    before = AuditEvent.objects.count()
    agency, indicator = factories.AgencyFactory.create(), factories.IndicatorFactory.create()
    form = annotation_form(kind="change", agency=agency.pk, indicator=indicator.number, is_break="on")
    assert desk.post(reverse("admin:countries_annotation_add"), form).status_code == 302
    row = Annotation.objects.get()
    assert (row.start, row.agency, row.indicator, row.is_break) == (
        datetime(2026, 11, 12, 8, tzinfo=UTC), agency, indicator, True,
    )  # fmt: skip

    page = reverse("admin:countries_annotation_change", args=[row.pk])
    desk.post(page, form | {"text": "Away for a day.", "reason": "found out more"})
    desk.post(reverse("admin:countries_annotation_delete", args=[row.pk]), {"post": "yes", "reason": "never was"})
    assert not Annotation.objects.exists()
    assert events()[before:] == [
        (f"annotation.{action}", "annotation a change of software or method, 2026-11-12", "ada", reason)
        for action, reason in (("added", "they told us"), ("changed", "found out more"), ("removed", "never was"))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Seen from 192.0.2.17 on",
        "ask someone@example.org",
        "file d41d8cd98f00b204e9800998ecf8427e",
        "2001:db8::17 was away",
        "００:1b:63:84:45:e6",
    ],
)
def test_text_that_looks_like_a_trace_is_refused(desk, text):
    answer = desk.post(reverse("admin:countries_annotation_add"), annotation_form(text=text))
    assert "This looks like an address" in answer.content.decode()
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("text", ["The campaign of 12.11.2026 at 10:00 begins.", "Software 4.2.1 in all 12 places"])
def test_dates_and_versions_are_no_traces(desk, text):
    desk.post(reverse("admin:countries_annotation_add"), annotation_form(text=text))
    assert Annotation.objects.get().text == text


@pytest.mark.parametrize(
    ("ahead", "refused"), [(timedelta(days=365), False), (timedelta(days=366, hours=1), True)], ids=str
)
def test_annotation_starts_at_most_a_year_ahead(desk, ahead, refused):
    start = timezone.now() + ahead
    form = annotation_form(start_0=f"{start:%Y-%m-%d}", start_1=f"{start:%H:%M:%S}")
    answer = desk.post(reverse("admin:countries_annotation_add"), form)
    assert ("more than a year ahead" in answer.content.decode()) is refused
    assert Annotation.objects.exists() is not refused


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"start_0": "2016-12-31"}, "before the year 2017"),
        ({"end_0": "2026-11-11", "end_1": "08:00"}, "The end must not be before the start."),
        ({"start_0": "soon"}, "Enter a valid date"),
        ({"text": ""}, "This field is required."),
        ({"kind": "party"}, "Select a valid choice"),
        ({"kind": "outage", "is_break": "on"}, "A campaign or an outage is no break in the series."),
        ({"kind": "campaign", "is_break": "on"}, "A campaign or an outage is no break in the series."),
    ],
)
def test_annotation_that_cannot_be_is_refused_in_words(desk, fields, said):
    answer = desk.post(reverse("admin:countries_annotation_add"), annotation_form(**fields))
    assert said in answer.content.decode()
    assert not Annotation.objects.exists()


def test_database_refuses_annotations_that_cannot_be():
    for columns in (
        {"start": datetime(1999, 12, 31, tzinfo=UTC)},
        {"end": datetime(2026, 11, 12, tzinfo=UTC)},
        {"kind": "outage", "is_break": True},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            factories.AnnotationFactory.create(**columns)


def test_new_set_up_is_described_from_a_day_on(desk):
    agency = factories.SetupFactory.create().agency
    form = {
        "agency": agency.pk, "valid_from": "2026-10-01", "computers": "4", "networks": ["BITTORRENT", "EDONKEY"],
        "counting": "sent", "time_zone": "Europe/Oslo", "local_days": "on",
        "location_source": "A table", "location_date": "2026-09-01", "remark": "", "reason": "moved",
    }  # fmt: skip
    page = reverse("admin:countries_setup_add")
    for number, code in ((1, "BITTORRENT"), (2, "EDONKEY")):
        Network.objects.get_or_create(number=number, defaults={"code": code, "name": code})
    assert desk.post(page, form).status_code == 302
    assert [row.valid_from for row in agency.setups.all()] == [date(2026, 10, 1), date(2026, 1, 1)]
    assert events()[-1] == ("setup.added", "setup NO-KRIPOS from 2026-10-01", "ada", "moved")
    assert "already exists" in desk.post(page, form).content.decode()
    # The last two are files of a system, and say nothing about an agency.
    zones = ({"time_zone": name} for name in ("Oslo", "localtime", "Factory"))
    for wrong in ({"networks": ["MORSE"]}, {"counting": "by hand"}, *zones):
        assert "Select a valid choice" in desk.post(page, form | {"valid_from": "2026-12-01"} | wrong).content.decode()
    row = Setup.objects.latest("valid_from")
    assert (row.counting, row.time_zone, row.local_days) == ("sent", "Europe/Oslo", True)
    assert Setup.objects.count() == 2


def test_set_up_keeps_its_agency(desk):
    row = factories.SetupFactory.create()
    other = factories.AgencyFactory.create(code="SE-NOA")
    Network.objects.get_or_create(number=1, defaults={"code": "BITTORRENT", "name": "BitTorrent"})
    form = {
        "agency": other.pk, "valid_from": "2026-01-01", "computers": "4", "networks": ["BITTORRENT"],
        "counting": "sent", "time_zone": "Europe/Oslo", "local_days": "on",
        "location_source": "A table", "location_date": "2026-09-01", "remark": "", "reason": "a mistake",
    }  # fmt: skip
    desk.post(reverse("admin:countries_setup_change", args=[row.pk]), form)
    row.refresh_from_db()
    assert (row.agency.code, row.computers) == ("NO-KRIPOS", 4)


def test_agency_gets_a_threshold_of_its_own(desk):
    agency = factories.AgencyFactory.create()
    form = {
        "code": agency.code, "country": "578", "name": agency.name, "active": "on", "reason": "small numbers",
        "schedules-TOTAL_FORMS": 0, "schedules-INITIAL_FORMS": 0,
        "thresholds-TOTAL_FORMS": 1, "thresholds-INITIAL_FORMS": 0,
        "thresholds-0-name": "R104_TOTAL", "thresholds-0-value": "10",
    }  # fmt: skip
    page = reverse("admin:countries_agency_change", args=[agency.pk])
    assert desk.post(page, form | {"thresholds-0-value": "-1"}).status_code == 200
    assert desk.post(page, form).status_code == 302
    assert Threshold.objects.get().value == 10
    assert events()[-1] == ("threshold.added", "threshold NO-KRIPOS R104_TOTAL", "ada", "small numbers")


def test_user_is_made_inactive_and_not_deleted(desk):
    user = User.objects.create_user("bo")
    assert desk.post(reverse("admin:auth_user_delete", args=[user.pk]), {"post": "yes"}).status_code == 403
    assert User.objects.filter(username="bo").exists()
