"""Past views can be read in two ways, and a client that polls for changes ends with the present view."""

import csv
import io
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from api import caching
from api.sdmx import observations
from tests.contract.public.press import ALL_REPORTED, NOBODY, WAITING, Covered, Press, z
from tests.factories import IndicatorFactory
from tests.histories import one_in

pytestmark = pytest.mark.django_db

PARTIAL = Covered(reporting=1, covered=86_400, status="P", states={1: "reported", 2: "late"})
PERIODS = {"D": ["2026-11-01", "2026-11-02", "2026-11-03"], "M": ["2026-10"], "H": ["2026-11-01T10:00"]}
CELLS = {"D": ["NO", "NO/BITTORRENT", "SE", "EUROPE"], "M": ["NO", "SE/ARES"], "H": ["NO", "SE"]}
#: A history takes as long as some fifty examples of arithmetic; to make one smaller takes minutes.
COVERAGE = ("AGENCIES_REPORTING", "AGENCIES_EXPECTED", "COUNTED_FROM", "AGENCIES_AWAITED", "AWAITED_UNTIL")
#: A series that is named and gets its first cell late; a cell that is corrected, closed and there again.
LATE = [
    (("D", {"2026-11-01": {"NO": 10}}, ALL_REPORTED), True),
    (("D", {"2026-11-02": {"NO": 10}}, PARTIAL), False),
    (("D", {"2026-11-01": {"NO": 5, "SE": 5, "NO/BITTORRENT": 5}}, ALL_REPORTED), True),
    (("D", {"2026-11-01": {"SE": 5}}, ALL_REPORTED.with_break(True)), False),
    (("D", {"2026-11-01": {}, "2026-11-02": {}}, NOBODY), True),
    (("D", {"2026-11-01": {"NO": 5}}, ALL_REPORTED), False),
]
#: Cells that become 0 while nothing else changes, one publication after the other.
CLOSED = [
    (("D", {"2026-11-01": {"NO": 10, "SE": 5, "EUROPE": 15}}, ALL_REPORTED), True),
    (("D", {"2026-11-01": {"SE": 5, "EUROPE": 15}}, ALL_REPORTED), True),
    (("D", {"2026-11-01": {"EUROPE": 15}}, ALL_REPORTED), False),
    (("D", {"2026-11-01": {}}, ALL_REPORTED), True),
]
#: A series gets its first cell, in a period that lies before those of the last question.
NEW_BEFORE = [
    (("D", {"2026-11-01": {"NO": 10}, "2026-11-02": {"NO": 10}}, ALL_REPORTED), True),
    (("D", {"2026-11-01": {"NO": 10, "SE": 5}}, ALL_REPORTED), True),
]
#: A day that waits for fewer agencies, and then is public.
WAITED = [
    (("D", {"2026-11-01": {"NO": 10}}, ALL_REPORTED), True),
    (
        ("D", {"2026-11-02": {}}, replace(WAITING, states={1: "awaited", 2: "awaited"}, reporting=0, awaited=(1, 2))),
        True,
    ),
    (("D", {"2026-11-02": {}}, WAITING), True),
    (("D", {"2026-11-02": {"NO": 5}}, ALL_REPORTED), True),
]
#: Any series, named ones, and a time.
QUESTIONS = ["*", "D.DOWNLOADS.NO+SE.BITTORRENT+_T", "*?c[TIME_PERIOD]=ge:2026-11-02"]


@st.composite
def publications(draw):
    """What one version makes public: some periods of a frequency, and who has reported."""
    frequency = draw(st.sampled_from("DDDMH"))
    covered, is_break = (
        draw(st.sampled_from([ALL_REPORTED, ALL_REPORTED, PARTIAL, NOBODY, WAITING])),
        draw(st.booleans()),
    )
    periods = draw(st.lists(st.sampled_from(PERIODS[frequency]), min_size=1, unique=True))
    values = st.sampled_from([0, 5, 10])
    cells = {} if covered in (NOBODY, WAITING) else draw(st.dictionaries(st.sampled_from(CELLS[frequency]), values))
    return frequency, dict.fromkeys(periods, cells), covered.with_break(is_break)


class Reader:
    """Reads SDMX-CSV 2.0 as a client does that keeps what it has read."""

    def __init__(self, question):
        self.key, _, self.more = question.partition("?")
        self.kept = {}
        self.last = None

    def ask(self, *more, flow="P2P", key=None):
        caching.response_cache.clear()
        query = "&".join(filter(None, [self.more, *more]))
        answer = Client().get(
            f"/sdmx/3.0/data/dataflow/P2PEU/{flow}/1.0.0/{key or self.key}?{query}",
            headers={"Accept": "application/vnd.sdmx.data+csv;version=2.0.0"},
        )
        assert answer.status_code == 200, answer.content
        self.known_at = answer.get("Known-At")
        return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))

    def view(self, *more, **where):
        rows = self.ask(*more, **where)
        found = {place(row): facts(row) for row in rows}
        assert len(found) == len(rows), "an observation comes twice"
        return found

    def poll(self):
        """Ask for what has changed since the last answer, and replace what is known of it."""
        self.kept |= self.view(*([f"updatedAfter={self.last}"] if self.last else []))
        self.last = self.known_at or self.last


def place(row):
    return tuple(row[name] for name in ("FREQ", "INDICATOR", "COUNTRY", "NETWORK", "TIME_PERIOD"))


def facts(row):
    shown = ("OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "COVERAGE", *COVERAGE, "VALID_FROM")
    return tuple(row[name] for name in shown)


@pytest.mark.verify
@example(QUESTIONS[0], LATE, 50_000)
@example(QUESTIONS[1], LATE, 3)
@example(QUESTIONS[0], CLOSED, 3)
@example(QUESTIONS[2], NEW_BEFORE, 50_000)
@example(QUESTIONS[1], WAITED, 50_000)
@given(
    st.sampled_from(QUESTIONS),
    st.lists(st.tuples(publications(), st.booleans()), min_size=1, max_size=12),
    st.sampled_from([3, 12, 50_000]),
)
@one_in(4)
def test_client_that_polls_ends_with_the_view_of_all_and_each_past_one_is_there_again(question, history, at_once):
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(observations, "AT_ONCE", at_once)
        patch.setattr(settings, "RATES", dict.fromkeys(settings.RATES, 1_000_000))
        IndicatorFactory.create()
        press, reader, seen = Press(), Reader(question), []
        for (frequency, view, covered), polls in history:
            version = press.publish(frequency, view, covered)
            seen.append((z(press.known_at(version)), Reader(question).view()))
            if polls:
                reader.poll()
        reader.poll()
        assert reader.kept == seen[-1][1]
        if reader.last:
            assert reader.view(f"updatedAfter={reader.last}") == {}
        for known_at, view in seen:
            assert Reader(question).view(f"asOf={known_at}") == view
            key = f"{'*.*.*.*' if question.startswith('*') else question}.{known_at}"
            assert Reader(question).view(flow="P2P_VINTAGE", key=key) == view
            _aggregates_say_the_same(known_at)
        transaction.set_rollback(True)


def _aggregates_say_the_same(known_at):
    """The public face, asked for the same cells at the same time, lists the same observations."""
    asked = "indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-03&format=csv"
    answer = Client().get(f"/api/v1/aggregates/?{asked}&country=NO,SE,EUROPE&network=_T,BITTORRENT&as_of={known_at}")
    listed = {
        place(row): tuple(row[name] for name in ("OBS_VALUE", "OBS_STATUS", "TIME_COVERAGE", *COVERAGE))
        for row in csv.DictReader(io.StringIO(answer.getvalue().decode()))
    }
    view = Reader("D.DOWNLOADS.NO+SE+EUROPE._T+BITTORRENT").view(f"asOf={known_at}")
    said = {at: (value, status, *rest) for at, (value, status, _, *rest, _) in view.items()}
    assert said.keys() == listed.keys()
    for at, (value, status, *rest) in said.items():
        # A break is known to SDMX alone; the API lists it beside the numbers.
        assert listed[at] in ([(value, status, *rest)] if status != "B" else [(value, one, *rest) for one in "AP"])
