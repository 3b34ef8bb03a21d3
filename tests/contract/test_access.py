"""docs/reference/access.md is true: each address, by each method, answers each caller as it says.

What is in no table is refused, and an address that is in none fails here.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.http import HttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.urls import path
from django.utils import timezone
from oauth2_provider.models import get_access_token_model
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import TokenAuthentication
from api.permissions import HasScope
from config import urls
from countries.accounts import credentials
from countries.models import Agency, AgencyAccount, Credential
from federation.models.findings import Answer, Finding
from federation.models.submissions import Submission
from tests import factories
from tests.contract import access
from tests.contract.access import METHODS, REFUSALS, kind_of
from tests.contract.callers import Caller
from tests.integration.countries import desk_rows
from tests.integration.countries.addresses import Route, routes
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db
TABLES = access.tables()
OPEN, API, SCREENS, DEEDS = "Open to anyone", "The API", "Screens of the desk", "Other pages of the desk"
OWN = "Pages of an agency"
#: The columns of the tables, and who stands for each.
KINDS = {
    "nobody": ("nobody", "password only"),
    "ended": ("expired credential", "expired token", "revoked", "deactivated agency"),
    "agency": ("agency",),
    "reading": ("read-only scope",),
    "writing": ("write-only scope",),
    "other agency": ("other agency",),
    "figures": ("coordinator's credential",),
    "observer": ("observer",),
    "coordinator": ("coordinator",),
    "superuser": ("superuser",),
}
TOKENS = {
    "expired credential", "expired token", "revoked", "deactivated agency", "agency", "read-only scope",
    "write-only scope", "other agency", "coordinator's credential",
}  # fmt: skip
ROLES = ("observer", "coordinator", "superuser")
#: Who asks where nobody is asked who they are, and by methods that no table names.
FEW = ("nobody", "expired token", "agency", "coordinator's credential", "superuser")
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def rows(module_db):
    """A row of each table; what belongs to a country belongs to an agency of Norway's."""
    return desk_rows.make()


@pytest.fixture(scope="module")
def cast(rows) -> dict[str, Ask]:
    """Everybody there is, by how they ask."""
    tokens = dict(_tokens(rows[Agency]))
    assert set(tokens) == TOKENS
    bearers = {name: Client(headers={"Authorization": f"Bearer {token}"}).generic for name, token in tokens.items()}
    people = {name: _person(name) for name in ("password only", *ROLES)}
    return {"nobody": Client().generic} | bearers | people


def _tokens(agency) -> Iterator[tuple[str, str]]:
    now = timezone.now()
    own = Caller(agency=agency)
    yield "agency", own.token
    yield "read-only scope", own.use_scope("submissions:read").token
    yield "write-only scope", own.use_scope("submissions:write").token
    yield "other agency", Caller(agency=factories.AgencyFactory.create(code="DE-BKA")).token
    yield "coordinator's credential", Caller(coordinator="kim").token
    expired = Caller(agency=factories.AgencyFactory.create(code="SE-NOA"))
    Credential.objects.filter(client_id=expired.issued.client_id).update(expires=now - timedelta(seconds=1))
    yield "expired credential", expired.token
    late = Caller(agency=factories.AgencyFactory.create(code="FI-NBI"))
    get_access_token_model().objects.filter(application=late.issued.credential).update(expires=now)
    yield "expired token", late.token
    revoked = Caller(agency=factories.AgencyFactory.create(code="DK-NC3"))
    credentials.revoke(credential=revoked.issued.credential, by="a test", now=now)
    yield "revoked", revoked.token
    gone = Caller(agency=factories.AgencyFactory.create(code="IE-GNCCB"))
    Agency.objects.filter(code="IE-GNCCB").update(active=False)
    yield "deactivated agency", gone.token


def _person(name: str) -> Ask:
    """Somebody who is signed in, all with both factors but one."""
    client = Client()
    user = User.objects.create_user(name.replace(" ", "."), is_staff=True, is_superuser=name == "superuser")
    groups = {"password only": "coordinator"}
    user.groups.set(Group.objects.filter(name=groups.get(name, name)))
    if name == "password only":
        client.force_login(user)
    else:
        signed_in(client, user)
    return client.generic


@pytest.fixture
def unread(monkeypatch):
    """Whether somebody is let in is decided before a page is written: that takes most of the time, and is left out."""
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", property(lambda _: ""))


def test_every_address_is_in_a_table_once():
    named = Counter(row["address"] for heading in (OPEN, API, DEEDS, OWN) for row in TABLES[heading])
    named.update(f"{row['screen']}{view}" for row in TABLES[SCREENS] for view in VIEWS.values())
    there = set(access.addresses())
    assert set(named) == there
    assert {address for address, times in named.items() if times > 1 and not _by_method(address)} == set()


def _by_method(address: str) -> bool:
    return len({row["methods"] for row in TABLES[API] if row["address"] == address}) > 1


#: The standard views of a screen, and where they are.
VIEWS = {
    "list": "", "add": "add/", "history": "<path:object_id>/history/", "delete": "<path:object_id>/delete/",
    "change": "<path:object_id>/change/", "old": "<path:object_id>/",
}  # fmt: skip


def filled(address: str, rows) -> str:
    """Return an address with parameters that lead to something of the agency's."""
    for hole, value in {
        "<uuid:id>": rows[Submission].pk, "<int:id>": rows[Finding].pk, "<slug:code>": "no",
        "<slug:id>": 1, "<slug:kind>": "published",
        "<uidb64>": "MQ", "<token>": "none",
        "<path:path>": "structure", "<document:name>": "reference/errors",
        "<app_label>": "countries/", "<url>": "countries/nothing/",
        "<path:content_type_id>": ContentType.objects.get_for_model(Agency).pk,
    }.items():  # fmt: skip
        address = address.replace(hole, str(value))
    return address


@pytest.fixture
def csrf_checks(cast, monkeypatch):
    """The CSRF check, which the test client leaves out otherwise."""
    for ask in cast.values():
        monkeypatch.setattr(ask.__self__.handler, "enforce_csrf_checks", True)


def test_what_is_open_is_open_to_anyone_and_for_these_methods_only(cast, rows, unread, csrf_checks):
    wrong = []
    for row in TABLES[OPEN]:
        address, methods = filled(row["address"], rows), row["methods"].split()
        for name in FEW:
            for method in METHODS if name in ("nobody", "superuser") else ("GET",):
                answer = cast[name](method, address)
                got = kind_of(answer)
                if got not in ({"yes", "404"} if method in methods else {"405"}):
                    wrong.append(f"{method} {address} by {name}: {got}")
                if got == "405" and set(answer["Allow"].split(", ")) != set(methods):
                    wrong.append(f"{method} {address} by {name}: Allow has {answer['Allow']}")
    assert wrong == []


def test_api_answers_each_as_the_table_says(cast, rows, settings):
    settings.METRICS_TOKEN = "only Prometheus knows it"
    settings.RATES = {**settings.RATES, "RATE_WRONG_TOKENS_PER_ADDRESS": 1_000_000}
    wrong = []
    for address in dict.fromkeys(row["address"] for row in TABLES[API]):
        said = {name: row for row in TABLES[API] if row["address"] == address for name in row["methods"].split()}
        for method, (column, names) in product(METHODS, KINDS.items()):
            wanted = {said[method][column]} if method in said else REFUSALS
            for name in names if method in said else set(names).intersection(FEW):
                got = kind_of(cast[name](method, filled(address, rows), b'{"answer": "confirmed"}', "application/json"))
                if got not in wanted:
                    wrong.append(f"{method} {address} by {name}: {got}, not {wanted}")
    assert wrong == []


def test_no_agency_can_see_or_detect_data_of_another(cast, rows):
    nothing = {Submission: "00000000-0000-0000-0000-000000000000", Finding: 2**31 - 1}
    said = list(Answer.objects.values())
    for model, template in (
        (Submission, "submissions/{}/"),
        (Finding, "findings/{}/"),
        (Finding, "findings/{}/answer/"),
    ):
        method = "POST" if "answer" in template else "GET"
        there, nowhere = [
            cast["other agency"](
                method, f"/api/v1/{template.format(key)}", b'{"answer": "confirmed"}', "application/json"
            )
            for key in (rows[model].pk, nothing[model])
        ]
        assert (there.status_code, there.content) == (nowhere.status_code, nowhere.content)
        assert there.status_code == 404
    assert list(Answer.objects.values()) == said


# --- the desk ---

ASKED = ("GET", "HEAD", "POST")
#: Their page shows the same, however it is asked for.
SHOWN = ("/admin/federation/finding/", "/admin/federation/hold/")


def address_of(route: Route) -> str:
    """Return an address of the desk as the tables have it."""
    for parameter in ("app_label", "url"):
        if route.parameters == {parameter}:
            return f"/admin/<{parameter}>"
    return f"/admin/{route.pattern}"


def led_to(address: str, rows) -> str:
    """Return an address of the desk that leads to a row that is there, if it leads to any."""
    if address == "/admin/autocomplete/":
        return f"{address}?app_label=countries&model_name=setup&field_name=agency&term="
    for model, row in rows.items():
        if address.startswith(f"/admin/{model._meta.label_lower.replace('.', '/')}/"):
            return address.replace("<path:object_id>", str(row.pk)).replace("<id>", str(row.pk))
    return filled(address, rows).replace("<path:object_id>", str(rows[Agency].pk))


def test_desk_is_closed_to_tokens_to_nobody_and_to_the_password_alone(cast, rows, unread):
    wrong = []
    open_to_all = {row["address"] for row in TABLES[DEEDS] if row["superuser"] == "open"} | {"/admin/second-factor/"}
    for address in sorted({address_of(route) for route in routes()} - open_to_all):
        there = led_to(address, rows)
        for name in ("nobody", "password only", "agency", "coordinator's credential"):
            for method in _closed_to(name, address):
                wanted = "sign in" if name != "password only" else "second factor" if method in ASKED else "405"
                if (got := kind_of(cast[name](method, there))) != wanted:
                    wrong.append(f"{method} {there} by {name}: {got}")
    assert wrong == []


def _closed_to(name: str, address: str) -> tuple[str, ...]:
    """The desk does not know tokens, and so each of them where a page has no rows below it shows enough."""
    if name in ("nobody", "password only"):
        return ("GET", "POST", "DELETE")
    return () if "<" in address else ("GET",)


@pytest.mark.parametrize("role", ["observer", "coordinator", pytest.param("superuser", marks=pytest.mark.verify)])
def test_screens_answer_each_role_as_the_table_says(cast, rows, unread, role):
    ask, wrong = cast[role], []
    for screen in TABLES[SCREENS]:
        verbs = set(screen[role].replace(",", "").split())
        for (name, view), method in product(VIEWS.items(), METHODS):
            if not _asked(role, name, method):
                continue
            address = led_to(f"{screen['screen']}{view}", rows)
            wanted = _wanted(screen["screen"], name, method, verbs)
            if (got := kind_of(ask(method, address))) not in wanted:
                wrong.append(f"{method} {address}: {got}, not {wanted}")
    assert wrong == []


def _asked(role: str, view: str, method: str) -> bool:
    """Say what is asked: POST where it could write; and the rest, which depends on no role, of one role."""
    if method == "GET":
        return True
    if method == "POST":
        return view in ("add", "change", "delete")
    return role == "superuser" and view in ("list", "change")


def _wanted(screen: str, view: str, method: str, verbs: set[str]) -> set[str]:
    if method not in ASKED:
        return {"405"}
    if view == "old":
        # It leads on to the page of the row, which is asked for itself.
        return {"yes"}
    needed = {"add": "adds", "delete": "deletes"}.get(view, "reads")
    if view == "change" and method == "POST" and screen not in SHOWN:
        needed = "changes"
    # The history of what one must not see looks as if it were not there.
    return {"yes"} if needed in verbs else {"403", "404"} if view == "history" else {"403"}


@pytest.mark.parametrize("role", ["observer", "coordinator", pytest.param("superuser", marks=pytest.mark.verify)])
def test_other_pages_of_the_desk_answer_each_role_as_the_table_says(cast, rows, unread, role):
    ask, wrong = cast[role], []
    for row, method in product(TABLES[DEEDS], METHODS if role == "superuser" else ("GET", "POST")):
        if row[role] == "open" and method == "POST":
            # To sign in or out once more, which the tests of the door do.
            continue
        got = kind_of(ask(method, led_to(row["address"], rows)))
        wanted = {row[role]} if row[role] != "open" else {"yes", "404"}
        if got not in (wanted if method in row["methods"].split() else {"405"}):
            wrong.append(f"{method} {row['address']}: {got}, not {wanted}")
    assert wrong == []


# --- the pages of an agency ---


@pytest.fixture(scope="module")
def people(cast, rows) -> dict[str, list[Ask]]:
    """Everybody who may come to the pages of an agency, by column; and those whose access has ended in each way."""
    other = factories.AgencyFactory.create(code="NL-THTC")
    gone = Agency.objects.get(code="IE-GNCCB")
    ended = [_of(gone, "gone"), _of(rows[Agency], "revoked", revoked=timezone.now())]
    ended += [_of(rows[Agency], "expired", expires=timezone.now()), _of(rows[Agency], "inactive", is_active=False)]
    return {
        "nobody": [cast["nobody"]], "password only": [_of(rows[Agency], "half", both=False)], "ended": ended,
        "agency": [_of(rows[Agency], "whole")], "other agency": [_of(other, "other")],
        "coordinator": [cast["coordinator"]],
    }  # fmt: skip


def _of(agency, name, *, both=True, is_active=True, **ended) -> Ask:
    client = Client()
    user = User.objects.create_user(name)
    signed_in(client, user) if both else client.force_login(user)
    User.objects.filter(pk=user.pk).update(is_active=is_active)
    AgencyAccount.objects.create(user=user, agency=agency, created=timezone.now(), **ended)
    return client.generic


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("", ""),
        pytest.param("/nb", "", marks=pytest.mark.verify),
        pytest.param("", "?outcome=held&day=2026-11-24&all", marks=pytest.mark.verify),
    ],
)
def test_pages_of_an_agency_answer_each_as_the_table_says(people, rows, unread, language, query):
    wrong = []
    for row, method, (column, asks) in product(TABLES[OWN], METHODS, people.items()):
        # Signing out is tested where sessions are.
        for ask in asks if (method, row["address"], column == "nobody") != ("POST", "/agency/sign-out/", False) else ():
            got = _kind_of_own(ask(method, filled(f"{language}{row['address']}", rows) + query), language)
            wanted = {"yes", "sign in"} if row[column] == "open" else {row[column]}
            if got not in (wanted if method in row["methods"].split() else REFUSALS | {"sign in", "second factor"}):
                wrong.append(f"{method} {language}{row['address']}{query} by {column}: {got}")
    assert wrong == []


def _kind_of_own(answer, language: str) -> str:
    if answer.status_code == 302:
        answer["Location"] = answer["Location"].removeprefix(language)
    return kind_of(answer)


# --- what is declared nowhere ---


class Undeclared(APIView):
    """A view of which nobody has said whom it lets in."""

    def get(self, _request):
        return Response({})


class HalfDeclared(Undeclared):
    """A view that says so for another method than it has."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasScope,)
    scopes = {"POST": ("submissions:write",)}


@pytest.fixture
def undeclared(monkeypatch, settings):
    """Three views that somebody has forgotten to say something of."""
    settings.ROOT_URLCONF = __name__
    monkeypatch.setitem(
        globals(),
        "urlpatterns",
        [
            *urls.urlpatterns,
            path("plain", lambda _: HttpResponse("seen")),
            path("rest", Undeclared.as_view()),
            path("half", HalfDeclared.as_view()),
        ],
    )


def test_view_that_says_nothing_is_closed(cast, undeclared):
    assert kind_of(cast["nobody"]("GET", "/plain")) == "sign in"
    assert kind_of(cast["agency"]("GET", "/plain")) == "sign in"
    for name, ask in cast.items():
        assert kind_of(ask("GET", "/rest")) in ("401", "403"), name
        assert kind_of(ask("GET", "/half")) in ("401", "403"), name
