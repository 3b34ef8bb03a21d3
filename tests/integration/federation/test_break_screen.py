"""Before the desk saves a break, it lists the held reports that the break releases, and asks."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from countries.models import Annotation
from federation.findings import decisions
from federation.models.audit import AuditEvent
from federation.models.submissions import Report
from tests import factories
from tests.integration.federation.deskside import NOW, held, hour, submit, told
from tests.integration.locks import one_before_the_other

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("desk_at_noon")]
ADD = "/admin/countries/annotation/add/"
FORM = {"kind": "change", "text": "New computers", "start_0": "2026-11-20", "start_1": "00:00", "is_break": "on"}
FORM |= {"end_0": "", "end_1": "", "agency": "", "indicator": "", "reason": "they told us"}


@pytest.fixture
def two(agency):
    """Held reports of two agencies."""
    return [held(agency), held(factories.AgencyFactory.create(code="SE-NOA"))]


def asked(page):
    return [(one.sentence, list(one.parts)) for one in page.context["form"].unconfirmed]


def hidden(page):
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def part(report):
    return f"Hour 2026-11-25T10:00: {report.total:,} (report {report.pk})"


def held_now():
    return set(Report.objects.filter(state="held").values_list("pk", flat=True))


def test_break_is_saved_once_its_releases_are_confirmed(coordinator, two):
    page = coordinator.post(ADD, FORM)
    assert asked(page) == [
        ("It releases 1 held report of NO-KRIPOS, DOWNLOADS:", [part(two[0])]),
        ("It releases 1 held report of SE-NOA, DOWNLOADS:", [part(two[1])]),
    ]
    assert part(two[0]) in page.content.decode()
    assert not Annotation.objects.exists()
    assert held_now() == {one.pk for one in two}

    after = coordinator.post(ADD, hidden(page), follow=True)
    assert "The break released 2 held reports." in told(after)
    assert Annotation.objects.get().is_break
    assert held_now() == set()
    assert AuditEvent.objects.filter(action="report.released").count() == 2


def test_break_that_releases_nothing_and_other_annotations_are_saved_at_once(coordinator, two):
    for change in ({"start_0": "2019-11-20"}, {"is_break": ""}, {"kind": "outage", "is_break": ""}):
        assert coordinator.post(ADD, FORM | change).status_code == 302
    assert Annotation.objects.count() == 3
    assert held_now() == {one.pk for one in two}


def test_decision_meanwhile_is_asked_about_again(coordinator, two):
    confirmation = hidden(coordinator.post(ADD, FORM))
    decisions.reject(reports=[two[1].pk], by="per", reason="wrong", now=NOW)
    page = coordinator.post(ADD, confirmation)
    assert asked(page) == [("It releases 1 held report of NO-KRIPOS, DOWNLOADS:", [part(two[0])])]
    assert "Since you confirmed, something has changed." in page.content.decode()
    assert held_now() == {two[0].pk}
    coordinator.post(ADD, hidden(page))
    assert held_now() == set()


def test_newer_report_of_the_same_total_is_another_one(coordinator, two):
    confirmation = hidden(coordinator.post(ADD, FORM))
    submit(two[0].agency, hour(5000, hours=0), at=NOW + timedelta(seconds=5))
    newer = Report.objects.get(agency=two[0].agency, state="held")
    assert newer.pk != two[0].pk
    page = coordinator.post(ADD, confirmation)
    assert part(newer) in page.content.decode()
    assert newer.pk in held_now()


def test_break_of_which_nothing_is_left_is_asked_about_once_more(coordinator, two):
    confirmation = hidden(coordinator.post(ADD, FORM))
    decisions.reject(reports=[one.pk for one in two], by="per", reason="wrong", now=NOW)
    page = coordinator.post(ADD, confirmation)
    assert asked(page) == [("It releases no held report any more.", [])]
    assert not Annotation.objects.exists()
    assert coordinator.post(ADD, hidden(page)).status_code == 302
    assert Annotation.objects.exists()


def test_going_back_keeps_what_was_typed(coordinator, two):
    page = coordinator.post(ADD, hidden(coordinator.post(ADD, FORM)) | {"_back": ""})
    form = page.context["adminform"].form
    assert [form[name].value() for name in ("text", "reason", "kind")] == ["New computers", "they told us", "change"]
    assert not Annotation.objects.exists()


@pytest.fixture
def filled(two):
    """The address of a form that begins with a break of the first agency."""
    given = {"kind": "change", "agency": two[0].agency_id, "start": "2026-11-20T00:00Z", "is_break": "on"}
    return f"{ADD}?{urlencode(given)}"


def confirmation_in(page):
    return re.findall(r'<input type="checkbox" name="confirmed" value="(\w+)">', page.content.decode())


def test_form_that_begins_with_a_break_says_what_it_releases_and_may_be_confirmed_there(coordinator, two, filled):
    page = coordinator.get(filled)
    said = page.content.decode()
    assert "It releases 1 held report of NO-KRIPOS, DOWNLOADS:" in said
    assert part(two[0]) in said
    assert part(two[1]) not in said
    [confirmation] = confirmation_in(page)
    form = FORM | {"agency": two[0].agency_id}
    # Without the tick, the desk asks on a page of its own.
    assert len(asked(coordinator.post(filled, form))) == 1
    # If something is wrong with the form, it keeps the tick.
    wrong = coordinator.post(filled, form | {"text": "", "confirmed": confirmation})
    assert f'value="{confirmation}" checked' in wrong.content.decode()
    assert held_now() == {one.pk for one in two}
    assert coordinator.post(filled, form | {"confirmed": confirmation}).status_code == 302
    assert held_now() == {two[1].pk}


def test_tick_confirms_only_what_the_form_has_shown(coordinator, two, filled):
    [confirmation] = confirmation_in(coordinator.get(filled))
    ticked = FORM | {"confirmed": confirmation}
    assert len(asked(coordinator.post(filled, ticked))) == 2
    decisions.reject(reports=[two[0].pk], by="per", reason="wrong", now=NOW)
    assert asked(coordinator.post(filled, ticked | {"agency": two[0].agency_id})) == [
        ("It releases no held report any more.", [])
    ]
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("change", [{"start": "1900-01-01T00:00Z"}, {"start": ""}, {"is_break": ""}, {"agency": "x"}])
def test_form_without_a_whole_break_says_nothing_of_releases(coordinator, filled, change):
    page = coordinator.get(f"{filled}&{urlencode(change)}")
    assert (page.status_code, confirmation_in(page)) == (200, [])


def test_break_that_is_moved_is_asked_about_too(coordinator, two):
    coordinator.post(ADD, FORM | {"start_0": "2019-11-20"})
    row = Annotation.objects.get()
    place = f"/admin/countries/annotation/{row.pk}/change/"
    assert coordinator.post(place, FORM | {"start_0": "2019-11-21"}).status_code == 302
    page = coordinator.post(place, FORM)
    assert len(asked(page)) == 2
    assert coordinator.post(place, hidden(page)).status_code == 302
    assert held_now() == set()
    # Its words may change without a question.
    assert coordinator.post(place, FORM | {"text": "Newer computers"}).status_code == 302
    row.refresh_from_db()
    assert (row.text, row.start.day) == ("Newer computers", 20)


@pytest.mark.django_db(transaction=True)
def test_break_waits_for_a_decision_that_is_being_made(admin_client, two):
    confirmation = hidden(admin_client.post(ADD, FORM))

    def reject():
        return decisions.reject(reports=[two[1].pk], by="per", reason="wrong", now=NOW)

    decided, page = one_before_the_other(reject, lambda: admin_client.post(ADD, confirmation))
    assert decided.done == (two[1].pk,)
    assert asked(page) == [("It releases 1 held report of NO-KRIPOS, DOWNLOADS:", [part(two[0])])]
    assert held_now() == {two[0].pk}
