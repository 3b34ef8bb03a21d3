"""Draws at the desk: announced before the random value is known, and drawn once."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from countries import registry
from countries.models import Draw, named_country
from countries.reference import Reference
from federation.models.audit import AuditEvent
from tests import factories
from tests.integration.countries.conftest import address, text

pytestmark = pytest.mark.django_db
#: Of the kind that public sources of randomness give.
VALUE = "2b1e0c7d9a3f4e5d6c7b8a990123456789abcdef0123456789abcdef01234567"


def form(**fields):
    known = timezone.now() + timedelta(days=2)
    given = {
        "title": "Files in Nordic languages", "countries": "NO, SE, DK, FI", "source": "The lottery of Saturday",
        "known_from_0": f"{known:%Y-%m-%d}", "known_from_1": f"{known:%H:%M:%S}", "reason": "agreed by all",
    }  # fmt: skip
    return given | fields


def known(**fields):
    """A draw whose value has been known for an hour."""
    return factories.DrawFactory.create(known_from=timezone.now() - timedelta(hours=1), **fields)


def milliseconds(moment):
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def errors(answer):
    return answer.context["adminform"].errors


def enter(desk, draw, value):
    return desk.post(address(Draw, "change", draw.pk), {"value": value, "reason": "as announced"}, follow=True)


def test_draw_is_announced_without_a_value(desk):
    page = address(Draw, "add")
    assert 'name="value"' not in text(desk.get(page))
    assert desk.post(page, form(value="17")).status_code == 302
    row, event = Draw.objects.get(), AuditEvent.objects.latest("id")
    assert (row.countries, row.value, row.drawn, row.order) == (["NO", "SE", "DK", "FI"], "", None, [])
    assert timezone.now() - row.announced < timedelta(minutes=1)
    assert (event.action, event.actor, event.reason) == ("draw.added", "ada", "agreed by all")
    assert event.details["after"]["source"] == "The lottery of Saturday"


def test_value_is_entered_and_decides_the_order(desk):
    draw = known()
    assert enter(desk, draw, VALUE).status_code == 200
    draw.refresh_from_db()
    assert draw.value == VALUE
    assert timezone.now() - draw.drawn < timedelta(minutes=1)
    digests = {sha256(f"{VALUE} {code}".encode()).hexdigest(): code for code in ("DK", "NO", "SE")}
    order = [digests[digest] for digest in sorted(digests)]
    assert draw.order == order
    assert ", ".join(map(named_country, order)) in text(desk.get(address(Draw, "change", draw.pk)))
    assert ", ".join(map(named_country, order)) in text(desk.get(address(Draw)))
    [found] = Reference.current().draws
    assert (found.value, found.drawn, found.order) == (VALUE, milliseconds(draw.drawn), order)
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.actor, event.reason) == ("draw.changed", "ada", "as announced")
    assert (event.details["before"]["value"], event.details["after"]["value"]) == ("", VALUE)


def test_value_before_its_time_is_refused(desk):
    draw = factories.DrawFactory.create(known_from=timezone.now() + timedelta(minutes=5))
    said = f"The value is not known before {draw.known_from:%Y-%m-%d %H:%M} UTC. Enter it after that."
    assert errors(enter(desk, draw, "17")) == {"value": [said]}
    draw.refresh_from_db()
    assert (draw.value, draw.drawn) == ("", None)


def test_second_value_is_refused(desk):
    draw = known()
    enter(desk, draw, "17")
    draw.refresh_from_db()
    said = f"The value was entered at {draw.drawn:%Y-%m-%d %H:%M} UTC. Leave it as it is."
    for value in ("18", ""):
        assert errors(enter(desk, draw, value)) == {"value": [said]}
    assert Draw.objects.get().value == "17"
    assert 'name="value"' not in text(desk.get(address(Draw, "change", draw.pk)))


def test_of_two_values_at_once_the_first_stays():
    draw = known()
    first, second = Draw.objects.get(), Draw.objects.get()
    first.value, second.value = "17", "18"
    registry.save(first, by="ada", fields=["value"])
    with pytest.raises(ValidationError, match="The value was entered at"):
        registry.save(second, by="bo", fields=["value"])
    draw.refresh_from_db()
    assert draw.value == "17"


@pytest.mark.parametrize("value", ["kari@example.org", "192.0.2.17", f"the file {VALUE}", "2001:db8::17"])
def test_value_with_a_trace_in_a_text_is_refused(desk, value):
    draw = known()
    assert "This looks like an address" in errors(enter(desk, draw, value))["value"][0]


@pytest.mark.parametrize("value", ["3,  17", "3,\t17", "3,\n17", " 17", "17 ", "3, \u00a017"])
def test_value_that_cannot_be_copied_from_a_page_is_refused(value):
    draw = known()
    draw.value = value
    with pytest.raises(ValidationError, match=r"Remove blanks at the ends, double blanks|Write this text in one line"):
        registry.save(draw, by="ada", fields=["value"])


@pytest.mark.parametrize(
    "value", ["3, 17, 22, 25, 30", VALUE, VALUE.upper(), "c29tZSByYW5kb20gdGV4dCB3aXRoIDQwIGxldHRlcnM="]
)
def test_usual_random_values_are_taken(desk, value):
    draw = known()
    enter(desk, draw, value)
    draw.refresh_from_db()
    assert draw.value == value


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"countries": "NO"}, "countries", "An order needs at least two countries. Add another one."),
        ({"countries": "NO, XX"}, "countries", "There is no country XX. Give ISO 3166 codes: NO, SE."),
        ({"countries": "NO, _U"}, "countries", "There is no country _U."),
        ({"countries": "NO, SE, NO"}, "countries", "NO is in the list more than once."),
        ({"known_from_0": "2026-01-01"}, "known_from", "less than an hour from now"),
        ({"known_from_0": "soon"}, "known_from", "Enter a valid date."),
        ({"known_from_0": "9999-12-31"}, "known_from", "more than a year ahead"),
        ({"source": ""}, "source", "This field is required."),
        ({"source": "Ask kari@example.org"}, "source", "This looks like an address"),
    ],
)
def test_bad_draw_is_refused_in_words(desk, fields, field, said):
    found = errors(desk.post(address(Draw, "add"), form(**fields)))
    assert list(found) == [field]
    assert said in " ".join(found[field])
    assert not Draw.objects.exists()


@pytest.mark.parametrize(("minutes", "taken"), [(59, False), (61, True)])
def test_draw_is_announced_an_hour_before(minutes, taken):
    row = factories.DrawFactory.build(known_from=timezone.now() + timedelta(minutes=minutes))
    if taken:
        registry.save(row, by="ada")
    else:
        with pytest.raises(ValidationError, match="less than an hour from now"):
            registry.save(row, by="ada")
    assert Draw.objects.exists() is taken


def test_new_draw_has_no_value():
    row = factories.DrawFactory.build(known_from=timezone.now() + timedelta(days=1), value="17")
    with pytest.raises(ValidationError, match="A new draw has no value yet"):
        registry.save(row, by="ada")


@pytest.mark.parametrize(
    "columns",
    [
        {"title": "x"},
        {"countries": ["NO", "SE"]},
        {"source": "x"},
        {"known_from": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
    ids=["title", "countries", "source", "known_from"],
)
def test_all_but_the_value_is_fixed(columns):
    draw = known()
    for name, value in columns.items():
        setattr(draw, name, value)
    with pytest.raises(ValidationError, match="fixed when the row was added"):
        registry.save(draw, by="ada")


def test_draw_is_never_deleted(desk):
    draw = known()
    answer = desk.post(address(Draw, "delete", draw.pk), {"post": "yes", "reason": "a slip"})
    assert answer.status_code == 403
    with pytest.raises(registry.Refused, match=r"cannot be deleted.*Announce another draw"):
        registry.delete(draw, by="ada")
    assert Draw.objects.exists()


def test_database_refuses_what_cannot_be():
    now = timezone.now()
    for columns in (
        {"countries": ["NO"]},
        {"announced": now, "known_from": now},
        {"value": "17"},
        {"drawn": now},
        {"value": "17", "known_from": now, "drawn": now - timedelta(seconds=1)},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            factories.DrawFactory.create(**columns)
