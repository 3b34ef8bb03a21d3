"""Addresses of the desk with odd values: too large, at the ends of the calendar, of other alphabets."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.urls import reverse

from countries.models import HelpService
from federation.models.findings import Finding, Hold
from tests.integration.countries import desk_rows
from tests.integration.countries.addresses import ROOT, by_screen
from tests.integration.federation.deskside import told

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("desk_at_noon"),
    # Django takes a day without a zone for one of UTC, which all days here are.
    pytest.mark.filterwarnings("ignore:DateTimeField:RuntimeWarning"),
]

#: What the worst of values are, and others.
WORST = ["9" * 31, "\0", "9999-12-31", "0001-01-01", "²", "1,2"]
ODD = [*WORST, "-" + "9" * 31, "9223372036854775808", "NaN", "٣", "2026-02-31", "'"]
#: What Django reads of each list beside filters. The rest depends on no columns: one list is enough for it.
OF_LISTS = ["q", "o", "_to_field", "pk", "pk__in"]
OF_ONE_LIST = ["p", "e", "all", "_popup", "_facets", "unknown"]
LISTS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture(scope="module")
def rows(module_db):
    """A row of each screen."""
    return desk_rows.make()


@pytest.fixture
def desk(admin_client, caplog):
    """Somebody who may do everything, and whose mistakes are told in an answer, as on a real server."""
    admin_client.raise_request_exception = False

    def ask(path, data=None, method="get"):
        caplog.clear()
        # Of each nothing stays; nor would a statement that failed let others pass in the same transaction.
        before = transaction.savepoint()
        status = getattr(admin_client, method)(path, data or {}).status_code
        transaction.savepoint_rollback(before)
        return status

    return ask


def parameters(screen: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield the names of what a list can be asked, filters and columns, each with the values to ask for."""
    yield from ((name, WORST[:4]) for name in (*OF_LISTS, *(OF_ONE_LIST if screen.model is Finding else ())))
    for each in screen.list_filter:
        if isinstance(each, type) and issubclass(each, admin.SimpleListFilter):
            yield each.parameter_name or "", ODD
        else:
            name = each if isinstance(each, str) else each[0]
            yield f"{name}__exact", WORST
            yield from ((f"{name}__{lookup}", WORST[:3]) for lookup in ("isempty", "isnull", "gte", "in"))
    for field in screen.opts.concrete_fields:
        yield from ((field.name, WORST[:3]), (f"{field.name}__in", WORST[:1]), (f"{field.name}__range", WORST[-1:]))


@pytest.mark.verify
@pytest.mark.parametrize("model", LISTS, ids=lambda model: model._meta.label)
def test_no_list_breaks_at_a_filter(desk, rows, model):
    place = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    asked = {
        (name, value): desk(place, {name: value})
        for name, values in parameters(admin.site.get_model_admin(model))
        for value in values
    }
    assert [one for one, status in asked.items() if status >= 500] == []


#: How each page is asked for, and with which name of a row.
NAMES = [("get", "9" * 31), ("post", "\0")]
MORE_NAMES = {*product(("get", "post"), ("9" * 31, "\0", "²", "x" * 300))}.difference(NAMES)


@pytest.mark.parametrize("screen", by_screen())
@pytest.mark.parametrize("names", [NAMES, pytest.param(sorted(MORE_NAMES), marks=pytest.mark.verify)], ids=["", "more"])
def test_no_page_breaks_at_the_name_of_a_row(desk, rows, screen, names):
    broken = []
    for route in (route for route in by_screen()[screen] if route.parameters):
        for method, name in names:
            part = quote(name, safe="")
            path = ROOT + re.sub(r"<[^>]+>", lambda _, part=part: part, route.pattern)
            if desk(path, {"action": "release"}, method) >= 500:
                broken.append((method, path))
    assert broken == []


@pytest.mark.parametrize("model", [Finding, Hold, HelpService], ids=lambda model: model._meta.label)
def test_no_action_breaks_at_what_was_ticked(desk, rows, model):
    place = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    actions = admin.site.get_model_admin(model).actions
    forms = [
        (place, {ACTION_CHECKBOX_NAME: value, "reason": "because", **more})
        for value in ["9" * 31, "9223372036854775808", "\0", "²", "٣"]
        for more in (
            *({"action": action} for action in (*actions, "nothing")),
            {"action": actions[0], "select_across": value, "index": value},
        )
    ]
    assert [form for form in forms if desk(*form, "post") >= 500] == []


@pytest.mark.verify
def test_no_decision_breaks_at_what_was_chosen(desk, rows):
    (finding,) = Finding.objects.all()
    place = f"{ROOT}federation/finding/{finding.pk}/decide/"
    form = {"decision": "release", "reason": "because"}
    broken = [
        (name, value)
        for name in ("report", "decision", "finding", "until")
        for value in ODD
        if desk(place, form | {name: value}, "post") >= 500
    ]
    assert broken == []


@pytest.mark.verify
def test_no_place_of_the_queue_and_no_prefilled_break_is_too_odd(desk, rows):
    queue, form = reverse("admin:federation_hold_next"), reverse("admin:countries_annotation_add")
    broken = [
        (place, name, value)
        for place, names in ((queue, ("after", "before", "until")), (form, ("start", "end", "finding", "until")))
        for name in names
        for value in ODD
        if desk(place, {"after": "1", "before": "1"} | {name: value}) >= 500
    ]
    assert broken == []


def test_no_choice_of_rows_breaks_at_a_term(desk, rows):
    there = {"app_label": "countries", "model_name": "annotation", "field_name": "agency", "term": "NO", "page": "1"}
    broken = [
        (name, value)
        for name in there
        for value in WORST
        if desk(reverse("admin:autocomplete"), there | {name: value}) >= 500
    ]
    assert broken == []


def test_list_says_that_what_was_asked_for_cannot_be_looked_up(admin_client, rows):
    answer = admin_client.get(reverse("admin:federation_hold_changelist"), {"rule": "\0"}, follow=True)
    assert answer.redirect_chain == [(f"{reverse('admin:federation_hold_changelist')}?e=1", 302)]
    assert told(answer) == ["No row can have a value that the address asks for. This is the list without filters."]


@pytest.mark.parametrize("asked", [{"day": "9999-12-31"}, {"finding": "9" * 31}, {"day": "2026-02-31"}])
def test_list_of_what_cannot_be_is_empty(admin_client, rows, asked):
    answer = admin_client.get(reverse("admin:federation_hold_changelist"), asked)
    assert answer.context["cl"].result_count == 0
