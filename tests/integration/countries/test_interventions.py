"""Interventions at the desk: how they are registered and sealed, and what cannot change afterwards."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from countries import registry
from countries.models import Indicator, Intervention
from countries.reference import Reference
from federation import audit, worklist
from federation.audit import chain
from federation.models.audit import AuditEvent, AuditSeal
from federation.models.effects import Registration
from tests import factories
from tests.integration import locks
from tests.integration.countries.conftest import address, text
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db
FIXED = {
    "registrant": "Another office", "countries": ["SE"], "networks": [], "indicator_id": 2, "direction": "more",
    "start": date(2026, 11, 9), "weeks_before": 53, "weeks_after": 27, "comparison": ["FI"],
    "registered": datetime(2026, 1, 1, tzinfo=UTC),
}  # fmt: skip


def monday(weeks):
    """A Monday, so many weeks after the Monday of this week."""
    today = timezone.now().date()
    return today - timedelta(days=today.weekday()) + timedelta(weeks=weeks)


def form(**fields):
    given = {
        "title": "More files in Norwegian", "description": "Twice as many files.", "registrant": "Kripos, prevention",
        "countries": "NO, SE", "networks": ["BITTORRENT"], "indicator": 1, "direction": "fewer", "start": monday(2),
        "weeks_before": 52, "weeks_after": 26, "comparison": "DK, FI", "draw": "", "reason": "planned in spring",
    }  # fmt: skip
    return given | fields


@pytest.fixture(autouse=True)
def reference():
    factories.IndicatorFactory.create()
    factories.IndicatorFactory.create(code="HELP_VISITS", number=2)
    factories.NetworkFactory.create()
    factories.NetworkFactory.create(code="EDONKEY", number=2)


@pytest.fixture
def add(desk):
    def post(**fields):
        return desk.post(address(Intervention, "add"), form(**fields), follow=True)

    return post


def errors(answer):
    return answer.context["adminform"].errors


def test_intervention_is_registered_with_all_that_it_says(add):
    assert "was added successfully" in text(add())
    row = Intervention.objects.get()
    assert (row.countries, row.networks, row.comparison) == (["NO", "SE"], ["BITTORRENT"], ["DK", "FI"])
    assert (row.indicator_id, row.direction, row.start) == (1, "fewer", monday(2))
    assert (row.weeks_before, row.weeks_after, row.draw) == (52, 26, None)
    assert timezone.now() - row.registered < timedelta(minutes=1)
    [found] = Reference.current().interventions
    assert (found.id, found.countries) == (row.pk, ("NO", "SE"))
    # Answers give milliseconds, and the instant of an answer can be sent back as a past view.
    assert found.registered == row.registered.replace(microsecond=row.registered.microsecond // 1000 * 1000)


def test_registration_names_the_event_that_has_all_columns(add):
    add()
    row, event = Intervention.objects.get(), AuditEvent.objects.latest("id")
    assert Registration.objects.get(intervention=row).event == event.pk
    assert (event.action, event.actor, event.reason) == ("intervention.added", "ada", "planned in spring")
    assert event.details["before"] is None
    after = event.details["after"]
    assert after | {"id": 0, "registered": ""} == {
        "id": 0, "title": "More files in Norwegian", "description": "Twice as many files.",
        "registrant": "Kripos, prevention", "countries": ["NO", "SE"], "networks": ["BITTORRENT"], "indicator_id": 1,
        "direction": "fewer", "start": f"{monday(2)}", "weeks_before": 52, "weeks_after": 26,
        "comparison": ["DK", "FI"], "draw_id": None, "registered": "",
    }  # fmt: skip


def test_registration_appends_the_estimate_to_the_work_list(add):
    add(indicator=2)
    assert worklist.waiting() == {worklist.effect(2)}
    [item] = worklist.waiting()
    assert worklist.unpack(item.pack()) == item
    assert str(item) == "effect, indicator 2"


def test_nothing_is_registered_without_its_event(add, monkeypatch):
    def fail(**_):
        raise RuntimeError

    monkeypatch.setattr(audit.AuditEvent.objects, "create", fail)
    with pytest.raises(RuntimeError):
        add()
    assert not Intervention.objects.exists()
    assert not Registration.objects.exists()


def test_later_changes_leave_the_registration_and_the_work_list_as_they_are(add, desk):
    add()
    row, event = Intervention.objects.get(), Registration.objects.get().event
    worklist.finish(worklist.claim_alone(worklist.effect(1)))
    changed = {"title": "More files", "description": "Three times as many.", "reason": "a slip"}
    assert desk.post(address(Intervention, "change", row.pk), changed).status_code == 302
    row.refresh_from_db()
    assert (row.title, row.description, row.countries) == ("More files", "Three times as many.", ["NO", "SE"])
    assert Registration.objects.get().event == event
    assert AuditEvent.objects.latest("id").action == "intervention.changed"
    assert not worklist.waiting()


def test_desk_shows_the_seal_before_the_start(add, desk):
    add()
    page, listed = address(Intervention, "change", Intervention.objects.get().pk), address(Intervention)
    assert "not sealed yet; open this page again" in text(desk.get(page))
    assert "not sealed yet" in text(desk.get(listed))
    chain.seal(now=datetime(2026, 12, 1, 9, 30, 5, tzinfo=UTC))
    seal = AuditSeal.objects.get(event=Registration.objects.get().event)
    said = f"sealed at position {seal.position} on 2026-12-01 at 09:30:05 UTC, before the start"
    assert said in text(desk.get(page))
    assert "before the start" in text(desk.get(listed))


def test_late_registration_is_possible_and_shown(add, desk):
    answer = add(start=monday(0))
    assert "has already started" in text(answer)
    page, listed = address(Intervention, "change", Intervention.objects.get().pk), address(Intervention)
    assert "not sealed yet, and late" in text(desk.get(page))
    assert ">late<" in text(desk.get(listed))
    chain.seal(now=timezone.now())
    assert "late: after the start" in text(desk.get(page))
    assert ">late<" in text(desk.get(listed))


def test_early_registration_has_no_warning(add):
    assert "has already started" not in text(add())


@pytest.mark.parametrize(("before", "late"), [(timedelta(microseconds=1), False), (timedelta(), True)], ids=str)
def test_seal_at_midnight_of_the_start_is_late(add, desk, before, late):
    """Sealed in the future, because only the time of the seal decides."""
    add(start=monday(2))
    chain.seal(now=datetime.combine(monday(2), time(), UTC) - before)
    assert ("late: after" in text(desk.get(address(Intervention, "change", Intervention.objects.get().pk)))) is late


@pytest.mark.parametrize("column", FIXED)
def test_all_but_the_words_is_fixed(column):
    row = factories.InterventionFactory.create(networks=["BITTORRENT"])
    setattr(row, column, FIXED[column])
    with pytest.raises(ValidationError) as error:
        registry.save(row, by="ada")
    [said] = error.value.messages
    assert "fixed when the row was added" in said
    assert not AuditEvent.objects.filter(action="intervention.changed").exists()


def test_each_other_column_is_fixed():
    names = {field.attname for field in Intervention._meta.concrete_fields}
    assert names == {*FIXED, *Intervention.CHANGEABLE, "id", "draw_id"}


def test_draw_of_an_intervention_is_fixed():
    row = factories.InterventionFactory.create()
    row.draw = factories.DrawFactory.create()
    with pytest.raises(ValidationError, match="fixed when the row was added"):
        registry.save(row, by="ada")


def test_desk_ignores_new_values_of_fixed_columns(add, desk):
    add()
    row = Intervention.objects.get()
    desk.post(address(Intervention, "change", row.pk), form(countries="DK", start="2020-01-06", weeks_after=4))
    changed = Intervention.objects.get()
    assert (changed.countries, changed.start, changed.weeks_after) == (row.countries, row.start, row.weeks_after)


def test_intervention_is_never_deleted(add, desk):
    add()
    row = Intervention.objects.get()
    answer = desk.post(address(Intervention, "delete", row.pk), {"post": "yes", "reason": "a slip"})
    assert answer.status_code == 403
    with pytest.raises(registry.Refused, match=r"cannot be deleted.*Say in its description what happened"):
        registry.delete(row, by="ada")
    assert Intervention.objects.exists()


def test_observer_reads_and_does_not_register(client):
    user = User.objects.create_user("bo", is_staff=True)
    user.groups.set(Group.objects.filter(name="observer"))
    signed_in(client, user)
    row = factories.InterventionFactory.create()
    assert "More police files in Norwegian" in text(client.get(address(Intervention, "change", row.pk)))
    assert client.post(address(Intervention, "add"), form()).status_code == 403
    assert client.post(address(Intervention, "change", row.pk), form()).status_code == 403


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"countries": ""}, "countries", "This field is required."),
        ({"countries": "NO, XX"}, "countries", "There is no country XX. Give ISO 3166 codes: NO, SE."),
        ({"countries": "no"}, "countries", "There is no country no."),
        ({"countries": "_U"}, "countries", "There is no country _U."),
        ({"countries": "NOR"}, "countries", "at most 2 characters"),
        ({"countries": "NO, SE, NO"}, "countries", "NO is in the list more than once. Give each country once."),
        ({"comparison": "DK, _T"}, "comparison", "There is no country _T."),
        ({"comparison": "DK, DK"}, "comparison", "DK is in the list more than once."),
        ({"comparison": "DK, SE"}, "comparison", "SE cannot be compared with itself."),
        ({"networks": ["MORSE"]}, "networks", "Select a valid choice."),
        ({"networks": ["GNUTELLA"]}, "networks", "There is no network GNUTELLA. Choose another."),
        ({"indicator": 77}, "indicator", "Select a valid choice."),
        ({"direction": "none"}, "direction", "Select a valid choice."),
        ({"start": "soon"}, "start", "Enter a valid date."),
        ({"start": monday(2) + timedelta(days=1)}, "start", "Weeks begin on Mondays, in UTC. Give a Monday."),
        ({"start": "2016-12-26"}, "start", "before the year 2017, in which the campaign began. Give a later day."),
        ({"start": monday(54)}, "start", "The start is more than a year ahead. Give an earlier one."),
        ({"weeks_before": 25}, "weeks_before", "greater than or equal to 26"),
        ({"weeks_before": 105}, "weeks_before", "less than or equal to 104"),
        ({"weeks_after": 3}, "weeks_after", "greater than or equal to 4"),
        ({"weeks_after": 53}, "weeks_after", "less than or equal to 52"),
        ({"weeks_before": 100, "weeks_after": 48}, "weeks_before", "more than 147 weeks. Make one of them shorter."),
        ({"title": ""}, "title", "This field is required."),
        ({"registrant": "kari@example.org"}, "registrant", "This looks like an address, a hash or an e-mail."),
        ({"description": "x" * 2001}, "description", "at most 2000 characters"),
        ({"title": "Two\nlines"}, "title", "Write this text in one line."),
        ({"title": "Turned \u202egnol"}, "title", "Remove the control character U+202E."),
        ({"draw": 77}, "draw", "Select a valid choice."),
    ],
)
def test_bad_intervention_is_refused_in_words(add, fields, field, said):
    found = errors(add(**fields))
    assert list(found) == [field]
    assert said in " ".join(found[field])
    assert not Intervention.objects.exists()
    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"countries": "NO", "comparison": "", "networks": []},
        {"start": "2017-01-02"},
        {"start": monday(52)},
        {"weeks_before": 104, "weeks_after": 43},
        {"weeks_before": 26, "weeks_after": 4},
        {"networks": ["BITTORRENT", "EDONKEY"], "direction": "more"},
    ],
)
def test_limits_are_allowed(add, fields):
    add(**fields)
    assert Intervention.objects.exists()


def test_second_equal_row_is_refused_because_nobody_could_delete_it(add):
    add()
    row = Intervention.objects.get()
    said = f"All that is fixed here is the same as in “{row}”. Look at that one instead."
    assert errors(add(title="Another title", description="Other words.")) == {"__all__": [said]}
    assert Intervention.objects.count() == Registration.objects.count() == 1
    add(weeks_after=25)
    assert Intervention.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_equal_rows_at_once_one_is_registered():
    def register():
        row = factories.InterventionFactory.build(indicator=Indicator.objects.get(number=1), start=monday(2))
        try:
            return registry.save(row, by="ada").title
        except ValidationError as refused:
            return refused.messages[0]

    first, second = locks.one_before_the_other(register, register)
    assert first == "More police files in Norwegian"
    assert second.startswith("All that is fixed here is the same as in “More police files in Norwegian")
    assert Intervention.objects.count() == 1


def test_draw_must_have_an_order_with_these_countries(add):
    now = timezone.now()
    draw = factories.DrawFactory.create(known_from=now - timedelta(hours=1))
    assert errors(add(draw=draw.pk)) == {"draw": ["This draw has no order yet. Enter its random value first."]}
    draw.value, draw.drawn = "17", now
    draw.save()
    few = {"comparison": "", "draw": draw.pk}
    said = "FI, IS is not in this draw. Choose another draw or other countries."
    assert errors(add(countries="NO, IS, FI", **few)) == {"draw": [said]}
    add(countries="NO, SE", **few)
    assert Intervention.objects.get().draw == draw


@pytest.mark.parametrize(
    "columns",
    [
        {"countries": []},
        {"comparison": ["NO"]},
        {"direction": "none"},
        {"start": date(2026, 11, 3)},
        {"start": date(2016, 12, 26)},
        {"weeks_before": 25},
        {"weeks_before": 105},
        {"weeks_after": 3},
        {"weeks_after": 53},
        {"weeks_before": 100, "weeks_after": 48},
    ],
    ids=str,
)
def test_database_refuses_what_cannot_be(columns):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.InterventionFactory.create(**columns)


def test_list_takes_few_queries(desk, django_assert_max_num_queries):
    for number in range(5):
        factories.InterventionFactory.create(title=f"Number {number}")
    with django_assert_max_num_queries(15):
        assert desk.get(address(Intervention)).status_code == 200
