"""The queue of held reports: its order, the way through it, and what stays where it is while others decide."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from federation.desk import queue
from federation.desk.queue import NO_WAIT, Place
from federation.findings import decisions
from federation.models.findings import Hold
from federation.models.submissions import Report
from p2p_core import periods
from tests import factories
from tests.integration.federation.deskside import HOUR, NOW, account, address, held, told
from tests.integration.federation.open_findings import DAY, NO, NOON, TODAY, WEEK
from tests.integration.federation.world import Said
from tests.second_factor import signed_in

NEXT = "/admin/federation/hold/next/"


# --- the order --------------------------------------------------------------------------------------------------------


def finding_of(agency, period):
    return Hold.objects.get(report__agency=agency, report__period=period).finding_id


@pytest.fixture
def owed(federation):
    """Three agencies that owe yesterday, each with a deadline of its own, after eight usual weeks."""
    for agency, hours in ((0, 40), (1, 20), (2, 30)):
        federation.schedule(agency, "D", date(2026, 9, 1), deadline=60 * hours)
        federation.submit(agency, *(Said("D", TODAY - back * DAY, {NO: 100}) for back in range(2, 80)))
    federation.wait(seconds=1)
    federation.settle()
    return federation


@pytest.mark.django_db
def test_findings_for_which_a_period_waits_come_first_and_the_others_by_age(owed):
    """A revision of an old day holds up nothing: that day is public with the number of before."""
    owed.submit(0, Said("D", TODAY - 9 * DAY, {NO: 9000}))
    owed.submit(2, Said("D", TODAY - DAY, {NO: 9000}))
    owed.submit(1, Said("D", TODAY - DAY, {NO: 9000}))
    owed.submit(0, Said("D", TODAY - DAY, {NO: 9000}))
    owed.submit(1, Said("D", TODAY - 20 * DAY, {NO: 9000}))
    owed.settle()
    yesterday = [finding_of(owed.agencies[number], TODAY - DAY) for number in (1, 2, 0)]
    old = [finding_of(owed.agencies[number], TODAY - back * DAY) for number, back in ((0, 9), (1, 20))]
    deadlines = [periods.epoch(TODAY + timedelta(hours=hours)) for hours in (20, 30, 40)]
    places = queue.places()
    assert places == [
        *(Place(until, finding) for until, finding in zip(deadlines, yesterday, strict=True)),
        *(Place(NO_WAIT, finding) for finding in old),
    ]
    turn = queue.turn(yesterday[1])
    assert (turn.number, turn.size, turn.waits.frequency, turn.waits.period) == (2, 5, "D", TODAY - DAY)

    # The others keep their places when one is decided, and when another agency reports.
    decisions.release(reports=[Report.objects.get(hold__finding=yesterday[0]).pk], by="per", reason="x", now=owed.now)
    owed.settle()
    assert queue.places() == places[1:]
    assert queue.after(places[0], queue.places()) == places[1]
    assert queue.before(places[0], queue.places()) is None
    assert queue.turn(yesterday[0]) is None


@pytest.mark.django_db
def test_finding_comes_later_once_its_deadline_has_passed(owed):
    owed.submit(0, Said("D", TODAY - 9 * DAY, {NO: 9000}))
    owed.submit(1, Said("D", TODAY - DAY, {NO: 9000}))
    owed.settle()
    (first, _), late = queue.places(), TODAY + timedelta(hours=20) - NOON
    assert first.finding == finding_of(owed.agencies[1], TODAY - DAY)
    owed.wait(seconds=late.total_seconds())
    owed.settle()
    assert [place.until for place in queue.places()] == [NO_WAIT] * 2
    assert queue.places()[-1].finding == first.finding


@pytest.mark.verify
@pytest.mark.django_db
def test_hour_is_as_urgent_as_the_day_that_waits_for_it(federation):
    federation.schedule(0, "H", date(2026, 9, 1), deadline=30)
    hours = [TODAY - DAY + timedelta(hours=number) for number in range(24)]
    for back in range(1, 9):
        federation.submit(0, *(Said("H", hour - back * WEEK, {NO: 100}) for hour in hours))
    federation.submit(0, *(Said("H", hour, {NO: 100}) for hour in hours[:-1]), Said("H", hours[-1], {NO: 9000}))
    federation.go_to(TODAY + timedelta(minutes=10))
    federation.tick()
    federation.settle()
    # The hour itself waits for half an hour after its end, and so does the day.
    [place] = queue.places()
    assert place.until == periods.epoch(TODAY + timedelta(minutes=30))


# --- the way through it -----------------------------------------------------------------------------------------------


@pytest.fixture
def three(desk_at_noon, agency):
    """Findings of three agencies, oldest first."""
    agencies = [agency, *(factories.AgencyFactory.create(code=f"SE-{number}") for number in range(2))]
    return [held(one).hold for one in agencies]


def opened(answer):
    """The finding that a page is about."""
    return answer.context["finding"].pk


@pytest.mark.django_db
def test_start_page_leads_through_all_and_back(coordinator, three):
    start = coordinator.get(reverse("admin:index"))
    [tile] = [tile for tile in start.context["tiles"] if tile.first]
    page = coordinator.get(tile.first, follow=True)
    for number, hold in enumerate(three):
        assert opened(page) == hold.finding_id
        left = 2 - number
        more = ("no other waits", "1 more waits", "2 more wait")[left]
        said = f"<strong>1 of {left + 1}</strong> in the queue of held reports: {more}"
        assert said in page.content.decode()
        form = {"decision": "reject", "report": [hold.pk], "reason": "wrong", "finding": hold.finding_id}
        page = coordinator.post(address("finding", "decide", hold.finding_id), form, follow=True)
        assert told(page)[0] == "1 report rejected."
    assert told(page)[1:] == ["No held report waits for a decision."]
    assert page.redirect_chain[-1][0] == reverse("admin:index")
    assert "Next held report" not in page.content.decode()


@pytest.mark.django_db
def test_findings_are_skipped_and_gone_back_to(coordinator, three):
    page = coordinator.get(NEXT, follow=True)
    assert "Previous</a>" not in page.content.decode()
    seen = [opened(page)]
    for _ in three[1:]:
        page = coordinator.get(page.context["links"]["next"], follow=True)
        seen.append(opened(page))
    assert seen == [hold.finding_id for hold in three]
    back = coordinator.get(page.context["links"]["previous"], follow=True)
    assert opened(back) == three[1].finding_id
    end = coordinator.get(page.context["links"]["next"], follow=True)
    assert told(end) == ["This was the end of the queue. 3 findings before it still hold reports."]
    assert end.redirect_chain[-1][0] == reverse("admin:index")


@pytest.mark.django_db
def test_queue_is_entered_at_the_first_finding_of_an_agency_and_goes_on_from_there(coordinator, agency, three):
    second, third = three[1:]
    page = coordinator.get(NEXT, {"agency": second.report.agency.code}, follow=True)
    assert opened(page) == second.finding_id
    assert opened(coordinator.get(page.context["links"]["next"], follow=True)) == third.finding_id
    decisions.release(reports=[second.pk], by="per", reason="right", now=NOW)
    for nothing in (second.report.agency.code, "XX", "\x00"):
        gone = coordinator.get(NEXT, {"agency": nothing}, follow=True)
        assert told(gone) == ["No held report of this agency waits for a decision."]
        assert gone.redirect_chain[-1][0] == reverse("admin:index")


@pytest.mark.django_db
def test_two_coordinators_do_not_lose_their_place(coordinator, client, three):
    """While one looks at the second finding, the other decides the first and the second."""
    page = coordinator.get(coordinator.get(NEXT, follow=True).context["links"]["next"], follow=True)
    assert opened(page) == three[1].finding_id
    decisions.release(reports=[three[0].pk, three[1].pk], by="per", reason="right", now=NOW)
    form = {"decision": "reject", "report": [three[1].pk], "reason": "wrong", "finding": three[1].finding_id}
    after = coordinator.post(address("finding", "decide", three[1].finding_id), form, follow=True)
    assert opened(after) == three[2].finding_id
    assert told(after) == ["1 report decided already, and left as it was: released by per at 12:00 on 25 November."]
    assert opened(coordinator.get(page.context["links"]["next"], follow=True)) == three[2].finding_id
    # Before the second one nothing is left: the first of all is shown.
    assert opened(coordinator.get(page.context["links"]["previous"], follow=True)) == three[2].finding_id


@pytest.mark.django_db
def test_finding_that_is_decided_in_part_stays(coordinator, agency, desk_at_noon):
    """Two hours in a row are one finding."""
    first, second = held(agency), held(agency, hours=-1)
    assert first.hold.finding_id == second.hold.finding_id
    form = {"decision": "reject", "report": [first.pk], "reason": "wrong"}
    page = coordinator.post(address("finding", "decide", first.hold.finding_id), form, follow=True)
    assert opened(page) == first.hold.finding_id
    assert [row.hold.pk for row, _ in page.context["held"]] == [second.pk]
    assert [hold.pk for _, hold in page.context["ended"]] == [first.pk]


@pytest.mark.django_db
def test_observer_looks_through_the_queue(client, three):
    signed_in(client, account("ola", "observer"))
    page = client.get(NEXT, follow=True)
    assert opened(page) == three[0].finding_id
    assert opened(client.get(page.context["links"]["next"], follow=True)) == three[1].finding_id


@pytest.mark.django_db
def test_break_is_marked_from_the_queue_and_leads_back_to_it(coordinator, three):
    page = coordinator.get(NEXT, follow=True)
    link = page.context["links"]["mark_break"]
    form = coordinator.get(link).context["adminform"].form
    filled = {name: form[name].value() for name in ("kind", "agency", "indicator", "is_break", "start")}
    assert filled == {
        "kind": "change",
        "agency": str(three[0].report.agency_id),
        "indicator": str(three[0].report.indicator_id),
        "is_break": "on",
        "start": HOUR,
    }
    sent = filled | {"text": "New computers", "start_0": "2026-11-25", "start_1": "10:00:00", "reason": "they told us"}
    asked = coordinator.post(link, sent)
    confirmed = sent | {"confirmed": asked.context["form"].confirmation}
    after = coordinator.post(link, confirmed, follow=True)
    assert "The break released 1 held report." in told(after)
    assert opened(after) == three[1].finding_id


@pytest.mark.django_db
def test_break_that_releases_nothing_leads_back_to_the_same_finding(coordinator, three):
    link = coordinator.get(NEXT, follow=True).context["links"]["mark_break"]
    sent = {"kind": "change", "text": "Long ago", "start_0": "2019-11-25", "start_1": "10:00:00", "is_break": "on"}
    after = coordinator.post(link, sent | {"reason": "they told us"}, follow=True)
    assert opened(after) == three[0].finding_id
    assert Hold.objects.filter(decision="").count() == 3
