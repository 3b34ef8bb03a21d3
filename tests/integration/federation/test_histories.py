"""Random histories end in the oracle's numbers."""

from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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
from tests.integration.federation.world import Said, world
from tests.oracles.calendar import end_of, start_of

pytestmark = pytest.mark.django_db

#: A year, a month and a day have just ended, and a week will.
BEGINNING = datetime(2027, 1, 1, 0, 0, 30, tzinfo=UTC)
#: The periods that are spoken of: few, so that they meet each other.
PERIODS = {
    "N": [
        datetime(2026, 12, 31, 23, 59, tzinfo=UTC),
        *(datetime(2027, 1, 1, hour, minute, tzinfo=UTC) for hour in (0, 1, 5) for minute in (0, 1, 59)),
    ],
    "H": [
        datetime(2026, 12, 30, 7, tzinfo=UTC),
        datetime(2026, 12, 31, 0, tzinfo=UTC),
        datetime(2026, 12, 31, 23, tzinfo=UTC),
        *(datetime(2027, 1, 1, hour, tzinfo=UTC) for hour in (0, 1, 5, 23)),
        datetime(2027, 1, 3, 12, tzinfo=UTC),
    ],
    "D": [
        *(datetime(2026, 12, day, tzinfo=UTC) for day in (5, 28, 30, 31)),
        *(datetime(2027, 1, day, tzinfo=UTC) for day in (1, 2, 3)),
    ],
    "M": [datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)],
}
#: Norway, Germany and Cyprus in other groups each, the United States in none but the total, and not known.
COUNTRIES = (578, 276, 196, 840, 999)
AGENCIES = 3

cells = st.dictionaries(
    st.tuples(st.sampled_from(COUNTRIES), st.sampled_from((1, 2, 9))),
    st.integers(0, 12) | st.just(10**9),
    max_size=4,
)


@st.composite
def reports(draw):
    frequency = draw(st.sampled_from("NNHHHDDM"))
    withdrawn = draw(st.integers(0, 4)) == 0
    return Said(
        frequency=frequency,
        period=draw(st.sampled_from(PERIODS[frequency])),
        cells={} if withdrawn else draw(cells),
        status=draw(st.sampled_from("AAP")),
        withdrawn=withdrawn,
        indicator=draw(st.sampled_from((1, 1, 1, 2))),
    )


submissions = st.tuples(
    st.just("submit"),
    st.integers(0, AGENCIES - 1),
    st.lists(reports(), min_size=1, max_size=8, unique_by=lambda said: said.key),
    st.sampled_from([0, 0, 1, 30, 3000]),
)
#: Seconds: to the next minute, over a deadline, over an hour, into the next day.
waits = st.tuples(st.just("wait"), st.sampled_from([1, 29, 30, 60, 61, 1800, 3600, 7200, 40_000, 90_000]))
#: Time goes by without beat: the mark stays behind.
outages = st.tuples(st.just("outage"), st.sampled_from([1, 61, 3600, 40_000, 90_000, 300_000]))
#: An agency sends, or withdraws, some of its last periods, or of those before them.
sent = st.tuples(
    st.just("send"),
    st.integers(0, AGENCIES - 1),
    st.sampled_from("HHHHHND"),
    st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5]),
    st.sampled_from([1, 1, 2, 3, 5]),
    st.sampled_from([False] * 5 + [True]),
)
#: An hour goes by, and some agencies send it.
hours = st.tuples(st.just("hour"), st.lists(st.integers(0, AGENCIES - 1), unique=True))
turns = st.tuples(st.just("work"), st.integers(1, 6))
edits = st.tuples(
    st.just("edit"),
    st.integers(0, AGENCIES - 1),
    st.sampled_from("NHDM"),
    st.integers(-40, 3),
    st.none() | st.integers(0, 40),
    st.sampled_from([0, 1, 60, 90, 2000, 5000]),
)
prunings = st.tuples(st.just("prune"))
#: All months of a year except one: panels and years are made of them.
years = st.tuples(
    st.just("year"), st.integers(0, AGENCIES - 1), st.integers(0, 40), st.sampled_from([None, None, 3, 12])
)
#: The database's clock is a day wrong for a while, or goes back a little; the host's is a little wrong.
jumps = st.tuples(st.just("jump"), st.sampled_from([86_400, -86_400, 3600, -3600]))
steps_back = st.tuples(st.just("step back"), st.sampled_from([0.2, 1.0, 59.0]))
drifts = st.tuples(st.just("drift"), st.sampled_from([-60, -0.2, 0, 30]))
looks = st.tuples(st.just("look"))
#: Set before anything is published: of Norway and members of the Union, in the months that are spoken of.
steps = st.sampled_from(["ND", "HD", "DD", "DW", "WW", "WM", "MM"])
DETAILED = (578, 276, 196, 470, 442)
details = st.lists(
    st.tuples(st.sampled_from(DETAILED), st.sampled_from([(2000, 1), (2026, 12), (2027, 1)]), steps),
    max_size=6,
    unique_by=lambda one: one[:2],
)
plans = st.tuples(st.just("plan"), st.sampled_from(DETAILED), steps)
deeds = (
    submissions
    | submissions
    | waits
    | outages
    | sent
    | hours
    | hours
    | turns
    | edits
    | prunings
    | years
    | jumps
    | steps_back
    | drifts
    | looks
    | plans
)
histories = st.builds(lambda first, rest: [("set up", first), *rest], details, st.lists(deeds, min_size=1, max_size=16))
#: Agencies owe hours, minutes or days, some with more time than any period waits, and have sent some of them.
owed = st.builds(
    lambda agency, frequency, first, days, deadline, count: [
        ("edit", agency, frequency, first, days, deadline),
        ("send", agency, frequency, 0, count, False),
    ],
    st.integers(0, AGENCIES - 1),
    st.sampled_from("HHHND"),
    st.sampled_from([-2, -1, -1, 0]),
    st.sampled_from([None, None, None, 3]),
    st.sampled_from([0, 20, 60, 60, 90, 170, 240, 3000]),
    st.sampled_from([1, 5]),
)
CLOCKS = [("jump", 86_400), ("jump", -3600), ("step back", 59.0), ("drift", -60), ("drift", 30)]
#: Time goes by, with beat or without it. Some agencies send, are late, or say nothing; workers may be away too.
rounds = st.builds(
    lambda goes_by, some, steps, change, seen: [goes_by, *some, ("work", steps), *change, *seen],
    st.tuples(
        st.sampled_from(["wait", "wait", "wait", "outage"]),
        st.sampled_from([60, 600, 1800, 3600, 3600, 3600, 7200, 40_000, 90_000]),
    ),
    st.lists(sent, max_size=3),
    st.sampled_from([0, 6, 40]),
    st.just([]) | owed | st.sampled_from(CLOCKS).map(lambda deed: [deed]),
    st.sampled_from([[], [("look",)]]),
)
#: From the first of the year on, or from a Monday.
waiting_histories = st.builds(
    lambda first, before, everybody, rest: [
        ("set up", first),
        *before,
        *(deed for one in [*everybody, [("wait", 60), ("work", 40)], *rest] for deed in one),
    ],
    details,
    st.sampled_from([[], [("outage", 259_200)]]),
    st.lists(owed, min_size=2, max_size=4),
    st.lists(rounds, min_size=4, max_size=9),
)


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
            federation, [(578, (2000, 1), "HD"), (196, (2000, 1), "WM"), (470, (2000, 1), "WM"), (442, (2027, 1), "WM")]
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
