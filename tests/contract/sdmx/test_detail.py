"""What is withheld, over SDMX: refused by name, listed in an annotation or a header, and never zero."""

import csv
import io
import json
from datetime import date

import pytest
from lxml import etree

from api import formats
from countries.models import Detail
from federation.published import vintages
from tests.contract.public.press import WAITING
from tests.contract.sdmx.test_messages import ROOTS
from tests.contract.sdmx.test_messages import of_form as observations_of
from tests.factories import DetailFactory

FORMS = [("2.1", "xml"), ("2.1", "csv"), ("3.0", "xml"), ("3.0", "csv"), ("3.0", "json")]
WITHHELD = (
    "D.DOWNLOADS: EUROPE, LI, _T are published by network at M, A only. EUROPE, LI, _T are published at W, M, A only. "
    "From 2026-12-01, NO is published by network at M, A only. From 2026-12-01, NO is published at W, M, A only."
)
LIECHTENSTEIN = {"countries": ["LI"], "network": "_T", "published": ["W", "M", "A"]}


def detail_of(code, step, network_step, month=Detail.FIRST):
    DetailFactory.create(country__code=code, valid_from=month, step=step, network_step=network_step)


@pytest.fixture
def view(press):
    """Liechtenstein by weeks, and Norway by days until the end of November.

    A day of Liechtenstein is stored all the same, as it would be in a database that was changed by hand.
    """
    detail_of("LI", "W", "M")
    detail_of("NO", "D", "D")
    detail_of("NO", "W", "M", date(2026, 12, 1))
    press.publish("D", {"2026-11-30": {"LI": 995, "NO": 10, "SE": 5}, "2026-12-01": {"SE": 5}})
    press.publish("W", {"2026-W48": {"LI": 5, "NO": 20}})
    return press


def address(root, key, flow="P2P"):
    return ROOTS[root].format(flow=flow, key=key)


@pytest.mark.parametrize("root", ROOTS)
def test_key_of_a_withheld_series_is_refused_with_its_steps(view, ask, root):
    answer = ask(address(root, "D.DOWNLOADS.LI._T"))
    problem = json.loads(answer.content)
    assert (answer.status_code, problem["code"], problem["withheld"]) == (422, "detail_not_published", [LIECHTENSTEIN])
    assert ask(address(root, "W.DOWNLOADS.LI._T")).status_code == 200
    assert ask(address(root, "D+W.DOWNLOADS.LI+NO._T")).status_code == 422
    assert ask(f"{address(root, 'H.DOWNLOADS.NO._T')}?format=csv").status_code == 422
    # Of no country are hours published by network.
    problem = json.loads(ask(address(root, "H.DOWNLOADS.SE.ARES")).content)
    assert problem["withheld"] == [{"countries": ["SE"], "network": "*", "published": ["D", "W", "M", "A"]}]
    assert ask(address(root, "H.DOWNLOADS.SE.")).status_code == 200


@pytest.mark.parametrize(("root", "form"), FORMS)
def test_open_key_has_what_is_published_and_lists_the_rest(view, ask, root, form):
    answer = ask(f"{address(root, 'D.DOWNLOADS..')}?format={form}")
    assert answer["Withheld"] == WITHHELD
    found = {(place[2], place[4]): facts for place, facts in observations_of(form, answer).items() if place[3] == "_T"}
    assert {country for country, _ in found} == {"NO", "SE"}
    assert (found["NO", "2026-11-30"]["OBS_VALUE"], found["NO", "2026-11-30"]["OBS_STATUS"]) == ("10", "A")
    assert "OBS_VALUE" not in found["NO", "2026-12-01"]
    assert found["NO", "2026-12-01"]["OBS_STATUS"] == "Q"
    assert found["SE", "2026-12-01"]["OBS_VALUE"] == "5"
    if form == "xml":
        source = etree.fromstring(answer.content).find(".//{*}Header/{*}Source")
        assert source.text == f"Withheld: {answer['Withheld']}"
    if form == "json":
        data = json.loads(answer.content)["data"]
        (note,) = data["structures"][0]["annotations"]
        assert (data["dataSets"][0]["annotations"], note["text"]) == ([0], answer["Withheld"])


@pytest.mark.parametrize(("root", "form"), FORMS)
def test_list_that_is_too_long_for_a_header_is_in_the_message(view, ask, monkeypatch, root, form):
    monkeypatch.setattr(formats, "LONGEST_HEADER", len(WITHHELD) - 1)
    answer = ask(f"{address(root, 'D.DOWNLOADS..')}?format={form}")
    said = "Numbers are withheld. The list is too long for a header: it is in SDMX-ML and SDMX-JSON."
    assert answer["Withheld"] == said
    assert (WITHHELD in answer.content.decode()) == (form != "csv")


@pytest.mark.parametrize(("root", "form"), FORMS)
def test_nothing_is_said_where_nothing_is_withheld(view, ask, root, form):
    answer = ask(f"{address(root, 'W.DOWNLOADS.LI+NO._T')}?format={form}")
    assert "Withheld" not in answer
    assert b"withheld" not in answer.content.lower()
    values = [facts["OBS_VALUE"] for _, facts in sorted(observations_of(form, answer).items())]
    assert values == ["5", "20"]


@pytest.mark.parametrize(("root", "form"), FORMS)
def test_part_of_a_named_series_has_the_code_of_what_is_suppressed(view, ask, root, form):
    view.publish("D", {"2026-12-02": {}}, WAITING)
    found = observations_of(form, ask(f"{address(root, 'D.DOWNLOADS.NO._T')}?format={form}"))
    statuses = {place[4]: (facts.get("OBS_VALUE"), facts["OBS_STATUS"]) for place, facts in found.items()}
    assert statuses == {"2026-11-30": ("10", "A"), "2026-12-01": (None, "Q"), "2026-12-02": (None, "Q")}


@pytest.mark.parametrize("root", ROOTS)
def test_code_list_has_the_code(view, ask, root):
    path = "2.1/codelist/P2PEU/CL_OBS_STATUS" if root == "2.1" else "3.0/structure/codelist/P2PEU/CL_OBS_STATUS"
    content = ask(f"{path}?format=xml" if root == "3.0" else path).content
    assert b"Missing value; suppressed" in content


@pytest.mark.parametrize("root", ROOTS)
def test_messages_with_the_list_fit_the_schema(view, ask, schema, root):
    message = etree.fromstring(ask(f"{address(root, 'D.DOWNLOADS..')}?format=xml").content)
    found, _ = schema(root, "dataflow/P2PEU/P2P/1.0.0?dimensionAtObservation=TIME_PERIOD")
    found.validate(message)
    assert list(found.error_log) == []


@pytest.mark.parametrize("root", ROOTS)
def test_past_views_and_availability_leave_it_out(view, ask, root):
    moment = f"{view.known_at(2):%Y-%m-%dT%H:%M:%S}.482Z"
    past = observations_of("csv", ask(f"{address(root, f'D.DOWNLOADS...{moment}', 'P2P_VINTAGE')}?format=csv"))
    assert "LI" not in {place[2] for place in past}
    path = "2.1/availableconstraint/P2P/D" if root == "2.1" else "3.0/availability/dataflow/P2PEU/P2P/1.0.0/D"
    assert b">LI<" not in ask(f"{path}?format=xml" if root == "3.0" else f"{path}.DOWNLOADS..").content


def test_changes_are_of_what_is_published(view, ask):
    view.publish("D", {"2026-12-02": {"SE": 5}})
    after = f"{view.known_at(2):%Y-%m-%dT%H:%M:%S}.482Z"
    found = observations_of("csv", ask(f"{address('3.0', 'D.DOWNLOADS..')}?format=csv&updatedAfter={after}"))
    new = {(place[2], place[4]): facts["OBS_STATUS"] for place, facts in found.items() if place[3] == "_T"}
    assert new == {("NO", "2026-12-02"): "Q", ("SE", "2026-12-02"): "A"}


def test_series_withheld_in_different_periods_are_read_together(view, ask, monkeypatch):
    view.publish("D", {"2026-11-29": {"DK": 5, "NO": 5, "NO/ARES": 5, "SE": 5}})
    read, found = [], vintages.table
    monkeypatch.setattr(vintages, "table", lambda *given, **more: read.append(given[1]) or found(*given, **more))
    answer = ask(f"{address('3.0', 'D.DOWNLOADS..')}?format=csv")
    statuses = [row["OBS_STATUS"] for row in csv.DictReader(io.StringIO(answer.content.decode()))]
    assert statuses.count("Q") == 2
    assert len(read) == 1
