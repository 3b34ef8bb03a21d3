"""Histories at random: what agencies, readers and clocks may do, in any order."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from tests.integration.federation.world import Said

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
    st.tuples(st.sampled_from(DETAILED), st.sampled_from([(2017, 1), (2026, 12), (2027, 1)]), steps),
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
