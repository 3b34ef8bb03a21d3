"""Pages of words: how a number is made, who takes part, accessibility, and privacy."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from api import caching
from countries import registry
from countries.models import Agency, Detail, Indicator
from tests.contract.public.press import Covered
from tests.contract.site.conftest import TODAY, day
from tests.factories import AgencyFactory, IndicatorFactory, ScheduleFactory, SetupFactory

pytestmark = pytest.mark.usefixtures("published")


@pytest.fixture(autouse=True)
def looked_up_again(monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0)


def participant(page, name):
    """Return the words about one agency."""
    (part,) = re.findall(rf"<li><h2>{name} .*?</li>", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def test_each_anchor_that_other_pages_lead_to_is_there(visit):
    pages = {
        address: visit(address).content.decode() for address in ("/method/", "/data/", "/participants/", "/about/")
    }
    links = {link for page in pages.values() for link in re.findall(r'href="(/[a-z]+/)#([a-z]+)"', page)}
    assert ("/method/", "detail") in links
    assert [(page, anchor) for page, anchor in links if f'id="{anchor}"' not in pages[page]] == []


@pytest.mark.parametrize(("value", "low", "high"), [(13, 10, 15)])
def test_example_of_the_method_is_rounded_as_the_rule_says(text, settings, value, low, high):
    words = text("/method/")
    base = settings.ROUNDING_BASE
    assert (value // base * base, value // base * base + base) == (low, high)
    chance = f"{round(100 * (value % base) / base)}%"
    assert f"about {100 - int(chance[:-1])}% are shown as {low}, and about {chance} as {high}." in words
    assert f"9 + 4 = {value}." in words


class TestParticipants:
    def test_set_up_is_that_of_today(self, two_agencies, visit):
        agency = Agency.objects.get(pk=two_agencies[0])
        for ahead, source in ((-9, "An old table"), (0, "A new table"), (1, "A table of tomorrow")):
            SetupFactory.create(
                agency=agency, valid_from=TODAY + timedelta(days=ahead), location_source=source,
                time_zone="Europe/Oslo", local_days=ahead == 0,
            )  # fmt: skip
        page = visit("/participants/").content.decode()
        words = participant(page, "Kripos")
        assert "Networks BitTorrent Counted each download by the share of the file that the agency sent" in words
        assert "Source of locations A new table , 1 December 2025" in words
        assert "Europe/Oslo . Its days may begin at midnight in this time zone instead of UTC." in words
        assert "An old table" not in page
        assert "tomorrow" not in page
        assert "Counts with not described yet" in participant(page, "Ruritania")

    def test_name_of_a_source_leaves_the_text_after_it_in_order(self, two_agencies, visit):
        """A name that is written from right to left would also turn round the day after it."""
        agency = Agency.objects.get(pk=two_agencies[0])
        SetupFactory.create(agency=agency, location_source="\N{RIGHT-TO-LEFT OVERRIDE}table")
        assert "<bdi>\N{RIGHT-TO-LEFT OVERRIDE}table</bdi>, 1 December 2025" in visit("/participants/").content.decode()

    def test_first_day_and_contact(self, visit):
        agency = AgencyFactory.create(code="DK-C", name="Borduria", contact="office@example.org")
        AgencyFactory.create(code="FI-D", name="Syldavia", contact="https://example.org/contact?a=1&b=2")
        ScheduleFactory.create(agency=agency, indicator=IndicatorFactory.create())
        page = visit("/participants/").content.decode()
        assert "Expected to report since 1 January 2026" in participant(page, "Borduria")
        assert 'href="mailto:office@example.org"' in page
        assert "Expected to report since not expected yet" in participant(page, "Syldavia")
        assert 'href="https://example.org/contact?a=1&amp;b=2"' in page
        assert "Contact not given yet" in participant(page, "Kripos")

    def test_finest_published_step_of_their_country(self, visit):
        registry.set_up_details(by="a test")
        Detail.objects.filter(country__code="NO").update(step="W")
        page = visit("/participants/").content.decode()
        assert "from all agencies Downloads of police files: By week" in participant(page, "Kripos")

    def test_how_often_an_agency_reports(self, published, two_agencies, visit, text):
        first, second = (Agency.objects.get(pk=pk) for pk in two_agencies)
        indicator = Indicator.objects.get()
        since = (TODAY - timedelta(days=60)).date()
        ended = {"valid_from": since - timedelta(days=60), "valid_to": since - timedelta(days=1)}
        for agency, frequency, days in (
            (first, "D", {"valid_from": since}), (first, "H", {"valid_from": since}),
            (second, "M", {"valid_from": since}), (second, "D", ended),
        ):  # fmt: skip
            registry.save(
                ScheduleFactory.build(agency=agency, indicator=indicator, frequency=frequency, **days), by="a test"
            )
        page = visit("/participants/").content.decode()
        assert "Reports Downloads of police files: By hour Deadlines Calendar (.ics) Contact" in participant(
            page, "Kripos"
        )
        words = "By month. Its numbers are in months and years, and in no day and no week."
        assert words in participant(page, "Ruritania")
        named = "Agencies that report by month only are in months and years, and in no day and no week: Ruritania."
        assert named in text("/coverage/")
        # The last 24 hours have what is reported by the hour. All other windows have days.
        published.publish("H", {f"{day(1)}T23:00": {"NO": 45}})
        for address in ("/?window=P1D", "/countries/no/", "/embed/country/no/"):
            assert "· without 1 agency that reports less often" in text(address)
        for address in ("/", "/countries/no/", f"/?window=day&day={day(5)}"):
            assert "· without 1 agency that reports by month only" in text(address)
        # Whole months are a part of 365 days.
        assert "by month only" not in text("/?window=P365D")
        beside = "Days and weeks are without 1 agency that reports by month only."
        assert beside in text("/countries/no/")
        assert beside in text("/embed/country/no/")
        registry.save(
            ScheduleFactory.build(agency=second, indicator=indicator, frequency="D", valid_from=since), by="a test"
        )
        for address in ("/coverage/", "/countries/no/"):
            assert "by month only" not in text(address)

    def test_those_that_report_by_the_minute_are_those_of_the_live_strip(self, published, two_agencies, visit, text):
        first, second = two_agencies
        reference = {"agency": Agency.objects.get(pk=first), "indicator": Indicator.objects.get()}
        registry.save(ScheduleFactory.build(**reference, frequency="N"), by="a test")
        minutes = [f"{timezone.now() - timedelta(minutes=ago):%Y-%m-%dT%H:%M}" for ago in (10, 9)]
        published.publish("N", {minutes[0]: {"EUROPE": 10}}, Covered(1, 1, states={first: "reported"}))
        before = visit("/participants/")
        assert "Downloads of police files: 1 agency reports by the minute." in text("/participants/")
        # The second one reports a minute without a schedule.
        published.publish("N", {minutes[1]: {"EUROPE": 10}}, Covered(states={first: "reported", second: "reported"}))
        strip = re.search(r"Drawn from 2 of (2 agencies) that (report by the minute\.)", text("/"))
        after = visit("/participants/")
        assert f"Downloads of police files: {' '.join(strip.groups())}" in text("/participants/")
        assert before["ETag"] != after["ETag"]
        for name in ("Kripos", "Ruritania"):
            assert "Reports Downloads of police files: By minute" in participant(after.content.decode(), name)

    def test_those_that_have_left_come_last(self, visit):
        registry.save(AgencyFactory.create(code="AT-C", name="Borduria", active=False), by="a test")
        page = visit("/participants/").content.decode()
        assert "This agency no longer takes part." in participant(page, "Borduria")
        assert page.index("Ruritania") < page.index("Borduria")


@pytest.mark.parametrize("address", ["/privacy/", "/accessibility/", "/participants/"])
def test_operator_is_named_and_can_be_reached(visit, settings, address):
    page = visit(address).content.decode()
    assert re.search(r"(<p>|\. )The operator of this site has not given a contact yet\.\s*</p>", page)
    settings.PUBLISHER_NAME = "Office <& Co>"
    settings.PUBLISHER_URL, settings.CONTACT_EMAIL = "https://example.org/", "data@example.org"
    page = visit(address).content.decode()
    assert '<a href="mailto:data@example.org">' in page
    assert '<a href="https://example.org/" rel="noreferrer">' in page
    if address != "/participants/":
        assert "Office &lt;&amp; Co&gt;" in page


def test_body_for_complaints_is_linked_if_it_is_known(visit, settings):
    assert "The body for this site" not in visit("/accessibility/").content.decode()
    settings.ACCESSIBILITY_COMPLAINTS_URL = "https://example.org/complaints"
    assert '<a href="https://example.org/complaints"' in visit("/accessibility/").content.decode()
