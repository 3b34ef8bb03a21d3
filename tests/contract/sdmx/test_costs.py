"""What an SDMX question costs is known before any of it is done: it is refused, paid for, and large ones take turns."""

import gc
import tracemalloc

import pytest
from django.test import Client

from api import caching
from api.sdmx import data_views, filters, questions, readings
from api.throttling import costs, rates
from federation import database, vintages
from tests.contract.public.press import NOBODY
from tests.contract.test_errors import problem

DATA = "3.0/data/dataflow/P2PEU/P2P/1.0.0"
AVAILABLE = "3.0/availability/dataflow/P2PEU/P2P/1.0.0"
VINTAGES = "dataflow/P2PEU/P2P_VINTAGE/1.0.0"
BUSY = ("busy", "5", "no-store")


@pytest.fixture
def view(press):
    """Three days of three series, one of them revised often: nine observations now, and many changes."""
    press.publish("D", {f"2026-11-0{day}": {"NO": 5, "NO/ARES": 5, "SE": 5} for day in (1, 2, 3)})
    for value in range(10, 60, 5):
        press.publish("D", {"2026-11-01": {"NO": value, "NO/ARES": 5, "SE": 5}})
    press.publish("D", {"2026-11-03": {}}, NOBODY)
    return press


@pytest.fixture
def statements(monkeypatch):
    """The names of the statements that read what has vintages."""
    names = []
    read = database.statement
    for module in (database, vintages):
        monkeypatch.setattr(module, "statement", lambda name: names.append(name) or read(name))
    return names


@pytest.mark.parametrize("component", ["OBS_VALUE", "COVERAGE"])
@pytest.mark.parametrize("sign", [",", "+"])
@pytest.mark.parametrize("root", [DATA, AVAILABLE])
def test_numbers_are_compared_with_so_many(view, ask, root, component, sign):
    terms = [f"ne:{number}" for number in range(filters.MOST_TERMS)]
    assert ask(f"{root}/*?c[{component}]={sign.join(terms)}").status_code == 200
    problem(ask(f"{root}/*?c[{component}]={sign.join([*terms, 'ne:-1'])}"), 400, "bad_sdmx_query")


@pytest.mark.parametrize(
    ("component", "term"),
    [("TIME_PERIOD", "{:04}"), ("COUNTRY", "ne:{}"), ("NETWORK", "co:{}"), ("OBS_STATUS", "sw:{}")],
)
def test_other_terms_are_so_many(view, ask, component, term):
    terms = [term.format(2000 + number) for number in range(filters.MOST_TERMS + 1)]
    problem(ask(f"{DATA}/*?c[{component}]={','.join(terms)}"), 400, "bad_sdmx_query")
    assert ask(f"{DATA}/*?c[{component}]={','.join(terms[1:])}").status_code == 200
    # What is said twice is asked for once.
    assert ask(f"{DATA}/*?c[{component}]={','.join([*terms[1:], *terms[1:]])}").status_code == 200


def test_lists_of_codes_may_be_longer(view, ask):
    codes = ",".join(["NO", *(f"X{number}" for number in range(500))])
    assert b"NO," in ask(f"{DATA}/*?format=csv&c[COUNTRY]={codes}").content


def test_keys_and_vintages_are_so_many(view, ask):
    keys = [f"D.X{number}" for number in range(questions.MOST_KEYS)]
    for root in (DATA, AVAILABLE):
        assert ask(f"{root}/{','.join(keys)}").status_code == 200
        assert ask(f"{root}/{','.join([*keys, *keys])}").status_code == 200
        problem(ask(f"{root}/{','.join([*keys, 'D'])}"), 400, "bad_sdmx_query")
    days = [f"2026-01-{day:02}" for day in range(1, 32)] + [f"2026-03-{day:02}" for day in range(1, 32)]
    few, many = days[: questions.MOST_VINTAGES], days[: questions.MOST_VINTAGES + 1]
    assert ask(f"3.0/data/{VINTAGES}/D.DOWNLOADS.NO._T.{'+'.join(few)}").status_code == 200
    problem(ask(f"3.0/data/{VINTAGES}/D.DOWNLOADS.NO._T.{'+'.join(many)}"), 400, "bad_sdmx_query")
    problem(ask(f"3.0/data/{VINTAGES}/D.DOWNLOADS.NO._T?c[VINTAGE]={','.join(many)}"), 400, "bad_sdmx_query")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "mode=available",
        "c[TIME_PERIOD]=ge:2026-11-02",
        "c[COVERAGE]=ge:0.5",
        "c[OBS_STATUS]=O&mode=available",
        "c[CONF_STATUS]=F&c[AGENCIES_EXPECTED]=2&c[AGENCIES_REPORTING]=ge:1",
    ],
)
def test_what_is_the_same_in_each_series_is_counted_without_reading_cells(view, ask, monkeypatch, statements, query):
    monkeypatch.setattr(readings, "MOST_OBSERVED", 0)
    assert ask(f"{AVAILABLE}/D?{query}").status_code == 200
    assert statements.count("vintages_cells") == 0
    # Each once, in however many passes: that of days, and where any frequency could be asked for, of the other four.
    assert statements.count("vintages_coverage") == (5 if "available" in query else 1)


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


@pytest.mark.parametrize("mode", ["exact", "available"])
@pytest.mark.parametrize("query", ["c[OBS_VALUE]=ge:0", "c[VALID_FROM]=ge:2026-01-01T00:00:00Z"])
def test_what_has_to_be_looked_at_is_bounded_over_all_passes(view, ask, monkeypatch, statements, mode, query):
    passes = 5 if mode == "available" else 1
    address = f"{AVAILABLE}/D.DOWNLOADS.*.*?{query}&mode={mode}"
    monkeypatch.setattr(readings, "MOST_OBSERVED", 9 * passes)
    assert ask(address).status_code == 200
    monkeypatch.setattr(readings, "MOST_OBSERVED", 9 * passes - 1)
    assert "vintages_cells" in statements
    caching.shelf.clear()
    statements.clear()
    problem(ask(address), 413, "too_much_data")
    assert "vintages_cells" not in statements
    assert statements


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("3.0/data/dataflow/P2PEU/P2P/1.0.0/D?updatedAfter={first}", 11),
        ("3.0/data/dataflow/P2PEU/P2P/1.0.0/D?includeHistory=true", 14),
        ("3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D", 14),
        ("3.0/availability/dataflow/P2PEU/P2P/1.0.0/D?updatedAfter={first}", 11),
        ("3.0/availability/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D", 14),
    ],
)
def test_changes_are_counted_before_they_are_read(view, ask, monkeypatch, statements, question, count):
    address = question.format(first=f"{view.known_at(1):%Y-%m-%dT%H:%M:%S}.482Z")
    monkeypatch.setattr(readings, "MOST_CHANGES", count)
    assert ask(address).status_code == 200
    monkeypatch.setattr(readings, "MOST_CHANGES", count - 1)
    caching.shelf.clear()
    statements.clear()
    problem(ask(address), 413, "too_much_data")
    assert set(statements) <= {"vintages_known", "vintages_count"}
    assert "vintages_count" in statements


@pytest.mark.parametrize(("query", "count"), [("updatedAfter={first}", 6), ("includeHistory=true", 51)])
def test_limit_makes_no_question_for_changes_smaller(view, ask, monkeypatch, query, count):
    """Most of what is looked through for it has not changed: it may be all before one observation is found."""
    address = f"{DATA}/D?{query}&limit=1".format(first=f"{view.known_at(1):%Y-%m-%dT%H:%M:%S}.482Z")
    monkeypatch.setattr(readings, "MOST", count)
    assert ask(address).status_code == 200
    caching.shelf.clear()
    monkeypatch.setattr(readings, "MOST", count - 1)
    problem(ask(address), 413, "too_much_data")


@pytest.fixture
def limit(settings, monkeypatch):
    """Lets an address ask for so much, where each observation counts as a request."""

    def set_limit(amount):
        settings.RATES = {**settings.RATES, rates.PUBLIC_PER_ADDRESS.name: amount}
        monkeypatch.setattr(costs, "OBSERVATIONS", 1)
        monkeypatch.setattr(data_views, "_HELD", 0)

    return set_limit


@pytest.mark.parametrize("address", [f"{AVAILABLE}/D?c[OBS_VALUE]=ge:0", f"{DATA}/D?c[OBS_VALUE]=ge:0", f"{DATA}/D"])
def test_large_read_is_paid_for_before_it_begins(view, ask, limit, monkeypatch, address):
    """Each is a request, three periods and nine observations."""
    limit(38)
    for _ in range(2):
        caching.shelf.clear()
        assert ask(address).getvalue()
    monkeypatch.setattr(vintages, "table", None)
    caching.shelf.clear()
    refused = ask(address)
    problem(refused, 429, "throttled")
    assert int(refused["Retry-After"]) > 0
    # An address that may not have much may have little.
    assert ask("3.0/structure/dataflow").status_code == 200


@pytest.mark.parametrize("address", [f"{AVAILABLE}/D", f"{AVAILABLE}/D?mode=available", f"{DATA}/D"])
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
    monkeypatch.setattr(data_views, "_HELD", 0)
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
    assert costs._places._value == 3
    # Of one more, only the head is wanted.
    assert Client().head(f"/sdmx/{DATA}/D").status_code == 200
    assert costs._places._value == 3


def test_large_reads_take_turns(view, ask, monkeypatch):
    monkeypatch.setattr(costs, "LARGE", 0)
    address = f"{AVAILABLE}/D?c[OBS_VALUE]=ge:0"
    with costs._turn:
        refused = ask(address)
        assert (refused.json()["code"], refused["Retry-After"], refused["Cache-Control"]) == BUSY
        assert ask(f"{AVAILABLE}/D").status_code == 200
        assert ask(f"{DATA}/D").status_code == 200
    assert [ask(f"{address}&references={kind}").status_code for kind in ("none", "all")] == [200, 200]


def test_turn_is_given_back_when_a_read_fails(view, ask, monkeypatch):
    monkeypatch.setattr(costs, "LARGE", 0)
    address = f"{AVAILABLE}/D?c[OBS_VALUE]=ge:0"
    with monkeypatch.context() as patch:
        patch.setattr(vintages, "table", None)
        with pytest.raises(TypeError):
            ask(address)
    assert ask(address).status_code == 200


#: Questions that take much memory for the length of their address; each number makes another one.
GREEDY = [
    f"/sdmx/{DATA}/D?c[COUNTRY]={{0}},{','.join(f'{number:X}' for number in range(900))}",
    f"/sdmx/{DATA}/{','.join(f'D.{number}.NO+{number}.A+B' for number in range(90))},{{0}}",
    f"/sdmx/{DATA}/D?" + "&".join(
        f"c[{name}]={{0}},{','.join(f'ne:{number}' for number in range(49))}"
        for name in ("OBS_VALUE", "COVERAGE", "COUNTRY", "NETWORK", "AGENCIES_REPORTING", "AGENCIES_EXPECTED")
    ),
    f"/sdmx/{DATA}/D?c[TIME_PERIOD]=200{{0}},{','.join(f'ne:{2000 + number}' for number in range(49))}",
    f"/?i={{0}}&{'&'.join(f'{number:X}' for number in range(900))}",
    "/?i={0}",
    f"/sdmx/{DATA}/D?offset={{0}}",
    "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-0{0}&country=*",
]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "streamed"),
    [(address, streamed) for address in GREEDY for streamed in (True, False) if DATA in address or not streamed],
)
def test_questions_take_no_more_memory_than_the_shelf_counts(view, client, monkeypatch, address, streamed):
    if streamed:
        monkeypatch.setattr(data_views, "_HELD", 0)
    asked = [address.format(number) for number in range(1, 6)]
    # What is made once for all of them is none of theirs.
    assert client.get(asked[0]).getvalue()
    caching.shelf.clear()
    for one in asked[1:]:
        assert client.get(one, headers={"Accept-Encoding": "gzip"}).getvalue()
    gc.collect()
    tracemalloc.start()
    try:
        caching.shelf.clear()
        for one in asked[1:]:
            answer = client.get(one, headers={"Accept-Encoding": "gzip"})
            assert (answer.status_code, bool(answer.getvalue())) == (200, True)
        del answer
        gc.collect()
        with_them, counted = tracemalloc.get_traced_memory()[0], caching.shelf.used
        caching.shelf.clear()
        gc.collect()
        taken = with_them - tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 0 < taken <= counted
