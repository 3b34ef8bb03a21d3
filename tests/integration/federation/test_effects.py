"""Estimates of interventions from reports, through the real work list."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest

from countries.reference import Reference
from federation import published, worklist
from federation.desk.changed_words import changed_words
from federation.models.effects import Estimate
from federation.models.published import Version
from federation.published import Selection
from federation.published.effects import evidence
from federation.rules.effect_result import Evidence, Reason, Word
from federation.runs import rebuilding
from p2p_core import codes, periods
from tests.integration.federation.effects_world import START, effect_of, intervention, stored
from tests.integration.federation.world import Said, chapter, world
from tests.oracles import effects as oracle

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.xdist_group("effects")]

#: A month and a year have just ended. Reports go back to a month before the span of the year.
BEGINNING = datetime(2027, 1, 1, 1, tzinfo=UTC)
FIRST = datetime(2025, 12, 1, tzinfo=UTC)
DAYS = list(periods.between("D", FIRST, BEGINNING - timedelta(days=1)))
MONDAY = datetime.combine(START, time(), UTC)
COUNTRIES = [
    *("AT", "BE", "BG", "CH", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR"),
    *("HU", "IE", "IT", "LT", "LV", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "UA"),
]
TINY = "IS"
BITTORRENT, OTHER = 1, 2


def reports(agency, days, *, norway=0.5):
    """An agency's days: in Norway, only a part of the usual from the start on."""
    for day in days:
        random = np.random.default_rng([agency, day.toordinal()])
        values = random.poisson(30, len(COUNTRIES))
        cells = {(codes.COUNTRIES[code], BITTORRENT): int(one) for code, one in zip(COUNTRIES, values, strict=True)}
        if day >= MONDAY:
            cells[codes.COUNTRIES["NO"], BITTORRENT] = int(random.poisson(30 * norway))
        cells[codes.COUNTRIES["NO"], OTHER] = 40
        if day.day == 1:
            cells[codes.COUNTRIES[TINY], BITTORRENT] = 1
        yield Said("D", day, cells)


@pytest.fixture(scope="module")
def year(django_db_setup, django_db_blocker):
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        world(patch, now=BEGINNING, agencies=3) as made,
    ):
        for agency in range(3):
            made.submit(agency, *reports(agency, DAYS), minutes_ago=5)
        made.settle()
        yield made


@pytest.fixture
def told(db, year):
    with chapter(year) as made:
        yield made


def settled(told, **given):
    row = intervention(**given)
    told.settle()
    return effect_of(row)


# --- the words --------------------------------------------------------------------------------------------------------


def test_fall_is_found_with_the_numbers_of_the_oracle(told):
    found = settled(told)
    assert (found.word, found.reason) == (Word.FOUND, None)
    result, units = found.result, evidence(found).units
    assert (result.weeks, result.months, result.agencies) == (4, 12, ["NO-0", "NO-1", "NO-2"])
    assert [one.country for one in units] == ["", *sorted(set(COUNTRIES) - {"NO"})]
    counts = weekly_numbers(["NO", *(one.country for one in units[1:])])
    expected = oracle.estimate(counts, 26)
    assert (result.rank, result.of) == (expected.rank, len(counts)) == (1, 28)
    assert [one.change for one in units] == pytest.approx(expected.changes)
    assert [one.usual for one in units] == pytest.approx(expected.usual)
    last = result.interval
    assert (last.change, last.low, last.high) == pytest.approx(expected[:3])
    assert [(one.before, one.after) for one in units] == [(sum(row[:26]), sum(row[26:])) for row in counts]
    over_time, lines = evidence(found).over_time, evidence(found).lines
    assert (len(over_time), over_time[-1], len(lines), len(lines[0])) == (4, last, len(COUNTRIES), 27)


def weekly_numbers(countries):
    """The weeks of the panel as the public reads them."""
    first, last = MONDAY - timedelta(weeks=26), MONDAY + timedelta(weeks=3)
    numbers = tuple(codes.COUNTRIES[code] for code in countries)
    page, _ = published.panel(Selection(1, "W", first, last, numbers, (0,), panel=12), Reference.current(), limit=99)
    rows = {one.codes[0]: row for one, row in zip(page.table.series, page.table.values.tolist(), strict=True)}
    return [rows[code] for code in countries]


def test_usual_weeks_are_not_found(told):
    assert settled(told, countries=["SE"]).word == Word.NOT_FOUND


def test_other_direction_is_not_found(told):
    found = settled(told, direction="more")
    assert (found.word, found.result.interval.high < 0) == (Word.NOT_FOUND, True)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"countries": [TINY]}, Reason.SMALL_COUNTS),
        ({"comparison": [*COUNTRIES[:17], TINY]}, Reason.FEW_COMPARISONS),
        ({"countries": sorted(codes.COUNTRIES.keys() - {codes.UNKNOWN})}, Reason.NO_COMPARISON),
        ({"comparison": [TINY]}, Reason.NO_COMPARISON),
        # Its first week is before the span of the panel.
        ({"start": date(2026, 6, 1)}, Reason.PANEL_BROKEN),
    ],
)
def test_what_cannot_be_told_has_a_reason(told, given, reason):
    found = settled(told, **given)
    assert (found.word, found.reason) == (Word.CANNOT_BE_TOLD, reason)
    assert (found.result.interval, found.result.rank, evidence(found)) == (None, 0, Evidence())


@pytest.mark.parametrize(
    ("other", "excluded"),
    [
        ({"start": START - timedelta(weeks=20)}, ["SE"]),
        ({"start": START + timedelta(weeks=3)}, ["SE"]),
        # It begins when the windows have ended, or ended before they begin.
        ({"start": START + timedelta(weeks=4)}, []),
        ({"start": START - timedelta(weeks=30)}, []),
        # It was registered when the numbers could be seen already.
        ({"registered": datetime(2026, 11, 2, tzinfo=UTC)}, []),
    ],
)
def test_countries_of_other_interventions_are_not_compared(told, other, excluded):
    intervention(**{"countries": ["NO", "SE"], "registered": datetime(2026, 10, 1, tzinfo=UTC)} | other)
    found = settled(told)
    compared = {unit.country for unit in evidence(found).units}
    assert (found.result.excluded, "SE" in compared) == (excluded, not excluded)
    # What was registered is compared, even so.
    assert settled(told, comparison=[code for code in COUNTRIES if code != "NO"]).result.excluded == []


def test_nothing_can_be_told_if_everybody_starts_at_once(told):
    for code in COUNTRIES:
        intervention(countries=[code], registered=datetime(2026, 10, 1, tzinfo=UTC))
    told.settle()
    assert set(Estimate.objects.values_list("word", "reason")) == {(Word.CANNOT_BE_TOLD, Reason.NO_COMPARISON)}
    assert Estimate.objects.count() == len(COUNTRIES)


def test_panel_without_agencies_is_broken(told):
    row = intervention()
    told.submit(0, Said("D", datetime(2026, 3, 3, tzinfo=UTC), withdrawn=True), minutes_ago=1)
    told.settle()
    assert (effect_of(row).word, effect_of(row).reason) == (Word.CANNOT_BE_TOLD, Reason.PANEL_BROKEN)
    told.submit(0, *reports(0, [datetime(2026, 3, 3, tzinfo=UTC)]))
    told.settle()
    assert effect_of(row).word == Word.FOUND


def withdrawn(day):
    return Said("D", day, withdrawn=True)


def test_final_word_stays_if_weeks_outside_the_windows_break_the_panel(told):
    row = intervention()
    told.settle()
    before = effect_of(row)
    told.submit(0, withdrawn(datetime(2026, 12, 15, tzinfo=UTC)), minutes_ago=1)
    told.settle()
    assert effect_of(row)[1:6] == before[1:6]


@pytest.mark.verify
def test_withdrawal_in_the_windows_breaks_the_estimate_until_the_day_is_reported_again(told):
    row = intervention()
    told.settle()
    before = effect_of(row)
    day = datetime(2026, 11, 10, tzinfo=UTC)
    told.submit(0, withdrawn(day), minutes_ago=1)
    told.settle()
    assert (effect_of(row).word, effect_of(row).reason) == (Word.CANNOT_BE_TOLD, Reason.PANEL_BROKEN)
    told.submit(0, *reports(0, [day]))
    told.settle()
    assert effect_of(row)[1:4] == before[1:4]


def test_running_interval_goes_when_its_numbers_are_not_public_any_more(told):
    row = intervention(start=date(2026, 12, 7))
    told.settle()
    assert effect_of(row).result.interval is not None
    told.submit(0, withdrawn(datetime(2026, 12, 9, tzinfo=UTC)), minutes_ago=1)
    told.settle()
    found = effect_of(row)
    assert (found.word, found.result.interval, found.result.weeks) == (Word.RUNNING, None, 0)


def test_intervention_is_registered_then_running_then_has_a_word(told):
    """December has three whole weeks since the start. The fourth ends in January."""
    later = settled(told, start=date(2027, 2, 1))
    assert (later.word, later.result, later.version) == (Word.REGISTERED, None, None)
    row = intervention(start=date(2026, 12, 7), direction="more")
    told.settle()
    running = effect_of(row)
    assert (running.word, running.result.weeks, len(evidence(running).over_time)) == (Word.RUNNING, 3, 3)
    told.wait(days=31)
    january = list(periods.between("D", BEGINNING, BEGINNING + timedelta(days=30)))
    for agency in range(3):
        told.submit(agency, *reports(agency, january))
    told.settle()
    assert (effect_of(row).word, effect_of(row).result.weeks) == (Word.NOT_FOUND, 4)
    assert [one[1] for one in stored()] == ["running", "not_found"]


def test_intervention_before_its_first_whole_week_has_no_estimate(told):
    found = settled(told, start=date(2026, 12, 28))
    assert (found.word, found.result) == (Word.RUNNING, None)


def test_networks_are_added_up_from_published_cells(told):
    found = settled(told, networks=["BITTORRENT"])
    assert (found.word, found.result.months, found.result.agencies) == (Word.FOUND, 0, ["NO-0", "NO-1", "NO-2"])
    both = settled(told, networks=["BITTORRENT", codes.NETWORK_CODES[OTHER]])
    assert evidence(both).units[0].after == evidence(found).units[0].after + 4 * 7 * 3 * 40
    # The other countries have nothing on the other network.
    assert settled(told, networks=[codes.NETWORK_CODES[OTHER]]).reason == Reason.NO_COMPARISON


def test_networks_need_the_same_agencies_in_each_week_of_the_windows(told):
    told.submit(0, Said("D", datetime(2026, 3, 3, tzinfo=UTC), withdrawn=True))
    assert settled(told, networks=["BITTORRENT"]).word == Word.FOUND
    told.submit(0, Said("D", datetime(2026, 6, 3, tzinfo=UTC), withdrawn=True))
    broken = settled(told, networks=["BITTORRENT"])
    assert (broken.word, broken.reason) == (Word.CANNOT_BE_TOLD, Reason.PANEL_BROKEN)


# --- changes ----------------------------------------------------------------------------------------------------------


def test_revision_changes_the_word_and_coordinators_are_told(told):
    row = intervention()
    told.settle()
    before = effect_of(row)
    days = list(periods.between("D", MONDAY, MONDAY + timedelta(days=27)))
    for agency in range(3):
        told.submit(agency, *reports(agency, days, norway=1))
    told.settle()
    after = effect_of(row)
    assert (before.word, after.word) == (Word.FOUND, Word.NOT_FOUND)
    assert after.version > before.version
    # The earlier estimate stays as it was, for ever.
    then = Version.objects.filter(number__lt=after.version).latest("number").known_at
    assert effect_of(row, as_of=then)[1:6] == before[1:6]
    assert effect_of(row, as_of=after.known_at)[1:6] == after[1:6]
    day = f"{after.known_at:%A} {after.known_at.day} {after.known_at:%B %Y}"
    sentence = f"{day}: the estimate of intervention {row.pk} (Warnings) changed from “found” to “not found”."
    assert changed_words(now=after.known_at + timedelta(days=59)) == [(row.pk, sentence)]
    assert changed_words(now=after.known_at + timedelta(days=61)) == []


def test_first_word_is_no_change(told):
    settled(told)
    settled(told, start=date(2026, 12, 7))
    assert changed_words(now=BEGINNING) == []


def test_nothing_is_written_when_nothing_changes(told):
    settled(told)
    before, newest = stored(), Version.objects.latest("number").number
    worklist.append([worklist.effect(1)])
    told.settle()
    assert (stored(), Version.objects.latest("number").number) == (before, newest)


@pytest.mark.parametrize("day", [datetime(2025, 12, 3, tzinfo=UTC), datetime(2026, 2, 3, tzinfo=UTC)])
def test_revision_before_the_windows_changes_nothing(told, day):
    settled(told)
    before = stored()
    told.submit(0, Said("D", day, {(codes.COUNTRIES["NO"], BITTORRENT): 400}))
    told.settle()
    assert stored() == before


@pytest.mark.verify
def test_rebuild_finds_no_difference_and_changes_nothing(told):
    row = intervention()
    told.settle()
    before = stored()
    assert list(rebuilding.differences()) == []
    rebuilding.enqueue()
    told.settle()
    assert stored() == before
    Estimate.objects.filter(intervention=row).update(word="not_found")
    assert list(rebuilding.differences()) == [worklist.effect(1)]
