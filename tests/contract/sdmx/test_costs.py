"""The cost of an SDMX query is known before it runs: the query is refused or charged, and large ones take turns."""

import gc
import tracemalloc

import pytest
from django.test import Client

from api import caching
from api.sdmx import observations, views
from api.throttling import costs, rates
from federation import database
from federation.published import vintages
from tests.contract.public.press import NOBODY, z
from tests.contract.sdmx.conftest import began
from tests.contract.test_errors import problem

pytestmark = pytest.mark.django_db
DATA = "3.0/data/dataflow/P2PEU/P2P/1.0.0"
AVAILABLE = "3.0/availability/dataflow/P2PEU/P2P/1.0.0"
VINTAGES = "dataflow/P2PEU/P2P_VINTAGE/1.0.0"
BUSY = ("busy", "5", "no-store")


@pytest.fixture(scope="module")
def view(module_db):
    """Three days of three series, one of them revised often: nine observations now, and many changes."""
    press = began()
    press.publish("D", {f"2026-11-0{day}": {"NO": 5, "NO/ARES": 5, "SE": 5} for day in (1, 2, 3)})
    for value in range(10, 60, 5):
        press.publish("D", {"2026-11-01": {"NO": value, "NO/ARES": 5, "SE": 5}})
    press.publish("D", {"2026-11-03": {}}, NOBODY)
    return press


def since(view):
    """Return the instant of the first publication: after it, six observations changed."""
    return z(view.known_at(1))


@pytest.fixture
def statements(monkeypatch):
    """The names of the statements that read what has vintages."""
    names = []
    read = database.statement
    for module in (database, vintages):
        monkeypatch.setattr(module, "statement", lambda name: names.append(name) or read(name))
    return names


def test_lists_of_codes_may_be_long(view, ask):
    codes = ",".join(["NO", *(f"X{number}" for number in range(500))])
    assert b"NO," in ask(f"{DATA}/*?format=csv&c[COUNTRY]={codes}").content


@pytest.mark.parametrize("query", ["", "c[TIME_PERIOD]=ge:2026-11-02"])
def test_what_is_the_same_in_each_series_is_counted_without_reading_cells(view, ask, monkeypatch, statements, query):
    monkeypatch.setattr(observations, "MOST_OBSERVED", 0)
    assert ask(f"{AVAILABLE}/D?{query}").status_code == 200
    assert statements.count("vintages_cells") == 0
    assert statements.count("vintages_coverage") == 1


def test_coverage_is_read_of_one_version_unless_it_is_asked_how_it_changed(view):
    cube = vintages.Cube(1, "D")
    assert len(vintages.coverage(cube, after=12, version=12)) == 3
    assert len(vintages.coverage(cube, after=11, version=12)) == 4
    assert len(vintages.coverage(cube, version=12)) == 4


@pytest.mark.parametrize(("most", "rows"), [(5, 5), (14, 14), (100, 14)])
def test_changes_are_counted_up_to_as_many_as_may_be(view, monkeypatch, most, rows):
    cube = vintages.Cube(1, "D")
    assert vintages.count_changes(cube, after=0, version=12, most=most) == rows
    explained = b"EXPLAIN (ANALYZE, FORMAT JSON) " + database.statement("vintages_count")
    monkeypatch.setattr(database, "statement", lambda _: explained)
    named = {**cube._asdict(), "after": 0, "version": 12, "most": most}
    [[[plan]]] = database.rows_of("vintages_count", **named)

    def looked_at(node):
        # A bitmap of an index names rows of other tests, too, that were taken back.
        own = 0 if node["Node Type"] == "Bitmap Index Scan" else node["Actual Rows"]
        return max([own, *map(looked_at, node.get("Plans", []))])

    assert looked_at(plan["Plan"]) == rows


def test_changes_that_availability_looks_through_are_bounded(view, ask, monkeypatch, statements):
    address = f"{AVAILABLE}/D.DOWNLOADS.*.*?updatedAfter={since(view)}"
    monkeypatch.setattr(observations, "MOST_OBSERVED", 6)
    assert ask(address).status_code == 200
    monkeypatch.setattr(observations, "MOST_OBSERVED", 5)
    assert "vintages_cells" in statements
    caching.response_cache.clear()
    statements.clear()
    problem(ask(address), 413, "too_much_data")
    assert "vintages_cells" not in statements
    assert statements


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("3.0/data/dataflow/P2PEU/P2P/1.0.0/D?updatedAfter={first}", 11),
        ("3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D", 14),
        ("3.0/availability/dataflow/P2PEU/P2P/1.0.0/D?updatedAfter={first}", 11),
        ("3.0/availability/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D", 14),
    ],
)
def test_changes_are_counted_before_they_are_read(view, ask, monkeypatch, statements, question, count):
    address = question.format(first=since(view))
    monkeypatch.setattr(observations, "MOST_CHANGES", count)
    assert ask(address).status_code == 200
    monkeypatch.setattr(observations, "MOST_CHANGES", count - 1)
    caching.response_cache.clear()
    statements.clear()
    problem(ask(address), 413, "too_much_data")
    assert set(statements) <= {"published_as_of", "vintages_newest_series", "vintages_count"}
    assert "vintages_count" in statements


def test_limit_makes_no_question_for_changes_smaller(view, ask, monkeypatch):
    """Most observations that are looked through have not changed: all of them may be read before one is found."""
    address = f"{DATA}/D?updatedAfter={since(view)}&limit=1"
    monkeypatch.setattr(observations, "MOST", 6)
    assert ask(address).status_code == 200
    caching.response_cache.clear()
    monkeypatch.setattr(observations, "MOST", 5)
    problem(ask(address), 413, "too_much_data")


@pytest.fixture
def limit(settings, monkeypatch):
    """Lets an address ask for so much, where each observation counts as a request."""

    def set_limit(amount):
        settings.RATES = {**settings.RATES, rates.PUBLIC_PER_ADDRESS.name: amount}
        monkeypatch.setattr(costs, "OBSERVATIONS", 1)
        monkeypatch.setattr(views, "_CACHED", 0)

    return set_limit


@pytest.mark.parametrize(
    ("address", "least"),
    [(f"{AVAILABLE}/D?updatedAfter={{since}}", 28), (f"{DATA}/D?updatedAfter={{since}}", 28), (f"{DATA}/D", 38)],
)
def test_large_read_is_paid_for_before_it_begins(view, ask, limit, monkeypatch, address, least):
    """Each is a request, three periods, and six or nine observations."""
    limit(least)
    address = address.format(since=since(view))
    for _ in range(2):
        caching.response_cache.clear()
        assert ask(address).getvalue()
    monkeypatch.setattr(vintages, "table", None)
    caching.response_cache.clear()
    refused = ask(address)
    problem(refused, 429, "throttled")
    assert int(refused["Retry-After"]) > 0
    # An address that may not have much may have little.
    assert ask("3.0/structure/dataflow").status_code == 200


@pytest.mark.parametrize("address", [f"{AVAILABLE}/D", f"{DATA}/D"])
def test_counting_is_paid_for_before_coverage_is_read(view, ask, limit, monkeypatch, address):
    """Of three periods, where two requests are left beside the one."""
    limit(6)
    for _ in range(3):
        assert ask("3.0/structure/dataflow").status_code == 200
    monkeypatch.setattr(vintages, "coverage", lambda *_, **__: pytest.fail("coverage was read"))
    problem(ask(address), 429, "throttled")


def test_largest_read_of_all_costs_half_of_what_an_address_may_ask_for(view, ask, limit):
    limit(10)
    assert ask(f"{DATA}/D").status_code == 200


def test_half_of_the_threads_write_long_answers(view, ask, monkeypatch, settings):
    monkeypatch.setattr(views, "_CACHED", 0)
    most = settings.WEB_THREADS // 2
    going_on = [ask(f"{DATA}/D") for _ in range(most)]
    assert all(answer.streaming for answer in going_on)
    refused = ask(f"{DATA}/D")
    problem(refused, 503, "busy")
    assert (refused["Retry-After"], refused["Cache-Control"]) == ("5", "no-store")
    assert ask(f"{AVAILABLE}/D").status_code == 200
    # One that is read to its end, one whose reader is gone, and one that nobody began to read.
    assert going_on[0].getvalue()
    next(iter(going_on[1].streaming_content))
    for answer in going_on[1:3]:
        # As the server does at the end; Django's own way would end the test's connection too.
        for close in answer._resource_closers:
            close()
    # From Python 3.13 on, an answer that nobody began to read has its place until it is gone.
    del answer, close, going_on[1:3]
    gc.collect()
    assert costs._places._value == 3
    # Of one more, only the head is wanted.
    assert Client().head(f"/sdmx/{DATA}/D").status_code == 200
    assert costs._places._value == 3


def test_large_reads_take_turns(view, ask, monkeypatch):
    monkeypatch.setattr(costs, "LARGE", 0)
    monkeypatch.setattr(costs, "WAIT", 0)
    address = f"{AVAILABLE}/D?updatedAfter={since(view)}"
    with costs._turn:
        refused = ask(address)
        assert (refused.json()["code"], refused["Retry-After"], refused["Cache-Control"]) == BUSY
        assert ask(f"{AVAILABLE}/D").status_code == 200
        assert ask(f"{DATA}/D").status_code == 200
    assert [ask(f"{address}&references={kind}").status_code for kind in ("none", "all")] == [200, 200]


def test_turn_is_given_back_when_a_read_fails(view, ask, monkeypatch):
    monkeypatch.setattr(costs, "LARGE", 0)
    address = f"{AVAILABLE}/D?updatedAfter={since(view)}"
    with monkeypatch.context() as patch:
        patch.setattr(vintages, "table", None)
        with pytest.raises(TypeError):
            ask(address)
    assert ask(address).status_code == 200


#: Questions that take much memory for the length of their address; each number makes another one.
GREEDY = [
    f"/sdmx/{DATA}/D?c[COUNTRY]={{0}},{','.join(f'{number:X}' for number in range(900))}",
    f"/sdmx/{DATA}/D?c[NETWORK]=ne:{{0}}+{'+'.join(f'ne:{number:X}' for number in range(900))}",
    f"/sdmx/{DATA}/D.DOWNLOADS.{'+'.join(f'{number:X}' for number in range(900))}+{{0}}",
    f"/sdmx/{DATA}/D?c[TIME_PERIOD]=ge:200{{0}}+{'+'.join(f'ge:{1000 + number}' for number in range(200))}",
    f"/?i={{0}}&{'&'.join(f'{number:X}' for number in range(900))}",
    "/?i={0}",
    f"/sdmx/{DATA}/D?offset={{0}}",
    "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-0{0}&country=*",
]  # fmt: skip


@pytest.mark.verify
@pytest.mark.parametrize(("address", "streamed"), [(GREEDY[0], True), *((address, False) for address in GREEDY)])
def test_questions_take_no_more_memory_than_the_shelf_counts(view, client, monkeypatch, address, streamed):
    if streamed:
        monkeypatch.setattr(views, "_CACHED", 0)
    asked = [address.format(number) for number in range(1, 6)]
    # What is made once for all of them is none of theirs.
    assert client.get(asked[0]).getvalue()
    caching.response_cache.clear()
    for one in asked[1:]:
        assert client.get(one, headers={"Accept-Encoding": "gzip"}).getvalue()
    gc.collect()
    # All that is there already need not be looked through again.
    gc.freeze()
    tracemalloc.start()
    try:
        caching.response_cache.clear()
        for one in asked[1:]:
            answer = client.get(one, headers={"Accept-Encoding": "gzip"})
            assert (answer.status_code, bool(answer.getvalue())) == (200, True)
        del answer
        gc.collect()
        with_them, counted = tracemalloc.get_traced_memory()[0], caching.response_cache.used
        caching.response_cache.clear()
        gc.collect()
        taken = with_them - tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    assert 0 < taken <= counted
