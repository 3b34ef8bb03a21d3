"""Exact figures over HTTP: an agency's own, a coordinator's view of all, pages, and what is refused."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User

from countries.accounts import agency_accounts
from countries.models import Agency
from p2p_core import periods
from tests.contract.callers import hour, report
from tests.factories import ScheduleFactory, observer
from tests.reporting import settle
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db
FIGURES = "/api/v1/figures/"


@pytest.fixture
def reported(kripos, bka):
    """Both agencies have sent some hours, which have been reconciled."""
    kripos.send(report(("NO", "ARES", 3), ("_U", "EDONKEY", 2)), report(("NO", "ARES", 5), ago=4))
    bka.send(report(("NO", "ARES", 10), ("DE", "_U", 1)))
    settle()


def asked(caller, **query):
    query = {"indicator": "DOWNLOADS", "frequency": "H", "start": hour(6), "end": hour(1)} | query
    return caller.get(FIGURES, **{name: value for name, value in query.items() if value is not None})


def cell(country, network, value):
    return {"country": country, "network": network, "value": value}


def test_agency_reads_its_own_figures(kripos, reported):
    assert asked(kripos).json() == {
        "figures": [
            {
                "agency": "NO-KRIPOS",
                "period": hour(4),
                "source": "reported",
                "time_coverage": 1.0,
                "observations": [cell("NO", "ARES", 5)],
            },
            {
                "agency": "NO-KRIPOS",
                "period": hour(2),
                "source": "reported",
                "time_coverage": 1.0,
                "observations": [cell("NO", "ARES", 3), cell("_U", "EDONKEY", 2)],
            },
        ],
        "next": None,
    }


def test_coordinator_reads_an_agencys_figures(coordinator, reported):
    figures = asked(coordinator, agency="DE-BKA").json()["figures"]
    assert [figure["observations"] for figure in figures] == [[cell("DE", "_U", 1), cell("NO", "ARES", 10)]]


def test_coordinator_reads_the_exact_combined_view(coordinator, reported):
    figures = asked(coordinator, agency="_T").json()["figures"]
    assert [(figure["agency"], figure["source"], figure["observations"]) for figure in figures] == [
        ("_T", "combined", [cell("NO", "ARES", 5)]),
        ("_T", "combined", [cell("DE", "_U", 1), cell("NO", "ARES", 13), cell("_U", "EDONKEY", 2)]),
    ]


def hours_of_year(year):
    return periods.seconds("A", periods.parse("A", year)) // 3600


def rounded_down(share):
    return int(share * 10_000) / 10_000


def test_year_is_derived_and_covered_in_part(kripos, coordinator, reported):
    year = hour(2)[:4]
    # In the first hours of a year, the earlier report is of the year before.
    values = [value for ago, value in ((4, 5), (2, 3)) if hour(ago).startswith(year)]
    (own,) = asked(kripos, frequency="A", start=year, end=year).json()["figures"]
    assert (own["period"], own["source"]) == (year, "derived")
    assert own["observations"] == [cell("NO", "ARES", sum(values)), cell("_U", "EDONKEY", 2)]
    assert own["time_coverage"] == rounded_down(len(values) / hours_of_year(year))
    (combined,) = asked(coordinator, frequency="A", start=year, end=year, agency="_T").json()["figures"]
    assert combined["observations"][-1] == cell("_U", "EDONKEY", 2)
    # Nobody has a schedule: what an agency owes is what it ever reported.
    assert combined["time_coverage"] == 1.0


def test_agency_that_owes_and_is_silent_lowers_the_running_coverage(coordinator, reported):
    year = hour(2)[:4]
    ScheduleFactory.create(frequency="H", agency__code="FR-PJ", valid_from=date(int(year), 1, 1))
    (combined,) = asked(coordinator, frequency="A", start=year, end=year, agency="_T").json()["figures"]
    hours = 3 if hour(4).startswith(year) else 2
    assert combined["time_coverage"] == rounded_down(hours / (hours + hours_of_year(year)))


def test_withdrawn_report_leaves_no_figure(kripos, reported):
    kripos.send({"frequency": "H", "period": hour(4), "withdrawn": True})
    settle()
    assert [figure["period"] for figure in asked(kripos).json()["figures"]] == [hour(2)]


def test_nothing_happened_is_a_figure_without_observations(kripos):
    kripos.send(report())
    settle()
    assert [figure["observations"] for figure in asked(kripos).json()["figures"]] == [[]]


@pytest.mark.parametrize("limit", ["PAGE", "COMBINED_PAGE"])
def test_figures_come_in_pages(kripos, coordinator, monkeypatch, limit):
    monkeypatch.setattr(f"api.v1.figures.{limit}", 2)
    kripos.send(*[report(("NO", "ARES", ago), ago=ago) for ago in range(2, 7)])
    settle()
    caller, whose = (kripos, None) if limit == "PAGE" else (coordinator, "_T")
    answer, periods = asked(caller, agency=whose).json(), []
    while True:
        periods.append([figure["period"] for figure in answer["figures"]])
        if answer["next"] is None:
            break
        answer = caller.get(answer["next"]).json()
    assert periods == [[hour(6), hour(5)], [hour(4), hour(3)], [hour(2)]]


def test_large_figures_make_smaller_pages(kripos, monkeypatch, reported):
    monkeypatch.setattr("api.v1.figures.OBSERVATIONS_PAGE", 1)
    first = asked(kripos).json()
    assert [figure["period"] for figure in first["figures"]] == [hour(4)]
    assert [figure["period"] for figure in kripos.get(first["next"]).json()["figures"]] == [hour(2)]


def test_agency_reads_nobody_elses_figures(kripos, reported):
    for agency in ("DE-BKA", "_T", "XX-NOBODY"):
        answer = asked(kripos, agency=agency)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert asked(kripos, agency="NO-KRIPOS").status_code == 200


def test_token_that_may_only_write_reads_nothing(kripos):
    assert asked(kripos.use_scope("submissions:write")).json()["code"] == "insufficient_scope"


def test_staff_session_reads_all(client, reported):
    staff = observer("grace")
    query = {"indicator": "DOWNLOADS", "frequency": "H", "start": hour(6), "end": hour(1), "agency": "_T"}
    assert client.get(FIGURES, query).json()["code"] == "not_authenticated"
    signed_in(client, staff)
    assert len(client.get(FIGURES, query).json()["figures"]) == 2
    User.objects.update(is_staff=False)
    assert client.get(FIGURES, query).json()["code"] == "not_authenticated"


def test_session_of_an_agency_reads_no_figures(client, reported):
    """The pages of an agency show its figures, and the API takes its tokens only."""
    invitation = agency_accounts.invite(agency=Agency.objects.first(), username="bo", by="kari", now=datetime.now(UTC))
    signed_in(client, invitation.account.user)
    query = {"indicator": "DOWNLOADS", "frequency": "H", "start": hour(6), "end": hour(1)}
    for agency in ("_T", "NO-KRIPOS", "DE-BKA"):
        assert client.get(FIGURES, query | {"agency": agency}).json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    ("query", "status", "code", "parameter"),
    [
        ({"indicator": None}, 400, "missing_parameter", "indicator"),
        ({"agency": None}, 400, "missing_parameter", "agency"),
        ({"colour": "red"}, 400, "unknown_parameter", None),
        ({"indicator": "UPLOADS"}, 422, "unknown_indicator", "indicator"),
        ({"frequency": "Q"}, 422, "unknown_frequency", "frequency"),
        ({"agency": "XX-NOBODY"}, 422, "unknown_agency", "agency"),
        ({"start": "2026"}, 422, "bad_period", "start"),
        ({"end": "2026-11-24T10:30"}, 422, "misaligned_period", "end"),
        ({"start": "2026-11-24T10:00", "end": "2026-11-24T09:00"}, 422, "end_before_start", "end"),
        ({"cursor": "x"}, 400, "bad_cursor", None),
    ],
)
def test_odd_questions_are_refused(coordinator, query, status, code, parameter):
    answer = asked(coordinator, **{"agency": "_T"} | query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json().get("parameter") == parameter


def test_number_of_queries_does_not_grow(kripos, coordinator, django_assert_max_num_queries):
    kripos.send(*[report(("NO", "ARES", ago), ago=ago) for ago in range(2, 27)])
    settle()
    with django_assert_max_num_queries(4):
        assert len(asked(kripos, start=hour(30)).json()["figures"]) == 25
    # Three of them ask whether the coordinator may still read figures.
    with django_assert_max_num_queries(7):
        assert len(asked(coordinator, start=hour(30), agency="_T").json()["figures"]) == 25
