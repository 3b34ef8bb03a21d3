"""The list of submissions: what each contained, and the filters. It never has anything of another agency."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.agency import submissions
from federation.database import rows_of
from federation.intake import queries
from federation.models.submissions import Report, Submission
from p2p_core import periods
from tests.contract.agency.conftest import drop, rows, text_of
from tests.contract.callers import BEGAN, COLUMNS, Caller, day, hour, report
from tests.contract.site.test_odd_addresses import OTHERS, WORST
from tests.factories import AgencyFactory

LIST = "/agency/submissions/"
NORWAY = ("NO", "BITTORRENT", 5)


def daily(*cells, ago=1, **members):
    return report(*cells, **{"frequency": "D", "period": day(ago), **members})


@pytest.fixture
def own(agency):
    return Caller(agency=agency)


def listed(client, **query):
    """The ids of the submissions that the list shows."""
    return re.findall(r"/agency/submissions/([\w-]{36})/", client.get(LIST, query).content.decode())


def sent(answer):
    return answer.json()["id"]


def test_list_shows_what_each_submission_contained(analyst, own):
    own.send(report(NORWAY, ("SE", "BITTORRENT", 1), ago=3), report(NORWAY, ago=2), daily(NORWAY, ago=4))
    hours, days = re.findall(r"<p>(Downloads .*?)</p>", analyst.get(LIST).content.decode())
    if "By day" in hours:
        hours, days = days, hours
    assert re.fullmatch(r"Downloads · By hour · .*:00\sUTC\s–\s.*\sUTC · Reports: 2 · Countries: Norway, Sweden", hours)
    assert re.fullmatch(r"Downloads · By day · [^–]* · Reports: 1 · Countries: Norway", days)


def test_many_countries_are_counted_and_those_of_an_equal_report_too(analyst, own):
    cells = [(code, "BITTORRENT", 5) for code in ("NO", "SE", "DK", "FI")]
    own.send(report(*cells))
    own.send(report(*cells))
    own.send(report(ago=3))
    own.send({"frequency": "H", "period": hour(4), "withdrawn": True})
    found = re.findall(r"Reports: 1( · Countries: \S+)? ", text_of(analyst.get(LIST)))
    # There is nothing to say of the countries of a withdrawal and of a report in which nothing happened.
    assert found == ["", "", " · Countries: 4", " · Countries: 4"]


def test_new_submission_says_that_findings_come_later(analyst, own):
    """Rules that look at sums judge it only after it is stored."""
    page = f"/agency/submissions/{sent(own.send(daily(NORWAY)))}/"
    assert "Findings can take a minute." in text_of(analyst.get(page))
    Submission.objects.update(received=BEGAN - timedelta(hours=1))
    assert "Findings can take" not in text_of(analyst.get(page))


def test_submission_that_is_large_is_not_looked_through(analyst, own, monkeypatch):
    own.send(report(NORWAY, ago=3), report(NORWAY, ago=2))
    own.send(report(NORWAY, ago=4))
    monkeypatch.setattr(queries, "_LOOKED_THROUGH", 3)
    shown = text_of(analyst.get(LIST))
    assert "Reports: 1 · Countries: Norway" in shown
    assert "Reports: 2. This submission is large. Open it" in shown


def test_list_is_filtered_by_outcome(analyst, own):
    first, again = (sent(own.send(report(NORWAY))) for _ in range(2))
    gone = sent(own.send({"frequency": "H", "period": hour(), "withdrawn": True}))
    assert listed(analyst) == [gone, again, first]
    assert listed(analyst, outcome="current") == [first]
    assert listed(analyst, outcome="unchanged") == [again]
    assert listed(analyst, outcome="withdrawn") == [gone]
    assert listed(analyst, outcome="held") == []
    page = analyst.get(LIST, {"outcome": "unchanged"}).content.decode()
    assert re.findall(r'value="(\w+)" selected', page) == ["unchanged"]
    assert f'<a href="{LIST}">Show all</a>' in page


def test_list_is_filtered_by_the_day_that_reports_are_about(analyst, own):
    """A report about an hour of the day, about the whole of it, or about its month."""
    month = ((BEGAN.replace(day=1) - timedelta(days=20)).replace(day=1) - timedelta(days=20)).replace(day=1)
    first, second, before = (f"{month + timedelta(days=days):%Y-%m-%d}" for days in (9, 10, -1))
    whole_month = sent(own.send(report(NORWAY, frequency="M", period=first[:7])))
    whole = sent(own.send(report(NORWAY, frequency="D", period=first)))
    part = sent(own.send(report(NORWAY, period=f"{first}T23:00")))
    other = sent(own.send(report(NORWAY, frequency="D", period=second)))
    assert listed(analyst, day=first) == [part, whole, whole_month]
    assert listed(analyst, day=second) == [other, whole_month]
    assert listed(analyst, day=before) == []
    assert listed(analyst, day=first, outcome="held") == []
    assert listed(analyst, day=first, outcome="current") == [part, whole, whole_month]
    assert f'value="{first}"' in analyst.get(LIST, {"day": first}).content.decode()


def test_outcome_and_day_are_those_of_the_same_report(analyst, own):
    """Not of two reports of one submission."""
    own.send(daily(NORWAY, ago=3))
    both = sent(own.send(daily(NORWAY, ago=3), daily(NORWAY, ago=2)))
    assert listed(analyst, day=day(3), outcome="unchanged") == [both]
    assert listed(analyst, day=day(2), outcome="current") == [both]
    assert listed(analyst, day=day(2), outcome="unchanged") == []
    assert both not in listed(analyst, day=day(3), outcome="current")


def test_list_is_filtered_by_who_sent(analyst, own):
    """By a person on the pages, or by a program."""
    content = rows(("NO", 5))
    drop(analyst, content, stamp=drop(analyst, content).context["stamp"])
    mine = str(Submission.objects.get().pk)
    by_program = sent(own.send(report(NORWAY, ago=3), daily(NORWAY)))
    assert listed(analyst) == [by_program, mine]
    assert listed(analyst, from_pages="1") == [mine]
    assert listed(analyst, from_pages="1", day=hour()[:10]) == [mine]
    assert listed(analyst, from_pages="1", day=day()) in ([], [mine])
    assert listed(analyst, from_pages="1", outcome="held") == []
    page = analyst.get(LIST, {"from_pages": "1"}).content.decode()
    assert re.findall(r'name="(\w+)"[^>]* checked', page) == ["from_pages"]
    assert f'<a href="{LIST}">Show all</a>' in page


#: Filters, and what a submission must have to be found.
RARE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    one: ({"outcome": one}, {"outcomes": {one: 1, "other": 2}}) for one in queries.OUTCOMES
}
RARE["from_pages"] = {"from_pages": True}, {"from_pages": True}


@pytest.mark.parametrize("index", RARE)
def test_search_for_rare_submissions_reads_only_what_it_shows(agency, index):
    asked, had = RARE[index]
    usual = {"outcomes": {"other": 1}, "from_pages": False}
    found = [*[usual] * 300, usual | had]
    Submission.objects.bulk_create(
        Submission(
            agency=agency, received=BEGAN - timedelta(minutes=ago), prepared=BEGAN, media="json", body_digest=b"",
            report_count=1, observation_count=1, **columns,
        )
        for ago, columns in enumerate(found)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as captured:
        assert len(queries.submissions(agency=agency.pk, after=None, **asked, limit=51)) == 1
    [query] = captured.captured_queries
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN ANALYZE {query['sql']}")
        plan = str(cursor.fetchall())
    assert f"submission_{index}" in plan
    assert "Rows Removed by Filter" not in plan


WEEK = 24 * 7


def held_hours(own, count):
    """Hours that are held, because they are far from the usual. The answer to their submission."""
    usual, odd = (("NO", "BITTORRENT", value) for value in (100, 1200))
    hours = range(2, 2 + count)
    own.send(*[report(usual, ago=ago + WEEK * back) for back in range(1, 9) for ago in hours])
    return own.send(*[report(odd, ago=ago) for ago in hours])


@pytest.mark.parametrize("count", [1, 6])
def test_finding_leads_to_the_submissions_of_its_held_reports(analyst, own, count):
    answer = held_hours(own, count).json()
    page = analyst.get(f"/agency/findings/{answer['findings'][0]['id']}/").content.decode()
    _, _, holds = page.partition("<h2>Held reports</h2>")
    assert holds.count(f'<a href="/agency/submissions/{answer["id"]}/">Submission: ') == count
    # Many would make the page long.
    assert ("<details>" in holds) == (count > 5)


def test_board_counts_held_reports_of_all_periods_and_leads_to_their_submissions(analyst, own):
    """The tables of the board have only the newest periods."""
    assert "Held reports" not in text_of(analyst.get("/agency/"))
    own.send(*[daily(("NO", "BITTORRENT", 100), ago=30 + 7 * back) for back in range(1, 9)])
    held = sent(own.send(daily(("NO", "BITTORRENT", 1200), ago=30)))
    board = analyst.get("/agency/").content.decode()
    [link] = re.findall(r'<a href="([^"]*)">Held reports: 1</a>', board)
    assert re.findall(r"/agency/submissions/([\w-]{36})/", analyst.get(link).content.decode()) == [held]


def test_withdrawal_takes_back_a_report_that_is_held(analyst, own):
    """The dry run says so, on the page and by the API."""
    finding = held_hours(own, 1).json()["findings"][0]["id"]
    content = f"{COLUMNS},ACTION\nDOWNLOADS,H,{hour()},,,,D\n".encode()
    checked = drop(analyst, content)
    says = "After a withdrawal, no earlier report for the period is used or held any more."
    assert says in text_of(checked)
    assert says not in text_of(drop(analyst, rows(("NO", 5))))
    assert Report.objects.filter(state="held").count() == 1
    drop(analyst, content, stamp=checked.context["stamp"])
    assert not Report.objects.filter(state="held").exists()
    shown = text_of(analyst.get(f"/agency/findings/{finding}/"))
    assert "State closed" in shown
    # Nothing is in use instead of it.
    assert "replaced by a newer report" in shown
    assert "is used" not in shown
    # The withdrawal that comes again is not a count that is in use either.
    assert "the same as before: 1" in text_of(drop(analyst, content))


def test_search_by_day_gets_no_more_ids_than_a_page_shows(agency, own, monkeypatch):
    for value in range(4):
        own.send(daily(("NO", "BITTORRENT", value)))
    read = []
    monkeypatch.setattr(queries, "rows_of", lambda *name, **named: read.append(rows_of(*name, **named)) or read[-1])
    shown = queries.submissions_about(periods.parse("D", day()), agency=agency.pk, after=None, limit=2)
    assert (len(shown), [len(rows) for rows in read]) == (2, [2])


def test_older_pages_keep_the_filter(analyst, own, monkeypatch):
    monkeypatch.setattr(submissions, "PAGE", 2)
    ids = [sent(own.send(daily(("NO", "BITTORRENT", value)))) for value in range(5)]
    Submission.objects.update(from_pages=True)
    sent(own.send(daily(NORWAY, ago=9)))
    sent(own.send(daily(NORWAY)))
    found, address = [], f"{LIST}?day={day()}&from_pages"
    while address:
        page = analyst.get(address).content.decode()
        found += re.findall(r"/agency/submissions/([\w-]{36})/", page)
        address = next(iter(re.findall(r'href="([^"]*)">Older<', page)), "").replace("&amp;", "&")
    assert found == ids[::-1]


@pytest.mark.parametrize("name", ["outcome", "day", "after", "from_pages"])
def test_odd_parameters_give_a_page(analyst, own, name):
    """One that is no outcome chooses nothing. One that is no day says so."""
    kept = sent(own.send(report(NORWAY)))
    for value in (*WORST, *OTHERS, "2026-02-30", "<script>"):
        answer = analyst.get(f"{LIST}?{name}={quote(value)}&{name}={quote(value)}")
        assert answer.status_code == 200, value
        page = answer.content.decode()
        assert "<script" not in page, value
        is_day = re.fullmatch(r"\d{4}-\d\d-\d\d", value) and value != "2026-02-30"
        assert ("This is not a day" in page) == (name == "day" and not is_day), value
        assert (kept in page) == (name == "outcome" or (name == "day" and not is_day) or (name == "after")), value


def test_no_filter_shows_a_submission_of_another_agency(analyst, own):
    other = Caller(agency=AgencyFactory.create(code="SE-NOA", name="NOA"))
    foreign = sent(other.send(daily(("FI", "BITTORRENT", 98765)), report(("FI", "BITTORRENT", 98765))))
    sent(other.send(daily(("FI", "BITTORRENT", 98765))))
    mine = sent(own.send(daily(NORWAY)))
    asked = [{}, {"day": day()}, *({"outcome": one} for one in queries.OUTCOMES), {"from_pages": "1"}]
    for query in asked:
        page = analyst.get(LIST, query).content.decode()
        assert set(re.findall(r"/agency/submissions/([\w-]{36})/", page)) <= {mine}
        assert "Finland" not in page
        # One after which to begin is unknown if it is another agency's.
        after = "00000000-0000-7000-8000-000000000000", foreign
        unknown, theirs = (text_of(analyst.get(LIST, {**query, "after": one})) for one in after)
        assert unknown == theirs
        assert "There are none." in theirs
    assert Submission.objects.count() == 3
