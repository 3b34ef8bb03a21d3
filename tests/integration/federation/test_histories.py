"""Random histories end in the oracle's numbers."""

from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import example, given

from countries import reference, registry
from countries.models import Detail, Schedule
from federation import worklist
from federation.database import clock
from federation.errors import ClocksDisagreeError
from federation.runs import reconciliation, schedules
from p2p_core.codes import COUNTRY_CODES
from tests import factories
from tests.histories import one_in
from tests.integration.federation.comparison import Vintages, assert_agrees, public_view, stored_cells
from tests.integration.federation.drawn_histories import AGENCIES, BEGINNING, histories, waiting_histories
from tests.integration.federation.world import Said, world
from tests.oracles.calendar import end_of, start_of

pytestmark = pytest.mark.django_db


def live(federation, history):
    """Let everything happen, one after the other, and then all work be done."""
    for deed, *particulars in history:
        DEEDS[deed](federation, *particulars)
    look(federation)


def look(federation):
    """Do all work, which makes what is public now what the oracle says now."""
    federation.tick()
    federation.settle()
    assert_agrees(federation.oracle())


def submit_year(federation, agency, value, left_out):
    """Send the months of the year that has ended."""
    months = [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 13) if month != left_out]
    federation.submit(agency, *(Said("M", month, {(578, 1): value, (196, 2): 3}) for month in months))


def jump(federation, seconds):
    """While the database's clock is wrong, nothing is taken in, and nothing is made due or published."""
    before = public_view(), worklist.waiting(), clock.mark()
    federation.jump(timedelta(seconds=seconds))
    for deed in (lambda: federation.submit(0), federation.tick):
        with pytest.raises(ClocksDisagreeError):
            deed()
    # Where there is no work, nobody asks what time it is.
    with suppress(ClocksDisagreeError):
        reconciliation._step()
    federation.jump(-timedelta(seconds=seconds))
    assert (public_view(), worklist.waiting(), clock.mark()) == before


def step_back(federation, seconds):
    """The clocks of the database and the host go back, no further than is tolerated."""
    behind = (federation.reached - federation.now).total_seconds()
    federation.now -= timedelta(seconds=min(seconds, 59 - behind))
    federation.tick()


def drift(federation, seconds):
    federation.host_ahead = timedelta(seconds=seconds)


def submit(federation, agency, said, minutes_ago):
    ended = [one for one in said if end_of(one.frequency, one.period) <= federation.now + timedelta(seconds=60)]
    for one in ended:
        factories.IndicatorFactory.create(number=one.indicator, code=f"NUMBER_{one.indicator}")
    if ended:
        federation.submit(agency, *ended, minutes_ago=minutes_ago)


def send(federation, agency, frequency, back, count, withdrawn):
    """Send or withdraw so many of the last periods that have ended, without the last ``back``."""
    period, said = start_of(frequency, federation.now), []
    for number in range(back + count):
        period = start_of(frequency, period - timedelta(seconds=1))
        if number >= back:
            said.append(Said(frequency, period, {} if withdrawn else {(578, 1): number + 1}, withdrawn=withdrawn))
    federation.submit(agency, *said)


def pass_hour(federation, agencies):
    federation.wait(minutes=60)
    for agency in agencies:
        send(federation, agency, "H", 0, 1, withdrawn=False)
    work(federation, 6)


def outage(federation, seconds):
    federation.now += timedelta(seconds=seconds)


def work(federation, steps):
    for _ in range(steps):
        reconciliation._step()


def edit(federation, agency, frequency, first, days, deadline):
    """Replace the schedules of an agency at a frequency by another."""
    for old in Schedule.objects.filter(agency=federation.agencies[agency], frequency=frequency):
        registry.delete(old, by="test")
    begin = date(2027, 1, 1) + timedelta(days=first)
    end = None if days is None else begin + timedelta(days=days)
    federation.schedule(agency, frequency, begin, end, deadline=deadline)


def set_up(_, rows):
    """Give countries their detail before anything is published."""
    for country, (year, month), (step, network_step) in rows:
        factories.DetailFactory.create(
            country=country_of(country),
            indicator_id=1,
            valid_from=date(year, month, 1),
            step=step,
            network_step=network_step,
        )
    reference.snapshots.clear()


def plan(federation, country, steps):
    """Change the detail of a country from the first month on that begins later than tomorrow."""
    month = end_of("M", start_of("M", federation.now + timedelta(days=1))).date()
    found = Detail.objects.filter(country=country, indicator=1, valid_from=month).first()
    found = found or Detail(country=country_of(country), indicator_id=1, valid_from=month)
    found.step, found.network_step = steps
    with patch("countries.models.reference.timezone.now", lambda: federation.now):
        registry.save(found, by="test", reason="small numbers")


def country_of(number):
    return factories.CountryFactory.create(code=COUNTRY_CODES[number])


DEEDS = {
    "set up": set_up,
    "plan": plan,
    "submit": submit,
    "wait": lambda federation, seconds: federation.wait(seconds=seconds),
    "outage": outage,
    "send": send,
    "hour": pass_hour,
    "work": work,
    "edit": edit,
    "prune": lambda federation: schedules.prune(now=federation.now),
    "year": submit_year,
    "jump": jump,
    "step back": step_back,
    "drift": drift,
    "look": look,
}


few_examples = one_in(7)


@contextmanager
def vintages_kept(monkeypatch):
    """Have each version be for good what was public when it was the newest."""
    vintages, step = Vintages(), reconciliation._step

    def step_and_note():
        claim = step()
        vintages.note()
        return claim

    with monkeypatch.context() as patched:
        patched.setattr(reconciliation, "_step", step_and_note)
        yield
    vintages.assert_kept()


EXPECTED = ("edit", 0, "N", -1, None, 60)
#: Two agencies owe hours from the beginning of the year on. One is late, becomes silent, and is there again.
WAITING = [
    ("edit", 0, "H", -1, None, 60),
    ("edit", 1, "H", -1, None, 90),
    *(("send", agency, "H", 0, 5, False) for agency in (0, 1)),
    ("look",),
    *([("hour", [0]), ("outage", 61), ("look",)] * 4),
    # The deadline of its third hour passes, and no other.
    ("wait", 1560),
    *([("look",), ("hour", [0]), ("outage", 61)] * 3),
    ("look",),
    # The last hour waits for the first agency. Of the second, earlier hours come, and are withdrawn.
    ("hour", []),
    *(step for gone in (False, True, False) for step in (("send", 1, "H", 1, 2, gone), ("look",))),
    ("outage", 90_000),
    ("work", 6),
    ("send", 1, "H", 0, 5, False),
    ("look",),
]


@pytest.mark.verify
@few_examples
@given(histories)
@example([EXPECTED, ("look",), ("wait", 30), ("step back", 0.2), ("look",)])
@example([("year", 0, 5, None), ("look",), ("year", 1, 9, None), ("look",), ("year", 0, 7, 3), ("wait", 90_000)])
@example(WAITING)
def test_a_history_ends_in_the_numbers_of_the_oracle(monkeypatch, history):
    with world(monkeypatch, now=BEGINNING) as federation:
        # Few figures at once, so that a turn ends in the midst of items.
        monkeypatch.setitem(worklist.CLAIM, "figure", 5)
        with vintages_kept(monkeypatch):
            live(federation, history)


#: Minutes are public. Then their schedule begins later.
PUBLIC_MINUTES = [("edit", 2, "N", -1, None, 60), ("wait", 60), ("look",), ("edit", 2, "N", 0, None, 60), ("look",)]


@pytest.mark.verify
@few_examples
@given(waiting_histories)
@example(PUBLIC_MINUTES)
def test_a_history_of_periods_that_wait_ends_in_the_numbers_of_the_oracle(monkeypatch, history):
    with world(monkeypatch, now=BEGINNING) as federation, vintages_kept(monkeypatch):
        live(federation, history)


@pytest.mark.verify
def test_detail_changes_with_the_month_and_a_later_detail_shows_nothing_of_an_earlier_month(monkeypatch):
    border = datetime(2027, 2, 1, tzinfo=UTC)
    with world(monkeypatch, now=datetime(2027, 1, 29, 12, tzinfo=UTC)) as federation:
        set_up(
            federation, [(578, (2017, 1), "HD"), (196, (2017, 1), "WM"), (470, (2017, 1), "WM"), (442, (2027, 1), "WM")]
        )
        plan(federation, 578, "WM")
        plan(federation, 196, "HD")
        federation.schedule(0, "D", date(2026, 12, 30))
        some = {(country, network): 40 for country in (578, 196, 470, 442) for network in (1, 2)}
        for ahead in range(-3, 4):
            day = border + timedelta(days=ahead)
            federation.wait(seconds=(day + timedelta(days=1, minutes=2) - federation.now).total_seconds())
            federation.submit(ahead % AGENCIES, Said("D", day, some))
            look(federation)
        # Late figures follow the detail of their own month.
        late = [Said("D", border + timedelta(days=ahead), {(578, 1): 400}) for ahead in (-1, 0)]
        federation.submit(1, *late)
        look(federation)
        shown = {(key[1].day, key[2]) for key in stored_cells(1, "D", now=federation.now)}
    assert {day for day, country in shown if country == 578} == {29, 30, 31}
    assert {day for day, country in shown if country == 196} == {1, 2, 3, 4}
    # In January three members of the Union were withheld; from February on two are.
    assert {day for day, country in shown if country == 2020} == {29, 30, 31}
