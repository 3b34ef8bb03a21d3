"""A break that is marked in a series is published as a change of its periods, and releases only what it explains."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from countries import registry
from countries.models import Annotation
from federation.findings import decisions
from federation.models.findings import Finding, Hold
from federation.models.published import PublishedCoverage
from federation.models.submissions import Report
from tests.factories import AgencyFactory, IndicatorFactory
from tests.integration.federation import deskside
from tests.integration.federation.comparison import everything_stored
from tests.integration.federation.holding import save_foreseen
from tests.integration.federation.world import Said, world
from tests.integration.locks import one_before_the_other
from tests.reporting import settle

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 1, 10, 0, 30, tzinfo=UTC)
DAYS = [datetime(2027, 1, day, tzinfo=UTC) for day in (4, 5, 6)]
NOON = datetime(2027, 1, 5, 12, 20, tzinfo=UTC)


@pytest.fixture
def reported(monkeypatch):
    """Three days that one agency has reported, of two indicators."""
    with world(monkeypatch, now=NOW) as made:
        IndicatorFactory.create(number=2, code="NUMBER_2")
        made.schedule(0, "H", date(2027, 1, 4))
        made.submit(0, *(Said("D", day, {(578, 1): 10}) for day in DAYS))
        made.submit(0, *(Said("D", day, {(578, 1): 10}, indicator=2) for day in DAYS))
        settle()
        yield made


def mark(**facts):
    return save_foreseen(Annotation(kind="change", text="New computers", start=NOON, is_break=True, **facts))


def marked(indicator=1):
    """The periods in which a break is public, and the versions that it is so since."""
    rows = PublishedCoverage.objects.filter(indicator=indicator, version_to=None, is_break=True)
    return {(row.frequency, f"{row.period:%m-%dT%H}"): row.version_from for row in rows}


def test_break_is_published_in_each_period_that_it_lies_in(reported):
    mark(indicator_id=1)
    settle()
    assert set(marked()) == {("H", "01-05T12"), ("D", "01-05T00")}
    assert marked(indicator=2) == {}
    # The week ends with the tenth; it knows of the break when it is published.
    reported.wait(days=1)
    settle()
    assert ("W", "01-04T00") in marked()


def test_break_of_an_agency_marks_what_all_have_counted(reported):
    mark(agency=reported.agencies[0])
    settle()
    assert ("D", "01-05T00") in marked()
    assert ("D", "01-05T00") in marked(indicator=2)


def test_break_is_a_change_of_its_periods_only(reported):
    before = {(row.frequency, row.period, row.indicator_id): row.version_from for row in current()}
    mark(indicator_id=1)
    settle()
    after = {(row.frequency, row.period, row.indicator_id): row.version_from for row in current()}
    assert {key for key in after if after[key] != before[key]} == {
        ("H", NOON.replace(minute=0), 1),
        ("D", DAYS[1], 1),
    }


def test_break_that_is_moved_or_taken_back(reported):
    annotation = mark(indicator_id=1)
    settle()
    annotation.start = DAYS[2]
    registry.save(annotation, by="ada")
    settle()
    assert set(marked()) == {("H", "01-06T00"), ("D", "01-06T00")}
    annotation.is_break = False
    registry.save(annotation, by="ada")
    settle()
    assert marked() == {}
    annotation.is_break = True
    registry.save(annotation, by="ada")
    registry.delete(annotation, by="ada")
    settle()
    assert marked() == {}


def test_what_breaks_nothing_changes_nothing(reported):
    before = everything_stored(NOW)
    registry.save(Annotation(kind="campaign", text="A campaign", start=NOON), by="ada")
    settle()
    assert everything_stored(NOW) == before


def current():
    return PublishedCoverage.objects.filter(version_to=None)


# --- what a break releases --------------------------------------------------------------------------------------------

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
SIXTH = DAYS[2]
USUAL, HUGE = {(578, 1): 100}, {(578, 1): 1_000_000}


def weeks_and_a_huge_day(indicator=1):
    usual = [Said("D", SIXTH - number * WEEK, USUAL, indicator=indicator) for number in range(1, 9)]
    return [*usual, Said("D", SIXTH, HUGE, indicator=indicator)]


@pytest.fixture
def holding(monkeypatch):
    """Two agencies that have each sent a huge day of each of two indicators, which are held."""
    with world(monkeypatch, now=NOW) as made:
        IndicatorFactory.create(number=2, code="NUMBER_2")
        for agency in (0, 1):
            made.submit(agency, *weeks_and_a_huge_day(), *weeks_and_a_huge_day(indicator=2))
        assert len(held()) == 4
        yield made


def held():
    """Of whom reports are held: agency and indicator."""
    return sorted(Report.objects.filter(state="held").values_list("agency", "indicator"))


ALL = [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_a_break_in_the_eight_weeks_releases_what_is_held(holding):
    mark(agency=holding.agencies[0], indicator_id=1)
    assert held() == [one for one in ALL if one != (1, 1)]
    mark(indicator_id=2)
    assert held() == [(2, 1)]


@pytest.mark.parametrize(
    ("start", "releases"),
    [
        (datetime(2019, 1, 1, tzinfo=UTC), False),
        (SIXTH - 8 * WEEK - timedelta(seconds=1), False),
        (SIXTH - 8 * WEEK, False),
        (SIXTH - 8 * WEEK + timedelta(seconds=1), True),
        (SIXTH, True),
        (SIXTH + DAY - timedelta(seconds=1), True),
        (SIXTH + DAY, False),
    ],
    ids=str,
)
def test_a_break_releases_what_its_place_explains_and_nothing_else(holding, start, releases):
    save_foreseen(Annotation(kind="change", text="New computers", start=start, is_break=True))
    assert held() == ([] if releases else ALL)


def test_an_old_break_whose_words_are_corrected_releases_nothing(reported):
    break_ = Annotation(kind="change", text="New computres", start=SIXTH - WEEK, is_break=True)
    save_foreseen(break_)
    reported.submit(0, *weeks_and_a_huge_day()[:-1])
    # Judged with the break: only the week after it is left to compare with.
    save_foreseen(Annotation(kind="change", text="Others", start=SIXTH - 9 * WEEK, is_break=True))
    later = [Said("D", SIXTH - WEEK + number * WEEK, USUAL) for number in range(1, 5)]
    reported.wait(days=40)
    reported.submit(0, *later, Said("D", SIXTH + 4 * WEEK, HUGE))
    assert len(held()) == 1
    break_.text, break_.kind, break_.end = "New computers", "other", SIXTH
    save_foreseen(break_)
    assert len(held()) == 1


def test_a_break_that_is_moved_to_where_it_explains_a_hold_releases_it(holding):
    break_ = Annotation(kind="change", text="Computers", start=SIXTH - 9 * WEEK, is_break=True)
    save_foreseen(break_)
    assert held() == ALL
    break_.start = SIXTH - WEEK
    save_foreseen(break_)
    assert held() == []


@pytest.fixture
def judged_with_a_break(monkeypatch):
    """A huge day that is held by what came after a break five weeks before, and the break."""
    with world(monkeypatch, now=NOW) as made:
        break_ = Annotation(kind="change", text="Computers", start=SIXTH - 5 * WEEK, is_break=True)
        save_foreseen(break_)
        made.submit(0, *weeks_and_a_huge_day())
        assert held() == [(1, 1)]
        yield break_


@pytest.mark.parametrize(
    ("before", "releases"),
    [
        (8 * WEEK - DAY, False),
        (5 * WEEK + DAY, False),
        (5 * WEEK, False),
        (5 * WEEK - DAY, True),
        (timedelta(), True),
    ],
    ids=str,
)
def test_a_break_releases_nothing_if_only_a_later_one_leaves_values_out(judged_with_a_break, before, releases):
    save_foreseen(Annotation(kind="change", text="Others", start=SIXTH - before, is_break=True))
    assert held() == ([] if releases else [(1, 1)])


@pytest.mark.parametrize(
    ("by", "releases"),
    [(-WEEK, False), (-timedelta(minutes=1), False), (timedelta(minutes=1), True), (2 * WEEK, True)],
    ids=str,
)
def test_a_break_that_is_moved_releases_only_if_it_leaves_more_values_out(judged_with_a_break, by, releases):
    judged_with_a_break.start += by
    save_foreseen(judged_with_a_break)
    assert held() == ([] if releases else [(1, 1)])


def test_an_annotation_that_becomes_a_break_releases(holding):
    annotation = Annotation(kind="change", text="Computers", start=SIXTH - WEEK)
    save_foreseen(annotation)
    assert held() == ALL
    annotation.is_break = True
    save_foreseen(annotation)
    assert held() == []


def test_a_break_that_is_made_one_for_all_releases_what_it_was_not_for_before(holding):
    break_ = Annotation(
        kind="change", text="Computers", start=SIXTH - 5 * WEEK, is_break=True, agency=holding.agencies[0]
    )
    save_foreseen(break_)
    assert held() == [(2, 1), (2, 2)]
    # Five weeks are left after the break, and say the same: it does not explain this.
    holding.submit(0, Said("D", SIXTH, {(578, 1): 2_000_000}), minutes_ago=-1)
    assert held() == [(1, 1), (2, 1), (2, 2)]
    break_.agency = None
    save_foreseen(break_)
    assert held() == [(1, 1)]


def test_a_break_in_the_last_hour_of_a_day_releases_the_minute_that_is_held_for_its_hour(monkeypatch):
    with world(monkeypatch, now=NOW) as made:
        hours = [Said("H", SIXTH - number * WEEK, USUAL) for number in range(1, 9)]
        made.submit(0, *hours, Said("N", SIXTH + timedelta(minutes=5), HUGE))
        assert len(held()) == 1
        save_foreseen(Annotation(kind="change", text="After", start=SIXTH + timedelta(hours=1), is_break=True))
        assert len(held()) == 1
        save_foreseen(Annotation(kind="change", text="Within", start=SIXTH + timedelta(minutes=59), is_break=True))
        assert held() == []


# --- a break is saved while reports are judged ------------------------------------------------------------------------


def submit(agency, said):
    """Send reports at the time of the database, on the connection of this thread."""
    return deskside.submit(agency, *said, at=datetime.now(UTC))


@pytest.fixture
def usual_weeks():
    """Eight weeks of days of two agencies and two indicators, for real connections."""
    for number in (1, 2):
        IndicatorFactory.create(number=number, code=f"NUMBER_{number}")
    agencies = [AgencyFactory.create(code=f"NO-{number}") for number in range(2)]
    for agency in agencies:
        submit(agency, [one for indicator in (1, 2) for one in weeks_and_a_huge_day(indicator)[:-1]])
    return agencies


def break_for_all():
    return registry.save(Annotation(kind="change", text="For all", start=SIXTH - WEEK, is_break=True), by="ada")


@pytest.mark.django_db(transaction=True)
def test_a_break_waits_for_a_report_that_is_being_judged_and_releases_it(usual_weeks):
    huge = weeks_and_a_huge_day()[-1:]
    receipt, _ = one_before_the_other(lambda: submit(usual_weeks[0], huge), break_for_all)
    assert receipt.outcomes == {"held": 1}
    assert held() == []
    assert Hold.objects.get().decision == "released"
    assert not Finding.objects.filter(resolved=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_report_waits_for_a_break_that_is_being_saved_and_is_judged_with_it(usual_weeks):
    huge = weeks_and_a_huge_day()[-1:]
    _, receipt = one_before_the_other(break_for_all, lambda: submit(usual_weeks[0], huge))
    assert receipt.outcomes == {"current": 1}
    assert not Hold.objects.exists()


@pytest.mark.verify
@pytest.mark.django_db(transaction=True)
def test_breaks_submissions_and_decisions_at_once_do_not_lock_each_other_out(usual_weeks):
    def send(number):
        agency = usual_weeks[number % 2]
        days = [(SIXTH + (number % 3) * DAY, indicator) for indicator in (2, 1)]
        submit(agency, [Said("D", day, {(578, 1): 10**6 + number}, indicator=one) for day, one in days])

    def decide(number):
        waiting = list(Report.objects.filter(state="held").order_by("-pk").values_list("pk", flat=True)[:4])
        decisions.reject(reports=waiting, by="ada", reason="a mistake", now=datetime.now(UTC))

    def break_(number):
        start = SIXTH - 20 * WEEK + number * DAY
        registry.save(Annotation(kind="change", text="Far", start=start, is_break=True), by="ada")

    deeds = [(deed, number) for number in range(8) for deed in (send, decide, send, break_)]
    with ThreadPoolExecutor(4) as threads:

        def run(one):
            with closing(connection):
                one[0](one[1])

        list(threads.map(run, deeds))
    assert Report.objects.filter(state="held").count() == Hold.objects.filter(decision="").count()
